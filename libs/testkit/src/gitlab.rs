//! A double of GitLab's REST API: it keeps state, and is strict where GitLab is lenient.
//!
//! It knows projects, releases with their links, badges, generic packages, tags, commits, wikis, milestones, merge requests
//! and pipeline triggers, and what a job token may do of that. Parameters that GitLab does not document are refused.
//! Faults are the business of [`crate::Proxy`], which can stand in front of it. `tests/gitlab_double.py` asks it
//! through `python-gitlab`.

mod access;
mod badges;
mod code;
mod links;
mod packages;
mod parameters;
mod project;
mod releases;
mod repository;
mod requests;
mod route;
mod wikis;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::server::{Reply, Server};
use project::Project;

pub use access::Role;

/// A running GitLab. It ends when this is dropped.
pub struct Gitlab {
    server: Server,
    world: Arc<Mutex<World>>,
    under: String,
}

/// A GitLab to be.
#[must_use]
pub struct GitlabBuilder {
    world: World,
    under: String,
}

/// All that it knows.
pub(crate) struct World {
    pub(crate) projects: Vec<Project>,
    pub(crate) tokens: Vec<access::Token>,
    /// A reverse proxy in front decodes what is percent-encoded in paths.
    pub(crate) decodes_slashes: bool,
    /// Where it is, as links in answers say.
    pub(crate) url: String,
    /// Identifiers are given in order, and so are times.
    pub(crate) last: u64,
}

impl GitlabBuilder {
    /// Serves below this path, as a self-managed server may: `/gitlab`.
    pub fn under(mut self, path: &str) -> Self {
        path.clone_into(&mut self.under);
        self
    }

    /// Has a proxy in front of it that decodes `%2F` in paths, so that only the number of a project leads to it.
    pub fn decodes_slashes(mut self) -> Self {
        self.world.decodes_slashes = true;
        self
    }

    /// Adds a private project with an empty repository, whose default branch is `main`. Its number is the place in the
    /// order of projects, from 1.
    pub fn project(mut self, path: &str) -> Self {
        let id = self.world.projects.len() as u64 + 1;
        self.world.projects.push(Project::new(id, path));
        self
    }

    /// Adds a badge of the group that all projects show.
    pub fn group_badge(mut self, name: &str, image_url: &str) -> Self {
        let id = self.world.next();
        for project in &mut self.world.projects {
            project.badges.push(badges::Badge::of_group(id, name, image_url));
        }
        self
    }

    /// Adds a token of a person, for `PRIVATE-TOKEN`.
    pub fn token(mut self, token: &str, role: Role) -> Self {
        self.world.tokens.push(access::Token::person(token, role));
        self
    }

    /// Adds the token of a job, for `JOB-TOKEN`.
    pub fn job_token(mut self, token: &str) -> Self {
        self.world.tokens.push(access::Token::job(token));
        self
    }

    /// Adds a commit to the default branch of a project, and the branch with the first one.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn commit(mut self, project: &str, sha: &str, message: &str) -> Self {
        let at = self.world.tick();
        self.world.project(project).commit(sha, message, at);
        self
    }

    /// Adds a lightweight tag to a project.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn tag(mut self, project: &str, tag: &str, sha: &str) -> Self {
        let at = self.world.tick();
        self.world.project(project).tag(tag, sha, None, at);
        self
    }

    /// Adds a milestone to a project.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn milestone(mut self, project: &str, title: &str) -> Self {
        self.world.project(project).milestones.push(title.to_owned());
        self
    }

    /// Adds a release, and the tag that it is of.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn release(mut self, project: &str, tag: &str, sha: &str) -> Self {
        let at = self.world.tick();
        let project = self.world.project(project);
        project.tag(tag, sha, None, at.clone());
        project.releases.insert(tag.to_owned(), releases::Release::plain(tag, at));
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start(self) -> Gitlab {
        let Self { world, under } = self;
        let world = Arc::new(Mutex::new(world));
        let (shared, prefix) = (Arc::clone(&world), format!("{under}/api/v4"));
        let server = Server::start(move |asked| {
            let mut world = shared.lock().unwrap_or_else(PoisonError::into_inner);
            route::answer(&mut world, &prefix, &asked).unwrap_or_else(|refused| refused)
        });
        let gitlab = Gitlab { server, world, under };
        gitlab.world().url = gitlab.url();
        gitlab
    }
}

impl Gitlab {
    /// A GitLab without projects.
    pub fn builder() -> GitlabBuilder {
        let world = World {
            projects: Vec::new(),
            tokens: Vec::new(),
            decodes_slashes: false,
            url: String::new(),
            last: 0,
        };
        GitlabBuilder { world, under: String::new() }
    }

    /// Its address, `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        self.server.address()
    }

    /// Where people find it.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address(), self.under)
    }

    /// `CI_API_V4_URL`.
    pub fn api(&self) -> String {
        format!("{}/api/v4", self.url())
    }

    /// Everything that a project holds, without times and identifiers: what two runs are compared by.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn state(&self, project: &str) -> Value {
        self.world().project(project).state()
    }

    /// Adds a badge behind everybody's back, as a person in the settings would.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn add_badge(&self, project: &str, name: &str, image_url: &str, link_url: &str) {
        let mut world = self.world();
        let id = world.next();
        world.project(project).badges.push(badges::Badge::new(id, name, image_url, link_url));
    }

    /// Adds a link to a release behind everybody's back.
    ///
    /// # Panics
    /// When there is no such release.
    pub fn add_link(&self, project: &str, tag: &str, name: &str, url: &str) {
        let mut world = self.world();
        let id = world.next();
        let release = world.project(project).releases.get_mut(tag);
        let release = release.unwrap_or_else(|| panic!("the double has no release {tag}"));
        release.links.push(links::Link::plain(id, name, url));
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// The next moment: a second after the last one, from a fixed one on.
    pub(crate) fn tick(&mut self) -> String {
        let seconds = self.next();
        format!("2026-11-21T{:02}:{:02}:{:02}.000Z", 8 + seconds / 3600, seconds / 60 % 60, seconds % 60)
    }

    fn project(&mut self, path: &str) -> &mut Project {
        let found = self.projects.iter_mut().find(|project| project.path == path);
        found.unwrap_or_else(|| panic!("the double has no project {path}"))
    }
}

/// `{"message": "404 Project Not Found"}` and its kin.
pub(crate) fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, &serde_json::json!({ "message": text }))
}

/// `{"error": "tag_name is missing"}` and its kin.
pub(crate) fn error(status: u16, text: &str) -> Reply {
    Reply::json(status, &serde_json::json!({ "error": text }))
}
