//! A double of Artifactory: a Docker registry (`/v2/`) and the part of Artifactory's REST API that marks need, over one
//! storage, as strict as the real one where it is known to be.
//!
//! What it is modelled on is JFrog's documentation and what its clients expect; two of those, which we did not write, are
//! run against it. It shares no code with `libs/marks`.

mod aql;
mod criteria;
mod docker;
mod promote;
mod properties;
mod reply;
mod rest;
mod storage;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::{HeaderMap, Method};

use crate::server as http;
use reply::{Reply, refusal};
use storage::{Kind, Storage};

/// The path of the REST API.
const BASE: &str = "/artifactory/";

/// A running double; it ends when this is dropped.
pub struct Artifactory {
    http: http::Server,
    server: Arc<Server>,
}

/// A double to be.
#[must_use]
#[derive(Default)]
pub struct ArtifactoryBuilder {
    settings: Settings,
    storage: Storage,
}

/// What an account without the right to annotate meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unannotated {
    /// An error, as from setting properties.
    Refused,
    /// A success that changes nothing, as from uploading with properties.
    Dropped,
}

/// Who may come in, and how this one differs from others.
#[derive(Default)]
struct Settings {
    /// What a client has to send, and whether it is an administrator's.
    logins: Vec<(Login, bool)>,
    unannotated: Option<Unannotated>,
    without_metadata: bool,
    drops_properties: bool,
    aql_limit: Option<usize>,
    /// Hosts of the subdomain and the port method, with the keys of their repositories.
    hosts: BTreeMap<String, String>,
}

#[derive(PartialEq, Eq)]
enum Login {
    Authorization(String),
    ApiKey(String),
}

/// An answer that is given in the place of the right one.
struct Fault {
    method: Method,
    part: String,
    status: u16,
    body: Option<String>,
    times: usize,
}

struct Server {
    settings: Settings,
    storage: Mutex<Storage>,
    faults: Mutex<Vec<Fault>>,
    log: Mutex<Vec<String>>,
}

/// A request, read to its end.
struct Asked {
    method: Method,
    /// The part of the path that is still to be looked at.
    path: String,
    query: Vec<(String, Option<String>)>,
    headers: HeaderMap,
    host: String,
    body: Bytes,
    is_admin: bool,
}

impl ArtifactoryBuilder {
    /// Has a local repository.
    pub fn local(mut self, key: &str) -> Self {
        self.storage.add(key, Kind::Local);
        self
    }

    /// Has a virtual repository over these, which takes what is pushed to it into `deploys_to`.
    pub fn virtual_over(mut self, key: &str, members: &[&str], deploys_to: &str) -> Self {
        let members = members.iter().map(|&member| member.to_owned()).collect();
        self.storage.add(key, Kind::Virtual { members, deploys_to: deploys_to.to_owned() });
        self
    }

    /// Serves a repository by a host of its own: the subdomain and the port method.
    pub fn host(mut self, host: &str, key: &str) -> Self {
        self.settings.hosts.insert(host.to_owned(), key.to_owned());
        self
    }

    /// Lets in who logs in with this user and password.
    pub fn account(self, user: &str, password: &str) -> Self {
        self.login(
            Login::Authorization(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))),
            false,
        )
    }

    /// Lets in who sends this token.
    pub fn token(self, token: &str) -> Self {
        self.login(Login::Authorization(format!("Bearer {token}")), false)
    }

    /// Lets in who sends this API key.
    pub fn api_key(self, key: &str) -> Self {
        self.login(Login::ApiKey(key.to_owned()), false)
    }

    /// Lets in an administrator.
    pub fn administrator(self, user: &str, password: &str) -> Self {
        self.login(
            Login::Authorization(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))),
            true,
        )
    }

    fn login(mut self, login: Login, is_admin: bool) -> Self {
        self.settings.logins.push((login, is_admin));
        self
    }

    /// Lets nobody annotate.
    pub fn unannotated(mut self, what: Unannotated) -> Self {
        self.settings.unannotated = Some(what);
        self
    }

    /// Has no `api/metadata`, as before version 6.1.
    pub fn without_metadata(mut self) -> Self {
        self.settings.without_metadata = true;
        self
    }

    /// Forgets the properties of a file that is overwritten; else they stay behind.
    pub fn drops_properties(mut self) -> Self {
        self.settings.drops_properties = true;
        self
    }

    /// Cuts the results of a search off behind so many.
    pub fn aql_limit(mut self, limit: usize) -> Self {
        self.settings.aql_limit = Some(limit);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(self) -> Artifactory {
        let Self { settings, storage } = self;
        let server = Arc::new(Server {
            settings,
            storage: Mutex::new(storage),
            faults: Mutex::default(),
            log: Mutex::default(),
        });
        let double = Arc::clone(&server);
        Artifactory { http: http::Server::start(move |asked| double.answer(asked)), server }
    }
}

impl Artifactory {
    /// One that is to be set up.
    pub fn builder() -> ArtifactoryBuilder {
        ArtifactoryBuilder::default()
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.http.address()
    }

