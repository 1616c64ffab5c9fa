//! Brings content from one store to another: the only place that writes blobs and manifests.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::progress::{Progress, size};
use futures_util::stream::{self, TryStreamExt};
use registry::{Blob, Descriptor, Error, Manifest, Mounted, Remote, Store, Which, Written};

use crate::tree::blobs_of;

/// A blob that breaks off on its way is begun anew this often.
const ATTEMPTS: u32 = 3;
/// A manifest that is refused for want of a blob is written again this often, with growing pauses.
const ROUNDS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(60);

/// From where to where, and how much at a time.
pub(crate) struct Transfer<'a> {
    pub(crate) from: &'a Store,
    pub(crate) to: &'a Store,
    pub(crate) jobs: usize,
}

/// What became of the blobs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Taken over inside the registry.
    pub(crate) mounted: u64,
    /// Sent through this machine.
    pub(crate) copied: u64,
    /// There already.
    pub(crate) skipped: u64,
    /// The bytes of those that were copied.
    pub(crate) bytes: u64,
}

enum Fate {
    Mounted,
    Copied,
    Skipped,
}

impl Tally {
    fn add(&mut self, fate: &Fate, blob: &Descriptor) {
        match fate {
            Fate::Mounted => self.mounted += 1,
            Fate::Skipped => self.skipped += 1,
            Fate::Copied => {
                self.copied += 1;
                self.bytes += blob.size;
            }
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.mounted += other.mounted;
        self.copied += other.copied;
        self.skipped += other.skipped;
        self.bytes += other.bytes;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mounted, copied, skipped, bytes } = self;
        write!(f, "blobs: {mounted} mounted, {copied} copied ({bytes} bytes), {skipped} there already")
    }
}

