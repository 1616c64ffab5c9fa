//! A double of GitHub's REST API, as far as releases, pull requests and started workflows go: it keeps state, refuses what
//! is not documented, and lets only bearers of its token write.

mod code;
mod pulls;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::server::{Asked, Reply, Server, decoded};

/// A running GitHub with one repository. It ends when this is dropped.
pub struct Github {
    server: Server,
    world: Arc<Mutex<World>>,
}

struct World {
    /// `OWNER/NAME`.
    repository: String,
    token: String,
    url: String,
    tags: BTreeMap<String, String>,
    releases: Vec<Release>,
    code: code::Code,
    pulls: pulls::Pulls,
    last: u64,
}

struct Release {
    id: u64,
    tag: String,
    name: String,
    body: String,
    prerelease: bool,
    assets: Vec<Asset>,
}

struct Asset {
    id: u64,
    name: String,
    content: Bytes,
    /// An upload that broke off leaves one that is not whole.
    whole: bool,
}

type Answer = Result<Reply, Reply>;

impl Github {
    /// A GitHub with this repository, these tags, and a token that may write.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(repository: &str, token: &str, tags: &[(&str, &str)]) -> Self {
        let tags = tags.iter().map(|(tag, sha)| ((*tag).to_owned(), (*sha).to_owned())).collect();
        let (repository, token) = (repository.to_owned(), token.to_owned());
        let world = World {
            repository,
            token,
            url: String::new(),
            tags,
            releases: Vec::new(),
            code: code::Code::default(),
            pulls: pulls::Pulls::default(),
            last: 0,
        };
        let world = Arc::new(Mutex::new(world));
        let shared = Arc::clone(&world);
        let server = Server::start(move |asked| {
            let mut world = shared.lock().unwrap_or_else(PoisonError::into_inner);
            world.answer(&asked).unwrap_or_else(|refused| refused)
        });
        let github = Self { server, world };
        github.world().url = format!("http://{}", github.address());
        github
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.server.address()
    }

    /// Has its answers name this address, that of a proxy in front of it.
    pub fn known_at(&self, address: &str) {
        self.world().url = format!("http://{address}");
    }

    /// Leaves a file that was not uploaded to its end.
    ///
    /// # Panics
    /// When there is no such release.
    pub fn add_broken_file(&self, tag: &str, name: &str) {
        let mut world = self.world();
        let id = world.next();
        let release = world.releases.iter_mut().find(|release| release.tag == tag);
        let release = release.unwrap_or_else(|| panic!("the double has no release {tag}"));
        release.assets.push(Asset { id, name: name.into(), content: Bytes::new(), whole: false });
    }

    /// Everything that the repository holds, without times and identifiers.
    pub fn state(&self) -> Value {
        let world = self.world();
        let releases = world.releases.iter().map(|release| {
            let assets: BTreeMap<_, _> = release
                .assets
                .iter()
                .map(|asset| (asset.name.clone(), String::from_utf8_lossy(&asset.content).into_owned()))
                .collect();
            json!({
                "tag": release.tag, "name": release.name, "body": release.body,
                "prerelease": release.prerelease, "assets": assets,
            })
        });
        json!({ "tags": world.tags, "releases": releases.collect::<Vec<_>>() })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn answer(&mut self, asked: &Asked) -> Answer {
        let bearer = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        match bearer {
            Some(token) if token != self.token => return Err(message(401, "Bad credentials")),
            None if asked.method != "GET" => return Err(message(404, "Not Found")),
            _ => {}
        }
        if asked.method == "GET" && asked.path == format!("/repos/{}", self.repository) {
            return Ok(Reply::json(200, &json!({ "full_name": self.repository, "default_branch": "main" })));
        }
        if asked.path == "/graphql" && asked.method == "POST" {
            return self.graphql(asked);
        }
        let prefix = format!("/repos/{}/", self.repository);
        let path = asked.path.strip_prefix(&prefix).ok_or_else(not_found)?;
        let parts: Vec<_> = path.split('/').map(decoded).collect();
        let parts: Vec<_> = parts.iter().map(String::as_str).collect();
        if let Some(answer) = self.code(asked, &parts) {
            return answer;
        }
        if let Some(answer) = self.pull_request(asked, &parts) {
            return answer;
        }
        match (asked.method.as_str(), parts.as_slice()) {
            ("GET", ["releases"]) => self.list(asked),
            ("POST", ["releases"]) => self.create(asked),
            ("GET", ["releases", "tags", tag @ ..]) => {
                let tag = tag.join("/");
                let found = self.releases.iter().find(|release| release.tag == tag);
                found.map(|release| Reply::json(200, &self.show(release))).ok_or_else(not_found)
            }
            ("PATCH", ["releases", id]) => self.update(id, asked),
            ("POST", ["releases", id, "assets"]) => self.upload(id, asked),
            ("GET", ["releases", "assets", id]) => self.download(id, asked),
            ("DELETE", ["releases", "assets", id]) => self.remove(id),
            ("GET", ["git", "ref", "tags", tag @ ..]) => {
                let sha = self.tags.get(&tag.join("/")).ok_or_else(not_found)?;
                Ok(Reply::json(200, &json!({ "object": { "sha": sha, "type": "commit" } })))
            }
            _ => Err(not_found()),
        }
    }

    fn list(&self, asked: &Asked) -> Answer {
        let number = |name: &str, default: usize| {
            let found = asked.query.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
        };
        let (page, per_page) = (number("page", 1), number("per_page", 30).min(100));
        let shown = self.releases.iter().rev().skip((page - 1) * per_page).take(per_page);
        Ok(Reply::json(200, &Value::Array(shown.map(|release| self.show(release)).collect())))
    }

    fn create(&mut self, asked: &Asked) -> Answer {
        let allowed = ["tag_name", "target_commitish", "name", "body", "draft", "prerelease", "make_latest"];
        let fields = fields(asked, &allowed)?;
        let tag = text(&fields, "tag_name").filter(|tag| !tag.is_empty());
        let tag = tag.ok_or_else(|| invalid("tag_name", "missing_field"))?;
        if self.releases.iter().any(|release| release.tag == tag) {
            return Err(invalid("tag_name", "already_exists"));
        }
        if !self.tags.contains_key(&tag) {
            let commit = text(&fields, "target_commitish").unwrap_or_else(|| "main".into());
            if commit == "nowhere" {
                return Err(invalid("target_commitish", "invalid"));
            }
            self.tags.insert(tag.clone(), commit);
        }
        let release = Release {
            id: self.next(),
            name: text(&fields, "name").unwrap_or_else(|| tag.clone()),
            body: text(&fields, "body").unwrap_or_default(),
            prerelease: fields.get("prerelease") == Some(&Value::Bool(true)),
            assets: Vec::new(),
            tag,
        };
        let body = self.show(&release);
        self.releases.push(release);
        Ok(Reply::json(201, &body))
    }

    fn update(&mut self, id: &str, asked: &Asked) -> Answer {
        let allowed = ["tag_name", "target_commitish", "name", "body", "draft", "prerelease", "make_latest"];
        let fields = fields(asked, &allowed)?;
        let at = self.position(id)?;
        let release = &mut self.releases[at];
        release.name = text(&fields, "name").unwrap_or_else(|| release.name.clone());
        release.body = text(&fields, "body").unwrap_or_else(|| release.body.clone());
        release.prerelease =
            fields.get("prerelease").map_or(release.prerelease, |value| *value == Value::Bool(true));
        Ok(Reply::json(200, &self.show(&self.releases[at])))
    }

    fn upload(&mut self, id: &str, asked: &Asked) -> Answer {
        let at = self.position(id)?;
        let name = asked.query.iter().find(|(known, _)| known == "name").map(|(_, value)| value.clone());
        let name = name.ok_or_else(|| invalid("name", "missing_field"))?;
        if asked.header("content-type").is_none() {
            return Err(message(400, "Bad Content-Type"));
        }
        if self.releases[at].assets.iter().any(|asset| asset.name == name) {
            return Err(invalid("name", "already_exists"));
        }
        let asset = Asset { id: self.next(), name, content: Bytes::clone(&asked.body), whole: true };
        let body = self.show_asset(&self.releases[at], &asset);
        self.releases[at].assets.push(asset);
        Ok(Reply::json(201, &body))
    }

    fn download(&self, id: &str, asked: &Asked) -> Answer {
        let all = self.releases.iter().flat_map(|release| &release.assets);
        let asset = all.into_iter().find(|asset| asset.id.to_string() == id).ok_or_else(not_found)?;
        match asked.header("accept") {
            Some("application/octet-stream") => Ok(Reply::new(200, asset.content.clone())),
            _ => Ok(Reply::json(200, &json!({ "id": asset.id, "name": asset.name }))),
        }
    }

    fn remove(&mut self, id: &str) -> Answer {
        for release in &mut self.releases {
            if let Some(at) = release.assets.iter().position(|asset| asset.id.to_string() == id) {
                release.assets.remove(at);
                return Ok(Reply::new(204, ""));
            }
        }
        Err(not_found())
    }

    fn position(&self, id: &str) -> Result<usize, Reply> {
        self.releases.iter().position(|release| release.id.to_string() == id).ok_or_else(not_found)
    }

    fn show(&self, release: &Release) -> Value {
        let assets: Vec<_> = release.assets.iter().map(|asset| self.show_asset(release, asset)).collect();
        let upload =
            format!("{}/repos/{}/releases/{}/assets{{?name,label}}", self.url, self.repository, release.id);
        json!({
            "id": release.id, "tag_name": release.tag, "name": release.name, "body": release.body, "draft": false,
            "prerelease": release.prerelease, "published_at": "2026-11-21T08:00:00Z", "target_commitish": "main",
            "upload_url": upload, "assets": assets,
        })
    }

    fn show_asset(&self, release: &Release, asset: &Asset) -> Value {
        let state = if asset.whole { "uploaded" } else { "starter" };
        let url =
            format!("{}/{}/releases/download/{}/{}", self.url, self.repository, release.tag, asset.name);
        json!({
            "id": asset.id, "name": asset.name, "size": asset.content.len(), "state": state,
            "browser_download_url": url,
        })
    }
}

fn fields(asked: &Asked, allowed: &[&str]) -> Result<Map<String, Value>, Reply> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(&asked.body) else {
        return Err(message(400, "Problems parsing JSON"));
    };
    match fields.keys().find(|name| !allowed.contains(&name.as_str())) {
        Some(name) => Err(invalid(name, "unknown_field")),
        None => Ok(fields),
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> Option<String> {
    fields.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn invalid(field: &str, code: &str) -> Reply {
    let error = json!({ "resource": "Release", "field": field, "code": code });
    Reply::json(422, &json!({ "message": "Validation Failed", "errors": [error] }))
}

fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({ "message": text }))
}

fn not_found() -> Reply {
    message(404, "Not Found")
}
