//! Tags of images, and which of them may be used: those of an image that is there, for all platforms, and old enough.

use contract::clock;
use futures_util::future::join_all;
use registry::{Access, Content, Descriptor, Manifest, Platform, Repository, Store, Tag, Which};
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{List, Network, Resolved};
use crate::filter::{Chosen, Listed};
use crate::manifest::{Check, Condition, Image, Login};
use crate::trouble::Trouble;

/// So many tags are looked at, from the newest on, before there is said to be none.
const PATIENCE: usize = 50;
/// No honest configuration of an image is longer, in bytes.
const CONFIG_LIMIT: usize = 8 * 1024 * 1024;

/// What of an image's configuration counts.
#[derive(Deserialize)]
struct Config {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
    created: Option<String>,
}

impl Network {
    pub(super) async fn tags(&self, repository: &Repository, login: Option<&Login>) -> Result<List, Trouble> {
        let store = self.open(repository, login)?;
        let tags = store.tags_through(self.cache.as_ref()).await.map_err(|error| Trouble::of(&error))?;
        // Signatures and marks are about images, and are none.
        let tags = tags.into_iter().filter(|tag| !tag.is_about_another());
        Ok(List::Texts(tags.map(|tag| tag.to_string()).collect(), Listed::ByName))
    }

    fn open(&self, repository: &Repository, login: Option<&Login>) -> Result<Store, Trouble> {
        let opened = match login {
            None => self.registries.open(repository, Access::Pull),
            Some(Login { user, password }) => {
                self.registries.open_as(repository, Access::Pull, (user, password), "the manifest")
            }
        };
        opened.map_err(|error| Trouble::of(&error))
    }

    /// The first of the chosen tags that may be used.
    pub(super) async fn eligible(&self, image: &Image, chosen: Chosen) -> Result<Resolved, Trouble> {
        let store = self.open(&image.repository, image.login.as_ref())?;
        let asks = !image.platforms.is_empty() || image.minimum_age.is_some();
        let mut first_reason = None;
        for text in chosen.texts.iter().take(if asks { PATIENCE } else { 1 }) {
            let tag = parse(text)?;
            if asks && let Some(reason) = self.objection(image, &store, &tag).await? {
                tracing::debug!("{}:{tag} may not be used yet: {reason}", image.repository);
                first_reason = first_reason.or_else(|| Some(format!("{tag}: {reason}")));
                continue;
            }
            let note = match first_reason {
                Some(reason) => format!("{}; not yet {reason}", chosen.count),
                None => chosen.count,
            };
            let version =
                if image.pin_digest { self.pinned(&store, image, &tag).await? } else { text.clone() };
            return Ok(Resolved { version, note });
        }
        let trouble = Trouble::failed(format!("no tag may be used yet: {}", chosen.count));
        Err(match first_reason {
            Some(reason) => trouble.hint(format!("of the first, {reason}")),
            None => trouble,
        })
    }

    async fn pinned(&self, store: &Store, image: &Image, tag: &Tag) -> Result<String, Trouble> {
        let digest = store.resolve(tag).await.map_err(|error| Trouble::of(&error))?;
        let digest = digest.ok_or_else(|| {
            Trouble::failed(format!("{}:{tag} is listed, and is not there", image.repository))
                .hint("it was deleted meanwhile: run it again")
        })?;
        Ok(format!("{tag}@{digest}"))
    }

    /// Why a tag may not be used yet.
    async fn objection(&self, image: &Image, store: &Store, tag: &Tag) -> Result<Option<String>, Trouble> {
        let manifest = match store.manifest(&Which::Tag(tag.clone())).await {
            Ok(manifest) => manifest,
            Err(registry::Error::NotFound { .. }) => return Ok(Some("it is not there".into())),
            Err(error) => return Err(Trouble::of(&error)),
        };
        let found = Found::read(store, &manifest, image.minimum_age.is_some()).await?;
        if let Some(missing) = image.platforms.iter().find(|wanted| !found.has(wanted)) {
            return Ok(Some(format!("it has no {missing}")));
        }
        let (Some(least), Some(created)) = (image.minimum_age, found.created) else { return Ok(None) };
        let age = clock::now() - created;
        let least = time::Duration::try_from(least).unwrap_or(time::Duration::MAX);
        if age >= least {
            return Ok(None);
        }
        let hours = age.whole_hours();
        Ok(Some(format!("it is {hours} hours old, and {} are wanted", least.whole_hours())))
    }

