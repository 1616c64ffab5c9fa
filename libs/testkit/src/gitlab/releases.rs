//! Releases, as GitLab documents them.

use serde_json::{Value, json};

use super::links::Link;
use super::parameters::Parameters;
use super::project::Project;
use super::route::{Answer, Call};
use super::{World, error, links, message};
use crate::server::Reply;

pub(crate) struct Release {
    pub(crate) tag: String,
    name: String,
    description: String,
    milestones: Vec<String>,
    created_at: String,
    released_at: String,
    /// In the order in which they came.
    pub(crate) links: Vec<Link>,
}

pub(crate) fn list(project: &Project, url: &str, parameters: &mut Parameters) -> Result<Vec<Value>, Reply> {
    let by = parameters.word("order_by", &["released_at", "created_at"])?;
    let sort = parameters.word("sort", &["asc", "desc"])?;
    let mut all: Vec<_> = project.releases.values().collect();
    all.sort_by_key(|release| match by.as_deref() {
        Some("created_at") => release.created_at.clone(),
        _ => release.released_at.clone(),
    });
    if sort.as_deref() != Some("asc") {
        all.reverse();
    }
    Ok(all.into_iter().map(|release| release.to_json(project, url)).collect())
}

/// `POST /projects/:id/releases`.
pub(crate) fn create(world: &mut World, call: Call, mut parameters: Parameters) -> Answer {
    let tag = parameters.need("tag_name")?;
    let (name, description) = (parameters.text("name")?, parameters.text("description")?);
    let git_ref = parameters.text("ref")?;
    let tag_message = parameters.text("tag_message")?;
    let released_at = released_at(&mut parameters)?;
    let milestones = milestones(&mut parameters)?;
    let assets = parameters.value("assets");
    parameters.end()?;
    let (now, url) = (world.tick(), world.url.clone());
    let mut made = Vec::new();
    for value in links_of(assets)? {
        let link = Link::read(world.next(), Parameters::below(value, "assets[links]")?)?;
        links::check_unique(&made, &link)?;
        made.push(link);
    }
    let project = call.project(world);
    if project.releases.contains_key(&tag) {
        return Err(message(409, "Release already exists"));
    }
    known_milestones(project, milestones.as_deref())?;
    if !project.tags.contains_key(&tag) {
        let git_ref = git_ref.ok_or_else(|| message(422, "Ref is not specified"))?;
        let sha = project.resolve(&git_ref).ok_or_else(|| {
            message(422, &format!("Failed to create tag {tag}: invalid reference '{git_ref}'"))
        })?;
        project.tag(&tag, &sha, tag_message, now.clone());
    }
    let release = Release {
        name: name.filter(|name| !name.is_empty()).unwrap_or_else(|| tag.clone()),
        description: description.unwrap_or_default(),
        milestones: milestones.unwrap_or_default(),
        released_at: released_at.unwrap_or_else(|| now.clone()),
        created_at: now,
        links: made,
        tag: tag.clone(),
    };
    project.releases.insert(tag.clone(), release);
    Ok(Reply::json(201, &project.releases[&tag].to_json(project, &url)))
}

/// `PUT /projects/:id/releases/:tag`: neither links nor the commit can be changed.
pub(crate) fn update(world: &mut World, call: Call, tag: &str, mut parameters: Parameters) -> Answer {
    let (name, description) = (parameters.text("name")?, parameters.text("description")?);
    let released_at = released_at(&mut parameters)?;
    let milestones = milestones(&mut parameters)?;
    parameters.end()?;
    let url = world.url.clone();
    let project = call.project(world);
    known_milestones(project, milestones.as_deref())?;
    let release = project.release(tag)?;
    if name.is_none() && description.is_none() && released_at.is_none() && milestones.is_none() {
        return Err(error(
            400,
            "name, description, milestones, milestone_ids, released_at are missing, at least one parameter must be provided",
        ));
    }
    if let Some(name) = name {
        release.name = name;
    }
    if let Some(description) = description {
        release.description = description;
    }
    if let Some(time) = released_at {
        release.released_at = time;
    }
    if let Some(milestones) = milestones {
        release.milestones = milestones;
    }
    Ok(Reply::json(200, &project.releases[tag].to_json(project, &url)))
}

