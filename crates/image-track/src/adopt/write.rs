//! The manifest for an image.

use registry::Reference;
use version::{Version, version_of_tag};

use super::found::{Spot, Use};
use crate::cli::Step;
use crate::precedence::is_long_number;

/// How an image's versions are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Following {
    image: String,
    range: String,
    /// What all versions in the range have in common: `1`, `0.2`, `1.0.0-name`, `1-alpine`.
    line: String,
    /// Of tags such as `1.2.3-alpine`, those of the same kind.
    tag_filter: Option<String>,
    /// Are versions written with their digests?
    pin_digest: bool,
}

impl Following {
    /// How the versions of this image are followed, or why they cannot be.
    pub(super) fn of(found: &Use, step: Step) -> Result<Self, String> {
        if found.image.contains('$') || found.tag.contains('$') || found.image.contains("{{") {
            return Err("there is a variable in it".into());
        }
        found.image.parse::<Reference>().map_err(|error| error.to_string())?;
        let (tag, digest) =
            found.tag.split_once('@').map_or((found.tag.as_str(), None), |(tag, digest)| (tag, Some(digest)));
        if tag.is_empty() {
            return Err("it has no tag".into());
        }
        let version = Version::lenient(tag).ok().or_else(|| version_of_tag(tag));
        let version =
            version.filter(|_| !is_long_number(tag)).ok_or_else(|| format!("its tag {tag} is no version"))?;
        let (range, tag_filter) = range(&version, tag, step);
        let line = line(&version, step);
        Ok(Self { image: found.image.clone(), range, line, tag_filter, pin_digest: digest.is_some() })
    }

    /// One manifest for each image and line of its versions: the same one when the version has moved on.
    pub(super) fn file_name(&self) -> String {
        let word = |text: &str| {
            let plain =
                |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
            text.chars().map(plain).collect::<String>()
        };
        format!("{}-{}.yaml", word(&self.image), word(&self.line))
    }
}

fn line(version: &Version, step: Step) -> String {
    let (major, minor) = (version.major(), version.minor());
    if let Some(name) = stream(version) {
        return format!("{}-{name}", version.release());
    }
    let numbers = match step {
        Step::Major if major > 0 => major.to_string(),
        Step::Major | Step::Minor => format!("{major}.{minor}"),
    };
    match version.prerelease() {
        "" => numbers,
        kind => format!("{numbers}-{kind}"),
    }
}

/// `name` of `1.0.0-name.27`, whose numbers go on. The `alpine3.19` of `1.25-alpine3.19` is a kind of image.
fn stream(version: &Version) -> Option<&str> {
    let (name, number) = version.prerelease().rsplit_once('.')?;
    let counts = number.bytes().all(|byte| byte.is_ascii_digit());
    (counts && !name.bytes().any(|byte| byte.is_ascii_digit())).then_some(name)
}

/// The range of what follows a version: a stream of pre-releases stays one, and a kind of image too.
fn range(version: &Version, tag: &str, step: Step) -> (String, Option<String>) {
    let release = version.release();
    let major = version.major();
    let next = match step {
        Step::Major if major > 0 => format!("{}.0.0", major + 1),
        Step::Major | Step::Minor => format!("{major}.{}.0", version.minor() + 1),
    };
    if !version.is_prerelease() {
        let sign = if step == Step::Major { '^' } else { '~' };
        return (format!("{sign}{release}"), None);
    }
    if let Some(name) = stream(version) {
        return (format!(">={release}-{name}.0 <={release}-{name}.999999"), None);
    }
    // A kind of image, which is no pre-release but looks like one.
    let kind = version.prerelease();
    let digits = r"\.\d+".repeat(tag.split('-').next().unwrap_or(tag).matches('.').count());
    let shape = if tag.starts_with('v') { "v" } else { "" };
    let filter = format!(r"^{shape}\d+{digits}-{}$", kind.replace('.', r"\."));
    (format!(">={release}-{kind} <{next}-0"), Some(filter))
}

