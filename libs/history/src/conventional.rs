//! What a commit message announces, after Conventional Commits 1.0.0
//! (<https://www.conventionalcommits.org/en/v1.0.0/#specification>).
//!
//! The grammar is kept to the letter where prose could be taken for a header: `defeat: x`, `Fix: the feat: prefix` and a
//! mention of `feat:` in a body announce no feature.

/// A header: `feat(api)!: description`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConventionalCommit {
    /// The type, in lower case: `feat`, `fix`, `revert`.
    pub kind: String,
    /// What stands in parentheses behind the type.
    pub scope: Option<String>,
    /// Whether a `!` stands before the colon.
    pub breaking: bool,
    /// What stands behind the colon.
    pub description: String,
}

/// Everything that one commit message announces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// The changes; several only for a merge or for commits squashed into one.
    pub changes: Vec<ConventionalCommit>,
    /// Whether a `!` or a footer `BREAKING CHANGE:` says that something no longer works as before.
    pub breaking: bool,
}

impl ConventionalCommit {
    /// Reads one line; `None` when it is no header.
    pub fn parse(line: &str) -> Option<Self> {
        let (head, description) = line.split_once(": ")?;
        let description = description.trim();
        let (head, breaking) = head.strip_suffix('!').map_or((head, false), |head| (head, true));
        let (kind, scope) = match head.split_once('(') {
            Some((kind, rest)) => (kind, Some(rest.strip_suffix(')')?)),
            None => (head, None),
        };
        let is_noun = kind.starts_with(|c: char| c.is_ascii_alphabetic())
            && kind.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let is_scope = scope.is_none_or(|scope| !scope.trim().is_empty() && !scope.contains(['(', ')']));
        if !is_noun || !is_scope || description.is_empty() {
            return None;
        }
        let (kind, scope) = (kind.to_ascii_lowercase(), scope.map(str::to_owned));
        Some(Self { kind, scope, breaking, description: description.to_owned() })
    }

    /// The subject that `git revert` writes, as the `revert` it is.
    fn of_revert(subject: &str) -> Option<Self> {
        let reverted = subject.strip_prefix("Revert \"")?.strip_suffix('"')?;
        Some(Self { kind: "revert".into(), scope: None, breaking: false, description: reverted.to_owned() })
    }
}

impl Announcement {
    /// Reads a whole message.
    ///
    /// A subject that is a header speaks for the commit. Under a merge's subject every line of the body may be a header,
    /// because forges put the title of the merge request there; under any other subject only lines of a list may
    /// (`* feat: x`), because that is how squashed commits are listed. A revert undoes what its subject quotes, and what
    /// else stands in its message is no change.
    pub fn parse(message: &str, is_merge: bool) -> Self {
        let (subject, body) = message.trim_start().split_once('\n').unwrap_or((message.trim(), ""));
        let subject = subject.trim_end();
        if let Some(revert) = ConventionalCommit::of_revert(subject) {
            return Self { changes: vec![revert], breaking: false };
        }
        let subject = reapplied(subject).unwrap_or(subject);
        let is_merge = is_merge || subject.starts_with("Merge ");
        let changes: Vec<_> = match ConventionalCommit::parse(subject) {
            Some(change) => vec![change],
            None => body.lines().filter_map(|line| listed(line, is_merge)).collect(),
        };
        let breaking = changes.iter().any(|change| change.breaking) || has_breaking_footer(body);
        Self { changes, breaking }
    }
}

/// What git puts into the subject when a revert is reverted: the change is back, as what it was.
fn reapplied(subject: &str) -> Option<&str> {
    subject.strip_prefix("Reapply \"")?.strip_suffix('"')
}

fn listed(line: &str, is_merge: bool) -> Option<ConventionalCommit> {
    match line.strip_prefix("* ").or_else(|| line.strip_prefix("- ")) {
        Some(item) => ConventionalCommit::parse(item),
        None if is_merge => ConventionalCommit::parse(line),
        None => None,
    }
}