    /// The URL of its REST API.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address(), BASE.trim_end_matches('/'))
    }

    /// Takes over an image of a layout directory, as a push would, and says its digest.
    ///
    /// # Panics
    /// When there is no such image or no such repository.
    pub fn push(&self, layout: &Path, from: &str, key: &str, image: &str, tag: &str) -> String {
        let forget = self.server.settings.drops_properties;
        self.server.storage().take_over(layout, from, key, image, tag, forget).unwrap_or_else(|error| {
            panic!("cannot push {from} of {layout:?} to {key}/{image}:{tag}: {error}")
        })
    }

    /// The properties of a file, by its path in the storage; none when there is no such file.
    pub fn properties(&self, path: &str) -> Option<BTreeMap<String, Vec<String>>> {
        self.server.storage().file(path).map(|file| file.properties.clone())
    }

    /// Sets a property behind everybody's back.
    ///
    /// # Panics
    /// When there is no such file.
    pub fn set_property(&self, path: &str, key: &str, values: &[&str]) {
        let mut storage = self.server.storage();
        let file = storage.file_mut(path).unwrap_or_else(|| panic!("there is no {path}"));
        file.properties.insert(key.to_owned(), values.iter().map(|&value| value.to_owned()).collect());
    }

    /// Answers the next `times` requests with this method and this text in their path with an error in Artifactory's
    /// form, or with this very body.
    pub fn fail(&self, method: &str, part: &str, status: u16, body: Option<&str>, times: usize) {
        let method = method.parse().unwrap_or_else(|_| panic!("{method} is no method"));
        let (part, body) = (part.to_owned(), body.map(str::to_owned));
        lock(&self.server.faults).push(Fault { method, part, status, body, times });
    }

    /// What was asked since the last call, `METHOD path?query`.
    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.server.log))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    fn storage(&self) -> MutexGuard<'_, Storage> {
        lock(&self.storage)
    }

    fn answer(&self, asked: http::Asked) -> http::Reply {
        let reply = match Asked::read(asked) {
            Ok(asked) => {
                lock(&self.log).push(asked.line());
                self.fault(&asked).unwrap_or_else(|| self.route(asked))
            }
            Err(text) => refusal(400, &text),
        };
        reply.send()
    }

    fn fault(&self, asked: &Asked) -> Option<Reply> {
        let mut faults = lock(&self.faults);
        let at = faults
            .iter()
            .position(|fault| fault.method == asked.method && asked.path.contains(&fault.part))?;
        let fault = &mut faults[at];
        fault.times -= 1;
        let reply = match &fault.body {
            Some(body) => Reply::text(fault.status, body),
            None => refusal(fault.status, "as the test wants it"),
        };
        if fault.times == 0 {
            faults.remove(at);
        }
        Some(reply)
    }

    fn route(&self, mut asked: Asked) -> Reply {
        let login = self.settings.logins.iter().find(|(login, _)| asked.sends(login));
        asked.is_admin = self.settings.logins.is_empty() || login.is_some_and(|(_, is_admin)| *is_admin);
        let refused = !self.settings.logins.is_empty() && login.is_none();
        if let Some(rest) = asked.path.strip_prefix("/v2/") {
            asked.path = rest.to_owned();
            let key = self.settings.hosts.get(&asked.host).cloned();
            return if refused { docker::unauthorized() } else { self.docker(asked, key) };
        }
        let Some(rest) = asked.path.strip_prefix(BASE) else { return Reply::text(404, "<html>nothing here") };
        asked.path = rest.to_owned();
        if refused {
            return refusal(401, "Bad credentials");
        }
        self.rest(asked)
    }
}

impl Asked {
    fn read(asked: http::Asked) -> Result<Self, String> {
        let http::Asked { method, path, host, raw_query, headers, body, .. } = asked;
        let pair = |text: &str| -> Result<(String, Option<String>), String> {
            match text.split_once('=') {
                Some((name, value)) => Ok((properties::decoded(name)?, Some(properties::decoded(value)?))),
                None => Ok((properties::decoded(text)?, None)),
            }
        };
        let query: Result<Vec<_>, _> =
            raw_query.split('&').filter(|text| !text.is_empty()).map(pair).collect();
        Ok(Self {
            method,
            // A plus is a space in a query only.
            path: properties::decoded(&path.replace('+', "%2B"))?,
            query: query?,
            host,
            headers,
            body,
            is_admin: false,
        })
    }

    fn line(&self) -> String {
        let pairs: Vec<_> = self
            .query
            .iter()
            .map(|(name, value)| {
                value.as_ref().map_or_else(|| name.clone(), |value| format!("{name}={value}"))
            })
            .collect();
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        format!("{} {}{query}", self.method, self.path)
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn sends(&self, login: &Login) -> bool {
        match login {
            Login::Authorization(value) => self.header(AUTHORIZATION.as_str()) == value,
            Login::ApiKey(key) => self.header("x-jfrog-art-api") == key,
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name)?.1.as_deref()
    }

    /// Refuses parameters that nobody knows: a slip in a test would pass in silence otherwise.
    fn only(&self, known: &[&str]) -> Result<(), Reply> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(refusal(400, &format!("the double knows no parameter '{name}' here"))),
            None => Ok(()),
        }
    }
}
