//! Where the engine is: as docker finds it, from `DOCKER_HOST` or a context.

use std::fmt;
use std::path::{Path, PathBuf};

use contract::Failure;
use serde::Deserialize;
use sha2::{Digest, Sha256};

const SOCKET: &str = "/var/run/docker.sock";
const PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// Where an engine is, and how it is spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// A socket of this machine.
    Unix(PathBuf),
    /// A port, here or elsewhere.
    Tcp {
        /// The name or address, without brackets.
        host: String,
        /// The port.
        port: u16,
        /// The folder of `ca.pem`, `cert.pem` and `key.pem`, where TLS is spoken.
        certificates: Option<PathBuf>,
    },
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "tcp://{host}:{port}"),
        }
    }
}

/// The part of a context that counts here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Context {
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: DockerEndpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEndpoint {
    #[serde(default)]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

impl Endpoint {
    /// The engine that docker would use; `variable` looks up the environment.
    pub(crate) fn find(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = variable("DOCKER_CONFIG").map(PathBuf::from);
        let folder = folder.or_else(|| variable("HOME").map(|home| Path::new(&home).join(".docker")));
        if let Some(host) = variable("DOCKER_HOST") {
            let certificates = match (variable("DOCKER_TLS_VERIFY"), variable("DOCKER_TLS")) {
                (Some(_), _) => variable("DOCKER_CERT_PATH").map(PathBuf::from).or(folder),
                (None, Some(_)) => return Err(unverified("DOCKER_TLS")),
                (None, None) => None,
            };
            return Self::parse(&host, "DOCKER_HOST", certificates);
        }
        let Some(folder) = folder else { return Ok(Self::Unix(SOCKET.into())) };
        match variable("DOCKER_CONTEXT").or_else(|| current_context(&folder)) {
            None => Ok(Self::Unix(SOCKET.into())),
            Some(name) if name == "default" => Ok(Self::Unix(SOCKET.into())),
            Some(name) => Self::of_context(&folder, &name),
        }
    }

    fn of_context(folder: &Path, name: &str) -> Result<Self, Failure> {
        let id: String = Sha256::digest(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join("contexts/meta").join(&id).join("meta.json");
        let wrong = |why: String| {
            Failure::usage(format!("cannot use the docker context '{name}': {}: {why}", path.display()))
                .hint("'docker context ls' names those there are; DOCKER_HOST wins over them")
        };
        let text = std::fs::read(&path).map_err(|error| wrong(error.to_string()))?;
        let context: Context = serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))?;
        if context.endpoints.docker.skip_tls_verify {
            return Err(unverified(&format!("the docker context '{name}'")));
        }
        let certificates = folder.join("contexts/tls").join(&id).join("docker");
        let certificates = certificates.is_dir().then_some(certificates);
        Self::parse(&context.endpoints.docker.host, &format!("the docker context '{name}'"), certificates)
    }

    fn parse(text: &str, place: &str, certificates: Option<PathBuf>) -> Result<Self, Failure> {
        let wrong = |why: &str| {
            Failure::usage(format!("{place} is '{text}', {why}"))
                .hint("unix:///var/run/docker.sock and tcp://HOST:PORT are known")
        };
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Unix(rest.into())),
            "unix" => Err(wrong("which is no absolute path")),
            "tcp" | "http" | "https" => {
                let rest = rest.trim_end_matches('/');
                let certificates = certificates.or_else(|| (scheme == "https").then(PathBuf::new));
                let default = if certificates.is_some() { TLS_PORT } else { PORT };
                let (host, port) = split_port(rest, default).ok_or_else(|| wrong("which is no host and port"))?;
                Ok(Self::Tcp { host, port, certificates })
            }
            "ssh" => Err(Failure::usage(format!("{place} is '{text}', and engines behind ssh are not spoken to"))
                .hint("forward its socket: ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST, then DOCKER_HOST=unix:///tmp/docker.sock")),
            _ => Err(wrong("which is no place of an engine")),
        }
    }

    /// Does the engine see our files under the same paths?
    pub(crate) fn is_local(&self) -> bool {
        matches!(self, Self::Unix(_))
    }
}

