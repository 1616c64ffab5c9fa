//! A repository on GitLab, through its API (<https://docs.gitlab.com/api/>).

use contract::Failure;
use history::{CommitId, Tag};
use http::header::{HeaderName, HeaderValue};
use http::{Client, Method, NetworkArgs, Request, StatusCode, Url};
use serde_json::Value;

use crate::cli::GitlabArgs;

/// The most that GitLab gives at a time.
const PAGE: &str = "100";
/// No answer that is read here is longer, in bytes.
pub(crate) const LIMIT: usize = 16 * 1024 * 1024;
const TOKEN: HeaderName = HeaderName::from_static("private-token");

/// The repository of a project.
pub(crate) struct Gitlab {
    pub(crate) client: Client,
    repository: Url,
    token: HeaderValue,
}

impl Gitlab {
    /// `purpose` says what it is needed for, and `instead` what does without it.
    pub(crate) fn new(
        args: &GitlabArgs,
        network: &NetworkArgs,
        purpose: &str,
        instead: &str,
    ) -> Result<Self, Failure> {
        let missing = |variable: &str| {
            Failure::usage(format!("{variable} is not set, and {purpose} needs it"))
                .hint(format!("set it, or {instead}"))
        };
        let api = args.gitlab_api.as_deref().ok_or_else(|| missing("CI_API_V4_URL"))?;
        let project = args.project_id.as_deref().ok_or_else(|| missing("CI_PROJECT_ID"))?;
        let token = GitlabArgs::token().ok_or_else(|| {
            let hint = format!("set it to a project's access token with the scope api, or {instead}");
            Failure::usage(format!(
                "GENERIC_GITLAB_TOKEN is not set, and {purpose} takes more than a job's own token"
            ))
            .hint(hint)
        })?;
        let mut token = HeaderValue::from_str(token.expose())
            .map_err(|_| Failure::usage("GENERIC_GITLAB_TOKEN has characters that no token has"))?;
        token.set_sensitive(true);
        let wrong = || Failure::usage(format!("CI_API_V4_URL is '{api}', which is no URL"));
        let mut repository: Url = api.parse().map_err(|_| wrong())?;
        // Segments are escaped one by one: a project's path is one of them.
        let mut segments = repository.path_segments_mut().map_err(|()| wrong())?;
        segments.pop_if_empty().extend(["projects", project, "repository"]);
        drop(segments);
        let client = Client::new(&network.options("versioner", env!("CARGO_PKG_VERSION")))?;
        Ok(Self { client, repository, token })
    }

    /// A request about something in the repository.
    pub(crate) fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> Request {
        let mut url = self.repository.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::new(method, url);
        request.headers_mut().insert(TOKEN, self.token.clone());
        request
    }

    /// What GitLab answers to a question; `None` when there is no such thing.
    pub(crate) async fn get(
        &self,
        action: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Option<Value>, Failure> {
        let (status, body) = self.client.fetch(self.request(Method::GET, path, query), LIMIT).await?;
        match status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            _ => return Err(self.refused(action, status, &body)),
        }
        let unreadable =
            |error| Failure::failed(format!("cannot {action}: GitLab's answer is no JSON")).because(error);
        serde_json::from_slice::<Value>(&body).map(Some).map_err(unreadable)
    }

    /// All that a list holds, however many pages it has.
    pub(crate) async fn pages(
        &self,
        action: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        for number in 1_u32.. {
            let number = number.to_string();
            let query = [query, &[("per_page", PAGE), ("page", &number)]].concat();
            let missing = || {
                Failure::failed(format!("cannot {action}: GitLab knows no such project or commit")).hint(
                    "CI_PROJECT_ID is wrong, the commit was not pushed, or GENERIC_GITLAB_TOKEN may not see it",
                )
            };
            let Value::Array(page) = self.get(action, path, &query).await?.ok_or_else(missing)? else {
                return Err(Failure::failed(format!("cannot {action}: GitLab's answer is no list")));
            };
            // An administrator may have made pages shorter than what was asked for.
            let is_last = page.is_empty();
            all.extend(page);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// The tags of the repository and the commits they stand on.
    pub(crate) async fn tags(&self) -> Result<Vec<Tag>, Failure> {
        // A tag on a tree has no commit.
        Ok(self.pages("list the tags", &["tags"], &[]).await?.iter().filter_map(tag).collect())
    }

    /// The tag of this name, if there is one.
    pub(crate) async fn tag(&self, action: &str, name: &str) -> Result<Option<Tag>, Failure> {
        Ok(self.get(action, &["tags", name], &[]).await?.as_ref().and_then(tag))
    }

    /// The best commit that both are built on, if there is one.
    pub(crate) async fn merge_base(
        &self,
        action: &str,
        commits: [CommitId; 2],
    ) -> Result<Option<CommitId>, Failure> {
        let commits = commits.map(|commit| commit.to_string());
        let query = commits.each_ref().map(|commit| ("refs[]", commit.as_str()));
        let base = self.get(action, &["merge_base"], &query).await?;
        Ok(base.and_then(|base| base["id"].as_str()?.parse().ok()))
    }

    /// An answer that is none: `action` is what was attempted.
    pub(crate) fn refused(&self, action: &str, status: StatusCode, body: &[u8]) -> Failure {
        let host = self.repository.host_str().unwrap_or_default();
        let failure = Failure::failed(format!("cannot {action}: {host} answers {status}{}", told(body)));
        failure.hint(match status.as_u16() {
            401 => "GENERIC_GITLAB_TOKEN is wrong or has expired",
            403 => {
                "GENERIC_GITLAB_TOKEN needs the scope api, and for protected tags a role that may make them"
            }
            404 => "CI_PROJECT_ID is wrong, or GENERIC_GITLAB_TOKEN may not see the project",
            _ => "the commit has to be on the server, and the name free for this token's role",
        })
    }
}

fn tag(tag: &Value) -> Option<Tag> {
    let target = tag["commit"]["id"].as_str()?.parse().ok()?;
    Some(Tag { name: tag["name"].as_str()?.to_owned(), target })
}

/// GitLab's own words, in one of the forms it has for them.
fn told(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return String::new() };
    let mut words = Vec::new();
    for field in ["message", "error", "error_description"] {
        collect(&body[field], &mut words);
    }
    if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) }
}

fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::String(text) => words.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| collect(value, words)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, words)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn gitlabs_words_are_found_in_all_their_forms() {
        let table = [
            (r#"{"message":"Tag 1.0.0 already exists"}"#, ": Tag 1.0.0 already exists"),
            (r#"{"message":{"ref":["is invalid","is empty"]}}"#, ": is invalid, is empty"),
            (r#"{"error":"insufficient_scope","scope":"api"}"#, ": insufficient_scope"),
            ("Retry later", ""),
            ("{}", ""),
        ];
        for (body, words) in table {
            assert_eq!(told(body.as_bytes()), words);
        }
    }
}
