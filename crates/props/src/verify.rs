//! `verify`: the gate.

use std::io::Write;

use contract::{Exit, Failure};
use marks::{Assignment, Backend, Key, Mark, Record, State, Unmet, unmet};
use registry::{Access, Digest, Which};

use crate::cli::Verify;
use crate::output;
use crate::pin;
use crate::place::{keys, refuse_twice};

/// What a gate finds out.
pub(crate) struct Answer {
    pub(crate) unmet: Vec<Unmet>,
    /// The index that some of the marks come from.
    pub(crate) inherited_from: Option<Digest>,
    /// What was unset on the image itself, which an index cannot give back.
    unset: Vec<Key>,
}

pub(crate) async fn run(verify: &Verify, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(keys(&verify.marks))?;
    let target = verify.place.image(&verify.image, Access::Pull).await?;
    let (backend, digest) = (&target.backend, &target.subject.digest);
    let answer = answer(verify, backend, digest).await?;
    output::verdict(verify, digest, &answer, out)?;
    if let Some(required) = verify.pin.other_than(digest) {
        return Err(pin::refusal(&verify.image, digest, required));
    }
    if answer.unmet.is_empty() {
        return Ok(Exit::Done);
    }
    let faults: Vec<_> = answer.unmet.iter().map(ToString::to_string).collect();
    let failure = Failure::no(format!("{} ({digest}): {}", verify.image, faults.join(", ")));
    let missing = answer.unmet.iter().filter(|unmet| unmet.found.is_none()).map(|unmet| &unmet.wanted.key);
    Err(failure.hint(match backend.likely_slip(missing).await {
        Some(slip) => slip,
        None if verify.inherit && !answer.unset.is_empty() => {
            let names: Vec<_> = answer.unset.iter().map(Key::as_str).collect();
            format!("{} was unset on this very image, and no index gives it back; 'props history' shows by whom", names.join(", "))
        }
        None => "the job that sets the mark failed, was skipped, or marked another digest; 'props get' shows what is set".into(),
    }))
}

async fn answer(verify: &Verify, backend: &Backend, digest: &Digest) -> Result<Answer, Failure> {
    let wanted: Vec<Key> = keys(&verify.marks).cloned().collect();
    let records = backend.latest(digest, Some(&wanted)).await?;
    let own = unmet(&held(&records), &verify.marks);
    let unset: Vec<Key> =
        records.into_iter().filter(|record| record.state == State::Unset).map(|record| record.key).collect();
    // What was said of the image itself is a no, whatever an index says: another value, or that it was unset.
    let silent = |unmet: &&Unmet| unmet.found.is_none() && !unset.contains(&unmet.wanted.key);
    let absent: Vec<Assignment> = own.iter().filter(silent).map(|unmet| unmet.wanted.clone()).collect();
    if !verify.inherit || absent.is_empty() || absent.len() < own.len() {
        return Ok(Answer { unmet: own, inherited_from: None, unset });
    }
    let mut nearest = None;
    let mut seen = Vec::new();
    for which in indexes(verify, backend, &absent).await? {
        let (index, platforms) = backend.below(&which).await?;
        if seen.contains(&index) || !platforms.contains(digest) {
            continue;
        }
        let left = unmet(&held(&backend.latest(&index, Some(&wanted)).await?), &absent);
        if left.is_empty() {
            return Ok(Answer { unmet: left, inherited_from: Some(index), unset });
        }
        seen.push(index);
        nearest = Some(left);
    }
    Ok(Answer { unmet: nearest.unwrap_or(own), inherited_from: None, unset })
}

/// The indexes that may give the image what it has not.
async fn indexes(verify: &Verify, backend: &Backend, absent: &[Assignment]) -> Result<Vec<Which>, Failure> {
    if let (Some(tag), Some(_)) = (&verify.image.tag, &verify.image.digest) {
        return Ok(vec![Which::Tag(tag.clone())]);
    }
    match backend.find(absent).await {
        Ok(images) => Ok(images.into_iter().map(|image| Which::Digest(image.digest)).collect()),
        // The image is there, and nothing of its repository has a tag.
        Err(error) if error.is_about_absence() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

fn held(records: &[Record]) -> Vec<Mark> {
    records.iter().filter_map(Record::mark).collect()
}
