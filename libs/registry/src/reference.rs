//! Where an image is: `HOST[:PORT]/PATH[:TAG][@DIGEST]`, or `oci:DIR[:TAG][@DIGEST]` for a layout directory.
//!
//! The grammar of paths and tags is that of the distribution specification ("Pulling manifests"); short names are
//! completed as Docker does.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::Digest;

/// The host a name without one means, and the path its official images stand under.
const DOCKER_HUB: &str = "docker.io";
const OFFICIAL: &str = "library";
/// No registry takes a longer name than this many characters, host included.
const LONGEST_NAME: usize = 255;
const LONGEST_TAG: usize = 128;

/// A repository, and which of its images.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The repository.
    pub repository: Repository,
    /// The tag, if one is named.
    pub tag: Option<Tag>,
    /// The digest, if one is named. It says which image is meant even when the tag has moved on.
    pub digest: Option<Digest>,
}

/// Where images are kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Repository {
    /// A repository of a registry.
    Remote {
        /// The host as written, with its port if it has one: `localhost:5000`, `[::1]:5000`, `docker.io`.
        host: String,
        /// The path below the host: `team/app/ci`.
        path: String,
    },
    /// An OCI image layout directory.
    Layout {
        /// The directory that holds `oci-layout`, `index.json` and `blobs`.
        directory: PathBuf,
    },
}

/// A tag: at most 128 characters out of `A-Z a-z 0-9 _ . -`, not starting with `.` or `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(String);

/// How one image of a repository is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// By a name that may move.
    Tag(Tag),
    /// By content.
    Digest(Digest),
}

