//! Who asks, and what they may do.

use super::message;
use crate::server::{Asked, Reply};

/// The role of a person in a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Reads.
    Reporter,
    /// Writes code, releases, wikis and packages.
    Developer,
    /// Sets the project up.
    Maintainer,
}

/// A secret and what stands behind it.
pub(crate) struct Token {
    secret: String,
    who: Who,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    Nobody,
    Job,
    Person(Role),
}

/// What a request needs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs {
    pub(crate) role: Role,
    /// Does a job token do?
    pub(crate) job: bool,
}

impl Token {
    pub(crate) fn person(secret: &str, role: Role) -> Self {
        Self { secret: secret.into(), who: Who::Person(role) }
    }

    pub(crate) fn job(secret: &str) -> Self {
        Self { secret: secret.into(), who: Who::Job }
    }
}

/// Who asks, by the header in which each kind of token belongs. One in the wrong header is nobody's.
pub(crate) fn who(tokens: &[Token], asked: &Asked) -> Result<Who, Reply> {
    let bearer = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let (secret, job) = match (asked.header("job-token"), asked.header("private-token").or(bearer)) {
        (None, None) => return Ok(Who::Nobody),
        (Some(secret), _) => (secret, true),
        (None, Some(secret)) => (secret, false),
    };
    let found = tokens.iter().find(|token| token.secret == secret && (token.who == Who::Job) == job);
    found.map(|token| token.who).ok_or_else(|| message(401, "401 Unauthorized"))
}

/// Lets pass, or not. All projects are private: who is nobody here does not learn that they are there.
pub(crate) fn check(who: Who, needs: Needs, writes: bool) -> Result<(), Reply> {
    match who {
        Who::Job if needs.job => Ok(()),
        // Where it is not allowed, a job token is not looked at.
        Who::Job if writes => Err(message(401, "401 Unauthorized")),
        Who::Job | Who::Nobody => Err(message(404, "404 Project Not Found")),
        Who::Person(role) if role >= needs.role => Ok(()),
        Who::Person(_) => Err(message(403, "403 Forbidden")),
    }
}
