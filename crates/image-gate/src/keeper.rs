//! Removes what a run has made on the engine: at success, failure, timeout and signal, and what killed runs have left.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bollard::models::{ContainerConfig, ContainerCreateBody};
use bollard::query_parameters::{
    CommitContainerOptionsBuilder, CreateContainerOptionsBuilder, ListContainersOptionsBuilder,
    ListImagesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
};
use contract::Failure;
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use crate::engine::{Engine, is_absent, is_conflict};
use crate::owner::{Fate, Owner, RUN, fate};

/// How long a request that was given up goes on, so that what it makes can be removed.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a run that is through goes on looking for what others have left.
const SWEEP: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(200);

/// What a run makes on an engine. It is removed by [`Keeper::clear`], which every way out of a run passes.
pub(crate) struct Keeper {
    pub(crate) engine: Engine,
    pub(crate) owner: Owner,
    keep: bool,
    made: Arc<Mutex<Vec<Thing>>>,
    /// Requests that make something. They go on when nobody waits for them any more: one that was cut off may have been
    /// heard all the same.
    open: Mutex<Vec<JoinHandle<()>>>,
}

/// Something on an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Thing {
    /// A container, by name or ID.
    Container(String),
    /// An image, by name or ID.
    Image(String),
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Container(name) => write!(f, "container {name}"),
            Self::Image(name) => write!(f, "image {name}"),
        }
    }
}

impl Keeper {
    pub(crate) fn new(engine: Engine, owner: Owner, keep: bool) -> Self {
        Self { engine, owner, keep, made: Arc::default(), open: Mutex::default() }
    }

    /// Does the work, looks meanwhile for what killed runs have left, and removes afterwards what was made.
    pub(crate) async fn around<T>(&self, work: impl Future<Output = T>) -> T {
        let (mut work, mut sweep) = (std::pin::pin!(work), std::pin::pin!(self.sweep()));
        let mut swept = false;
        let result = loop {
            tokio::select! {
                biased;
                result = &mut work => break result,
                () = &mut sweep, if !swept => swept = true,
            }
        };
        let rest = async {
            if !swept {
                // The next run goes on with it.
                let _ = tokio::time::timeout(SWEEP, sweep).await;
            }
        };
        tokio::join!(self.clear(), rest);
        result
    }

    /// Makes a container of an image, for people called `image`, with our labels. Its name is `what`, made unique.
    pub(crate) async fn create(
        &self,
        what: &str,
        image: &str,
        mut body: ContainerCreateBody,
    ) -> Result<String, Failure> {
        let name = self.owner.name(what);
        body.labels.get_or_insert_default().extend(self.owner.labels());
        let image = image.to_owned();
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let (engine, container) = (self.engine.clone(), name.clone());
        self.make(Thing::Container(name.clone()), async move {
            match engine.api.create_container(Some(options), body).await {
                Ok(made) => {
                    made.warnings.iter().for_each(|warning| debug!("{container}: {warning}"));
                    Ok(())
                }
                Err(error) => Err(engine.failure(&format!("make a container of {image}"), error)),
            }
        })
        .await?;
        Ok(name)
    }

    /// Makes an image of what a container has become.
    pub(crate) async fn commit(&self, container: &str, what: &str) -> Result<String, Failure> {
        let name = format!("{}:latest", self.owner.name(what));
        let options = CommitContainerOptionsBuilder::new()
            .container(container)
            .repo(&self.owner.name(what))
            .tag("latest")
            .pause(false)
            .build();
        let config = ContainerConfig { labels: Some(self.owner.labels()), ..ContainerConfig::default() };
        let engine = self.engine.clone();
        self.make(Thing::Image(name.clone()), async move {
            let made = engine.api.commit_container(options, config).await;
            made.map(drop).map_err(|error| engine.failure("keep what --setup has done", error))
        })
        .await?;
        Ok(name)
    }

    /// Takes over what the engine has made for itself, and may have left by now.
    pub(crate) fn adopt(&self, thing: Thing) {
        if !self.keep {
            lock(&self.made).push(thing);
        }
    }

