//! With the git binary: the tag goes to the server as an object first, and gets its name in the same step, which fails
//! if somebody else was there before. Only then is it a tag of this clone.

use std::collections::BTreeMap;

use contract::Failure;
use history::{CommitId, Tag};

use super::{Outcome, Relation, Wanted};
use crate::cli::HistoryArgs;
use crate::git::Git;

pub(super) fn push(history: &HistoryArgs, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
    let mut git = Git::of(history);
    let remote = &history.remote;
    // Git has its own mind about whose repositories it uses, and without one it takes a remote for a path.
    let commit = wanted.commit.to_string();
    git.run(&format!("use git for commit {}", wanted.commit.short()), ["cat-file", "-e", &commit], "")?;
    let there = tags(&git, remote)?;
    if let Some(outcome) = outcome(&git, remote, &there, wanted) {
        return Ok(outcome);
    }
    let tagger = git.identify()?;
    let Wanted { name, commit, message, .. } = wanted;
    let text = format!("object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{}\n", message.trim());
    let object = git.run(&format!("write the tag {name}"), ["mktag"], &text)?;
    let destination = format!("{object}:refs/tags/{name}");
    let pushed = git.run(
        &format!("push the tag {name} to {remote}"),
        ["push", "--porcelain", "--", remote, &destination],
        "",
    );
    match pushed {
        Ok(said) => {
            let local = format!("refs/tags/{name}");
            git.run(&format!("note the tag {name} in this clone"), ["update-ref", &local, &object], "")?;
            // Two runs of one person in one second write the same object, and git pushes it once.
            let is_ours = said.lines().any(|line| line.starts_with('*'));
            let tag = Tag { name: (*name).to_owned(), target: *commit };
            Ok(if is_ours { Outcome::Created } else { Outcome::There(tag) })
        }
        // Who lost a race learns it from the server's tags, not from the words of its refusal.
        Err(error) => {
            let there = tags(&git, remote)?;
            outcome(&git, remote, &there, wanted).ok_or_else(|| error.into())
        }
    }
}

/// The tags of the server and the commits they stand on.
fn tags(git: &Git, remote: &str) -> Result<Vec<Tag>, Failure> {
    let listed = git.run(&format!("list the tags of {remote}"), ["ls-remote", "--tags", "--", remote], "")?;
    let mut tags = BTreeMap::new();
    for line in listed.lines() {
        let Some((id, reference)) = line.split_once('\t') else { continue };
        let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
        // What an annotated tag leads to comes right after it.
        tags.insert(name.strip_suffix("^{}").unwrap_or(name), id);
    }
    let tag = |(name, id): (&str, &str)| Some(Tag { name: name.to_owned(), target: id.parse().ok()? });
    Ok(tags.into_iter().filter_map(tag).collect())
}

/// What became of the tag, if the server has it, or a release of the commit that the clone does not know.
fn outcome(git: &Git, remote: &str, there: &[Tag], wanted: &Wanted<'_>) -> Option<Outcome> {
    if let Some(tag) = wanted.on_commit(there) {
        return Some(Outcome::There(tag.clone()));
    }
    let tag = wanted.elsewhere(there)?;
    let relation = Relation::of(merge_base(git, remote, wanted.commit, tag), wanted.commit, tag.target);
    Some(Outcome::Taken(tag.clone(), relation))
}

/// The best commit that ours and the one of a tag are built on. Nothing to know of it is no reason to fail here.
fn merge_base(git: &Git, remote: &str, ours: CommitId, tag: &Tag) -> Option<CommitId> {
    let (ours, theirs) = (ours.to_string(), tag.target.to_string());
    let action = format!("compare commit {} with the tag {}", tag.target.short(), tag.name);
    if git.run(&action, ["cat-file", "-e", &theirs], "").is_err() {
        let reference = format!("refs/tags/{}", tag.name);
        git.run(&action, ["fetch", "--quiet", "--no-tags", "--", remote, &reference], "").ok()?;
    }
    git.run(&action, ["merge-base", &ours, &theirs], "").ok()?.parse().ok()
}
