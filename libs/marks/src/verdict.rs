//! Does an image carry what a gate asks for?

use std::fmt;

use serde::Serialize;

use crate::{Assignment, Mark, Value};

/// A wanted mark that an image does not carry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unmet {
    /// What was wanted.
    #[serde(flatten)]
    pub wanted: Assignment,
    /// The value it has instead; none when the mark is not there.
    pub found: Option<Value>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Assignment { key, value } = &self.wanted;
        match &self.found {
            Some(found) => write!(f, "{key} is '{found}', not '{value}'"),
            None => write!(f, "{key} is not set"),
        }
    }
}

/// Those of `wanted` that `marks` do not meet.
pub fn unmet(marks: &[Mark], wanted: &[Assignment]) -> Vec<Unmet> {
    let found = |assignment: &Assignment| marks.iter().find(|mark| mark.key == assignment.key);
    let unmet = wanted.iter().filter_map(|assignment| match found(assignment) {
        Some(mark) if mark.value == assignment.value => None,
        mark => Some(Unmet { wanted: assignment.clone(), found: mark.map(|mark| mark.value.clone()) }),
    });
    unmet.collect()
}
