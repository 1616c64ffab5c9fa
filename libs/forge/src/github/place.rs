//! Which repository is meant, and where its server is: what the variables of a workflow say.

use http::Url;

use crate::web::{Kind, address_in};
use crate::{Error, Variables, Web};

/// The repository of this workflow, and its two parts; none when no variable names one.
pub(super) fn repository_of(variables: Variables<'_>) -> Result<Option<(String, [String; 2])>, Error> {
    let Some(name) = variables("GITHUB_REPOSITORY") else { return Ok(None) };
    let parts = name.split_once('/').map(|(owner, name)| [owner.to_owned(), name.to_owned()]);
    let parts = parts.filter(|[owner, name]| !owner.is_empty() && !name.is_empty() && !name.contains('/'));
    parts.map(|parts| Some((name, parts))).ok_or_else(|| no_repository("is not OWNER/NAME"))
}

pub(super) fn no_repository(reason: &str) -> Error {
    Error::NoProject {
        reason: format!("GITHUB_REPOSITORY {reason}"),
        hint: "in a GitHub workflow it is set; elsewhere set GITHUB_REPOSITORY to OWNER/NAME",
    }
}

pub(super) fn address_of(variables: Variables<'_>, variable: &str, default: &str) -> Result<Url, Error> {
    address_in(variable, &variables(variable).unwrap_or_else(|| default.to_owned()))
}

/// The pages of the repository of this workflow.
pub(crate) fn web_of_variables(variables: Variables<'_>) -> Result<Option<Web>, Error> {
    let Some((_, [owner, name])) = repository_of(variables)? else { return Ok(None) };
    web_of(variables, [&owner, &name]).map(Some)
}

pub(super) fn web_of(variables: Variables<'_>, parts: [&str; 2]) -> Result<Web, Error> {
    let server = address_of(variables, "GITHUB_SERVER_URL", "https://github.com")?;
    Ok(Web::new(below(server, &parts), Kind::Github))
}

pub(super) fn below(mut url: Url, parts: &[&str]) -> Url {
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(parts);
    }
    url
}
