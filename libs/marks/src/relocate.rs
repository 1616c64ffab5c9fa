//! A mark that only one image carries, such as `release-prod`: it moves from one to the next.

use registry::Digest;
use serde::Serialize;

use crate::backend::{Backend, Subject};
use crate::tagged::Lock;
use crate::{Assignment, Error, Outcome, Provenance, Step};

/// What moving a mark did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moved {
    /// What became of the image that carries it now.
    pub target: Outcome,
    /// The images that carried it before.
    pub others: Vec<Cleared>,
    /// Who carries it after all, besides the target: somebody else moved it at the same time.
    pub left: Vec<Digest>,
}

/// An image that is not to carry a mark any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cleared {
    /// The image.
    pub digest: Digest,
    /// Why it carries the mark still, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Moved {
    /// Does the target carry the mark, and nobody else?
    pub fn is_done(&self) -> bool {
        self.target.failure.is_none()
            && self.left.is_empty()
            && self.others.iter().all(|other| other.failure.is_none())
    }
}

impl Backend {
    /// Sets a mark on `subject`, then unsets it on all other images of `within`, or of this repository, and looks again.
    ///
    /// In this order a job that dies half-way leaves two images with the mark, never none, and the next run heals that.
    ///
    /// # Errors
    /// When there is no repository `within`, or marks cannot be read. What could not be written, or is not as it should be in the end, is told in [`Moved`].
    pub async fn relocate(
        &self,
        mark: &Assignment,
        subject: &Subject,
        within: Option<&Self>,
        provenance: &Provenance,
        dry_run: bool,
    ) -> Result<Moved, Error> {
        let step = Step::set(mark);
        self.check(std::slice::from_ref(&step))?;
        let place = within.filter(|within| !within.is_same_place(self));
        if let Some(place) = place {
            // A slip in its name must not look as if nobody else had the mark.
            place.ensure().await?;
        }
        let _locks = if dry_run { Vec::new() } else { self.lock_with(place)? };
        let target = self.apply_locked(subject, &[step], provenance, dry_run).await?.remove(0);
        let mut moved = Moved { target, others: Vec::new(), left: Vec::new() };
        if moved.target.failure.is_some() {
            return Ok(moved);
        }
        let others = self.others(place, mark, subject).await?;
        for digest in others {
            let failure = match place.unwrap_or(self) {
                _ if dry_run => None,
                place => match place.clear(&digest, &mark.key, provenance).await {
                    Ok(failure) => failure,
                    Err(error) => Some(error.in_a_line()),
                },
            };
            moved.others.push(Cleared { digest, failure });
        }
        if !dry_run {
            moved.left = self.others(place, mark, subject).await?;
            let kept = self.marks(&subject.digest).await?;
            if !kept.iter().any(|kept| kept.key == mark.key && kept.value == mark.value) {
                // Rather two images with the mark than none; the next run heals that.
                self.apply_locked(subject, &[Step::set(mark)], provenance, false).await?;
                moved.target.failure =
                    Some("somebody else moved the mark meanwhile; it was set again, and more than one image may carry it".into());
            }
        }
        Ok(moved)
    }

    /// Locks both places, and always in the same order: two moves between them would wait for each other for ever.
    fn lock_with(&self, place: Option<&Self>) -> Result<Vec<Lock>, Error> {
        let mut places: Vec<&Self> = [Some(self), place].into_iter().flatten().collect();
        places.sort_by_key(|place| place.repository().to_string());
        let locks: Result<Vec<_>, _> = places.into_iter().map(Self::lock).collect();
        Ok(locks?.into_iter().flatten().collect())
    }

    /// Everybody who carries the key but the target.
    async fn others(
        &self,
        place: Option<&Self>,
        mark: &Assignment,
        subject: &Subject,
    ) -> Result<Vec<Digest>, Error> {
        let mut carriers = place.unwrap_or(self).carriers(&mark.key).await?;
        // In another repository even the same image is another carrier.
        carriers.retain(|carrier| place.is_some() || *carrier != subject.digest);
        carriers.sort();
        carriers.dedup();
        Ok(carriers)
    }
}
