//! Bearer tokens, as registries want them
//! (<https://distribution.github.io/distribution/spec/auth/token/>, <https://distribution.github.io/distribution/spec/auth/oauth/>).

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde_json::{Value, json};

/// Who gets a token, for what, and how long it lasts.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    account: Option<(String, String)>,
    identity: Option<String>,
    without_post: bool,
    uses: Option<usize>,
    lifetime: Option<u64>,
    denied: Vec<(String, String)>,
}

impl Tokens {
    /// Tokens for everybody, for everything that is asked for, without an end.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only who comes with this user and password gets a token, as Basic credentials or in a form (`grant_type=password`).
    #[must_use]
    pub fn account(self, user: &str, password: &str) -> Self {
        Self { account: Some((user.to_owned(), password.to_owned())), ..self }
    }

    /// Who sends this identity token in a form (`grant_type=refresh_token`) gets a token, too.
    #[must_use]
    pub fn identity(self, token: &str) -> Self {
        Self { identity: Some(token.to_owned()), ..self }
    }

    /// The token server knows no POST, and answers 404 to it.
    #[must_use]
    pub fn without_post(self) -> Self {
        Self { without_post: true, ..self }
    }

    /// A token is good for so many requests, and has expired then.
    #[must_use]
    pub fn uses(self, requests: usize) -> Self {
        Self { uses: Some(requests), ..self }
    }

    /// The token server says that a token lasts so many seconds. This is only said: [`Tokens::uses`] ends tokens.
    #[must_use]
    pub fn lifetime(self, seconds: u64) -> Self {
        Self { lifetime: Some(seconds), ..self }
    }

    /// Nobody gets this permission (`pull`, `push`) for this repository. As everywhere, who asks for it gets a token
    /// without it.
    #[must_use]
    pub fn deny(mut self, repository: &str, action: &str) -> Self {
        self.denied.push((repository.to_owned(), action.to_owned()));
        self
    }
}

/// A permission: a repository, and what may be done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Scope {
    repository: String,
    actions: Vec<String>,
}

impl Scope {
    fn new(repository: &str, actions: &[&str]) -> Self {
        Self {
            repository: repository.to_owned(),
            actions: actions.iter().map(|action| (*action).to_owned()).collect(),
        }
    }

    /// Reads `repository:NAME:ACTION,…`. Any other kind of scope is nothing that is needed here.
    fn parse(text: &str) -> Option<Self> {
        let (repository, actions) = text.strip_prefix("repository:")?.rsplit_once(':')?;
        Some(Self::new(repository, &actions.split(',').collect::<Vec<_>>()))
    }

    fn covers(&self, needed: &Self) -> bool {
        self.repository == needed.repository
            && needed.actions.iter().all(|action| self.actions.contains(action))
    }

    fn text(&self) -> String {
        format!("repository:{}:{}", self.repository, self.actions.join(","))
    }
}

#[derive(Debug)]
struct Grant {
    scopes: Vec<Scope>,
    uses: Option<usize>,
}

/// What a client says of itself when it asks for a token.
struct Plea<'a> {
    /// Its Authorization header.
    authorization: Option<&'a str>,
    parameters: Vec<(String, String)>,
}

impl Plea<'_> {
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Several parameters with one scope each, or one with all of them.
    fn scopes(&self) -> Vec<Scope> {
        let given = self.parameters.iter().filter(|(name, _)| name == "scope");
        given.flat_map(|(_, scopes)| scopes.split(' ')).filter_map(Scope::parse).collect()
    }
}

/// Lets nobody through without a token that it has issued itself.
#[derive(Debug)]
pub(super) struct Guard {
    tokens: Tokens,
    realm: String,
    issued: Mutex<HashMap<String, Grant>>,
    count: AtomicUsize,
}

impl Guard {
    /// A guard whose token server is at this address.
    pub(super) fn new(tokens: Tokens, address: &str) -> Self {
        let realm = format!("http://{address}/token");
        Self { tokens, realm, issued: Mutex::default(), count: AtomicUsize::new(1) }
    }

