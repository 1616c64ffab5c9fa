//! The Docker engine.

mod endpoint;
mod explain;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, ClientVersion, Docker};
use contract::Failure;
use tracing::debug;

pub(crate) use endpoint::Endpoint;
pub(crate) use explain::{explain, is_absent, is_conflict, said};

use transport::Line;

/// How long an answer may take to begin. A build and a large copy answer when they are through.
const PATIENCE: Duration = Duration::from_secs(3600);
/// The oldest API that has all that is needed here: that of Docker 18.09.
const OLDEST: ClientVersion = ClientVersion { major_version: 1, minor_version: 39 };
/// The first API with an interval of its own for the HEALTHCHECK of a container that starts: that of Docker 25.
const START_INTERVAL: ClientVersion = ClientVersion { major_version: 1, minor_version: 44 };

/// An engine that has answered.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    /// Its API, in a version that it knows.
    pub(crate) api: Docker,
    /// Where it is.
    pub(crate) endpoint: Endpoint,
}

impl Engine {
    /// The engine that docker would use.
    ///
    /// # Errors
    /// When there is none, it may not be used, or does not answer.
    pub(crate) async fn connect() -> Result<Self, Failure> {
        let endpoint = Endpoint::find(&|name| std::env::var(name).ok())?;
        let line = Arc::new(Line::new(endpoint.clone())?);
        let known = line.version().await.map_err(|error| explain::unreachable(&endpoint, &error))?;
        let version = known.filter(|known| known < API_DEFAULT_VERSION).unwrap_or(*API_DEFAULT_VERSION);
        debug!("the engine at {endpoint} speaks API {}", known.map_or("unknown".into(), |v| v.to_string()));
        if version < OLDEST {
            return Err(Failure::failed(format!(
                "the engine at {endpoint} speaks API {version}, which is too old"
            ))
            .hint(format!("API {OLDEST} is needed at least: Docker 18.09 or newer")));
        }
        let send = move |request| transport::send(Arc::clone(&line), request);
        let api =
            Docker::connect_with_custom_transport(send, Some("http://engine"), PATIENCE.as_secs(), &version)
                .map_err(|error| explain(&endpoint, "speak to the engine", error))?;
        Ok(Self { api, endpoint })
    }

    /// Does it ask the HEALTHCHECK of a container that starts more often than later on?
    pub(crate) fn starts_sooner(&self) -> bool {
        self.api.client_version() >= START_INTERVAL
    }

    /// What became of an attempt, as its user has to know it.
    pub(crate) fn failure(&self, attempt: &str, error: bollard::errors::Error) -> Failure {
        explain(&self.endpoint, attempt, error)
    }
}
