//! `list`: the tags of a repository, in the order people look for them.

use std::cmp::{Ordering, Reverse};
use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use registry::{Access, Reference, Tag};
use serde::Serialize;
use version::{Range, Version, version_of_tag};

use crate::cli::List;
use crate::source::registries;

/// The result of `list`; its JSON is an interface.
#[derive(Serialize)]
struct Report {
    repository: String,
    tags: Vec<String>,
}

pub(crate) async fn run(list: &List, out: &mut dyn Write) -> Result<Exit, Failure> {
    if list.repository.tag.is_some() || list.repository.digest.is_some() {
        let repository = &list.repository.repository;
        return Err(Failure::usage(format!("{} is one image and no repository", list.repository))
            .hint(format!("write {repository}; 'image-promote inspect' shows what an image is")));
    }
    let range = list.range.range(false)?;
    let store = registries(&list.registry)?.open(&list.repository.repository, Access::Pull)?;
    let (mut tags, hidden): (Vec<_>, Vec<_>) =
        store.tags().await?.into_iter().partition(|tag| list.all || !tag.is_about_another());
    if !hidden.is_empty() {
        let count = hidden.len();
        tracing::info!("{count} tags of signatures, attestations, marks and the like are not shown (--all)");
    }
    tags.sort_by(order);
    if let Some(range) = &range {
        keep_matching(&mut tags, range, &list.repository)?;
    }
    tags.truncate(list.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
    match list.format.format {
        Format::Text => tags.iter().try_for_each(|tag| output::line(out, tag.as_str()))?,
        Format::Json => {
            let tags = tags.iter().map(Tag::to_string).collect();
            output::json(out, &Report { repository: list.repository.to_string(), tags })?;
        }
    }
    Ok(Exit::Done)
}

/// Highest version first, then what is no version by name. Tags of equal precedence (`v1.0.0` and `1.0.0`, or builds of
/// one version) are by name too, so that the same tags are always in the same order.
fn order(one: &Tag, other: &Tag) -> Ordering {
    // No version sorts below every version.
    Reverse(version(one)).cmp(&Reverse(version(other))).then_with(|| one.cmp(other))
}

fn version(tag: &Tag) -> Option<Version> {
    version_of_tag(tag.as_str())
}

/// Leaves the versions that are in the range. When there are none, the highest says why.
fn keep_matching(tags: &mut Vec<Tag>, range: &Range, repository: &Reference) -> Result<(), Failure> {
    let (count, highest) = (tags.len(), tags.iter().find_map(version));
    tags.retain(|tag| version(tag).is_some_and(|version| range.matches(&version)));
    if !tags.is_empty() {
        return Ok(());
    }
    let message = format!("none of the {count} tags of {repository} is a version in {range}");
    let failure = match highest.and_then(|highest| range.refusal(&highest)) {
        Some(reason) => Failure::no(format!("{message}; of the highest: {reason}")),
        None => Failure::no(message),
    };
    Err(failure.hint("without --range all tags are shown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Tag {
        text.parse().unwrap()
    }

    #[test]
    fn versions_come_first_and_the_highest_on_top() {
        let sorted = [
            "10.0.0",
            "1.10.0",
            "v1.9.0",
            "1.4.3",
            "1.4.3_a1b2",
            "v1.4.3",
            "1.4.3-rc.10",
            "1.4.3-rc.2",
            "1.4.3-alpha",
            "0.1.0",
            "027c3e98",
            "1",
            "1.4",
            "Z",
            "dev",
            "latest",
            "vnext",
        ];
        let mut tags: Vec<Tag> = sorted.iter().rev().map(|text| tag(text)).collect();
        tags.sort_by(order);
        let tags: Vec<_> = tags.iter().map(Tag::as_str).collect();
        assert_eq!(tags, sorted);
    }
}
