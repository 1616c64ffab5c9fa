//! Merge requests, and pipelines started by a trigger.

use serde_json::{Value, json};

use super::parameters::Parameters;
use super::route::{Answer, Call};
use super::{World, error, message};
use crate::server::Reply;

pub(crate) struct MergeRequest {
    iid: u64,
    source: String,
    target: String,
    title: String,
    description: String,
    labels: String,
    state: &'static str,
    auto_merge: bool,
    /// So many times more it is not ready yet: GitLab looks at a new one for a moment.
    checking: u32,
}

pub(crate) struct Pipeline {
    id: u64,
    git_ref: String,
    variables: Vec<(String, String)>,
}

impl MergeRequest {
    fn to_json(&self, project: u64, base: &str, sha: Option<&String>) -> Value {
        json!({
            "id": self.iid, "iid": self.iid, "project_id": project, "title": self.title, "state": self.state,
            "description": self.description, "source_branch": self.source, "target_branch": self.target,
            "labels": self.labels.split(',').filter(|label| !label.is_empty()).collect::<Vec<_>>(), "sha": sha,
            "detailed_merge_status": if self.checking > 0 { "checking" } else { "mergeable" },
            "merge_when_pipeline_succeeds": self.auto_merge,
            "web_url": format!("{base}/-/merge_requests/{}", self.iid),
        })
    }

    /// Is merged now; from which branch into which.
    pub(crate) fn merge(&mut self) -> (String, String) {
        self.state = "merged";
        (self.source.clone(), self.target.clone())
    }

    pub(crate) fn state(&self) -> Value {
        json!({
            "source": self.source, "target": self.target, "title": self.title, "description": self.description,
            "labels": self.labels, "state": self.state, "auto_merge": self.auto_merge,
        })
    }
}

impl Pipeline {
    pub(crate) fn state(&self) -> Value {
        json!({ "ref": self.git_ref, "variables": self.variables })
    }
}

/// `/projects/:id/merge_requests` and what is below it.
pub(crate) fn answer(
    world: &mut World,
    call: Call,
    rest: &[&str],
    method: &str,
    mut parameters: Parameters,
) -> Answer {
    let url = world.url.clone();
    let project = call.project(world);
    let base = format!("{url}/{}", project.path);
    let (id, branches) = (project.id, project.branches.clone());
    let all = &mut project.merge_requests;
    let show = |request: &MergeRequest| request.to_json(id, &base, branches.get(&request.source));
    let find = |all: &[MergeRequest], iid: &str| {
        let found = all.iter().position(|request| request.iid.to_string() == iid);
        found.ok_or_else(|| message(404, "404 Not Found"))
    };
    match (method, rest) {
        ("GET", []) => {
            let state = parameters.word("state", &["opened", "closed", "merged", "all"])?;
            let (source, target) = (parameters.text("source_branch")?, parameters.text("target_branch")?);
            let wanted = |request: &&MergeRequest| {
                state.as_ref().is_none_or(|state| state == "all" || *state == request.state)
                    && source.as_ref().is_none_or(|source| *source == request.source)
                    && target.as_ref().is_none_or(|target| *target == request.target)
            };
            call.page(all.iter().filter(wanted).map(show).collect(), parameters)
        }
        ("POST", []) => {
            let (source, target) = (parameters.need("source_branch")?, parameters.need("target_branch")?);
            let title = parameters.need("title")?;
            let description = parameters.text("description")?.unwrap_or_default();
            let labels = parameters.text("labels")?.unwrap_or_default();
            parameters.flag("remove_source_branch")?;
            parameters.flag("squash")?;
            parameters.end()?;
            for branch in [&source, &target] {
                if !branches.contains_key(branch) {
                    return Err(Reply::json(
                        400,
                        &json!({ "message": [format!("Branch {branch} does not exist")] }),
                    ));
                }
            }
            let same = |request: &MergeRequest| {
                request.state == "opened" && request.source == source && request.target == target
            };
            if let Some(open) = all.iter().find(|request| same(request)) {
                let text = format!(
                    "Another open merge request already exists for this source branch: !{}",
                    open.iid
                );
                return Err(Reply::json(409, &json!({ "message": [text] })));
            }
            let iid = all.len() as u64 + 1;
            let (state, auto_merge, checking) = ("opened", false, 2);
            all.push(MergeRequest {
                iid,
                source,
                target,
                title,
                description,
                labels,
                state,
                auto_merge,
                checking,
            });
            Ok(Reply::json(201, &show(&all[all.len() - 1])))
        }
        ("GET", [iid]) => {
            parameters.end()?;
            let at = find(all, iid)?;
            let request = &mut all[at];
            request.checking = request.checking.saturating_sub(1);
            Ok(Reply::json(200, &show(request)))
        }
        ("PUT", [iid]) => {
            let at = find(all, iid)?;
            let request = &mut all[at];
            request.title = parameters.text("title")?.unwrap_or_else(|| request.title.clone());
            request.description =
                parameters.text("description")?.unwrap_or_else(|| request.description.clone());
            request.labels = parameters.text("labels")?.unwrap_or_else(|| request.labels.clone());
            if parameters.word("state_event", &["close", "reopen"])?.as_deref() == Some("close") {
                request.state = "closed";
            }
            parameters.end()?;
            Ok(Reply::json(200, &show(request)))
        }
        ("PUT", [iid, "merge"]) => {
            let at = find(all, iid)?;
            let auto = parameters.flag("auto_merge")? | parameters.flag("merge_when_pipeline_succeeds")?;
            let sha = parameters.text("sha")?;
            parameters.flag("should_remove_source_branch")?;
            parameters.flag("squash")?;
            parameters.end()?;
            let request = &mut all[at];
            if sha.is_some_and(|sha| branches.get(&request.source) != Some(&sha)) {
                return Err(message(409, "SHA does not match HEAD of source branch"));
            }
            if request.checking > 0 || request.state != "opened" {
                request.checking = request.checking.saturating_sub(1);
                return Err(message(405, "405 Method Not Allowed"));
            }
            request.auto_merge = auto;
            request.state = if auto { "opened" } else { "merged" };
            Ok(Reply::json(200, &show(request)))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}

/// `POST /projects/:id/trigger/pipeline`.
pub(crate) fn trigger(world: &mut World, call: Call, mut parameters: Parameters) -> Answer {
    let git_ref = parameters.need("ref")?;
    let mut variables = Vec::new();
    for (name, value) in parameters.starting_with("variables[") {
        let key = name.trim_start_matches("variables[").trim_end_matches(']').to_owned();
        variables.push((key, value.as_str().unwrap_or_default().to_owned()));
    }
    if let Some(Value::Object(map)) = parameters.value("variables") {
        variables.extend(
            map.iter().map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())),
        );
    }
    parameters.value("inputs");
    parameters.end()?;
    let (id, url) = (world.next(), world.url.clone());
    let project = call.project(world);
    if project.resolve(&git_ref).is_none() {
        return Err(Reply::json(400, &json!({ "message": { "base": ["Reference not found"] } })));
    }
    let web_url = format!("{url}/{}/-/pipelines/{id}", project.path);
    project.pipelines.push(Pipeline { id, git_ref, variables });
    let made = &project.pipelines[project.pipelines.len() - 1];
    Ok(Reply::json(
        201,
        &json!({ "id": made.id, "ref": made.git_ref, "status": "created", "web_url": web_url }),
    ))
}
