//! Builds the image: by the engine itself, or by buildx for what only BuildKit can do.

pub(crate) mod buildx;
mod context;
pub(crate) mod program;

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use bollard::auth::DockerCredentials;
use bollard::models::BuildInfo;
use bollard::query_parameters::BuildImageOptionsBuilder;
use bytes::Bytes;
use contract::Failure;
use futures_util::StreamExt;
use registry::{Reference, Repository};
use tracing::{debug, info};

use crate::cli::Pull;
use crate::gate::{Output, below};
use crate::image::{Image, registries};
use crate::keeper::{Keeper, Thing};
use crate::pipeline::file::Build;
use crate::relay::Side;

/// A build with everything that is known only when it begins.
pub(crate) struct Job<'a> {
    pub(crate) build: &'a Build,
    /// Where `gates.toml` is.
    pub(crate) folder: &'a Path,
    /// What the image is called on the engine.
    pub(crate) image: &'a str,
    pub(crate) labels: HashMap<String, String>,
}

impl Job<'_> {
    pub(crate) fn context(&self) -> PathBuf {
        plain(&below(self.folder, &self.build.context))
    }

    pub(crate) fn dockerfile(&self) -> PathBuf {
        plain(&self.context().join(&self.build.dockerfile))
    }

    /// # Errors
    /// When there is nothing that it could be built by.
    pub(crate) fn described(&self) -> Result<(), Failure> {
        let dockerfile = self.dockerfile();
        if dockerfile.is_file() {
            return Ok(());
        }
        Err(Failure::usage(format!("cannot build {}: there is no {}", self.image, dockerfile.display()))
            .hint("dockerfile of [build] names it, seen from context"))
    }

    /// Builds it, and returns the ID of the image, which no other run can move.
    ///
    /// # Errors
    /// When the build fails.
    pub(crate) async fn run(&self, keeper: &Keeper, output: &Output) -> Result<String, Failure> {
        self.described()?;
        info!("building {}", self.image);
        if self.build.is_by_buildx() {
            buildx::run(self, &keeper.engine, output).await
        } else {
            self.by_engine(keeper, output).await
        }
    }

    async fn by_engine(&self, keeper: &Keeper, output: &Output) -> Result<String, Failure> {
        let engine = &keeper.engine;
        let attempt = format!("build {}", self.image);
        let context = self.context();
        let body = context::packed(&context, &self.build.dockerfile).map_err(|error| {
            Failure::failed(format!("cannot read the context {}", context.display())).because(error)
        })?;
        let mut options = BuildImageOptionsBuilder::new()
            .dockerfile(&self.build.dockerfile)
            .t(self.image)
            .buildargs(&self.build.args.clone().into_iter().collect::<HashMap<_, _>>())
            .labels(&self.labels)
            .cachefrom(&self.build.cache_from)
            .rm(true)
            .forcerm(true);
        if self.build.pull {
            options = options.pull("true");
        }
        if let Some(target) = &self.build.target {
            options = options.target(target);
        }
        if let Some(platform) = &self.build.platform {
            options = options.platform(platform);
        }
        for reference in &self.build.cache_from {
            // The engine looks only at what it has. Before the first build there is nothing to be had.
            if let Err(failure) = Image::get(engine, reference, Pull::Always).await {
                debug!("no cache: {failure}");
            }
        }
        let logins = self.logins()?;
        let mut steps = std::pin::pin!(engine.api.build_image(
            options.build(),
            Some(logins),
            Some(bollard::body_try_stream(body))
        ));
        let mut workshop = Workshop { keeper, container: None };
        let mut id = None;
        while let Some(step) = steps.next().await {
            let step: BuildInfo = step.map_err(|error| engine.failure(&attempt, error))?;
            if let Some(detail) = step.error_detail {
                let why = detail.message.unwrap_or_default();
                return Err(Failure::failed(format!("cannot {attempt}: {why}"))
                    .hint("what was built before stands above"));
            }
            id = step.aux.and_then(|aux| aux.id).or(id);
            if let Some(text) = step.stream.or(step.status) {
                workshop.read(&text);
                say(output, text).await;
            }
        }
        workshop.container = None;
        match id {
            Some(id) => Ok(id),
            None => {
                let found = engine.api.inspect_image(self.image).await;
                let found = found.map_err(|error| engine.failure(&attempt, error))?;
                found.id.ok_or_else(|| Failure::failed(format!("cannot {attempt}: the engine tells no ID")))
            }
        }
    }

    /// Who we are for the registries that the build may pull from.
    fn logins(&self) -> Result<HashMap<String, DockerCredentials>, Failure> {
        let text = std::fs::read_to_string(self.dockerfile()).unwrap_or_default();
        let from = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            let keyword = words.next()?.eq_ignore_ascii_case("from");
            keyword.then(|| words.find(|word| !word.starts_with("--")))?
        });
        // A base image may come in by an argument, or by its default.
        let defaults = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("ARG ")?.split_once('='))
            .map(|(_, value)| value);
        let names = from.chain(defaults).chain(self.build.args.values().map(String::as_str));
        let names = names.chain(self.build.cache_from.iter().map(String::as_str));
        let references: Vec<Reference> =
            names.filter_map(|name| name.trim_matches('"').parse().ok()).collect();
        let known = registries()?;
        let mut logins = HashMap::new();
        for reference in references {
            let Repository::Remote { host, path } = reference.repository else { continue };
            if logins.contains_key(&host) {
                continue;
            }
            if let Some((user, password)) = known.login(&host, &path) {
                let login = DockerCredentials {
                    username: Some(user),
                    password: Some(password.expose().to_owned()),
                    ..DockerCredentials::default()
                };
                let key = if host == "docker.io" { "https://index.docker.io/v1/".to_owned() } else { host };
                logins.insert(key, login);
            }
        }
        Ok(logins)
    }
}

/// The path without `.`, as people write it.
fn plain(path: &Path) -> PathBuf {
    let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if plain.as_os_str().is_empty() { ".".into() } else { plain }
}

/// The container that the engine builds in. It removes it by itself, but after an interruption that takes it a while, and
/// then there should be nothing left.
struct Workshop<'a> {
    keeper: &'a Keeper,
    container: Option<String>,
}

impl Workshop<'_> {
    /// The engine tells of it only in what it prints.
    fn read(&mut self, text: &str) {
        if let Some((_, id)) = text.split_once("---> Running in ") {
            self.container = Some(id.trim().to_owned());
        } else if text.starts_with("Step ") {
            self.container = None;
        }
    }
}

impl Drop for Workshop<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.container.take() {
            self.keeper.adopt(Thing::Container(id));
        }
    }
}

/// Puts text where the output of steps goes.
pub(crate) async fn say(output: &Output, text: impl Into<Bytes>) {
    // Whoever writes has its own error to tell.
    let _ = output.send((Side::Err, text.into())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_as_it_would_be_written() {
        for (path, expected) in [
            ("././Dockerfile", "Dockerfile"),
            ("./.", "."),
            ("./a/./b", "a/b"),
            ("../x", "../x"),
            ("/a/.", "/a"),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
