//! Who we are for a registry.
//!
//! The order, first match wins: the `config.json` of this job's `docker login`, the file of `REGISTRY_AUTH_FILE`,
//! `DOCKER_AUTH_CONFIG`, GitLab's `CI_REGISTRY_USER` and `CI_REGISTRY_PASSWORD` for `CI_REGISTRY`,
//! `ARTIFACTORY_USER` and `ARTIFACTORY_PASSWORD` for `ARTIFACTORY_HOST`. What a job logged in to counts for more than
//! what the whole project has set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::Secret;
use serde::Deserialize;

use crate::Error;

/// A user and a password, and the place they come from, which may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) password: Secret,
    pub(crate) place: String,
}

/// All credentials a run can see.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    sources: Vec<Source>,
}

#[derive(Debug)]
struct Source {
    place: String,
    /// By registry, or by a path below one.
    logins: BTreeMap<String, (String, Secret)>,
}

impl Credentials {
    /// Collects them; `variable` looks up the environment.
    ///
    /// # Errors
    /// When a file that is there cannot be read or parsed: going on as somebody else would be worse.
    pub(crate) fn collect(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut sources = Vec::new();
        let folder = variable("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".docker")));
        sources.extend(folder.map(|folder| from_file(&folder.join("config.json"))).transpose()?.flatten());
        sources.extend(
            variable("REGISTRY_AUTH_FILE").map(|file| from_file(Path::new(&file))).transpose()?.flatten(),
        );
        let inline =
            variable("DOCKER_AUTH_CONFIG").map(|text| from_json(text.as_bytes(), "DOCKER_AUTH_CONFIG"));
        sources.extend(inline.transpose()?);
        for (host, user, password) in [
            ("CI_REGISTRY", "CI_REGISTRY_USER", "CI_REGISTRY_PASSWORD"),
            ("ARTIFACTORY_HOST", "ARTIFACTORY_USER", "ARTIFACTORY_PASSWORD"),
        ] {
            if let (Some(host), Some(name), Some(secret)) =
                (variable(host), variable(user), variable(password))
            {
                let logins = BTreeMap::from([(normalised(&host), (name, Secret::new(&secret)))]);
                sources.push(Source { place: format!("{user} and {password}"), logins });
            }
        }
        Ok(Self { sources })
    }

    /// Who we are for this repository: the entry of its longest known path, else the one of its host.
    pub(crate) fn find(&self, host: &str, path: &str) -> Option<Login> {
        self.sources.iter().find_map(|source| {
            let (user, password) = source.find(host, path)?;
            Some(Login { user: user.clone(), password: password.clone(), place: source.place.clone() })
        })
    }
}

impl Source {
    fn find(&self, host: &str, path: &str) -> Option<&(String, Secret)> {
        let mut key = format!("{host}/{path}");
        loop {
            if let Some(login) = self.logins.get(&key) {
                return Some(login);
            }
            key.truncate(key.rfind('/')?);
        }
    }
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
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
    let wrong = |reason: String| Error::Credentials { place: place.to_owned(), reason };
    // serde's messages quote what they cannot read, which may be a password: only the position is safe.
    let config: Config = serde_json::from_slice(text).map_err(|error| {
        wrong(format!("line {}, column {} is no docker config", error.line(), error.column()))
    })?;
    let mut logins = BTreeMap::new();
    for (registry, entry) in config.auths {
        let login = entry.login().map_err(|fault| wrong(format!("the entry of {registry} {fault}")))?;
        logins.extend(login.map(|login| (normalised(&registry), login)));
    }
    Ok(Source { place: place.to_owned(), logins })
}

impl Entry {
    /// The login of an entry, if it holds one: `docker login` leaves empty ones where a credential store keeps the secret.
    fn login(self) -> Result<Option<(String, Secret)>, &'static str> {
        if self.auth.is_empty() {
            let known = !self.username.is_empty();
            return Ok(known.then(|| (self.username, Secret::new(&self.password))));
        }
        let decoded = STANDARD.decode(self.auth.trim()).map_err(|_| "is not base64")?;
        let decoded = String::from_utf8(decoded).map_err(|_| "is not UTF-8")?;
        // Docker pads its old entries with NUL bytes.
        let (user, password) = decoded.trim_end_matches('\0').split_once(':').ok_or("has no colon")?;
        Ok(Some((user.to_owned(), Secret::new(password))))
    }
}

