//! The parameters of a request: each is taken once, and none may be left.

use serde_json::{Map, Value};

use super::error;
use crate::server::{Asked, Reply, form};

/// What was sent, in the body or in the query.
pub(crate) struct Parameters(Map<String, Value>);

impl Parameters {
    /// Reads a JSON body or a form, and the query.
    pub(crate) fn of(asked: &Asked) -> Result<Self, Reply> {
        let kind = asked.header("content-type").unwrap_or_default();
        let mut all = Map::new();
        if asked.body.is_empty() {
        } else if kind.starts_with("application/json") {
            match serde_json::from_slice(&asked.body) {
                Ok(Value::Object(body)) => all = body,
                _ => {
                    return Err(error(400, "The provided content-type 'application/json' is not supported."));
                }
            }
        } else if kind.starts_with("application/x-www-form-urlencoded") {
            all.extend(pairs(form(&String::from_utf8_lossy(&asked.body))));
        } else {
            let text = format!("The provided content-type '{kind}' is not supported.");
            return Err(error(406, &text));
        }
        all.extend(pairs(asked.query.clone()));
        Ok(Self(all))
    }

    /// A parameter that has to be there.
    pub(crate) fn need(&mut self, name: &str) -> Result<String, Reply> {
        let text = self.text(name)?.ok_or_else(|| error(400, &format!("{name} is missing")))?;
        if text.is_empty() { Err(error(400, &format!("{name} is empty"))) } else { Ok(text) }
    }

    /// A parameter that may be there.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<String>, Reply> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(error(400, &format!("{name} is invalid"))),
        }
    }

    /// One of a few words.
    pub(crate) fn word(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, Reply> {
        match self.text(name)? {
            Some(word) if !words.contains(&word.as_str()) => {
                Err(error(400, &format!("{name} does not have a valid value")))
            }
            word => Ok(word),
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, name: &str) -> Result<bool, Reply> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(text == "true"),
            Some(_) => Err(error(400, &format!("{name} is invalid"))),
        }
    }

    /// A parameter that is more than text.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// All whose names start so, as in `variables[KEY]`.
    pub(crate) fn starting_with(&mut self, start: &str) -> Vec<(String, Value)> {
        let names: Vec<_> = self.0.keys().filter(|name| name.starts_with(start)).cloned().collect();
        names.into_iter().filter_map(|name| self.0.remove(&name).map(|value| (name, value))).collect()
    }

    /// Nothing may be left: what GitLab would pass over in silence is a mistake of whoever sent it.
    pub(crate) fn end(self) -> Result<(), Reply> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(error(400, &format!("{name} is no parameter of this request"))),
        }
    }

    /// The parameters of an object below these.
    pub(crate) fn below(value: Value, name: &str) -> Result<Self, Reply> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(error(400, &format!("{name} is invalid"))),
        }
    }
}

fn pairs(pairs: Vec<(String, String)>) -> impl Iterator<Item = (String, Value)> {
    pairs.into_iter().map(|(name, value)| (name, Value::String(value)))
}
