//! The repository's branches, commits, trees and files (<https://docs.github.com/en/rest/git>,
//! <https://docs.github.com/en/rest/repos/contents>).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Github, World, fields, invalid, message, not_found, text};
use crate::server::{Asked, Reply};

/// What git keeps.
#[derive(Default)]
pub(super) struct Code {
    pub(super) branches: BTreeMap<String, String>,
    pub(super) commits: BTreeMap<String, Commit>,
    trees: BTreeMap<String, Tree>,
    /// Branches that nobody may push to.
    protected: Vec<String>,
}

pub(super) struct Commit {
    pub(super) tree: String,
    message: String,
}

/// Mode and content by path.
type Tree = BTreeMap<String, (String, String)>;

impl Github {
    /// Puts a file into a branch, with a commit of its own.
    pub fn add_file(&self, branch: &str, path: &str, mode: &str, content: &str) {
        let mut world = self.world();
        let mut tree = world.code.tree_of(branch).cloned().unwrap_or_default();
        tree.insert(path.to_owned(), (mode.to_owned(), content.to_owned()));
        let tip = world.commit(tree, &format!("Add {path}"));
        world.code.branches.insert(branch.to_owned(), tip);
    }

    /// Lets nobody push to this branch.
    pub fn protect(&self, branch: &str) {
        self.world().code.protected.push(branch.to_owned());
    }

    /// The files of a branch, with the message of its last commit; none where there is no such branch.
    pub fn branch(&self, name: &str) -> Option<Value> {
        let world = self.world();
        let commit = world.code.commits.get(world.code.branches.get(name)?)?;
        let tree = world.code.trees.get(&commit.tree)?;
        let files: BTreeMap<&String, String> =
            tree.iter().map(|(path, (mode, content))| (path, format!("{mode} {content}"))).collect();
        Some(json!({ "message": commit.message, "files": files }))
    }
}

impl Code {
    /// The files at a branch or a commit.
    pub(super) fn tree_of(&self, git_ref: &str) -> Option<&Tree> {
        let sha = self.branches.get(git_ref).map_or(git_ref, String::as_str);
        self.trees.get(&self.commits.get(sha)?.tree)
    }
}

impl World {
    fn sha(&mut self) -> String {
        format!("{:040x}", self.next())
    }

    /// Makes a commit with these files.
    pub(super) fn commit(&mut self, tree: Tree, message: &str) -> String {
        let (tree_sha, sha) = (self.sha(), self.sha());
        self.code.trees.insert(tree_sha.clone(), tree);
        self.code.commits.insert(sha.clone(), Commit { tree: tree_sha, message: message.to_owned() });
        sha
    }

    pub(super) fn code(&mut self, asked: &Asked, parts: &[&str]) -> Option<Answer> {
        Some(match (asked.method.as_str(), parts) {
            ("GET", ["git", "ref", "heads", branch @ ..]) => {
                let sha = self.code.branches.get(&branch.join("/"));
                sha.map(|sha| show_ref(sha)).ok_or_else(not_found)
            }
            ("GET", ["git", "commits", sha]) => {
                let found = self.code.commits.get(*sha).ok_or_else(not_found);
                found.map(|commit| Reply::json(200, &json!({ "sha": sha, "tree": { "sha": commit.tree } })))
            }
            ("GET", ["git", "trees", sha]) => self.show_tree(sha),
            ("GET", ["contents", path @ ..]) => self.file(asked, &path.join("/")),
            ("POST", ["git", "trees"]) => self.make_tree(asked),
            ("POST", ["git", "commits"]) => self.make_commit(asked),
            ("POST", ["git", "refs"]) => self.make_branch(asked),
            ("PATCH", ["git", "refs", "heads", branch @ ..]) => self.move_branch(asked, &branch.join("/")),
            _ => return None,
        })
    }

    fn show_tree(&self, sha: &str) -> Answer {
        let tree = self.code.trees.get(sha).ok_or_else(not_found)?;
        let entries: Vec<Value> = tree
            .iter()
            .map(|(path, (mode, _))| json!({ "path": path, "mode": mode, "type": "blob" }))
            .collect();
        Ok(Reply::json(200, &json!({ "sha": sha, "tree": entries, "truncated": false })))
    }

