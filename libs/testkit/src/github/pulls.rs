//! Pull requests and how they are merged, and workflows that are started
//! (<https://docs.github.com/en/rest/pulls>, <https://docs.github.com/en/rest/actions/workflows>).

use serde_json::{Value, json};

use super::{Answer, Github, World, fields, invalid, message, not_found, text};
use crate::server::{Asked, Reply};

/// What may happen to pull requests here.
pub(super) struct Pulls {
    all: Vec<Pull>,
    /// The setting of the repository.
    allows_auto_merge: bool,
    /// Do checks run that have to pass?
    checks_pending: bool,
    /// Does the base branch change through its queue only?
    merge_queue: bool,
    /// Workflows that have `workflow_dispatch`, and what they were started with.
    workflows: Vec<(String, Vec<Value>)>,
}

impl Default for Pulls {
    fn default() -> Self {
        Self {
            all: Vec::new(),
            allows_auto_merge: true,
            checks_pending: true,
            merge_queue: false,
            workflows: Vec::new(),
        }
    }
}

struct Pull {
    title: String,
    body: String,
    head: String,
    base: String,
    state: &'static str,
    labels: Vec<String>,
    auto_merge: Option<String>,
    queued: bool,
}

impl Github {
    /// Sets whether requests may be merged by themselves; at first they may.
    pub fn allow_auto_merge(&self, allowed: bool) {
        self.world().pulls.allows_auto_merge = allowed;
    }

    /// Sets whether checks run that have to pass before a request is merged; at first they do.
    pub fn checks_pending(&self, pending: bool) {
        self.world().pulls.checks_pending = pending;
    }

    /// Lets branches change through their queue only.
    pub fn use_merge_queue(&self) {
        self.world().pulls.merge_queue = true;
    }

    /// Adds a workflow that can be started.
    pub fn add_workflow(&self, file: &str) {
        self.world().pulls.workflows.push((file.to_owned(), Vec::new()));
    }

    /// What a workflow was started with, each time.
    pub fn started(&self, file: &str) -> Vec<Value> {
        let world = self.world();
        let found = world.pulls.workflows.iter().find(|(name, _)| name == file);
        found.map(|(_, started)| started.clone()).unwrap_or_default()
    }

    /// All pull requests.
    pub fn pulls(&self) -> Value {
        self.world().pulls.all.iter().map(Pull::state).collect()
    }

    /// Merges a request, as happens once its checks have passed.
    ///
    /// # Panics
    /// When there is no such request.
    pub fn merge(&self, number: usize) {
        self.world().merge_now(number - 1);
    }
}

impl Pull {
    fn state(&self) -> Value {
        json!({
            "title": self.title, "body": self.body, "head": self.head, "base": self.base, "state": self.state,
            "labels": self.labels, "auto_merge": self.auto_merge, "queued": self.queued,
        })
    }
}

impl World {
    pub(super) fn pull_request(&mut self, asked: &Asked, parts: &[&str]) -> Option<Answer> {
        Some(match (asked.method.as_str(), parts) {
            ("GET", ["pulls"]) => self.list_pulls(asked),
            ("POST", ["pulls"]) => self.open_pull(asked),
            ("PATCH", ["pulls", number]) => self.update_pull(asked, number),
            ("PUT", ["pulls", number, "merge"]) => self.merge_pull(asked, number),
            ("POST", ["issues", number, "labels"]) => self.label(asked, number),
            ("POST", ["actions", "workflows", file, "dispatches"]) => self.dispatch(asked, file),
            _ => return None,
        })
    }

    fn show_pull(&self, at: usize) -> Value {
        let pull = &self.pulls.all[at];
        let number = at + 1;
        let labels: Vec<Value> = pull.labels.iter().map(|name| json!({ "name": name })).collect();
        json!({
            "number": number, "node_id": format!("PR_{number}"), "title": pull.title, "body": pull.body,
            "state": pull.state, "labels": labels,
            "auto_merge": pull.auto_merge.as_ref().map(|method| json!({ "merge_method": method })),
            "head": { "ref": pull.head, "sha": self.code.branches.get(&pull.head) },
            "base": { "ref": pull.base },
            "html_url": format!("{}/{}/pull/{number}", self.url, self.repository),
        })
    }

    fn list_pulls(&self, asked: &Asked) -> Answer {
        let query =
            |name: &str| asked.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let owner = self.repository.split('/').next().unwrap_or_default();
        let is_wanted = |pull: &Pull| {
            query("state").unwrap_or("open") == pull.state
                && query("head").is_none_or(|head| head == format!("{owner}:{}", pull.head))
                && query("base").is_none_or(|base| base == pull.base)
        };
        let found = self.pulls.all.iter().enumerate().filter(|(_, pull)| is_wanted(pull));
        Ok(Reply::json(200, &Value::Array(found.map(|(at, _)| self.show_pull(at)).collect())))
    }