impl Transfer<'_> {
    /// What [`Transfer::blobs`] would do, as far as that can be known without doing it.
    ///
    /// # Errors
    /// When the destination cannot say what it has.
    pub(crate) async fn foresee(&self, blobs: Vec<Descriptor>) -> Result<Tally, Error> {
        let progress = Progress::new("blobs", blobs.len() as u64, 0);
        self.each(blobs, &progress, |blob| async move {
            Ok(match can_mount(self.from, self.to) {
                Some(_) => Fate::Mounted,
                None if self.to.has_blob(&blob).await? => Fate::Skipped,
                None => Fate::Copied,
            })
        })
        .await
    }

    /// Brings all blobs to the destination.
    ///
    /// # Errors
    /// The first that a blob ends in.
    pub(crate) async fn blobs(&self, blobs: Vec<Descriptor>) -> Result<Tally, Error> {
        let bytes = blobs.iter().map(|blob| blob.size).sum();
        if can_mount(self.from, self.to).is_none() && !blobs.is_empty() {
            tracing::info!("copying {} blobs, {}, but for those that are there", blobs.len(), size(bytes));
        }
        let progress = &Progress::new("blobs", blobs.len() as u64, bytes);
        self.each(blobs, progress, |blob| async move { self.blob(&blob, progress).await }).await
    }

    async fn each<F>(
        &self,
        blobs: Vec<Descriptor>,
        progress: &Progress,
        bring: impl Fn(Descriptor) -> F,
    ) -> Result<Tally, Error>
    where
        F: Future<Output = Result<Fate, Error>>,
    {
        let work = blobs.into_iter().map(|blob| {
            let fate = bring(blob.clone());
            async move { Ok((fate.await?, blob)) }
        });
        let work = stream::iter(work.map(Ok)).try_buffer_unordered(self.jobs);
        work.try_fold(Tally::default(), |mut tally, (fate, blob)| async move {
            tally.add(&fate, &blob);
            if !matches!(fate, Fate::Copied) {
                progress.spare(blob.size);
            }
            progress.item();
            Ok(tally)
        })
        .await
    }

    async fn blob(&self, blob: &Descriptor, progress: &Progress) -> Result<Fate, Error> {
        if let Some((from, to)) = can_mount(self.from, self.to) {
            match to.mount(&blob.digest, from).await? {
                Mounted::Done => return Ok(Fate::Mounted),
                Mounted::Upload(upload) => {
                    // The upload is open already: asking first whether the blob is there would be a request more.
                    let way = Way::new(progress);
                    match to.upload(upload, way.watch(from.blob(blob).await?)).await {
                        Ok(()) => return Ok(Fate::Copied),
                        Err(error) => {
                            way.in_vain();
                            tracing::debug!("trying {} again: {error}", blob.digest);
                        }
                    }
                }
                Mounted::Refused => {}
            }
        }
        if self.to.has_blob(blob).await? {
            return Ok(Fate::Skipped);
        }
        self.copy_patiently(blob, progress).await.map(|()| Fate::Copied)
    }

    /// Begins anew when the way breaks off.
    async fn copy_patiently(&self, blob: &Descriptor, progress: &Progress) -> Result<(), Error> {
        let mut attempt = 1;
        loop {
            let way = Way::new(progress);
            match self.copy(blob, &way).await {
                Err(error @ Error::Http(_)) if attempt < ATTEMPTS => {
                    way.in_vain();
                    tracing::debug!("beginning {} anew: {error}", blob.digest);
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn copy(&self, blob: &Descriptor, way: &Way) -> Result<(), Error> {
        self.to.put_blob(way.watch(self.from.blob(blob).await?)).await
    }

    /// Writes manifests under their digests. What they lead to has to be there.
    ///
    /// # Errors
    /// When the destination does not take one.
    pub(crate) async fn manifests(&self, manifests: &[Manifest]) -> Result<(), Error> {
        let work = manifests.iter().map(|manifest| Ok(self.manifest(manifest)));
        stream::iter(work).try_buffer_unordered(self.jobs).try_collect::<Vec<()>>().await.map(drop)
    }

    async fn manifest(&self, manifest: &Manifest) -> Result<(), Error> {
        self.put(manifest, &Which::Digest(manifest.digest().clone())).await.map(drop)
    }

    /// Writes one manifest. A registry may miss a blob for a moment, while somebody else writes the same one, or for
    /// good, whatever it said before: so it gets a little time, and then all blobs sent once.
    ///
    /// # Errors
    /// When the destination does not take it all the same.
    pub(crate) async fn put(&self, manifest: &Manifest, which: &Which) -> Result<Written, Error> {
        let mut round = 0;
        loop {
            let error = match self.to.put_manifest(manifest, which).await {
                Err(error) if error.is_about_missing_content() && round < ROUNDS => error,
                result => return result,
            };
            round += 1;
            tracing::debug!("writing {which} again: {error}");
            tokio::time::sleep(PAUSE.mul_f64(f64::from(round) + fastrand::f64())).await;
            if round == 2 {
                tracing::debug!("sending all blobs of {} again", manifest.digest());
                let blobs = blobs_of([manifest]);
                let progress = Progress::new("blobs", 0, blobs.iter().map(|blob| blob.size).sum());
                let work = blobs.iter().map(|blob| Ok(self.copy_patiently(blob, &progress)));
                stream::iter(work).try_buffer_unordered(self.jobs).try_collect::<Vec<()>>().await?;
            }
        }
    }
}

/// The two ends of a copy inside of one registry, where blobs can be mounted.
fn can_mount<'a>(from: &'a Store, to: &'a Store) -> Option<(&'a Remote, &'a Remote)> {
    match (from, to) {
        (Store::Remote(from), Store::Remote(to)) if from.shares_registry_with(to) => Some((from, to)),
        _ => None,
    }
}

/// One attempt to bring a blob, as far as it got.
struct Way {
    progress: Progress,
    passed: Arc<AtomicU64>,
}

impl Way {
    fn new(progress: &Progress) -> Self {
        Self { progress: progress.clone(), passed: Arc::default() }
    }

    fn watch(&self, blob: Blob) -> Blob {
        let (progress, passed) = (self.progress.clone(), Arc::clone(&self.passed));
        blob.watched(move |bytes| {
            let bytes = bytes as u64;
            passed.fetch_add(bytes, Ordering::Relaxed);
            progress.advance(bytes);
        })
    }

    /// What has passed has to pass again.
    fn in_vain(&self) {
        self.progress.retreat(self.passed.load(Ordering::Relaxed));
    }
}
