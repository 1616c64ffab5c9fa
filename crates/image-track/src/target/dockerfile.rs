//! Values in Dockerfiles: the tag of FROM, and the values of ARG, ENV and LABEL. Only the value's own bytes change.
//! <https://docs.docker.com/reference/dockerfile/>

use crate::target::{Place, Written};
use crate::trouble::Trouble;

/// The instruction whose value is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keyword {
    From,
    Arg,
    Env,
    Label,
}

/// A target of the kind `dockerfile`.
#[derive(Clone, Debug)]
pub(crate) struct DockerfileTarget {
    pub(crate) keyword: Keyword,
    /// The image's name, or what it begins with where none has that name; or the name of the argument.
    pub(crate) matcher: String,
    /// Only in this stage, by the name behind AS.
    pub(crate) stage: Option<String>,
}

impl Keyword {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::From, Self::Arg, Self::Env, Self::Label]
            .into_iter()
            .find(|keyword| keyword.name().eq_ignore_ascii_case(text))
    }

    fn name(self) -> &'static str {
        match self {
            Self::From => "FROM",
            Self::Arg => "ARG",
            Self::Env => "ENV",
            Self::Label => "LABEL",
        }
    }
}

impl DockerfileTarget {
    /// Lets `decide` give each place that is meant another value.
    ///
    /// # Errors
    /// When there is no such place.
    pub(crate) fn write(
        &self,
        text: &str,
        decide: &mut dyn FnMut(&Place<'_>) -> Option<String>,
    ) -> Result<Written, Trouble> {
        let spots = self.spots(text);
        if spots.is_empty() {
            return Err(self.missing(text));
        }
        let mut written = Written::default();
        let mut done = 0;
        for (number, spot) in spots.iter().enumerate() {
            let nth = if number == 0 { String::new() } else { format!(" #{}", number + 1) };
            let key = format!("{} {}{nth}", self.keyword.name(), spot.name);
            let current = &text[spot.start..spot.end];
            let shown = current.trim_start_matches(':');
            written.text.push_str(&text[done..spot.start]);
            match decide(&Place { key: &key, current: shown, groups: None }) {
                Some(new) if new != shown => {
                    let needs_colon = self.keyword == Keyword::From && !new.starts_with('@');
                    written.text.push_str(if needs_colon { ":" } else { "" });
                    written.text.push_str(&new);
                }
                _ => written.text.push_str(current),
            }
            done = spot.end;
        }
        written.text.push_str(&text[done..]);
        Ok(written)
    }

    fn spots<'t>(&self, text: &'t str) -> Vec<Spot<'t>> {
        let mut stage = String::new();
        let mut spots = Vec::new();
        // golang is not meant to be golang-tools, where there is a golang.
        let is_exact = bases(text).iter().any(|base| base.name == self.matcher);
        let is_meant = |name: &str| match is_exact {
            true => name == self.matcher,
            false => name.starts_with(&self.matcher),
        };
        for line in instructions(text) {
            let from = (line.keyword.eq_ignore_ascii_case("FROM")).then(|| image_of(text, &line)).flatten();
            if let Some(from) = &from {
                stage = from.stage.to_owned();
            }
            let in_stage = self.stage.as_ref().is_none_or(|wanted| *wanted == stage);
            if !in_stage || !line.keyword.eq_ignore_ascii_case(self.keyword.name()) {
                continue;
            }
            match (self.keyword, from) {
                (Keyword::From, Some(from)) if is_meant(from.name) => spots.push(from.spot()),
                (Keyword::From, _) => {}
                _ => spots.extend(assignment(text, &line, &self.matcher)),
            }
        }
        spots
    }

    fn missing(&self, text: &str) -> Trouble {
        let (name, matcher) = (self.keyword.name(), &self.matcher);
        let known: Vec<String> = instructions(text)
            .filter(|line| line.keyword.eq_ignore_ascii_case(name))
            .filter_map(|line| match self.keyword {
                Keyword::From => Some(image_of(text, &line)?.name.to_owned()),
                _ => {
                    let word = text[line.start..line.end].split_whitespace().next()?;
                    Some(word.split('=').next().unwrap_or(word).to_owned())
                }
            })
            .collect();
        let of_stage = self.stage.as_ref().map(|stage| format!(" in the stage {stage}")).unwrap_or_default();
        let trouble = Trouble::usage(format!("there is no {name} {matcher}{of_stage}"));
        match yaml_splice::nearest(matcher, &known) {
            Some(near) => trouble.hint(format!("did you mean {near}?")),
            None if known.is_empty() => trouble.hint(format!("it has no {name} at all")),
            None => trouble.hint(format!("its {name}s are: {}", known.join(", "))),
        }
    }
}