    fn file(&self, asked: &Asked, path: &str) -> Answer {
        let git_ref = asked.query.iter().find(|(name, _)| name == "ref").map(|(_, git_ref)| git_ref.as_str());
        let tree = self.code.tree_of(git_ref.unwrap_or("main")).ok_or_else(not_found)?;
        let (_, content) = tree.get(path).ok_or_else(not_found)?;
        match asked.header("accept") {
            Some("application/vnd.github.raw+json") => Ok(Reply::new(200, content.clone())),
            _ => Ok(Reply::json(200, &json!({ "path": path, "type": "file" }))),
        }
    }

    fn make_tree(&mut self, asked: &Asked) -> Answer {
        let fields = fields(asked, &["base_tree", "tree"])?;
        let base = text(&fields, "base_tree");
        let mut tree = match base {
            Some(base) => {
                self.code.trees.get(&base).cloned().ok_or_else(|| invalid("base_tree", "invalid"))?
            }
            None => Tree::new(),
        };
        for entry in
            fields.get("tree").and_then(Value::as_array).ok_or_else(|| invalid("tree", "missing_field"))?
        {
            let part = |name: &str| entry[name].as_str().map(str::to_owned);
            match (part("path"), part("mode"), part("type"), part("content")) {
                (Some(path), Some(mode), Some(kind), Some(content)) if kind == "blob" && mode.len() == 6 => {
                    tree.insert(path, (mode, content));
                }
                _ => return Err(invalid("tree", "invalid")),
            }
        }
        let sha = self.sha();
        self.code.trees.insert(sha.clone(), tree);
        Ok(Reply::json(201, &json!({ "sha": sha })))
    }

    fn make_commit(&mut self, asked: &Asked) -> Answer {
        let fields = fields(asked, &["message", "tree", "parents", "author"])?;
        let message = text(&fields, "message").ok_or_else(|| invalid("message", "missing_field"))?;
        let tree = text(&fields, "tree").filter(|tree| self.code.trees.contains_key(tree));
        let tree = tree.ok_or_else(|| invalid("tree", "invalid"))?;
        let parents = fields.get("parents").and_then(Value::as_array).cloned().unwrap_or_default();
        let is_known =
            |parent: &Value| parent.as_str().is_some_and(|sha| self.code.commits.contains_key(sha));
        if !parents.iter().all(is_known) {
            return Err(invalid("parents", "invalid"));
        }
        let sha = self.sha();
        self.code.commits.insert(sha.clone(), Commit { tree, message });
        Ok(Reply::json(201, &json!({ "sha": sha })))
    }

    fn make_branch(&mut self, asked: &Asked) -> Answer {
        let fields = fields(asked, &["ref", "sha"])?;
        let name = text(&fields, "ref").and_then(|name| name.strip_prefix("refs/heads/").map(str::to_owned));
        let name = name.ok_or_else(|| invalid("ref", "invalid"))?;
        if self.code.branches.contains_key(&name) {
            return Err(message(422, "Reference already exists"));
        }
        let sha = self.known_commit(text(&fields, "sha"))?;
        self.code.branches.insert(name, sha.clone());
        Ok(Reply { status: 201, ..show_ref(&sha) })
    }

    fn move_branch(&mut self, asked: &Asked, name: &str) -> Answer {
        let fields = fields(asked, &["sha", "force"])?;
        if !self.code.branches.contains_key(name) {
            return Err(message(422, "Reference does not exist"));
        }
        if self.code.protected.iter().any(|known| known == name) {
            return Err(message(403, "Protected branch update failed"));
        }
        let sha = self.known_commit(text(&fields, "sha"))?;
        self.code.branches.insert(name.to_owned(), sha.clone());
        Ok(show_ref(&sha))
    }

    fn known_commit(&self, sha: Option<String>) -> Result<String, Reply> {
        let sha = sha.filter(|sha| self.code.commits.contains_key(sha));
        sha.ok_or_else(|| message(422, "Object does not exist"))
    }
}

fn show_ref(sha: &str) -> Reply {
    Reply::json(200, &json!({ "object": { "sha": sha, "type": "commit" } }))
}
