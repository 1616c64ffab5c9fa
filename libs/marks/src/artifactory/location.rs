//! Where the files of an image are: the key of a repository, and the image's path in it.
//!
//! Artifactory offers images in three ways: `HOST/KEY/IMAGE` (repository path), `KEY.HOST/IMAGE` (subdomain) and
//! `HOST:PORT/IMAGE` (port).

use serde_json::{Value as Json, json};

use super::api::Api;
use super::aql::Item;
use crate::Error;

/// The names of manifests. Layers are `sha256__<hex>`, and have no marks.
const MANIFESTS: [&str; 2] = ["manifest.json", "list.manifest.json"];

/// A folder in Artifactory's storage that holds a folder for each tag of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The key of the repository.
    pub(super) key: String,
    /// The image's path in it.
    pub(super) image: String,
}

impl Place {
    /// Where the files of `host/path` are, given the key of the repository that they are in. `certain` says that the user
    /// gave it.
    pub(super) async fn find(
        host: &str,
        path: &str,
        key: &str,
        certain: bool,
        api: &Api,
    ) -> Result<Self, Error> {
        let place = |image: &str| Self { key: key.to_owned(), image: image.to_owned() };
        let Some((first, rest)) = path.split_once('/') else { return Ok(place(path)) };
        if parent_host(host, key).is_some() {
            return Ok(place(path));
        }
        if first == key {
            return Ok(place(rest));
        }
        // The first part may be the key of a virtual repository in front of the real one, or belong to the image.
        let is_key = !certain && api.repository(first).await?.is_some();
        Ok(place(if is_key { rest } else { path }))
    }

    /// The criteria for the manifests of this image that meet `more`. `*` also matches what is in folders below, so what
    /// comes back has to pass [`Place::holds`].
    pub(super) fn manifests(&self, more: &Json) -> Json {
        let mut criteria = json!({
            "repo": self.key,
            "path": { "$match": format!("{}/*", self.image) },
            "name": { "$match": "*manifest.json" },
        });
        if let (Some(criteria), Some(more)) = (criteria.as_object_mut(), more.as_object()) {
            criteria.extend(more.clone());
        }
        criteria
    }

    /// The name of the folder that an item is in, if it is a manifest of this image: a tag, or `sha256:<hex>`.
    pub(super) fn folder<'a>(&self, item: &'a Item) -> Option<&'a str> {
        let folder = item.path.strip_prefix(&self.image)?.strip_prefix('/')?;
        (!folder.contains('/') && MANIFESTS.contains(&item.name.as_str())).then_some(folder)
    }

    pub(super) fn holds(&self, item: &Item) -> bool {
        self.folder(item).is_some()
    }
}

/// The host of Artifactory itself, where the image's host begins with the key: `KEY.HOST`, or `INSTANCE-KEY.jfrog.io`.
pub(super) fn parent_host(host: &str, key: &str) -> Option<String> {
    let (first, rest) = host.split_once('.')?;
    if first == key {
        return Some(rest.to_owned());
    }
    let instance = first.strip_suffix(key)?.strip_suffix('-')?;
    (rest == "jfrog.io" && !instance.is_empty()).then(|| format!("{instance}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_subdomain_is_known_by_the_key_in_front() {
        let table = [
            ("docker-local.art.example", "docker-local", Some("art.example")),
            ("docker-local.art.example:8443", "docker-local", Some("art.example:8443")),
            ("acme-docker-local.jfrog.io", "docker-local", Some("acme.jfrog.io")),
            ("acme-docker-local.art.example", "docker-local", None),
            ("art.example", "docker-local", None),
            ("localhost:5000", "docker-local", None),
        ];
        for (host, key, expected) in table {
            assert_eq!(parent_host(host, key).as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn only_manifests_right_below_a_tag_are_of_the_image() {
        let place = Place { key: "docker-local".into(), image: "team/app".into() };
        let table = [
            ("team/app/1", "manifest.json", Some("1")),
            ("team/app/1", "list.manifest.json", Some("1")),
            ("team/app/sha256:ab", "manifest.json", Some("sha256:ab")),
            ("team/app/ci/1", "manifest.json", None),
            ("team/app", "manifest.json", None),
            ("team/app2/1", "manifest.json", None),
            ("team/app/1", "old-manifest.json", None),
        ];
        for (path, name, expected) in table {
            let item = Item {
                repo: "docker-local".into(),
                path: path.into(),
                name: name.into(),
                sha256: None,
                properties: Vec::new(),
            };
            assert_eq!(place.folder(&item), expected, "{path}/{name}");
        }
    }
}
