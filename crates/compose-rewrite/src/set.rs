//! The verb `set`.

use std::ffi::OsString;
use std::io::Write;

use contract::{Exit, Failure};
use yaml_splice::{Path, Splice, Value, Yaml};

use crate::cli::{Kind, Set};
use crate::delivery::Rewritten;
use crate::edit::{ATTEMPT, change_one, missing, places, split_file, text};
use crate::error::Error;
use crate::source::Opened;

/// One `PATH=VALUE`.
struct Assignment {
    path: Path,
    value: String,
}

pub(crate) fn run(args: &Set, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (words, file) = split_file(&args.assignments_and_file, |word| split(word).is_some());
    if words.is_empty() {
        return Err(Failure::usage("nothing to set: no PATH=VALUE is given")
            .hint("as in services.db.image=postgres:17"));
    }
    let assignments = words.iter().map(|word| assignment(word, args)).collect::<Result<Vec<_>, _>>()?;
    change_one(file.as_deref(), &args.target, out, &mut |file| {
        let names: Vec<String> = assignments.iter().map(|assignment| assignment.path.to_string()).collect();
        Ok(Rewritten {
            text: rewrite(file, &assignments, args)?,
            what: format!("{} as asked for", names.join(", ")),
        })
    })
}

fn rewrite(file: &Opened, assignments: &[Assignment], args: &Set) -> Result<String, Failure> {
    let explained = |error: yaml_splice::Error| Error::from(error).in_file(ATTEMPT, &file.source);
    let yaml = Yaml::open(&file.text).map_err(explained)?;
    let mut splice = Splice::new(&yaml);
    let mut new = Vec::new();
    for assignment in assignments {
        let found = places(&yaml, &assignment.path);
        if found.is_empty() && !args.create {
            let way_out = "--create adds what is missing";
            return Err(missing(&yaml, &assignment.path, ATTEMPT, &file.source, way_out));
        }
        if found.is_empty() {
            new.push(assignment);
        }
        for path in found {
            let is_text = yaml.find(&path).is_some_and(|node| matches!(node.scalar(), Some(Value::Text(_))));
            let value = assignment.value(args.kind, is_text)?;
            splice.replace_scalar(&path, value).map_err(explained)?;
        }
    }
    let mut after = splice.render().map_err(explained)?;
    // One after the other, because the second may go into what the first one made.
    for assignment in new {
        after = create(&after, assignment, args.kind)?.map_err(explained)?;
    }
    Ok(after)
}

/// Adds it to the document that has most of its path, the first of several.
fn create(
    text: &str,
    assignment: &Assignment,
    kind: Kind,
) -> Result<Result<String, yaml_splice::Error>, Failure> {
    let value = assignment.value(kind, false)?;
    let insert = || {
        let yaml = Yaml::open(text.as_bytes())?;
        let depth = |document: usize| {
            let steps = &assignment.path.steps;
            let is_there =
                |length: &usize| yaml.find(&Path { document, steps: steps[..*length].to_vec() }).is_some();
            (0..=steps.len()).rev().find(is_there).unwrap_or_default()
        };
        let deepest =
            (0..yaml.documents().len()).rev().max_by_key(|document| depth(*document)).unwrap_or_default();
        let path = assignment.path.in_document(deepest);
        let mut splice = Splice::new(&yaml);
        match yaml.find(&path) {
            // An assignment before this one made it.
            Some(_) => splice.replace_scalar(&path, value)?,
            None => splice.insert(&path, value)?,
        }
        splice.render()
    };
    Ok(insert())
}

/// The path and the value; the `=` between them is the first that stands outside of quotes.
fn split(word: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in word.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '=' if !quoted => return Some((&word[..at], &word[at + 1..])),
            _ => {}
        }
    }
    None
}

fn assignment(word: &OsString, args: &Set) -> Result<Assignment, Failure> {
    let word = text(word)?;
    let (path, value) = split(word).ok_or_else(|| {
        Failure::usage(format!("'{word}' is no PATH=VALUE"))
            .hint("as in services.db.image=postgres:17; one file may follow, as the last argument")
    })?;
    // With --type it is said that nothing is meant.
    if value.is_empty() && args.kind == Kind::Auto {
        return Err(Failure::usage(format!("the value of {path} is empty")).hint(
            "is the variable set that it comes from? --type string writes an empty text, --type null no value",
        ));
    }
    let value = if args.escape { value.replace('$', "$$") } else { value.to_owned() };
    Ok(Assignment { path: path.parse()?, value })
}

impl Assignment {
    /// The value as the type that was asked for.
    fn value(&self, kind: Kind, text_is_there: bool) -> Result<Value<'_>, Failure> {
        let (text, auto) = (self.value.as_str(), Value::auto(&self.value));
        let wrong = |expected: &str| {
            Failure::usage(format!("cannot set {} to '{text}': it is not {expected}", self.path))
                .hint("leave --type out, or give another value")
        };
        match kind {
            Kind::Auto if text_is_there => Ok(Value::Text(text)),
            Kind::Auto => Ok(auto),
            Kind::String => Ok(Value::Text(text)),
            Kind::Int if matches!(auto, Value::Number(number) if !number.contains('.')) => Ok(auto),
            Kind::Int => Err(wrong("a whole number, as 8080 is")),
            Kind::Bool if matches!(auto, Value::Bool(_)) => Ok(auto),
            Kind::Bool => Err(wrong("true or false")),
            Kind::Null if text.is_empty() || auto == Value::Null => Ok(Value::Null),
            Kind::Null => Err(wrong("empty, and null has no value")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_first_equals_sign_outside_of_quotes_counts() {
        for (word, expected) in [
            ("a.b=c=d", Some(("a.b", "c=d"))),
            ("a.\"x=y\"=z", Some(("a.\"x=y\"", "z"))),
            ("\"a\\\"=\"=b", Some(("\"a\\\"=\"", "b"))),
            ("a=", Some(("a", ""))),
            ("a.b", None),
        ] {
            assert_eq!(split(word), expected);
        }
    }
}
