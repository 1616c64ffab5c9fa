//! GitLab, by its REST API (<https://docs.gitlab.com/api/rest/>): the server, or what stands at its address.
//!
//! Whatever is written is looked for first and only sent when it is not like that already. A request that makes
//! something is only repeated where the server refuses a second one of the same name.

mod api;
mod badges;
mod documents;
mod proposals;
mod releases;
mod said;

use contract::Secret;
use http::{Client, Url};

use crate::plan::Plan;
use crate::web::{Kind, address_in};
use crate::{Error, Tag, Variables, Web};
use api::Api;
pub(crate) use api::SERVER;

/// A project of a GitLab server.
#[derive(Debug)]
pub struct Gitlab {
    api: Api,
    /// Where people find the project, where that is known.
    web: Option<Web>,
}

impl Gitlab {
    /// The project at `address`, or the one that CI variables name. Nothing is asked for yet.
    pub(crate) fn open(
        address: Option<&Url>,
        variables: Variables<'_>,
        client: Client,
        dry_run: bool,
    ) -> Result<Self, Error> {
        let place = match address {
            Some(address) => of_address(address, variables),
            None => of_variables(variables)?,
        };
        let secret = |name| variables(name).map(|value| Secret::new(&value));
        // A job's token is good for its own server only.
        let in_job =
            address.is_none() || variables("CI_SERVER_URL").is_some_and(|server| place.is_at(&server));
        let api = Api {
            client,
            project: place.project,
            name: place.name,
            job_token: secret("CI_JOB_TOKEN").filter(|_| in_job),
            personal_token: secret("GENERIC_GITLAB_TOKEN").or_else(|| secret("GITLAB_TOKEN")),
            plan: dry_run.then(Plan::default),
        };
        Ok(Self { api, web: place.web })
    }

    /// Where the release of this tag is, for people.
    pub(crate) fn location(&self, tag: &Tag) -> String {
        let page = self.web.as_ref().map(|web| web.release(tag));
        page.unwrap_or_else(|| self.api.url(&["releases", tag.as_str()])).to_string()
    }

    /// The pages of the project on the web.
    pub(crate) fn web(&self) -> Option<&Web> {
        self.web.as_ref()
    }

    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.api.plan.as_ref()
    }
}

struct Place {
    project: Url,
    name: String,
    web: Option<Web>,
}

impl Place {
    fn is_at(&self, server: &str) -> bool {
        Url::parse(server).is_ok_and(|server| server.origin() == self.project.origin())
    }
}

/// By the number where there is one: a proxy that decodes `%2F` cannot spoil it.
fn of_variables(variables: Variables<'_>) -> Result<Place, Error> {
    let missing = |reason: &str| Error::NoProject {
        reason: reason.to_owned(),
        hint: "in a GitLab job it is set; elsewhere say --forge gitlab:https://HOST/GROUP/PROJECT",
    };
    let server = || variables("CI_SERVER_URL").map(|url| format!("{}/api/v4", url.trim_end_matches('/')));
    let api = variables("CI_API_V4_URL").or_else(server);
    let api = api.ok_or_else(|| missing("neither CI_API_V4_URL nor CI_SERVER_URL is set"))?;
    let variable = if variables("CI_API_V4_URL").is_some() { "CI_API_V4_URL" } else { "CI_SERVER_URL" };
    let api = address_in(variable, &api)?;
    let path = variables("CI_PROJECT_PATH");
    let project = variables("CI_PROJECT_ID").or_else(|| path.clone());
    let project = project.ok_or_else(|| missing("neither CI_PROJECT_ID nor CI_PROJECT_PATH is set"))?;
    let web = web_of_variables(variables)?;
    let name = path.unwrap_or_else(|| format!("project {project}"));
    Ok(Place { project: below(&api, &project), name, web })
}

/// The pages of the project of this job.
pub(crate) fn web_of_variables(variables: Variables<'_>) -> Result<Option<Web>, Error> {
    let url = match variables("CI_PROJECT_URL") {
        Some(url) => address_in("CI_PROJECT_URL", &url)?,
        None => match (variables("CI_SERVER_URL"), variables("CI_PROJECT_PATH")) {
            (Some(server), Some(path)) => {
                address_in("CI_SERVER_URL", &format!("{}/{path}", server.trim_end_matches('/')))?
            }
            _ => return Ok(None),
        },
    };
    Ok(Some(Web::new(url, Kind::Gitlab)))
}

