//! Answers.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::server;

/// An answer to be.
pub(super) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
}

/// An error in the form of the REST API.
pub(super) fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "errors": [{ "status": status, "message": message }] }))
}

impl Reply {
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    pub(super) fn text(status: u16, text: &str) -> Self {
        Self::bytes(status, "text/plain", text.to_owned().into())
    }

    pub(super) fn json(status: u16, value: &Value) -> Self {
        Self::bytes(status, "application/json", value.to_string().into())
    }

    pub(super) fn bytes(status: u16, content_type: &str, body: Bytes) -> Self {
        Self { status, headers: vec![("content-type", content_type.to_owned())], body }
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// The answer as the server sends it, which leaves the body out for HEAD.
    pub(super) fn send(self) -> server::Reply {
        server::Reply { status: self.status, headers: self.headers, body: self.body }
    }
}
