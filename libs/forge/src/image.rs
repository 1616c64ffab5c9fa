//! The container image of a release.

use std::str::FromStr;

use crate::Invalid;

/// A container image by reference, and by digest where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    reference: String,
    digest: Option<String>,
}

impl Image {
    /// The reference as it was given.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The digest: `sha256:` and 64 hexadecimal digits.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// The same image with its digest.
    ///
    /// # Errors
    /// When it is no digest, or the reference names another one.
    pub fn with_digest(self, digest: &str) -> Result<Self, Invalid> {
        check_digest(digest).map_err(|reason| Invalid::new("image digest", digest, reason))?;
        match self.digest {
            Some(known) if known != digest => {
                Err(Invalid::new("image digest", digest, format!("the image's reference says {known}")))
            }
            _ => Ok(Self { digest: Some(digest.to_owned()), ..self }),
        }
    }
}

impl FromStr for Image {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |reason: String| {
            Invalid::new("image reference", text, reason)
                .hint("expected HOST[:PORT]/PATH[:TAG][@sha256:...] or oci:DIR[:TAG]")
        };
        if text.is_empty() {
            return Err(invalid("it is empty".into()));
        }
        if let Some(bad) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(invalid(format!("it holds {bad:?}")));
        }
        let digest = match text.rsplit_once('@') {
            // An `@` in the name of a directory begins no digest.
            Some((name, digest)) if !digest.contains('/') => {
                if name.is_empty() {
                    return Err(invalid("nothing stands before the @".into()));
                }
                check_digest(digest).map_err(invalid)?;
                Some(digest.to_owned())
            }
            _ => None,
        };
        Ok(Self { reference: text.to_owned(), digest })
    }
}

/// <https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests>, of which only SHA-256 is in use.
fn check_digest(text: &str) -> Result<(), String> {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if hex.len() == 64 && hex.bytes().all(is_hex) {
        Ok(())
    } else {
        Err(format!("'{text}' is no digest; one is sha256: and 64 of the characters 0-9 a-f"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_kept_as_given_with_the_digest_it_names() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let table = [
            ("localhost:5000/team/app:1.0.0".to_owned(), None),
            ("oci:layout@home/x:1.0.0".to_owned(), None),
            (format!("registry.example.com/app/release:1.0.0@{digest}"), Some(digest.as_str())),
        ];
        for (text, expected) in table {
            let image: Image = text.parse().unwrap();
            assert_eq!((image.reference(), image.digest()), (text.as_str(), expected));
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        let upper = format!("a@sha256:{}", "A".repeat(64));
        for text in ["", "a b", "a\u{7}b", "a@", "a@sha256:12", "a@md5:12", upper.as_str(), "@sha256:12"] {
            assert!(text.parse::<Image>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn two_digests_must_agree() {
        let (one, two) = (format!("sha256:{}", "1".repeat(64)), format!("sha256:{}", "2".repeat(64)));
        let image: Image = format!("app@{one}").parse().unwrap();
        assert!(image.clone().with_digest(&two).is_err());
        assert!(image.with_digest(&one).is_ok());
        let resolved = "app:1".parse::<Image>().unwrap().with_digest(&two).unwrap();
        assert_eq!((resolved.reference(), resolved.digest()), ("app:1", Some(two.as_str())));
    }
}
