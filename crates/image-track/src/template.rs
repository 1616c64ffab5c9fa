//! Go's templates, as far as manifests use them for values: `{{ .image.tag }}`, `{{ requiredEnv "TOKEN" }}`,
//! `{{ .branch | default "main" }}`. What builds text of its own, such as `range` and `if`, is refused by its name.
//! <https://pkg.go.dev/text/template>
//!
//! `{{ source "id" }}` is left as it is: what a source says is known later, and [`with_sources`] puts it in.

use std::collections::BTreeMap;

use crate::trouble::Trouble;

/// What a template may refer to.
pub(crate) struct Scope<'s> {
    /// By their path: `image.tag`.
    pub(crate) values: &'s BTreeMap<String, String>,
    pub(crate) variable: &'s dyn Fn(&str) -> Option<String>,
}

/// Text with its actions replaced, and which of its bytes came from where.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// Where a piece begins in the text, where it came from in the template, and whether it is as it was.
    pieces: Vec<(usize, usize, bool)>,
}

impl Rendered {
    /// The place in the template that a place of the text came from.
    pub(crate) fn origin(&self, at: usize) -> usize {
        let piece = self.pieces.iter().rev().find(|(begin, ..)| *begin <= at);
        piece.map_or(at, |(begin, origin, same)| if *same { origin + at - begin } else { *origin })
    }
}

/// One `{{ … }}` of a text.
struct Action<'t> {
    /// Where it stands, from the first brace to behind the last, trimmed white space included.
    start: usize,
    end: usize,
    inner: &'t str,
}

/// Replaces all actions.
///
/// # Errors
/// An offset in `text` and what is wrong there.
pub(crate) fn render(text: &str, scope: &Scope<'_>) -> Result<Rendered, (usize, Trouble)> {
    let mut rendered = Rendered { text: String::with_capacity(text.len()), pieces: Vec::new() };
    let mut done = 0;
    while let Some(action) = next(text, done)? {
        rendered.pieces.push((rendered.text.len(), done, true));
        rendered.text.push_str(&text[done..action.start.max(done)]);
        rendered.pieces.push((rendered.text.len(), action.start, false));
        let words = words(action.inner).map_err(|trouble| (action.start, trouble))?;
        if words.first() == Some(&Word::Name("source")) {
            rendered.text.push_str(&format!("{{{{ {} }}}}", action.inner.trim()));
        } else {
            let value = evaluate(&words, scope).map_err(|trouble| (action.start, trouble))?;
            rendered.text.push_str(&value);
        }
        done = action.end;
    }
    rendered.pieces.push((rendered.text.len(), done, true));
    rendered.text.push_str(&text[done..]);
    Ok(rendered)
}

/// Puts what sources say into the `{{ source "id" }}` of a text.
///
/// # Errors
/// When there is no such source, or something else stands between braces.
pub(crate) fn with_sources(
    text: &str,
    source: &dyn Fn(&str) -> Result<String, Trouble>,
) -> Result<String, Trouble> {
    let mut result = String::new();
    let mut done = 0;
    while let Some(action) = next(text, done).map_err(|(_, trouble)| trouble)? {
        result.push_str(&text[done..action.start.max(done)]);
        match words(action.inner)?.as_slice() {
            [Word::Name("source"), Word::Text(id)] => result.push_str(&source(id)?),
            _ => return Err(unsupported(action.inner)),
        }
        done = action.end;
    }
    result.push_str(&text[done..]);
    Ok(result)
}

/// The ids that the `{{ source "id" }}` of a text name.
pub(crate) fn sources_in(text: &str) -> Vec<String> {
    let ids = std::cell::RefCell::new(Vec::new());
    let note = |id: &str| {
        ids.borrow_mut().push(id.to_owned());
        Ok(String::new())
    };
    // What is wrong with it shows when it is put in.
    let _ = with_sources(text, &note);
    ids.into_inner()
}

