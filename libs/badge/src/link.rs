//! Where a click on a badge leads.

use std::fmt;
use std::str::FromStr;

use contract::{Exit, Explain};

/// An address that begins with `http://` or `https://`: nothing a click could run (`javascript:`, `data:`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let scheme = ["http://", "https://"]
            .into_iter()
            .find(|scheme| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
        let rest = scheme.map(|scheme| &text[scheme.len()..]).ok_or(LinkError::Scheme)?;
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
        if authority.is_empty() || authority.starts_with(':') {
            return Err(LinkError::Host);
        }
        if authority.contains('@') {
            return Err(LinkError::Credentials);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(LinkError::Space);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A text that is no link for a badge. It does not repeat the text, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It has another scheme or none.
    #[error("a link of a badge begins with http:// or https://")]
    Scheme,
    /// Nothing stands behind the scheme.
    #[error("the link names no host")]
    Host,
    /// There is a user name in it.
    #[error("the link holds a user name or password, and everybody can read a badge")]
    Credentials,
    /// There is white space in it.
    #[error("the link holds white space or control characters")]
    Space,
}

impl Explain for LinkError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Scheme | Self::Host => "give a whole address, as in https://example.com/project",
                Self::Credentials => "leave out what stands before the @",
                Self::Space => "write a space as %20",
            }
            .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_links() {
        for text in [
            "https://example.com",
            "http://localhost:8080/a?b=c&d=\"e\"#f",
            "HTTPS://example.com/%20",
            "https://[::1]/",
        ] {
            assert_eq!(text.parse::<Link>().map(|link| link.to_string()), Ok(text.to_owned()));
        }
        for (text, error) in [
            ("", LinkError::Scheme),
            ("javascript:alert(1)", LinkError::Scheme),
            (" https://example.com", LinkError::Scheme),
            ("data:text/html,x", LinkError::Scheme),
            ("//example.com", LinkError::Scheme),
            ("ftp://example.com", LinkError::Scheme),
            ("http:/é", LinkError::Scheme),
            ("https://", LinkError::Host),
            ("https:///path", LinkError::Host),
            ("https://:80/", LinkError::Host),
            ("https://bob:s3cret@example.com/", LinkError::Credentials),
            ("https://example.com/a b", LinkError::Space),
            ("https://example.com/\u{1}", LinkError::Space),
        ] {
            assert_eq!(text.parse::<Link>(), Err(error), "{text:?}");
            assert!(error.hint().is_some());
            assert!(!error.to_string().contains("s3cret"));
        }
    }
}
