//! A line to one registry: who we are there, what we asked permission for, and the answers.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use http::{Client, Method, Options, Repeat, Request, Response, StatusCode, Url, body_within};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::auth::{Challenge, TokenAnswer};
use crate::credentials::{Credentials, Login};
use crate::error::Problem;
use crate::{Error, Layout, RegistryArgs, Remote, Repository, Store};

/// Where Docker Hub's API really is.
const DOCKER_HUB_API: &str = "registry-1.docker.io";
/// No honest error or token is longer, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;
/// A small answer that breaks off is asked for this often.
const ATTEMPTS: u32 = 4;

/// What a run does with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads.
    Pull,
    /// Reads and writes.
    Push,
}

/// All registries a run may speak to, and who we are there.
#[derive(Debug)]
pub struct Registries {
    client: Client,
    credentials: Credentials,
    plain_http: bool,
    /// Was a certificate authority named? Then loopback addresses speak TLS as well.
    has_authority: bool,
}

impl Registries {
    /// Reads the credentials of the environment and sets up the client; `tool` and `version` go into the User-Agent.
    ///
    /// # Errors
    /// When a file of certificates or credentials cannot be used.
    pub fn new(args: &RegistryArgs, tool: &str, version: &str) -> Result<Self, Error> {
        Self::limited(args, tool, version, None)
    }

    /// The same, with at most so many requests to one server at a time.
    ///
    /// # Errors
    /// When a file of certificates or credentials cannot be used.
    pub fn limited(
        args: &RegistryArgs,
        tool: &str,
        version: &str,
        at_a_time: Option<usize>,
    ) -> Result<Self, Error> {
        Ok(Self {
            client: Client::new(&Options { at_a_time, ..args.network.options(tool, version) })?,
            credentials: Credentials::collect(|name| std::env::var(name).ok())?,
            plain_http: args.plain_http,
            has_authority: args.network.ca_cert.is_some(),
        })
    }

    /// Opens one repository. Nothing is sent yet.
    ///
    /// # Errors
    /// When the name of a host makes no URL.
    pub fn open(&self, repository: &Repository, access: Access) -> Result<Store, Error> {
        match repository {
            Repository::Layout { directory } => Ok(Store::Layout(Layout::new(directory))),
            Repository::Remote { host, path } => {
                let login = self.credentials.find(host, path);
                let line = self.connect(host, login, vec![scope(path, access)])?;
                Ok(Store::Remote(Remote::new(line, path)))
            }
        }
    }

    /// Opens a repository to read from and one to write to. When both are in one registry under one account, they share
    /// a line and so one token, which is what mounting blobs across repositories needs.
    ///
    /// # Errors
    /// When the name of a host makes no URL.
    pub fn open_pair(&self, from: &Repository, to: &Repository) -> Result<(Store, Store), Error> {
        let (Repository::Remote { host, path: source }, Repository::Remote { host: other, path: target }) =
            (from, to)
        else {
            return Ok((self.open(from, Access::Pull)?, self.open(to, Access::Push)?));
        };
        let login = self.credentials.find(other, target);
        if host != other || self.credentials.find(host, source) != login {
            return Ok((self.open(from, Access::Pull)?, self.open(to, Access::Push)?));
        }
        // Some token servers look at the first scope only, and pushing is what may be refused.
        let scopes = vec![scope(target, Access::Push), scope(source, Access::Pull)];
        let line = self.connect(host, login, scopes)?;
        Ok((Store::Remote(Remote::new(Arc::clone(&line), source)), Store::Remote(Remote::new(line, target))))
    }

    /// The HTTP client, for an API beside the registry's own.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Who we are for a host and a path below it: the user, and the password, which an API beside the registry's own may
    /// want as well.
    pub fn login(&self, host: &str, path: &str) -> Option<(String, contract::Secret)> {
        self.credentials.find(host, path).map(|login| (login.user, login.password))
    }

    /// The root of a host, by the scheme that it is spoken to with.
    ///
    /// # Errors
    /// When the name makes no URL.
    pub fn root(&self, host: &str) -> Result<Url, Error> {
        let plain = self.plain_http || (is_loopback(host) && !self.has_authority);
        let scheme = if plain { "http" } else { "https" };
        Url::parse(&format!("{scheme}://{host}/")).map_err(|error| Error::Protocol {
            action: format!("reach {host}"),
            host: host.to_owned(),
            fault: format!("is no host: {error}"),
        })
    }

