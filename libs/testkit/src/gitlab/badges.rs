//! Badges: of the project, and of its groups, which it shows as well. Their names need not be unique.

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::route::{Answer, Call};
use super::{World, error, message};
use crate::server::Reply;

pub(crate) struct Badge {
    id: u64,
    name: Option<String>,
    image_url: String,
    link_url: String,
    pub(crate) group: bool,
}

impl Badge {
    pub(crate) fn new(id: u64, name: &str, image_url: &str, link_url: &str) -> Self {
        let (image_url, link_url) = (image_url.into(), link_url.into());
        Self { id, name: Some(name.into()), image_url, link_url, group: false }
    }

    pub(crate) fn of_group(id: u64, name: &str, image_url: &str) -> Self {
        Self { group: true, ..Self::new(id, name, image_url, "https://example.com/group") }
    }

    fn to_json(&self, project: &str, branch: &str, url: &str) -> Value {
        let kind = if self.group { "group" } else { "project" };
        let rendered = |text: &str| {
            let text = text.replace("%{project_path}", project).replace("%{default_branch}", branch);
            text.replace("%{gitlab_server}", url.trim_start_matches("http://"))
        };
        json!({
            "id": self.id, "name": self.name, "image_url": self.image_url, "link_url": self.link_url, "kind": kind,
            "rendered_image_url": rendered(&self.image_url), "rendered_link_url": rendered(&self.link_url),
        })
    }

    pub(crate) fn state(&self) -> Value {
        json!({ "name": self.name, "image_url": self.image_url, "link_url": self.link_url })
    }
}

/// `/projects/:id/badges` and what is below it.
pub(crate) fn answer(
    world: &mut World,
    call: Call,
    id: Option<&str>,
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let (next, url) = (world.next(), world.url.clone());
    let project = call.project(world);
    let (path, branch) = (project.path.clone(), project.default_branch.clone());
    let badges = &mut project.badges;
    let at = id.and_then(|id| badges.iter().position(|badge| badge.id.to_string() == id));
    let not_found = || message(404, "404 Badge Not Found");
    match (method, id) {
        ("GET", None) => {
            let name = parameters.text("name")?;
            let wanted = |badge: &&Badge| name.is_none() || badge.name == name;
            let all = badges.iter().filter(wanted).map(|badge| badge.to_json(&path, &branch, &url)).collect();
            call.page(all, parameters)
        }
        ("POST", None) => {
            let (link_url, image_url) = (parameters.need("link_url")?, parameters.need("image_url")?);
            let name = parameters.text("name")?;
            parameters.end()?;
            check_urls([&link_url, &image_url])?;
            let badge = Badge { id: next, name, image_url, link_url, group: false };
            let body = badge.to_json(&path, &branch, &url);
            badges.push(badge);
            Ok(Reply::json(201, &body))
        }
        ("GET", Some(_)) => {
            parameters.end()?;
            Ok(Reply::json(200, &badges[at.ok_or_else(not_found)?].to_json(&path, &branch, &url)))
        }
        ("PUT", Some(_)) => {
            let badge = &mut badges[at.ok_or_else(not_found)?];
            let (link_url, image_url) = (parameters.text("link_url")?, parameters.text("image_url")?);
            let name = parameters.text("name")?;
            parameters.end()?;
            if badge.group {
                return Err(not_found());
            }
            check_urls([&link_url, &image_url].into_iter().flatten())?;
            badge.link_url = link_url.unwrap_or_else(|| badge.link_url.clone());
            badge.image_url = image_url.unwrap_or_else(|| badge.image_url.clone());
            badge.name = name.or_else(|| badge.name.clone());
            Ok(Reply::json(200, &badge.to_json(&path, &branch, &url)))
        }
        ("DELETE", Some(_)) => {
            parameters.end()?;
            let at = at.ok_or_else(not_found)?;
            if badges[at].group {
                return Err(message(403, "To delete a Group badge please use the Group endpoint"));
            }
            badges.remove(at);
            Ok(Reply::new(204, ""))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}

fn check_urls<'a>(urls: impl IntoIterator<Item = &'a String>) -> Result<(), Reply> {
    for url in urls {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(error(400, "link_url is invalid"));
        }
    }
    Ok(())
}
