//! The Docker registry in front of the storage.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::json;

use super::reply::Reply;
use super::storage::hex;
use super::{Asked, Server};

const PAGE: usize = 1000;

/// An error in the form of the distribution specification.
fn problem(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, &json!({ "errors": [{ "code": code, "message": message, "detail": null }] }))
}

pub(super) fn unauthorized() -> Reply {
    problem(401, "UNAUTHORIZED", "authentication is required")
        .header("www-authenticate", "Basic realm=\"Artifactory Realm\"")
}

impl Server {
    /// Answers what is asked below `/v2/`; `key` is the repository that the host stands for, if it stands for one.
    pub(super) fn docker(&self, asked: Asked, key: Option<String>) -> Reply {
        if asked.path.is_empty() {
            return Reply::json(200, &json!({}));
        }
        let (key, path) = match (key, asked.path.split_once('/')) {
            (Some(key), _) => (key, asked.path.clone()),
            (None, Some((key, rest))) => (key.to_owned(), rest.to_owned()),
            (None, None) => return problem(404, "NAME_UNKNOWN", &asked.path),
        };
        let Some(takes) = self.storage().takes(&key) else {
            return problem(404, "NAME_UNKNOWN", &format!("there is no repository {key}"));
        };
        let place = Place { key, takes };
        for noun in ["/manifests/", "/blobs/uploads/", "/blobs/", "/tags/"] {
            if let Some((image, which)) = path.split_once(noun) {
                return match noun {
                    "/manifests/" => self.manifests(&asked, &place, image, which),
                    "/blobs/uploads/" => self.uploads(&asked, &place, image, which),
                    "/blobs/" => self.blobs(&asked, &place, image, which),
                    _ => self.tags(&asked, &place, image),
                };
            }
        }
        problem(404, "UNSUPPORTED", &path)
    }

    fn manifests(&self, asked: &Asked, place: &Place, image: &str, which: &str) -> Reply {
        let mut storage = self.storage();
        match asked.method {
            Method::GET | Method::HEAD => {
                let Some(path) = storage.manifest(&place.key, image, which) else {
                    return problem(
                        404,
                        "MANIFEST_UNKNOWN",
                        "The named manifest is not known to the registry.",
                    );
                };
                let Some(file) = storage.file(&path) else { return Reply::empty(500) };
                // The physical repository, whatever it was asked by.
                let physical = path.split('/').next().unwrap_or_default();
                Reply::bytes(200, &file.media_type, file.bytes.clone())
                    .header("docker-content-digest", format!("sha256:{}", file.sha256))
                    .header("x-artifactory-docker-registry", physical)
            }
            Method::PUT => {
                let (media_type, forget) = (asked.header("content-type"), self.settings.drops_properties);
                match storage.put_manifest(&place.takes, image, which, media_type, &asked.body, forget) {
                    Ok(digest) => Reply::empty(201)
                        .header("location", format!("/v2/{}/{image}/manifests/{digest}", place.key))
                        .header("docker-content-digest", digest),
                    Err(reason) => problem(400, "MANIFEST_INVALID", &reason),
                }
            }
            _ => problem(405, "UNSUPPORTED", "not with this method"),
        }
    }

    fn blobs(&self, asked: &Asked, place: &Place, image: &str, digest: &str) -> Reply {
        if asked.method != Method::GET && asked.method != Method::HEAD {
            return problem(405, "UNSUPPORTED", "not with this method");
        }
        let storage = self.storage();
        let path = storage.blob(&place.key, image, digest);
        match path.and_then(|path| storage.file(&path)) {
            Some(file) => Reply::bytes(200, "application/octet-stream", file.bytes.clone())
                .header("docker-content-digest", digest),
            None => problem(404, "BLOB_UNKNOWN", digest),
        }
    }

    /// Uploads in one or two requests: POST and PUT, or POST alone with the digest or with a blob to mount.
    fn uploads(&self, asked: &Asked, place: &Place, image: &str, id: &str) -> Reply {
        let mut storage = self.storage();
        let location = format!("/v2/{}/{image}/blobs/uploads/", place.key);
        if asked.method == Method::POST
            && let (Some(digest), Some(from)) = (asked.parameter("mount"), asked.parameter("from"))
        {
            let from = from.strip_prefix(&format!("{}/", place.key)).unwrap_or(from);
            let source = storage.blob(&place.key, from, digest).and_then(|path| storage.file(&path).cloned());
            if let Some(file) = source {
                let path = format!("{}/{image}/_uploads/{}", place.takes, digest.replace(':', "__"));
                storage.files.insert(path, file);
                return Reply::empty(201)
                    .header("docker-content-digest", digest)
                    .header("location", location);
            }
        }
        match (&asked.method, asked.parameter("digest")) {
            (&Method::POST, None) => Reply::empty(202).header("location", format!("{location}session")),
            (&Method::POST | &Method::PUT, Some(digest)) => {
                if digest != format!("sha256:{}", hex(&asked.body)) {
                    return problem(400, "DIGEST_INVALID", digest);
                }
                let path = format!("{}/{image}/_uploads/{}", place.takes, digest.replace(':', "__"));
                storage.write(&path, "application/octet-stream", asked.body.clone(), false);
                Reply::empty(201).header("docker-content-digest", digest).header("location", location)
            }
            (&Method::DELETE, None) => Reply::empty(204),
            _ => problem(405, "UNSUPPORTED", &format!("the double takes no {} of {id}", asked.method)),
        }
    }

    /// Pages of tags, by name.
    fn tags(&self, asked: &Asked, place: &Place, image: &str) -> Reply {
        let tags: BTreeSet<String> = self.storage().tags(&place.key, image);
        if tags.is_empty() {
            return problem(404, "NAME_UNKNOWN", image);
        }
        let most = asked.parameter("n").and_then(|n| n.parse().ok()).unwrap_or(PAGE);
        let last = asked.parameter("last").unwrap_or_default();
        let page: Vec<_> = tags.iter().filter(|tag| tag.as_str() > last).take(most).cloned().collect();
        let more = page.last().is_some_and(|last| tags.last() != Some(last));
        let reply = Reply::json(200, &json!({ "name": image, "tags": page }));
        match page.last().filter(|_| more) {
            Some(last) => {
                let next =
                    format!("</v2/{}/{image}/tags/list?n={most}&last={last}>; rel=\"next\"", place.key);
                reply.header("link", next)
            }
            None => reply,
        }
    }
}

/// The repository that is asked about, and the one behind it that takes what is pushed.
struct Place {
    key: String,
    takes: String,
}