    fn connect(
        &self,
        host: &str,
        login: Option<Login>,
        scopes: Vec<String>,
    ) -> Result<Arc<Connection>, Error> {
        let mut base = self.root(host)?;
        if host == "docker.io" {
            base = self.root(DOCKER_HUB_API)?;
        }
        base.set_path("/v2/");
        match &login {
            Some(login) => tracing::debug!("credentials for {host}: {}", login.place),
            None => tracing::debug!("no credentials for {host}"),
        }
        let client = self.client.clone();
        let state = Mutex::new(Authorization::Unknown);
        Ok(Arc::new(Connection { client, host: host.to_owned(), base, login, scopes, state }))
    }
}

fn scope(path: &str, access: Access) -> String {
    match access {
        Access::Pull => format!("repository:{path}:pull"),
        Access::Push => format!("repository:{path}:pull,push"),
    }
}

/// Registries on this machine speak plain HTTP, as for every other client.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A line to one registry for a fixed set of permissions.
#[derive(Debug)]
pub(crate) struct Connection {
    client: Client,
    host: String,
    base: Url,
    login: Option<Login>,
    scopes: Vec<String>,
    state: Mutex<Authorization>,
}

#[derive(Debug)]
enum Authorization {
    /// Nothing was answered yet.
    Unknown,
    /// The registry wants this header, or none.
    Known(Option<HeaderValue>),
}

impl Connection {
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The URL of a path below `/v2/`.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Error> {
        self.base.join(path).map_err(|error| self.fault("make a URL", format!("has no path {path}: {error}")))
    }

    /// An error about what the registry did.
    pub(crate) fn fault(&self, action: &str, fault: impl Into<String>) -> Error {
        Error::Protocol { action: action.to_owned(), host: self.host.clone(), fault: fault.into() }
    }

