//! The configuration of an image: how a container of it runs, and what it says of itself (image-spec, config.md).

use std::collections::BTreeMap;
use std::fmt;

use registry::{Descriptor, Error, Platform, Store};
use serde::{Deserialize, Deserializer};

use crate::printable;

/// What an image's configuration is called.
const MEDIA_TYPES: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];
/// No honest configuration is longer, in bytes.
const LIMIT: u64 = 8 * 1024 * 1024;

/// The parts of a configuration that people ask for. Writers leave out or set to null what is empty.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct Configuration {
    #[serde(deserialize_with = "or_empty")]
    pub(crate) os: String,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) architecture: String,
    pub(crate) variant: Option<String>,
    #[serde(rename = "os.version")]
    pub(crate) os_version: Option<String>,
    #[serde(rename = "os.features")]
    pub(crate) os_features: Option<Vec<String>>,
    pub(crate) created: Option<String>,
    #[serde(rename = "config", deserialize_with = "or_empty")]
    pub(crate) run: Run,
}

/// How a container runs.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Run {
    #[serde(deserialize_with = "or_empty")]
    pub(crate) entrypoint: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) cmd: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) env: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) user: String,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) working_dir: String,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) exposed_ports: BTreeMap<String, Empty>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) volumes: BTreeMap<String, Empty>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) stop_signal: Option<String>,
    pub(crate) healthcheck: Option<Healthcheck>,
}

/// A set is written as an object whose values are empty objects.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub(crate) struct Empty {}

/// Docker's own addition: how to find out whether a container works. Times are in nanoseconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Healthcheck {
    #[serde(deserialize_with = "or_empty")]
    pub(crate) test: Vec<String>,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) interval: i64,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) timeout: i64,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) start_period: i64,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) start_interval: i64,
    #[serde(deserialize_with = "or_empty")]
    pub(crate) retries: i64,
}

impl fmt::Display for Healthcheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable::words(&self.test))?;
        let times = [
            ("every", self.interval),
            ("timeout", self.timeout),
            ("start period", self.start_period),
            ("start interval", self.start_interval),
        ];
        for (name, nanoseconds) in times.into_iter().filter(|(_, nanoseconds)| *nanoseconds != 0) {
            let milliseconds = nanoseconds / 1_000_000;
            match milliseconds % 1000 {
                0 => write!(f, ", {name} {} s", milliseconds / 1000)?,
                _ => write!(f, ", {name} {milliseconds} ms")?,
            }
        }
        if self.retries == 0 { Ok(()) } else { write!(f, ", {} retries", self.retries) }
    }
}

fn or_empty<'a, D: Deserializer<'a>, T: Default + Deserialize<'a>>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl Configuration {
    /// Reads the configuration that a manifest names; none when what it names is no image's.
    ///
    /// # Errors
    /// When it cannot be read, or is not what it should be.
    pub(crate) async fn read(store: &Store, descriptor: &Descriptor) -> Result<Option<Self>, Error> {
        if !MEDIA_TYPES.contains(&descriptor.media_type.as_str()) {
            return Ok(None);
        }
        let wrong = |reason: String| {
            let what = format!("the image with the configuration {}", descriptor.digest);
            Error::Manifest { what, reason: format!("its configuration {reason}") }
        };
        if descriptor.size > LIMIT {
            return Err(wrong(format!(
                "has {} bytes, and {LIMIT} are the most it may have",
                descriptor.size
            )));
        }
        let mut blob = store.blob(descriptor).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = blob.next().await {
            bytes.extend_from_slice(&piece?);
        }
        Self::parse(&bytes).map(Some).map_err(|error| wrong(format!("cannot be read: {error}")))
    }

    fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(bytes)
    }

    /// What it runs on; none when it does not say.
    pub(crate) fn platform(&self) -> Option<Platform> {
        let Self { os, architecture, variant, os_version, .. } = self;
        (!os.is_empty() && !architecture.is_empty()).then(|| Platform {
            os: os.clone(),
            architecture: architecture.clone(),
            variant: variant.clone().filter(|variant| !variant.is_empty()),
            os_version: os_version.clone().filter(|version| !version.is_empty()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_null_or_absent_is_empty() {
        let sparse = Configuration::parse(b"{}").unwrap();
        assert_eq!(sparse, Configuration::default());
        assert_eq!(sparse.platform(), None);
        let nulls = br#"{"os":"linux","architecture":"arm","variant":"v7","config":{"Env":null,"Cmd":null,
            "Labels":null,"ExposedPorts":null,"Volumes":null,"User":null,"Healthcheck":null,"Entrypoint":null}}"#;
        let nulls = Configuration::parse(nulls).unwrap();
        assert_eq!(nulls.run, Run::default());
        assert_eq!(nulls.platform().unwrap().to_string(), "linux/arm/v7");
        assert_eq!(Configuration::parse(br#"{"config":null}"#).unwrap(), Configuration::default());
    }

    #[test]
    fn everything_people_ask_for_is_read() {
        let text = br#"{"os":"linux","architecture":"amd64","created":"2026-01-02T03:04:05Z","rootfs":{},"config":{
            "Entrypoint":["/app"],"Cmd":["serve"],"Env":["A=1"],"User":"1000","WorkingDir":"/srv","ArgsEscaped":true,
            "ExposedPorts":{"8080/tcp":{}},"Volumes":{"/data":{}},"Labels":{"a":"b"},"StopSignal":"SIGINT",
            "Healthcheck":{"Test":["CMD","true"],"Interval":30000000000,"Retries":3}}}"#;
        let Configuration { run, created, .. } = Configuration::parse(text).unwrap();
        assert_eq!(created.as_deref(), Some("2026-01-02T03:04:05Z"));
        assert_eq!((&run.entrypoint[0][..], &run.cmd[0][..], &run.env[0][..]), ("/app", "serve", "A=1"));
        assert_eq!((run.user.as_str(), run.working_dir.as_str()), ("1000", "/srv"));
        assert!(run.exposed_ports.contains_key("8080/tcp") && run.volumes.contains_key("/data"));
        assert_eq!((run.labels["a"].as_str(), run.stop_signal.as_deref()), ("b", Some("SIGINT")));
        assert_eq!(run.healthcheck.unwrap().to_string(), r#"["CMD", "true"], every 30 s, 3 retries"#);
    }

    #[test]
    fn times_below_a_second_are_told_in_milliseconds() {
        let healthcheck = Healthcheck { timeout: 1_500_000_000, ..Healthcheck::default() };
        assert_eq!(healthcheck.to_string(), "[], timeout 1500 ms");
    }

    #[test]
    fn what_is_no_configuration_is_an_error() {
        for text in ["", "5", r#"{"config":{"Env":"A=1"}}"#, r#"{"os":5}"#] {
            assert!(Configuration::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
