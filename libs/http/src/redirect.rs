//! Redirects: they are followed, but never from TLS to plain HTTP, and a server that one leads to is not told what was meant
//! for the one before.
//!
//! The HTTP library keeps back `Authorization` and cookies. A forge's `PRIVATE-TOKEN` and `JOB-TOKEN` it would send to the
//! object store that a download leads to, so it only follows redirects within a server, and the others are followed here.

use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, LOCATION};
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Client, Method, Request, Response, StatusCode, Url};

const MOST: usize = 10;

/// What the HTTP library follows by itself.
pub(crate) fn policy() -> Policy {
    Policy::custom(follow)
}

fn follow(attempt: Attempt<'_>) -> Action {
    let from = attempt.previous().last();
    let from_tls = from.is_some_and(|url| url.scheme() == "https");
    let elsewhere = from.is_some_and(|url| is_elsewhere(url, attempt.url()));
    if attempt.previous().len() > MOST {
        attempt.error("too many redirects")
    } else if from_tls && attempt.url().scheme() != "https" {
        attempt.error("it redirects from HTTPS to plain HTTP")
    } else if elsewhere {
        attempt.stop()
    } else {
        attempt.follow()
    }
}

/// Sends a request once, and follows where its answer leads.
pub(crate) async fn execute(client: &Client, request: Request) -> Result<Response, reqwest::Error> {
    let mut sent = Sent::of(&request);
    let mut response = client.execute(request).await?;
    for _ in 0..MOST {
        let Some(next) = sent.next(&response) else { break };
        sent = Sent::of(&next);
        response = client.execute(next).await?;
    }
    Ok(response)
}

/// What a request leaves for the one after it.
struct Sent {
    method: Method,
    headers: HeaderMap,
    /// The request once more; none when its body is a stream, which is gone.
    whole: Option<Request>,
}

impl Sent {
    fn of(request: &Request) -> Self {
        let (method, headers) = (request.method().clone(), request.headers().clone());
        Self { method, headers, whole: request.try_clone() }
    }

    /// The request to the other server that an answer leads to (RFC 9110, section 15.4).
    fn next(&self, response: &Response) -> Option<Request> {
        let reads = matches!(self.method, Method::GET | Method::HEAD);
        let as_it_was = match response.status() {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::SEE_OTHER => reads,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return None,
        };
        let location = response.headers().get(LOCATION)?.to_str().ok()?;
        let url = response.url().join(location).ok()?;
        if !is_elsewhere(response.url(), &url) || is_downgrade(response.url(), &url) {
            return None;
        }
        let mut next = if as_it_was {
            self.whole.as_ref()?.try_clone()?
        } else {
            let mut next = Request::new(Method::GET, url.clone());
            *next.headers_mut() = self.headers.clone();
            for name in [CONTENT_TYPE, CONTENT_LENGTH] {
                next.headers_mut().remove(name);
            }
            next
        };
        *next.url_mut() = url;
        drop_secrets(next.headers_mut());
        Some(next)
    }
}

/// Another server: one that goes on to TLS under its own name is the same.
fn is_elsewhere(from: &Url, to: &Url) -> bool {
    let is_upgrade = from.host() == to.host() && from.scheme() == "http" && to.scheme() == "https";
    from.origin() != to.origin() && !is_upgrade
}

fn is_downgrade(from: &Url, to: &Url) -> bool {
    from.scheme() == "https" && to.scheme() != "https"
}

/// Takes out what was meant for one server.
fn drop_secrets(headers: &mut HeaderMap) {
    let secret = |name: &reqwest::header::HeaderName, value: &reqwest::header::HeaderValue| {
        value.is_sensitive() || *name == AUTHORIZATION || *name == COOKIE
    };
    let names: Vec<_> =
        headers.iter().filter(|(name, value)| secret(name, value)).map(|(name, _)| name.clone()).collect();
    for name in names {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_server_is_one_of_another_name_or_port() {
        let table = [
            ("https://h/a", "https://h/b", false),
            ("https://h/a", "https://h:443/b", false),
            ("http://h/a", "https://h/b", false),
            ("http://h:80/a", "https://h:8443/b", false),
            ("https://h/a", "https://h:8443/b", true),
            ("https://h/a", "https://s3.h/b", true),
            ("http://h/a", "http://h:81/b", true),
            ("https://h/a", "http://h/b", true),
        ];
        for (from, to, expected) in table {
            assert_eq!(is_elsewhere(&from.parse().unwrap(), &to.parse().unwrap()), expected, "{from} {to}");
        }
    }

    #[test]
    fn what_was_meant_for_one_server_is_taken_out() {
        let mut headers = HeaderMap::new();
        for (name, value, secret) in [
            ("authorization", "Bearer x", false),
            ("cookie", "x", false),
            ("job-token", "x", true),
            ("accept", "*/*", false),
        ] {
            let mut value: reqwest::header::HeaderValue = value.parse().unwrap();
            value.set_sensitive(secret);
            headers.insert(reqwest::header::HeaderName::from_static(name), value);
        }
        drop_secrets(&mut headers);
        assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["accept"]);
    }
}
