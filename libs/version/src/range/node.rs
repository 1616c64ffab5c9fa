//! The dialect of npm's node-semver, version 7.

use super::partial::{Grammar, Partial};
use super::test::{after_major, after_minor, after_patch};
use super::{Alternative, Condition, Prereleases, RangeOptions, Test};
use crate::{TooLarge, Version};

/// By length, so that `>=` is not taken for `>`.
const OPERATORS: [(&str, Operator); 8] = [
    (">=", Operator::From),
    ("<=", Operator::UpTo),
    ("~>", Operator::Tilde),
    (">", Operator::Above),
    ("<", Operator::Below),
    ("=", Operator::Equal),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Above,
    Below,
    From,
    UpTo,
    Tilde,
    Caret,
}

struct Reader {
    options: RangeOptions,
    grammar: Grammar,
}

pub(super) fn parse(text: &str, options: RangeOptions) -> Result<Vec<Alternative>, String> {
    let grammar =
        Grammar { pre_without_hyphen: options.lenient, leading_zeros: options.lenient, ..Grammar::default() };
    let reader = Reader { options, grammar };
    let parts = text.split("||").map(|part| reader.alternative(part.trim()));
    let alternatives: Vec<_> = parts.filter_map(Result::transpose).collect::<Result<_, _>>()?;
    if alternatives.is_empty() { Err("no part of it can be read".into()) } else { Ok(alternatives) }
}

impl Reader {
    /// `None` when it is lenient and nothing in it could be read.
    fn alternative(&self, text: &str) -> Result<Option<Alternative>, String> {
        let conditions = match self.hyphen(text) {
            Some(condition) => vec![condition?],
            None => self.conditions(text)?,
        };
        if conditions.is_empty() && !text.is_empty() {
            return Ok(None);
        }
        let prereleases = if self.options.prereleases {
            Prereleases::All
        } else {
            let bounds = conditions.iter().flat_map(|condition| &condition.tests).filter_map(Test::bound);
            Prereleases::Of(bounds.filter(|bound| bound.is_prerelease()).map(Version::release).collect())
        };
        Ok(Some(Alternative { conditions, prereleases }))
    }

    /// `1.2 - 1.4`, which has to be all of it.
    fn hyphen(&self, text: &str) -> Option<Result<Condition, String>> {
        let words: Vec<_> = text.split_whitespace().collect();
        let [from, "-", to] = words[..] else { return None };
        let read = || {
            let (from, to) = (self.version(from)?, self.version(to)?);
            let mut tests = self.first(&from);
            tests.extend(self.last(&to).map_err(|error| error.to_string())?);
            Ok(Condition { text: text.to_owned(), tests })
        };
        Some(read())
    }

    fn first(&self, from: &Partial) -> Vec<Test> {
        if from.major.is_none() {
            return Vec::new();
        }
        vec![Test::From(self.opened(from.lowest()))]
    }

    fn last(&self, to: &Partial) -> Result<Vec<Test>, TooLarge> {
        Ok(vec![match (to.major, to.minor, to.patch) {
            (None, ..) => return Ok(Vec::new()),
            (Some(major), None, _) => Test::Below(after_major(major)?),
            (Some(major), Some(minor), None) => Test::Below(after_minor(major, minor)?),
            _ if to.pre.is_empty() && self.options.prereleases => Test::Below(after_patch(&to.lowest())?),
            _ => Test::UpTo(to.lowest()),
        }])
    }

