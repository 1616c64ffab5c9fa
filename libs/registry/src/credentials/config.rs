//! The file of `docker login`, which podman and skopeo write in the same form
//! (containers-auth.json(5), <https://docs.docker.com/reference/cli/docker/login/>).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::Secret;
use serde::Deserialize;

use super::Login;

/// What a file or variable of credentials says.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// By registry, or by a path below one.
    pub(super) logins: BTreeMap<String, Login>,
    /// The name of the helper to ask, by registry.
    pub(super) helpers: BTreeMap<String, String>,
    /// The helper that knows what is not listed.
    pub(super) store: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    cred_helpers: Option<BTreeMap<String, String>>,
    creds_store: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
}

impl Config {
    /// Reads one; `place` is where it stands. The error says what is wrong, and shows nothing of it.
    pub(super) fn parse(text: &[u8], place: &str) -> Result<Self, String> {
        // serde's messages quote what they cannot read, which may be a password: only the position is safe.
        let document: Document = serde_json::from_slice(text).map_err(|error| {
            format!("line {}, column {} is no docker config", error.line(), error.column())
        })?;
        let mut logins = BTreeMap::new();
        for (registry, entry) in document.auths {
            let login = entry.login(place).map_err(|fault| format!("the entry of {registry} {fault}"))?;
            logins.extend(login.map(|login| (normalised(&registry), login)));
        }
        let helpers = document.cred_helpers.unwrap_or_default().into_iter();
        let helpers = helpers.filter(|(_, name)| !name.is_empty());
        Ok(Self {
            logins,
            helpers: helpers.map(|(registry, name)| (normalised(&registry), name)).collect(),
            store: document.creds_store.filter(|name| !name.is_empty()),
        })
    }
}

impl Entry {
    /// The login of an entry, if it holds one: `docker login` leaves empty ones where a credential store keeps the secret.
    fn login(self, place: &str) -> Result<Option<Login>, &'static str> {
        let (user, password) = if self.auth.is_empty() {
            (self.username, self.password)
        } else {
            let decoded = STANDARD.decode(self.auth.trim()).map_err(|_| "is not base64")?;
            let decoded = String::from_utf8(decoded).map_err(|_| "is not UTF-8")?;
            // Docker pads its old entries with NUL bytes.
            let (user, password) = decoded.trim_end_matches('\0').split_once(':').ok_or("has no colon")?;
            (user.to_owned(), password.to_owned())
        };
        let identity = (!self.identitytoken.is_empty()).then(|| Secret::new(&self.identitytoken));
        if user.is_empty() && identity.is_none() {
            return Ok(None);
        }
        // An empty password is one, but not beside an identity token: there it only fills the field.
        let password = (!password.is_empty() || identity.is_none()).then(|| Secret::new(&password));
        Ok(Some(Login { user, password, identity, place: place.to_owned() }))
    }
}

/// The registry, or the path below one, that a key means. Keys are hosts, with a path as podman writes them, or URLs as
/// Docker did: `https://index.docker.io/v1/`.
pub(super) fn normalised(key: &str) -> String {
    let without_scheme = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://"));
    let bare = match without_scheme {
        // Docker looks at the host of a URL only.
        Some(rest) => rest.split('/').next().unwrap_or_default(),
        None => key.trim_end_matches('/'),
    };
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let host = match host {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        other => other,
    };
    match path {
        "" | "v1" | "v2" => host.to_owned(),
        path => format!("{host}/{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_means_a_host_or_a_path_below_one() {
        let table = [
            ("registry.example:5000", "registry.example:5000"),
            ("https://registry.example", "registry.example"),
            ("http://registry.example/v2/", "registry.example"),
            ("https://registry.example/v1/some/thing", "registry.example"),
            ("https://index.docker.io/v1/", "docker.io"),
            ("index.docker.io/v1/", "docker.io"),
            ("registry-1.docker.io", "docker.io"),
            ("docker.io/library/alpine", "docker.io/library/alpine"),
            ("registry.example/team/", "registry.example/team"),
            // A repository may be called v1: its login is not one for all its neighbours.
            ("registry.example/team/v1", "registry.example/team/v1"),
            ("[::1]:5000/team", "[::1]:5000/team"),
            ("", ""),
        ];
        for (key, expected) in table {
            assert_eq!(normalised(key), expected, "{key}");
        }
    }

    #[test]
    fn an_entry_holds_a_password_or_an_identity_token_or_both() {
        let encoded = |text: &str| STANDARD.encode(text);
        let table = [
            (format!(r#"{{"auth":"{}"}}"#, encoded("robot:a:b")), Some(("robot", Some("a:b"), None))),
            (format!(r#"{{"auth":"{}"}}"#, encoded("robot:\0\0")), Some(("robot", Some(""), None))),
            (r#"{"username":"robot","password":"p"}"#.into(), Some(("robot", Some("p"), None))),
            (
                format!(r#"{{"auth":"{}","identitytoken":"i"}}"#, encoded("0000:")),
                Some(("0000", None, Some("i"))),
            ),
            (
                format!(r#"{{"auth":"{}","identitytoken":"i"}}"#, encoded("robot:p")),
                Some(("robot", Some("p"), Some("i"))),
            ),
            (r#"{"identitytoken":"i"}"#.into(), Some(("", None, Some("i")))),
            (r#"{"email":"robot@example.com"}"#.into(), None),
        ];
        for (text, expected) in table {
            let entry: Entry = serde_json::from_str(&text).unwrap();
            let login = entry.login("here").unwrap();
            let shown = login.as_ref().map(|login| {
                let password = login.password.as_ref().map(Secret::expose);
                (login.user.as_str(), password, login.identity.as_ref().map(Secret::expose))
            });
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn helpers_stand_beside_entries() {
        let text = r#"{"credHelpers":{"https://index.docker.io/v1/":"hub","a.example":"a","b.example":""},
            "credsStore":"desktop","HttpHeaders":{}}"#;
        let config = Config::parse(text.as_bytes(), "here").unwrap();
        let helpers: Vec<_> = config.helpers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(helpers, [("a.example", "a"), ("docker.io", "hub")]);
        assert_eq!(config.store.as_deref(), Some("desktop"));
        let empty = Config::parse(br#"{"credHelpers":null,"credsStore":""}"#, "here").unwrap();
        assert!(empty.helpers.is_empty() && empty.store.is_none());
    }
}
