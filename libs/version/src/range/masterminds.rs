//! The dialect of github.com/Masterminds/semver, version 3.

use super::partial::{Grammar, Partial};
use super::test::{after_major, after_minor, after_patch};
use super::{Alternative, Condition, Prereleases, Test};
use crate::TooLarge;

const GRAMMAR: Grammar = Grammar { pre_behind_fewer: true, pre_without_hyphen: false, leading_zeros: true };

/// By length, so that `>=` is not taken for `>`.
const OPERATORS: [(&str, Operator); 10] = [
    ("!=", Operator::Not),
    (">=", Operator::From),
    ("=>", Operator::From),
    ("<=", Operator::UpTo),
    ("=<", Operator::UpTo),
    ("~>", Operator::Tilde),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Not,
    Above,
    Below,
    From,
    UpTo,
    Tilde,
    Caret,
}

pub(super) fn parse(text: &str, prereleases: bool) -> Result<Vec<Alternative>, String> {
    // Nothing is asked for: a range that was left empty in a manifest is every release there, too.
    let text = if text.trim().is_empty() { "*" } else { text };
    text.split("||").map(|part| alternative(part, prereleases)).collect()
}

fn alternative(text: &str, prereleases: bool) -> Result<Alternative, String> {
    let mut rest = text.trim_start();
    if rest.is_empty() {
        return Err("a part of it is empty; * is every release".into());
    }
    let mut conditions = Vec::new();
    let mut names_prerelease = false;
    while !rest.is_empty() {
        let begun = rest;
        let (operator, behind) = operator(rest);
        let (partial, behind) = version(behind.trim_start())?;
        names_prerelease |= !partial.pre.is_empty();
        let tests = match upper_end(behind) {
            Some(upper) if operator.is_none() => {
                let (last, behind) = version(upper)?;
                names_prerelease |= !last.pre.is_empty();
                rest = behind;
                let from = tests(Operator::From, &partial);
                from.and_then(|from| Ok([from, tests(Operator::UpTo, &last)?].concat()))
            }
            Some(_) => return Err("an operator stands before a range with a hyphen".into()),
            None => {
                rest = behind;
                tests(operator.unwrap_or(Operator::Equal), &partial)
            }
        };
        let written = begun[..begun.len() - rest.len()].trim_end().to_owned();
        conditions.push(Condition { text: written, tests: tests.map_err(|error| error.to_string())? });
        rest = separated(rest)?;
    }
    let prereleases = if prereleases || names_prerelease { Prereleases::All } else { Prereleases::None };
    Ok(Alternative { conditions, prereleases })
}

fn operator(text: &str) -> (Option<Operator>, &str) {
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)));
    match found {
        Some((operator, rest)) => (Some(operator), rest),
        None => match text.strip_prefix('=') {
            Some(rest) => (Some(Operator::Equal), rest),
            None => (None, text),
        },
    }
}

/// The version that `text` starts with, and what stands behind it.
fn version(text: &str) -> Result<(Partial, &str), String> {
    let end = text.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    if word.is_empty() {
        return Err("an operator stands without a version".into());
    }
    Ok((Partial::parse(word.strip_prefix('v').unwrap_or(word), GRAMMAR)?, rest))
}

/// What stands behind a hyphen with blanks on both sides.
fn upper_end(rest: &str) -> Option<&str> {
    let behind = rest.trim_start();
    let upper = behind.strip_prefix('-')?;
    (behind.len() < rest.len() && upper.starts_with(char::is_whitespace)).then(|| upper.trim_start())
}

/// What stands behind the blanks or the comma that end a condition. Nothing may stand behind a comma.
fn separated(rest: &str) -> Result<&str, String> {
    let rest = rest.trim_start();
    match rest.strip_prefix(',') {
        Some(behind) if behind.trim_start().is_empty() => Err("it ends with a comma".into()),
        Some(behind) => Ok(behind.trim_start()),
        None => Ok(rest),
    }
}

fn tests(operator: Operator, partial: &Partial) -> Result<Vec<Test>, TooLarge> {
    let lowest = partial.lowest();
    Ok(match operator {
        Operator::Equal if partial.is_whole() => vec![Test::Is(lowest)],
        Operator::Equal | Operator::Tilde => tilde(partial)?,
        Operator::Not => vec![not(partial)?],
        Operator::Above => vec![match (partial.major, partial.minor, partial.patch) {
            (Some(major), None, _) => Test::From(after_major(major)?),
            (Some(major), Some(minor), None) => Test::From(after_minor(major, minor)?),
            _ => Test::Above(lowest),
        }],
        Operator::Below => vec![Test::Below(lowest)],
        Operator::From => vec![Test::From(lowest)],
        Operator::UpTo => vec![match (partial.major, partial.minor, partial.patch) {
            (Some(major), None, _) => Test::Below(after_major(major)?),
            (Some(major), Some(minor), None) => Test::Below(after_minor(major, minor)?),
            // A lone x counts as 0, here and nowhere else.
            (None, ..) => Test::Below(after_minor(0, 0)?),
            _ => Test::UpTo(lowest),
        }],
        Operator::Caret => vec![Test::From(lowest), Test::Below(after_caret(partial)?)],
    })
}

fn tilde(partial: &Partial) -> Result<Vec<Test>, TooLarge> {
    let mut tests = vec![Test::From(partial.lowest())];
    match (partial.major, partial.minor) {
        (None, _) => {}
        (Some(major), None) => tests.push(Test::Below(after_major(major)?)),
        // As documented there, ~0.0.0 is everything.
        (Some(0), Some(0)) if partial.patch == Some(0) => {}
        (Some(major), Some(minor)) => tests.push(Test::Below(after_minor(major, minor)?)),
    }
    Ok(tests)
}

fn not(partial: &Partial) -> Result<Test, TooLarge> {
    let lowest = partial.lowest();
    Ok(match (partial.major, partial.minor, partial.patch) {
        (Some(major), None, _) => Test::Outside(lowest.release().lowest_prerelease(), after_major(major)?),
        (Some(_), Some(_), None) => Test::NotAlike(lowest),
        _ => Test::IsNot(lowest),
    })
}

/// The left-most number that is not zero stays; of those that are open, none has to.
fn after_caret(partial: &Partial) -> Result<crate::Version, TooLarge> {
    match (partial.major, partial.minor, partial.patch) {
        (Some(major), None, _) => after_major(major),
        (Some(major @ 1..), ..) => after_major(major),
        (Some(0), Some(minor @ 1..), _) | (Some(0), Some(minor), None) => after_minor(0, minor),
        _ => after_patch(&partial.lowest()),
    }
}
