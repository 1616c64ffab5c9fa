//! Where people find a project: the pages that releases, notes and badges link to.

use url::Url;

use crate::{Address, Error, Tag, Variables, github, gitlab};

/// The pages of a project on the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    project: Url,
    kind: Kind,
}

/// Whose pages they are: their addresses differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Gitlab,
    Github,
}

impl Web {
    /// The pages of the project at an address, or else of the one that CI variables name; none where nothing says where
    /// they are. A directory has none of its own.
    ///
    /// # Errors
    /// When a variable holds no address, or one with a user or password.
    pub fn find(address: Option<&Address>, variables: Variables<'_>) -> Result<Option<Self>, Error> {
        match address {
            Some(Address::Gitlab(Some(url))) => Ok(Some(gitlab::web_of_address(url, variables))),
            Some(Address::Gitlab(None)) => gitlab::web_of_variables(variables),
            Some(Address::Github) => github::web_of_variables(variables),
            Some(Address::Directory(_)) | None => match gitlab::web_of_variables(variables)? {
                Some(web) => Ok(Some(web)),
                None => github::web_of_variables(variables),
            },
        }
    }

    pub(crate) fn new(project: Url, kind: Kind) -> Self {
        Self { project, kind }
    }

    /// The page of a commit.
    pub fn commit(&self, id: &str) -> Url {
        self.page(&["commit", id])
    }

    /// The page of what is different between two commits, tags or branches.
    pub fn comparison(&self, from: &str, to: &str) -> Url {
        self.page(&["compare", &format!("{from}...{to}")])
    }

    /// The page of a release.
    pub fn release(&self, tag: &Tag) -> Url {
        match self.kind {
            Kind::Gitlab => self.page(&["releases", tag.as_str()]),
            Kind::Github => self.page(&["releases", "tag", tag.as_str()]),
        }
    }

    /// The page of all releases.
    pub fn releases(&self) -> Url {
        self.page(&["releases"])
    }

    pub(crate) fn page(&self, path: &[&str]) -> Url {
        let mut url = self.project.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            let between = match self.kind {
                Kind::Gitlab => Some("-"),
                Kind::Github => None,
            };
            parts.pop_if_empty().extend(between).extend(path);
        }
        url
    }
}

/// The http(s) address that a variable holds. What it holds is shown to everybody, so no password may be in it.
pub(crate) fn address_in(variable: &str, text: &str) -> Result<Url, Error> {
    let wrong = |reason: &str, hint| Error::NoProject { reason: format!("{variable} {reason}"), hint };
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or_else(|| {
        wrong(
            "is no http(s) address",
            "in a CI job it is set, to an address such as https://gitlab.example.com/api/v4",
        )
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "holds a user or password, which everybody would see",
            "leave out what stands before the @; tokens come from variables of their own",
        ));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITLAB: (&str, &str) = ("CI_PROJECT_URL", "https://h/team/app/");
    const GITHUB: [(&str, &str); 2] =
        [("GITHUB_REPOSITORY", "team/app"), ("GITHUB_SERVER_URL", "https://hub")];

    fn find(address: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<Web>, Error> {
        let address = address.map(|text| text.parse::<Address>().unwrap());
        Web::find(address.as_ref(), &|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_pages_of_each_forge_have_addresses_of_their_own() {
        let web = find(None, &[GITLAB]).unwrap().unwrap();
        let pages = [web.commit("01"), web.comparison("a/b", "c"), web.release(&"v1/2".parse().unwrap())];
        let expected = ["commit/01", "compare/a%2Fb...c", "releases/v1%2F2"];
        assert_eq!(pages.map(String::from), expected.map(|path| format!("https://h/team/app/-/{path}")));
        let web = find(Some("github"), &GITHUB).unwrap().unwrap();
        let pages = [web.commit("01"), web.comparison("a", "c"), web.release(&"v1".parse().unwrap())];
        let expected = ["commit/01", "compare/a...c", "releases/tag/v1"];
        assert_eq!(pages.map(String::from), expected.map(|path| format!("https://hub/team/app/{path}")));
    }

    #[test]
    fn the_project_is_the_one_that_was_named_or_that_of_the_ci() {
        let releases = |address, variables: &[(&str, &str)]| {
            find(address, variables).unwrap().map(|web| web.releases().to_string())
        };
        let all = [GITLAB, GITHUB[0], GITHUB[1]];
        let table: [(Option<&str>, &[(&str, &str)], Option<&str>); 6] = [
            (Some("gitlab:https://x/a/b.git"), &all, Some("https://x/a/b/-/releases")),
            (Some("gitlab"), &all, Some("https://h/team/app/-/releases")),
            (Some("dir:x"), &all, Some("https://h/team/app/-/releases")),
            (Some("dir:x"), &GITHUB, Some("https://hub/team/app/releases")),
            (None, &[], None),
            (Some("gitlab"), &GITHUB, None),
        ];
        for (address, variables, expected) in table {
            assert_eq!(releases(address, variables).as_deref(), expected, "{address:?}");
        }
    }

    #[test]
    fn no_password_gets_into_a_page() {
        for bad in ["https://bob:s3cret@h/team/app", "https://token@h/team/app", "h/team", "ftp://h/x"] {
            let error = find(None, &[("CI_PROJECT_URL", bad)]).unwrap_err();
            assert!(error.to_string().contains("CI_PROJECT_URL") && !error.to_string().contains("s3cret"));
            assert!(find(Some("github"), &[GITHUB[0], ("GITHUB_SERVER_URL", bad)]).is_err());
        }
    }
}