    fn conditions(&self, text: &str) -> Result<Vec<Condition>, String> {
        let mut conditions = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (operator, behind) = operator(rest);
            let behind = behind.trim_start();
            let end = behind.find(char::is_whitespace).unwrap_or(behind.len());
            let written = &rest[..rest.len() - behind.len() + end];
            match self.condition(operator, &behind[..end]) {
                Ok(tests) => conditions.push(Condition { text: written.to_owned(), tests }),
                Err(_) if self.options.lenient => {}
                Err(error) => return Err(error),
            }
            rest = behind[end..].trim_start();
        }
        Ok(conditions)
    }

    fn condition(&self, operator: Option<Operator>, word: &str) -> Result<Vec<Test>, String> {
        let partial = self.version(word)?;
        self.tests(operator, &partial).map_err(|error| error.to_string())
    }

    fn version(&self, word: &str) -> Result<Partial, String> {
        let bare = word.trim_start_matches(['v', '=']);
        if bare.is_empty() {
            return Err("an operator stands without a version".into());
        }
        Partial::parse(bare, self.grammar)
    }

    /// Where pre-releases count, those of the lower end belong to what begins there.
    fn opened(&self, from: Version) -> Version {
        if self.options.prereleases && !from.is_prerelease() { from.lowest_prerelease() } else { from }
    }

    /// The lower end of a line of versions: its pre-releases belong to `1.2`, those of 1.2.3 not to `1.2.3`.
    fn begin(&self, partial: &Partial) -> Version {
        if partial.is_whole() { partial.lowest() } else { self.opened(partial.lowest()) }
    }

    fn tests(&self, operator: Option<Operator>, partial: &Partial) -> Result<Vec<Test>, TooLarge> {
        match operator {
            Some(Operator::Tilde) => self.tilde(partial),
            Some(Operator::Caret) => self.caret(partial),
            other => self.plain(other.unwrap_or(Operator::Equal), partial),
        }
    }

    fn tilde(&self, partial: &Partial) -> Result<Vec<Test>, TooLarge> {
        let from = Test::From(self.begin(partial));
        Ok(match (partial.major, partial.minor) {
            (None, _) => Vec::new(),
            (Some(major), None) => vec![from, Test::Below(after_major(major)?)],
            (Some(major), Some(minor)) => vec![from, Test::Below(after_minor(major, minor)?)],
        })
    }

    fn caret(&self, partial: &Partial) -> Result<Vec<Test>, TooLarge> {
        let below = match (partial.major, partial.minor, partial.patch) {
            (None, ..) => return Ok(Vec::new()),
            (Some(major), None, _) | (Some(major @ 1..), ..) => after_major(major)?,
            (Some(0), Some(minor @ 1..), _) | (Some(0), Some(minor), None) => after_minor(0, minor)?,
            _ => after_patch(&partial.lowest())?,
        };
        Ok(vec![Test::From(self.begin(partial)), Test::Below(below)])
    }

    fn plain(&self, operator: Operator, partial: &Partial) -> Result<Vec<Test>, TooLarge> {
        let lowest = partial.lowest();
        let after = || match (partial.major, partial.minor) {
            (Some(major), None) => after_major(major),
            (Some(major), Some(minor)) => after_minor(major, minor),
            (None, _) => Ok(lowest.clone()),
        };
        Ok(vec![match operator {
            Operator::Above | Operator::Below if partial.major.is_none() => Test::Never,
            _ if partial.major.is_none() => return Ok(Vec::new()),
            Operator::Above if !partial.is_whole() => Test::From(self.opened(after()?.release())),
            Operator::UpTo if !partial.is_whole() => Test::Below(after()?),
            Operator::Below if !partial.is_whole() => Test::Below(lowest.lowest_prerelease()),
            Operator::From if !partial.is_whole() => Test::From(self.opened(lowest)),
            Operator::Equal if !partial.is_whole() => {
                return Ok(vec![Test::From(self.opened(lowest.clone())), Test::Below(after()?)]);
            }
            Operator::Above => Test::Above(lowest),
            Operator::Below => Test::Below(lowest),
            Operator::From => Test::From(lowest),
            Operator::UpTo => Test::UpTo(lowest),
            Operator::Equal | Operator::Tilde | Operator::Caret => Test::Is(lowest),
        }])
    }
}

fn operator(text: &str) -> (Option<Operator>, &str) {
    let found = OPERATORS.iter().find_map(|(sign, operator)| Some((*operator, text.strip_prefix(sign)?)));
    found.map_or((None, text), |(operator, rest)| (Some(operator), rest))
}
