//! What an image says of itself (<https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md>).

use contract::{Failure, clock};
use time::OffsetDateTime;
use tracing::warn;

use crate::cli::{CommitArgs, ProjectArgs};
use crate::subject::Subject;

/// Names and values, in the order in which they are written.
pub(crate) type Labels = Vec<(&'static str, String)>;

pub(crate) fn of(
    subject: &mut Subject<'_>,
    project: &ProjectArgs,
    args: &CommitArgs,
) -> Result<Labels, Failure> {
    let version = subject.current()?.to_string();
    let revision = args.sha.id.unwrap_or(subject.commit).to_string();
    let created = subject.repository().committed_at(subject.commit)?;
    let created = OffsetDateTime::from_unix_timestamp(created).ok().map(clock::rfc3339);
    let branch = subject.branch()?;
    let reference = args.commit_tag.clone().or_else(|| branch.clone()).filter(|name| is_reference_name(name));
    let all = [
        ("org.opencontainers.image.created", created, "the commit's date"),
        ("org.opencontainers.image.revision", Some(revision.clone()), ""),
        ("org.opencontainers.image.version", Some(version.clone()), ""),
        ("org.opencontainers.image.source", project.project_url.clone(), "CI_PROJECT_URL"),
        ("org.opencontainers.image.url", project.project_url.clone(), "CI_PROJECT_URL"),
        ("org.opencontainers.image.title", project.project_title.clone(), "CI_PROJECT_TITLE"),
        ("org.opencontainers.image.ref.name", reference, "a tag or branch of letters, digits and -._:@/+"),
        ("commit", Some(revision), ""),
        ("branch", branch, "CI_COMMIT_BRANCH"),
        ("version", Some(version), ""),
    ];
    let (known, unknown): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, value, _)| value.is_some());
    for (name, _, needs) in unknown {
        warn!("the label {name} is left out: it needs {needs}");
    }
    Ok(known.into_iter().filter_map(|(name, value, _)| Some((name, value?))).collect())
}

/// What the specification lets a reference be called.
fn is_reference_name(name: &str) -> bool {
    let separators = "-._:@/+";
    let parts = name.split(|c: char| separators.contains(c));
    let mut parts = parts.map(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
    parts.all(|sound| sound)
}

#[cfg(test)]
mod tests {
    use super::is_reference_name;

    #[test]
    fn a_reference_name_is_what_the_specification_allows() {
        for name in ["main", "v1.4.3", "feature/x-1", "1.4.3+b"] {
            assert!(is_reference_name(name), "{name}");
        }
        for name in ["", "-x", "a b", "x'", "$(x)", "a--b", "é"] {
            assert!(!is_reference_name(name), "{name}");
        }
    }
}
