//! Which forge is meant.

use std::path::PathBuf;
use std::str::FromStr;

use crate::Invalid;

/// The address of a forge: `dir:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A directory; it need not exist yet.
    Directory(PathBuf),
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |reason: &str| {
            Invalid::new("forge", text, reason).hint("expected dir:PATH, such as dir:releases")
        };
        match text.split_once(':') {
            Some(("dir", "")) => Err(invalid("the path is missing")),
            Some(("dir", path)) if path.contains('\0') => Err(invalid("a path has no NUL character")),
            Some(("dir", path)) => Ok(Self::Directory(path.into())),
            _ => Err(invalid("this kind is not known")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_named_by_its_path() {
        for (text, path) in [("dir:out", "out"), ("dir:/a b/c", "/a b/c"), ("dir:C:x", "C:x")] {
            assert_eq!(text.parse(), Ok(Address::Directory(path.into())));
        }
    }

    #[test]
    fn what_is_no_address_is_told_the_form() {
        for text in ["", "dir", "dir:", "out", "gitlab", "DIR:out", "dir:a\0b"] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(contract::Explain::hint(&error).unwrap().contains("dir:PATH"), "{text}");
        }
    }
}
