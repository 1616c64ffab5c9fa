//! Values in files of any kind: the whole of it, a line, or what a pattern matches.

use regex_lite::Regex;

use crate::target::{Place, Written};
use crate::trouble::Trouble;

/// A target of the kind `file`.
#[derive(Clone, Debug)]
pub(crate) struct FileTarget {
    pub(crate) part: Part,
    /// Make the file where there is none.
    pub(crate) force_create: bool,
}

/// Which part of the file is replaced.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Whole,
    /// From 1.
    Line(usize),
    /// What matches; the value may refer to the pattern's groups, `${1}`.
    Matches(Regex),
}

impl FileTarget {
    /// Lets `decide` give the part another value.
    ///
    /// # Errors
    /// When there is no such line, or nothing matches.
    pub(crate) fn write(
        &self,
        text: &str,
        decide: &mut dyn FnMut(&Place<'_>) -> Option<String>,
    ) -> Result<Written, Trouble> {
        let text = match &self.part {
            Part::Whole => {
                let current = text.strip_suffix('\n').unwrap_or(text);
                match decide(&Place { key: "content", current, groups: None }) {
                    // A file ends with the end of a line, unless this one did not.
                    Some(new) if text.is_empty() || text.ends_with('\n') => {
                        format!("{}\n", new.trim_end_matches('\n'))
                    }
                    Some(new) => new,
                    None => text.to_owned(),
                }
            }
            Part::Line(number) => self.line(text, *number, decide)?,
            Part::Matches(regex) => {
                if !regex.is_match(text) {
                    return Err(Trouble::usage(format!("nothing in it matches {}", regex.as_str()))
                        .hint("look at matchpattern"));
                }
                let mut number = 0;
                let replaced = regex.replace_all(text, |found: &regex_lite::Captures<'_>| {
                    number += 1;
                    let current = found.get(0).map_or("", |whole| whole.as_str());
                    let key = format!("match {number}");
                    let new = decide(&Place { key: &key, current, groups: Some(found) });
                    new.unwrap_or_else(|| current.to_owned())
                });
                replaced.into_owned()
            }
        };
        Ok(Written { text })
    }

    fn line(
        &self,
        text: &str,
        number: usize,
        decide: &mut dyn FnMut(&Place<'_>) -> Option<String>,
    ) -> Result<String, Trouble> {
        let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
        let count = lines.len();
        let Some(line) = number.checked_sub(1).and_then(|index| lines.get_mut(index)) else {
            return Err(
                Trouble::usage(format!("it has no line {number}")).hint(format!("it has {count} lines"))
            );
        };
        let bare = line.trim_end_matches(['\n', '\r']);
        let key = format!("line {number}");
        let new =
            decide(&Place { key: &key, current: bare, groups: None }).map(|new| new + &line[bare.len()..]);
        if let Some(new) = &new {
            *line = new;
        }
        Ok(lines.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let matches = |pattern: &str| Part::Matches(Regex::new(pattern).unwrap());
        let table = [
            (Part::Whole, "1.0\n", Ok("2.0\n")),
            (Part::Whole, "1.0", Ok("2.0")),
            (Part::Whole, "", Ok("2.0\n")),
            (Part::Line(2), "a\r\nb\r\nc", Ok("a\r\n2.0\r\nc")),
            (Part::Line(4), "a\nb\nc\n", Err("it has 3 lines")),
            (matches(r"\d+\.\d+"), "v=1.0 w=1.1\n", Ok("v=2.0 w=2.0\n")),
            (matches(r"(?m)^(v)=.*$"), "v=1.0\nw=1\n", Ok("2.0\nw=1\n")),
            (matches("z"), "v=1", Err("look at matchpattern")),
        ];
        for (part, text, expected) in table {
            let target = FileTarget { part, force_create: false };
            let written = target.write(text, &mut |_| Some("2.0".into()));
            let written = written.map(|written| written.text).map_err(|trouble| trouble.hint.unwrap());
            assert_eq!(written.as_deref().map_err(String::as_str), expected, "{text:?}");
        }
    }

    #[test]
    fn a_value_may_refer_to_the_groups_of_the_pattern() {
        let part = Part::Matches(Regex::new("(v)=(.*)").unwrap());
        let target = FileTarget { part, force_create: false };
        let written = target.write("v=1", &mut |place| Some(place.value("${1}: 2.0 (was $2)")));
        assert_eq!(written.unwrap().text, "v: 2.0 (was 1)");
    }
}
