//! A gate: one command in one image.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use contract::Failure;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::artifact::fetch;
use crate::cli::Pull;
use crate::container::{Spec, called, existing};
use crate::copy::copy;
use crate::environment::Environment;
use crate::image::Image;
use crate::keeper::Keeper;
use crate::relay::Side;
use crate::signals::{Listener, Signals};
use crate::supervise::{Ending, Limits, Refusal, supervise};
use crate::values::{Artifact, Copy, Mount, seconds};

/// Runs each of its arguments in a shell, and ends with the code of the first that fails.
const SETUP: &str = r#"for command; do sh -c "$command" || { code=$?; echo "image-gate: --setup '$command' ended with $code" >&2; exit "$code"; }; done"#;

/// A command in an image, with all that it needs.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    /// What its containers are called.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) who: String,
    pub(crate) image: String,
    pub(crate) pull: Pull,
    pub(crate) command: Vec<String>,
    pub(crate) entrypoint: Option<String>,
    pub(crate) environment: Environment,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) copies: Vec<Copy>,
    pub(crate) setup: Vec<String>,
    pub(crate) artifacts: Vec<Artifact>,
    pub(crate) user: Option<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) network: Option<String>,
    pub(crate) memory: Option<i64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) stop: Duration,
}

/// Where its output goes.
pub(crate) type Output = mpsc::Sender<(Side, Bytes)>;

impl Gate {
    /// Runs it to its end, and fetches its artifacts. What it makes on the engine is the keeper's to remove.
    ///
    /// # Errors
    /// When it cannot be run, or nobody can tell how it ended.
    pub(crate) async fn run(
        &self,
        keeper: &Keeper,
        output: &Output,
        signals: &Signals,
    ) -> Result<Ending, Refusal> {
        let mut listener = signals.listener();
        let deadline = self.timeout.map(|timeout| Instant::now() + timeout);
        let limits = Limits { who: self.who.clone(), deadline, timeout: self.timeout, stop: self.stop };
        let prepared = {
            let overdue = async {
                match deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            let mut inner = signals.listener();
            tokio::select! {
                biased;
                signal = listener.end() => return Ok(Ending::Interrupted(128 + signal.number)),
                () = overdue => {
                    let time = seconds(self.timeout.unwrap_or_default());
                    warn!("pull and setup were not through within {time} s: the timeout is over before {} has begun", self.who);
                    return Ok(Ending::TimedOut);
                }
                prepared = self.prepare(keeper, output, &mut inner) => prepared?,
            }
        };
        let ending = supervise(&keeper.engine, &prepared.container, &limits, output, &mut listener).await?;
        if !matches!(ending, Ending::Interrupted(_)) {
            self.bring_back(keeper, &prepared, ending).await?;
        }
        Ok(ending)
    }

    /// A container that only has to be started.
    async fn prepare(
        &self,
        keeper: &Keeper,
        output: &Output,
        signals: &mut Listener,
    ) -> Result<Prepared, Refusal> {
        let engine = &keeper.engine;
        let image = Image::get(engine, &self.image, self.pull).await?;
        let (mounts, copies) = self.placed(engine.endpoint.is_local())?;
        let called = called(&image, self.entrypoint.as_deref(), &self.command)?;
        let workdir = self.workdir.clone().unwrap_or_else(|| image.workdir.clone());
        let user = self.user.clone().unwrap_or_else(|| image.user.clone());
        let mut spec = Spec {
            image: image.id,
            environment: self.environment.pairs.clone(),
            entrypoint: Some(called.entrypoint),
            command: Some(called.command),
            user: self.user.clone(),
            workdir: self.workdir.clone(),
            network: self.network.clone(),
            memory: self.memory,
            mounts,
            ..Spec::default()
        };
        if self.setup.is_empty() {
            let container = keeper.create(&self.name, &self.image, spec.body()?).await?;
            copy(engine, &container, &copies, &user).await?;
            return Ok(Prepared { container, workdir });
        }
        let first = Spec {
            entrypoint: Some(["/bin/sh", "-c", SETUP, "setup"].map(str::to_owned).to_vec()),
            command: Some(self.setup.clone()),
            user: Some("0:0".into()),
            ..spec.clone()
        };
        let first = keeper.create(&format!("{}-setup", self.name), &self.image, first.body()?).await?;
        copy(engine, &first, &copies, &user).await?;
        let who = format!("--setup of {}", self.who);
        let limits = Limits { who, deadline: None, timeout: None, stop: self.stop };
        match supervise(engine, &first, &limits, output, signals).await {
            Ok(Ending::Exited { code: 0, .. }) => {}
            Ok(Ending::Exited { code, .. }) => {
                return Err(Failure::failed(format!(
                    "--setup ended with {code}, so the command was not run"
                ))
                .hint("what it said stands above")
                .into());
            }
            Ok(Ending::TimedOut | Ending::Interrupted(_)) => {
                return Err(Failure::failed("--setup was ended").into());
            }
            Err(Refusal::NotFound(why) | Refusal::NotExecutable(why)) => {
                return Err(Failure::failed(format!("cannot run --setup: {why}"))
                    .hint("it needs /bin/sh in the image")
                    .into());
            }
            Err(other) => return Err(other),
        }
        spec.image = keeper.commit(&first, &self.name).await?;
        spec.volumes_from = Some(first);
        // The image that was kept has what root ran as with it.
        spec.user = Some(user);
        let container = keeper.create(&self.name, &self.image, spec.body()?).await?;
        Ok(Prepared { container, workdir })
    }

    /// An engine elsewhere has none of our files: there what was to be mounted is copied.
    fn placed(&self, local: bool) -> Result<(Vec<Mount>, Vec<Copy>), Failure> {
        for copy in &self.copies {
            existing(&copy.source, "copy")?;
        }
        let mut copies = self.copies.clone();
        if local {
            return Ok((self.mounts.clone(), copies));
        }
        for mount in &self.mounts {
            existing(&mount.source, "copy")?;
            info!(
                "{} is copied to {}, for the engine is elsewhere: what changes there stays there",
                mount.source.display(),
                mount.target
            );
            copies.push(Copy { source: mount.source.clone(), target: mount.target.clone() });
        }
        Ok((Vec::new(), copies))
    }

    async fn bring_back(&self, keeper: &Keeper, prepared: &Prepared, ending: Ending) -> Result<(), Failure> {
        for artifact in &self.artifacts {
            match fetch(&keeper.engine, &prepared.container, &prepared.workdir, artifact).await {
                // The code of a command that failed says more than that its report is lost.
                Err(failure) if ending != (Ending::Exited { code: 0, out_of_memory: false }) => {
                    warn!("{failure}")
                }
                other => other?,
            }
        }
        Ok(())
    }
}

struct Prepared {
    container: String,
    workdir: String,
}

/// A path of ours as people know it.
pub(crate) fn below(folder: &Path, path: &Path) -> std::path::PathBuf {
    if path.is_absolute() { path.to_owned() } else { folder.join(path) }
}
