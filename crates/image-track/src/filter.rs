//! Which of many versions is wanted: updatecli's `versionfilter`.

use std::cmp::Ordering;

use regex_lite::Regex;
use version::{Range, Version, version_of_tag};

use crate::precedence::is_long_number;
use crate::trouble::Trouble;

/// Which version is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    pub(crate) kind: FilterKind,
    /// What is replaced in a text before it is read; the text itself is the answer all the same.
    pub(crate) replace_all: Option<(Regex, String)>,
}

#[derive(Clone, Debug)]
pub(crate) enum FilterKind {
    /// The last one in the order of the list.
    Latest,
    /// This one.
    Exact(String),
    /// The last one that matches.
    Regex(Regex),
    /// The highest version.
    Semver {
        range: Range,
        /// Only what is written with three numbers.
        strict: bool,
        /// The version is the first group of this, in each text.
        within: Option<Regex>,
    },
}

/// How a list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// By nothing that means anything: registries sort as text.
    ByName,
    /// The newest one last.
    ByTime,
}

/// What is wanted, the best first, and how that came about.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) texts: Vec<String>,
    /// For people: how many there were, and how many of them were versions.
    pub(crate) count: String,
}

impl Filter {
    /// Chooses; `current` is what stands in the file, whose shape wins between texts that are equal.
    ///
    /// # Errors
    /// When nothing is wanted: how many there were, and what is nearest.
    pub(crate) fn choose(
        &self,
        texts: &[String],
        listed: Listed,
        current: Option<&str>,
    ) -> Result<Chosen, Trouble> {
        match &self.kind {
            FilterKind::Semver { range, strict, within } => {
                self.by_version(texts, range, *strict, within.as_ref(), current)
            }
            other => self.by_order(other, texts, listed),
        }
    }

    fn by_order(&self, kind: &FilterKind, texts: &[String], listed: Listed) -> Result<Chosen, Trouble> {
        let mut ordered: Vec<&String> = texts.iter().collect();
        if listed == Listed::ByName {
            ordered.sort_by(|one, other| natural(one, other));
        }
        let is_wanted = |text: &&&String| match kind {
            FilterKind::Exact(wanted) => self.read(text) == *wanted,
            FilterKind::Regex(regex) => regex.is_match(&self.read(text)),
            _ => true,
        };
        let wanted: Vec<String> =
            ordered.iter().rev().filter(is_wanted).map(|text| (*text).clone()).collect();
        if !wanted.is_empty() {
            return Ok(Chosen {
                count: format!("{}, {} of them match", counted(texts.len()), wanted.len()),
                texts: wanted,
            });
        }
        let what = match kind {
            FilterKind::Exact(wanted) => format!("is {wanted}"),
            FilterKind::Regex(regex) => format!("matches {}", regex.as_str()),
            _ => "is there".into(),
        };
        let trouble = Trouble::failed(format!("none of {} {what}", counted(texts.len())));
        Err(match ordered.last() {
            Some(last) => trouble.hint(format!("the last one is {last}")),
            None => trouble,
        })
    }

    fn by_version(
        &self,
        texts: &[String],
        range: &Range,
        strict: bool,
        within: Option<&Regex>,
        current: Option<&str>,
    ) -> Result<Chosen, Trouble> {
        let versions: Vec<(Version, &String)> =
            texts.iter().filter_map(|text| Some((self.version(text, strict, within)?, text))).collect();
        let mut wanted: Vec<&(Version, &String)> =
            versions.iter().filter(|(version, _)| range.matches(version)).collect();
        let (all, read) = (counted(texts.len()), versions.len());
        if wanted.is_empty() {
            let trouble =
                Trouble::failed(format!("none of {all} is in {range}; {read} of them are versions"));
            return Err(match nearest_miss(&versions, range) {
                Some(reason) => trouble.hint(reason),
                None => trouble.hint("a version is 1.4.3 or v1.4.3"),
            });
        }
        let shape = current.map(|current| current.starts_with('v'));
        let rank = |(version, text): &(Version, &String)| {
            let same_shape = shape.is_none_or(|shape| text.starts_with('v') == shape);
            (!is_long_number(text), version.clone(), same_shape, parts(text))
        };
        wanted.sort_by_key(|found| std::cmp::Reverse(rank(found)));
        let count = format!("{all}, {read} of them versions, {} in {range}", wanted.len());
        Ok(Chosen { texts: wanted.into_iter().map(|(_, text)| (*text).clone()).collect(), count })
    }

    fn version(&self, text: &str, strict: bool, within: Option<&Regex>) -> Option<Version> {
        let text = self.read(text);
        let text = match within {
            Some(regex) => {
                let found = regex.captures(&text)?;
                found.get(1).or_else(|| found.get(0))?.as_str().to_owned()
            }
            None => text,
        };
        if strict {
            // As updatecli's strict: three numbers, and no v in front.
            return text.parse().ok().filter(|_| !text.starts_with('v'));
        }
        Version::lenient(&text).ok().or_else(|| version_of_tag(&text))
    }

    fn read(&self, text: &str) -> String {
        match &self.replace_all {
            Some((regex, with)) => regex.replace_all(text, with.as_str()).into_owned(),
            None => text.to_owned(),
        }
    }
}

fn counted(number: usize) -> String {
    if number == 1 { "1 tag".into() } else { format!("{number} tags") }
}

