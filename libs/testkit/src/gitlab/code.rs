//! Branches and files of a project, as far as the API shows them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::parameters::Parameters;
use super::project::Project;
use super::route::{Answer, Call};
use super::{Gitlab, World, error, message};
use crate::server::Reply;

/// `/projects/:id/repository/branches/:name`
pub(crate) fn branch(
    world: &mut World,
    call: &Call,
    name: &str,
    method: &str,
    parameters: Parameters,
) -> Answer {
    parameters.end()?;
    let project = call.project(world);
    let sha = project.branches.get(name).ok_or_else(|| message(404, "404 Branch Not Found"))?;
    match method {
        "GET" => Ok(Reply::json(
            200,
            &json!({ "name": name, "commit": { "id": sha }, "protected": project.protected.iter().any(|one| one == name) }),
        )),
        _ => Err(error(405, "405 Not Allowed")),
    }
}

/// `/projects/:id/repository/files/:path/raw`
pub(crate) fn file(
    world: &mut World,
    call: &Call,
    path: &str,
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let git_ref = parameters.need("ref")?;
    parameters.flag("lfs")?;
    parameters.end()?;
    if method != "GET" {
        return Err(error(405, "405 Not Allowed"));
    }
    let project = call.project(world);
    let branch = project.branch_at(&git_ref).ok_or_else(|| message(404, "404 Commit Not Found"))?;
    let found = project.tree.get(&(branch, path.to_owned()));
    let content = found.ok_or_else(|| message(404, "404 File Not Found"))?;
    Ok(Reply::new(200, content.clone()))
}

impl Project {
    /// The branch of this name, or the one whose tip this commit is.
    pub(crate) fn branch_at(&self, git_ref: &str) -> Option<String> {
        if self.branches.contains_key(git_ref) {
            return Some(git_ref.to_owned());
        }
        // The branch that commits go to, before the one that was made of it.
        let default = Some(&self.default_branch)
            .filter(|name| self.branches.get(*name).is_some_and(|sha| sha == git_ref));
        let any = || self.branches.iter().find(|(_, sha)| *sha == git_ref).map(|(name, _)| name);
        default.or_else(any).cloned()
    }

    /// Gives a branch the files of another.
    pub(crate) fn reset(&mut self, branch: &str, to: &str) {
        let of_source = self.tree.iter().filter(|((of, _), _)| of == to);
        let copied: Vec<_> =
            of_source.map(|((_, path), text)| ((branch.to_owned(), path.clone()), text.clone())).collect();
        self.tree.retain(|(of, _), _| of != branch);
        self.tree.extend(copied);
    }
}

/// What is in a file that was sent as text or as base64.
pub(crate) fn content(text: String, encoding: Option<&str>) -> Result<String, Reply> {
    if encoding != Some("base64") {
        return Ok(text);
    }
    let decoded = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded.ok_or_else(|| message(400, "content is no base64"))
}

impl Gitlab {
    /// Puts a file into the default branch, with a commit of its own.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn add_file(&self, project: &str, path: &str, content: &str) {
        let mut world = self.world();
        let (at, sha) = (world.tick(), format!("{:040x}", world.next()));
        let project = world.project(project);
        project.commit(&sha, &format!("Add {path}"), at);
        project.tree.insert((project.default_branch.clone(), path.to_owned()), content.to_owned());
    }

    /// Lets nobody but a maintainer push to this branch.
    ///
    /// # Panics
    /// When there is no such project.
    pub fn protect(&self, project: &str, branch: &str) {
        self.world().project(project).protected.push(branch.to_owned());
    }

    /// Merges a request, as its pipeline would once it has passed.
    ///
    /// # Panics
    /// When there is no such project or request.
    pub fn merge(&self, project: &str, iid: usize) {
        let mut world = self.world();
        let sha = format!("{:040x}", world.next());
        let project = world.project(project);
        let (source, target) = project.merge_requests[iid - 1].merge();
        project.reset(&target, &source);
        project.branches.insert(target, sha);
        project.branches.remove(&source);
        project.tree.retain(|(of, _), _| *of != source);
    }
}
