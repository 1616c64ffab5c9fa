//! The commit that is asked about: what the pipeline says of it, else HEAD.

use contract::Failure;
use history::{CommitId, Repository, Tag};
use tracing::warn;
use version::Version;

use crate::cli::{CommitArgs, HistoryArgs};

/// The commit whose history is read. The pipeline's wins over HEAD, as a job's script may have moved HEAD. `released` is
/// the version of the pipeline's tag.
///
/// # Errors
/// When a commit was typed that is not there, and when the pipeline's release tag stands on another one.
pub(crate) fn locate(
    repository: &Repository,
    args: &CommitArgs,
    released: Option<&Version>,
) -> Result<CommitId, Failure> {
    let head = repository.head()?;
    let commit = match args.sha.id {
        Some(commit) if commit != head && repository.has_commit(commit) => {
            warn!(
                "HEAD is {}, the pipeline's commit is {}: the pipeline's counts",
                head.short(),
                commit.short()
            );
            commit
        }
        Some(commit) if commit != head && args.sha.is_typed => return Err(typed_elsewhere(commit)),
        Some(commit) if commit != head => {
            warn!(
                "HEAD is {}, the pipeline's commit is {}, which is not in this repository: versions are HEAD's, names the pipeline's",
                head.short(),
                commit.short()
            );
            head
        }
        _ => head,
    };
    if let (Some(name), Some(_)) = (&args.commit_tag, released)
        && let Some(tag) = repository.tag(name)?
    {
        refuse_moved(&tag, commit, args)?;
    }
    Ok(commit)
}

/// Fails where the tag that the pipeline runs for does not stand on its commit, which else would be called by a version
/// that is another's.
pub(crate) fn refuse_moved(tag: &Tag, commit: CommitId, args: &CommitArgs) -> Result<(), Failure> {
    let (whose, expected) = args.sha.id.map_or(("HEAD", commit), |asked| ("the pipeline's commit", asked));
    if tag.target == expected {
        return Ok(());
    }
    let (name, there) = (&tag.name, tag.target.short());
    let message = format!(
        "this pipeline is for the tag {name}, which stands on commit {there} here, and {whose} is {}",
        expected.short()
    );
    Err(Failure::failed(message).hint(
        "the tag was moved, or the job checked out something else: run a pipeline for the tag as it is now, or check out its commit",
    ))
}

/// Fails where the pipeline's commit is not in the repository: what is about to be written would be about another.
pub(crate) fn require(repository: &Repository, args: &CommitArgs) -> Result<(), Failure> {
    match args.sha.id.filter(|commit| !repository.has_commit(*commit)) {
        None => Ok(()),
        Some(commit) if args.sha.is_typed => Err(typed_elsewhere(commit)),
        Some(commit) => Err(elsewhere(commit, "it gets no tag")
            .hint("run it in a clone of this pipeline's project (--repository DIR), or name the commit that gets the tag with --commit-sha")),
    }
}

/// The pipeline's commit is in another repository than the one that was found.
pub(crate) fn elsewhere(commit: CommitId, so: &str) -> Failure {
    Failure::failed(format!("the pipeline's commit {} is not in this repository: {so}", commit.short()))
}

fn typed_elsewhere(commit: CommitId) -> Failure {
    let message = format!("--commit-sha is {commit}, which is no commit in this repository");
    Failure::usage(message).hint(format!("a clone may lack it: 'git fetch origin {commit}' brings it"))
}

impl CommitArgs {
    /// Whether a pipeline says what this is about, and nothing is to be guessed from tags it does not run for.
    pub(crate) fn is_pipeline(&self) -> bool {
        self.sha.id.is_some() || self.commit_short_sha.is_some() || self.commit_tag.is_some()
    }

    fn short(&self) -> Option<String> {
        self.commit_short_sha.clone().or_else(|| self.sha.id.map(|commit| commit.short()))
    }
}

/// The short id that names `commit` in versions and tags: the pipeline's, else its own.
pub(crate) fn short(commit: CommitId, args: &CommitArgs) -> String {
    let Some(short) = args.short() else {
        return commit.short();
    };
    // A full id that is not HEAD's was warned about when the commit was located.
    let full = args.sha.id.unwrap_or(commit);
    if !full.to_string().starts_with(&short) {
        warn!("the pipeline's short id {short} is not that of commit {}: the short id counts", full.short());
    }
    short
}

/// The short id where nothing else is asked for. A pipeline knows it, so a job needs no clone for it; with one, what
/// [`locate`] refuses is refused.
pub(crate) fn short_id(
    history: &HistoryArgs,
    args: &CommitArgs,
    released: Option<&Version>,
) -> Result<String, Failure> {
    let opened = history.open().and_then(|repository| repository.head().map(|_| repository));
    match (opened, args.short()) {
        (Ok(repository), _) => Ok(short(locate(&repository, args, released)?, args)),
        (Err(_), Some(short)) => Ok(short),
        (Err(error), None) => Err(error.into()),
    }
}

/// The version of the tag this pipeline runs for; `None` without a tag, or with one that is no release's.
pub(crate) fn release_of_pipeline(
    args: &CommitArgs,
    prefix: Option<&str>,
) -> Result<Option<Version>, Failure> {
    let Some(tag) = args.commit_tag.as_deref() else {
        return Ok(None);
    };
    let name = tag.strip_prefix(prefix.unwrap_or_default());
    match name.map(str::parse::<Version>) {
        Some(Ok(version)) => Ok(Some(version)),
        Some(Err(error)) if name.is_some_and(looks_like_a_version) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            let message = format!("the pipeline's tag '{tag}' looks like a version and is none: {cause}");
            Err(Failure::usage(message).hint("name a release 1.4.3 or v1.4.3, a pre-release 1.5.0-rc.1"))
        }
        _ => {
            warn!("the pipeline's tag '{tag}' is no version: this is not taken for a release");
            Ok(None)
        }
    }
}

/// Digits and a dot, perhaps behind a `v`: whoever names a tag like that means a release.
fn looks_like_a_version(tag: &str) -> bool {
    let number = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
    let rest = number.trim_start_matches(|c: char| c.is_ascii_digit());
    rest.len() < number.len() && rest.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(tag: &str) -> CommitArgs {
        CommitArgs { commit_tag: Some(tag.into()), ..CommitArgs::default() }
    }

    #[test]
    fn a_release_tag_is_a_version_with_or_without_v() {
        let table = [
            ("1.0.0", None, Some("1.0.0")),
            ("v1.5.0-rc.1", None, Some("1.5.0-rc.1")),
            ("a/v1.0.0", Some("a/"), Some("1.0.0")),
            ("b/v1.0.0", Some("a/"), None),
            ("a/v1.0.0", None, None),
            ("deploy-2024-10-03", None, None),
            ("nightly", None, None),
            ("v1", None, None),
            ("20241003", None, None),
        ];
        for (tag, prefix, expected) in table {
            let found = release_of_pipeline(&args(tag), prefix).unwrap().map(|version| version.to_string());
            assert_eq!(found.as_deref(), expected, "{tag} {prefix:?}");
        }
    }

    #[test]
    fn a_tag_that_means_a_version_and_is_none_is_refused() {
        for tag in ["1.2", "v1.2", "V1.2.3", "1.2.3.4", "2024.10.03", "v1.2.3-", "1.2.3\nEVIL=1"] {
            let failure = release_of_pipeline(&args(tag), None).unwrap_err();
            assert_eq!(failure.exit(), contract::Exit::Usage, "{tag}");
        }
    }
}
