//! `verify`: the gate.

use std::io::Write;

use contract::{Exit, Failure};
use marks::{Assignment, Backend, Unmet, unmet};
use registry::{Access, Digest, Which};

use crate::cli::Verify;
use crate::output;
use crate::place::{keys, refuse_twice};

/// What a gate finds out.
pub(crate) struct Answer {
    pub(crate) unmet: Vec<Unmet>,
    /// The index that some of the marks come from.
    pub(crate) inherited_from: Option<Digest>,
}

pub(crate) async fn run(verify: &Verify, out: &mut dyn Write) -> Result<Exit, Failure> {
    refuse_twice(keys(&verify.marks))?;
    let target = verify.place.image(&verify.image, Access::Pull).await?;
    let (backend, digest) = (&target.backend, &target.subject.digest);
    let other = verify.require_digest.as_ref().filter(|required| *required != digest);
    let answer = answer(verify, backend, digest).await?;
    output::verdict(verify, digest, &answer, out)?;
    if let Some(required) = other {
        return Err(Failure::no(format!("{} is {digest}, and not {required}", verify.image)).hint(
            "the tag was pushed anew since that digest was read; nothing may be said of the one by the other",
        ));
    }
    if answer.unmet.is_empty() {
        return Ok(Exit::Done);
    }
    let faults: Vec<_> = answer.unmet.iter().map(ToString::to_string).collect();
    let failure = Failure::no(format!("{} ({digest}): {}", verify.image, faults.join(", ")));
    let missing = answer.unmet.iter().filter(|unmet| unmet.found.is_none()).map(|unmet| &unmet.wanted.key);
    Err(failure.hint(match backend.likely_slip(missing).await {
        Some(slip) => slip,
        None => "the job that sets the mark failed, was skipped, or marked another digest; 'props get' shows what is set".into(),
    }))
}

async fn answer(verify: &Verify, backend: &Backend, digest: &Digest) -> Result<Answer, Failure> {
    let own = unmet(&backend.marks(digest).await?, &verify.marks);
    // A mark that is there and says something else is a no, whatever an index says.
    let absent: Vec<Assignment> =
        own.iter().filter(|unmet| unmet.found.is_none()).map(|unmet| unmet.wanted.clone()).collect();
    if !verify.inherit || absent.is_empty() || absent.len() < own.len() {
        return Ok(Answer { unmet: own, inherited_from: None });
    }
    let indexes = match &verify.image.tag {
        Some(tag) if verify.image.digest.is_some() => vec![Which::Tag(tag.clone())],
        _ => backend.find(&absent).await?.into_iter().map(|image| Which::Digest(image.digest)).collect(),
    };
    let mut nearest = None;
    let mut seen = Vec::new();
    for which in indexes {
        let (index, platforms) = backend.below(&which).await?;
        if seen.contains(&index) || !platforms.contains(digest) {
            continue;
        }
        let left = unmet(&backend.marks(&index).await?, &absent);
        if left.is_empty() {
            return Ok(Answer { unmet: left, inherited_from: Some(index) });
        }
        seen.push(index);
        nearest = Some(left);
    }
    Ok(Answer { unmet: nearest.unwrap_or(own), inherited_from: None })
}
