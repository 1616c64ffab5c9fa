//! What a project holds.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::badges::Badge;
use super::packages::File;
use super::releases::Release;
use super::requests::{MergeRequest, Pipeline};
use super::wikis::Page;

pub(crate) struct Project {
    pub(crate) id: u64,
    /// With its groups.
    pub(crate) path: String,
    pub(crate) default_branch: String,
    pub(crate) branches: BTreeMap<String, String>,
    /// The branches that only a maintainer may push to.
    pub(crate) protected: Vec<String>,
    /// In the order in which they came.
    pub(crate) commits: Vec<Commit>,
    pub(crate) tags: BTreeMap<String, GitTag>,
    pub(crate) releases: BTreeMap<String, Release>,
    pub(crate) milestones: Vec<String>,
    pub(crate) badges: Vec<Badge>,
    pub(crate) files: Vec<File>,
    pub(crate) wikis: BTreeMap<String, Page>,
    /// What is in a branch, by branch and path.
    pub(crate) tree: BTreeMap<(String, String), String>,
    pub(crate) merge_requests: Vec<MergeRequest>,
    pub(crate) pipelines: Vec<Pipeline>,
}

pub(crate) struct Commit {
    pub(crate) sha: String,
    pub(crate) message: String,
    pub(crate) at: String,
}

pub(crate) struct GitTag {
    pub(crate) sha: String,
    /// Of an annotated tag.
    pub(crate) message: Option<String>,
    pub(crate) at: String,
}

impl Project {
    pub(crate) fn new(id: u64, path: &str) -> Self {
        Self {
            id,
            path: path.into(),
            default_branch: "main".into(),
            branches: BTreeMap::new(),
            protected: Vec::new(),
            commits: Vec::new(),
            tags: BTreeMap::new(),
            releases: BTreeMap::new(),
            milestones: Vec::new(),
            badges: Vec::new(),
            files: Vec::new(),
            wikis: BTreeMap::new(),
            tree: BTreeMap::new(),
            merge_requests: Vec::new(),
            pipelines: Vec::new(),
        }
    }

    /// The last part of its path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    pub(crate) fn commit(&mut self, sha: &str, message: &str, at: String) {
        self.commits.push(Commit { sha: sha.into(), message: message.into(), at });
        self.branches.insert(self.default_branch.clone(), sha.into());
    }

    pub(crate) fn tag(&mut self, tag: &str, sha: &str, message: Option<String>, at: String) {
        self.tags.insert(tag.into(), GitTag { sha: sha.into(), message, at });
    }

    /// The commit that a branch, a tag or a commit's own name means.
    pub(crate) fn resolve(&self, name: &str) -> Option<String> {
        let tag = self.tags.get(name).map(|tag| tag.sha.clone());
        let commit = || {
            let long_enough = name.len() >= 7;
            let found = self.commits.iter().find(|commit| long_enough && commit.sha.starts_with(name));
            found.map(|commit| commit.sha.clone())
        };
        tag.or_else(|| self.branches.get(name).cloned()).or_else(commit)
    }

    pub(crate) fn to_json(&self, url: &str) -> Value {
        json!({
            "id": self.id,
            "name": self.name(),
            "path": self.name(),
            "path_with_namespace": self.path,
            "default_branch": self.default_branch,
            "visibility": "private",
            "web_url": format!("{url}/{}", self.path),
        })
    }

    /// All of it that does not depend on when and how often somebody asked.
    pub(crate) fn state(&self) -> Value {
        let tags: BTreeMap<_, _> = self.tags.iter().map(|(name, tag)| (name, &tag.sha)).collect();
        let releases: Vec<_> = self.releases.values().map(Release::state).collect();
        let badges: Vec<_> = self.badges.iter().filter(|badge| !badge.group).map(Badge::state).collect();
        let mut files: BTreeMap<String, String> = BTreeMap::new();
        for file in &self.files {
            files.insert(file.path(), String::from_utf8_lossy(&file.content).into_owned());
        }
        let wikis: BTreeMap<_, _> = self.wikis.iter().map(|(slug, page)| (slug, &page.content)).collect();
        let tree: BTreeMap<_, _> =
            self.tree.iter().map(|((branch, path), text)| (format!("{branch}:{path}"), text)).collect();
        json!({
            "tags": tags, "releases": releases, "badges": badges, "files": files, "wikis": wikis, "tree": tree,
            "merge_requests": self.merge_requests.iter().map(MergeRequest::state).collect::<Vec<_>>(),
            "pipelines": self.pipelines.iter().map(Pipeline::state).collect::<Vec<_>>(),
        })
    }
}