fn unverified(place: &str) -> Failure {
    Failure::usage(format!("{place} asks for TLS that trusts anybody, which is not spoken here"))
        .hint("set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem")
}

fn split_port(text: &str, default: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map_or(Some(default), |port| port.parse().ok())?;
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c));
    is_host.then(|| (host.to_owned(), port))
}

fn current_context(folder: &Path) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Config {
        current_context: Option<String>,
    }
    let text = std::fs::read(folder.join("config.json")).ok()?;
    // What else may be wrong with this file is the business of those who log in with it.
    serde_json::from_slice::<Config>(&text).ok()?.current_context.filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(variables: &[(&str, &str)]) -> Result<String, Failure> {
        let variable =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Endpoint::find(&variable).map(|found| {
            let certificates = match &found {
                Endpoint::Tcp { certificates: Some(folder), .. } => format!(" {}", folder.display()),
                _ => String::new(),
            };
            format!("{found}{certificates}")
        })
    }

    #[test]
    fn the_engine_is_where_docker_finds_it() {
        let tls = ("DOCKER_TLS_VERIFY", "1");
        for (variables, expected) in [
            (vec![], "unix:///var/run/docker.sock"),
            (vec![("DOCKER_HOST", "")], "unix:///var/run/docker.sock"),
            (vec![("DOCKER_HOST", "unix:///run/x.sock"), tls], "unix:///run/x.sock"),
            (vec![("DOCKER_HOST", "tcp://docker:2375")], "tcp://docker:2375"),
            (vec![("DOCKER_HOST", "docker")], "tcp://docker:2375"),
            (
                vec![("DOCKER_HOST", "tcp://docker"), tls, ("DOCKER_CERT_PATH", "/certs")],
                "tcp://docker:2376 /certs",
            ),
            (vec![("DOCKER_HOST", "tcp://[::1]:1"), tls, ("HOME", "/me")], "tcp://[::1]:1 /me/.docker"),
            (
                vec![("DOCKER_HOST", "tcp://d:1"), tls, ("HOME", "/me"), ("DOCKER_CONFIG", "/c")],
                "tcp://d:1 /c",
            ),
        ] {
            assert_eq!(find(&variables).unwrap(), expected, "{variables:?}");
        }
        for host in ["ssh://me@host", "npipe:////./pipe/x", "unix://x", "tcp://:1", "tcp://a:b", "tcp://a/b"]
        {
            assert_eq!(find(&[("DOCKER_HOST", host)]).unwrap_err().exit(), contract::Exit::Usage, "{host}");
        }
        assert!(find(&[("DOCKER_HOST", "tcp://d:1"), ("DOCKER_TLS", "1")]).is_err());
    }

    #[test]
    fn a_context_says_where_the_engine_is() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path();
        // The digest of "far".
        let id: String = Sha256::digest(b"far").iter().map(|byte| format!("{byte:02x}")).collect();
        let meta = folder.join("contexts/meta").join(&id);
        std::fs::create_dir_all(&meta).unwrap();
        let text = r#"{"Name":"far","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://far:2376","SkipTLSVerify":false}}}"#;
        std::fs::write(meta.join("meta.json"), text).unwrap();
        let config = ("DOCKER_CONFIG", folder.to_str().unwrap());
        assert_eq!(find(&[config]).unwrap(), "unix:///var/run/docker.sock");
        assert_eq!(find(&[config, ("DOCKER_CONTEXT", "far")]).unwrap(), "tcp://far:2376");
        std::fs::write(folder.join("config.json"), r#"{"auths":{},"currentContext":"far"}"#).unwrap();
        assert_eq!(find(&[config]).unwrap(), "tcp://far:2376");
        assert_eq!(find(&[config, ("DOCKER_HOST", "unix:///s")]).unwrap(), "unix:///s");
        let tls = folder.join("contexts/tls").join(&id).join("docker");
        std::fs::create_dir_all(&tls).unwrap();
        assert_eq!(find(&[config]).unwrap(), format!("tcp://far:2376 {}", tls.display()));
        assert!(find(&[config, ("DOCKER_CONTEXT", "nowhere")]).is_err());
    }
}
