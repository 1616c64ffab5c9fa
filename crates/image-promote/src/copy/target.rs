//! Where the image goes: repositories, each with the tags it gets.

use contract::Failure;
use registry::{Reference, Repository, Tag};

/// A repository and its tags, in the order they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) repository: Repository,
    pub(crate) tags: Vec<Tag>,
}

/// Brings destinations in one repository together; each gets the `extra` tags as well.
pub(crate) fn group(destinations: &[Reference], extra: &[Tag]) -> Result<Vec<Target>, Failure> {
    let mut targets: Vec<Target> = Vec::new();
    for destination in destinations {
        if let Some(digest) = &destination.digest {
            return Err(Failure::usage(format!("DST {destination} has a digest, {}", digest.short()))
                .hint("give DST a tag; its digest will be that of SRC"));
        }
        if destination.tag.is_none() && extra.is_empty() {
            return Err(Failure::usage(format!("under which tag? DST {destination} has none"))
                .hint(format!("write {destination}:TAG or add --tag TAG; latest is never assumed")));
        }
        let known = targets.iter().position(|target| target.repository == destination.repository);
        let index = known.unwrap_or_else(|| {
            targets.push(Target { repository: destination.repository.clone(), tags: Vec::new() });
            targets.len() - 1
        });
        let tags = &mut targets[index].tags;
        for tag in destination.tag.iter().chain(extra) {
            if !tags.contains(tag) {
                tags.push(tag.clone());
            }
        }
    }
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(destinations: &[&str], extra: &[&str]) -> Result<Vec<String>, String> {
        let destinations: Vec<Reference> = destinations.iter().map(|text| text.parse().unwrap()).collect();
        let extra: Vec<Tag> = extra.iter().map(|text| text.parse().unwrap()).collect();
        let targets = group(&destinations, &extra).map_err(|failure| failure.summary())?;
        let show = |target: &Target| {
            let tags: Vec<_> = target.tags.iter().map(Tag::as_str).collect();
            format!("{} {}", target.repository, tags.join(" "))
        };
        Ok(targets.iter().map(show).collect())
    }

    #[test]
    fn destinations_of_one_repository_are_one_target() {
        let table: [(&[&str], &[&str], &[&str]); 5] = [
            (&["localhost/a:1"], &[], &["localhost/a 1"]),
            (&["localhost/a:1.4.3"], &["1.4", "1", "latest"], &["localhost/a 1.4.3 1.4 1 latest"]),
            (&["localhost/a"], &["1"], &["localhost/a 1"]),
            (
                &["localhost/a:1", "localhost/b:1", "localhost/a:2"],
                &[],
                &["localhost/a 1 2", "localhost/b 1"],
            ),
            (&["localhost/a:1", "oci:out"], &["1", "x"], &["localhost/a 1 x", "oci:out 1 x"]),
        ];
        for (destinations, extra, expected) in table {
            assert_eq!(show(destinations, extra).unwrap(), expected, "{destinations:?} {extra:?}");
        }
    }

    #[test]
    fn a_destination_without_a_tag_or_with_a_digest_is_refused() {
        let digest = format!("localhost/a:1@sha256:{}", "0".repeat(64));
        assert!(show(&["localhost/a"], &[]).unwrap_err().contains("has none"));
        assert!(show(&["localhost/b:1", &digest], &[]).unwrap_err().contains("has a digest"));
    }
}
