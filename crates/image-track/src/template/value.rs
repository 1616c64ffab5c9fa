//! What templates work with.

use std::collections::BTreeMap;

use yaml_splice::{Node, Value as Scalar, nearest};

use crate::trouble::Trouble;

/// A value of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing; with it, what was looked for, and what to do about it.
    Nothing(Option<Box<Missing>>),
    Truth(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Value>),
    /// In the order of its keys, as Go goes through maps.
    Map(BTreeMap<String, Value>),
    /// What a source says is not known when a manifest is read: the expression that makes the value of it.
    Later(String),
}

/// A value that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(super) name: String,
    pub(super) hint: String,
}

impl Default for Value {
    fn default() -> Self {
        Self::Map(BTreeMap::new())
    }
}

impl Value {
    /// The value that YAML says, with what anchors and merge keys bring along.
    pub(crate) fn of(node: Node<'_>) -> Self {
        if node.is_mapping() {
            let mut map = BTreeMap::new();
            for merged in node.merged() {
                if let Self::Map(entries) = Self::of(merged) {
                    for (key, value) in entries {
                        map.entry(key).or_insert(value);
                    }
                }
            }
            for entry in node.entries().filter(|entry| !entry.is_merge()) {
                map.insert(entry.key.as_str().unwrap_or_default().to_owned(), Self::of(entry.value));
            }
            return Self::Map(map);
        }
        if node.is_sequence() {
            return Self::List(node.items().map(Self::of).collect());
        }
        match node.scalar() {
            None | Some(Scalar::Null | Scalar::Tagged(_)) => Self::Nothing(None),
            Some(Scalar::Bool(truth)) => Self::Truth(truth),
            Some(Scalar::Number(number)) => Self::Number(number.to_owned()),
            Some(Scalar::Text(text)) => Self::Text(text.to_owned()),
        }
    }

    /// Puts another file's values over these; mappings are joined.
    pub(crate) fn overlay(&mut self, other: Self) {
        match (self, other) {
            (Self::Map(known), Self::Map(other)) => {
                for (key, value) in other {
                    known.entry(key).or_insert(Self::Nothing(None)).overlay(value);
                }
            }
            (known, other) => *known = other,
        }
    }

    /// What is written below these names; `shown` is the whole name, for people.
    pub(super) fn below(&self, names: &[String], shown: &str) -> Self {
        let mut value = self;
        for (depth, name) in names.iter().enumerate() {
            let found = match value {
                Self::Map(map) => map.get(name),
                _ => None,
            };
            let Some(found) = found else {
                let keys: Vec<String> = match value {
                    Self::Map(map) => map.keys().cloned().collect(),
                    _ => Vec::new(),
                };
                let above = shown.strip_suffix(&names[depth..].join(".")).unwrap_or(".");
                let hint = match nearest(name, &keys) {
                    Some(near) => format!("did you mean {above}{near}?"),
                    None => "name the file that has it with --values FILE".into(),
                };
                return Self::Nothing(Some(Box::new(Missing { name: shown.to_owned(), hint })));
            };
            value = found;
        }
        match value {
            Self::Nothing(_) => {
                let hint = "give it a value, or the template a default".into();
                Self::Nothing(Some(Box::new(Missing { name: shown.to_owned(), hint })))
            }
            value => value.clone(),
        }
    }

    /// Whether a template's `if` takes it for true: anything but false, 0, nothing, and what is empty.
    pub(super) fn is_true(&self) -> Result<bool, Trouble> {
        Ok(match self {
            Self::Nothing(_) => false,
            Self::Truth(truth) => *truth,
            Self::Number(number) => number.parse::<f64>() != Ok(0.0),
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
            Self::Later(expression) => return Err(not_yet(expression)),
        })
    }

    /// As it stands in a text.
    pub(super) fn text(&self) -> Result<String, Trouble> {
        match self {
            Self::Truth(truth) => Ok(truth.to_string()),
            Self::Number(text) | Self::Text(text) => Ok(text.clone()),
            Self::Later(expression) => Ok(format!("{{{{ {expression} }}}}")),
            Self::Nothing(Some(missing)) => {
                let Missing { name, hint } = missing.as_ref();
                Err(Trouble::usage(format!("there is no value {name}")).hint(hint.clone()))
            }
            other => Err(Trouble::usage(format!("the template puts in {}", other.kind()))
                .hint("a text, a number, true or false can be put in; go through others with range")),
        }
    }

    pub(super) fn number(&self) -> Result<i64, Trouble> {
        let text = self.text()?;
        text.trim()
            .parse()
            .map_err(|_| Trouble::usage(format!("'{text}' in the template is no whole number")))
    }

    /// What it is, for people.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Nothing(_) => "nothing",
            Self::Truth(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
            Self::Later(_) => "what a source says",
        }
    }

    /// How it is written within an expression.
    pub(super) fn literal(&self) -> Result<String, Trouble> {
        match self {
            Self::Later(expression) => Ok(format!("({expression})")),
            Self::Text(text) => Ok(literal(text)),
            Self::List(_) | Self::Map(_) => {
                Err(Trouble::usage(format!("the template joins what a source says with {}", self.kind())))
            }
            other => other.text(),
        }
    }
}

/// A text as a template has it. Backquotes, where they do, harm no text of YAML, whatever its quotes.
pub(super) fn literal(text: &str) -> String {
    match text.contains('`') {
        false => format!("`{text}`"),
        true => format!("{text:?}"),
    }
}

fn not_yet(expression: &str) -> Trouble {
    Trouble::usage(format!("what {expression} says is not known when the manifest is read"))
        .hint("it can be put in, with functions on it, but not be asked for")
}
