//! What goes wrong, with which request, how often.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server is down for this long: the request's connection and all others are closed, and nobody listens at its
    /// address, so that the system refuses every connection.
    Down(Duration),
    /// The connection is reset when half of the request's body was read, or its head when it has no body. It is not
    /// passed on.
    ResetRequest,
    /// The connection is reset when so much of the answer's body was sent, or instead of the answer when it has no
    /// body. The request was carried out.
    ResetAnswer(Cut),
    /// The connection is reset instead of the answer, whatever it has. The request was carried out.
    LoseAnswer,
    /// The answer promises a longer body than it has: the connection is closed after so much of it. An answer without a
    /// body promises one byte. The request was carried out. The answer to HEAD has no body to cut.
    Truncate(Cut),
    /// Instead of being passed on it is answered with this.
    Answer(Answer),
    /// It is passed on after this long.
    Hold(Duration),
    /// It is carried out at once, and its answer sent after this long.
    HoldAnswer(Duration),
    /// A bit of the request's body is flipped.
    FlipRequest,
    /// A bit of the answer's body is flipped. Its headers stay.
    FlipAnswer,
    /// A header of the answer has this value instead of its own, if it was there.
    ReplaceHeader(&'static str, String),
    /// The answer has this header besides its own.
    AddHeader(&'static str, String),
    /// A header of the answer is missing.
    RemoveHeader(&'static str),
    /// The request's token has expired. Without tokens there is nothing to expire, and nothing happens.
    ExpireToken,
    /// The request's token is refused, as one that lacks a permission; it stays good for other requests. Without tokens
    /// nothing happens.
    RefuseToken,
    /// A mount opens an upload, as for a registry that cannot mount.
    OpenInsteadOfMount,
    /// The answer's Location has this form.
    Location(Location),
    /// The answer's Location leads to this address, `HOST:PORT`, and is otherwise as it was.
    LocationAt(String),
}

impl Fault {
    /// An answer with this status.
    pub fn status(status: u16) -> Self {
        Self::Answer(Answer::status(status))
    }

    /// An answer with this status and `Retry-After` in seconds.
    pub fn retry_after(status: u16, seconds: u64) -> Self {
        let wait = HeaderValue::Text(seconds.to_string());
        Self::Answer(Answer::status(status).header("retry-after", wait))
    }

    /// An answer with this status and `Retry-After` as the date this many seconds after the answer.
    pub fn retry_after_date(status: u16, seconds: u64) -> Self {
        let wait = HeaderValue::DateIn(Duration::from_secs(seconds));
        Self::Answer(Answer::status(status).header("retry-after", wait))
    }

    /// An answer with this status and the error body of the distribution specification.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        Self::Answer(Answer::error(status, code, message))
    }

    /// The answer's `Docker-Content-Digest` is that of something else.
    pub fn spoiled_digest() -> Self {
        Self::ReplaceHeader("docker-content-digest", format!("sha256:{}", "5".repeat(64)))
    }

    pub(super) fn down(&self) -> Option<Duration> {
        match self {
            Self::Down(time) => Some(*time),
            _ => None,
        }
    }
}

/// How much of a body passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Half of it, as its Content-Length says; nothing of a body without one.
    Half,
    /// So many bytes.
    Bytes(u64),
}

impl Cut {
    pub(super) fn of(self, length: Option<u64>) -> u64 {
        match self {
            Self::Half => length.unwrap_or(0) / 2,
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// An answer that is not the registry's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers, by their lower-case name.
    pub headers: Vec<(&'static str, HeaderValue)>,
    /// Its body.
    pub body: String,
}

impl Answer {
    /// An answer with nothing but a status.
    pub fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// An answer with the error body of the distribution specification.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "errors": [{ "code": code, "message": message }] }).to_string();
        let json = HeaderValue::Text("application/json".into());
        Self { body, ..Self::status(status) }.header("content-type", json)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderValue {
    /// As it is.
    Text(String),
    /// The date this long after the answer, as HTTP writes dates.
    DateIn(Duration),
}

impl HeaderValue {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::DateIn(time) => httpdate::fmt_http_date(SystemTime::now() + *time),
        }
    }
}

/// How a Location header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Not at all.
    Absent,
    /// With scheme and host.
    Absolute,
    /// From the root of the host: `/v2/…`.
    Path,
    /// Relative to the request's URL, which ends in a slash when an upload is opened.
    Relative,
    /// With a parameter more in its query; it has to come back with the next request.
    Query(&'static str),
}

/// Which requests a fault hits, counted from when the rule is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pattern: String,
    first: usize,
    times: usize,
    fault: Fault,
}

impl Rule {
    /// The `n`-th request, from 1, whatever it is.
    pub fn nth(n: usize, fault: Fault) -> Self {
        Self::matching("*", fault).from(n).times(1)
    }

    /// Every request whose `METHOD TARGET` is matched by the pattern, whose `*` stands for anything:
    /// `PUT */manifests/*`. The target is path and query.
    pub fn matching(pattern: &str, fault: Fault) -> Self {
        Self { pattern: pattern.to_owned(), first: 1, times: usize::MAX, fault }
    }

    /// Only from the `n`-th of these on, from 1.
    #[must_use]
    pub fn from(self, n: usize) -> Self {
        Self { first: n, ..self }
    }

    /// Only so often.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

/// The rules of a proxy, and what each has seen.
#[derive(Debug, Default)]
pub(super) struct Rules(Mutex<Vec<(Rule, usize)>>);

impl Rules {
    pub(super) fn add(&self, rule: Rule) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((rule, 0));
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Counts a request, and says what goes wrong with it, in the order of the rules.
    pub(super) fn strike(&self, method: &str, target: &str) -> Vec<Fault> {
        let line = format!("{method} {target}");
        let mut faults = Vec::new();
        for (rule, seen) in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            if matches(&rule.pattern, &line) {
                *seen += 1;
                if *seen >= rule.first && *seen - rule.first < rule.times {
                    faults.push(rule.fault.clone());
                }
            }
        }
        faults
    }
}

fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, behind)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    let mut ends = (0..=rest.len()).filter(|end| rest.is_char_boundary(*end));
    ends.any(|end| matches(behind, &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let table = [
            ("*", "GET /v2/", true),
            ("GET /v2/", "GET /v2/", true),
            ("GET /v2/", "GET /v2/a", false),
            ("PUT */manifests/*", "PUT /v2/a/b/manifests/1", true),
            ("PUT */manifests/*", "GET /v2/a/b/manifests/1", false),
            ("* *mount=*", "POST /v2/a/blobs/uploads/?mount=sha256:1&from=b", true),
            ("*/1", "GET /v2/a/manifests/1.1", false),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_rule_counts_what_it_matches_from_when_it_is_set() {
        let rules = Rules::default();
        rules.add(Rule::nth(2, Fault::status(500)));
        rules.add(Rule::matching("PUT *", Fault::status(503)).from(2).times(2));
        let hits: Vec<usize> =
            ["GET", "PUT", "PUT", "GET", "PUT", "PUT"].map(|method| rules.strike(method, "/").len()).into();
        assert_eq!(hits, [0, 1, 1, 0, 1, 0]);
        rules.add(Rule::nth(1, Fault::status(500)));
        assert_eq!(rules.strike("GET", "/").len(), 1);
        rules.clear();
        assert_eq!(rules.strike("GET", "/").len(), 0);
    }
}
