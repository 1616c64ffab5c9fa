//! Releases on GitHub (<https://docs.github.com/en/rest/releases/releases>).

use http::header::{ACCEPT, HeaderValue};
use http::{Method, Request};
use serde::Deserialize;

use super::{Network, authorize};
use crate::manifest::Releases;
use crate::trouble::Trouble;

const PER_PAGE: usize = 100;
/// GitHub shows no more than the first 1000 (ten pages of a hundred).
const PAGES: usize = 10;
const LIMIT: usize = 64 * 1024 * 1024;

/// What of a release counts.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Release {
    tag_name: String,
    name: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default)]
    prerelease: bool,
}

impl Network {
    /// All releases, the newest first.
    pub(super) async fn releases(&self, asked: &Releases) -> Result<Vec<Release>, Trouble> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let mut url = asked.api.clone();
            if let Ok(mut parts) = url.path_segments_mut() {
                parts.pop_if_empty().extend(["repos", &asked.owner, &asked.repository, "releases"]);
            }
            url.query_pairs_mut()
                .append_pair("per_page", &PER_PAGE.to_string())
                .append_pair("page", &page.to_string());
            let mut request = Request::new(Method::GET, url.clone());
            let headers = request.headers_mut();
            headers.insert(ACCEPT, HeaderValue::from_static("application/vnd.github+json"));
            headers.insert("x-github-api-version", HeaderValue::from_static("2022-11-28"));
            if let Some(token) = &asked.token {
                authorize(&mut request, "Bearer", token);
            }
            let body = self.fetch(&url, request, LIMIT).await?;
            let found: Vec<Release> = serde_json::from_slice(&body).map_err(|error| {
                Trouble::failed(format!("{url} answers with no list of releases: {error}"))
            })?;
            let is_last = found.len() < PER_PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }
}

/// The tags or titles of the releases that count, the newest last.
pub(super) fn names(asked: &Releases, all: &[Release]) -> Vec<String> {
    let counts = |release: &&Release| match (release.draft, release.prerelease) {
        (true, _) => asked.drafts,
        (false, true) => asked.prereleases,
        (false, false) => asked.releases,
    };
    let name = |release: &Release| match &release.name {
        Some(title) if asked.title && !title.is_empty() => title.clone(),
        _ => release.tag_name.clone(),
    };
    all.iter().rev().filter(counts).map(name).collect()
}
