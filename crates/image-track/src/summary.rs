//! What a request says about itself.

use crate::plan::Outcome;
use crate::precedence::version_text;

/// So many names stand in a title.
const MOST_NAMED: usize = 3;

/// `Update app to 1.5.2`, or the names of several.
pub(crate) fn title(changes: &[&Outcome]) -> String {
    let mut named: Vec<(String, &str)> = Vec::new();
    for change in changes {
        let name = (short(change), shown(&change.to));
        if !named.contains(&name) {
            named.push(name);
        }
    }
    match named.as_slice() {
        [(name, version)] => format!("Update {name} to {version}"),
        [all @ .., (last, _)] if named.len() <= MOST_NAMED => {
            let all: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
            format!("Update {} and {last}", all.join(", "))
        }
        all => {
            let first: Vec<_> = all.iter().take(MOST_NAMED).map(|(name, _)| name.as_str()).collect();
            format!("Update {} and {} more", first.join(", "), all.len().saturating_sub(MOST_NAMED))
        }
    }
}

/// A table of what changes, as Markdown.
pub(crate) fn body(changes: &[&Outcome], said: Option<&str>) -> String {
    let mut text = said.map(|said| format!("{}\n\n", said.trim_end())).unwrap_or_default();
    text.push_str("| follows | file | key | from | to |\n|---|---|---|---|---|\n");
    for change in changes {
        let cells = [&change.follows, &change.file, &change.key, &change.from, &change.to];
        text.push_str(&format!("| {} |\n", cells.map(|cell| code(cell)).join(" | ")));
    }
    text.push_str("\nimage-track keeps this request up to date; its branch is written anew when something newer comes.\n");
    text
}

/// A line for each change.
pub(crate) fn message(changes: &[&Outcome]) -> String {
    let line = |change: &&Outcome| {
        format!(
            "- {}: {} -> {} ({})\n",
            short(change),
            first_line(&change.from),
            first_line(&change.to),
            change.file
        )
    };
    changes.iter().map(line).collect()
}

/// The last part of what is followed, or of the key where that is not known.
fn short(change: &Outcome) -> String {
    let name = match change.follows.is_empty() {
        true => change.key.as_str(),
        false => change.follows.trim_end_matches('/').rsplit('/').next().unwrap_or(&change.follows),
    };
    name.trim_end_matches(".git").to_owned()
}

fn shown(value: &str) -> &str {
    version_text(value).unwrap_or_else(|| first_line(value))
}

fn first_line(text: &str) -> &str {
    match text.lines().next().unwrap_or_default() {
        "" => "nothing",
        line => line,
    }
}

/// A cell of a table that shows the text as it is.
fn code(text: &str) -> String {
    let line: String = first_line(text).chars().take(200).collect();
    format!("`{}`", line.replace('`', "'").replace('|', "\\|"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::State;

    fn change(follows: &str, from: &str, to: &str) -> Outcome {
        Outcome {
            manifest: "m".into(),
            target: "t".into(),
            follows: follows.into(),
            file: "values.yaml".into(),
            key: "image.tag".into(),
            from: from.into(),
            to: to.into(),
            state: State::Update,
        }
    }

    #[test]
    fn a_title_names_what_changes() {
        let all: Vec<Outcome> =
            ["h/a", "h/b", "h/c", "h/d"].map(|name| change(name, "1.0.0", "app:v1.1.0@sha256:00")).to_vec();
        let some = |count: usize| title(&all.iter().take(count).collect::<Vec<_>>());
        assert_eq!(some(1), "Update a to v1.1.0");
        assert_eq!(some(2), "Update a and b");
        assert_eq!(some(3), "Update a, b and c");
        assert_eq!(some(4), "Update a, b, c and 1 more");
        assert_eq!(title(&[&all[0], &all[0]]), "Update a to v1.1.0");
        assert_eq!(title(&[&change("", "a", "b")]), "Update image.tag to b");
    }

    #[test]
    fn what_stands_in_a_table_cannot_break_it() {
        let text = body(&[&change("h/a", "`x|y`\nz", "")], Some("Said."));
        assert!(text.starts_with("Said.\n\n| follows"), "{text}");
        assert!(text.contains("| `h/a` | `values.yaml` | `image.tag` | `'x\\|y'` | `nothing` |\n"), "{text}");
    }
}
