//! Pull requests (<https://docs.github.com/en/rest/pulls>) and the commits they are made of
//! (<https://docs.github.com/en/rest/git>). That a request is merged by itself, only GraphQL can ask for.

use bytes::Bytes;
use http::{Method, Repeat, StatusCode, Url};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Body, Github, RefJson, SERVER, parsed};
use crate::Error;
use crate::proposal::{MergeMethod, Merging, Open, Proposal};

/// No file of a deployment is longer, in bytes.
const LONGEST_FILE: usize = 64 * 1024 * 1024;
const RIGHTS: &str = "the token needs 'permissions: contents: write, pull-requests: write', and a protected branch may want another one: set GITHUB_TOKEN";

#[derive(Deserialize)]
struct RequestJson {
    number: u64,
    #[serde(default)]
    node_id: String,
    #[serde(default)]
    html_url: String,
    title: String,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    labels: Vec<LabelJson>,
    #[serde(default)]
    auto_merge: Option<Value>,
}

#[derive(Deserialize)]
struct LabelJson {
    name: String,
}

#[derive(Deserialize)]
struct ShaJson {
    sha: String,
}

#[derive(Deserialize)]
struct CommitJson {
    tree: ShaJson,
}

#[derive(Deserialize)]
struct TreeJson {
    #[serde(default)]
    tree: Vec<EntryJson>,
}

#[derive(Deserialize)]
struct EntryJson {
    path: String,
    mode: String,
}

impl From<RequestJson> for Open {
    fn from(json: RequestJson) -> Self {
        Self {
            number: json.number,
            url: json.html_url,
            title: json.title,
            body: json.body.unwrap_or_default(),
            labels: json.labels.into_iter().map(|label| label.name).collect(),
            node: json.node_id,
            is_scheduled: json.auto_merge.is_some_and(|state| !state.is_null()),
        }
    }
}

impl Github {
    pub(crate) async fn tip(&self, branch: &str) -> Result<Option<String>, Error> {
        let what = format!("look at the branch {branch} of {}", self.name);
        let mut path = vec!["git", "ref", "heads"];
        path.extend(branch.split('/'));
        let found: Option<RefJson> = self.find(&path, &what).await?;
        Ok(found.map(|found| found.object.sha))
    }

    pub(crate) async fn file(&self, path: &str, commit: &str) -> Result<Option<Bytes>, Error> {
        let what = format!("read {path} of {}", self.name);
        let mut parts = vec!["contents"];
        parts.extend(path.split('/'));
        let mut url = self.url(&parts);
        url.query_pairs_mut().append_pair("ref", commit);
        let (status, body) = self.fetch(url, "application/vnd.github.raw+json", LONGEST_FILE, &what).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        self.accepted(status, body, &what).map(Some)
    }

    pub(crate) async fn open_request(&self, branch: &str, base: &str) -> Result<Option<Open>, Error> {
        let what = format!("look for the pull request of {branch} in {}", self.name);
        let owner = self.name.split('/').next().unwrap_or_default();
        let mut url = self.url(&["pulls"]);
        let head = format!("{owner}:{branch}");
        url.query_pairs_mut().extend_pairs([("state", "open"), ("head", &head), ("base", base)]);
        let (status, body) = self.fetch(url, "application/vnd.github+json", super::LONGEST, &what).await?;
        let found: Vec<RequestJson> = parsed(&self.accepted(status, body, &what)?, &what)?;
        Ok(found.into_iter().next().map(Open::from))
    }