/// `DELETE /projects/:id/releases/:tag`: the tag stays.
pub(crate) fn delete(world: &mut World, call: Call, tag: &str, parameters: Parameters) -> Answer {
    parameters.end()?;
    let url = world.url.clone();
    let project = call.project(world);
    project.release(tag)?;
    let gone = project.releases[tag].to_json(project, &url);
    project.releases.remove(tag);
    Ok(Reply::json(200, &gone))
}

fn links_of(assets: Option<Value>) -> Result<Vec<Value>, Reply> {
    let Some(assets) = assets else { return Ok(Vec::new()) };
    let mut assets = Parameters::below(assets, "assets")?;
    let links = match assets.value("links") {
        None => Vec::new(),
        Some(Value::Array(links)) => links,
        Some(_) => return Err(error(400, "assets[links] is invalid")),
    };
    assets.end()?;
    Ok(links)
}

fn released_at(parameters: &mut Parameters) -> Result<Option<String>, Reply> {
    match parameters.text("released_at")? {
        Some(time) if time.len() < 20 || time.as_bytes()[10] != b'T' => {
            Err(error(400, "released_at is invalid"))
        }
        time => Ok(time),
    }
}

fn milestones(parameters: &mut Parameters) -> Result<Option<Vec<String>>, Reply> {
    let invalid = || error(400, "milestones is invalid");
    match parameters.value("milestones") {
        None => Ok(None),
        Some(Value::Array(titles)) => titles
            .into_iter()
            .map(|title| title.as_str().map(str::to_owned).ok_or_else(invalid))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(invalid()),
    }
}

fn known_milestones(project: &Project, wanted: Option<&[String]>) -> Result<(), Reply> {
    let unknown: Vec<_> =
        wanted.unwrap_or_default().iter().filter(|title| !project.milestones.contains(title)).collect();
    match unknown.first() {
        None => Ok(()),
        Some(title) => Err(message(400, &format!("Milestone(s) not found: {title}"))),
    }
}

impl Project {
    pub(crate) fn release(&mut self, tag: &str) -> Result<&mut Release, Reply> {
        self.releases.get_mut(tag).ok_or_else(|| message(404, "404 Not Found"))
    }
}

impl Release {
    pub(crate) fn plain(tag: &str, at: String) -> Self {
        Self {
            tag: tag.into(),
            name: tag.into(),
            description: String::new(),
            milestones: Vec::new(),
            created_at: at.clone(),
            released_at: at,
            links: Vec::new(),
        }
    }

    pub(crate) fn to_json(&self, project: &Project, url: &str) -> Value {
        let (base, tag) = (format!("{url}/{}", project.path), &self.tag);
        let sha = project.tags.get(tag).map(|tag| tag.sha.clone());
        // The last one first.
        let links: Vec<_> = self.links.iter().rev().map(|link| link.to_json(&base, tag)).collect();
        let sources: Vec<_> = ["zip", "tar.gz", "tar.bz2", "tar"]
            .map(|format| {
                let name = format!("{}-{tag}.{format}", project.name());
                json!({ "format": format, "url": format!("{base}/-/archive/{tag}/{name}") })
            })
            .into();
        json!({
            "tag_name": tag,
            "name": self.name,
            "description": self.description,
            "created_at": self.created_at,
            "released_at": self.released_at,
            "upcoming_release": false,
            "commit": { "id": sha, "short_id": sha.as_deref().map(|sha| &sha[..8.min(sha.len())]) },
            "milestones": self.milestones.iter().map(|title| json!({ "title": title })).collect::<Vec<_>>(),
            "tag_path": format!("/{}/-/tags/{tag}", project.path),
            "assets": { "count": links.len() + sources.len(), "sources": sources, "links": links },
            "evidences": [],
            "_links": { "self": format!("{base}/-/releases/{tag}") },
        })
    }

    pub(crate) fn state(&self) -> Value {
        let mut links: Vec<_> = self.links.iter().map(Link::state).collect();
        links.sort_by_key(ToString::to_string);
        json!({
            "tag": self.tag, "name": self.name, "description": self.description, "milestones": self.milestones,
            "links": links,
        })
    }
}