impl Reference {
    /// How the image is asked for: by digest if there is one, else by tag.
    pub fn which(&self) -> Option<Which> {
        let digest = self.digest.clone().map(Which::Digest);
        digest.or_else(|| self.tag.clone().map(Which::Tag))
    }
}

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is this the tag of something about an image? `sha256-<hex>` is a list of referrers (distribution-spec, "Referrers
    /// Tag Schema"); with a suffix behind a dot it is a signature or the like of cosign's, or a mark.
    pub fn is_about_another(&self) -> bool {
        let Some((algorithm, rest)) = self.0.split_once('-') else { return false };
        let (hex, suffix) = rest.split_once('.').map_or((rest, None), |(hex, suffix)| (hex, Some(suffix)));
        // Longer digests are cut to 64 digits there: a tag has no room for more.
        matches!(algorithm, "sha256" | "sha512")
            && hex.len() == 64
            && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
            && suffix.is_none_or(|suffix| !suffix.is_empty())
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => fmt::Display::fmt(digest, f),
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Remote { host, path } => write!(f, "{host}/{path}"),
            Self::Layout { directory } => write!(f, "oci:{}", directory.display()),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

/// Why a text is no image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no image reference: {reason}")]
pub struct InvalidReference {
    text: String,
    reason: String,
    /// What may have been meant, where that can be told.
    meant: Option<String>,
}

impl InvalidReference {
    /// Of what another program keeps images in, by its name for that.
    pub(crate) fn transport(text: &str, transport: &str) -> Self {
        let reason = format!("the transport {transport}: is not there; oci:DIR:TAG and registries are");
        let meant = text.parse::<Reference>().ok().map(|image| format!("the image of Docker Hub is {image}"));
        Self { text: text.to_owned(), reason, meant }
    }
}

impl contract::Explain for InvalidReference {
    fn exit(&self) -> contract::Exit {
        contract::Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        let form = || "expected HOST[:PORT]/PATH[:TAG][@sha256:...] or oci:DIR[:TAG][@sha256:...]".to_owned();
        Some(self.meant.clone().unwrap_or_else(form))
    }
}

/// Why a text is no tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tag '{text}' {reason}")]
pub struct InvalidTag {
    text: String,
    reason: String,
}

impl contract::Explain for InvalidTag {
    fn exit(&self) -> contract::Exit {
        contract::Exit::Usage
    }
}

impl FromStr for Tag {
    type Err = InvalidTag;

    fn from_str(text: &str) -> Result<Self, InvalidTag> {
        let refused = |reason: String| Err(InvalidTag { text: text.to_owned(), reason });
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.is_empty() {
            return refused("is empty".into());
        }
        if !text.starts_with(is_word) {
            return refused("does not start with a letter, a digit or _".into());
        }
        if let Some(bad) = text.chars().find(|c| !(is_word(*c) || ".-".contains(*c))) {
            return refused(format!("holds {bad:?}; only letters, digits and _ . - are allowed"));
        }
        if text.len() > LONGEST_TAG {
            return refused(format!("has {} characters, {LONGEST_TAG} are allowed", text.len()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for Reference {
    type Err = InvalidReference;

    fn from_str(text: &str) -> Result<Self, InvalidReference> {
        parse(text).map_err(|reason| InvalidReference { text: text.to_owned(), reason, meant: None })
    }
}

fn parse(text: &str) -> Result<Reference, String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if let Some(bad) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("it holds {bad:?}"));
    }
    let (rest, digest) = split_digest(text)?;
    if let Some(rest) = rest.strip_prefix("oci:") {
        let (directory, tag) = split_tag(rest)?;
        if directory.is_empty() {
            return Err("the directory is missing".into());
        }
        return Ok(Reference { repository: Repository::Layout { directory: directory.into() }, tag, digest });
    }
    let rest = rest.strip_prefix("docker://").unwrap_or(rest);
    if let Some((scheme, _)) = rest.split_once("://") {
        return Err(format!("it starts with {scheme}://; a host stands there without a scheme"));
    }
    let (name, tag) = split_tag(rest)?;
    let (host, path) = split_host(name);
    check_host(&host)?;
    check_path(&path)?;
    if host.len() + 1 + path.len() > LONGEST_NAME {
        return Err(format!("host and path have more than {LONGEST_NAME} characters"));
    }
    Ok(Reference { repository: Repository::Remote { host, path }, tag, digest })
}

fn split_digest(text: &str) -> Result<(&str, Option<Digest>), String> {
    match text.rsplit_once('@') {
        // An `@` in the name of a directory is none of our business.
        Some((rest, digest)) if !digest.contains('/') => {
            Ok((rest, Some(digest.parse().map_err(|error: crate::digest::InvalidDigest| error.to_string())?)))
        }
        _ => Ok((text, None)),
    }
}

/// The tag stands behind the last colon, unless a slash follows it: then that colon belongs to a port.
fn split_tag(text: &str) -> Result<(&str, Option<Tag>), String> {
    match text.rsplit_once(':') {
        Some((_, "")) => Err("there is no tag behind the last colon".into()),
        Some((rest, tag)) if !tag.contains(['/', ']']) => {
            Ok((rest, Some(tag.parse().map_err(|error: InvalidTag| error.to_string())?)))
        }
        _ => Ok((text, None)),
    }
}

/// Docker's rule: the first part is a host when it looks like one, else the whole is a name on Docker Hub.
fn split_host(name: &str) -> (String, String) {
    let looks_like_a_host = |part: &str| {
        part.contains(['.', ':']) || part == "localhost" || part.chars().any(|c| c.is_ascii_uppercase())
    };
    let (host, path) = match name.split_once('/') {
        Some((first, rest)) if looks_like_a_host(first) => (first, rest.to_owned()),
        _ => (DOCKER_HUB, name.to_owned()),
    };
    let host = if host == "index.docker.io" { DOCKER_HUB } else { host };
    let path = if host == DOCKER_HUB && !path.contains('/') { format!("{OFFICIAL}/{path}") } else { path };
    (host.to_owned(), path)
}

fn check_host(host: &str) -> Result<(), String> {
    let wrong = || format!("'{host}' is no host");
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']').ok_or_else(wrong)?;
            address.parse::<std::net::Ipv6Addr>().map_err(|_| wrong())?;
            ("v6", if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(wrong)?) })
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(format!("'{host}' has no valid port"));
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    if name.split('.').all(is_label) { Ok(()) } else { Err(wrong()) }
}

fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("the path behind the host is missing".into());
    }
    for part in path.split('/') {
        if part.is_empty() {
            return Err("the path has an empty part".into());
        }
        if part.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(format!("the path part '{part}' holds upper-case letters, which no registry takes"));
        }
        if !is_path_part(part) {
            return Err(format!(
                "the path part '{part}' is not made of a-z, 0-9 with single . _ __ or - between"
            ));
        }
    }
    Ok(())
}

/// Alphanumeric runs joined by `.`, `_`, `__` or any number of `-`.
fn is_path_part(part: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(is_alphanumeric).filter(|separator| !separator.is_empty());
    part.starts_with(is_alphanumeric)
        && part.ends_with(is_alphanumeric)
        && separators.into_iter().all(|s| matches!(s, "." | "_" | "__") || s.chars().all(|c| c == '-'))
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "reference_properties.rs"]
mod properties;