    /// Sets the branch to the base with one commit on top.
    pub(crate) async fn commit(&self, proposal: &Proposal) -> Result<(), Error> {
        let what = format!("commit to the branch {} of {}", proposal.branch, self.name);
        let base: Option<CommitJson> = self.find(&["git", "commits", &proposal.base_commit], &what).await?;
        let base = base.ok_or_else(|| self.vanished(&what))?;
        let tree = self.tree(proposal, &base.tree.sha, &what).await?;
        let Some(tree) = tree else { return Ok(()) };
        let mut body = json!({
            "message": format!("{}\n\n{}", proposal.title, proposal.message).trim_end(),
            "tree": tree,
            "parents": [proposal.base_commit],
        });
        if let Some((name, email)) = &proposal.author {
            body["author"] = json!({ "name": name, "email": email });
        }
        let commit = self.make(Method::POST, self.url(&["git", "commits"]), body, &what).await?;
        let Some(commit) = commit else { return Ok(()) };
        let commit: ShaJson = parsed(&commit, &what)?;
        if self.tip(&proposal.branch).await?.is_none() {
            let body = json!({ "ref": format!("refs/heads/{}", proposal.branch), "sha": commit.sha });
            match self.make(Method::POST, self.url(&["git", "refs"]), body, &what).await {
                // Sent twice: the first one has arrived. Or another run was quicker.
                Err(Error::Refused { said, .. }) if said.contains("already exists") => {}
                made => return made.map(drop),
            }
        }
        let mut path = vec!["git", "refs", "heads"];
        path.extend(proposal.branch.split('/'));
        let body = json!({ "sha": commit.sha, "force": true });
        self.make(Method::PATCH, self.url(&path), body, &what).await.map(drop)
    }

    /// The base's tree with the proposed files; files keep their modes.
    async fn tree(&self, proposal: &Proposal, base: &str, what: &str) -> Result<Option<String>, Error> {
        let mut url = self.url(&["git", "trees", base]);
        url.query_pairs_mut().append_pair("recursive", "1");
        let (status, body) = self.fetch(url, "application/vnd.github+json", LONGEST_FILE, what).await?;
        let known: TreeJson = parsed(&self.accepted(status, body, what)?, what)?;
        let mode = |path: &str| {
            let entry = known.tree.iter().find(|entry| entry.path == path);
            entry.map_or("100644", |entry| entry.mode.as_str())
        };
        let entry = |file: &crate::ProposedFile| {
            let content = String::from_utf8_lossy(&file.content);
            json!({ "path": file.path, "mode": mode(&file.path), "type": "blob", "content": content })
        };
        let entries: Vec<Value> = proposal.files.iter().map(entry).collect();
        let body = json!({ "base_tree": base, "tree": entries });
        let made = self.make(Method::POST, self.url(&["git", "trees"]), body, what).await?;
        made.map(|made| parsed::<ShaJson>(&made, what).map(|tree| tree.sha)).transpose()
    }

    fn vanished(&self, what: &str) -> Error {
        Error::Refused {
            what: what.to_owned(),
            server: SERVER,
            status: StatusCode::NOT_FOUND,
            said: "the base's commit is not there any more".into(),
            hint: Some("run it again".into()),
        }
    }

    /// Opens the request, or updates the one that is open. Nothing comes back of a dry run.
    pub(crate) async fn put_request(
        &self,
        open: Option<&Open>,
        proposal: &Proposal,
    ) -> Result<Option<Open>, Error> {
        let mut body = json!({ "title": proposal.title, "body": proposal.body });
        let number = open.map(|open| open.number.to_string()).unwrap_or_default();
        let (method, url, verb) = match open {
            Some(_) => (Method::PATCH, self.url(&["pulls", &number]), "update"),
            None => {
                body["head"] = json!(proposal.branch);
                body["base"] = json!(proposal.base);
                (Method::POST, self.url(&["pulls"]), "open")
            }
        };
        let what = format!("{verb} the pull request of {} in {}", proposal.branch, self.name);
        let made = match self.make(method, url, body, &what).await {
            Ok(None) => return Ok(None),
            Ok(Some(made)) => parsed::<RequestJson>(&made, &what)?.into(),
            // Sent twice: the first one has arrived.
            Err(Error::Refused { said, .. }) if said.contains("already exists") => {
                return self.open_request(&proposal.branch, &proposal.base).await;
            }
            Err(error) => return Err(error),
        };
        let made: Open = made;
        let missing = proposal.labels.iter().any(|label| !made.labels.contains(label));
        if missing {
            let url = self.url(&["issues", &made.number.to_string(), "labels"]);
            let body = json!({ "labels": proposal.labels });
            self.make(Method::POST, url, body, &format!("label the pull request #{}", made.number)).await?;
        }
        Ok(Some(made))
    }