/// Keys are hosts, or URLs of old: `https://index.docker.io/v1/`.
fn normalised(registry: &str) -> String {
    let bare = registry.trim_start_matches("https://").trim_start_matches("http://").trim_end_matches('/');
    let bare = bare.strip_suffix("/v1").or_else(|| bare.strip_suffix("/v2")).unwrap_or(bare);
    match bare {
        "index.docker.io" | "registry-1.docker.io" => "docker.io".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(entries: &[(&str, &str)]) -> String {
        let entries: Vec<_> = entries
            .iter()
            .map(|(host, login)| format!(r#""{host}":{{"auth":"{}"}}"#, STANDARD.encode(login)))
            .collect();
        format!(r#"{{"auths":{{{}}},"credsStore":"desktop"}}"#, entries.join(","))
    }

    fn collect(variables: &[(&str, &str)]) -> Result<Credentials, Error> {
        let map: BTreeMap<_, _> = variables.iter().copied().collect();
        Credentials::collect(|name| map.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn the_jobs_own_login_wins_then_file_then_variables() {
        let folder = tempfile::tempdir().unwrap();
        let folder_name = folder.path().to_str().unwrap();
        let file = folder.path().join("auth.json");
        std::fs::write(folder.path().join("config.json"), config(&[("one.example", "job:a")])).unwrap();
        std::fs::write(&file, config(&[("one.example", "file:b"), ("two.example", "file:b:c")])).unwrap();
        let inline = config(&[("two.example", "inline:d"), ("https://index.docker.io/v1/", "hub:e")]);
        let credentials = collect(&[
            ("DOCKER_CONFIG", folder_name),
            ("REGISTRY_AUTH_FILE", file.to_str().unwrap()),
            ("DOCKER_AUTH_CONFIG", &inline),
            ("CI_REGISTRY", "registry.example:5050"),
            ("CI_REGISTRY_USER", "gitlab-ci-token"),
            ("CI_REGISTRY_PASSWORD", "f"),
            ("ARTIFACTORY_HOST", "art.example"),
            ("ARTIFACTORY_USER", "robot"),
            ("ARTIFACTORY_PASSWORD", ""),
        ])
        .unwrap();
        let table = [
            ("one.example", Some(("job", "a"))),
            ("two.example", Some(("file", "b:c"))),
            ("docker.io", Some(("hub", "e"))),
            ("registry.example:5050", Some(("gitlab-ci-token", "f"))),
            ("registry.example", None),
            ("art.example", None),
        ];
        for (host, expected) in table {
            let found = credentials.find(host, "team/app");
            let found = found.as_ref().map(|login| (login.user.as_str(), login.password.expose()));
            assert_eq!(found, expected, "{host}");
        }
    }

    #[test]
    fn the_longest_path_wins() {
        let inline =
            config(&[("h.example", "all:a"), ("h.example/team", "team:b"), ("h.example/team/app", "app:c")]);
        let credentials = collect(&[("DOCKER_AUTH_CONFIG", &inline)]).unwrap();
        for (path, user) in
            [("team/app", "app"), ("team/app/ci", "app"), ("team/application", "team"), ("other", "all")]
        {
            assert_eq!(credentials.find("h.example", path).unwrap().user, user, "{path}");
        }
    }

    #[test]
    fn a_broken_config_is_an_error_that_shows_no_secret() {
        for text in ["{\"auths\": {\"h\": \"s3cret\"}}", "s3cret", r#"{"auths":{"h":{"auth":"s3cret!!"}}}"#] {
            let error = collect(&[("DOCKER_AUTH_CONFIG", text)]).unwrap_err().to_string();
            assert!(error.contains("DOCKER_AUTH_CONFIG") && !error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn no_file_and_empty_entries_are_no_credentials() {
        let credentials =
            collect(&[("HOME", "/nonexistent"), ("DOCKER_AUTH_CONFIG", r#"{"auths":{"h":{}}}"#)]).unwrap();
        assert_eq!(credentials.find("h", "a"), None);
    }
}
