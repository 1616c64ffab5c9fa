//! Asks registries, chart repositories, GitHub and git servers what there is. Each list is asked for once, however many
//! sources want it.

mod charts;
mod git;
mod image;
mod releases;

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::{Failure, Secret};
use futures_util::future::{FutureExt, join_all};
use http::{Cache, Url};
use registry::{Registries, RegistryArgs, Repository};

use crate::filter::{Chosen, Listed};
use crate::manifest::{Releases, Source, Upstream};
use crate::trouble::Trouble;

/// What a run asks with.
pub(crate) struct Network {
    registries: Registries,
    cache: Option<Cache>,
}

/// A list that sources choose from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Wanted {
    Tags(Repository),
    Charts(Url),
    /// By the address of its API; the source says which releases count.
    Releases(String),
    GitTags(Url),
}

/// What came of asking for it.
#[derive(Clone, Debug)]
enum List {
    Texts(Vec<String>, Listed),
    /// The versions of each chart.
    Charts(HashMap<String, Vec<String>>),
    Releases(Vec<releases::Release>),
}

/// The version that a source has found.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// As it is published: the tag, with its digest where that is wanted.
    pub(crate) version: String,
    /// For people.
    pub(crate) note: String,
}

impl Network {
    pub(crate) fn new(args: &RegistryArgs, cache: Option<&Path>) -> Result<Self, Failure> {
        let registries = Registries::new(args, "image-track", env!("CARGO_PKG_VERSION"))?;
        let open = |folder: &Path| {
            Cache::open(folder).map_err(|error| {
                Failure::failed(format!("cannot use {} as a cache", folder.display())).because(error)
            })
        };
        Ok(Self { registries, cache: cache.map(open).transpose()? })
    }

    /// Resolves all sources at a time; the client keeps the requests to one server within bounds. With each source comes
    /// what stands in a file now.
    pub(crate) async fn resolve(
        &self,
        sources: &[(&Source, Option<String>)],
    ) -> Vec<Result<Resolved, Trouble>> {
        let mut lists: Vec<(Wanted, _)> = Vec::new();
        for (source, _) in sources {
            let wanted = Wanted::of(source);
            if !lists.iter().any(|(known, _)| *known == wanted) {
                lists.push((wanted, self.list(&source.upstream).shared()));
            }
        }
        join_all(sources.iter().map(|(source, current)| {
            let wanted = Wanted::of(source);
            let list = lists.iter().find(|(known, _)| *known == wanted).map(|(_, list)| list.clone());
            async move {
                let result = match list {
                    Some(list) => match list.await {
                        Ok(list) => self.choose(source, &list, current.as_deref()).await,
                        Err(trouble) => Err(trouble),
                    },
                    None => Err(Trouble::failed("it was not asked for")),
                };
                told(source, result)
            }
        }))
        .await
    }

    async fn list(&self, upstream: &Upstream) -> Result<List, Trouble> {
        match upstream {
            Upstream::Image(image) => self.tags(&image.repository, image.login.as_ref()).await,
            Upstream::ChartImage(repository, login) => self.tags(repository, login.as_ref()).await,
            Upstream::Chart { repository, login, .. } => {
                self.charts(repository, login.as_ref()).await.map(List::Charts)
            }
            Upstream::Release(asked) => self.releases(asked).await.map(List::Releases),
            Upstream::GitTag { url, token } => {
                let tags = self.git_tags(url, token.as_ref()).await?;
                Ok(List::Texts(tags, Listed::ByName))
            }
        }
    }

