//! All registries of a run: who we are there, and what was learned of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use contract::Secret;
use http::{AtATime, Client, Options, Url};

use crate::connection::{Connection, Manners, Notices};
use crate::credentials::{Credentials, Login};
use crate::host::is_loopback;
use crate::{Error, Layout, RegistryArgs, Remote, Repository, Store};

/// Where Docker Hub's API really is.
const DOCKER_HUB_API: &str = "registry-1.docker.io";

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
    /// Was anything said about certificates? Then loopback addresses speak TLS as well.
    certificates: bool,
    /// By the URL of the API.
    manners: Mutex<HashMap<Url, Arc<Manners>>>,
    notices: Notices,
}

impl Registries {
    /// Reads the credentials of the environment and sets up the client; `tool` and `version` go into the User-Agent.
    ///
    /// # Errors
    /// When a file of certificates or credentials cannot be used.
    pub fn new(args: &RegistryArgs, tool: &str, version: &str) -> Result<Self, Error> {
        Self::with(args, tool, args.network.options(tool, version))
    }

    /// The same for a tool that sends many requests to one server: so many at a time, over HTTP/2 where that is built in.
    ///
    /// # Errors
    /// When a file of certificates or credentials cannot be used.
    pub fn limited(
        args: &RegistryArgs,
        tool: &str,
        version: &str,
        at_a_time: AtATime,
    ) -> Result<Self, Error> {
        let options = Options { at_a_time, http2: true, ..args.network.options(tool, version) };
        Self::with(args, tool, options)
    }

    fn with(args: &RegistryArgs, tool: &str, options: Options) -> Result<Self, Error> {
        let variable = |name: &str| std::env::var(name).ok();
        Ok(Self {
            client: Client::new(&options)?,
            credentials: Credentials::collect(tool, options.policy.deadline, variable)?,
            plain_http: args.plain_http,
            certificates: options.ca_cert.is_some() || options.client_cert.is_some(),
            manners: Mutex::default(),
            notices: Notices::default(),
        })
    }

    /// Opens one repository. Nothing is sent yet.
    ///
    /// # Errors
    /// When the name of a host makes no URL.
    pub fn open(&self, repository: &Repository, access: Access) -> Result<Store, Error> {
        self.open_with(repository, access, |host, path| self.credentials.find(host, path))
    }

    fn open_with(
        &self,
        repository: &Repository,
        access: Access,
        login: impl FnOnce(&str, &str) -> Option<Login>,
    ) -> Result<Store, Error> {
        match repository {
            Repository::Layout { directory } => Ok(Store::Layout(Layout::new(directory))),
            Repository::Remote { host, path } => {
                let login = login(host, path);
                let line = self.connect(host, login, vec![scope(path, access)])?;
                Ok(Store::Remote(Remote::new(line, path)))
            }
        }
    }

    /// Opens one repository as this user, whatever the credentials of the environment say; `place` is where they come
    /// from, for people. Nothing is sent yet.
    ///
    /// # Errors
    /// When the name of a host makes no URL.
    pub fn open_as(
        &self,
        repository: &Repository,
        access: Access,
        (user, password): (&str, &Secret),
        place: &str,
    ) -> Result<Store, Error> {
        let login = Login {
            user: user.to_owned(),
            password: Some(password.clone()),
            identity: None,
            place: place.to_owned(),
        };
        self.open_with(repository, access, |_, _| Some(login))
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

    /// Who we are for a host and a path below it: the user and the password, which an API beside the registry's own may
    /// want as well. An identity token is good for the registry's token server alone.
    pub fn login(&self, host: &str, path: &str) -> Option<(String, Secret)> {
        let login = self.credentials.find(host, path)?;
        Some((login.user, login.password?))
    }

    /// The root of a host, by the scheme that it is spoken to with.
    ///
    /// # Errors
    /// When the name makes no URL.
    pub fn root(&self, host: &str) -> Result<Url, Error> {
        let plain = self.plain_http || (is_loopback(host) && !self.certificates);
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
        let mut base = self.root(if host == "docker.io" { DOCKER_HUB_API } else { host })?;
        base.set_path("/v2/");
        match &login {
            Some(login) => tracing::debug!("credentials for {host}: {}", login.place),
            None => tracing::debug!("no credentials for {host}"),
        }
        let manners = {
            let mut known = self.manners.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(base.clone()).or_default())
        };
        let (client, notices) = (self.client.clone(), self.notices.clone());
        Ok(Arc::new(Connection::new(client, host, base, login, scopes, manners, notices)))
    }
}

fn scope(path: &str, access: Access) -> String {
    match access {
        Access::Pull => format!("repository:{path}:pull"),
        Access::Push => format!("repository:{path}:pull,push"),
    }
}
