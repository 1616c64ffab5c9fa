//! Versions without a repository: check, compare, sort, latest.

use std::cmp::Ordering;
use std::io::{Read, Write};
use std::string::FromUtf8Error;

use contract::{Exit, Failure, output};
use tracing::debug;
use version::{InvalidVersion, Version, version_of_tag};

use crate::cli::{CheckArgs, CompareArgs, LatestArgs, ReadingArgs, SortArgs};
use crate::image_tags;

pub(crate) fn check(args: &CheckArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let range = args.range.range(args.reading.lenient)?;
    given("VERSION", &args.version)?;
    let version = read(&args.version, args.reading).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        let failure = Failure::no(format!("{error}: {cause}"));
        if Version::lenient(&args.version).is_ok() {
            failure.hint("with --lenient it is one")
        } else {
            failure
        }
    })?;
    if args.release && version.is_prerelease() {
        return Err(Failure::no(format!("{version} is a pre-release of {}", version.release())));
    }
    if let Some(reason) = range.and_then(|range| range.refusal(&version)) {
        return Err(Failure::no(reason));
    }
    output::line(out, &version.to_string())?;
    Ok(Exit::Done)
}

pub(crate) fn compare(args: &CompareArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    given("A", &args.one)?;
    given("B", &args.other)?;
    let (one, other) = (read(&args.one, args.reading)?, read(&args.other, args.reading)?);
    let number = match one.cmp(&other) {
        Ordering::Less => "-1",
        Ordering::Equal => "0",
        Ordering::Greater => "1",
    };
    output::line(out, number)?;
    Ok(Exit::Done)
}

pub(crate) fn sort(args: &SortArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut versions = Vec::new();
    let text = String::from_utf8(stdin()?).map_err(|error| no_text(&error))?;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let text = line.trim();
        let version = read(text, args.reading).map_err(|error| {
            let failure = Failure::usage(format!("cannot sort line {} of stdin: {error}", number + 1));
            failure.hint("'versioner latest' passes over what is no version; --lenient reads 1.4 as well")
        })?;
        versions.push((version, text.to_owned()));
    }
    versions.sort_by(|(one, _), (other, _)| if args.reverse { other.cmp(one) } else { one.cmp(other) });
    versions.iter().try_for_each(|(_, text)| output::line(out, text))?;
    Ok(Exit::Done)
}

pub(crate) fn latest(args: &LatestArgs, out: &mut dyn Write) -> Result<Exit, Failure> {
    let range = args.range.range(args.reading.lenient)?;
    let texts = texts(args)?;
    let read = |text: &String| Some((version_of(text, args)?, text.clone()));
    let versions: Vec<(Version, String)> = texts.iter().filter_map(read).collect();
    debug!("{} texts, {} of them versions", texts.len(), versions.len());
    let refusal = |version: &Version| match &range {
        Some(range) => range.refusal(version),
        None if version.is_prerelease() && !args.range.prereleases => {
            Some(format!("{version} is a pre-release, and they count with --prereleases"))
        }
        None => None,
    };
    let matching = versions.iter().filter(|(version, _)| refusal(version).is_none());
    // The first of those that are equal.
    if let Some((_, text)) = matching.rev().max_by(|(one, _), (other, _)| one.cmp(other)) {
        output::line(out, text)?;
        return Ok(Exit::Done);
    }
    let among = among(args, texts.len());
    let nearest = versions.iter().map(|(version, _)| version).max();
    Err(match nearest.and_then(refusal) {
        Some(reason) => {
            let count = versions.len();
            let plural = if count == 1 { "" } else { "s" };
            Failure::no(format!("no match in {count} version{plural} among {among}; the highest: {reason}"))
        }
        None if texts.is_empty() => Failure::no(format!("there is nothing to choose from: {among}")),
        None => Failure::no(format!("there is no version among {among}"))
            .hint("a version is 1.4.3 or v1.4.3; --lenient reads 1.4 and 1 as well"),
    })
}

/// What was looked through, as one says it.
fn among(args: &LatestArgs, count: usize) -> String {
    let (what, of) = match &args.asked.image {
        Some(image) => ("tag", format!(" of {image}")),
        None if args.versions.is_empty() => ("line", " of standard input".to_owned()),
        None => ("argument", String::new()),
    };
    match count {
        0 => format!("no {what}s{of}"),
        1 => format!("1 {what}{of}"),
        _ => format!("{count} {what}s{of}"),
    }
}

/// What there is to choose from, as it is written.
fn texts(args: &LatestArgs) -> Result<Vec<String>, Failure> {
    match &args.asked.image {
        Some(image) if args.versions.is_empty() => {
            let tags = image_tags::in_registry(image, &args.asked)?;
            let tags = tags.ok_or_else(|| registry::Error::NotFound { what: image.to_string() })?;
            Ok(tags.iter().map(ToString::to_string).collect())
        }
        Some(_) => Err(Failure::usage("both versions and --image were given").hint("leave out one of them")),
        None if args.versions.is_empty() => {
            // What is no UTF-8 is no version either.
            let text = stdin()?;
            let text = String::from_utf8_lossy(&text);
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        None => {
            args.versions.iter().try_for_each(|version| given("VERSION", version))?;
            Ok(args.versions.clone())
        }
    }
}

fn version_of(text: &str, args: &LatestArgs) -> Option<Version> {
    let of_tag = args.asked.image.as_ref().and_then(|_| version_of_tag(text));
    of_tag.or_else(|| read(text, args.reading).ok())
}

fn read(text: &str, reading: ReadingArgs) -> Result<Version, InvalidVersion> {
    if reading.lenient { Version::lenient(text) } else { text.parse() }
}

fn stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(|error| Failure::failed("cannot read standard input").because(error))?;
    Ok(bytes)
}

fn no_text(error: &FromUtf8Error) -> Failure {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    Failure::usage(format!("cannot sort line {line} of stdin: it is no UTF-8"))
        .hint("versions are plain text, one a line; 'versioner latest' passes over what is no version")
}

/// Fails for an argument that is empty. Nobody asks about nothing: what it comes from was not set.
fn given(name: &str, text: &str) -> Result<(), Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage(format!("the version, {name}, is empty"))
            .hint("is the variable set that it comes from?"));
    }
    Ok(())
}
