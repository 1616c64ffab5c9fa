//! Setting and unsetting: read, decide, write, read back.

use registry::Digest;
use serde::Serialize;

use crate::backend::{Backend, Known, Subject, Written};
use crate::{Change, Error, Key, Mark, Provenance, State, Step, Value};

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The key.
    pub key: Key,
    /// What it was to become.
    #[serde(flatten)]
    pub wanted: State,
    /// What that changes.
    #[serde(flatten)]
    pub change: Change,
    /// Why it was not done, if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Outcome {
    /// What a step would change where the key has the value `known`.
    pub fn foreseen(step: &Step, known: Option<&Value>) -> Self {
        let (key, wanted) = (step.key.clone(), step.state.clone());
        Self { key, wanted, change: step.change(known), failure: None }
    }
}

impl Backend {
    /// Sets and unsets keys of an image, and says for each what that changes and whether it was done. What is as wanted
    /// already is left alone. With `dry_run` nothing is written.
    ///
    /// What was written is read back: a server may drop it without a word.
    ///
    /// # Errors
    /// When the marks cannot be read. A step that fails is told in its [`Outcome`]; the others are done all the same.
    pub async fn apply(
        &self,
        subject: &Subject,
        steps: &[Step],
        provenance: &Provenance,
        dry_run: bool,
    ) -> Result<Vec<Outcome>, Error> {
        self.check(steps)?;
        let _lock = if dry_run { None } else { self.lock()? };
        self.apply_locked(subject, steps, provenance, dry_run).await
    }

    /// Refuses what cannot be kept, before any request. A name that is not free in Artifactory is not free anywhere: sooner
    /// or later its mark would be carried there. What has such a name already can be unset and carried on elsewhere.
    ///
    /// # Errors
    /// [`Error::Reserved`].
    pub fn check(&self, steps: &[Step]) -> Result<(), Error> {
        let is_new = |step: &&Step| matches!(step.state, State::Set { .. }) && step.by.is_none();
        match &self.keeper {
            crate::backend::Keeper::Artifactory(_) => crate::artifactory::check(steps),
            crate::backend::Keeper::Tagged(_) => crate::artifactory::check(steps.iter().filter(is_new)),
        }
    }

    pub(crate) async fn apply_locked(
        &self,
        subject: &Subject,
        steps: &[Step],
        provenance: &Provenance,
        dry_run: bool,
    ) -> Result<Vec<Outcome>, Error> {
        let keys: Vec<Key> = steps.iter().map(|step| step.key.clone()).collect();
        let known = self.known(&subject.digest, Some(&keys)).await?;
        let marks = known.settled();
        let outcome = |step: &Step| Outcome::foreseen(step, value(&marks, &step.key));
        let mut outcomes: Vec<Outcome> = steps.iter().map(outcome).collect();
        let pending: Vec<Step> = steps
            .iter()
            .filter(|step| !step.is_done(value(&marks, &step.key)) || known.is_partial(step))
            .cloned()
            .collect();
        if dry_run || pending.is_empty() {
            return Ok(outcomes);
        }
        let failures = self.carry_out(subject, &pending, &known, provenance).await?;
        for (step, failure) in pending.iter().zip(failures) {
            if let Some(outcome) = outcomes.iter_mut().find(|outcome| outcome.key == step.key) {
                outcome.failure = failure;
            }
        }
        Ok(outcomes)
    }

    /// Unsets a key of an image, whatever is known of it.
    pub(crate) async fn clear(
        &self,
        digest: &Digest,
        key: &Key,
        provenance: &Provenance,
    ) -> Result<Option<String>, Error> {
        let subject = self.subject(&registry::Which::Digest(digest.clone())).await;
        let subject = match subject {
            Ok(subject) => subject,
            // The image is gone and its mark is not; the record says what it is about all the same.
            Err(Error::Registry(registry::Error::NotFound { .. })) => Subject::gone(digest.clone()),
            Err(error) => return Err(error),
        };
        let known = self.known(digest, Some(std::slice::from_ref(key))).await?;
        let failures = self.carry_out(&subject, &[Step::unset(key)], &known, provenance).await?;
        Ok(failures.into_iter().flatten().next())
    }

    /// Writes, reads back, and says of each step why it was not done, if it was not.
    async fn carry_out(
        &self,
        subject: &Subject,
        steps: &[Step],
        known: &Known,
        provenance: &Provenance,
    ) -> Result<Vec<Option<String>>, Error> {
        let keys: Vec<Key> = steps.iter().map(|step| step.key.clone()).collect();
        let written = self.write(subject, steps, known, provenance).await;
        let now = self.known(&subject.digest, Some(&keys)).await?;
        let marks = now.settled();
        let failure = |(step, written): (&Step, Written)| match written {
            Err(reason) => Some(reason),
            Ok(()) if now.is_partial(step) => Some(dropped(step, None)),
            Ok(()) => {
                let found = value(&marks, &step.key);
                (!step.is_done(found)).then(|| dropped(step, found))
            }
        };
        Ok(steps.iter().zip(written).map(failure).collect())
    }
}

impl Subject {
    fn gone(digest: Digest) -> Self {
        Self { digest, media_type: registry::media_type::OCI_MANIFEST.to_owned(), size: 0 }
    }
}

fn value<'a>(marks: &'a [Mark], key: &Key) -> Option<&'a Value> {
    marks.iter().find(|mark| mark.key == *key).map(|mark| &mark.value)
}

fn dropped(step: &Step, found: Option<&Value>) -> String {
    match (&step.state, found) {
        (State::Set { .. }, None) => {
            "the server took it without an error, and it is not there: the account may lack the right to annotate"
                .into()
        }
        (State::Set { value }, Some(found)) => {
            format!("it reads back as '{found}', not '{value}': somebody else set it meanwhile, or the server cannot keep that value")
        }
        (State::Unset, _) => {
            "the server took it without an error, and it is still there: the account may lack the right to annotate, or \
             somebody else set it meanwhile"
                .into()
        }
    }
}
