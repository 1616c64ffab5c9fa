//! Which value of a YAML stream is meant.

use std::fmt;
use std::str::FromStr;

use contract::{Exit, Explain};

/// One step from a collection to one of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of this key of a mapping.
    Key(String),
    /// The item of a sequence, from 0.
    Index(usize),
}

/// A document of the stream and the steps from its root.
///
/// As text, `services.db.image`; a key with a dot, a bracket or a quote in it stands in double quotes, and an item of a
/// sequence is its number from 0:
///
/// ```
/// use pypelines_yaml_splice::Path;
///
/// let path: Path = "services.\"a.b\".ports[0]".parse()?;
/// assert_eq!(path, Path::root().key("services").key("a.b").key("ports").index(0));
/// # Ok::<(), pypelines_yaml_splice::InvalidPath>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The document, from 0.
    pub document: usize,
    /// The steps from the root of the document.
    pub steps: Vec<Step>,
}

impl Path {
    /// The root of the first document.
    pub fn root() -> Self {
        Self::document(0)
    }

    /// The root of the document with this number, from 0.
    pub fn document(document: usize) -> Self {
        Self { document, steps: Vec::new() }
    }

    /// The path one key further down.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// The path to an item further down, from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// The same steps in the document with this number, from 0.
    #[must_use]
    pub fn in_document(&self, document: usize) -> Self {
        Self { document, steps: self.steps.clone() }
    }

    /// The path one step further up; none for a root.
    pub fn parent(&self) -> Option<Self> {
        let (_, before) = self.steps.split_last()?;
        Some(Self { document: self.document, steps: before.to_vec() })
    }

    /// The path one step further up, and the key that was the last step; none for a root and for an item.
    pub(crate) fn split_key(&self) -> Option<(Self, &str)> {
        let (last, before) = self.steps.split_last()?;
        match last {
            Step::Key(key) => Some((Self { document: self.document, steps: before.to_vec() }, key)),
            Step::Index(_) => None,
        }
    }

    fn with(&self, step: Step) -> Self {
        let mut path = self.clone();
        path.steps.push(step);
        path
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("the whole document");
        }
        for (place, step) in self.steps.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) => {
                    let dot = if place == 0 { "" } else { "." };
                    let plain = !key.is_empty() && !key.contains(['.', '[', ']', '"', ' ', '\\']);
                    if plain {
                        write!(f, "{dot}{key}")?;
                    } else {
                        write!(f, "{dot}\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Why a text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no path: {reason}")]
pub struct InvalidPath {
    text: String,
    reason: &'static str,
}

impl Explain for InvalidPath {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            "expected KEY.KEY[NUMBER], as in services.db.ports[0]; a key with a dot in it in quotes: \"a.b\""
                .into(),
        )
    }
}

impl FromStr for Path {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let wrong = |reason| InvalidPath { text: text.to_owned(), reason };
        let mut path = Self::root();
        let mut rest = text;
        while !rest.is_empty() {
            let (step, behind) = match rest.strip_prefix('[') {
                Some(rest) => index(rest).map_err(wrong)?,
                None if path.steps.is_empty() => key(rest).map_err(wrong)?,
                None => key(rest.strip_prefix('.').ok_or(wrong("a dot is missing"))?).map_err(wrong)?,
            };
            path.steps.push(step);
            rest = behind;
        }
        if path.steps.is_empty() { Err(wrong("it is empty")) } else { Ok(path) }
    }
}

fn index(text: &str) -> Result<(Step, &str), &'static str> {
    let (number, rest) = text.split_once(']').ok_or("a bracket is not closed")?;
    let number = number.parse().map_err(|_| "in the brackets stands no number")?;
    Ok((Step::Index(number), rest))
}

fn key(text: &str) -> Result<(Step, &str), &'static str> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(['.', '[', ']', '"']).unwrap_or(text.len());
        let (key, rest) = text.split_at(end);
        return match rest.chars().next() {
            _ if key.is_empty() => Err("a key is missing"),
            Some('"' | ']') => Err("a quote or bracket stands within a key; put the whole key in quotes"),
            _ => Ok((Step::Key(key.to_owned()), rest)),
        };
    };
    let mut key = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return Ok((Step::Key(key), &quoted[at + 1..])),
            '\\' => key.extend(characters.next().map(|(_, escaped)| escaped)),
            c => key.push(c),
        }
    }
    Err("a quote is not closed")
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn paths_read_as_people_write_them() {
        let services = Path::root().key("services");
        for (path, text) in [
            (services.key("app").key("build"), "services.app.build"),
            (services.key("a.b").index(0), "services.\"a.b\"[0]"),
            (Path::document(1), "the whole document"),
            (Path::root().index(2).key(""), "[2].\"\""),
            (services.key("a\"\\b").key("é"), "services.\"a\\\"\\\\b\".é"),
        ] {
            assert_eq!(path.to_string(), text);
            if path.steps.is_empty() {
                continue;
            }
            assert_eq!(text.parse::<Path>().unwrap(), path, "{text}");
        }
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, reason) in [
            ("", "it is empty"),
            ("a..b", "a key is missing"),
            ("a.", "a key is missing"),
            (".a", "a key is missing"),
            ("a[0", "a bracket is not closed"),
            ("a[x]", "in the brackets stands no number"),
            ("a[0]b", "a dot is missing"),
            ("\"a", "a quote is not closed"),
            ("a\"b\"", "a quote or bracket stands within a key; put the whole key in quotes"),
        ] {
            let error = text.parse::<Path>().unwrap_err();
            assert_eq!(error.to_string(), format!("'{text}' is no path: {reason}"));
        }
    }
}
