//! Answers.

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

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

    /// An answer to HEAD has the length of the body that it does not have.
    pub(super) fn into_response(self, is_head: bool) -> Response<Full<Bytes>> {
        let length = self.body.len();
        let body = if is_head { Bytes::new() } else { self.body };
        let mut response = Response::new(Full::new(body));
        *response.status_mut() =
            self.status.try_into().unwrap_or_else(|_| panic!("{} is no status", self.status));
        let headers = response.headers_mut();
        for (name, value) in self.headers {
            let value = HeaderValue::from_str(&value).unwrap_or_else(|_| panic!("{name}: {value:?}"));
            headers.insert(HeaderName::from_static(name), value);
        }
        if is_head {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        debug_assert!(length == 0 || headers.contains_key(CONTENT_TYPE));
        response
    }
}