/// A value's place in the text.
struct Spot<'t> {
    name: &'t str,
    start: usize,
    end: usize,
}

/// An instruction: its keyword, and where what follows it begins and ends.
struct Line<'t> {
    keyword: &'t str,
    start: usize,
    end: usize,
}

/// The instructions of a Dockerfile, with the lines they go on in.
fn instructions(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            let start = at;
            let mut end = line_end(text, at);
            let line = text[start..end].trim();
            at = end + 1;
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            // A line that ends with a backslash goes on; comments and blank lines in between do not end it.
            let mut goes_on = line.ends_with('\\');
            while goes_on && at < text.len() {
                end = line_end(text, at);
                let next = text[at..end].trim();
                at = end + 1;
                goes_on = next.is_empty() || next.starts_with('#') || next.ends_with('\\');
            }
            let blank = text[start..end].len() - text[start..end].trim_start().len();
            let start = start + blank;
            let keyword = text[start..end].split_whitespace().next().unwrap_or_default();
            return Some(Line { keyword, start: start + keyword.len(), end });
        }
        None
    })
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end)
}

/// The words between `start` and `end` with where they are, continuation marks left out.
fn words(text: &str, start: usize, end: usize) -> impl Iterator<Item = (usize, &str)> {
    let base = text.as_ptr() as usize;
    let words = text[start..end].split_whitespace().filter(|word| *word != "\\");
    // A part of a text is where it is in memory.
    words.map(move |word| (word.as_ptr() as usize - base, word))
}

/// The image of a FROM.
pub(crate) struct From<'t> {
    pub(crate) name: &'t str,
    /// Tag and digest with what is in front of them; empty where there is none.
    pub(crate) tag: &'t str,
    pub(crate) stage: &'t str,
    /// Where the tag begins.
    at: usize,
}

impl<'t> From<'t> {
    fn spot(&self) -> Spot<'t> {
        Spot { name: self.name, start: self.at, end: self.at + self.tag.len() }
    }
}

/// Every FROM of a Dockerfile.
pub(crate) fn bases(text: &str) -> Vec<From<'_>> {
    let lines = instructions(text).filter(|line| line.keyword.eq_ignore_ascii_case("FROM"));
    lines.filter_map(|line| image_of(text, &line)).collect()
}

/// The arguments before the first FROM, which the images may refer to, with their values.
pub(crate) fn arguments(text: &str) -> Vec<(&str, &str)> {
    let before = instructions(text).take_while(|line| !line.keyword.eq_ignore_ascii_case("FROM"));
    let arguments = before.filter(|line| line.keyword.eq_ignore_ascii_case("ARG"));
    arguments
        .filter_map(|line| {
            let (_, word) = words(text, line.start, line.end).next()?;
            let spot = assignment(text, &line, word.split_once('=')?.0)?;
            Some((spot.name, &text[spot.start..spot.end]))
        })
        .collect()
}

fn image_of<'t>(text: &'t str, line: &Line<'t>) -> Option<From<'t>> {
    let mut words = words(text, line.start, line.end).skip_while(|(_, word)| word.starts_with("--"));
    let (at, image) = words.next()?;
    let stage = match (words.next(), words.next()) {
        (Some((_, word)), Some((_, name))) if word.eq_ignore_ascii_case("as") => name,
        _ => "",
    };
    let path = image.rfind('/').map_or(0, |slash| slash + 1);
    let end = image[path..].find([':', '@']).map_or(image.len(), |end| path + end);
    Some(From { name: &image[..end], tag: &image[end..], stage, at: at + end })
}

