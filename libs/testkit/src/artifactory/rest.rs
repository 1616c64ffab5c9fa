//! Artifactory's REST API: `api/storage`, `api/metadata`, `api/repositories`.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use super::reply::{Reply, refusal};
use super::storage::{File, Kind, Storage, parts};
use super::{Asked, Server, Unannotated, properties};

/// When everything was made: no test may depend on today.
const CREATED: &str = "2026-01-02T03:04:05.000Z";
const NO_PROPERTIES: &str = "No properties could be found.";

/// What shall become of properties: new values, or none.
type Changes = BTreeMap<String, Option<Vec<String>>>;

impl Server {
    pub(super) fn rest(&self, asked: Asked) -> Reply {
        let path = asked.path.clone();
        let method = asked.method.clone();
        if let Some(path) = path.strip_prefix("api/storage/") {
            return match method {
                Method::GET => self.get_storage(&asked, path),
                Method::PUT => self.put_properties(&asked, path),
                Method::DELETE => self.delete_properties(&asked, path),
                _ => refusal(405, "Method Not Allowed"),
            };
        }
        if let Some(path) = path.strip_prefix("api/metadata/") {
            return match method {
                Method::PATCH if !self.settings.without_metadata => self.patch_metadata(&asked, path),
                _ if self.settings.without_metadata => refusal(404, "Not Found"),
                _ => refusal(405, "Method Not Allowed"),
            };
        }
        if let Some((key, rest)) = path.strip_prefix("api/docker/").and_then(|path| path.split_once("/v2/")) {
            if (method, rest) == (Method::POST, "promote") {
                return self.promote(&asked, key);
            }
            let key = key.to_owned();
            return self.docker(Asked { path: rest.to_owned(), ..asked }, Some(key));
        }
        match (&method, path.as_str(), path.strip_prefix("api/repositories/")) {
            (&Method::POST, "api/search/aql", _) => {
                asked.only(&[]).map_or_else(|reply| reply, |()| self.search(&asked))
            }
            (&Method::GET, "api/system/ping", _) => Reply::text(200, "OK"),
            (&Method::GET, "api/system/version", _) => {
                Reply::json(200, &json!({ "version": "7.98.9", "revision": "79809900", "addons": [] }))
            }
            (&Method::GET, _, Some(key)) => self.repository(key),
            _ => refusal(404, "Not Found"),
        }
    }

    fn repository(&self, key: &str) -> Reply {
        let mut told = json!({ "key": key, "packageType": "docker", "description": "", "repoLayoutRef": "simple-default" });
        match self.storage().kind(key) {
            Some(Kind::Local) => told["rclass"] = json!("local"),
            Some(Kind::Virtual { members, deploys_to }) => {
                told["rclass"] = json!("virtual");
                told["repositories"] = json!(members);
                told["defaultDeploymentRepo"] = json!(deploys_to);
            }
            // So says the real one of a repository that it does not have.
            None => return refusal(400, "Bad Request"),
        }
        Reply::json(200, &told)
    }

    fn get_storage(&self, asked: &Asked, path: &str) -> Reply {
        if let Err(reply) = asked.only(&["properties", "list", "deep", "listFolders", "depth"]) {
            return reply;
        }
        let asks = |name: &str| asked.query.iter().any(|(known, _)| known == name);
        let storage = self.storage();
        // A virtual repository shows what is in those behind it.
        let (key, rest) = path.split_once('/').unwrap_or((path, ""));
        let candidates = storage.locals(key).into_iter().map(|local| format!("{local}/{rest}"));
        let found = candidates
            .map(|path| path.trim_end_matches('/').to_owned())
            .find(|path| storage.file(path).is_some() || storage.is_folder(path));
        let Some(path) = found else { return refusal(404, "Unable to find item") };
        let uri = self.uri(asked, &path);
        match storage.file(&path) {
            Some(file) if asks("properties") => {
                let wanted: Vec<&str> = asked
                    .parameter("properties")
                    .unwrap_or_default()
                    .split(',')
                    .filter(|key| !key.is_empty())
                    .collect();
                let mut shown = file.properties.clone();
                shown.retain(|key, _| wanted.is_empty() || wanted.contains(&key.as_str()));
                if shown.is_empty() {
                    return refusal(404, NO_PROPERTIES);
                }
                Reply::json(200, &json!({ "uri": uri, "properties": shown }))
            }
            None if asks("properties") => refusal(404, NO_PROPERTIES),
            Some(_) if asks("list") => refusal(400, "Expected a folder but found a file"),
            None if asks("list") => list(&storage, &path, &uri, asked.parameter("deep") == Some("1")),
            Some(file) => file_info(&path, &uri, file),
            None => folder_info(&storage, &path, &uri),
        }
    }

    fn uri(&self, asked: &Asked, path: &str) -> String {
        format!("http://{}{}api/storage/{path}", asked.host, super::BASE)
    }

    fn put_properties(&self, asked: &Asked, path: &str) -> Reply {
        if let Err(reply) = asked.only(&["properties", "recursive"]) {
            return reply;
        }
        let changes = match properties::parse(asked.parameter("properties").unwrap_or_default()) {
            Ok(properties) => properties.into_iter().map(|(key, values)| (key, Some(values))).collect(),
            Err(reply) => return reply,
        };
        self.annotate(path, &changes, asked.parameter("recursive") != Some("0"))
    }

