//! Releases and their links (<https://docs.gitlab.com/api/releases/>).

use http::{Method, Repeat, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Gitlab;
use super::api::{Body, Call, Right, SERVER};
use crate::description::{check_length, compose};
use crate::found::{Found, Told};
use crate::{Asset, Error, LONGEST_DESCRIPTION, Release, Saving, Tag};

#[derive(Deserialize)]
struct ReleaseJson {
    tag_name: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    released_at: Option<String>,
    #[serde(default)]
    commit: Option<CommitJson>,
    #[serde(default)]
    milestones: Vec<MilestoneJson>,
    #[serde(default)]
    assets: AssetsJson,
}

#[derive(Deserialize)]
struct CommitJson {
    #[serde(default)]
    id: Option<String>,
}

#[derive(Deserialize)]
struct MilestoneJson {
    title: String,
}

#[derive(Default, Deserialize)]
struct AssetsJson {
    #[serde(default)]
    links: Vec<LinkJson>,
}

#[derive(Deserialize)]
struct LinkJson {
    id: u64,
    name: String,
    url: String,
    #[serde(default)]
    direct_asset_url: Option<String>,
    #[serde(default)]
    link_type: Option<String>,
}

#[derive(Deserialize)]
struct TagJson {
    #[serde(default)]
    commit: Option<CommitJson>,
    #[serde(default)]
    target: Option<String>,
}

impl Gitlab {
    pub(crate) async fn releases(&self) -> Result<Vec<Release>, Error> {
        let what = format!("list the releases of {}", self.api.name);
        let all: Vec<ReleaseJson> = self.api.list(&["releases"], &[], Right::Read, &what).await?;
        let mut releases: Vec<_> = all.into_iter().filter_map(found).map(|found| found.release).collect();
        releases.sort_by(Release::newest_first);
        Ok(releases)
    }

    pub(crate) async fn release(&self, tag: &Tag) -> Result<Option<Found>, Error> {
        let what = format!("read the release {tag} of {}", self.api.name);
        let Some(answer) = self.api.find(&["releases", tag.as_str()], Right::Read, &what).await? else {
            return Ok(None);
        };
        Ok(found(answer.json()?))
    }

    /// Makes the server's release be `target`, as far as it differs from `found`. Someone else may do so at the same
    /// time: whoever calls this reads again what came of it.
    pub(crate) async fn save(
        &self,
        found: Option<&Found>,
        target: &Release,
        saving: Saving,
    ) -> Result<(), Error> {
        match found {
            None => self.create(target, saving).await,
            Some(found) => {
                self.update(&found.release, target).await?;
                self.update_links(found, target).await
            }
        }
    }

    /// Tells what the server would only refuse, or pass over in silence, after other things are written.
    pub(crate) async fn check(
        &self,
        found: Option<&Found>,
        target: &Release,
        saving: Saving,
    ) -> Result<(), Error> {
        check_length(&text_of(target), target, LONGEST_DESCRIPTION, SERVER)?;
        match found {
            None => self.check_tag(target, saving).await,
            Some(_) => Ok(()),
        }
    }

    async fn create(&self, release: &Release, saving: Saving) -> Result<(), Error> {
        let mut body = json!({
            "tag_name": release.tag.as_str(),
            "name": release.name,
            "description": text_of(release),
            // Links that come later are not in the notification that followers get.
            "assets": { "links": release.assets.iter().map(link_json).collect::<Vec<_>>() },
        });
        if !release.milestones.is_empty() {
            body["milestones"] = json!(release.milestones);
        }
        if let Some(git_ref) = release.git_ref.as_ref().filter(|_| saving.may_tag) {
            body["ref"] = json!(git_ref.as_str());
        }
        // A time in the past would make it a "historical release", for which GitLab collects no evidence.
        if saving.dated {
            body["released_at"] = json!(release.released_at.to_string());
        }
        let call = Call {
            method: Method::POST,
            path: &["releases"],
            query: &[],
            body: Body::Json(body),
            right: Right::Release,
            what: format!("create the release {} of {}", release.tag, self.api.name),
        };
        // A second one of the same tag is refused with 409, so it does no harm to send it twice.
        self.api.write(call, Repeat::Safe, &[409]).await.map(drop)
    }

    /// GitLab would pass over a `ref` in silence when the tag is there already.
    async fn check_tag(&self, release: &Release, saving: Saving) -> Result<(), Error> {
        let tag = &release.tag;
        let what = format!("look for the tag {tag} in {}", self.api.name);
        let path = ["repository", "tags", tag.as_str()];
        let Some(answer) = self.api.find(&path, Right::Read, &what).await? else {
            return saving.tag_to_be(release, &self.api.name);
        };
        let found: TagJson = answer.json()?;
        let there = found.commit.and_then(|commit| commit.id).or(found.target).unwrap_or_default();
        let wanted = release.git_ref.as_ref().filter(|wanted| wanted.is_commit());
        match wanted {
            Some(wanted) if !there.is_empty() && wanted.as_str() != there => {
                Err(Error::TagElsewhere { tag: tag.clone(), there, wanted: wanted.as_str().to_owned() })
            }
            _ => Ok(()),
        }
    }

    async fn update(&self, known: &Release, target: &Release) -> Result<(), Error> {
        let mut body = serde_json::Map::new();
        if known.name != target.name {
            body.insert("name".into(), json!(target.name));
        }
        if text_of(known).trim_end() != text_of(target).trim_end() {
            body.insert("description".into(), json!(text_of(target)));
        }
        if known.milestones != target.milestones {
            body.insert("milestones".into(), json!(target.milestones));
        }
        if known.released_at != target.released_at {
            body.insert("released_at".into(), json!(target.released_at.to_string()));
        }
        if body.is_empty() {
            return Ok(());
        }
        let call = Call {
            method: Method::PUT,
            path: &["releases", target.tag.as_str()],
            query: &[],
            body: Body::Json(Value::Object(body)),
            right: Right::Release,
            what: format!("update the release {} of {}", target.tag, self.api.name),
        };
        self.api.write(call, Repeat::Safe, &[]).await.map(drop)
    }

    /// Takes away, changes, adds: in this order, because names and addresses are unique at every moment. A link whose
    /// new address or path another one still has, and one that loses its path, which cannot be unset, is made anew.
    async fn update_links(&self, found: &Found, target: &Release) -> Result<(), Error> {
        let wanted = |name: &str| target.assets.iter().find(|asset| asset.name() == name);
        let known = || found.release.assets.iter().zip(&found.ids);
        let mut kept = Vec::new();
        for (link, id) in known() {
            match wanted(link.name()) {
                Some(new) if can_become(link, new, &found.release.assets) => kept.push((link, id, new)),
                _ => self.link(Method::DELETE, target, Some(id), link).await?,
            }
        }
        for (link, id, new) in &kept {
            if link != new {
                self.link(Method::PUT, target, Some(id), new).await?;
            }
        }
        let is_kept = |asset: &Asset| kept.iter().any(|(_, _, new)| new.name() == asset.name());
        for asset in target.assets.iter().filter(|asset| !is_kept(asset)) {
            self.link(Method::POST, target, None, asset).await?;
        }
        Ok(())
    }

    async fn link(
        &self,
        method: Method,
        release: &Release,
        id: Option<&String>,
        link: &Asset,
    ) -> Result<(), Error> {
        let mut path = vec!["releases", release.tag.as_str(), "assets", "links"];
        path.extend(id.map(String::as_str));
        let verb = match method {
            Method::POST => "add",
            Method::DELETE => "remove",
            _ => "change",
        };
        let is_removal = method == Method::DELETE;
        let call = Call {
            what: format!(
                "{verb} the asset '{}' of the release {} of {}",
                link.name(),
                release.tag,
                self.api.name
            ),
            body: if is_removal { Body::None } else { Body::Json(link_json(link)) },
            query: &[],
            path: &path,
            right: Right::Release,
            method,
        };
        let answer = self.api.write(call, Repeat::Safe, &[400, 404]).await?;
        // Sent twice, or by another run: then what is wanted is there, or gone, and the next look will show it.
        match answer {
            Some(answer) if answer.status == StatusCode::BAD_REQUEST && !answer.said().contains("taken") => {
                Err(self.api.refused(verb, link.name(), &answer))
            }
            _ => Ok(()),
        }
    }
}

/// Whether a link can be changed into another one in place.
fn can_become(link: &Asset, new: &Asset, all: &[Asset]) -> bool {
    let others = || all.iter().filter(|other| other.name() != link.name());
    let free = others().all(|other| other.url() != new.url())
        && (new.direct_asset_path().is_none()
            || others().all(|other| other.direct_asset_path() != new.direct_asset_path()));
    free && (link.direct_asset_path().is_none() || new.direct_asset_path().is_some())
}

fn link_json(asset: &Asset) -> Value {
    let mut link = json!({
        "name": asset.name(),
        "url": asset.url().as_str(),
        "link_type": asset.link_type().as_str(),
    });
    if let Some(path) = asset.direct_asset_path() {
        link["direct_asset_path"] = json!(path);
    }
    link
}

/// The notes, and the image below them.
fn text_of(release: &Release) -> String {
    compose(&release.description, release.image.as_ref(), &[])
}

fn found(json: ReleaseJson) -> Option<Found> {
    let (mut assets, mut ids) = (Vec::new(), Vec::new());
    let mut links = json.assets.links;
    // GitLab lists the last one first.
    links.sort_by_key(|link| link.id);
    for link in links {
        match read_link(&link) {
            Some(asset) => {
                assets.push(asset);
                ids.push(link.id.to_string());
            }
            None => tracing::debug!("passing over the asset '{}' of {}", link.name, json.tag_name),
        }
    }
    let told = Told {
        tag: json.tag_name,
        name: json.name,
        text: json.description,
        released_at: json.released_at,
        commit: json.commit.and_then(|commit| commit.id),
        milestones: json.milestones.into_iter().map(|milestone| milestone.title).collect(),
        links: Some(assets),
        ids,
    };
    told.found()
}

fn read_link(link: &LinkJson) -> Option<Asset> {
    let asset = Asset::new(&link.name, &link.url).ok()?;
    let asset =
        asset.with_type(link.link_type.as_deref().and_then(|text| text.parse().ok()).unwrap_or_default());
    // The path is only told as the end of an address.
    let direct = link.direct_asset_url.as_deref().filter(|direct| *direct != link.url);
    match direct.and_then(|direct| direct.split_once("/downloads/")) {
        Some((_, path)) => {
            let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
            asset.clone().with_path(&format!("/{path}")).ok().or(Some(asset))
        }
        None => Some(asset),
    }
}
