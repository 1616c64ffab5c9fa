//! `docker buildx build`: secrets, and a cache that is written to a registry.

use contract::Failure;

use super::{Job, program};
use crate::engine::Engine;
use crate::gate::Output;
use crate::upload::no_temporary;

/// The command line. Secrets are named, never spelled out.
pub(crate) fn arguments(job: &Job<'_>, id_file: &str) -> Vec<String> {
    let build = job.build;
    let mut words: Vec<String> =
        ["docker", "buildx", "build", "--progress", "plain", "--load"].map(str::to_owned).to_vec();
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    option("--iidfile", id_file.to_owned());
    option("--file", job.dockerfile().display().to_string());
    option("--tag", job.image.to_owned());
    for (name, value) in &build.args {
        option("--build-arg", format!("{name}={value}"));
    }
    let mut labels: Vec<_> = job.labels.iter().collect();
    labels.sort();
    for (name, value) in labels {
        option("--label", format!("{name}={value}"));
    }
    for name in &build.secrets {
        option("--secret", format!("id={name},env={name}"));
    }
    for reference in &build.cache_from {
        option("--cache-from", format!("type=registry,ref={reference}"));
    }
    if let Some(reference) = &build.cache_to {
        // Of all stages, or what was built before the last one is built again.
        option(
            "--cache-to",
            format!(
                "type=registry,ref={reference},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"
            ),
        );
    }
    if let Some(target) = &build.target {
        option("--target", target.clone());
    }
    if let Some(platform) = &build.platform {
        option("--platform", platform.clone());
    }
    if build.pull {
        words.push("--pull".into());
    }
    words.push(job.context().display().to_string());
    words
}

/// # Errors
/// When the variable of a secret is not set.
pub(crate) fn is_set(name: &str) -> Result<(), Failure> {
    match std::env::var_os(name) {
        Some(_) => Ok(()),
        None => Err(Failure::usage(format!(
            "cannot hand the secret {name} to the build: the variable is not set"
        ))
        .hint(format!("set {name}, or take it out of secrets of [build]"))),
    }
}

pub(super) async fn run(job: &Job<'_>, engine: &Engine, output: &Output) -> Result<String, Failure> {
    job.build.secrets.iter().try_for_each(|name| is_set(name))?;
    let unreadable =
        |error: std::io::Error| Failure::failed("cannot learn what buildx has built").because(error);
    let folder = tempfile::tempdir().map_err(no_temporary).map_err(unreadable)?;
    let file = folder.path().join("id");
    program::passed_on(&arguments(job, &file.display().to_string()), job.folder, output).await?;
    let id = std::fs::read_to_string(&file).map_err(unreadable)?.trim().to_owned();
    let found = engine.api.inspect_image(&id).await;
    found.map_err(|error| {
        engine
            .failure(&format!("find on this engine what buildx has built, {id}"), error)
            .hint("the builder of buildx has to belong to this engine: docker buildx use default")
    })?;
    Ok(id)
}
