//! Token servers: Docker's protocol (<https://distribution.github.io/distribution/spec/auth/token/>) and OAuth 2 for
//! identity tokens (<https://distribution.github.io/distribution/spec/auth/oauth/>).

use std::time::{Duration, Instant};

use contract::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Url};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::Challenge;
use crate::host::is_loopback_name;

/// How long a token lasts whose server does not say.
const LIFETIME: Duration = Duration::from_secs(60);
/// A token is replaced this long before its end: requests take their time, and clocks differ.
const MARGIN: Duration = Duration::from_secs(10);
/// What is written otherwise in a form: all that means something anywhere in a URL (RFC 3986, section 2.3).
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const CLIENT_ID: &str = "pypelines";

/// Where a registry sends those who want a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenServer {
    realm: Url,
    service: Option<String>,
}

impl TokenServer {
    /// The token server of a challenge from this registry.
    ///
    /// # Errors
    /// What the registry does wrong: it names none, or one that must not see our credentials.
    pub(crate) fn of(challenge: &Challenge, registry: &Url) -> Result<Self, String> {
        let realm = challenge.parameter("realm").and_then(|realm| Url::parse(realm).ok());
        let realm = realm.filter(Url::has_host).ok_or("names no token server")?;
        let plain = registry.scheme() == "http" && realm.scheme() == "http";
        let near = realm.host_str() == registry.host_str() || realm.host_str().is_some_and(is_loopback_name);
        if realm.scheme() != "https" && !(plain && near) {
            let host = realm.host_str().unwrap_or_default();
            return Err(format!("sends our credentials to a token server without TLS ({host})"));
        }
        if !realm.username().is_empty() || realm.password().is_some() {
            return Err("names a token server with credentials in its URL".into());
        }
        Ok(Self { realm, service: challenge.parameter("service").map(str::to_owned) })
    }

    /// The request for a token as Docker's protocol has it.
    pub(crate) fn by_query(&self, scopes: &[String], basic: Option<HeaderValue>) -> Request {
        let mut url = self.realm.clone();
        {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(self.service.iter().map(|service| ("service", service)));
            query.extend_pairs(scopes.iter().map(|scope| ("scope", scope)));
        }
        let mut request = Request::new(Method::GET, url);
        if let Some(basic) = basic {
            request.headers_mut().insert(AUTHORIZATION, basic);
        }
        request
    }

    /// The request for a token in exchange for an identity token.
    pub(crate) fn by_form(&self, scopes: &[String], identity: &Secret) -> Request {
        let scope = scopes.join(" ");
        let service = self.service.iter().map(|service| ("service", service.as_str()));
        let pairs = [("grant_type", "refresh_token"), ("client_id", CLIENT_ID), ("scope", scope.as_str())];
        let secret = [("refresh_token", identity.expose())];
        let pairs = pairs.into_iter().chain(service).chain(secret);
        let form = pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, FORM)));
        let form = form.collect::<Vec<_>>().join("&");
        let mut request = Request::new(Method::POST, self.realm.clone());
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        *request.body_mut() = Some(form.into());
        request
    }
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<f64>,
}

/// A bearer token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// What goes behind `Bearer`.
    pub(crate) text: Secret,
    lasts: Duration,
}

impl Token {
    /// The token of a token server's answer, under whichever of its two names; an empty one is none.
    pub(crate) fn parse(body: &[u8]) -> Option<Self> {
        let Answer { token, access_token, expires_in } = serde_json::from_slice(body).ok()?;
        let text = [token, access_token].into_iter().flatten().find(|token| !token.is_empty())?;
        let lasts = expires_in.filter(|seconds| *seconds >= 1.0);
        let lasts = lasts.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or(LIFETIME);
        Some(Self { text: Secret::new(&text), lasts })
    }