    fn open_pull(&mut self, asked: &Asked) -> Answer {
        let fields = fields(asked, &["title", "head", "base", "body", "draft", "maintainer_can_modify"])?;
        let need = |name: &str| text(&fields, name).ok_or_else(|| invalid(name, "missing_field"));
        let (title, head, base) = (need("title")?, need("head")?, need("base")?);
        for (name, branch) in [("head", &head), ("base", &base)] {
            if !self.code.branches.contains_key(branch) {
                return Err(invalid(name, "invalid"));
            }
        }
        let same = |pull: &Pull| pull.state == "open" && pull.head == head && pull.base == base;
        if self.pulls.all.iter().any(same) {
            let error = json!({ "message": format!("A pull request already exists for {head}.") });
            return Err(Reply::json(422, &json!({ "message": "Validation Failed", "errors": [error] })));
        }
        let body = text(&fields, "body").unwrap_or_default();
        let (labels, auto_merge) = (Vec::new(), None);
        self.pulls.all.push(Pull {
            title,
            body,
            head,
            base,
            state: "open",
            labels,
            auto_merge,
            queued: false,
        });
        Ok(Reply::json(201, &self.show_pull(self.pulls.all.len() - 1)))
    }

    fn update_pull(&mut self, asked: &Asked, number: &str) -> Answer {
        let fields = fields(asked, &["title", "body", "state", "base"])?;
        let at = self.pull_at(number)?;
        let pull = &mut self.pulls.all[at];
        pull.title = text(&fields, "title").unwrap_or_else(|| pull.title.clone());
        pull.body = text(&fields, "body").unwrap_or_else(|| pull.body.clone());
        Ok(Reply::json(200, &self.show_pull(at)))
    }

    fn label(&mut self, asked: &Asked, number: &str) -> Answer {
        let fields = fields(asked, &["labels"])?;
        let at = self.pull_at(number)?;
        let new = fields.get("labels").and_then(Value::as_array).cloned().unwrap_or_default();
        for label in new.iter().filter_map(Value::as_str) {
            if !self.pulls.all[at].labels.iter().any(|known| known == label) {
                self.pulls.all[at].labels.push(label.to_owned());
            }
        }
        Ok(Reply::json(200, &json!([])))
    }

    fn merge_pull(&mut self, asked: &Asked, number: &str) -> Answer {
        let fields = fields(asked, &["merge_method", "sha", "commit_title", "commit_message"])?;
        if !matches!(text(&fields, "merge_method").as_deref(), Some("squash" | "merge" | "rebase") | None) {
            return Err(invalid("merge_method", "invalid"));
        }
        let at = self.pull_at(number)?;
        if self.pulls.merge_queue {
            let said = "Repository rule violations found\n\nChanges must be made through the merge queue\n\n";
            return Err(message(405, said));
        }
        if self.pulls.checks_pending {
            return Err(message(405, "Required status check \"test\" is expected."));
        }
        self.merge_now(at);
        Ok(Reply::json(200, &json!({ "merged": true, "message": "Pull Request successfully merged" })))
    }

    fn merge_now(&mut self, at: usize) {
        let (head, base) = (self.pulls.all[at].head.clone(), self.pulls.all[at].base.clone());
        let tree = self.code.tree_of(&head).cloned().unwrap_or_default();
        let sha = self.commit(tree, "Merge");
        self.code.branches.insert(base, sha);
        self.code.branches.remove(&head);
        self.pulls.all[at].state = "closed";
    }

    fn pull_at(&self, number: &str) -> Result<usize, Reply> {
        let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        at.filter(|at| *at < self.pulls.all.len()).ok_or_else(not_found)
    }

    fn dispatch(&mut self, asked: &Asked, file: &str) -> Answer {
        let fields = fields(asked, &["ref", "inputs"])?;
        let git_ref = text(&fields, "ref").ok_or_else(|| invalid("ref", "missing_field"))?;
        let inputs = fields.get("inputs").cloned().unwrap_or_default();
        // A branch or a tag.
        let known = self.code.branches.contains_key(&git_ref) || self.tags.contains_key(&git_ref);
        let workflow = self.pulls.workflows.iter_mut().find(|(name, _)| name == file);
        let (_, started) = workflow.ok_or_else(not_found)?;
        if !known {
            return Err(message(422, &format!("No ref found for: {git_ref}")));
        }
        started.push(json!({ "ref": git_ref, "inputs": inputs }));
        Ok(Reply::new(204, ""))
    }

    /// The two mutations that decide how a request is merged.
    pub(super) fn graphql(&mut self, asked: &Asked) -> Answer {
        let fields = fields(asked, &["query", "variables"])?;
        let query = text(&fields, "query").unwrap_or_default();
        let id = fields.get("variables").and_then(|variables| variables["id"].as_str());
        let at = self.pull_at(id.and_then(|id| id.strip_prefix("PR_")).unwrap_or_default());
        let Ok(at) = at else { return Ok(fault("Could not resolve to a node with the global id")) };
        if query.contains("enablePullRequestAutoMerge(") {
            if !self.pulls.allows_auto_merge {
                return Ok(fault("Pull request Auto merge is not allowed for this repository"));
            }
            if !self.pulls.checks_pending {
                return Ok(fault("Pull request Pull request is in clean status"));
            }
            let method = fields.get("variables").and_then(|variables| variables["method"].as_str());
            self.pulls.all[at].auto_merge = method.map(str::to_owned);
        } else if query.contains("enqueuePullRequest(") && self.pulls.merge_queue {
            self.pulls.all[at].queued = true;
        } else {
            return Ok(fault("The mutation is not known here"));
        }
        Ok(Reply::json(200, &json!({ "data": {} })))
    }
}

/// GraphQL answers 200 whatever happens.
fn fault(message: &str) -> Reply {
    Reply::json(200, &json!({ "data": null, "errors": [{ "type": "UNPROCESSABLE", "message": message }] }))
}