    /// Sends a request with the authorization this registry wants. `action` says in errors what was attempted.
    pub(crate) async fn send(
        &self,
        request: Request,
        repeat: Repeat,
        action: &str,
    ) -> Result<Response, Error> {
        let replay = request.try_clone();
        let mut state = self.state.lock().await;
        let (response, used) = if let Authorization::Known(header) = &*state {
            let header = header.clone();
            drop(state);
            (self.client.send(self.with(request, header.as_ref()), repeat).await?, header)
        } else {
            // The first request of a line goes alone, and the others wait: they would all run into the same 401.
            let response = self.client.send(request, repeat).await?;
            if response.status() == StatusCode::UNAUTHORIZED && replay.is_some() {
                *state = Authorization::Known(Some(self.answer(&response, action).await?));
            } else {
                *state = Authorization::Known(None);
            }
            drop(state);
            (response, None)
        };
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(again) = replay else { return Err(self.error(response, action).await) };
        let header = self.renew(&response, used.as_ref(), action).await?;
        let response = self.client.send(self.with(again, Some(&header)), repeat).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(self.unauthorized(action, "the registry does not accept us".into()));
        }
        Ok(response)
    }

    /// Sends a request that changes nothing and reads the whole answer, anew when it breaks off on its way.
    pub(crate) async fn fetch(&self, request: Request, limit: usize, action: &str) -> Result<Answer, Error> {
        let mut attempt = 1;
        loop {
            let again = request
                .try_clone()
                .ok_or_else(|| self.fault(action, "was asked with a body that is gone"))?;
            let response = self.send(again, Repeat::Safe, action).await?;
            let (status, headers, url) =
                (response.status(), response.headers().clone(), response.url().clone());
            match body_within(response, limit).await {
                Ok(body) => return Ok(Answer { status, headers, url, body }),
                Err(error @ http::Error::BrokeOff { .. }) if attempt < ATTEMPTS => {
                    tracing::debug!("{error}; asking again");
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Only the registry itself gets our authorization, not the storage it may send us to.
    fn with(&self, mut request: Request, header: Option<&HeaderValue>) -> Request {
        if let Some(header) = header
            && request.url().origin() == self.base.origin()
        {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        request
    }

    /// Answers a challenge. Of many requests that were refused with one header, the first fetches a new one.
    async fn renew(
        &self,
        refused: &Response,
        used: Option<&HeaderValue>,
        action: &str,
    ) -> Result<HeaderValue, Error> {
        let mut state = self.state.lock().await;
        if let Authorization::Known(Some(current)) = &*state
            && Some(current) != used
        {
            return Ok(current.clone());
        }
        let header = self.answer(refused, action).await?;
        *state = Authorization::Known(Some(header.clone()));
        Ok(header)
    }

    /// What the registry wants to see, by its challenge.
    async fn answer(&self, refused: &Response, action: &str) -> Result<HeaderValue, Error> {
        let values =
            refused.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenges: Vec<_> = values.flat_map(Challenge::parse).collect();
        let with_scheme = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme == scheme);
        if let Some(bearer) = with_scheme("bearer") {
            self.bearer(bearer, action).await
        } else if with_scheme("basic").is_some() {
            self.basic().ok_or_else(|| self.unauthorized(action, "the registry wants a login".into()))
        } else {
            Err(self.unauthorized(action, "the registry answers 401 without a usable challenge".into()))
        }
    }

    fn basic(&self) -> Option<HeaderValue> {
        let login = self.login.as_ref()?;
        let pair = STANDARD.encode(format!("{}:{}", login.user, login.password.expose()));
        sensitive(&format!("Basic {pair}"))
    }

    /// One token for all scopes of this line.
    async fn bearer(&self, challenge: &Challenge, action: &str) -> Result<HeaderValue, Error> {
        let realm = challenge.parameter("realm").and_then(|realm| Url::parse(realm).ok());
        let mut url = realm.ok_or_else(|| self.fault(action, "names no token server"))?;
        if url.scheme() != "https" && self.base.scheme() == "https" {
            return Err(self.fault(action, "sends our credentials to a token server without TLS"));
        }
        let wanted = challenge.parameter("scope").into_iter().filter(|scope| !self.covers(scope));
        {
            let mut query = url.query_pairs_mut();
            challenge.parameter("service").map(|service| query.append_pair("service", service));
            for scope in self.scopes.iter().map(String::as_str).chain(wanted) {
                query.append_pair("scope", scope);
            }
        }
        let mut request = Request::new(Method::GET, url);
        if let Some(basic) = self.basic() {
            request.headers_mut().insert(AUTHORIZATION, basic);
        }
        let (status, body) = self.client.fetch(request, ANSWER_LIMIT).await?;
        if !status.is_success() {
            return Err(self.unauthorized(action, format!("the token server answers {status}")));
        }
        let answer: Option<TokenAnswer> = serde_json::from_slice(&body).ok();
        let token = answer.and_then(TokenAnswer::token);
        let header = token.and_then(|token| sensitive(&format!("Bearer {token}")));
        header.ok_or_else(|| self.fault(action, "has a token server that answers without a token"))
    }

    /// Is this scope among those we ask for anyway?
    fn covers(&self, scope: &str) -> bool {
        let Some((repository, actions)) = scope.rsplit_once(':') else {
            return false;
        };
        self.scopes.iter().filter_map(|own| own.rsplit_once(':')).any(|(own, allowed)| {
            own == repository
                && actions.split(',').all(|action| allowed.split(',').any(|known| known == action))
        })
    }

    fn unauthorized(&self, action: &str, reason: String) -> Error {
        Error::Unauthorized {
            action: action.to_owned(),
            host: self.host.clone(),
            reason,
            credentials: self.login.as_ref().map(|login| login.place.clone()),
        }
    }

    /// The error an answer stands for, with what its body says.
    pub(crate) async fn error(&self, response: Response, action: &str) -> Error {
        let status = response.status();
        // The status tells enough when the body cannot be read.
        let body = body_within(response, ANSWER_LIMIT).await.unwrap_or_default();
        self.refusal(status, &body, action)
    }

    /// The error a status and a body stand for.
    pub(crate) fn refusal(&self, status: StatusCode, body: &[u8], action: &str) -> Error {
        let problems = serde_json::from_slice(body).map(|Problems { errors }| errors).unwrap_or_default();
        if status == StatusCode::UNAUTHORIZED {
            return self.unauthorized(action, "the registry does not accept us".into());
        }
        Error::Answer { action: action.to_owned(), host: self.host.clone(), status, problems }
    }
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) url: Url,
    pub(crate) body: Bytes,
}

#[derive(Deserialize)]
struct Problems {
    #[serde(default)]
    errors: Vec<Problem>,
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn only_this_machine_is_loopback() {
        let table = [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.8.9.1", true),
            ("[::1]:5000", true),
            ("[::1]", true),
            ("10.0.0.1:5000", false),
            ("localhost.example.com", false),
            ("[2001:db8::1]:5000", false),
            ("registry.example.com", false),
        ];
        for (host, expected) in table {
            assert_eq!(is_loopback(host), expected, "{host}");
        }
    }
}
