//! GitHub, by its REST API (<https://docs.github.com/en/rest/releases>): releases, their notes and their files. Links to
//! elsewhere, and the image, stand below the notes, because a release there has no place for them.

mod place;
mod proposals;

use bytes::Bytes;
use contract::Secret;
use http::{Client, Method, Repeat, Request, StatusCode, Url, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::description::{check_length, compose};
use crate::forge::Stored;
use crate::found::{Found, Told};
use crate::page_of_html::page_of_html;
use crate::plan::Plan;
use crate::{Change, Error, Release, Saving, Tag, Variables, Web};
use place::{address_of, below, no_repository, repository_of, web_of};

pub(crate) use place::web_of_variables;

pub(crate) const SERVER: &str = "GitHub";
const LONGEST: usize = 64 * 1024 * 1024;
const PER_PAGE: usize = 100;
const JSON: &str = "application/vnd.github+json";
/// The most characters GitHub takes as the text of a release.
const LONGEST_TEXT: usize = 125_000;

/// A repository on GitHub.
#[derive(Debug)]
pub struct Github {
    client: Client,
    /// `https://api.github.com/repos/OWNER/NAME`.
    repository: Url,
    web: Web,
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

enum Body<'a> {
    None,
    Json(Value),
    File { name: &'a str, content: Bytes },
}

impl Github {
    /// The repository that CI variables name. Nothing is asked for yet.
    pub(crate) fn open(variables: Variables<'_>, client: Client, dry_run: bool) -> Result<Self, Error> {
        let (name, [owner, repository]) =
            repository_of(variables)?.ok_or_else(|| no_repository("is not set"))?;
        let api = address_of(variables, "GITHUB_API_URL", "https://api.github.com")?;
        let web = web_of(variables, [&owner, &repository])?;
        Ok(Self {
            repository: below(api, &["repos", &owner, &repository]),
            web,
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

    /// The pages of the repository on the web.
    pub(crate) fn web(&self) -> &Web {
        &self.web
    }

    pub(crate) async fn releases(&self) -> Result<Vec<Release>, Error> {
        let what = format!("list the releases of {}", self.name);
        let mut releases = Vec::new();
        for page in 1.. {
            let mut url = self.url(&["releases"]);
            url.query_pairs_mut()
                .extend_pairs([("per_page", PER_PAGE.to_string()), ("page", page.to_string())]);
            let (status, body) = self.fetch(url, JSON, LONGEST, &what).await?;
            let listed: Vec<ReleaseJson> = parsed(&self.accepted(status, body, &what)?, &what)?;
            let is_last = listed.len() < PER_PAGE;
            let is_out = |release: &ReleaseJson| !release.draft;
            releases.extend(listed.into_iter().filter(is_out).filter_map(found).map(|found| found.release));
            if is_last {
                break;
            }
        }
        releases.sort_by(Release::newest_first);
        Ok(releases)
    }

    pub(crate) async fn release(&self, tag: &Tag) -> Result<Option<Found>, Error> {
        Ok(self.json_of(tag).await?.and_then(found))
    }

    async fn json_of(&self, tag: &Tag) -> Result<Option<ReleaseJson>, Error> {
        let what = format!("read the release {tag} of {}", self.name);
        self.find(&["releases", "tags", tag.as_str()], &what).await
    }

    /// Tells what GitHub has not, would only refuse, or pass over in silence, before anything is written.
    pub(crate) async fn check(
        &self,
        found: Option<&Found>,
        target: &Release,
        saving: Saving,
    ) -> Result<(), Error> {
        let unsupported =
            |what: &str, hint| Error::Unsupported { what: what.to_owned(), forge: SERVER, hint };
        if !target.milestones.is_empty() {
            return Err(unsupported("give a release milestones", "leave out --milestone"));
        }
        let is_other_time =
            found.map_or(saving.dated, |found| found.release.released_at != target.released_at);
        if is_other_time {
            return Err(unsupported("set the time of a release", "leave out --released-at"));
        }
        check_length(&text_of(target), target, LONGEST_TEXT, SERVER)?;
        match found {
            None => self.check_tag(target, saving).await,
            Some(_) => Ok(()),
        }
    }

    /// Makes the server's release be `target`. Whoever calls this reads again what came of it.
    pub(crate) async fn save(
        &self,
        found: Option<&Found>,
        target: &Release,
        saving: Saving,
    ) -> Result<(), Error> {
        let mut body = json!({
            "tag_name": target.tag.as_str(),
            "name": target.name,
            "body": text_of(target),
            "prerelease": target.is_prerelease(),
        });
        let Some(id) = found.and_then(|found| found.ids.first()) else {
            // By version, so that a fix of an old release does not become the latest.
            body["make_latest"] = json!("legacy");
            if let Some(git_ref) = target.git_ref.as_ref().filter(|_| saving.may_tag) {
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
        let what = format!("upload the file {name} to the release {tag} of {}", self.name);
        let body = || Body::File { name, content: content.clone() };
        let Some(release) = self.json_of(tag).await? else {
            // Only a dry run has not made it; the answer to that would say where files go.
            let mut url = self.url(&["releases", "ID", "assets"]);
            url.query_pairs_mut().append_pair("name", name);
            self.write(Method::POST, url, body(), Repeat::Safe, &what).await?;
            return Ok(Stored { change: Change::Created, url: None, location: self.file_page(tag, name) });
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
        let address = release.upload_url.split('{').next().unwrap_or_default();
        let mut url = Url::parse(address)
            .unwrap_or_else(|_| self.url(&["releases", &release.id.to_string(), "assets"]));
        url.query_pairs_mut().append_pair("name", name);
        let sent = self.write(Method::POST, url, body(), Repeat::Safe, &what).await;
        match sent {
            // Sent twice: the first one has arrived; what it holds, the next run looks at.
            Err(Error::Refused { said, .. }) if said.contains("already_exists") => {}
            other => other?,
        }
        Ok(stored(change, self.file_page(tag, name)))
    }

    /// Where a file of a release can be had.
    fn file_page(&self, tag: &Tag, name: &str) -> String {
        self.web.page(&["releases", "download", tag.as_str(), name]).into()
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
    async fn check_tag(&self, release: &Release, saving: Saving) -> Result<(), Error> {
        let tag = &release.tag;
        let what = format!("look for the tag {tag} in {}", self.name);
        let mut path = vec!["git", "ref", "tags"];
        path.extend(tag.as_str().split('/'));
        let there: Option<RefJson> = self.find(&path, &what).await?;
        match (there, &release.git_ref) {
            (None, _) => {
                // A repository that is not there has no tags either.
                let what = format!("find the repository {}", self.name);
                let (status, body) = self.fetch(self.repository.clone(), JSON, LONGEST, &what).await?;
                self.accepted(status, body, &what)?;
                saving.tag_to_be(release, &self.name)
            }
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
        let (status, body) = self.fetch(self.url(path), JSON, LONGEST, what).await?;
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
        body: Body<'_>,
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
        body: Body<'_>,
        repeat: Repeat,
        what: &str,
    ) -> Result<Option<Bytes>, Error> {
        if let Some(plan) = &self.plan {
            let shown = match &body {
                Body::None => String::new(),
                Body::Json(value) => value.to_string(),
                Body::File { name, content } => format!("({} bytes, {name})", content.len()),
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
        let accept = header::HeaderValue::from_static(JSON);
        request.headers_mut().insert(header::ACCEPT, accept);
        self.authorize(&mut request);
        let (kind, bytes) = match body {
            Body::None => ("", Bytes::new()),
            Body::Json(value) => ("application/json", value.to_string().into()),
            Body::File { content, .. } => ("application/octet-stream", content),
        };
        if !kind.is_empty() {
            request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
            *request.body_mut() = Some(http::Body::from(bytes));
        }
        let sent = self.client.send(request, repeat).await;
        let response = sent.map_err(|source| Error::NoAnswer { what: what.to_owned(), source })?;
        let status = response.status();
        let body = http::body_within(response, LONGEST).await.unwrap_or_default();
        let body = self.accepted(status, body, what)?;
        check_page(&body, what)?;
        Ok(Some(body))
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
    check_page(body, what)?;
    let not_understood = |source| Error::NotUnderstood { what: what.to_owned(), server: SERVER, source };
    serde_json::from_slice(body).map_err(not_understood)
}

fn check_page(body: &[u8], what: &str) -> Result<(), Error> {
    match page_of_html(body) {
        Some(page) => Err(Error::NotTheApi { what: what.to_owned(), server: SERVER, page }),
        None => Ok(()),
    }
}

/// What GitHub said, in one line.
pub(crate) fn said_of(body: &[u8]) -> String {
    said(body)
}

/// `Validation Failed: tag_name already_exists`.
fn said(body: &[u8]) -> String {
    if let Some(page) = page_of_html(body) {
        return page;
    }
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

/// The notes, the image and the links below them.
fn text_of(release: &Release) -> String {
    compose(&release.description, release.image.as_ref(), &release.assets)
}

fn found(json: ReleaseJson) -> Option<Found> {
    let told = Told {
        tag: json.tag_name,
        name: json.name,
        text: json.body,
        released_at: json.published_at,
        commit: None,
        milestones: Vec::new(),
        links: None,
        ids: vec![json.id.to_string()],
    };
    told.found()
}
