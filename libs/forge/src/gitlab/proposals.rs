//! Merge requests (<https://docs.gitlab.com/api/merge_requests/>) and the commits they are made of
//! (<https://docs.gitlab.com/api/commits/>).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Repeat, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::Gitlab;
use super::api::{Answer, Body, Call, FileThere, Right};
use crate::Error;
use crate::proposal::{MergeMethod, Merging, Open, Proposal};

/// No file of a deployment is longer, in bytes.
const LONGEST_FILE: usize = 64 * 1024 * 1024;
/// The pauses in which GitLab makes up its mind whether a new request can be merged, in milliseconds.
const PAUSES: [u64; 9] = [100, 250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000];

#[derive(Deserialize)]
struct BranchJson {
    commit: CommitJson,
}

#[derive(Deserialize)]
struct CommitJson {
    id: String,
}

#[derive(Deserialize)]
struct RequestJson {
    iid: u64,
    #[serde(default)]
    web_url: String,
    title: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    state: String,
    #[serde(default)]
    sha: Option<String>,
    #[serde(default)]
    detailed_merge_status: String,
    #[serde(default)]
    merge_when_pipeline_succeeds: bool,
}

impl From<RequestJson> for Open {
    fn from(json: RequestJson) -> Self {
        Self {
            number: json.iid,
            url: json.web_url,
            title: json.title,
            body: json.description.unwrap_or_default(),
            labels: json.labels,
            node: String::new(),
            is_scheduled: json.merge_when_pipeline_succeeds,
        }
    }
}

impl Gitlab {
    pub(crate) async fn tip(&self, branch: &str) -> Result<Option<String>, Error> {
        let what = format!("look at the branch {branch} of {}", self.api.name);
        let path = ["repository", "branches", branch];
        let Some(found) = self.api.find(&path, Right::Read, &what).await? else { return Ok(None) };
        Ok(Some(found.json::<BranchJson>()?.commit.id))
    }

    pub(crate) async fn file(&self, path: &str, commit: &str) -> Result<Option<Bytes>, Error> {
        let what = format!("read {path} of {}", self.api.name);
        let parts = ["repository", "files", path, "raw"];
        match self.api.find_raw(&parts, &[("ref", commit)], LONGEST_FILE, &what).await? {
            FileThere::No => Ok(None),
            FileThere::Whole(content) => Ok(Some(content)),
            FileThere::Longer => Err(Error::LongDocument {
                place: format!("{path} of {}", self.api.name),
                limit: LONGEST_FILE,
            }),
        }
    }

    pub(crate) async fn open_request(&self, branch: &str, base: &str) -> Result<Option<Open>, Error> {
        let what = format!("look for the merge request of {branch} in {}", self.api.name);
        let query = [("state", "opened"), ("source_branch", branch), ("target_branch", base)];
        let found: Vec<RequestJson> = self.api.list(&["merge_requests"], &query, Right::Read, &what).await?;
        Ok(found.into_iter().next().map(Open::from))
    }

    /// Sets the branch to the base with one commit on top.
    pub(crate) async fn commit(&self, proposal: &Proposal) -> Result<(), Error> {
        let actions: Vec<_> = proposal
            .files
            .iter()
            .map(|file| {
                json!({
                    "action": if file.is_new { "create" } else { "update" },
                    "file_path": file.path,
                    "content": STANDARD.encode(&file.content),
                    "encoding": "base64",
                })
            })
            .collect();
        let mut body = json!({
            "branch": proposal.branch,
            "start_sha": proposal.base_commit,
            "force": true,
            "commit_message": format!("{}\n\n{}", proposal.title, proposal.message).trim_end(),
            "actions": actions,
        });
        if let Some((name, email)) = &proposal.author {
            body["author_name"] = json!(name);
            body["author_email"] = json!(email);
        }
        let call = Call {
            method: Method::POST,
            path: &["repository", "commits"],
            query: &[],
            body: Body::Json(body),
            right: Right::Code,
            what: format!("commit to the branch {} of {}", proposal.branch, self.api.name),
        };
        // Made twice, it is the same commit on the same base.
        match self.api.write(call, Repeat::Safe, &[400, 403]).await? {
            Some(answer) if !answer.status.is_success() => Err(self.not_committed(proposal, &answer)),
            _ => Ok(()),
        }
    }