/// The first action at or behind `from`.
fn next(text: &str, from: usize) -> Result<Option<Action<'_>>, (usize, Trouble)> {
    let Some(open) = text[from..].find("{{").map(|at| from + at) else { return Ok(None) };
    let Some(close) = text[open..].find("}}").map(|at| open + at) else {
        return Err((open, Trouble::usage("the template's {{ is not closed").hint("}} ends it")));
    };
    let (mut start, mut end) = (open, close + 2);
    let mut inner = &text[open + 2..close];
    if let Some(trimmed) = inner.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace)) {
        inner = trimmed;
        start = from + text[from..start].trim_end().len();
    }
    if let Some(trimmed) = inner.strip_suffix('-').filter(|rest| rest.ends_with(char::is_whitespace)) {
        inner = trimmed;
        end += text[end..].len() - text[end..].trim_start().len();
    }
    Ok(Some(Action { start, end, inner }))
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word<'t> {
    /// `.a.b`, without its first dot.
    Field(&'t str),
    Text(String),
    Name(&'t str),
    Pipe,
}

fn words(inner: &str) -> Result<Vec<Word<'_>>, Trouble> {
    let mut words = Vec::new();
    let mut rest = inner.trim();
    if rest.starts_with("/*") && rest.ends_with("*/") {
        return Ok(words);
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| c.is_whitespace() || c == '|').unwrap_or(rest.len());
        let length = if let Some(behind) = rest.strip_prefix('"') {
            let (text, length) = quoted(behind).ok_or_else(|| unsupported(inner))?;
            words.push(Word::Text(text));
            length + 1
        } else if let Some(behind) = rest.strip_prefix('`') {
            let length = behind.find('`').ok_or_else(|| unsupported(inner))?;
            words.push(Word::Text(behind[..length].to_owned()));
            length + 2
        } else if rest.starts_with('|') {
            words.push(Word::Pipe);
            1
        } else if let Some(field) = rest[..end].strip_prefix('.') {
            words.push(Word::Field(field));
            end
        } else {
            words.push(Word::Name(&rest[..end]));
            end
        };
        rest = rest[length..].trim_start();
    }
    Ok(words)
}

/// A Go string behind its first quote, and how long it is with the last one.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (true, 'n') => value.push('\n'),
            (true, 't') => value.push('\t'),
            (true, '"' | '\\') => value.push(c),
            (true, _) => return None,
            (false, '\\') => {}
            (false, '"') => return Some((value, at + 1)),
            (false, c) => value.push(c),
        }
        escaped = !escaped && c == '\\';
    }
    None
}