    /// When to replace it, if it was issued at `now`. Nothing for a token that outlasts the clock.
    pub(crate) fn stale_at(&self, now: Instant) -> Option<Instant> {
        now.checked_add(self.lasts - MARGIN.min(self.lasts / 4))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(header: &str, registry: &str) -> Result<TokenServer, String> {
        TokenServer::of(&Challenge::parse(header)[0], &Url::parse(registry).unwrap())
    }

    #[test]
    fn credentials_go_where_tls_is_or_nobody_can_listen() {
        let table = [
            ("https://auth.example/token", "https://registry.example/v2/", true),
            ("http://auth.example/token", "https://registry.example/v2/", false),
            ("http://registry.example/token", "https://registry.example/v2/", false),
            ("http://localhost/token", "https://registry.example/v2/", false),
            ("http://registry.example:81/token", "http://registry.example/v2/", true),
            ("https://auth.example/token", "http://registry.example/v2/", true),
            ("http://auth.example/token", "http://127.0.0.1:5000/v2/", false),
            ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000/v2/", true),
            ("http://[::1]:5001/token", "http://[::1]:5000/v2/", true),
            ("http://localhost:5001/token", "http://127.0.0.1:5000/v2/", true),
            ("https://robot:pw@auth.example/token", "https://registry.example/v2/", false),
            ("ftp://auth.example/token", "https://registry.example/v2/", false),
            ("file:///token", "http://localhost/v2/", false),
            ("/token", "https://registry.example/v2/", false),
            ("", "https://registry.example/v2/", false),
        ];
        for (realm, registry, expected) in table {
            let server = server(&format!(r#"Bearer realm="{realm}""#), registry);
            assert_eq!(server.is_ok(), expected, "{realm} for {registry}: {server:?}");
        }
    }

    #[test]
    fn a_token_is_asked_for_with_every_scope() {
        let header = r#"Bearer realm="https://auth.example/token?x=1",service="a b""#;
        let server = server(header, "https://registry.example/v2/").unwrap();
        let scopes = ["repository:a:pull,push".to_owned(), "repository:b/c:pull".to_owned()];
        let get = server.by_query(&scopes, None);
        let expected = "x=1&service=a+b&scope=repository%3Aa%3Apull%2Cpush&scope=repository%3Ab%2Fc%3Apull";
        assert_eq!((get.method(), get.url().query()), (&Method::GET, Some(expected)));
        let post = server.by_form(&scopes, &Secret::new("i&d"));
        let expected = "grant_type=refresh_token&client_id=pypelines\
            &scope=repository%3Aa%3Apull%2Cpush%20repository%3Ab%2Fc%3Apull&service=a%20b&refresh_token=i%26d";
        let body = post.body().and_then(|body| body.as_bytes()).unwrap();
        assert_eq!(std::str::from_utf8(body).unwrap(), expected);
        assert_eq!(post.url().as_str(), "https://auth.example/token?x=1");
    }

    #[test]
    fn a_token_has_two_names_and_a_time() {
        let table = [
            (r#"{"token":"a"}"#, Some(("a", 50))),
            (r#"{"access_token":"b","expires_in":60}"#, Some(("b", 50))),
            (r#"{"token":"","access_token":"c","expires_in":300}"#, Some(("c", 290))),
            (r#"{"token":"d","expires_in":4}"#, Some(("d", 3))),
            (r#"{"token":"e","expires_in":0}"#, Some(("e", 50))),
            (r#"{"token":"f","expires_in":-1,"issued_at":"x"}"#, Some(("f", 50))),
            (r#"{"token":"g","expires_in":3600.0}"#, Some(("g", 3590))),
            ("{}", None),
            ("<html>", None),
        ];
        let now = Instant::now();
        for (body, expected) in table {
            let token = Token::parse(body.as_bytes());
            let found = token.as_ref().map(|token| {
                (token.text.expose(), token.stale_at(now).unwrap().duration_since(now).as_secs())
            });
            assert_eq!(found, expected, "{body}");
        }
        let eternal = Token::parse(br#"{"token":"h","expires_in":1e300}"#).unwrap();
        assert_eq!(eternal.lasts, LIFETIME);
    }
}