    fn not_committed(&self, proposal: &Proposal, answer: &Answer) -> Error {
        let (said, what) =
            (answer.said(), format!("commit to the branch {} of {}", proposal.branch, self.api.name));
        if said.contains("not allowed to push") || said.contains("protected") {
            return Error::NoToken {
                what,
                reason: format!("GitLab answered {}: {said}", answer.status),
                hint: "the branch is protected: let the token's user push to it, or choose another with --branch"
                    .into(),
            };
        }
        let hint = "set GITLAB_TOKEN to an access token with the scope api and the Developer role or more";
        let (server, status) = (super::api::SERVER, answer.status);
        Error::Refused { what, server, status, said, hint: Some(hint.into()) }
    }

    /// Opens the request, or updates the one that is open. Nothing comes back of a dry run.
    pub(crate) async fn put_request(
        &self,
        open: Option<&Open>,
        proposal: &Proposal,
    ) -> Result<Option<Open>, Error> {
        let mut body = json!({ "title": proposal.title, "description": proposal.body });
        let labels = open.map_or(proposal.labels.clone(), |open| open.labels_with(proposal));
        if !labels.is_empty() {
            body["labels"] = json!(labels.join(","));
        }
        let iid = open.map(|open| open.number.to_string()).unwrap_or_default();
        let (method, path, verb): (_, &[&str], _) = match open {
            Some(_) => (Method::PUT, &["merge_requests", &iid], "update"),
            None => {
                body["source_branch"] = json!(proposal.branch);
                body["target_branch"] = json!(proposal.base);
                body["remove_source_branch"] = json!(true);
                (Method::POST, &["merge_requests"], "open")
            }
        };
        let what = format!("{verb} the merge request of {} in {}", proposal.branch, self.api.name);
        let call = Call { method, path, query: &[], body: Body::Json(body), right: Right::Code, what };
        // There is only one open request per branch: a second one is refused.
        let answer = self.api.write(call, Repeat::Safe, &[409]).await?;
        match answer {
            None => Ok(None),
            Some(answer) if answer.status == StatusCode::CONFLICT => {
                self.open_request(&proposal.branch, &proposal.base).await
            }
            Some(answer) => Ok(Some(answer.json::<RequestJson>()?.into())),
        }
    }

    /// Has GitLab merge the request as soon as its pipeline allows it. GitLab looks at a new request for a moment first.
    pub(crate) async fn merge(&self, open: &Open, method: MergeMethod) -> Result<Merging, Error> {
        let iid = open.number.to_string();
        let mut status = String::new();
        for pause in PAUSES {
            let what = format!("look at the merge request !{iid} of {}", self.api.name);
            let found = self.api.find(&["merge_requests", &iid], Right::Read, &what).await?;
            let Some(found) = found else { break };
            let now: RequestJson = found.json()?;
            if now.state == "merged" {
                return Ok(Merging::Merged);
            }
            if now.merge_when_pipeline_succeeds {
                return Ok(Merging::Scheduled);
            }
            status.clone_from(&now.detailed_merge_status);
            let is_looking = ["unchecked", "checking", "preparing", "approvals_syncing"];
            if !is_looking.contains(&status.as_str()) {
                match self.accept(&iid, now.sha.as_deref(), method).await? {
                    // It may have begun to look again.
                    Some(answer) if matches!(answer.status.as_u16(), 405 | 409 | 422) => {}
                    Some(answer) if answer.status == StatusCode::UNAUTHORIZED => {
                        return Ok(Merging::Refused {
                            reason: "the token may not merge there".into(),
                            hint: "let the token's role merge into the branch: Settings, Repository, Protected branches",
                        });
                    }
                    Some(answer) => {
                        let merged = answer.json::<RequestJson>()?.state == "merged";
                        return Ok(if merged { Merging::Merged } else { Merging::Scheduled });
                    }
                    None => return Ok(Merging::NotAsked),
                }
                if ["conflict", "draft_status", "not_open", "locked_paths"].contains(&status.as_str()) {
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Ok(Merging::Refused {
            reason: format!("GitLab says that its status is {status}"),
            hint: "look at the merge request; run it again once that is settled",
        })
    }

    async fn accept(
        &self,
        iid: &str,
        sha: Option<&str>,
        method: MergeMethod,
    ) -> Result<Option<Answer>, Error> {
        let mut body = json!({
            "auto_merge": true,
            // The name of the same before GitLab 17.11.
            "merge_when_pipeline_succeeds": true,
            "should_remove_source_branch": true,
            "squash": method == MergeMethod::Squash,
        });
        if let Some(sha) = sha {
            body["sha"] = json!(sha);
        }
        let call = Call {
            method: Method::PUT,
            path: &["merge_requests", iid, "merge"],
            query: &[],
            body: Body::Json(body),
            right: Right::Code,
            what: format!("have the merge request !{iid} of {} merged", self.api.name),
        };
        self.api.write(call, Repeat::Safe, &[401, 405, 409, 422]).await
    }
}
