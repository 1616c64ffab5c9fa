//! An image of the engine.

use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::models::{HealthConfig, ImageInspect};
use bollard::query_parameters::CreateImageOptionsBuilder;
use contract::Failure;
use futures_util::StreamExt;
use registry::{Reference, Registries, RegistryArgs, Repository};
use tracing::{debug, info};

use crate::cli::Pull;
use crate::engine::{Engine, is_absent};

/// Time for a helper of docker's credentials.
const HELPERS: Duration = Duration::from_secs(30);
/// How often a HEALTHCHECK is asked that does not say it, and how often while the image starts.
const INTERVAL: Duration = Duration::from_secs(30);
const START_INTERVAL: Duration = Duration::from_secs(5);

/// What of an image matters to who runs it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    /// Its digest, which does not move as a name may.
    pub(crate) id: String,
    pub(crate) user: String,
    pub(crate) workdir: String,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) command: Vec<String>,
    /// `8080/tcp`
    pub(crate) ports: Vec<String>,
    /// Has it a HEALTHCHECK, and after which time does the engine ask it first?
    pub(crate) healthcheck: Option<Duration>,
}

impl Image {
    /// Finds it on the engine, or gets it there.
    ///
    /// # Errors
    /// When it is not there and cannot be had.
    pub(crate) async fn get(engine: &Engine, name: &str, pull: Pull) -> Result<Self, Failure> {
        if pull == Pull::Always {
            pull_image(engine, name).await?;
        }
        match (Self::found(engine, name).await?, pull) {
            (Some(image), _) => Ok(image),
            (None, Pull::Never) => Err(absent(engine, name)
                .hint("build it there first, or have it pulled from its registry: --pull missing")),
            (None, _) => {
                pull_image(engine, name).await?;
                Self::there(engine, name).await
            }
        }
    }

    /// Finds it on the engine.
    ///
    /// # Errors
    /// When it is not there.
    pub(crate) async fn there(engine: &Engine, name: &str) -> Result<Self, Failure> {
        Self::found(engine, name).await?.ok_or_else(|| absent(engine, name).hint("build it there first"))
    }

    async fn found(engine: &Engine, name: &str) -> Result<Option<Self>, Failure> {
        match engine.api.inspect_image(name).await {
            Ok(found) => Ok(Some(Self::of(engine, found))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(engine.failure(&format!("read the image {name}"), error)),
        }
    }

    fn of(engine: &Engine, found: ImageInspect) -> Self {
        let config = found.config.unwrap_or_default();
        let healthcheck = config.healthcheck.filter(|check| {
            let test = check.test.as_deref().unwrap_or_default();
            !matches!(test.first().map(String::as_str), None | Some("NONE" | ""))
        });
        Self {
            id: found.id.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            workdir: config.working_dir.filter(|folder| !folder.is_empty()).unwrap_or_else(|| "/".into()),
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            ports: ports(config.exposed_ports.unwrap_or_default()),
            healthcheck: healthcheck.map(|check| first_asked(&check, engine.starts_sooner())),
        }
    }
}

fn absent(engine: &Engine, name: &str) -> Failure {
    Failure::failed(format!("there is no image {name} on the engine at {}", engine.endpoint))
}

/// As the engine counts: an image that has a time to start is asked more often meanwhile, by an engine that knows how.
fn first_asked(check: &HealthConfig, starts_sooner: bool) -> Duration {
    let or = |nanoseconds: Option<i64>, default: Duration| {
        let given = nanoseconds.and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
        given.map_or(default, Duration::from_nanos)
    };
    if starts_sooner && !or(check.start_period, Duration::ZERO).is_zero() {
        or(check.start_interval, START_INTERVAL)
    } else {
        or(check.interval, INTERVAL)
    }
}

fn ports(exposed: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
    let mut ports: Vec<String> = exposed.into_iter().map(Into::into).collect();
    ports.sort();
    ports
}

async fn pull_image(engine: &Engine, name: &str) -> Result<(), Failure> {
    let attempt = format!("pull the image {name}");
    let missing = "no registry gave it; build it first, or look at the name and at docker login";
    let reference: Reference =
        name.parse().map_err(|error: registry::InvalidReference| absent(engine, name).because(error))?;
    info!("pulling {name}");
    let full = if reference.tag.is_none() && reference.digest.is_none() {
        format!("{name}:latest")
    } else {
        name.to_owned()
    };
    let options = CreateImageOptionsBuilder::new().from_image(&full).build();
    let mut progress = engine.api.create_image(Some(options), None, login(&reference)?);
    while let Some(step) = progress.next().await {
        let step = step.map_err(|error| engine.failure(&attempt, error).hint(missing))?;
        if let Some(detail) = step.error_detail {
            let why = detail.message.unwrap_or_default();
            return Err(Failure::failed(format!("cannot {attempt}: {why}")).hint(missing));
        }
    }
    Ok(())
}

/// Who we are for the registry of this image, for the engine, which speaks to it.
pub(crate) fn login(reference: &Reference) -> Result<Option<DockerCredentials>, Failure> {
    let Repository::Remote { host, path } = &reference.repository else { return Ok(None) };
    let Some((user, password)) = registries()?.login(host, path) else {
        debug!("no credentials for {host}");
        return Ok(None);
    };
    Ok(Some(DockerCredentials {
        username: Some(user),
        password: Some(password.expose().to_owned()),
        serveraddress: Some(host.clone()),
        ..DockerCredentials::default()
    }))
}

/// The credentials that all our tools know.
pub(crate) fn registries() -> Result<Registries, Failure> {
    let network = http::NetworkArgs { ca_cert: None, client_cert: None, client_key: None, timeout: HELPERS };
    let args = RegistryArgs { network, plain_http: false };
    Ok(Registries::new(&args, "image-gate", env!("CARGO_PKG_VERSION"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_healthcheck_is_asked_first_when_the_engine_asks_it() {
        let seconds = |number: i64| Some(number * 1_000_000_000);
        let check = |interval, start_period, start_interval| HealthConfig {
            interval,
            start_period,
            start_interval,
            ..HealthConfig::default()
        };
        for (check, sooner, expected) in [
            (check(None, None, None), true, 30),
            (check(Some(0), Some(0), Some(0)), true, 30),
            (check(seconds(7), None, seconds(1)), true, 7),
            (check(seconds(60), seconds(10), None), true, 5),
            (check(seconds(60), seconds(10), seconds(2)), true, 2),
            (check(seconds(60), seconds(10), seconds(2)), false, 60),
        ] {
            assert_eq!(first_asked(&check, sooner), Duration::from_secs(expected), "{check:?} {sooner}");
        }
    }
}
