//! Which commits a set of notes is about.

use std::ops::ControlFlow;
use std::path::Path;
use std::str::FromStr;

use contract::Failure;
use forge::Ref;
use history::{Commit, CommitId, Repository, Tag};
use version::Version;

/// A range of history, resolved.
pub(crate) struct Range {
    /// The release before, as it was named; none when there is none.
    pub(crate) from: Option<String>,
    /// The end, as it was named.
    pub(crate) to: String,
    /// Newest first.
    pub(crate) commits: Vec<Commit>,
}

/// Reads `FROM..TO`, `FROM..`, `..TO`, `TO`, or nothing, which is HEAD.
pub(crate) fn read(folder: &Path, typed: Option<&str>) -> Result<Range, Failure> {
    let (from, to) = match typed.map(|text| text.split_once("..").unwrap_or(("", text))) {
        None => ("", "HEAD"),
        Some((_, to)) if to.starts_with('.') => {
            return Err(Failure::usage(format!(
                "'{}' is no range: it has too many dots",
                typed.unwrap_or_default()
            ))
            .hint("write FROM..TO, with two dots"));
        }
        Some((from, "")) => (from, "HEAD"),
        Some(both) => both,
    };
    let repository = Repository::discover(folder)?;
    let end = resolve(&repository, to)?;
    let before = match from {
        "" => before(&repository, to, end)?,
        name => Some((name.to_owned(), resolve(&repository, name)?)),
    };
    up_to(&repository, to, end, before)
}

/// What the release of a tag brings: up to the tag, or up to its commit while it is not in this clone.
pub(crate) fn of_release(folder: &Path, tag: &str, git_ref: Option<&Ref>) -> Result<Range, Failure> {
    let repository = Repository::discover(folder)?;
    let end = match (resolve(&repository, tag), git_ref) {
        (Err(_), Some(git_ref)) => resolve(&repository, git_ref.as_str())?,
        (end, _) => end?,
    };
    // Its own version tells which release was the one before, whatever leads to its commit.
    let before = before(&repository, tag, end)?;
    up_to(&repository, tag, end, before)
}

fn up_to(
    repository: &Repository,
    to: &str,
    end: CommitId,
    before: Option<(String, CommitId)>,
) -> Result<Range, Failure> {
    let released: Vec<CommitId> = before.iter().map(|(_, id)| *id).collect();
    let commits = repository.commits_since(end, &released)?;
    Ok(Range { from: before.map(|(name, _)| name), to: to.to_owned(), commits })
}

/// A tag, HEAD, or the full id of a commit.
fn resolve(repository: &Repository, name: &str) -> Result<CommitId, Failure> {
    if name == "HEAD" {
        return Ok(repository.head()?);
    }
    if let Some(tag) = repository.tags(|tag| tag == name)?.into_iter().next() {
        return Ok(tag.target);
    }
    let id = CommitId::from_str(name).ok().filter(|id| repository.has_commit(*id));
    id.ok_or_else(|| {
        Failure::failed(format!("'{name}' is neither a tag nor a commit in this clone"))
            .hint("name a tag or the full id of a commit; 'git fetch --tags' brings tags that are missing")
    })
}

/// The release before: the highest version among the tags that the end is built on, pre-releases only where the end is
/// one.
fn before(repository: &Repository, to: &str, end: CommitId) -> Result<Option<(String, CommitId)>, Failure> {
    let own = Version::from_str(to).ok();
    let wants_all = own.as_ref().is_some_and(Version::is_prerelease);
    let mut known: Vec<(Version, Tag)> = Vec::new();
    for tag in repository.tags(|name| Version::from_str(name).is_ok())? {
        let Ok(version) = Version::from_str(&tag.name) else { continue };
        let is_earlier = own.as_ref().is_none_or(|own| version < *own);
        if is_earlier && (wants_all || !version.is_prerelease()) && tag.target != end {
            known.push((version, tag));
        }
    }
    known.sort_by(|a, b| b.0.cmp(&a.0));
    let mut best: Option<usize> = None;
    repository.walk(end, |commit| {
        let found = known.iter().position(|(_, tag)| tag.target == commit);
        best = match (best, found) {
            (Some(best), Some(found)) => Some(best.min(found)),
            (best, found) => best.or(found),
        };
        // None is higher than the first.
        if best == Some(0) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(best.map(|at| (known[at].1.name.clone(), known[at].1.target)))
}
