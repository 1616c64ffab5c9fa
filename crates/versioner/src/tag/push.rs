//! With the git binary: the tag goes to the server as an object first, and gets its name in the same step, which fails
//! if somebody else was there before. Only then is it a tag of this clone.

use std::collections::BTreeMap;

use contract::Failure;
use version::Version;

use super::{Outcome, Wanted};
use crate::cli::HistoryArgs;
use crate::git::Git;

pub(super) fn push(history: &HistoryArgs, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
    let mut git = Git::new(&history.repository);
    let remote = &history.remote;
    let prefix = history.tag_prefix.as_deref().unwrap_or_default();
    // Git has its own mind about whose repositories it uses, and without one it takes a remote for a path.
    let commit = wanted.commit.to_string();
    git.run(&format!("use git for commit {}", wanted.commit.short()), ["cat-file", "-e", &commit], "")?;
    let there = Tags::read(&git, remote)?;
    if let Some(outcome) = there.outcome(wanted).or_else(|| there.release_on(wanted, prefix)) {
        return Ok(outcome);
    }
    let tagger = git.identify()?;
    let Wanted { name, commit, message } = wanted;
    let text = format!("object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{}\n", message.trim());
    let object = git.run(&format!("write the tag {name}"), ["mktag"], &text)?;
    let destination = format!("{object}:refs/tags/{name}");
    let pushed = git.run(
        &format!("push the tag {name} to {remote}"),
        ["push", "--quiet", "--porcelain", "--", remote, &destination],
        "",
    );
    match pushed {
        Ok(_) => {
            let local = format!("refs/tags/{name}");
            git.run(&format!("note the tag {name} in this clone"), ["update-ref", &local, &object], "")?;
            Ok(Outcome::Created)
        }
        // Who lost a race learns it from the server's tags, not from the words of its refusal.
        Err(error) => match Tags::read(&git, remote)?.outcome(wanted) {
            Some(outcome) => Ok(outcome),
            None => Err(error.into()),
        },
    }
}

/// The tags of the server and the commits they stand on.
struct Tags(BTreeMap<String, String>);

impl Tags {
    fn read(git: &Git, remote: &str) -> Result<Self, Failure> {
        let listed =
            git.run(&format!("list the tags of {remote}"), ["ls-remote", "--tags", "--", remote], "")?;
        let mut tags = BTreeMap::new();
        for line in listed.lines() {
            let Some((id, reference)) = line.split_once('\t') else { continue };
            let name = reference.strip_prefix("refs/tags/").unwrap_or(reference);
            // What an annotated tag leads to comes right after it.
            tags.insert(name.strip_suffix("^{}").unwrap_or(name).to_owned(), id.to_owned());
        }
        Ok(Self(tags))
    }

    /// What became of the tag, if it is there.
    fn outcome(&self, wanted: &Wanted<'_>) -> Option<Outcome> {
        let commit = self.0.get(wanted.name)?;
        Some(if *commit == wanted.commit.to_string() {
            Outcome::There { name: wanted.name.to_owned() }
        } else {
            Outcome::Taken { commit: commit.clone() }
        })
    }

    /// A release of this commit that the clone does not know.
    fn release_on(&self, wanted: &Wanted<'_>, prefix: &str) -> Option<Outcome> {
        let commit = wanted.commit.to_string();
        let here = self.0.iter().filter(|(_, id)| **id == commit).map(|(name, _)| name);
        let version = |name: &String| name.strip_prefix(prefix)?.parse::<Version>().ok();
        let releases = here.filter_map(|name| Some((version(name)?, name)));
        let releases = releases.filter(|(version, _)| !version.is_prerelease());
        let highest = releases.max_by(|(one, _), (other, _)| one.cmp(other));
        highest.map(|(_, name)| Outcome::There { name: name.clone() })
    }
}
