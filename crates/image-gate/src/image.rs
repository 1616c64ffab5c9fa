//! An image of the engine.

use bollard::auth::DockerCredentials;
use bollard::models::ImageInspect;
use bollard::query_parameters::CreateImageOptionsBuilder;
use contract::Failure;
use futures_util::StreamExt;
use registry::{Reference, Registries, RegistryArgs, Repository};
use tracing::{debug, info};

use crate::cli::Pull;
use crate::engine::{Engine, is_absent};

/// Time for a helper of docker's credentials.
const HELPERS: u64 = 30;

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
    /// Has it a HEALTHCHECK, and how often is it asked?
    pub(crate) healthcheck: Option<std::time::Duration>,
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
        match engine.api.inspect_image(name).await {
            Ok(found) => Ok(Self::of(found)),
            Err(error) if is_absent(&error) && pull == Pull::Missing => {
                pull_image(engine, name).await?;
                let found = engine.api.inspect_image(name).await;
                Ok(Self::of(found.map_err(|error| engine.failure(&format!("read the image {name}"), error))?))
            }
            Err(error) if is_absent(&error) => {
                Err(Failure::failed(format!("there is no image {name} on the engine at {}", engine.endpoint))
                    .hint("build it there first; --pull missing gets it from its registry"))
            }
            Err(error) => Err(engine.failure(&format!("read the image {name}"), error)),
        }
    }

    fn of(found: ImageInspect) -> Self {
        let config = found.config.unwrap_or_default();
        let nanoseconds =
            |number: i64| std::time::Duration::from_nanos(u64::try_from(number).unwrap_or_default());
        let healthcheck = config.healthcheck.filter(|check| {
            let test = check.test.as_deref().unwrap_or_default();
            !matches!(test.first().map(String::as_str), None | Some("NONE" | ""))
        });
        let interval = |interval: i64| {
            if interval > 0 { nanoseconds(interval) } else { std::time::Duration::from_secs(30) }
        };
        Self {
            id: found.id.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            workdir: config.working_dir.filter(|folder| !folder.is_empty()).unwrap_or_else(|| "/".into()),
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            ports: ports(config.exposed_ports.unwrap_or_default()),
            healthcheck: healthcheck.map(|check| interval(check.interval.unwrap_or_default())),
        }
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
    let reference: Reference = name.parse().map_err(|error: registry::InvalidReference| {
        Failure::failed(format!("there is no image {name} on the engine at {}", engine.endpoint))
            .because(error)
    })?;
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
