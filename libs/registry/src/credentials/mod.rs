//! Who we are for a registry.
//!
//! The order, first match wins: the tool's own variables (`IMAGE_PROMOTE_REGISTRY`, `…_USER`, `…_PASSWORD`), the files of
//! this job's `docker login`, `podman login` or `skopeo login` ([`files`]), `DOCKER_AUTH_CONFIG`, GitLab's
//! `CI_REGISTRY_USER` and `CI_REGISTRY_PASSWORD` for `CI_REGISTRY`, `ARTIFACTORY_USER` and `ARTIFACTORY_PASSWORD` for
//! `ARTIFACTORY_HOST`. What a job logged in to counts for more than what the whole project has set.

mod config;
mod files;
mod helper;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use contract::Secret;

use crate::Error;
use config::{Config, normalised};
use helper::Helpers;

/// How a registry may know us. One of `password` and `identity` is there, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Login {
    /// The account; nothing where an identity token stands for it.
    pub(crate) user: String,
    /// Its password, for Basic authentication.
    pub(crate) password: Option<Secret>,
    /// A refresh token of OAuth 2, which the token server exchanges for a bearer token.
    pub(crate) identity: Option<Secret>,
    /// Where it comes from; this may be shown.
    pub(crate) place: String,
}

/// All credentials a run can see.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    sources: Vec<Source>,
    helpers: Helpers,
}

/// One place that may know us, with its name.
#[derive(Debug)]
struct Source {
    place: String,
    config: Config,
}

impl Credentials {
    /// Collects them; `variable` looks up the environment, `tool` is the name whose variables come first. A credential
    /// helper gets `patience` to answer.
    ///
    /// # Errors
    /// When a file that is there cannot be read or parsed: going on as somebody else would be worse.
    pub(crate) fn collect(
        tool: &str,
        patience: Duration,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let own = format!("{}_REGISTRY", tool.replace('-', "_").to_uppercase());
        let mut sources = Vec::new();
        sources.extend(account(&own, &format!("{own}_USER"), &format!("{own}_PASSWORD"), &variable));
        for file in files::of_logins(files::user(), variable) {
            sources.extend(from_file(&file)?);
        }
        let inline =
            variable("DOCKER_AUTH_CONFIG").map(|text| from_json(text.as_bytes(), "DOCKER_AUTH_CONFIG"));
        sources.extend(inline.transpose()?);
        for (host, user, password) in [
            ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"),
            ("ARTIFACTORY_HOST", "ARTIFACTORY_USER", "ARTIFACTORY_PASSWORD"),
        ] {
            sources.extend(account(host, user, password, &variable));
        }
        Ok(Self { sources, helpers: Helpers::new(patience) })
    }

    /// Who we are for this repository: the first source that knows it. Within a source a helper for the host comes
    /// first, then the entry of the longest path, then the store of all the rest.
    ///
    /// A helper that cannot answer is told of, and hides nothing that other places know.
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<Login> {
        self.sources.iter().find_map(|Source { place, config }| {
            let helper = config.helpers.get(host);
            let stored = || self.helpers.ask(config.store.as_ref()?, host, &format!("credsStore in {place}"));
            helper
                .and_then(|helper| self.helpers.ask(helper, host, &format!("credHelpers in {place}")))
                .or_else(|| entry(&config.logins, host, path).cloned())
                .or_else(stored)
        })
    }
}

/// The entry of the longest known path, else the one of the host.
fn entry<'a>(logins: &'a BTreeMap<String, Login>, host: &str, path: &str) -> Option<&'a Login> {
    let mut key = format!("{host}/{path}");
    loop {
        if let Some(login) = logins.get(&key) {
            return Some(login);
        }
        key.truncate(key.rfind('/')?);
    }
}

/// An account in three variables: for which host, who, with which password.
fn account(
    host: &str,
    user: &str,
    password: &str,
    variable: &impl Fn(&str) -> Option<String>,
) -> Option<Source> {
    let (host, name, secret) = (variable(host)?, variable(user)?, variable(password)?);
    let place = format!("{user} and {password}");
    let login =
        Login { user: name, password: Some(Secret::new(&secret)), place: place.clone(), ..Login::default() };
    let logins = BTreeMap::from([(normalised(&host), login)]);
    Some(Source { place, config: Config { logins, ..Config::default() } })
}

fn from_file(path: &Path) -> Result<Option<Source>, Error> {
    let place = path.display().to_string();
    match std::fs::read(path) {
        Ok(text) => from_json(&text, &place).map(Some),
        // Nobody has logged in here: the usual case in a job, and when there is no home.
        Err(error)
            if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(Error::Credentials { place, reason: error.to_string() }),
    }
}

fn from_json(text: &[u8], place: &str) -> Result<Source, Error> {
    let config = Config::parse(text, place)
        .map_err(|reason| Error::Credentials { place: place.to_owned(), reason })?;
    Ok(Source { place: place.to_owned(), config })
}
