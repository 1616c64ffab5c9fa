//! With GitLab's API (<https://docs.gitlab.com/api/tags/>): POST makes an annotated tag, or says that there is one.

use contract::Failure;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Body, Method, NetworkArgs, Repeat, StatusCode, body_within};
use serde_json::json;

use super::{Outcome, Relation, Wanted};
use crate::cli::GitlabArgs;
use crate::gitlab::{Gitlab, LIMIT};
use crate::tags::version_of;

pub(super) fn create(
    args: &GitlabArgs,
    network: &NetworkArgs,
    wanted: &Wanted<'_>,
) -> Result<Outcome, Failure> {
    let gitlab = Gitlab::new(args, network, "making a tag on GitLab", "push the tag with --via git")?;
    http::run(make(&gitlab, wanted))?
}

async fn make(gitlab: &Gitlab, wanted: &Wanted<'_>) -> Result<Outcome, Failure> {
    if let Some(outcome) = known(gitlab, wanted).await? {
        return Ok(outcome);
    }
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
    match gitlab.tag(&action, wanted.name).await.ok().flatten() {
        Some(tag) if tag.target == wanted.commit => Ok(Outcome::There(tag)),
        Some(tag) => {
            let (ours, theirs) = (wanted.commit, tag.target);
            let base = gitlab.merge_base(&action, [ours, theirs]).await?;
            Ok(Outcome::Taken(tag, Relation::of(base, ours, theirs)))
        }
        None => Err(refused),
    }
}

/// What the server knows of the commit, and the clone does not. The tags that contain it are few, as it is new; only
/// where one of them matters it takes more to learn which commit that stands on.
async fn known(gitlab: &Gitlab, wanted: &Wanted<'_>) -> Result<Option<Outcome>, Failure> {
    let commit = wanted.commit.to_string();
    let action = format!("look for tags on commit {}", wanted.commit.short());
    let containing = gitlab.pages(&action, &["commits", &commit, "refs"], &[("type", "tag")]).await?;
    let versions = containing.iter().filter_map(|tag| version_of(tag["name"].as_str()?, wanted.prefix));
    if !versions.into_iter().any(|version| !version.is_prerelease() || version == *wanted.version) {
        return Ok(None);
    }
    let tags = gitlab.tags().await?;
    if let Some(tag) = wanted.on_commit(&tags) {
        return Ok(Some(Outcome::There(tag.clone())));
    }
    let containing = |name: &str| containing.iter().any(|tag| tag["name"] == *name);
    let taken = wanted.elsewhere(&tags).filter(|tag| containing(&tag.name));
    Ok(taken.map(|tag| Outcome::Taken(tag.clone(), Relation::Descendant)))
}
