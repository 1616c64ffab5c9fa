//! With GitLab's API (<https://docs.gitlab.com/api/tags/>): POST makes an annotated tag, or says that there is one.

use contract::Failure;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Body, Client, Method, Repeat, Request, StatusCode, Url, body_within};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, Wanted};
use crate::cli::GitlabArgs;

/// No answer about one tag is longer, in bytes.
const LIMIT: usize = 1024 * 1024;
const TOKEN: HeaderName = HeaderName::from_static("private-token");

/// A tag as GitLab describes it; the rest of it does not matter here.
#[derive(Deserialize)]
struct Tag {
    commit: Commit,
}

#[derive(Deserialize)]
struct Commit {
    id: String,
}

pub(super) fn create(args: &GitlabArgs, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
    let gitlab = Gitlab::new(args)?;
    http::run(gitlab.create(wanted))?
}

struct Gitlab {
    client: Client,
    tags: Url,
    token: HeaderValue,
}

impl Gitlab {
    fn new(args: &GitlabArgs) -> Result<Self, Failure> {
        let missing = |variable: &str| {
            Failure::usage(format!("{variable} is not set, and a tag on GitLab needs it"))
                .hint("set it, or push the tag with --via git")
        };
        let api = args.gitlab_api.as_deref().ok_or_else(|| missing("CI_API_V4_URL"))?;
        let project = args.project_id.as_deref().ok_or_else(|| missing("CI_PROJECT_ID"))?;
        let token = GitlabArgs::token().ok_or_else(|| {
            Failure::usage("GENERIC_GITLAB_TOKEN is not set, and a job's own token may not make tags")
                .hint("set it to a project's access token with the scope api, or push the tag with --via git")
        })?;
        let mut token = HeaderValue::from_str(token.expose())
            .map_err(|_| Failure::usage("GENERIC_GITLAB_TOKEN has characters that no token has"))?;
        token.set_sensitive(true);
        let wrong = || Failure::usage(format!("CI_API_V4_URL is '{api}', which is no URL"));
        let mut tags: Url = api.parse().map_err(|_| wrong())?;
        // Segments are escaped one by one: a project's path is one of them.
        let mut segments = tags.path_segments_mut().map_err(|()| wrong())?;
        segments.pop_if_empty().extend(["projects", project, "repository", "tags"]);
        drop(segments);
        let client = Client::new(&args.network.options("versioner", env!("CARGO_PKG_VERSION")))?;
        Ok(Self { client, tags, token })
    }

    async fn create(&self, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
        let body = json!({
            "tag_name": wanted.name,
            "ref": wanted.commit.to_string(),
            "message": wanted.message,
        });
        let mut request = self.request(Method::POST, self.tags.clone());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(Body::from(body.to_string()));
        let refused = match self.client.send(request, Repeat::Unsafe).await {
            Ok(response) if response.status() == StatusCode::CREATED => return Ok(Outcome::Created),
            Ok(response) => {
                let status = response.status();
                self.refused(wanted, status, &body_within(response, LIMIT).await.unwrap_or_default())
            }
            Err(error) => error.into(),
        };
        // Somebody was faster, or our own request got through and its answer did not.
        match self.standing(wanted).await? {
            Some(commit) if commit == wanted.commit.to_string() => {
                Ok(Outcome::There { name: wanted.name.to_owned() })
            }
            Some(commit) => Ok(Outcome::Taken { commit }),
            None => Err(refused),
        }
    }

    /// The commit that the tag stands on; `None` when there is no such tag, or nobody says.
    async fn standing(&self, wanted: &Wanted<'_>) -> Result<Option<String>, Failure> {
        let mut url = self.tags.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(wanted.name);
        }
        let (status, body) = self.client.fetch(self.request(Method::GET, url), LIMIT).await?;
        if status != StatusCode::OK {
            return Ok(None);
        }
        let tag: Tag = serde_json::from_slice(&body).map_err(|error| {
            Failure::failed(format!("cannot read what GitLab says of the tag {}", wanted.name)).because(error)
        })?;
        Ok(Some(tag.commit.id))
    }

    fn request(&self, method: Method, url: Url) -> Request {
        let mut request = Request::new(method, url);
        request.headers_mut().insert(TOKEN, self.token.clone());
        request
    }

    fn refused(&self, wanted: &Wanted<'_>, status: StatusCode, body: &[u8]) -> Failure {
        let host = self.tags.host_str().unwrap_or_default();
        let failure = Failure::failed(format!(
            "cannot make the tag {}: {host} answers {status}{}",
            wanted.name,
            told(body)
        ));
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
