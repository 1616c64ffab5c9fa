//! `.dockerignore`: what of a build's context stays here
//! (<https://docs.docker.com/build/concepts/context/#dockerignore-files>).

use std::path::Path;

use crate::upload::Wanted;

/// The patterns of a file, of which the last that matches decides.
#[derive(Debug, Default)]
pub(crate) struct Ignored {
    patterns: Vec<Pattern>,
}

#[derive(Debug)]
struct Pattern {
    parts: Vec<String>,
    /// With `!`: it takes back what others left out.
    back: bool,
}

impl Ignored {
    pub(crate) fn parse(text: &str) -> Self {
        let lines =
            text.trim_start_matches('\u{feff}').lines().filter(|line| !line.starts_with('#')).map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty()).filter_map(|line| {
            let (back, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
            Some(Pattern { parts: cleaned(pattern)?, back })
        });
        Self { patterns: patterns.collect() }
    }

    /// Is this part of the context? `always` are files that a build needs in any case.
    pub(crate) fn wanted(&self, path: &Path, is_folder: bool, always: &[&Path]) -> Wanted {
        if always.contains(&path) {
            return Wanted::Yes;
        }
        let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let left_out = self.patterns.iter().fold(false, |left_out, pattern| {
            if pattern.back == left_out && pattern.covers(&parts) { !pattern.back } else { left_out }
        });
        if !left_out {
            return Wanted::Yes;
        }
        let taken_back = self.patterns.iter().any(|pattern| pattern.back);
        let holds_one = always.iter().any(|file| file.starts_with(path));
        if is_folder && (taken_back || holds_one) { Wanted::Inside } else { Wanted::No }
    }
}

impl Pattern {
    /// Does it match the path, or a folder that the path is in?
    fn covers(&self, path: &[String]) -> bool {
        (1..=path.len()).any(|length| matches(&self.parts, &path[..length]))
    }
}

/// Without empty parts and dots; `None` when it leads to the context itself, or out of it.
fn cleaned(pattern: &str) -> Option<Vec<String>> {
    let mut parts: Vec<String> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part.to_owned()),
        }
    }
    (!parts.is_empty()).then_some(parts)
}

fn matches(pattern: &[String], path: &[String]) -> bool {
    match pattern.split_first() {
        None => path.is_empty(),
        Some((first, rest)) if first == "**" => {
            (0..=path.len()).any(|skipped| matches(rest, &path[skipped..]))
        }
        Some((first, rest)) => path.split_first().is_some_and(|(name, below)| {
            let (first, name): (Vec<char>, Vec<char>) = (first.chars().collect(), name.chars().collect());
            part_matches(&first, &name) && matches(rest, below)
        }),
    }
}

/// As Go's filepath.Match has it: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` in front of a character that means itself.
fn part_matches(pattern: &[char], name: &[char]) -> bool {
    match (pattern, name) {
        ([], _) => name.is_empty(),
        (['*', rest @ ..], _) => (0..=name.len()).any(|skipped| part_matches(rest, &name[skipped..])),
        (['?', rest @ ..], [_, below @ ..]) => part_matches(rest, below),
        (['[', ..], [c, below @ ..]) => {
            class(pattern, *c).is_some_and(|(hit, rest)| hit && part_matches(rest, below))
        }
        (['\\', literal, rest @ ..], [c, below @ ..]) => literal == c && part_matches(rest, below),
        ([literal, rest @ ..], [c, below @ ..]) => literal == c && part_matches(rest, below),
        _ => false,
    }
}

/// Is the character in the class that the pattern begins with, and what follows the class? `None`: it has no end.
fn class(pattern: &[char], c: char) -> Option<(bool, &[char])> {
    let inside = pattern.get(1..)?;
    let (not, inside) = inside.strip_prefix(&['^']).map_or((false, inside), |rest| (true, rest));
    let (mut hit, mut at) = (false, 0);
    loop {
        match *inside.get(at)? {
            ']' if at > 0 => return Some((hit != not, &inside[at + 1..])),
            low => {
                let range =
                    inside.get(at + 1) == Some(&'-') && inside.get(at + 2).is_some_and(|high| *high != ']');
                let high = if range { *inside.get(at + 2)? } else { low };
                hit |= (low..=high).contains(&c);
                at += if range { 3 } else { 1 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(patterns: &str, path: &str) -> Wanted {
        Ignored::parse(patterns).wanted(Path::new(path), path.ends_with('/'), &[Path::new("Dockerfile")])
    }

    #[test]
    fn patterns_mean_what_docker_says() {
        use Wanted::{Inside, No, Yes};
        for (patterns, path, expected) in [
            ("", "a", Yes),
            ("# a\n\n", "a", Yes),
            ("a", "a", No),
            ("/a", "a", No),
            ("a/", "a/b", No),
            ("a", "b/a", Yes),
            ("**/a", "b/c/a", No),
            ("**/a", "a", No),
            ("a/**", "a/b/c", No),
            ("**", "x/y", No),
            ("*.pyc", "a.pyc", No),
            ("*.pyc", "b/a.pyc", Yes),
            ("**/*.pyc", "b/a.pyc", No),
            ("*/temp*", "some/temporary.txt", No),
            ("temp?", "tempa", No),
            ("temp?", "temp", Yes),
            ("[a-c]x", "bx", No),
            ("[^a-c]x", "bx", Yes),
            ("\\*x", "*x", No),
            ("\\*x", "ax", Yes),
            ("*\n!README.md", "README.md", Yes),
            ("*\n!README.md", "other", No),
            ("*\n!src", "src/main.rs", Yes),
            ("*\n!src/a", "src/", Inside),
            ("*\n!src/a", "src/b", No),
            ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", No),
            ("./a/../b", "b", No),
            ("..", "a", Yes),
            ("*", "Dockerfile", Yes),
        ] {
            assert_eq!(kept(patterns, path), expected, "{patterns:?} {path}");
        }
    }
}