    /// Has GitHub merge the request as soon as its checks allow it; at once where nothing has to be waited for.
    pub(crate) async fn merge(&self, open: &Open, method: MergeMethod) -> Result<Merging, Error> {
        let name = match method {
            MergeMethod::Squash => "SQUASH",
            MergeMethod::Merge => "MERGE",
            MergeMethod::Rebase => "REBASE",
        };
        let query = "mutation($id: ID!, $method: PullRequestMergeMethod!) { enablePullRequestAutoMerge(input: {pullRequestId: $id, mergeMethod: $method}) { clientMutationId } }";
        let refused = self.graphql(query, json!({ "id": open.node, "method": name }), open.number).await?;
        let Some(reason) = refused else { return Ok(Merging::Scheduled) };
        let nothing_to_wait_for =
            ["clean status", "unstable status", "has_hooks status", "rules not configured"];
        if !nothing_to_wait_for.iter().any(|part| reason.contains(part)) {
            return Ok(Merging::Refused {
                reason,
                hint: "allow it: Settings, General, Allow auto-merge; and see that the token's user may merge",
            });
        }
        let url = self.url(&["pulls", &open.number.to_string(), "merge"]);
        let what = format!("merge the pull request #{} of {}", open.number, self.name);
        let body = json!({ "merge_method": name.to_lowercase() });
        match self.make(Method::PUT, url, body, &what).await {
            Ok(_) => Ok(Merging::Merged),
            Err(Error::Refused { said, .. }) if said.contains("merge queue") => self.enqueue(open).await,
            Err(Error::Refused { status, said, .. }) if matches!(status.as_u16(), 405 | 409) => {
                Ok(Merging::Refused { reason: said, hint: "look at the pull request, and run it again" })
            }
            Err(error) => Err(error),
        }
    }

    /// A branch that is only changed by its merge queue.
    async fn enqueue(&self, open: &Open) -> Result<Merging, Error> {
        let query =
            "mutation($id: ID!) { enqueuePullRequest(input: {pullRequestId: $id}) { clientMutationId } }";
        let refused = self.graphql(query, json!({ "id": open.node }), open.number).await?;
        Ok(match refused {
            None => Merging::Queued,
            Some(reason) if reason.contains("already") => Merging::Queued,
            Some(reason) => Merging::Refused { reason, hint: "look at the merge queue of the branch" },
        })
    }

    /// Sends a mutation; what comes back is why GitHub did not carry it out.
    async fn graphql(&self, query: &str, variables: Value, number: u64) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Reply {
            #[serde(default)]
            errors: Vec<Fault>,
        }
        #[derive(Deserialize)]
        struct Fault {
            message: String,
        }
        let what = format!("have the pull request #{number} of {} merged", self.name);
        let body = json!({ "query": query, "variables": variables });
        let Some(reply) = self.make(Method::POST, self.graphql_url(), body, &what).await? else {
            return Ok(None);
        };
        let reply: Reply = parsed(&reply, &what)?;
        Ok(reply.errors.into_iter().next().map(|fault| fault.message))
    }

    /// Beside the REST API: `/graphql`, or `/api/graphql` beside `/api/v3`.
    fn graphql_url(&self) -> Url {
        let mut url = self.repository.clone();
        let path = url.path().rsplit_once("/repos/").map_or("", |(above, _)| above).to_owned();
        let above = path.strip_suffix("/v3").unwrap_or(&path);
        url.set_path(&format!("{above}/graphql"));
        url
    }

    /// Writes, and hands back what the server says; nothing of a dry run.
    async fn make(&self, method: Method, url: Url, body: Value, what: &str) -> Result<Option<Bytes>, Error> {
        let sent = self.exchange(method, url, Body::Json(body), Repeat::Safe, what).await;
        sent.map_err(|error| match error {
            Error::Refused { what, server, status, said, .. } if matches!(status.as_u16(), 403 | 404) => {
                Error::Refused { what, server, status, said, hint: Some(RIGHTS.into()) }
            }
            other => other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graphql_is_beside_the_rest_api() {
        for (api, expected) in [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://github.example.com/api/v3", "https://github.example.com/api/graphql"),
        ] {
            let variables = |name: &str| match name {
                "GITHUB_REPOSITORY" => Some("team/app".to_owned()),
                "GITHUB_API_URL" => Some(api.to_owned()),
                _ => None,
            };
            let client = http::Client::new(&http::Options::default()).unwrap();
            let github = Github::open(&variables, client, false).unwrap();
            assert_eq!(github.graphql_url().as_str(), expected);
        }
    }
}
