//! A badge that a project shows: a picture that links to a page.

use url::Url;

use crate::Invalid;

/// A badge, known by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    name: String,
    image_url: String,
    link_url: String,
}

/// What GitLab fills in (<https://docs.gitlab.com/user/project/badges/#placeholders>).
const PLACEHOLDERS: [&str; 11] = [
    "project_path",
    "project_title",
    "project_name",
    "project_id",
    "project_namespace",
    "group_name",
    "gitlab_server",
    "gitlab_pages_domain",
    "default_branch",
    "commit_sha",
    "latest_tag",
];

impl Badge {
    /// A badge whose addresses may hold GitLab's placeholders.
    ///
    /// # Errors
    /// When the name is empty, or an address is not http or https, holds a password, or a placeholder that is not known.
    pub fn new(name: &str, image_url: &str, link_url: &str) -> Result<Self, Invalid> {
        if name.trim().is_empty() || name.chars().any(char::is_control) {
            return Err(Invalid::new("badge name", name, "it is empty or holds a control character"));
        }
        check("badge image URL", image_url)?;
        check("badge link URL", link_url)?;
        Ok(Self { name: name.into(), image_url: image_url.into(), link_url: link_url.into() })
    }

    /// The name, unique among the badges of a project as far as we write them.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The picture's address, with placeholders.
    pub fn image_url(&self) -> &str {
        &self.image_url
    }

    /// Where a click leads, with placeholders.
    pub fn link_url(&self) -> &str {
        &self.link_url
    }
}

fn check(what: &'static str, text: &str) -> Result<(), Invalid> {
    let mut plain = text.to_owned();
    for name in PLACEHOLDERS {
        plain = plain.replace(&format!("%{{{name}}}"), "x");
    }
    if plain.contains("%{") {
        return Err(Invalid::new(what, text, "it holds a placeholder that GitLab does not know")
            .hint("there are %{project_path}, %{project_id}, %{default_branch}, %{gitlab_server} and others; see GitLab's page on badges"));
    }
    crate::asset::web_url(what, &plain).map(|_: Url| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_may_hold_the_placeholders_of_gitlab() {
        let link = "https://%{gitlab_server}/%{project_path}";
        assert!(Badge::new("v", "https://h/api/v4/projects/%{project_id}/x.svg", link).is_ok());
        let table = [
            "",
            "x.svg",
            "javascript:alert(1)",
            "https://h/%{nonsense}",
            "https://u:p@h/x",
            "%{gitlab_server}/x",
        ];
        for bad in table {
            assert!(Badge::new("v", bad, link).is_err(), "{bad}");
            assert!(Badge::new("v", "https://h/x", bad).is_err(), "{bad}");
        }
        assert!(Badge::new(" ", link, link).is_err());
    }
}
