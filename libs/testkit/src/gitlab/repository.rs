//! The git repository of a project, as far as the API shows it: tags, branches and commits.

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::project::{Commit, GitTag, Project};
use super::route::{Answer, Call};
use super::{World, code, error, message};
use crate::server::Reply;

impl GitTag {
    fn to_json(&self, name: &str) -> Value {
        json!({
            "name": name, "target": self.sha, "message": self.message.clone().unwrap_or_default(),
            "commit": { "id": self.sha, "created_at": self.at }, "release": null, "protected": false,
        })
    }
}

impl Commit {
    fn to_json(&self) -> Value {
        json!({
            "id": self.sha, "short_id": &self.sha[..8.min(self.sha.len())], "title": self.message.lines().next(),
            "message": self.message, "created_at": self.at, "committed_date": self.at,
            "author_name": "A developer", "author_email": "developer@example.com", "parent_ids": [],
        })
    }
}

/// `/projects/:id/repository/tags` and what is below it.
pub(crate) fn tags(
    world: &mut World,
    call: Call,
    name: Option<&str>,
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let at = world.tick();
    let project = call.project(world);
    let not_found = || message(404, "404 Tag Not Found");
    match (method, name) {
        ("GET", None) => {
            parameters.word("order_by", &["name", "updated", "version"])?;
            parameters.word("sort", &["asc", "desc"])?;
            let search = parameters.text("search")?;
            let wanted = |name: &str| search.as_ref().is_none_or(|search| name.contains(search.as_str()));
            let all = project.tags.iter().filter(|(name, _)| wanted(name));
            call.page(all.map(|(name, tag)| tag.to_json(name)).collect(), parameters)
        }
        ("POST", None) => {
            let (name, git_ref) = (parameters.need("tag_name")?, parameters.need("ref")?);
            let text = parameters.text("message")?;
            parameters.end()?;
            if project.tags.contains_key(&name) {
                return Err(message(400, &format!("Tag {name} already exists")));
            }
            let sha = project
                .resolve(&git_ref)
                .ok_or_else(|| message(400, &format!("Target {git_ref} is invalid")))?;
            project.tag(&name, &sha, text, at);
            Ok(Reply::json(201, &project.tags[&name].to_json(&name)))
        }
        ("GET", Some(name)) => {
            parameters.end()?;
            Ok(Reply::json(200, &project.tags.get(name).ok_or_else(not_found)?.to_json(name)))
        }
        ("DELETE", Some(name)) => {
            parameters.end()?;
            project.tags.remove(name).ok_or_else(not_found)?;
            Ok(Reply::new(204, ""))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}

/// `/projects/:id/repository/commits` and what is below it.
pub(crate) fn commits(
    world: &mut World,
    call: Call,
    name: Option<&str>,
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let (at, sha) = (world.tick(), format!("{:040x}", world.next()));
    let project = call.project(world);
    match (method, name) {
        ("GET", None) => {
            let git_ref = parameters.text("ref_name")?;
            let tip = git_ref.as_deref().unwrap_or(&project.default_branch);
            let tip = project.resolve(tip).ok_or_else(|| message(404, "404 Not Found"))?;
            let last = project.commits.iter().position(|commit| commit.sha == tip).map_or(0, |at| at + 1);
            let all = project.commits[..last].iter().rev().map(Commit::to_json).collect();
            call.page(all, parameters)
        }
        ("GET", Some(name)) => {
            parameters.flag("stats")?;
            parameters.end()?;
            let sha = project.resolve(name).ok_or_else(|| message(404, "404 Commit Not Found"))?;
            let commit = project.commits.iter().find(|commit| commit.sha == sha);
            Ok(Reply::json(200, &commit.ok_or_else(|| message(404, "404 Commit Not Found"))?.to_json()))
        }
        ("POST", None) => {
            let (branch, text) = (parameters.need("branch")?, parameters.need("commit_message")?);
            let start = parameters.text("start_branch")?;
            let actions = parameters.value("actions");
            let start_sha = parameters.text("start_sha")?;
            for optional in ["author_name", "author_email"] {
                parameters.text(optional)?;
            }
            let force = parameters.flag("force")?;
            parameters.end()?;
            if project.protected.contains(&branch) {
                return Err(message(400, "You are not allowed to push into this branch"));
            }
            let start = match start_sha {
                Some(sha) => Some(project.branch_at(&sha).ok_or_else(|| message(400, "Invalid start_sha"))?),
                None => start,
            };
            let before = (project.tree.clone(), project.branches.contains_key(&branch));
            if let (Some(start), true, true) = (&start, force, before.1) {
                project.reset(&branch, start);
            }
            if let Err(refused) = commit(project, &branch, start.as_deref(), actions) {
                project.tree = before.0;
                return Err(refused);
            }
            let commit = Commit { sha: sha.clone(), message: text, at };
            let body = commit.to_json();
            project.commits.push(commit);
            project.branches.insert(branch, sha);
            Ok(Reply::json(201, &body))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}

/// `/projects/:id/repository/commits/:sha/refs`: the branches and tags that contain a commit.
pub(crate) fn refs(world: &mut World, call: &Call, sha: &str, mut parameters: Parameters) -> Answer {
    let project = call.project(world);
    let kind = parameters.word("type", &["all", "branch", "tag"])?;
    let place = |sha: &str| project.commits.iter().position(|commit| commit.sha == sha);
    let sha = project.resolve(sha).ok_or_else(|| message(404, "404 Commit Not Found"))?;
    let at = place(&sha).ok_or_else(|| message(404, "404 Commit Not Found"))?;
    // Each commit here stands on the one before it.
    let contains = |tip: &str| place(tip).is_some_and(|tip| tip >= at);
    let branches = project.branches.iter().map(|(name, tip)| ("branch", name, tip));
    let tags = project.tags.iter().map(|(name, tag)| ("tag", name, &tag.sha));
    let wanted = |of: &str| kind.as_deref().is_none_or(|kind| kind == "all" || kind == of);
    let all = branches.chain(tags).filter(|(of, _, tip)| wanted(of) && contains(tip));
    let all = all.map(|(of, name, _)| json!({ "type": of, "name": name })).collect();
    call.page(all, parameters)
}

/// Carries out the actions of a commit, all or none.
fn commit(
    project: &mut Project,
    branch: &str,
    start: Option<&str>,
    actions: Option<Value>,
) -> Result<(), Reply> {
    let Some(Value::Array(actions)) = actions else { return Err(error(400, "actions is missing")) };
    let mut tree = project.tree.clone();
    if !project.branches.contains_key(branch) && !project.branches.is_empty() {
        let start = start
            .ok_or_else(|| message(400, "You can only create or edit files when you are on a branch"))?;
        let below: Vec<_> = tree
            .iter()
            .filter(|((of, _), _)| of == start)
            .map(|(key, text)| (key.1.clone(), text.clone()))
            .collect();
        tree.extend(below.into_iter().map(|(path, text)| ((branch.to_owned(), path), text)));
    }
    for action in actions {
        let mut action = Parameters::below(action, "actions")?;
        let kind = action.need("action")?;
        let key = (branch.to_owned(), action.need("file_path")?);
        let content = action.text("content")?;
        let encoding = action.word("encoding", &["text", "base64"])?;
        let content = content.map(|text| code::content(text, encoding.as_deref())).transpose()?;
        action.text("last_commit_id")?;
        action.end()?;
        let there = tree.contains_key(&key);
        match (kind.as_str(), there, content) {
            ("create", false, Some(content)) | ("update", true, Some(content)) => {
                drop(tree.insert(key, content))
            }
            ("delete", true, _) => drop(tree.remove(&key)),
            ("create", true, _) => return Err(message(400, "A file with this name already exists")),
            ("update" | "delete", false, _) => {
                return Err(message(400, "A file with this name doesn't exist"));
            }
            _ => return Err(error(400, "actions[action] does not have a valid value")),
        }
    }
    project.tree = tree;
    Ok(())
}
