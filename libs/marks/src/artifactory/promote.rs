//! Docker promotion: Artifactory copies an image itself, in one request.

use registry::{Repository, Tag};
use serde_json::json;

use super::Artifactory;
use super::location::parent_host;
use crate::Error;
use crate::backend::{Backend, Keeper};

impl Backend {
    /// Lets Artifactory copy what a tag leads to, whatever that is by now, to a tag of another of its repositories, with
    /// the properties. Nothing is taken away from here.
    ///
    /// # Errors
    /// When these marks are not Artifactory's, `to` is no repository of the same server, or the server refuses.
    pub async fn promote(&self, tag: &Tag, to: &Repository, to_tag: &Tag) -> Result<(), Error> {
        let Keeper::Artifactory(artifactory) = &self.keeper else {
            return Err(Error::NotArtifactory { host: self.repository().to_string() });
        };
        artifactory.promote(self.repository(), tag, to, to_tag).await
    }
}

impl Artifactory {
    async fn promote(
        &self,
        from: &Repository,
        tag: &Tag,
        to: &Repository,
        to_tag: &Tag,
    ) -> Result<(), Error> {
        let other = || Error::OtherServer { from: from.to_string(), to: to.to_string() };
        let (key, image) = self.place_of(from, to).await?.ok_or_else(other)?;
        let wanted = json!({
            "targetRepo": key,
            "dockerRepository": self.place.image,
            "targetDockerRepository": image,
            "tag": tag.as_str(),
            "targetTag": to_tag.as_str(),
            // Without this it would be moved.
            "copy": true,
        });
        let action = format!("let Artifactory copy {from}:{tag} to {to}:{to_tag}");
        self.api.promote(&self.place.key, &wanted, &action).await
    }

    /// The key of a repository of this server, and the path of the image in it; none when it is none of this server.
    async fn place_of(&self, from: &Repository, to: &Repository) -> Result<Option<(String, String)>, Error> {
        let (Repository::Remote { host: own, path }, Repository::Remote { host, path: image }) = (from, to)
        else {
            return Ok(None);
        };
        if own != host {
            // Each repository has a host of its own: KEY.HOST, or INSTANCE-KEY.jfrog.io.
            let Some(parent) = parent_host(own, &self.place.key) else { return Ok(None) };
            let first = host.split('.').next().unwrap_or_default();
            let keys =
                first.char_indices().filter(|(_, letter)| *letter == '-').map(|(at, _)| &first[at + 1..]);
            let key = std::iter::once(first)
                .chain(keys)
                .find(|key| parent_host(host, key).as_ref() == Some(&parent));
            return match key {
                Some(key) => Ok(self.local(key).await?.map(|key| (key, image.clone()))),
                None => Ok(None),
            };
        }
        if *path == self.place.image {
            // The host stands for one repository.
            return Ok(Some((self.place.key.clone(), image.clone())));
        }
        let Some((key, image)) = image.split_once('/') else { return Ok(None) };
        Ok(self.local(key).await?.map(|key| (key, image.to_owned())))
    }

    /// The repository that takes what is pushed to this one; none when there is no such repository.
    async fn local(&self, key: &str) -> Result<Option<String>, Error> {
        let known = self.api.repository(key).await?;
        Ok(known.map(|known| known.deploys_to.unwrap_or_else(|| key.to_owned())))
    }
}
