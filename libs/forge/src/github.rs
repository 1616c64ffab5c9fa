//! GitHub, by its REST API (<https://docs.github.com/en/rest/releases>): releases, their notes and their files. Links to
//! elsewhere, and the image, stand below the notes, because a release there has no place for them.

mod proposals;

use bytes::Bytes;
use contract::Secret;
use http::{Client, Method, Repeat, Request, StatusCode, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::description::{compose, split};
use crate::forge::Stored;
use crate::found::Found;
use crate::plan::Plan;
use crate::{Asset, Change, Draft, Error, Release, Tag, Timestamp, Variables};

pub(crate) const SERVER: &str = "GitHub";
const LONGEST: usize = 64 * 1024 * 1024;
const PER_PAGE: usize = 100;

/// A repository on GitHub.
#[derive(Debug)]
pub struct Github {
    client: Client,
    /// `https://api.github.com/repos/OWNER/NAME`.
    repository: Url,
    web: Option<Url>,
    name: String,
    token: Option<Secret>,
    plan: Option<Plan>,
}

#[derive(Deserialize)]
struct ReleaseJson {
    id: u64,
    tag_name: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    published_at: Option<String>,
    #[serde(default)]
    upload_url: String,
    #[serde(default)]
    assets: Vec<FileJson>,
}

#[derive(Deserialize)]
struct FileJson {
    id: u64,
    name: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    browser_download_url: String,
}

#[derive(Deserialize)]
struct RefJson {
    object: ObjectJson,
}

#[derive(Deserialize)]
struct ObjectJson {
    sha: String,
    #[serde(rename = "type")]
    kind: String,
}

enum Body {
    None,
    Json(Value),
    File(Bytes),
}

impl Github {
    /// The repository that CI variables name. Nothing is asked for yet.
    pub(crate) fn open(variables: Variables<'_>, client: Client, dry_run: bool) -> Result<Self, Error> {
        let missing = |reason: &str| Error::NoProject {
            reason: reason.to_owned(),
            hint: "in a GitHub workflow it is set; elsewhere set GITHUB_REPOSITORY to OWNER/NAME",
        };
        let name = variables("GITHUB_REPOSITORY").ok_or_else(|| missing("GITHUB_REPOSITORY is not set"))?;
        let (owner, repository) = name
            .split_once('/')
            .filter(|(owner, name)| !owner.is_empty() && !name.is_empty() && !name.contains('/'))
            .ok_or_else(|| missing("GITHUB_REPOSITORY is not OWNER/NAME"))?;
        let address = |variable: &str, default: &str| {
            let text = variables(variable).unwrap_or_else(|| default.to_owned());
            let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
            url.ok_or_else(|| missing(&format!("{variable} is no http(s) address")))
        };
        let below = |mut url: Url, parts: &[&str]| {
            if let Ok(mut path) = url.path_segments_mut() {
                path.pop_if_empty().extend(parts);
            }
            url
        };
        let api = address("GITHUB_API_URL", "https://api.github.com")?;
        let web = address("GITHUB_SERVER_URL", "https://github.com")?;
        Ok(Self {
            repository: below(api, &["repos", owner, repository]),
            web: Some(below(web, &[owner, repository])),
            token: variables("GITHUB_TOKEN").map(|token| Secret::new(&token)),
            plan: dry_run.then(Plan::default),
            client,
            name,
        })
    }

    pub(crate) fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    pub(crate) fn project_name(&self) -> &str {
        &self.name
    }

    /// The page of a release on the web.
    pub(crate) fn release_page(&self, tag: &Tag) -> Option<Url> {
        let mut url = self.web.clone()?;
        url.path_segments_mut().ok()?.extend(["releases", "tag", tag.as_str()]);
        Some(url)
    }

    /// The page of all releases on the web.
    pub(crate) fn releases_page(&self) -> Option<Url> {
        let mut url = self.web.clone()?;
        url.path_segments_mut().ok()?.push("releases");
        Some(url)
    }

    pub(crate) async fn releases(&self) -> Result<Vec<Release>, Error> {
        let what = format!("list the releases of {}", self.name);
        let mut releases = Vec::new();
        for page in 1.. {
            let mut url = self.url(&["releases"]);
            url.query_pairs_mut()
                .extend_pairs([("per_page", PER_PAGE.to_string()), ("page", page.to_string())]);
            let (status, body) = self.fetch(url, "application/vnd.github+json", LONGEST, &what).await?;
            let found: Vec<ReleaseJson> = parsed(&self.accepted(status, body, &what)?, &what)?;
            let is_last = found.len() < PER_PAGE;
            let is_out = |release: &ReleaseJson| !release.draft;
            releases.extend(found.into_iter().filter(is_out).filter_map(read).map(|found| found.release));
            if is_last {
                break;
            }
        }
        releases.sort_by(Release::newest_first);
        Ok(releases)
    }

    pub(crate) async fn release(&self, tag: &Tag) -> Result<Option<Found>, Error> {
        Ok(self.json_of(tag).await?.and_then(read))
    }

    async fn json_of(&self, tag: &Tag) -> Result<Option<ReleaseJson>, Error> {
        let what = format!("read the release {tag} of {}", self.name);
        self.find(&["releases", "tags", tag.as_str()], &what).await
    }

    /// Makes the server's release be `target`. Whoever calls this reads again what came of it.
    pub(crate) async fn save(
        &self,
        found: Option<&Found>,
        target: &Release,
        dated: bool,
    ) -> Result<(), Error> {
        let unsupported =
            |what: &str, hint| Error::Unsupported { what: what.to_owned(), forge: SERVER, hint };
        if !target.milestones.is_empty() {
            return Err(unsupported("give a release milestones", "leave out --milestone"));
        }
        let is_other_time = found.map_or(dated, |found| found.release.released_at != target.released_at);
        if is_other_time {
            return Err(unsupported("set the time of a release", "leave out --released-at"));
        }
        let mut body = json!({
            "tag_name": target.tag.as_str(),
            "name": target.name,
            "body": compose(&target.description, target.image.as_ref(), &target.assets),
            "prerelease": target.is_prerelease(),
        });
        let Some(id) = found.and_then(|found| found.ids.first()) else {
            self.check_tag(target).await?;
            // By version, so that a fix of an old release does not become the latest.
            body["make_latest"] = json!("legacy");
            if let Some(git_ref) = &target.git_ref {
                body["target_commitish"] = json!(git_ref.as_str());
            }
            let what = format!("create the release {} of {}", target.tag, self.name);
            let url = self.url(&["releases"]);
            // A second one of the same tag is refused, so it does no harm to send it twice.
            let sent = self.write(Method::POST, url, Body::Json(body), Repeat::Safe, &what).await;
            return match sent {
                Err(Error::Refused { said, .. }) if said.contains("already_exists") => Ok(()),
                other => other,
            };
        };
        let what = format!("update the release {} of {}", target.tag, self.name);
        self.write(Method::PATCH, self.url(&["releases", id]), Body::Json(body), Repeat::Safe, &what).await
    }

    /// Keeps a file with a release that is there. A file whose upload broke off is replaced.
    pub(crate) async fn upload(&self, tag: &Tag, name: &str, content: &Bytes) -> Result<Stored, Error> {
        let found = self.json_of(tag).await?;
        let Some(release) = found else {
            // Only a dry run has not made it.
            let location = self.release_page(tag).map(String::from).unwrap_or_default();
            return Ok(Stored { change: Change::Created, url: None, location });
        };
        let mut change = Change::Created;
        if let Some(known) = release.assets.iter().find(|known| known.name == name) {
            let is_whole = known.state.as_deref().is_none_or(|state| state == "uploaded");
            if is_whole && self.has_content(known, content).await? {
                return Ok(stored(Change::Unchanged, known.browser_download_url.clone()));
            }
            let id = known.id.to_string();
            let what = format!("remove the old file {name} of the release {tag} of {}", self.name);
            self.write(
                Method::DELETE,
                self.url(&["releases", "assets", &id]),
                Body::None,
                Repeat::Safe,
                &what,
            )
            .await
            .or_else(gone)?;
            change = if is_whole { Change::Updated } else { Change::Created };
        }
        let what = format!("upload the file {name} to the release {tag} of {}", self.name);
        let address = release.upload_url.split('{').next().unwrap_or_default();
        let mut url = Url::parse(address)
            .unwrap_or_else(|_| self.url(&["releases", &release.id.to_string(), "assets"]));
        url.query_pairs_mut().append_pair("name", name);
        let sent = self.write(Method::POST, url, Body::File(content.clone()), Repeat::Safe, &what).await;
        match sent {
            // Sent twice: the first one has arrived; what it holds, the next run looks at.
            Err(Error::Refused { said, .. }) if said.contains("already_exists") => {}
            other => other?,
        }
        let location = self.release_page(tag).map(String::from).unwrap_or_default();
        Ok(stored(change, location.replace("/tag/", "/download/") + "/" + name))
    }

    async fn has_content(&self, file: &FileJson, content: &Bytes) -> Result<bool, Error> {
        if file.size != content.len() as u64 {
            return Ok(false);
        }
        let what = format!("read the file {} of {}", file.name, self.name);
        let url = self.url(&["releases", "assets", &file.id.to_string()]);
        let (status, body) =
            self.fetch(url, "application/octet-stream", content.len().max(LONGEST), &what).await?;
        Ok(self.accepted(status, body, &what)? == *content)
    }

    /// GitHub would pass over the commit in silence when the tag is there already.
    async fn check_tag(&self, release: &Release) -> Result<(), Error> {
        let tag = &release.tag;
        let what = format!("look for the tag {tag} in {}", self.name);
        let mut path = vec!["git", "ref", "tags"];
        path.extend(tag.as_str().split('/'));
        let there: Option<RefJson> = self.find(&path, &what).await?;
        match (there, &release.git_ref) {
            (None, None) => Err(Error::NoTag { tag: tag.clone(), project: self.name.clone() }),
            // What an annotated tag stands on, only another request would tell.
            (Some(there), Some(wanted))
                if there.object.kind == "commit"
                    && wanted.is_commit()
                    && there.object.sha != wanted.as_str() =>
            {
                let wanted = wanted.as_str().to_owned();
                Err(Error::TagElsewhere { tag: tag.clone(), there: there.object.sha, wanted })
            }
            _ => Ok(()),
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.repository.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend(path);
        }
        url
    }

    async fn find<T: DeserializeOwned>(&self, path: &[&str], what: &str) -> Result<Option<T>, Error> {
        let (status, body) = self.fetch(self.url(path), "application/vnd.github+json", LONGEST, what).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        parsed(&self.accepted(status, body, what)?, what).map(Some)
    }

    async fn fetch(
        &self,
        url: Url,
        accept: &'static str,
        limit: usize,
        what: &str,
    ) -> Result<(StatusCode, Bytes), Error> {
        let mut request = Request::new(Method::GET, url);
        request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static(accept));
        self.authorize(&mut request);
        let fetched = self.client.fetch(request, limit).await;
        fetched.map_err(|source| Error::NoAnswer { what: what.to_owned(), source })
    }

    async fn write(
        &self,
        method: Method,
        url: Url,
        body: Body,
        repeat: Repeat,
        what: &str,
    ) -> Result<(), Error> {
        self.exchange(method, url, body, repeat, what).await.map(drop)
    }

    /// The same, with what the server says; nothing of a dry run.
    async fn exchange(
        &self,
        method: Method,
        url: Url,
        body: Body,
        repeat: Repeat,
        what: &str,
    ) -> Result<Option<Bytes>, Error> {
        if let Some(plan) = &self.plan {
            let shown = match &body {
                Body::None => String::new(),
                Body::Json(value) => value.to_string(),
                Body::File(content) => format!("({} bytes)", content.len()),
            };
            plan.note(&method, &url, &shown);
            return Ok(None);
        }
        if self.token.is_none() {
            return Err(Error::NoToken {
                what: what.to_owned(),
                reason: "there is no token".into(),
                hint: "set GITHUB_TOKEN; in a workflow, to ${{ github.token }} with 'permissions: contents: write'".into(),
            });
        }
        let mut request = Request::new(method, url);
        let accept = header::HeaderValue::from_static("application/vnd.github+json");
        request.headers_mut().insert(header::ACCEPT, accept);
        self.authorize(&mut request);
        let (kind, bytes) = match body {
            Body::None => ("", Bytes::new()),
            Body::Json(value) => ("application/json", value.to_string().into()),
            Body::File(content) => ("application/octet-stream", content),
        };
        if !kind.is_empty() {
            request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
            *request.body_mut() = Some(http::Body::from(bytes));
        }
        let sent = self.client.send(request, repeat).await;
        let response = sent.map_err(|source| Error::NoAnswer { what: what.to_owned(), source })?;
        let status = response.status();
        let body = http::body_within(response, LONGEST).await.unwrap_or_default();
        self.accepted(status, body, what).map(Some)
    }

    fn authorize(&self, request: &mut Request) {
        let headers = request.headers_mut();
        headers.insert("x-github-api-version", header::HeaderValue::from_static("2022-11-28"));
        let bearer = self.token.as_ref().map(|token| format!("Bearer {}", token.expose()));
        if let Some(mut value) = bearer.and_then(|text| header::HeaderValue::from_str(&text).ok()) {
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
    }

    fn accepted(&self, status: StatusCode, body: Bytes, what: &str) -> Result<Bytes, Error> {
        if status.is_success() {
            return Ok(body);
        }
        let said = said(&body);
        let hint = match status.as_u16() {
            401 => Some("GITHUB_TOKEN is not valid, or has expired".to_owned()),
            403 | 429 if said.contains("rate limit") => {
                Some("GitHub limits how much may be asked; run it again later: what is done stays".into())
            }
            403 => Some("GITHUB_TOKEN lacks a right: the job needs 'permissions: contents: write'".into()),
            404 => Some(format!("{} is not there, or GITHUB_TOKEN may not see it", self.name)),
            500.. => Some("the server has trouble; run it again later: what is done stays".into()),
            _ => None,
        };
        Err(Error::Refused { what: what.to_owned(), server: SERVER, status, said, hint })
    }
}

fn stored(change: Change, location: String) -> Stored {
    Stored { change, url: Url::parse(&location).ok(), location }
}

/// What was to be removed was removed by another run.
fn gone(error: Error) -> Result<(), Error> {
    match error {
        Error::Refused { status: StatusCode::NOT_FOUND, .. } => Ok(()),
        other => Err(other),
    }
}

fn parsed<T: DeserializeOwned>(body: &[u8], what: &str) -> Result<T, Error> {
    let not_understood = |source| Error::NotUnderstood { what: what.to_owned(), server: SERVER, source };
    serde_json::from_slice(body).map_err(not_understood)
}

/// What GitHub said, in one line.
pub(crate) fn said_of(body: &[u8]) -> String {
    said(body)
}

/// `Validation Failed: tag_name already_exists`.
fn said(body: &[u8]) -> String {
    let Ok(value) = serde_json::from_slice::<Value>(body) else {
        return String::from_utf8_lossy(body).trim().chars().take(200).collect();
    };
    let mut text = value["message"].as_str().unwrap_or_default().to_owned();
    for error in value["errors"].as_array().into_iter().flatten() {
        let words = ["field", "code", "message"].map(|name| error[name].as_str().unwrap_or_default());
        let words: Vec<_> = words.into_iter().filter(|word| !word.is_empty()).collect();
        text.push_str(&format!("; {}", words.join(" ")));
    }
    text
}

fn read(json: ReleaseJson) -> Option<Found> {
    let tag: Tag = json.tag_name.parse().ok()?;
    let (description, image, assets): (_, _, Vec<Asset>) = split(&json.body.unwrap_or_default());
    let name = json.name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| tag.to_string());
    let draft = Draft {
        name: name.replace(char::is_control, " "),
        git_ref: None,
        description,
        released_at: json
            .published_at
            .as_deref()
            .and_then(|time| time.parse().ok())
            .unwrap_or(Timestamp::EPOCH),
        image,
        milestones: Vec::new(),
        assets,
        tag,
    };
    let release = Release::new(draft).map_err(|error| tracing::warn!("passing over a release: {error}"));
    release.ok().map(|release| Found { release, ids: vec![json.id.to_string()], has_fixed_tag: true })
}