/// The text of a manifest that follows one image in all these places.
pub(super) fn manifest(uses: &[(Following, Use)]) -> String {
    let Some((following, _)) = uses.first() else { return String::new() };
    let Following { image, range, tag_filter, pin_digest, .. } = following;
    let short = image.rsplit('/').next().unwrap_or(image);
    let mut text = format!(
        "name: Follow {short}\n\nsources:\n  image:\n    kind: dockerimage\n    spec:\n      image: {image}\n"
    );
    if let Some(filter) = tag_filter {
        text.push_str(&format!("      tagfilter: '{filter}'\n"));
    }
    if *pin_digest {
        text.push_str("      pindigest: true\n");
    }
    text.push_str(&format!(
        "      versionfilter:\n        kind: semver\n        pattern: '{range}'\n\ntargets:\n"
    ));
    for (number, (_, found)) in uses.iter().enumerate() {
        text.push_str(&target(number + 1, found));
    }
    text
}

fn target(number: usize, found: &Use) -> String {
    let (file, image) = (quoted(&found.file), &found.image);
    let head = format!("  place-{number}:\n");
    match &found.spot {
        Spot::From => instruction(&head, &file, "FROM", image),
        Spot::Argument(name) => instruction(&head, &file, "ARG", name),
        Spot::Image { key, document } => format!(
            "{head}    kind: yaml\n    transformers:\n      - addprefix: '{image}:'\n    spec:\n      file: {file}\n      key: {}\n{}",
            quoted(key),
            document_index(*document)
        ),
        Spot::Tag { key, document } => format!(
            "{head}    kind: yaml\n    spec:\n      file: {file}\n      key: {}\n{}",
            quoted(key),
            document_index(*document)
        ),
    }
}

fn instruction(head: &str, file: &str, keyword: &str, matcher: &str) -> String {
    format!(
        "{head}    kind: dockerfile\n    spec:\n      file: {file}\n      instruction:\n        keyword: {keyword}\n        matcher: {matcher}\n"
    )
}

fn document_index(document: usize) -> String {
    if document == 0 { String::new() } else { format!("      documentindex: {document}\n") }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use regex_lite::Regex;
    use version::{Range, RangeOptions};

    use super::*;

    fn following(tag: &str, step: Step) -> Result<Following, String> {
        let found = Use {
            place: String::new(),
            file: "f".into(),
            image: "team/app".into(),
            tag: tag.into(),
            spot: Spot::From,
        };
        Following::of(&found, step)
    }

    #[test]
    fn the_range_holds_what_follows_the_version() {
        let (major, minor) = (Step::Major, Step::Minor);
        let table = [
            ("1.2.3", major, "1.3.0", "2.0.0"),
            ("v1.2.3", minor, "v1.2.4", "v1.3.0"),
            ("0.2.3", major, "0.2.4", "0.3.0"),
            ("1.0.0-name.5", major, "1.0.0-name.27", "1.0.0-other.99"),
            ("1.25-alpine", major, "1.27-alpine", "1.27"),
            ("1.25-alpine", minor, "1.25-alpine", "1.26-alpine"),
            ("1.25.1-alpine3.19", major, "1.26.0-alpine3.19", "1.26.0-alpine3x19"),
        ];
        for (tag, step, inside, outside) in table {
            let following = following(tag, step).unwrap();
            let range = Range::parse(&following.range, RangeOptions::default()).unwrap();
            let filter = following.tag_filter.as_deref().map(|filter| Regex::new(filter).unwrap());
            let is_followed = |tag: &str| {
                filter.as_ref().is_none_or(|filter| filter.is_match(tag))
                    && Version::lenient(tag).is_ok_and(|version| range.matches(&version))
            };
            assert!(is_followed(tag) && is_followed(inside), "{tag} {following:?}");
            assert!(!is_followed(outside), "{tag} {following:?}");
        }
        assert!(following("1.2.3@sha256:00", major).unwrap().pin_digest);
        for (tag, later, name) in [
            ("1.2.3", "1.9.0", "team-app-1.yaml"),
            ("0.2.3", "0.2.9", "team-app-0.2.yaml"),
            ("1.0.0-name.5", "1.0.0-name.27", "team-app-1.0.0-name.yaml"),
            ("1.25-alpine", "1.27-alpine", "team-app-1-alpine.yaml"),
        ] {
            for tag in [tag, later] {
                assert_eq!(following(tag, major).unwrap().file_name(), name);
            }
        }
    }

    #[test]
    fn what_is_no_version_is_left_out_with_its_reason() {
        for (tag, reason) in [
            ("latest", "no version"),
            ("", "no tag"),
            ("$TAG", "a variable"),
            ("20240101", "no version"),
            ("@sha256:00", "no tag"),
        ] {
            assert!(following(tag, Step::Major).unwrap_err().contains(reason), "{tag}");
        }
    }
}