    fn delete_properties(&self, asked: &Asked, path: &str) -> Reply {
        if let Err(reply) = asked.only(&["properties", "recursive"]) {
            return reply;
        }
        let keys = asked.parameter("properties").unwrap_or_default();
        if keys.is_empty() {
            return refusal(400, "Properties value cannot be empty.");
        }
        let changes = keys.split(',').map(|key| (key.to_owned(), None)).collect();
        self.annotate(path, &changes, asked.parameter("recursive") != Some("0"))
    }

    /// A value is a text or a list of texts; null removes. Nothing in it is a separator.
    fn patch_metadata(&self, asked: &Asked, path: &str) -> Reply {
        // One well-known client also sends `recursive`.
        if let Err(reply) = asked.only(&["recursiveProperties", "atomicProperties", "recursive"]) {
            return reply;
        }
        if !asked.header("content-type").starts_with("application/json") {
            return refusal(415, "Unsupported Media Type");
        }
        let Ok(Value::Object(body)) = serde_json::from_slice(&asked.body) else {
            return refusal(400, "no JSON object");
        };
        let Some(props) = body.get("props").and_then(Value::as_object).filter(|_| body.len() == 1) else {
            return refusal(400, "expected {\"props\": {…}} and nothing else");
        };
        let mut changes = Changes::new();
        for (key, value) in props {
            if let Err(reply) = properties::check_key(key) {
                return reply;
            }
            let values = match value {
                Value::Null => None,
                Value::String(text) => Some(vec![text.clone()]),
                Value::Array(list) if list.iter().all(Value::is_string) => {
                    Some(list.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
                }
                other => return refusal(400, &format!("{other} is no value of a property")),
            };
            changes.insert(key.clone(), values);
        }
        self.annotate(path, &changes, asked.parameter("recursiveProperties") != Some("0"))
    }

    fn annotate(&self, path: &str, changes: &Changes, recursive: bool) -> Reply {
        let mut storage = self.storage();
        let key = path.split('/').next().unwrap_or_default();
        if matches!(storage.kind(key), Some(Kind::Virtual { .. })) {
            return refusal(400, "Properties can be set on items of local repositories only");
        }
        let targets = match storage.file(path) {
            Some(_) => vec![path.to_owned()],
            None if storage.is_folder(path) && recursive => storage.below(path),
            None if storage.is_folder(path) => Vec::new(),
            None => return refusal(404, "Unable to find item"),
        };
        match self.settings.unannotated {
            Some(Unannotated::Refused) => return refusal(403, "Not enough permissions to annotate"),
            Some(Unannotated::Dropped) => return Reply::empty(204),
            None => {}
        }
        for path in targets {
            let Some(file) = storage.file_mut(&path) else { continue };
            for (key, values) in changes {
                match values {
                    Some(values) => file.properties.insert(key.clone(), values.clone()),
                    None => file.properties.remove(key),
                };
            }
        }
        Reply::empty(204)
    }
}

fn file_info(path: &str, uri: &str, file: &File) -> Reply {
    let (key, rest) = path.split_once('/').unwrap_or((path, ""));
    let checksums = json!({ "sha1": file.sha1(), "md5": file.md5(), "sha256": file.sha256 });
    Reply::json(
        200,
        &json!({
            "repo": key, "path": format!("/{rest}"),
            "created": CREATED, "createdBy": "testkit",
            "lastModified": CREATED, "modifiedBy": "testkit", "lastUpdated": CREATED,
            "downloadUri": uri.replacen("api/storage/", "", 1),
            "mimeType": file.media_type, "size": file.bytes.len().to_string(),
            "checksums": checksums, "originalChecksums": checksums, "uri": uri,
        }),
    )
}

fn folder_info(storage: &Storage, path: &str, uri: &str) -> Reply {
    let (key, rest) = path.split_once('/').unwrap_or((path, ""));
    let child = |name: String| {
        let is_folder = name.ends_with('/');
        json!({ "uri": format!("/{}", name.trim_end_matches('/')), "folder": is_folder })
    };
    let children: Vec<Value> = storage.children(path).into_iter().map(child).collect();
    Reply::json(
        200,
        &json!({
            "repo": key, "path": format!("/{rest}"),
            "created": CREATED, "createdBy": "testkit",
            "lastModified": CREATED, "modifiedBy": "testkit", "lastUpdated": CREATED,
            "children": children, "uri": uri,
        }),
    )
}

fn list(storage: &Storage, path: &str, uri: &str, deep: bool) -> Reply {
    let entry = |known: String| {
        let below = &known[path.len()..];
        let file = storage.file(&known)?;
        let (_, folder, _) = parts(&known)?;
        let is_here = deep || path.ends_with(folder);
        is_here.then(|| json!({
            "uri": below, "size": file.bytes.len(), "lastModified": CREATED, "folder": false, "sha1": file.sha1(),
        }))
    };
    let files: Vec<Value> = storage.below(path).into_iter().filter_map(entry).collect();
    Reply::json(200, &json!({ "uri": uri, "created": CREATED, "files": files }))
}
