//! Badges of a project (<https://docs.gitlab.com/api/project_badges/>). Their names need not be unique: that is up to us.

use http::{Method, Repeat, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::Gitlab;
use super::api::{Body, Call, Right};
use crate::{Badge, Change, Error};

#[derive(Deserialize)]
struct BadgeJson {
    id: u64,
    #[serde(default)]
    name: Option<String>,
    image_url: String,
    link_url: String,
    #[serde(default)]
    kind: Option<String>,
}

/// How often a badge is sent whose answer got lost.
const ATTEMPTS: usize = 3;

impl Gitlab {
    /// Makes the project have exactly one badge of this name, and this one.
    pub(crate) async fn badge(&self, badge: &Badge) -> Result<Change, Error> {
        let mut known = self.badges(badge).await?;
        for attempt in 1..=ATTEMPTS {
            let Some(first) = best(&known, badge) else {
                let created = self.create_badge(badge).await;
                match created {
                    Ok(()) => return Ok(Change::Created),
                    Err(error) if attempt == ATTEMPTS || !is_unclear(&error) => return Err(error),
                    // It may be there all the same, and a second one of its name would be taken as well.
                    Err(error) => tracing::debug!("{error}; looking whether it is there"),
                }
                known = self.badges(badge).await?;
                if best(&known, badge).is_some() {
                    return Ok(Change::Created);
                }
                continue;
            };
            let mut change = Change::Unchanged;
            if !is_like(first, badge) {
                self.send_badge(Method::PUT, &[&first.id.to_string()], badge, "update").await?;
                change = Change::Updated;
            }
            for double in known.iter().filter(|double| double.id != first.id) {
                self.send_badge(Method::DELETE, &[&double.id.to_string()], badge, "remove a double of")
                    .await?;
                change = Change::Updated;
            }
            return Ok(change);
        }
        Ok(Change::Unchanged)
    }

    /// Those of the project itself: the list holds the badges of its groups as well.
    async fn badges(&self, badge: &Badge) -> Result<Vec<BadgeJson>, Error> {
        let what = format!("read the badges of {}", self.api.name);
        let query = [("name", badge.name())];
        let mut all: Vec<BadgeJson> = self.api.list(&["badges"], &query, Right::Badge, &what).await?;
        let is_ours = |known: &BadgeJson| {
            known.kind.as_deref() != Some("group") && known.name.as_deref() == Some(badge.name())
        };
        all.retain(is_ours);
        Ok(all)
    }

    async fn create_badge(&self, badge: &Badge) -> Result<(), Error> {
        self.send_badge(Method::POST, &[], badge, "create").await
    }

    async fn send_badge(&self, method: Method, id: &[&str], badge: &Badge, verb: &str) -> Result<(), Error> {
        let path = [&["badges"], id].concat();
        let is_new = method == Method::POST;
        let body = if method == Method::DELETE {
            Body::None
        } else {
            Body::Json(json!({
                "name": badge.name(), "image_url": badge.image_url(), "link_url": badge.link_url(),
            }))
        };
        let call = Call {
            what: format!("{verb} the badge '{}' of {}", badge.name(), self.api.name),
            right: Right::Badge,
            path: &path,
            query: &[],
            body,
            method,
        };
        let repeat = if is_new { Repeat::Unsafe } else { Repeat::Safe };
        // One that is gone already was removed by another run, or by this one when the answer got lost.
        let gone: &[u16] = if verb == "update" || is_new { &[] } else { &[404] };
        self.api.write(call, repeat, gone).await.map(drop)
    }
}

/// Of several, the one that is right already, or else the oldest.
fn best<'a>(known: &'a [BadgeJson], badge: &Badge) -> Option<&'a BadgeJson> {
    known.iter().find(|known| is_like(known, badge)).or_else(|| known.iter().min_by_key(|known| known.id))
}

fn is_like(known: &BadgeJson, badge: &Badge) -> bool {
    known.image_url == badge.image_url() && known.link_url == badge.link_url()
}

/// Nobody knows whether it was carried out.
fn is_unclear(error: &Error) -> bool {
    match error {
        Error::NoAnswer { .. } => true,
        Error::Refused { status, .. } => status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT,
        _ => false,
    }
}
