//! What a dry run would send.

use std::sync::{Mutex, PoisonError};

use contract::redact::redact;
use http::{Method, Url};

/// The requests of a dry run, in their order, without secrets: those are in headers, which are not kept.
#[derive(Debug, Default)]
pub(crate) struct Plan(Mutex<Vec<String>>);

impl Plan {
    pub(crate) fn note(&self, method: &Method, url: &Url, body: &str) {
        let line = format!("{method} {} {}", redact(url.as_str()), redact(body));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.trim_end().to_owned());
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
