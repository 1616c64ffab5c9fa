//! Transformers and version filters of a manifest.

use regex_lite::Regex;
use version::{Bump, Range, RangeOptions};
use yaml_splice::Node;

use super::fields::{Fields, Text};
use crate::filter::{Filter, FilterKind};
use crate::transform::Transformer;
use crate::trouble::Trouble;

/// A transformer that takes a text.
type Make = fn(String) -> Transformer;

/// The transformers of a resource. Within one entry they run in updatecli's order, not in that of the text.
pub(super) fn steps(fields: &mut Fields<'_>) -> Result<Vec<Transformer>, Trouble> {
    let Some(list) = fields.node("transformers") else { return Ok(Vec::new()) };
    let text = fields.text;
    if !list.is_sequence() {
        return Err(text.wrong(list, "transformers is no list"));
    }
    let mut steps = Vec::new();
    for item in list.items() {
        let mut entry = Fields::open(text, item, "a transformer")?;
        let simple: [(_, Make); 4] = [
            ("addprefix", Transformer::AddPrefix),
            ("addsuffix", Transformer::AddSuffix),
            ("trimprefix", Transformer::TrimPrefix),
            ("trimsuffix", Transformer::TrimSuffix),
        ];
        for (name, make) in simple {
            steps.extend(entry.string(name)?.map(make));
        }
        if let Some(all) = entry.node("replacers") {
            let pairs = all.items().map(|item| pair(Fields::open(text, item, "a replacer")?));
            steps.push(Transformer::Replace(pairs.collect::<Result<_, _>>()?));
        }
        if let Some(one) = entry.below("replacer")? {
            steps.push(Transformer::Replace(vec![pair(one)?]));
        }
        if let Some((node, pattern)) = entry.located("find")? {
            steps.push(Transformer::Find(regex(text, node, &pattern)?));
        }
        if let Some(node) = entry.node("findsubmatch") {
            steps.push(submatch(text, node)?);
        }
        if let Some((node, parts)) = entry.located("semverinc")? {
            steps.push(Transformer::Increment(bumps(text, node, &parts)?));
        }
        if entry.flag("quote")? {
            steps.push(Transformer::Quote);
        }
        if entry.flag("unquote")? {
            steps.push(Transformer::Unquote);
        }
        entry.refuse("jsonmatch", "the versions here are no JSON")?;
        entry.end()?;
    }
    Ok(steps)
}

fn pair(mut fields: Fields<'_>) -> Result<(String, String), Trouble> {
    let (_, from) = fields.need("from")?;
    let to = fields.string("to")?.unwrap_or_default();
    fields.end()?;
    Ok((from, to))
}

/// A pattern, or a pattern and which of its groups.
fn submatch(text: &Text<'_>, node: Node<'_>) -> Result<Transformer, Trouble> {
    if let Some(pattern) = node.as_str() {
        return Ok(Transformer::FindSubmatch(regex(text, node, pattern)?, 0));
    }
    let mut fields = Fields::open(text, node, "findsubmatch")?;
    let (at, pattern) = fields.need("pattern")?;
    let group = fields.number("captureindex")?.unwrap_or_default();
    fields.end()?;
    Ok(Transformer::FindSubmatch(regex(text, at, &pattern)?, group))
}

fn bumps(text: &Text<'_>, node: Node<'_>, parts: &str) -> Result<Vec<Bump>, Trouble> {
    let bump = |part: &str| match part {
        "major" => Ok(Bump::Major),
        "minor" => Ok(Bump::Minor),
        "patch" => Ok(Bump::Patch),
        other => Err(text.wrong(node, format!("semverinc knows no '{other}'")).hint("major, minor, patch")),
    };
    parts.split(',').map(bump).collect()
}

/// A regular expression.
pub(super) fn regex(text: &Text<'_>, node: Node<'_>, pattern: &str) -> Result<Regex, Trouble> {
    Regex::new(pattern).map_err(|error| {
        text.wrong(node, format!("'{pattern}' is no regular expression: {error}"))
            .hint("the syntax is RE2's, as in Go, without classes of Unicode such as \\p{L}")
    })
}

/// The version filter of a source: a mapping, a bare pattern, or this default.
pub(super) fn filter(fields: &mut Fields<'_>, default: FilterKind) -> Result<Filter, Trouble> {
    let text = fields.text;
    let Some(node) = fields.node("versionfilter") else {
        return Ok(Filter { kind: default, replace_all: None });
    };
    if let Some(pattern) = node.as_str() {
        return Ok(Filter { kind: semver(text, node, pattern, false, None)?, replace_all: None });
    }
    let mut entry = Fields::open(text, node, "versionfilter")?;
    let kind = entry.located("kind")?;
    let pattern = entry.located("pattern")?;
    let (at, shown) = pattern.clone().unwrap_or((node, String::new()));
    let strict = entry.flag("strict")?;
    let within = entry.located("regex")?;
    let within = within.map(|(node, pattern)| regex(text, node, &pattern)).transpose()?;
    let name = kind.as_ref().map_or("latest", |(_, name)| name.as_str()).to_ascii_lowercase();
    let kind = match name.as_str() {
        "latest" if shown.is_empty() || shown == "latest" => FilterKind::Latest,
        "latest" => FilterKind::Exact(shown),
        "regex" => FilterKind::Regex(regex(text, at, if shown.is_empty() { ".*" } else { &shown })?),
        "semver" => semver(text, at, &shown, strict, None)?,
        "regex/semver" => {
            let within = within
                .ok_or_else(|| text.wrong(node, "versionfilter of the kind regex/semver has no regex"))?;
            semver(text, at, &shown, strict, Some(within))?
        }
        other => {
            let node = kind.map_or(node, |(node, _)| node);
            return Err(text
                .wrong(node, format!("the versionfilter kind '{other}' is not supported"))
                .hint("semver, regex, regex/semver and latest are"));
        }
    };
    let replace_all = match entry.below("replaceall")? {
        Some(mut replace) => {
            let (at, pattern) = replace.need("pattern")?;
            let with = replace.string("replacement")?.unwrap_or_default();
            replace.end()?;
            Some((regex(text, at, &pattern)?, with))
        }
        None => None,
    };
    entry.end()?;
    Ok(Filter { kind, replace_all })
}

/// The highest version in a range of Masterminds' dialect; nothing means every release.
fn semver(
    text: &Text<'_>,
    node: Node<'_>,
    pattern: &str,
    strict: bool,
    within: Option<Regex>,
) -> Result<FilterKind, Trouble> {
    let pattern = if pattern.is_empty() { "*" } else { pattern };
    let range = Range::parse(pattern, RangeOptions::default()).map_err(|error| {
        let trouble = Trouble::of(&error);
        Trouble { hint: trouble.hint, ..text.wrong(node, trouble.message) }
    })?;
    Ok(FilterKind::Semver { range, strict, within })
}

/// Every release.
pub(super) fn any_version() -> Result<FilterKind, Trouble> {
    let range = Range::parse("*", RangeOptions::default()).map_err(|error| Trouble::of(&error))?;
    Ok(FilterKind::Semver { range, strict: false, within: None })
}