/// `NAME=value`, in quotes or not, or `NAME value`; of ENV and LABEL there may be several.
fn assignment<'t>(text: &'t str, line: &Line<'t>, name: &str) -> Option<Spot<'t>> {
    for (at, word) in words(text, line.start, line.end) {
        let Some(rest) = word.strip_prefix(name) else { continue };
        let word_name = &word[..name.len()];
        if let Some(value) = rest.strip_prefix('=') {
            let start = at + name.len() + 1;
            let Some(quote @ ('"' | '\'')) = value.chars().next() else {
                return Some(Spot { name: word_name, start, end: start + value.len() });
            };
            let end = text[start + 1..line.end].find(quote)?;
            return Some(Spot { name: word_name, start: start + 1, end: start + 1 + end });
        }
        let is_old_form = rest.is_empty() && text[line.start..at].trim().is_empty();
        let value = text[at + name.len()..line.end].trim();
        if is_old_form && !value.is_empty() {
            let start = value.as_ptr() as usize - text.as_ptr() as usize;
            return Some(Spot { name: word_name, start, end: start + value.len() });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# FROM golang:1\nFROM --platform=$BUILDPLATFORM golang:1.20@sha256:ab AS build\nARG HELM_VERSION=3.1.0\nARG  KIND=\"0.1\"\nENV A=1 \\\n  # a comment\n  KUBE=\"1.2\" B=2\nENV OLD 1.0\nFROM localhost:5000/base/alpine\nARG NONE\nfrom golang:1.20 as test\n";

    fn written(keyword: Keyword, matcher: &str, stage: Option<&str>, value: &str) -> Result<String, String> {
        let target = DockerfileTarget { keyword, matcher: matcher.into(), stage: stage.map(str::to_owned) };
        let mut keys = Vec::new();
        let written = target.write(TEXT, &mut |place| {
            keys.push(format!("{}={}", place.key, place.current));
            Some(value.to_owned())
        });
        let written = written.map_err(|trouble| trouble.hint.unwrap_or_default())?;
        let lines = TEXT.lines().zip(written.text.lines()).filter(|(before, after)| before != after);
        let lines: Vec<_> = lines.map(|(_, after)| after.trim().to_owned()).collect();
        Ok(format!("{} | {}", keys.join(", "), lines.join(" / ")))
    }

    #[test]
    fn only_the_value_changes() {
        let table = [
            (
                (Keyword::From, "golang", None, "1.21"),
                "FROM golang=1.20@sha256:ab, FROM golang #2=1.20 | FROM --platform=$BUILDPLATFORM golang:1.21 AS build / from golang:1.21 as test",
            ),
            ((Keyword::From, "golang", Some("test"), "1.21"), "FROM golang=1.20 | from golang:1.21 as test"),
            (
                (Keyword::From, "localhost:5000/base", None, "3@sha256:cd"),
                "FROM localhost:5000/base/alpine= | FROM localhost:5000/base/alpine:3@sha256:cd",
            ),
            (
                (Keyword::Arg, "HELM_VERSION", None, "3.2.0"),
                "ARG HELM_VERSION=3.1.0 | ARG HELM_VERSION=3.2.0",
            ),
            ((Keyword::Arg, "KIND", None, "0.2"), "ARG KIND=0.1 | ARG  KIND=\"0.2\""),
            ((Keyword::Env, "KUBE", None, "1.3"), "ENV KUBE=1.2 | KUBE=\"1.3\" B=2"),
            ((Keyword::Env, "OLD", None, "1.1"), "ENV OLD=1.0 | ENV OLD 1.1"),
        ];
        for ((keyword, matcher, stage, value), expected) in table {
            assert_eq!(written(keyword, matcher, stage, value).as_deref(), Ok(expected), "{matcher}");
        }
    }

    #[test]
    fn an_image_of_that_name_is_meant_before_those_that_begin_with_it() {
        let text = "ARG V=1.0\nARG W=\"2\" X\nFROM go:1\nARG Y=3\nFROM go-tools:1\n";
        for (matcher, expected) in
            [("go", "FROM go:9\nARG Y=3\nFROM go-tools:1\n"), ("g", "FROM go:9\nARG Y=3\nFROM go-tools:9\n")]
        {
            let target = DockerfileTarget { keyword: Keyword::From, matcher: matcher.into(), stage: None };
            let written = target.write(text, &mut |_| Some("9".into())).unwrap().text;
            assert!(written.ends_with(expected), "{written}");
        }
        assert_eq!(arguments(text), [("V", "1.0"), ("W", "2")]);
    }

    #[test]
    fn what_is_not_there_is_told_with_what_is() {
        let table = [
            ((Keyword::From, "golan/g"), "did you mean golang?"),
            ((Keyword::Arg, "HELM_VERSOIN"), "did you mean HELM_VERSION?"),
            ((Keyword::Label, "x"), "it has no LABEL at all"),
            ((Keyword::From, "node-red"), "its FROMs are: golang, localhost:5000/base/alpine, golang"),
        ];
        for ((keyword, matcher), expected) in table {
            assert_eq!(written(keyword, matcher, None, "1"), Err(expected.to_owned()), "{matcher}");
        }
    }
}