    async fn choose(&self, source: &Source, list: &List, current: Option<&str>) -> Result<Resolved, Trouble> {
        let choose = |texts: &[String], listed| source.filter.choose(texts, listed, current);
        let first = |chosen: Chosen| {
            let version = chosen.texts.into_iter().next().unwrap_or_default();
            Resolved { version, note: chosen.count }
        };
        match (&source.upstream, list) {
            (Upstream::Image(image), List::Texts(tags, listed)) => {
                let is_wanted = |tag: &&String| match &image.tag_filter {
                    Some(filter) => filter.is_match(tag),
                    None => true,
                };
                let tags: Vec<String> = tags.iter().filter(is_wanted).cloned().collect();
                self.eligible(image, choose(&tags, *listed)?).await
            }
            // A registry has no + in tags, so charts have _ there, as Helm does it.
            (Upstream::ChartImage(..), List::Texts(tags, listed)) => {
                let versions: Vec<String> = tags.iter().map(|tag| tag.replace('_', "+")).collect();
                choose(&versions, *listed).map(first)
            }
            (Upstream::Chart { name, repository, .. }, List::Charts(charts)) => {
                let versions = charts.get(name).ok_or_else(|| {
                    let known: Vec<String> = charts.keys().cloned().collect();
                    let trouble = Trouble::failed(format!("{repository} has no chart {name}"));
                    match yaml_splice::nearest(name, &known) {
                        Some(near) => trouble.hint(format!("did you mean {near}?")),
                        None => trouble.hint(format!("it has {} charts", known.len())),
                    }
                })?;
                choose(versions, Listed::ByName).map(first)
            }
            (Upstream::Release(asked), List::Releases(all)) => {
                choose(&releases::names(asked, all), Listed::ByTime).map(first)
            }
            (Upstream::GitTag { .. }, List::Texts(tags, listed)) => choose(tags, *listed).map(first),
            _ => Err(Trouble::failed("the answer is not of the kind that was asked for")),
        }
    }

    async fn fetch(&self, url: &Url, request: http::Request, limit: usize) -> Result<bytes::Bytes, Trouble> {
        let fetched = self.registries.client().fetch_through(self.cache.as_ref(), request, limit).await;
        let (status, body) = fetched.map_err(|error| Trouble::of(&error))?;
        if status.is_success() {
            return Ok(body);
        }
        let trouble = Trouble::failed(format!(
            "cannot read {}: it answered {status}",
            contract::redact::redact(url.as_str())
        ));
        Err(match status.as_u16() {
            401 | 403 => trouble.hint("the token is missing, has expired, or may not read this"),
            404 => trouble.hint("check the address; what one may not see is not there either"),
            429 => trouble.hint("the server limits how much may be asked; run it again later, with a token"),
            _ => trouble,
        })
    }
}

/// Tells what came of a source as soon as that is known.
fn told(source: &Source, result: Result<Resolved, Trouble>) -> Result<Resolved, Trouble> {
    let about = format!("{}: {}", source.id, source.upstream.name());
    match &result {
        Ok(found) => tracing::info!("{about}: {} ({})", found.version, found.note),
        Err(trouble) => tracing::debug!("{about}: {trouble}"),
    }
    result.map_err(|trouble| trouble.at(format_args!("{} ({about})", source.place)))
}

/// Logs in with a user and a password.
fn log_in(request: &mut http::Request, user: &str, password: &Secret) {
    let pair = Secret::new(&STANDARD.encode(format!("{user}:{}", password.expose())));
    authorize(request, "Basic", &pair);
}

/// Puts a token into a request; one with a line break in it is no header, and the server will say that there is none.
fn authorize(request: &mut http::Request, scheme: &str, secret: &Secret) {
    let text = format!("{scheme} {}", secret.expose());
    if let Ok(mut value) = http::header::HeaderValue::from_str(&text) {
        value.set_sensitive(true);
        request.headers_mut().insert(http::header::AUTHORIZATION, value);
    }
}

impl Wanted {
    fn of(source: &Source) -> Self {
        match &source.upstream {
            Upstream::Image(image) => Self::Tags(image.repository.clone()),
            Upstream::ChartImage(repository, _) => Self::Tags(repository.clone()),
            Upstream::Chart { repository, .. } => Self::Charts(repository.clone()),
            Upstream::Release(Releases { api, owner, repository, .. }) => {
                Self::Releases(format!("{api} {owner}/{repository}"))
            }
            Upstream::GitTag { url, .. } => Self::GitTags(url.clone()),
        }
    }
}
