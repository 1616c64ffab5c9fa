//! `release notes`: what the commits of a range announce, by its kind, what breaks first.

use std::collections::BTreeSet;
use std::io::Write;

use contract::{Exit, Failure, output};
use forge::{Address, Web};
use history::{Announcement, Commit};
use serde::Serialize;

use crate::cli::{Create, Notes, NotesFormat};
use crate::options::Options;
use crate::range::{self, Range};
use crate::{place, plain};

/// Headings, and the types of Conventional Commits below them. The last one takes what has no other place.
const GROUPS: [(&str, &[&str]); 7] = [
    ("Breaking changes", &[]),
    ("Features", &["feat"]),
    ("Fixes", &["fix"]),
    ("Performance", &["perf"]),
    ("Reverts", &["revert"]),
    ("Documentation", &["docs"]),
    ("Other changes", &[]),
];
const BREAKING: usize = 0;
const OTHER: usize = GROUPS.len() - 1;

#[derive(Serialize)]
struct Document {
    from: Option<String>,
    to: String,
    compare_url: Option<String>,
    groups: Vec<Group>,
    contributors: BTreeSet<String>,
}

#[derive(Serialize)]
struct Group {
    title: &'static str,
    changes: Vec<Change>,
}

#[derive(Clone, Serialize)]
struct Change {
    #[serde(rename = "type")]
    kind: Option<String>,
    scope: Option<String>,
    description: String,
    /// What a footer `BREAKING CHANGE` says.
    breaking_note: Option<String>,
    commit: String,
    url: Option<String>,
}

/// Prints the notes of a range.
pub(crate) fn notes(typed: &Notes, out: &mut dyn Write) -> Result<Exit, Failure> {
    let range = range::read(&typed.repository, typed.range.as_deref())?;
    let document = document(range, web(typed.forge.as_deref())?.as_ref());
    match typed.format {
        NotesFormat::Json => output::json(out, &document)?,
        NotesFormat::Markdown => output::bytes(out, markdown(&document).as_bytes())?,
    }
    Ok(Exit::Done)
}

/// The notes of a release that is being made: up to its tag, or up to its commit while there is no tag.
pub(crate) fn of_release(typed: &Create, options: &Options) -> Result<String, Failure> {
    let range = range::of_release(&typed.repository, options.tag.as_str(), options.git_ref.as_ref())?;
    let web = web(typed.forge.forge.as_deref())?;
    Ok(markdown(&document(range, web.as_ref())))
}

/// The project on the web; none where nothing says where that is.
fn web(forge: Option<&str>) -> Result<Option<Web>, Failure> {
    let address = match forge {
        Some(text) => Some(text.parse()?),
        None => Address::detect(&place::variable).ok(),
    };
    Ok(Web::find(address.as_ref(), &place::variable)?)
}

fn document(range: Range, web: Option<&Web>) -> Document {
    let mut groups = GROUPS.map(|(title, _)| Group { title, changes: Vec::new() });
    let mut contributors = BTreeSet::new();
    for commit in &range.commits {
        contributors.insert(commit.author.clone());
        for (group, change) in changes(commit, web) {
            groups[group].changes.push(change);
        }
    }
    contributors.remove("");
    Document {
        compare_url: range.from.as_ref().and_then(|from| Some(web?.comparison(from, &range.to).into())),
        from: range.from,
        to: range.to,
        groups: groups.into_iter().filter(|group| !group.changes.is_empty()).collect(),
        contributors,
    }
}

/// What one commit announces, and in which group. A merge that announces nothing only repeats what others say.
fn changes(commit: &Commit, web: Option<&Web>) -> Vec<(usize, Change)> {
    let announcement = Announcement::parse(&commit.message, commit.is_merge);
    let change = |kind: Option<String>, scope, description: &str| Change {
        kind,
        scope,
        description: description.trim().to_owned(),
        breaking_note: None,
        commit: commit.id.to_string(),
        url: web.map(|web| web.commit(&commit.id.to_string()).into()),
    };
    if announcement.changes.is_empty() {
        let subject = commit.message.trim().lines().next().unwrap_or_default();
        let says_nothing = subject.is_empty() || commit.is_merge || subject.starts_with("Merge ");
        let group = if announcement.breaking { BREAKING } else { OTHER };
        let mut plain = change(None, None, subject);
        plain.breaking_note = breaking_note(&commit.message);
        return if says_nothing && !announcement.breaking { Vec::new() } else { vec![(group, plain)] };
    }
    let no_mark = announcement.changes.iter().all(|change| !change.breaking);
    let listed = announcement.changes.into_iter().enumerate().map(|(at, one)| {
        // A footer speaks for the commit as a whole: for its first change.
        let is_breaking = one.breaking || (announcement.breaking && no_mark && at == 0);
        let mut made = change(Some(one.kind.clone()), one.scope, &one.description);
        if is_breaking {
            made.breaking_note = breaking_note(&commit.message);
            return (BREAKING, made);
        }
        let group = GROUPS.iter().position(|(_, kinds)| kinds.contains(&one.kind.as_str())).unwrap_or(OTHER);
        (group, made)
    });
    listed.collect()
}

/// The text of the footer, up to the next footer or empty line.
fn breaking_note(message: &str) -> Option<String> {
    let mut lines = message.lines().skip_while(|line| footer(line).is_none());
    let mut text = footer(lines.next()?)?.trim().to_owned();
    let is_footer = |line: &str| line.split_once(": ").is_some_and(|(token, _)| !token.contains(' '));
    for line in lines.take_while(|line| !line.trim().is_empty() && !is_footer(line)) {
        text.push(' ');
        text.push_str(line.trim());
    }
    Some(text).filter(|text| !text.is_empty())
}

fn footer(line: &str) -> Option<&str> {
    line.strip_prefix("BREAKING CHANGE: ").or_else(|| line.strip_prefix("BREAKING-CHANGE: "))
}

fn markdown(document: &Document) -> String {
    let mut text = String::new();
    for group in &document.groups {
        text.push_str(&format!("### {}\n\n", group.title));
        for change in &group.changes {
            text.push_str(&line(change));
        }
        text.push('\n');
    }
    if document.groups.is_empty() {
        text.push_str("No changes.\n\n");
    }
    if !document.contributors.is_empty() {
        let names: Vec<_> = document.contributors.iter().map(|name| plain::text(name)).collect();
        text.push_str(&format!("**Contributors:** {}\n\n", names.join(", ")));
    }
    if let (Some(from), Some(url)) = (&document.from, &document.compare_url) {
        let words = format!("{}...{}", plain::text(from), plain::text(&document.to));
        text.push_str(&format!("**All changes:** {}\n\n", plain::link(&words, url)));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn line(change: &Change) -> String {
    let scope =
        change.scope.as_ref().map(|scope| format!("**{}:** ", plain::text(scope))).unwrap_or_default();
    let short = &change.commit[..8];
    let commit = change.url.as_ref().map_or_else(|| short.to_owned(), |url| plain::link(short, url));
    let note = change.breaking_note.as_ref();
    let note = note.map(|note| format!("\\\n  {}", plain::message(note))).unwrap_or_default();
    format!("- {scope}{} ({commit}){note}\n", plain::message(&change.description))
}

#[cfg(test)]
#[path = "changes_tests.rs"]
mod tests;
