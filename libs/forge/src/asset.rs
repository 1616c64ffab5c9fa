//! The assets of a release: links to what was built.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::Invalid;

/// A link, in GitLab's terms (<https://docs.gitlab.com/api/releases/links/>).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    name: String,
    url: Url,
    link_type: LinkType,
    direct_asset_path: Option<String>,
}

/// What a link leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkType {
    /// A container image.
    Image,
    /// A package.
    Package,
    /// Instructions for those who run it.
    Runbook,
    /// Anything else.
    #[default]
    Other,
}

impl Asset {
    /// A link with the type `other` and no path of its own.
    ///
    /// # Errors
    /// When the name is empty, or the URL is not http or https, or holds a password.
    pub fn new(name: &str, url: &str) -> Result<Self, Invalid> {
        if name.trim().is_empty() {
            return Err(Invalid::new("asset name", name, "it is empty"));
        }
        if name.chars().any(char::is_control) {
            return Err(Invalid::new("asset name", name, "it holds a control character"));
        }
        Ok(Self {
            name: name.to_owned(),
            url: web_url("asset URL", url)?,
            link_type: LinkType::Other,
            direct_asset_path: None,
        })
    }

    /// The same link with another type.
    #[must_use]
    pub fn with_type(self, link_type: LinkType) -> Self {
        Self { link_type, ..self }
    }

    /// The same link with a path under which the forge offers it for ever, whatever the URL becomes.
    ///
    /// # Errors
    /// When the path does not start with `/`, or holds what no path does.
    pub fn with_path(self, path: &str) -> Result<Self, Invalid> {
        let invalid =
            |reason: &str| Invalid::new("asset path", path, reason).hint("expected such as /bin/tool");
        if !path.starts_with('/') || path == "/" {
            return Err(invalid("it does not start with / and a name"));
        }
        if path.contains("//")
            || path.chars().any(|c| c.is_whitespace() || c.is_control() || "\\?#".contains(c))
        {
            return Err(invalid("only a plain path can be used"));
        }
        Ok(Self { direct_asset_path: Some(path.to_owned()), ..self })
    }

    /// The name, unique within a release.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it leads, unique within a release: http or https, without a user or password.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What it leads to.
    pub fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// The path under which the forge offers it, if one was asked for; it starts with `/`.
    pub fn direct_asset_path(&self) -> Option<&str> {
        self.direct_asset_path.as_deref()
    }
}

/// An address that is safe to show as a link.
pub(crate) fn web_url(what: &'static str, text: &str) -> Result<Url, Invalid> {
    let invalid = |reason: &str| Invalid::new(what, text, reason);
    // The parser of the web platform drops these in silence; here they are a mistake.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(
            invalid("it holds white space or a control character").hint("write a blank within a URL as %20")
        );
    }
    let url = Url::parse(text).map_err(|error| {
        invalid(&error.to_string()).hint("expected an address such as https://example.com/tool.tar.gz")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(
            invalid("only http and https can be linked to").hint("link to a page or a download on the web")
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it holds a user or password, which everybody would see")
            .hint("leave out what stands before the @"));
    }
    Ok(url)
}

impl LinkType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Image, Self::Package, Self::Runbook, Self::Other];

    /// GitLab's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Package => "package",
            Self::Runbook => "runbook",
            Self::Other => "other",
        }
    }
}

impl FromStr for LinkType {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.into_iter().find(|link_type| link_type.as_str() == text);
        found.ok_or_else(|| Invalid::new("asset type", text, "there are image, package, runbook and other"))
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_without_credentials_are_links() {
        for url in ["http://localhost:8080/x", "https://example.com/a?b=c#d", "https://example.com/a@b"] {
            assert!(Asset::new("x", url).is_ok(), "{url}");
        }
        let table = [
            "",
            "example.com/x",
            "/x",
            "//example.com/x",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://example.com/x",
            "file:///etc/passwd",
            "https://",
            "https://bob:pw@example.com/",
            "https://token@example.com/",
            "https://a b/",
            "https://example.com/\nx",
            "java\tscript:alert(1)",
        ];
        for url in table {
            assert!(Asset::new("x", url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn a_name_is_needed() {
        for name in ["", "  ", "a\nb"] {
            assert!(Asset::new(name, "https://example.com").is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_path_starts_with_a_slash() {
        let asset = Asset::new("x", "https://example.com").unwrap();
        assert_eq!(asset.clone().with_path("/bin/x").unwrap().direct_asset_path(), Some("/bin/x"));
        for path in ["", "/", "bin/x", "/a b", "//x", "/a\\b", "/a?b"] {
            assert!(asset.clone().with_path(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn the_types_are_gitlabs() {
        for link_type in LinkType::ALL {
            assert_eq!(link_type.as_str().parse(), Ok(link_type));
        }
        assert!("binary".parse::<LinkType>().is_err());
    }
}