/// A pipeline: each part gets what the one before says as its last argument.
fn evaluate(words: &[Word<'_>], scope: &Scope<'_>) -> Result<String, Trouble> {
    if words.is_empty() {
        return Ok(String::new());
    }
    // A value that is not there is only a mistake where nothing stands in for it.
    let mut value: Option<Result<String, Trouble>> = None;
    for part in words.split(|word| *word == Word::Pipe) {
        value = Some(call(part, value, scope));
    }
    value.unwrap_or_else(|| Ok(String::new()))
}

fn call(
    part: &[Word<'_>],
    piped: Option<Result<String, Trouble>>,
    scope: &Scope<'_>,
) -> Result<String, Trouble> {
    let (first, rest) =
        part.split_first().ok_or_else(|| Trouble::usage("a part of the template is empty"))?;
    let name = match first {
        Word::Name(name) => *name,
        value if rest.is_empty() && piped.is_none() => return argument(value, scope),
        _ => return Err(Trouble::usage("the template calls something that is no function")),
    };
    let mut arguments: Vec<_> = rest.iter().map(|word| argument(word, scope)).collect();
    arguments.extend(piped);
    let count = arguments.len();
    let wants = |wanted: usize| {
        let plural = if wanted == 1 { "" } else { "s" };
        Trouble::usage(format!("the template's {name} wants {wanted} argument{plural} and gets {count}"))
    };
    let mut arguments = arguments.into_iter();
    let mut take = |wanted: usize| arguments.next().unwrap_or_else(|| Err(wants(wanted)));
    let value = match name {
        "requiredEnv" if count == 1 => {
            let variable = take(1)?;
            (scope.variable)(&variable).filter(|value| !value.is_empty()).ok_or_else(|| {
                Trouble::usage(format!("the variable {variable} is not set"))
                    .hint(format!("the manifest wants it: set {variable}"))
            })?
        }
        "env" if count == 1 => (scope.variable)(&take(1)?).unwrap_or_default(),
        "default" if count == 2 => {
            let default = take(2)?;
            take(2).ok().filter(|value| !value.is_empty()).unwrap_or(default)
        }
        "quote" if count == 1 => format!("{:?}", take(1)?),
        "lower" if count == 1 => take(1)?.to_lowercase(),
        "upper" if count == 1 => take(1)?.to_uppercase(),
        "trimPrefix" if count == 2 => {
            let (prefix, text) = (take(2)?, take(2)?);
            text.strip_prefix(prefix.as_str()).unwrap_or(&text).to_owned()
        }
        "trimSuffix" if count == 2 => {
            let (suffix, text) = (take(2)?, take(2)?);
            text.strip_suffix(suffix.as_str()).unwrap_or(&text).to_owned()
        }
        "requiredEnv" | "env" | "quote" | "lower" | "upper" => return Err(wants(1)),
        "default" | "trimPrefix" | "trimSuffix" => return Err(wants(2)),
        other => return Err(unsupported(other)),
    };
    Ok(value)
}

fn argument(word: &Word<'_>, scope: &Scope<'_>) -> Result<String, Trouble> {
    match word {
        Word::Text(text) => Ok(text.clone()),
        Word::Field(path) => scope.values.get(*path).cloned().ok_or_else(|| {
            let known: Vec<String> = scope.values.keys().cloned().collect();
            let trouble = Trouble::usage(format!("there is no value .{path}"));
            match yaml_splice::nearest(path, &known) {
                Some(near) => trouble.hint(format!("did you mean .{near}?")),
                None => trouble.hint("name the file that has it with --values FILE"),
            }
        }),
        Word::Name(name) => Err(unsupported(name)),
        Word::Pipe => Err(Trouble::usage("a part of the template is empty")),
    }
}

fn unsupported(what: &str) -> Trouble {
    Trouble::usage(format!("the template's '{}' is not supported", what.trim())).hint(
        "values (.name), requiredEnv, env, default, quote, lower, upper, trimPrefix, trimSuffix and source are",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str) -> Result<String, String> {
        let values = [("name", "app"), ("image.tag", "1.2"), ("empty", "")];
        let values = values.map(|(key, value)| (key.to_owned(), value.to_owned())).into_iter().collect();
        let variable = |name: &str| (name == "TOKEN").then(|| "secret".to_owned());
        let scope = Scope { values: &values, variable: &variable };
        render(text, &scope).map(|rendered| rendered.text).map_err(|(at, trouble)| format!("{at}: {trouble}"))
    }

    #[test]
    fn values_and_functions_are_put_in() {
        let table = [
            ("a: b", "a: b"),
            ("a: {{ .name }}-{{.image.tag}}", "a: app-1.2"),
            ("{{ requiredEnv \"TOKEN\" }}", "secret"),
            ("{{ requiredEnv `TOKEN` | upper }}", "SECRET"),
            ("{{ env \"NONE\" | default \"x y\" }}", "x y"),
            ("{{ .none | default \"x\" }}{{ .empty | default \"y\" }}{{ default \"z\" .name }}", "xyapp"),
            ("{{ .name | trimPrefix \"a\" | quote }}", "\"pp\""),
            ("{{/* a comment */}}x", "x"),
            ("a \n {{- .name -}} \n b", "aappb"),
            ("{{ source \"x\" }}", "{{ source \"x\" }}"),
            ("é {{ .name }} é", "é app é"),
        ];
        for (text, expected) in table {
            assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_put_in_is_named_with_its_place() {
        let table = [
            ("a: {{ .nam }}", "3: there is no value .nam"),
            ("{{ requiredEnv \"NONE\" }}", "0: the variable NONE is not set"),
            ("x{{ range .list }}", "1: the template's 'range' is not supported"),
            ("{{ if .x }}", "0: the template's 'if' is not supported"),
            ("{{ quote }}", "0: the template's quote wants 1 argument and gets 0"),
            ("{{ .name", "0: the template's {{ is not closed"),
            ("{{ \"x }}", "0: the template's '\"x' is not supported"),
        ];
        for (text, expected) in table {
            assert_eq!(rendered(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_place_leads_back_to_where_it_came_from() {
        let values = [("long".to_owned(), "0123456789".to_owned())].into();
        let scope = Scope { values: &values, variable: &|_| None };
        let rendered = render("a: {{ .long }}\nb: c", &scope).unwrap();
        assert_eq!(rendered.text, "a: 0123456789\nb: c");
        assert_eq!(rendered.origin(0), 0);
        assert_eq!(rendered.origin(7), 3);
        assert_eq!(rendered.origin(rendered.text.find('c').unwrap()), 18);
    }

    #[test]
    fn sources_are_put_in_later() {
        let source = |id: &str| match id {
            "one" => Ok("1.2.3".to_owned()),
            other => Err(Trouble::usage(format!("no {other}"))),
        };
        assert_eq!(with_sources("v{{ source \"one\" }}", &source).as_deref(), Ok("v1.2.3"));
        assert!(with_sources("{{ source \"two\" }}", &source).is_err());
        assert_eq!(sources_in("{{ source \"one\" }} {{ source `b` }}"), ["one", "b"]);
    }
}