/// Why the highest version is not wanted.
fn nearest_miss(versions: &[(Version, &String)], range: &Range) -> Option<String> {
    let (version, _) =
        versions.iter().filter(|(_, text)| !is_long_number(text)).max_by_key(|(version, _)| version)?;
    Some(format!("of the highest: {}", range.refusal(version)?))
}

/// `1.4.0` says more than `1.4`, which may move on.
fn parts(text: &str) -> usize {
    text.split(['-', '+']).next().unwrap_or_default().matches('.').count()
}

/// As text, but numbers in it as numbers: 9 before 14.
fn natural(one: &str, other: &str) -> Ordering {
    let (mut left, mut right) = (one, other);
    loop {
        let (a, b) = (chunk(left), chunk(right));
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len()).then_with(|| one.cmp(other));
        }
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let order = if is_number(a) && is_number(b) {
            let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        } else {
            a.cmp(b)
        };
        if order.is_ne() {
            return order;
        }
        (left, right) = (&left[a.len()..], &right[b.len()..]);
    }
}

/// The digits, or what is none, that a text begins with.
fn chunk(text: &str) -> &str {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use version::RangeOptions;

    use super::*;

    fn choose(kind: FilterKind, tags: &str, current: Option<&str>) -> Result<String, String> {
        let tags: Vec<String> = tags.split_whitespace().map(str::to_owned).collect();
        let filter = Filter { kind, replace_all: None };
        let chosen = filter.choose(&tags, Listed::ByName, current);
        chosen.map(|chosen| chosen.texts[0].clone()).map_err(|trouble| trouble.message)
    }

    fn semver(range: &str) -> FilterKind {
        let range = Range::parse(range, RangeOptions::default()).unwrap();
        FilterKind::Semver { range, strict: false, within: None }
    }

    #[test]
    fn the_highest_version_in_a_range_is_chosen_as_it_is_written() {
        let table = [
            ("^1.0.0", "latest 1.0.0 1.9.0 1.10.0 2.0.0 1.11.0-rc.1", "1.10.0"),
            ("^1.0.0", "v1.0.0 v1.2.3 nightly", "v1.2.3"),
            (
                ">=1.0.0-name.0 <=1.0.0-name.9999",
                "1.0.0 1.0.0-name.9 1.0.0-name.27 1.0.0-other.99 1.0.1",
                "1.0.0-name.27",
            ),
            (">=18.20.0-x.0 <=18.99.0-x.9999", "18.20.0-x.1 18.21.0-x.3 19.0.0", "18.21.0-x.3"),
            ("*", "20240101 1234567 1.4.0 1.2.0", "1.4.0"),
            ("*", "20240101 20240301", "20240301"),
            (">=1", "1.2.3.4 1.2 1.1.9", "1.2"),
            ("^1", "1 1.4 1.4.0", "1.4.0"),
            ("*", "1.2.3_b.1 1.2.2", "1.2.3_b.1"),
        ];
        for (range, tags, expected) in table {
            assert_eq!(choose(semver(range), tags, None).as_deref(), Ok(expected), "{range}");
        }
    }

    #[test]
    fn between_equal_ones_the_shape_of_the_current_value_wins() {
        assert_eq!(choose(semver("*"), "1.2.0 v1.2.0", Some("1.1.0")).as_deref(), Ok("1.2.0"));
        assert_eq!(choose(semver("*"), "1.2.0 v1.2.0", Some("v1.1.0")).as_deref(), Ok("v1.2.0"));
    }

    #[test]
    fn strict_reads_three_numbers_only() {
        let range = Range::parse("*", RangeOptions::default()).unwrap();
        let strict = FilterKind::Semver { range, strict: true, within: None };
        assert_eq!(choose(strict, "1.4 v1.5.0 1.3.0", None).as_deref(), Ok("1.3.0"));
    }

    #[test]
    fn a_version_within_a_text_is_looked_at() {
        let range = Range::parse("^1", RangeOptions::default()).unwrap();
        let within = Some(Regex::new(r"^app-(.*)$").unwrap());
        let kind = FilterKind::Semver { range, strict: false, within };
        assert_eq!(choose(kind, "app-1.9.0 app-1.10.0 1.11.0 lib-1.12.0", None).as_deref(), Ok("app-1.10.0"));
    }

    #[test]
    fn without_versions_the_last_in_natural_order_is_chosen() {
        assert_eq!(choose(FilterKind::Latest, "1.0.0-14 1.0.0-9 1.0.0-2", None).as_deref(), Ok("1.0.0-14"));
        let regex = FilterKind::Regex(Regex::new("^build-").unwrap());
        assert_eq!(choose(regex, "build-9 build-10 zzz", None).as_deref(), Ok("build-10"));
        let exact = FilterKind::Exact("stable".into());
        assert_eq!(choose(exact, "stable 1.0.0", None).as_deref(), Ok("stable"));
    }

    #[test]
    fn nothing_wanted_says_what_there_was() {
        let none = choose(semver("^3"), "1.0.0 2.0.0 latest", None).unwrap_err();
        assert_eq!(none, "none of 3 tags is in ^3; 2 of them are versions");
        let regex = FilterKind::Regex(Regex::new("^x").unwrap());
        assert_eq!(choose(regex, "a", None).unwrap_err(), "none of 1 tag matches ^x");
        assert!(choose(FilterKind::Latest, "", None).is_err());
    }
}
