//! What flags and `gates.toml` hold: sizes, mounts, copies, variables.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use contract::Failure;

/// `SRC:DST[:ro]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mount {
    pub(crate) source: PathBuf,
    pub(crate) target: String,
    pub(crate) read_only: bool,
}

/// `SRC:DST`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) source: PathBuf,
    pub(crate) target: String,
}

/// `PATH:DIR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Artifact {
    pub(crate) path: String,
    pub(crate) directory: PathBuf,
}

/// `PATH[:PORT]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Probe {
    pub(crate) path: String,
    pub(crate) port: Option<u16>,
}

/// `NAME[=VALUE]`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    /// None: that of our own environment.
    value: Option<String>,
}

/// A value may be what is not to be seen.
impl std::fmt::Debug for Variable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for Mount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let (source, target, mode) = (parts.next(), parts.next(), parts.next());
        let (Some(source), Some(target), None) = (source, target, parts.next()) else {
            return Err("expected SRC:DST or SRC:DST:ro".into());
        };
        let read_only = match mode {
            None | Some("rw") => false,
            Some("ro") => true,
            Some(other) => return Err(format!("'{other}' is neither ro nor rw")),
        };
        Ok(Self { source: source_path(source)?, target: absolute(target)?, read_only })
    }
}

impl FromStr for Copy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (source, target) = text.rsplit_once(':').ok_or("expected SRC:DST")?;
        Ok(Self { source: source_path(source)?, target: absolute(target)? })
    }
}

impl FromStr for Artifact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, directory) = text.split_once(':').ok_or("expected PATH:DIR")?;
        if path.is_empty() || directory.is_empty() {
            return Err("expected PATH:DIR".into());
        }
        Ok(Self { path: path.to_owned(), directory: directory.into() })
    }
}

impl FromStr for Probe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (path, port) = match text.rsplit_once(':') {
            Some((path, port)) => (path, Some(port.parse().map_err(|_| format!("'{port}' is no port"))?)),
            None => (text, None),
        };
        if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(format!("the path '{path}' does not start with / or holds blanks"));
        }
        Ok(Self { path: path.to_owned(), port })
    }
}

impl FromStr for Variable {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        // The text is not repeated: it may be a secret that was put in the wrong place.
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err("expected NAME or NAME=VALUE".into());
        }
        Ok(Self { name: name.to_owned(), value })
    }
}

impl Variable {
    /// A variable whose value stands in a file that everybody may read.
    pub(crate) fn plain(name: &str, value: &str) -> Self {
        Self { name: name.to_owned(), value: Some(value.to_owned()) }
    }

    /// What the container gets, and whether it has to be kept out of logs.
    pub(crate) fn resolve(&self) -> Result<(String, bool), Failure> {
        if let Some(value) = &self.value {
            return Ok((value.clone(), false));
        }
        match std::env::var(&self.name) {
            Ok(value) => Ok((value, true)),
            Err(_) => {
                Err(Failure::usage(format!("cannot hand over the variable {}: it is not set", self.name))
                    .hint(format!("set it, or give a value: --env {}=...", self.name)))
            }
        }
    }
}

fn source_path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("there is nothing before the colon".into()) } else { Ok(text.into()) }
}

fn absolute(text: &str) -> Result<String, String> {
    if !text.starts_with('/') || text.split('/').any(|part| part == "..") {
        return Err(format!("'{text}' is no absolute path of the container"));
    }
    Ok(text.to_owned())
}

/// `512m`, `2g`, `100k`, or bytes.
pub(crate) fn bytes(text: &str) -> Result<i64, String> {
    let wrong = || format!("'{text}' is no size; 512m, 2g and 100k are some");
    let lower = text.to_ascii_lowercase();
    let unit = lower.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: i64 = lower[..lower.len() - unit.len()].parse().map_err(|_| wrong())?;
    let factor = match unit {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

/// As people read it: `0.3`, `12.0`, `75`.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_docker_reads_them() {
        for (text, expected) in [("512m", 512 << 20), ("2G", 2 << 30), ("100k", 100 << 10), ("7", 7)] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in ["", "m", "0", "-1", "1t", "99999999999g"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn mounts_copies_artifacts_and_probes_are_taken_apart() {
        let mount: Mount = "a b:/x:ro".parse().unwrap();
        assert_eq!(
            (mount.source.to_str(), mount.target.as_str(), mount.read_only),
            (Some("a b"), "/x", true)
        );
        for wrong in ["a", ":/x", "a:x", "a:/x:rx", "a:/x:ro:z", "a:/x/../y"] {
            assert!(wrong.parse::<Mount>().is_err(), "{wrong}");
        }
        assert!("a".parse::<Copy>().is_err() && "a:b".parse::<Copy>().is_err());
        assert_eq!("a:b:/c".parse::<Copy>().unwrap().source.to_str(), Some("a:b"));
        assert!("/out".parse::<Artifact>().is_err() && "/out:".parse::<Artifact>().is_err());
        assert_eq!("/health:8080".parse(), Ok(Probe { path: "/health".into(), port: Some(8080) }));
        assert_eq!("/".parse(), Ok(Probe { path: "/".into(), port: None }));
        assert!("health".parse::<Probe>().is_err() && "/:x".parse::<Probe>().is_err());
    }

    #[test]
    fn a_variable_shows_no_value() {
        let variable: Variable = "TOKEN=hunter2".parse().unwrap();
        assert_eq!(format!("{variable:?}"), "TOKEN");
        assert!(!"a b=secret".parse::<Variable>().unwrap_err().contains("secret"));
    }
}