    /// Checks conditions, all at a time: for each, whether it holds.
    pub(crate) async fn check(
        &self,
        conditions: impl Iterator<Item = (&Condition, &str)>,
    ) -> Vec<Result<bool, Trouble>> {
        join_all(conditions.map(|(condition, tag)| async move {
            let result = self.is_there(&condition.check, tag).await;
            let result = result.map(|there| there != condition.negated);
            result.map_err(|trouble| trouble.at(format_args!("{} ({})", condition.place, condition.id)))
        }))
        .await
    }

    async fn is_there(&self, check: &Check, tag: &str) -> Result<bool, Trouble> {
        let Check::Image { repository, login, platforms, .. } = check else { return Ok(true) };
        let store = self.open(repository, login.as_ref())?;
        // A version may come with its digest.
        let tag = tag.split('@').next().unwrap_or(tag);
        let tag = parse(tag)?;
        if platforms.is_empty() {
            return store
                .resolve(&tag)
                .await
                .map(|digest| digest.is_some())
                .map_err(|error| Trouble::of(&error));
        }
        let manifest = match store.manifest(&Which::Tag(tag)).await {
            Err(registry::Error::NotFound { .. }) => return Ok(false),
            manifest => manifest.map_err(|error| Trouble::of(&error))?,
        };
        let found = Found::read(&store, &manifest, false).await?;
        Ok(platforms.iter().all(|wanted| found.has(wanted)))
    }
}

fn parse(tag: &str) -> Result<Tag, Trouble> {
    tag.parse().map_err(|error: registry::InvalidTag| Trouble::of(&error))
}

/// What is known of an image.
struct Found {
    platforms: Vec<Platform>,
    /// Builds that can be reproduced say 1970, and so count as old.
    created: Option<OffsetDateTime>,
}

impl Found {
    async fn read(store: &Store, manifest: &Manifest, dated: bool) -> Result<Self, Trouble> {
        let manifests = match manifest.content() {
            Content::Image { config, .. } => return Self::of_config(store, config).await,
            Content::Index { manifests } => manifests,
        };
        let is_image = |platform: &&Platform| platform.os != "unknown";
        let platforms: Vec<Platform> =
            manifests.iter().filter_map(|entry| entry.platform.as_ref()).filter(is_image).cloned().collect();
        let mut created = None;
        if dated && let Some(first) = manifests.first() {
            let which = Which::Digest(first.digest.clone());
            let first = store.manifest(&which).await.map_err(|error| Trouble::of(&error))?;
            if let Content::Image { config, .. } = first.content() {
                created = Self::of_config(store, config).await?.created;
            }
        }
        Ok(Self { platforms, created })
    }

    async fn of_config(store: &Store, config: &Descriptor) -> Result<Self, Trouble> {
        let mut blob = store.blob(config).await.map_err(|error| Trouble::of(&error))?;
        let mut bytes = Vec::new();
        while let Some(piece) = blob.next().await {
            bytes.extend_from_slice(&piece.map_err(|error| Trouble::of(&error))?);
            if bytes.len() > CONFIG_LIMIT {
                return Err(Trouble::failed(format!("the configuration {} is too long", config.digest)));
            }
        }
        let config: Config = serde_json::from_slice(&bytes).map_err(|error| {
            Trouble::failed(format!("the configuration {} is none: {error}", config.digest))
        })?;
        let created = config.created.and_then(|text| OffsetDateTime::parse(&text, &Rfc3339).ok());
        let platform = config.os.zip(config.architecture).map(|(os, architecture)| Platform {
            os,
            architecture,
            variant: config.variant,
            os_version: None,
        });
        Ok(Self { platforms: platform.into_iter().collect(), created })
    }

    fn has(&self, wanted: &Platform) -> bool {
        self.platforms.iter().any(|there| {
            there.os == wanted.os
                && there.architecture == wanted.architecture
                && (wanted.variant.is_none() || there.variant == wanted.variant)
        })
    }
}
