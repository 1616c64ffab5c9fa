//! With GitLab's API (<https://docs.gitlab.com/api/tags/>): POST makes an annotated tag, or says that there is one.

use contract::Failure;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Body, Method, NetworkArgs, Repeat, StatusCode, body_within};
use serde_json::json;

use super::{Outcome, Wanted};
use crate::cli::GitlabArgs;
use crate::gitlab::{Gitlab, LIMIT};

pub(super) fn create(
    args: &GitlabArgs,
    network: &NetworkArgs,
    wanted: &Wanted<'_>,
) -> Result<Outcome, Failure> {
    let gitlab = Gitlab::new(args, network, "making a tag on GitLab", "push the tag with --via git")?;
    http::run(make(&gitlab, wanted))?
}

async fn make(gitlab: &Gitlab, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
    let action = format!("make the tag {}", wanted.name);
    let body =
        json!({ "tag_name": wanted.name, "ref": wanted.commit.to_string(), "message": wanted.message });
    let mut request = gitlab.request(Method::POST, &["tags"], &[]);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *request.body_mut() = Some(Body::from(body.to_string()));
    let refused = match gitlab.client.send(request, Repeat::Unsafe).await {
        Ok(response) if response.status() == StatusCode::CREATED => return Ok(Outcome::Created),
        Ok(response) => {
            let status = response.status();
            gitlab.refused(&action, status, &body_within(response, LIMIT).await.unwrap_or_default())
        }
        Err(error) => error.into(),
    };
    // Somebody was faster, or our own request got through and its answer did not.
    let standing = gitlab.get(&action, &["tags", wanted.name], &[]).await.ok().flatten();
    match standing.as_ref().and_then(|tag| tag["commit"]["id"].as_str()) {
        Some(commit) if commit == wanted.commit.to_string() => {
            Ok(Outcome::There { name: wanted.name.to_owned() })
        }
        Some(commit) => Ok(Outcome::Taken { commit: commit.to_owned() }),
        None => Err(refused),
    }
}