/// A footer is `token: value` or `token #value` at the start of a line. An empty one, left over from a template, says
/// nothing.
fn has_breaking_footer(body: &str) -> bool {
    body.lines().any(|line| {
        let rest = line.strip_prefix("BREAKING CHANGE").or_else(|| line.strip_prefix("BREAKING-CHANGE"));
        let value = rest.and_then(|rest| rest.strip_prefix(": ").or_else(|| rest.strip_prefix(" #")));
        value.is_some_and(|value| !value.trim().is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The announcement in short: `feat(api)! fix`, and ` BREAKING` behind it.
    fn told(message: &str, is_merge: bool) -> String {
        let announcement = Announcement::parse(message, is_merge);
        let mut words: Vec<String> = Vec::new();
        for change in announcement.changes {
            let scope = change.scope.map(|scope| format!("({scope})")).unwrap_or_default();
            words.push(format!("{}{scope}{}", change.kind, if change.breaking { "!" } else { "" }));
        }
        if announcement.breaking {
            words.push("BREAKING".into());
        }
        words.join(" ")
    }

    #[test]
    fn headers_are_read_to_the_letter() {
        let table = [
            ("feat: x", "feat"),
            ("Feat: x", "feat"),
            ("feat(api): x", "feat(api)"),
            ("feat(a b/c): x", "feat(a b/c)"),
            ("fix!: x", "fix! BREAKING"),
            ("fix(api)!: x", "fix(api)! BREAKING"),
            ("chore-deps: x", "chore-deps"),
            ("fix: a: b", "fix"),
            ("fix: \u{e9}", "fix"),
            ("feat: x\r\n\r\nbody", "feat"),
            ("\n\nfeat: x", "feat"),
            ("", ""),
            ("feat", ""),
            ("feat:", ""),
            ("feat: ", ""),
            ("feat:x", ""),
            ("feat : x", ""),
            (" : x", ""),
            (": x", ""),
            ("!: x", ""),
            ("feat !: x", ""),
            ("feat!!: x", ""),
            ("feat(): x", ""),
            ("feat(a: x", ""),
            ("feat(a)b: x", ""),
            ("feat(a)(b): x", ""),
            ("my feat: x", ""),
            ("fixup! feat: x", ""),
            ("[feat]: x", ""),
            ("See https://h/p: x", ""),
        ];
        for (message, expected) in table {
            assert_eq!(told(message, false), expected, "{message:?}");
        }
        assert_eq!(
            ConventionalCommit::parse("defeat: x").map(|commit| commit.kind).as_deref(),
            Some("defeat")
        );
    }

    #[test]
    fn footers_break_whatever_the_subject_is() {
        let table = [
            ("feat: x\n\nBREAKING CHANGE: gone", "feat BREAKING"),
            ("chore: x\n\nbody\n\nBREAKING-CHANGE: gone\nReviewed-by: Z", "chore BREAKING"),
            ("chore: x\n\nBREAKING CHANGE #12", "chore BREAKING"),
            ("Rewrite\n\nBREAKING CHANGE: gone", "BREAKING"),
            ("feat: x\n\nbreaking change: gone", "feat"),
            ("feat: x\n\nThis is no BREAKING CHANGE: it works", "feat"),
            ("feat: x\n\nBREAKING CHANGE:", "feat"),
            ("feat: x\n\nBREAKING CHANGES: none", "feat"),
            ("feat: BREAKING CHANGE: x", "feat"),
        ];
        for (message, expected) in table {
            assert_eq!(told(message, false), expected, "{message:?}");
        }
    }

    #[test]
    fn a_revert_is_a_revert_whatever_it_reverts() {
        let table = [
            ("Revert \"feat: x\"\n\nThis reverts commit 0123.", "revert"),
            ("Revert \"feat!: x\"\n\nBREAKING CHANGE: quoted", "revert"),
            ("revert: feat: x", "revert"),
            ("Revert the last change", ""),
            ("Reapply \"feat: x\"\n\nThis reverts commit 0123.", "feat"),
        ];
        for (message, expected) in table {
            assert_eq!(told(message, false), expected, "{message:?}");
        }
    }

    #[test]
    fn bodies_count_under_merges_and_as_lists_of_squashed_commits() {
        let table = [
            ("Merge branch 'x' into 'main'\n\nfeat(api): x\n\nSee merge request a/b!7", true, "feat(api)"),
            ("Merge branch 'x' into 'main'\n\nfix!: x", false, "fix! BREAKING"),
            ("Merge branch 'feat: x'", true, ""),
            ("Add things (#12)\n\n* feat: a\n\n  why\n\n* fix: b\n* wip", false, "feat fix"),
            ("Add things\n\n- perf: a", false, "perf"),
            ("Add things\n\nfeat: only a mention", false, ""),
            ("chore: tidy\n\n* feat: the title decides", false, "chore"),
        ];
        for (message, is_merge, expected) in table {
            assert_eq!(told(message, is_merge), expected, "{message:?}");
        }
    }
}
