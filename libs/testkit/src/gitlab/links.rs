//! The links of a release: names, URLs and paths are unique within it.

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::route::{Answer, Call};
use super::{World, error, message};
use crate::server::Reply;

pub(crate) struct Link {
    id: u64,
    name: String,
    url: String,
    path: Option<String>,
    kind: String,
}

const KINDS: [&str; 4] = ["other", "runbook", "image", "package"];

impl Link {
    pub(crate) fn plain(id: u64, name: &str, url: &str) -> Self {
        Self { id, name: name.into(), url: url.into(), path: None, kind: "other".into() }
    }

    pub(crate) fn read(id: u64, mut parameters: Parameters) -> Result<Self, Reply> {
        let (name, url) = (parameters.need("name")?, parameters.need("url")?);
        let path = path_of(&mut parameters)?;
        let kind = parameters.word("link_type", &KINDS)?.unwrap_or_else(|| "other".into());
        parameters.end()?;
        check_url(&url)?;
        Ok(Self { id, name, url, path, kind })
    }

    pub(crate) fn to_json(&self, base: &str, tag: &str) -> Value {
        let direct = match &self.path {
            Some(path) => format!("{base}/-/releases/{tag}/downloads{path}"),
            None => self.url.clone(),
        };
        json!({
            "id": self.id, "name": self.name, "url": self.url, "direct_asset_url": direct, "link_type": self.kind,
        })
    }

    pub(crate) fn state(&self) -> Value {
        json!({ "name": self.name, "url": self.url, "path": self.path, "type": self.kind })
    }
}

fn path_of(parameters: &mut Parameters) -> Result<Option<String>, Reply> {
    match parameters.text("direct_asset_path")? {
        Some(path) if !path.starts_with('/') || path.len() < 2 => {
            Err(Reply::json(400, &json!({ "message": { "filepath": ["is in an invalid format"] } })))
        }
        path => Ok(path),
    }
}

fn check_url(url: &str) -> Result<(), Reply> {
    if ["http://", "https://", "ftp://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(());
    }
    let text = "is blocked: Only allowed schemes are http, https, ftp";
    Err(Reply::json(400, &json!({ "message": { "url": [text] } })))
}

/// Refuses a link that shares something with another one.
pub(crate) fn check_unique(others: &[Link], link: &Link) -> Result<(), Reply> {
    let others = || others.iter().filter(|other| other.id != link.id);
    let mut taken = Vec::new();
    if others().any(|other| other.url == link.url) {
        taken.push("Url has already been taken");
    }
    if others().any(|other| other.name == link.name) {
        taken.push("Name has already been taken");
    }
    if link.path.is_some() && others().any(|other| other.path == link.path) {
        taken.push("Filepath has already been taken");
    }
    if taken.is_empty() { Ok(()) } else { Err(Reply::json(400, &json!({ "message": taken }))) }
}

/// `/projects/:id/releases/:tag/assets/links` and what is below it.
pub(crate) fn answer(
    world: &mut World,
    call: Call,
    (tag, id): (&str, Option<&str>),
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let (next, url) = (world.next(), world.url.clone());
    let project = call.project(world);
    let base = format!("{url}/{}", project.path);
    let links = &mut project.release(tag)?.links;
    let found = id.and_then(|id| links.iter().position(|link| link.id.to_string() == id));
    let not_found = || message(404, "404 Not Found");
    match (method, id) {
        ("GET", None) => {
            let all: Vec<_> = links.iter().rev().map(|link| link.to_json(&base, tag)).collect();
            call.page(all, parameters)
        }
        ("POST", None) => {
            let link = Link::read(next, parameters)?;
            check_unique(links, &link)?;
            let body = link.to_json(&base, tag);
            links.push(link);
            Ok(Reply::json(201, &body))
        }
        ("GET", Some(_)) => {
            parameters.end()?;
            Ok(Reply::json(200, &links[found.ok_or_else(not_found)?].to_json(&base, tag)))
        }
        ("PUT", Some(_)) => {
            let old = &links[found.ok_or_else(not_found)?];
            let (name, url) = (parameters.text("name")?, parameters.text("url")?);
            let (path, kind) = (path_of(&mut parameters)?, parameters.word("link_type", &KINDS)?);
            parameters.end()?;
            if name.is_none() && url.is_none() {
                return Err(error(400, "name, url are missing, at least one parameter must be provided"));
            }
            let new = Link {
                id: old.id,
                name: name.unwrap_or_else(|| old.name.clone()),
                url: url.unwrap_or_else(|| old.url.clone()),
                path: path.or_else(|| old.path.clone()),
                kind: kind.unwrap_or_else(|| old.kind.clone()),
            };
            check_url(&new.url)?;
            check_unique(links, &new)?;
            let body = new.to_json(&base, tag);
            links[found.ok_or_else(not_found)?] = new;
            Ok(Reply::json(200, &body))
        }
        ("DELETE", Some(_)) => {
            parameters.end()?;
            let gone = links.remove(found.ok_or_else(not_found)?);
            Ok(Reply::json(200, &gone.to_json(&base, tag)))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}
