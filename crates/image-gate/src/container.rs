//! What a container is made of.

use std::collections::HashMap;
use std::path::PathBuf;

use bollard::models::{ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, PortBinding};
use contract::Failure;

use crate::image::Image;
use crate::values;

/// A container to be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spec {
    /// The ID of its image.
    pub(crate) image: String,
    /// `NAME=VALUE`
    pub(crate) environment: Vec<String>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) command: Option<Vec<String>>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) network: Option<String>,
    pub(crate) memory: Option<i64>,
    pub(crate) mounts: Vec<values::Mount>,
    /// A container whose volumes this one shares.
    pub(crate) volumes_from: Option<String>,
    /// `8080/tcp`, and the address of the engine's machine that it is published at.
    pub(crate) published: Vec<(String, String)>,
    /// Is its log kept, to be asked for?
    pub(crate) logged: bool,
}

impl Spec {
    /// As the engine takes it.
    ///
    /// # Errors
    /// When what is to be mounted is not there.
    pub(crate) fn body(&self) -> Result<ContainerCreateBody, Failure> {
        let mounts = self.mounts.iter().map(bind).collect::<Result<Vec<_>, _>>()?;
        // Whoever is attached sees everything; a log beside that would be written for nobody.
        let driver = if self.logged { "json-file" } else { "none" };
        let log = HostConfigLogConfig { typ: Some(driver.into()), config: None };
        let bindings = self.published.iter().map(|(port, address)| {
            let binding = PortBinding { host_ip: Some(address.clone()), host_port: None };
            (port.clone(), Some(vec![binding]))
        });
        let host = HostConfig {
            mounts: Some(mounts),
            memory: self.memory,
            // Without swap beside it, or it is no limit.
            memory_swap: self.memory,
            network_mode: self.network.clone(),
            volumes_from: self.volumes_from.clone().map(|container| vec![container]),
            log_config: Some(log),
            port_bindings: Some(bindings.collect::<HashMap<_, _>>()),
            ..HostConfig::default()
        };
        Ok(ContainerCreateBody {
            image: Some(self.image.clone()),
            env: Some(self.environment.clone()),
            entrypoint: self.entrypoint.clone(),
            cmd: self.command.clone(),
            user: self.user.clone(),
            working_dir: self.workdir.clone(),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            // What the image does not expose is published only when the container does.
            exposed_ports: Some(self.published.iter().map(|(port, _)| port.clone()).collect()),
            tty: Some(false),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        })
    }
}

fn bind(mount: &values::Mount) -> Result<Mount, Failure> {
    let source = existing(&mount.source, "mount")?;
    Ok(Mount {
        target: Some(mount.target.clone()),
        source: Some(source.to_string_lossy().into_owned()),
        typ: Some(MountType::BIND),
        read_only: Some(mount.read_only),
        ..Mount::default()
    })
}

/// The path of something of ours, as the engine has to know it.
pub(crate) fn existing(path: &std::path::Path, attempt: &str) -> Result<PathBuf, Failure> {
    std::fs::canonicalize(path).map_err(|error| {
        // Whoever reads this in a job's log does not know where that job was.
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        Failure::failed(format!("cannot {attempt} {}", whole.display()))
            .because(error)
            .hint("what stands before the colon is a file or folder of this machine")
    })
}

/// What a container runs.
pub(crate) struct Called {
    pub(crate) entrypoint: Vec<String>,
    pub(crate) command: Vec<String>,
}

/// Entry point and command of a container of this image, when these were asked for; as docker puts them together.
pub(crate) fn called(image: &Image, entrypoint: Option<&str>, command: &[String]) -> Result<Called, Failure> {
    // Another entry point has no use for the arguments of the first.
    let own = if entrypoint.is_none() { image.command.clone() } else { Vec::new() };
    let command = if command.is_empty() { own } else { command.to_vec() };
    // An empty one is none, for the engine as for docker.
    let entrypoint = entrypoint.map_or_else(|| image.entrypoint.clone(), |text| vec![text.to_owned()]);
    if command.is_empty() && entrypoint.iter().all(String::is_empty) {
        return Err(Failure::usage("there is no command to run")
            .hint("the image has none of its own: give one behind --"));
    }
    Ok(Called { entrypoint, command })
}