/// The pages of the project at an address.
pub(crate) fn web_of_address(address: &Url, variables: Variables<'_>) -> Web {
    let (server, under, path) = parts_of(address, variables);
    web_below(server, &under, &path)
}

fn web_below(mut server: Url, under: &str, path: &str) -> Web {
    server.set_path(&format!("{under}/{path}"));
    Web::new(server, Kind::Gitlab)
}

/// A server may serve under a path; `CI_SERVER_URL` tells, where it is the same server.
fn parts_of(address: &Url, variables: Variables<'_>) -> (Url, String, String) {
    let mut server = address.clone();
    server.set_path("");
    server.set_query(None);
    server.set_fragment(None);
    let under = variables("CI_SERVER_URL").and_then(|server| Url::parse(&server).ok());
    let under = under.filter(|under| under.origin() == server.origin());
    let under = under.map(|under| under.path().trim_matches('/').to_owned()).unwrap_or_default();
    let path = address.path().trim_matches('/').trim_end_matches(".git");
    let inside = path.strip_prefix(under.as_str()).filter(|_| !under.is_empty());
    let (under, path) = inside.map_or(("", path), |path| (under.as_str(), path.trim_matches('/')));
    (server, under.to_owned(), path.to_owned())
}

fn of_address(address: &Url, variables: Variables<'_>) -> Place {
    let (mut server, under, name) = parts_of(address, variables);
    let web = Some(web_below(server.clone(), &under, &name));
    server.set_path(&format!("{under}/api/v4"));
    Place { project: below(&server, &name), name, web }
}

/// The API of the project that has this address on the web.
pub(crate) fn project_api(address: &Url, server: Option<&str>) -> Url {
    of_address(address, &|name| server.filter(|_| name == "CI_SERVER_URL").map(str::to_owned)).project
}

/// What GitLab said, in one line.
pub(crate) fn said_of(status: http::StatusCode, body: &[u8]) -> String {
    said::said(status, body).text
}

fn below(api: &Url, project: &str) -> Url {
    let mut url = api.clone();
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().extend(["projects", project]);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(variables: &[(&str, &str)]) -> Result<Place, Error> {
        of_variables(&|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_number_of_a_project_is_better_than_its_path() {
        let api = ("CI_API_V4_URL", "https://h/gitlab/api/v4");
        let path = ("CI_PROJECT_PATH", "team/app");
        let by_number = place(&[api, path, ("CI_PROJECT_ID", "7")]).unwrap();
        assert_eq!(by_number.project.as_str(), "https://h/gitlab/api/v4/projects/7");
        let by_path = place(&[api, path]).unwrap();
        assert_eq!(by_path.project.as_str(), "https://h/gitlab/api/v4/projects/team%2Fapp");
        let by_server = place(&[("CI_SERVER_URL", "https://h/gitlab/"), path]).unwrap();
        assert_eq!(by_server.project.as_str(), "https://h/gitlab/api/v4/projects/team%2Fapp");
        assert_eq!(by_server.web.unwrap().releases().as_str(), "https://h/gitlab/team/app/-/releases");
        let spoiled = ("CI_API_V4_URL", "https://bob:s3cret@h/api/v4");
        for wrong in [&[][..], &[api], &[path], &[("CI_API_V4_URL", "h"), path], &[spoiled, path]] {
            assert!(place(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_address_may_be_below_a_servers_path() {
        let address = Url::parse("https://h/gitlab/team/app").unwrap();
        let plain = of_address(&address, &|_| None);
        assert_eq!(plain.project.as_str(), "https://h/api/v4/projects/gitlab%2Fteam%2Fapp");
        let server = |name: &str| (name == "CI_SERVER_URL").then(|| "https://h/gitlab".to_owned());
        let under = of_address(&address, &server);
        assert_eq!(under.project.as_str(), "https://h/gitlab/api/v4/projects/team%2Fapp");
        assert_eq!(under.web.unwrap().releases().as_str(), "https://h/gitlab/team/app/-/releases");
    }
}
