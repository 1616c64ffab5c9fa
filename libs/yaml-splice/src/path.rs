//! Which value of a YAML stream is meant.

use std::fmt;

/// One step from a collection to one of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The value of this key of a mapping.
    Key(String),
    /// The item of a sequence, from 0.
    Index(usize),
}

/// A document of the stream and the steps from its root.
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
                    let plain = !key.is_empty() && !key.contains(['.', '[', ']', '"', ' ']);
                    if plain { write!(f, "{dot}{key}")? } else { write!(f, "{dot}{key:?}")? }
                }
            }
        }
        Ok(())
    }
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
        ] {
            assert_eq!(path.to_string(), text);
        }
    }
}
