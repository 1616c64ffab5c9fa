//! Which forge is meant.

use std::path::PathBuf;
use std::str::FromStr;

use contract::{Exit, Explain};
use url::Url;

use crate::Invalid;

/// The address of a forge: `gitlab`, `gitlab:URL`, `github`, `dir:PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A directory; it need not exist yet.
    Directory(PathBuf),
    /// A GitLab project by its web address, or the one that CI variables name.
    Gitlab(Option<Url>),
    /// The GitHub repository that CI variables name.
    Github,
}

/// The value of a variable of the environment, where it has one that is not empty.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Nobody has named a forge, and no pipeline says which one it runs for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no forge is named, and none was found: neither GitLab's CI variables nor GitHub's are set")]
pub struct NoneFound;

impl Explain for NoneFound {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            "name it: --forge gitlab:https://HOST/GROUP/PROJECT, or --forge dir:PATH without a server".into(),
        )
    }
}

impl Address {
    /// The forge in whose CI this runs.
    ///
    /// # Errors
    /// When it runs in none that is known.
    pub fn detect(variables: Variables<'_>) -> Result<Self, NoneFound> {
        if variables("CI_API_V4_URL").is_some() || variables("GITLAB_CI").is_some() {
            Ok(Self::Gitlab(None))
        } else if variables("GITHUB_REPOSITORY").is_some() {
            Ok(Self::Github)
        } else {
            Err(NoneFound)
        }
    }
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |reason: &str| {
            Invalid::new("forge", text, reason)
                .hint("expected gitlab, gitlab:URL of a project, github, or dir:PATH, such as dir:releases")
        };
        match text.split_once(':') {
            Some(("dir", "")) => Err(invalid("the path is missing")),
            Some(("dir", path)) if path.contains('\0') => Err(invalid("a path has no NUL character")),
            Some(("dir", path)) => Ok(Self::Directory(path.into())),
            None if text == "gitlab" => Ok(Self::Gitlab(None)),
            None if text == "github" => Ok(Self::Github),
            Some(("gitlab", address)) => {
                let url = Url::parse(address).map_err(|_| invalid("that is no web address"))?;
                let web = matches!(url.scheme(), "http" | "https") && url.path().len() > 1;
                if !web {
                    return Err(invalid("it is not the http(s) address of a project"));
                }
                if !url.username().is_empty() || url.password().is_some() {
                    return Err(invalid("it holds a user or password; tokens come from variables"));
                }
                Ok(Self::Gitlab(Some(url)))
            }
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
    fn a_server_is_named_by_its_kind_or_a_projects_address() {
        assert_eq!("gitlab".parse(), Ok(Address::Gitlab(None)));
        assert_eq!("github".parse(), Ok(Address::Github));
        let url = "https://gitlab.example.com/team/app";
        assert_eq!(format!("gitlab:{url}").parse(), Ok(Address::Gitlab(Some(url.parse().unwrap()))));
    }

    #[test]
    fn what_is_no_address_is_told_the_form() {
        let table = [
            "",
            "dir",
            "dir:",
            "out",
            "DIR:out",
            "dir:a\0b",
            "gitlab:",
            "gitlab:team/app",
            "gitlab:https://h",
            "gitlab:ftp://h/p",
            "gitlab:https://u:p@h/p",
            "github:x",
        ];
        for text in table {
            let error = text.parse::<Address>().unwrap_err();
            assert!(Explain::hint(&error).unwrap().contains("dir:PATH"), "{text}");
        }
    }

    #[test]
    fn ci_variables_tell_the_forge() {
        let with = |known: &'static str| move |name: &str| (name == known).then(|| "x".to_owned());
        assert_eq!(Address::detect(&with("CI_API_V4_URL")), Ok(Address::Gitlab(None)));
        assert_eq!(Address::detect(&with("GITHUB_REPOSITORY")), Ok(Address::Github));
        let error = Address::detect(&with("HOME")).unwrap_err();
        assert!(!error.to_string().contains("auto"), "nobody has typed it: {error}");
        assert!(error.exit() == Exit::Usage && error.hint().unwrap().contains("--forge dir:PATH"));
    }
}
