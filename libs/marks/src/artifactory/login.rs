//! Who we are for Artifactory's own API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::Secret;
use http::Request;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

/// The header of an API key, which Artifactory knew before it knew tokens.
const API_KEY: HeaderName = HeaderName::from_static("x-jfrog-art-api");

/// A proof of identity, and the place it comes from, which may be shown.
#[derive(Clone, Debug)]
pub(super) struct Login {
    kind: Kind,
    pub(super) place: String,
}

#[derive(Clone, Debug)]
enum Kind {
    Bearer(Secret),
    ApiKey(Secret),
    Basic(String, Secret),
}

impl Login {
    /// What the environment says: a token, an API key, a user with a password.
    pub(super) fn collect(variable: impl Fn(&str) -> Option<String>) -> Option<Self> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let secret = |name: &str| variable(name).map(|value| Secret::new(&value));
        let told = |kind, place: &str| Some(Self { kind, place: place.to_owned() });
        if let Some(token) = secret("ARTIFACTORY_TOKEN") {
            return told(Kind::Bearer(token), "ARTIFACTORY_TOKEN");
        }
        let user = variable("ARTIFACTORY_USER");
        match (secret("ARTIFACTORY_API_KEY"), user, secret("ARTIFACTORY_PASSWORD")) {
            (Some(key), _, _) => told(Kind::ApiKey(key), "ARTIFACTORY_API_KEY"),
            (None, Some(user), Some(password)) => {
                told(Kind::Basic(user, password), "ARTIFACTORY_USER and ARTIFACTORY_PASSWORD")
            }
            _ => None,
        }
    }

    /// The login of the registry in front of it, which Artifactory takes as well.
    pub(super) fn of_registry((user, password): (String, Secret)) -> Self {
        Self { kind: Kind::Basic(user, password), place: "the login of the registry".to_owned() }
    }

    /// Puts it into a request. What no header can carry is left out, and the server will say that it misses it.
    pub(super) fn apply(&self, request: &mut Request) {
        let (name, text) = match &self.kind {
            Kind::Bearer(token) => (AUTHORIZATION, format!("Bearer {}", token.expose())),
            Kind::ApiKey(key) => (API_KEY, key.expose().to_owned()),
            Kind::Basic(user, password) => {
                (AUTHORIZATION, format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose()))))
            }
        };
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
    }
}

/// May this server have what the environment holds? Only one that the user has named: any registry can claim to be
/// Artifactory. `named` is the value of `ARTIFACTORY_HOST`, a host or a URL.
pub(super) fn is_trusted(named: &str, hosts: &[&str]) -> bool {
    let bare = named.split_once("://").map_or(named, |(_, rest)| rest);
    let bare = bare.split('/').next().unwrap_or_default();
    !bare.is_empty() && hosts.iter().any(|host| host.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)]) -> Option<String> {
        let find = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        Login::collect(find).map(|login| login.place)
    }

    #[test]
    fn a_token_counts_for_more_than_a_key_and_that_for_more_than_a_password() {
        let (user, password) = (("ARTIFACTORY_USER", "u"), ("ARTIFACTORY_PASSWORD", "p"));
        let (key, token) = (("ARTIFACTORY_API_KEY", "k"), ("ARTIFACTORY_TOKEN", "t"));
        assert_eq!(place(&[user, password, key, token]).as_deref(), Some("ARTIFACTORY_TOKEN"));
        assert_eq!(
            place(&[user, password, key, ("ARTIFACTORY_TOKEN", "")]).as_deref(),
            Some("ARTIFACTORY_API_KEY")
        );
        assert_eq!(place(&[user, password]).as_deref(), Some("ARTIFACTORY_USER and ARTIFACTORY_PASSWORD"));
        assert_eq!(place(&[user]), None);
    }

    #[test]
    fn only_a_server_that_was_named_gets_what_the_environment_holds() {
        for named in ["art.example", "https://art.example/artifactory", "ART.example"] {
            assert!(is_trusted(named, &["docker.art.example", "art.example"]), "{named}");
        }
        for named in ["", "other.example", "example", "https://"] {
            assert!(!is_trusted(named, &["docker.art.example", "art.example"]), "{named}");
        }
    }
}
