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
    /// The bytes of those that were mounted.
    pub(crate) bytes_mounted: u64,
    /// The bytes of those that were copied.
    pub(crate) bytes_copied: u64,
    /// The bytes of those that were there.
    pub(crate) bytes_skipped: u64,
}

enum Fate {
    Mounted,
    Copied,
    Skipped,
}

impl Tally {
    fn add(&mut self, fate: &Fate, blob: &Descriptor) {
        let (blobs, bytes) = match fate {
            Fate::Mounted => (&mut self.mounted, &mut self.bytes_mounted),
            Fate::Copied => (&mut self.copied, &mut self.bytes_copied),
            Fate::Skipped => (&mut self.skipped, &mut self.bytes_skipped),
        };
        *blobs += 1;
        *bytes += blob.size;
    }

    /// Was there any blob?
    pub(crate) fn is_empty(&self) -> bool {
        self.mounted + self.copied + self.skipped == 0
    }

    /// What is to be done, for who has not done it: `mount 5 blobs (3.4 MB), copy 0, skip 1 (12 bytes)`.
    pub(crate) fn foreseen(&self) -> String {
        let blobs = if self.mounted == 1 { " blob" } else { " blobs" };
        let mount = weighed(self.mounted, blobs, self.bytes_mounted);
        let copy = weighed(self.copied, "", self.bytes_copied);
        let skip = weighed(self.skipped, "", self.bytes_skipped);
        format!("mount {mount}, copy {copy}, skip {skip}")
    }
}

/// `1 manifest`, `2 manifests`.
pub(crate) fn number_of_manifests(number: usize) -> String {
    format!("{number} manifest{}", if number == 1 { "" } else { "s" })
}

/// A number of things, with their size if there are any.
fn weighed(number: u64, what: &str, bytes: u64) -> String {
    if number == 0 { format!("0{what}") } else { format!("{number}{what} ({})", size(bytes)) }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.mounted += other.mounted;
        self.copied += other.copied;
        self.skipped += other.skipped;
        self.bytes_mounted += other.bytes_mounted;
        self.bytes_copied += other.bytes_copied;
        self.bytes_skipped += other.bytes_skipped;
    }
}

impl fmt::Display for Tally {
    /// `blobs 5 mounted (3.4 MB), 0 copied, 1 there already (12 bytes)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mounted = weighed(self.mounted, " mounted", self.bytes_mounted);
        let copied = weighed(self.copied, " copied", self.bytes_copied);
        let skipped = weighed(self.skipped, " there already", self.bytes_skipped);
        write!(f, "blobs {mounted}, {copied}, {skipped}")
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
            let blobs = weighed(blobs.len() as u64, if blobs.len() == 1 { " blob" } else { " blobs" }, bytes);
            tracing::info!("copying {blobs}; those that are there already are left out");
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