    /// Remembers the thing before it is there, and makes it in a task of its own.
    async fn make(
        &self,
        thing: Thing,
        request: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) -> Result<(), Failure> {
        lock(&self.made).push(thing);
        let (tell, told) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            // Whoever waited may have gone.
            let _ = tell.send(request.await);
        });
        lock(&self.open).push(task);
        told.await.unwrap_or_else(|_| Err(Failure::failed("the request to the engine was given up")))
    }

    /// Removes everything this run has made.
    pub(crate) async fn clear(&self) {
        let open = std::mem::take(&mut *lock(&self.open));
        for task in open {
            // A request that hangs for so long is found by the next run, if it makes anything at all.
            let _ = tokio::time::timeout(PATIENCE, task).await;
        }
        let made = std::mem::take(&mut *lock(&self.made));
        if self.keep {
            for thing in made {
                info!("left for you to look at: {thing}");
            }
            return;
        }
        let (containers, images): (Vec<_>, Vec<_>) =
            made.into_iter().partition(|thing| matches!(thing, Thing::Container(_)));
        // An image goes when nobody uses it any more.
        for things in [containers, images] {
            join_all(things.iter().map(|thing| async move {
                if let Err(failure) = remove(&self.engine, thing).await {
                    warn!("{failure}; 'image-gate prune' removes it as soon as the engine lets it");
                }
            }))
            .await;
        }
    }

    /// Removes what killed runs have left.
    pub(crate) async fn sweep(&self) {
        match abandoned(&self.engine, false).await {
            Ok(things) => {
                for thing in things {
                    match remove(&self.engine, &thing).await {
                        Ok(true) => info!("removed the {thing}, which a killed run had left"),
                        // Another run was quicker.
                        Ok(false) => {}
                        Err(failure) => warn!("{failure}"),
                    }
                }
            }
            Err(failure) => debug!("nobody looked for what killed runs have left: {failure}"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes it by force, with the volumes that have no name. Was it there?
pub(crate) async fn remove(engine: &Engine, thing: &Thing) -> Result<bool, Failure> {
    let mut tries = 0;
    loop {
        let result = match thing {
            Thing::Container(name) => {
                let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
                engine.api.remove_container(name, Some(options)).await
            }
            Thing::Image(name) => {
                let options = RemoveImageOptionsBuilder::new().force(true).build();
                engine.api.remove_image(name, Some(options), None).await.map(drop)
            }
        };
        tries += 1;
        match result {
            Ok(()) => return Ok(true),
            Err(error) if is_absent(&error) => return Ok(false),
            // Somebody else is removing it, or a process takes its time to die.
            Err(error) if tries < 10 && is_conflict(&error) => tokio::time::sleep(AGAIN).await,
            Err(error) if tries < 3 && crate::engine::said(&error).is_some() => {
                tokio::time::sleep(AGAIN).await
            }
            Err(error) => return Err(engine.failure(&format!("remove the {thing}"), error)),
        }
    }
}

/// What runs have made that are no more; with `all`, what any run has made.
pub(crate) async fn abandoned(engine: &Engine, all: bool) -> Result<Vec<Thing>, Failure> {
    let filters = HashMap::from([("label".to_owned(), vec![RUN.to_owned()])]);
    let containers = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
    let images = ListImagesOptionsBuilder::new().filters(&filters).build();
    let (containers, images) =
        tokio::join!(engine.api.list_containers(Some(containers)), engine.api.list_images(Some(images)));
    let list = |error| engine.failure("list what killed runs have left", error);
    let now = SystemTime::now();
    let is_left = |labels: &HashMap<String, String>| all || fate(labels, now) == Fate::Gone;
    let containers = containers.map_err(list)?.into_iter();
    let containers = containers.filter(|container| container.labels.as_ref().is_some_and(is_left));
    let images = images.map_err(list)?.into_iter().filter(|image| is_left(&image.labels));
    // A name goes with its image; an image that lost its name goes by its ID.
    let name = |names: &[String], id: String| {
        names.first().filter(|name| *name != "<none>:<none>").cloned().unwrap_or(id)
    };
    Ok(containers
        .filter_map(|container| {
            let names = container.names.unwrap_or_default();
            let name = names.first().map(|name| name.trim_start_matches('/').to_owned());
            name.or(container.id).map(Thing::Container)
        })
        .chain(images.map(|image| Thing::Image(name(&image.repo_tags, image.id))))
        .collect())
}
