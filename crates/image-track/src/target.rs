//! Where versions are written. Pure: text in, text out; each place that is meant is offered to who decides.

pub(crate) mod dockerfile;
pub(crate) mod file;
pub(crate) mod key;

use yaml_splice::{Splice, Yaml};

use crate::trouble::Trouble;
use dockerfile::DockerfileTarget;
use file::FileTarget;
use key::Key;

/// Where in a file the value goes.
#[derive(Clone, Debug)]
pub(crate) enum Spot {
    Yaml(YamlTarget),
    Dockerfile(DockerfileTarget),
    File(FileTarget),
}

/// A target of the kind `yaml`.
#[derive(Clone, Debug)]
pub(crate) struct YamlTarget {
    pub(crate) keys: Vec<Key>,
    /// The document, from 0; all that have the key where none is named.
    pub(crate) document: Option<usize>,
}

/// A value where it stands.
#[derive(Debug)]
pub(crate) struct Place<'p> {
    /// Its name in the file, for people and to find it again.
    pub(crate) key: &'p str,
    pub(crate) current: &'p str,
    /// What a pattern has found there.
    groups: Option<&'p regex_lite::Captures<'p>>,
}

impl Place<'_> {
    /// The value as it would stand here: with the groups of the pattern that found the place.
    pub(crate) fn value(&self, value: &str) -> String {
        let Some(groups) = self.groups else { return value.to_owned() };
        let mut expanded = String::new();
        groups.expand(value, &mut expanded);
        expanded
    }
}

/// A changed text.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub(crate) text: String,
}

impl Spot {
    /// Offers each place to `decide`, and writes what it says there.
    ///
    /// # Errors
    /// When there is no such place, or the text is not of its kind.
    pub(crate) fn write(
        &self,
        text: &str,
        decide: &mut dyn FnMut(&Place<'_>) -> Option<String>,
    ) -> Result<Written, Trouble> {
        match self {
            Self::Yaml(target) => target.write(text, decide),
            Self::Dockerfile(target) => target.write(text, decide),
            Self::File(target) => target.write(text, decide),
        }
    }

    /// The places and what stands there.
    ///
    /// # Errors
    /// As [`Spot::write`].
    pub(crate) fn read(&self, text: &str) -> Result<Vec<(String, String)>, Trouble> {
        let mut found = Vec::new();
        self.write(text, &mut |place| {
            found.push((place.key.to_owned(), place.current.to_owned()));
            None
        })?;
        Ok(found)
    }

    /// May the file be made where there is none?
    pub(crate) fn creates(&self) -> bool {
        matches!(self, Self::File(FileTarget { force_create: true, .. }))
    }
}

impl YamlTarget {
    fn write(
        &self,
        text: &str,
        decide: &mut dyn FnMut(&Place<'_>) -> Option<String>,
    ) -> Result<Written, Trouble> {
        let yaml = Yaml::open(text.as_bytes()).map_err(|error| Trouble::of(&error))?;
        let mut splice = Splice::new(&yaml);
        // What shares a value through an anchor is meant to follow it.
        splice.spread();
        let mut changes = false;
        for key in &self.keys {
            for path in self.paths(&yaml, key)? {
                let node = yaml.find(&path);
                let Some(current) = node.and_then(yaml_splice::Node::as_str) else {
                    let place = node.map(|node| format!("{}: ", node.position())).unwrap_or_default();
                    return Err(Trouble::usage(format!("{place}{path} is no single value"))
                        .hint("name one of the values below it"));
                };
                let shown = match path.document {
                    0 => path.to_string(),
                    document => format!("{path} (document {document})"),
                };
                match decide(&Place { key: &shown, current, groups: None }) {
                    Some(new) if new != current => {
                        splice.replace_scalar(&path, &new).map_err(|error| Trouble::of(&error))?;
                        changes = true;
                    }
                    _ => {}
                }
            }
        }
        let text = match changes {
            true => splice.render().map_err(|error| Trouble::of(&error))?,
            false => text.to_owned(),
        };
        Ok(Written { text })
    }

    fn paths(&self, yaml: &Yaml<'_>, key: &Key) -> Result<Vec<yaml_splice::Path>, Trouble> {
        let mut paths = Vec::new();
        let mut first = None;
        let count = yaml.documents().len();
        for (number, root) in yaml.documents().enumerate() {
            if self.document.is_some_and(|wanted| wanted != number) {
                continue;
            }
            match key.find(root, number) {
                Ok(found) => paths.extend(found),
                Err(trouble) => first = first.or(Some(trouble)),
            }
        }
        match (paths.is_empty(), first, self.document) {
            (false, ..) => Ok(paths),
            (true, Some(trouble), _) => Err(trouble),
            (true, None, Some(wanted)) => Err(Trouble::usage(format!("it has no document {wanted}"))
                .hint(format!("it has {count}, from 0"))),
            (true, None, None) => Err(Trouble::usage("there is nothing in it but comments")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, keys: &[&str], value: &str) -> Result<String, String> {
        let keys = keys.iter().map(|key| Key::parse(key).unwrap()).collect();
        let target = Spot::Yaml(YamlTarget { keys, document: None });
        let written = target.write(text, &mut |_| Some(value.to_owned()));
        written.map(|written| written.text).map_err(|trouble| trouble.message)
    }

    #[test]
    fn only_the_scalar_changes() {
        let table = [
            (
                "# top\na:   # why\n    tag: '1.0'   # old\n\n",
                "$.a.tag",
                "1.1",
                "# top\na:   # why\n    tag: '1.1'   # old\n\n",
            ),
            ("tag: 1.9\n", "tag", "1.10", "tag: \"1.10\"\n"),
            ("a: &x 1.0.0\nb: *x\n", "$.a", "1.1.0", "a: &x 1.1.0\nb: *x\n"),
            ("a: &x {tag: v1}\nb: *x\n", "$.b.tag", "v2", "a: &x {tag: \"v2\"}\nb: *x\n"),
            ("a: 1\r\n---\r\nb: x\r\n", "$.b", "z", "a: 1\r\n---\r\nb: z\r\n"),
        ];
        for (text, key, value, expected) in table {
            assert_eq!(written(text, &[key], value).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(
            written("a: {b: 1}\n", &["a"], "x").unwrap_err(),
            "line 1, column 4: a is no single value"
        );
        assert_eq!(written("a: [\n", &["a"], "x").unwrap_err().split(':').next(), Some("line 1, column 4"));
    }
}
