//! What a container finds in its environment.

use contract::Failure;

use crate::values::Variable;

/// Variables with their values, and which of the values are shown in no log.
#[derive(Clone, Default)]
pub(crate) struct Environment {
    /// `NAME=VALUE`, as the engine takes them.
    pub(crate) pairs: Vec<String>,
    /// What is masked wherever it turns up.
    pub(crate) secrets: Vec<String>,
}

impl Environment {
    /// # Errors
    /// When a variable is to be handed over and is not set here.
    pub(crate) fn new(variables: &[Variable]) -> Result<Self, Failure> {
        let mut all = Self::default();
        for variable in variables {
            let (value, secret) = variable.resolve()?;
            all.pairs.push(format!("{}={value}", variable.name));
            if secret {
                all.secrets.push(value);
            }
        }
        Ok(all)
    }
}
