//! What GitLab says when it refuses something: JSON in four shapes, plain text from its rate limiter, or a page of HTML
//! from a proxy in front of it.

use http::StatusCode;
use serde_json::Value;

use crate::page_of_html::page_of_html;

/// An error in one line.
pub(crate) struct Said {
    pub(crate) text: String,
    /// There is nothing at this address, not even something to be missing.
    pub(crate) is_no_route: bool,
}

const LONGEST: usize = 300;

pub(crate) fn said(status: StatusCode, body: &[u8]) -> Said {
    let (text, is_no_route) = match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(fields)) => {
            let no_route = fields.get("error").is_some_and(|error| error == "404 Not Found");
            let text = match (fields.get("message"), fields.get("error_description"), fields.get("error")) {
                (Some(message), _, _) => flat(message),
                (None, Some(why), Some(error)) => format!("{}: {}", flat(error), flat(why)),
                (None, _, Some(error)) => flat(error),
                _ => Value::Object(fields).to_string(),
            };
            (text, no_route)
        }
        Ok(other) => (flat(&other), true),
        Err(_) => {
            let text = page_of_html(body).unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
            (text, true)
        }
    };
    // `404 Project Not Found` behind a 404 says its number twice.
    let number = status.as_u16().to_string();
    let text = text.strip_prefix(&number).map(|rest| rest.trim_start().to_owned()).unwrap_or(text);
    let text = if status.canonical_reason() == Some(text.as_str()) { String::new() } else { text };
    Said { text: text.chars().take(LONGEST).collect(), is_no_route }
}

/// A text, a list of texts, or texts by field.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(flat).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let one = |(name, value): (&String, &Value)| match name.as_str() {
                "base" => flat(value),
                name => format!("{name} {}", flat(value)),
            };
            fields.iter().map(one).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_error_is_a_line() {
        let table = [
            (404, r#"{"message":"404 Project Not Found"}"#, "Project Not Found", false),
            (404, r#"{"message":"404 Not Found"}"#, "", false),
            (404, r#"{"error":"404 Not Found"}"#, "", true),
            (
                400,
                r#"{"message":{"url":["is blocked"],"name":["a","b"]}}"#,
                "name a, b, url is blocked",
                false,
            ),
            (400, r#"{"message":["a taken","b taken"]}"#, "a taken, b taken", false),
            (
                400,
                r#"{"error":"link_type does not have a valid value"}"#,
                "link_type does not have a valid value",
                false,
            ),
            (
                403,
                r#"{"error":"insufficient_scope","error_description":"more"}"#,
                "insufficient_scope: more",
                false,
            ),
            (400, r#"{"message":{"base":["Reference not found"]}}"#, "Reference not found", false),
            (429, "Retry later\n", "Retry later", true),
            (
                502,
                "<html><head><title>502 Bad Gateway</title></head></html>",
                "a page of HTML, \"502 Bad Gateway\"",
                true,
            ),
            (502, "<html>", "a page of HTML", true),
            (500, "", "", true),
            (500, r#"{"oops":1}"#, r#"{"oops":1}"#, false),
        ];
        for (status, body, text, is_no_route) in table {
            let told = said(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            assert_eq!((told.text.as_str(), told.is_no_route), (text, is_no_route), "{body}");
        }
    }
}