    fn issued(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the request's token once, or says with which challenge the request is refused.
    pub(super) fn check(
        &self,
        method: &str,
        target: &str,
        authorization: Option<&str>,
    ) -> Result<(), String> {
        let needed = needs(method, target);
        let Some(token) = authorization.and_then(bearer) else {
            return Err(self.challenge(&needed, None));
        };
        let mut issued = self.issued();
        let Some(grant) = issued.get_mut(token).filter(|grant| grant.uses != Some(0)) else {
            return Err(self.challenge(&needed, Some("invalid_token")));
        };
        let covered = |need: &Scope| grant.scopes.iter().any(|scope| scope.covers(need));
        if !needed.iter().all(covered) {
            return Err(self.challenge(&needed, Some("insufficient_scope")));
        }
        grant.uses = grant.uses.map(|uses| uses - 1);
        Ok(())
    }

    /// The challenge of a request whose token lacks a permission.
    pub(super) fn refuse(&self, method: &str, target: &str) -> String {
        self.challenge(&needs(method, target), Some("insufficient_scope"))
    }

    /// Makes the token of a request worthless.
    pub(super) fn expire(&self, authorization: Option<&str>) {
        if let Some(token) = authorization.and_then(bearer) {
            self.issued().remove(token);
        }
    }

    fn challenge(&self, needed: &[Scope], error: Option<&str>) -> String {
        let mut challenge = format!(r#"Bearer realm="{}",service="testkit""#, self.realm);
        let scopes: Vec<_> = needed.iter().map(Scope::text).collect();
        if !scopes.is_empty() {
            challenge.push_str(&format!(r#",scope="{}""#, scopes.join(" ")));
        }
        if let Some(error) = error {
            challenge.push_str(&format!(r#",error="{error}""#));
        }
        challenge
    }

    /// Answers a call of the token server with a status and a body.
    pub(super) fn issue(
        &self,
        method: &str,
        target: &str,
        authorization: Option<&str>,
        form: &[u8],
    ) -> (u16, Value) {
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let seconds = self.tokens.lifetime.unwrap_or(300);
        match method {
            "GET" => {
                let plea = Plea { authorization, parameters: parameters(query) };
                if !self.knows_basic(&plea) {
                    return (401, json!({ "details": "incorrect username or password" }));
                }
                (200, json!({ "token": self.token(&plea), "expires_in": seconds }))
            }
            "POST" if !self.tokens.without_post => {
                let form = String::from_utf8_lossy(form);
                let plea = Plea { authorization, parameters: parameters(&form) };
                if plea.parameter("service") != Some("testkit") || plea.parameter("client_id").is_none() {
                    return (400, json!({ "error": "invalid_request" }));
                }
                if !self.knows_form(&plea) {
                    return (401, json!({ "error": "invalid_grant" }));
                }
                (200, json!({ "access_token": self.token(&plea), "expires_in": seconds }))
            }
            _ => (404, json!({})),
        }
    }

    fn knows_basic(&self, plea: &Plea<'_>) -> bool {
        let Some((user, password)) = &self.tokens.account else {
            // Whoever has nothing but an identity token to offer has to use it.
            return self.tokens.identity.is_none();
        };
        let basic = plea.authorization.and_then(|header| header.strip_prefix("Basic "));
        let given = basic.and_then(|basic| STANDARD.decode(basic).ok());
        given.is_some_and(|given| given == format!("{user}:{password}").into_bytes())
    }

    fn knows_form(&self, plea: &Plea<'_>) -> bool {
        let is = |name: &str, value: &str| plea.parameter(name) == Some(value);
        match plea.parameter("grant_type") {
            Some("refresh_token") => {
                self.tokens.identity.as_deref().is_some_and(|token| is("refresh_token", token))
            }
            Some("password") => self
                .tokens
                .account
                .as_ref()
                .is_some_and(|(user, password)| is("username", user) && is("password", password)),
            _ => false,
        }
    }

    fn token(&self, plea: &Plea<'_>) -> String {
        let mut scopes = plea.scopes();
        for scope in &mut scopes {
            let denied = |action: &String| {
                self.tokens.denied.iter().any(|(name, what)| *name == scope.repository && what == action)
            };
            scope.actions = scope.actions.iter().filter(|action| !denied(action)).cloned().collect();
        }
        let token = format!("token-{}", self.count.fetch_add(1, Ordering::SeqCst));
        self.issued().insert(token.clone(), Grant { scopes, uses: self.tokens.uses });
        token
    }
}

fn bearer(authorization: &str) -> Option<&str> {
    authorization.strip_prefix("Bearer ")
}

fn parameters(form: &str) -> Vec<(String, String)> {
    let url = Url::parse(&format!("http://localhost/?{form}"));
    url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// What a request needs, as distribution's own registry sees it.
fn needs(method: &str, target: &str) -> Vec<Scope> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let below = path.strip_prefix("/v2/").unwrap_or_default();
    let ends = ["/manifests/", "/blobs/", "/tags/", "/referrers/"].map(|part| below.rfind(part));
    let Some(repository) = ends.into_iter().flatten().max().map(|end| &below[..end]) else {
        return Vec::new();
    };
    match method {
        "GET" | "HEAD" => vec![Scope::new(repository, &["pull"])],
        "DELETE" => vec![Scope::new(repository, &["delete"])],
        _ => {
            let mut needed = vec![Scope::new(repository, &["pull", "push"])];
            let from = parameters(query).into_iter().find(|(name, _)| name == "from");
            needed.extend(from.map(|(_, source)| Scope::new(&source, &["pull"])));
            needed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(method: &str, target: &str) -> String {
        needs(method, target).iter().map(Scope::text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_a_request_needs() {
        let table = [
            ("GET", "/v2/", ""),
            ("GET", "/v2/a/b/manifests/1", "repository:a/b:pull"),
            ("HEAD", "/v2/a/blobs/sha256:1", "repository:a:pull"),
            ("GET", "/v2/a/tags/list?n=5", "repository:a:pull"),
            ("GET", "/v2/manifests/blobs/sha256:1", "repository:manifests:pull"),
            ("PUT", "/v2/a/manifests/1", "repository:a:pull,push"),
            ("PATCH", "/v2/a/blobs/uploads/1?_state=x", "repository:a:pull,push"),
            (
                "POST",
                "/v2/a/blobs/uploads/?mount=sha256:1&from=b%2Fc",
                "repository:a:pull,push repository:b/c:pull",
            ),
            ("DELETE", "/v2/a/manifests/sha256:1", "repository:a:delete"),
        ];
        for (method, target, expected) in table {
            assert_eq!(show(method, target), expected, "{method} {target}");
        }
    }

    fn issue(guard: &Guard, scope: &str) -> String {
        let (status, body) = guard.issue("GET", &format!("/token?service=testkit&{scope}"), None, b"");
        assert_eq!(status, 200, "{body}");
        format!("Bearer {}", body["token"].as_str().unwrap())
    }

    #[test]
    fn a_token_opens_what_it_was_asked_for_as_often_as_it_is_good_for() {
        let guard = Guard::new(Tokens::new().uses(2).deny("x", "push"), "127.0.0.1:1");
        let read = "/v2/a/manifests/1";
        let mount = "/v2/a/blobs/uploads/?mount=sha256:1&from=b";
        let refused = guard.check("GET", read, None).unwrap_err();
        let expected =
            r#"Bearer realm="http://127.0.0.1:1/token",service="testkit",scope="repository:a:pull""#;
        assert_eq!(refused, expected);
        let one = issue(&guard, "scope=repository:a:pull,push");
        let error =
            |answer: Result<(), String>| answer.unwrap_err().split("error=").nth(1).unwrap().to_owned();
        assert_eq!(error(guard.check("POST", mount, Some(&one))), r#""insufficient_scope""#);
        for both in [
            "scope=repository:a:pull,push&scope=repository:b:pull",
            "scope=repository:a:pull,push+repository:b:pull",
        ] {
            let both = issue(&guard, both);
            assert_eq!(guard.check("POST", mount, Some(&both)), Ok(()));
            assert_eq!(guard.check("GET", read, Some(&both)), Ok(()));
            assert_eq!(error(guard.check("GET", read, Some(&both))), r#""invalid_token""#);
        }
        guard.expire(Some(&one));
        assert_eq!(error(guard.check("GET", read, Some(&one))), r#""invalid_token""#);
        let denied = issue(&guard, "scope=repository:x:pull,push");
        assert_eq!(guard.check("GET", "/v2/x/manifests/1", Some(&denied)), Ok(()));
        assert_eq!(error(guard.check("PUT", "/v2/x/manifests/1", Some(&denied))), r#""insufficient_scope""#);
    }

    #[test]
    fn who_gets_a_token() {
        let basic = format!("Basic {}", STANDARD.encode("robot:testing"));
        let form = |rest: &str| format!("service=testkit&client_id=x&{rest}");
        let refresh = form("grant_type=refresh_token&refresh_token=identity");
        let password = form("grant_type=password&username=robot&password=testing");
        let account = || Tokens::new().account("robot", "testing");
        let identity = || Tokens::new().identity("identity");
        let table = [
            (Tokens::new(), "GET", None, "", 200),
            (account(), "GET", None, "", 401),
            (account(), "GET", Some("Basic cm9ib3Q6"), "", 401),
            (account(), "GET", Some(basic.as_str()), "", 200),
            (account(), "POST", None, password.as_str(), 200),
            (account(), "POST", None, refresh.as_str(), 401),
            (identity(), "GET", None, "", 401),
            (identity(), "POST", None, refresh.as_str(), 200),
            (identity(), "POST", None, "grant_type=refresh_token&refresh_token=identity", 400),
            (identity().without_post(), "POST", None, refresh.as_str(), 404),
            (account().without_post(), "GET", Some(basic.as_str()), "", 200),
        ];
        for (tokens, method, authorization, form, expected) in table {
            let guard = Guard::new(tokens.clone(), "127.0.0.1:1");
            let (status, body) = guard.issue(method, "/token", authorization, form.as_bytes());
            assert_eq!(status, expected, "{tokens:?} {method} {form}: {body}");
        }
    }
}
