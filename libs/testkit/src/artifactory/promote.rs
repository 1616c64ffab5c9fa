//! Docker promotion: an image goes from one repository to another without its bytes leaving the server.

use serde_json::Value;

use super::reply::{Reply, refusal};
use super::storage::Kind;
use super::{Asked, Server};

const FIELDS: [&str; 6] =
    ["targetRepo", "dockerRepository", "targetDockerRepository", "tag", "targetTag", "copy"];

impl Server {
    /// `POST api/docker/KEY/v2/promote`. It moves unless it is told to copy.
    pub(super) fn promote(&self, asked: &Asked, key: &str) -> Reply {
        let Ok(Value::Object(wanted)) = serde_json::from_slice(&asked.body) else {
            return refusal(400, "no JSON object");
        };
        if let Some(unknown) = wanted.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return refusal(400, &format!("Unrecognized field \"{unknown}\""));
        }
        let text = |name: &str| wanted.get(name).and_then(Value::as_str);
        let (Some(target), Some(image)) = (text("targetRepo"), text("dockerRepository")) else {
            return refusal(400, "targetRepo and dockerRepository are required");
        };
        let mut storage = self.storage();
        for repository in [key, target] {
            if !matches!(storage.kind(repository), Some(Kind::Local)) {
                return refusal(404, &format!("{repository} is no local repository"));
            }
        }
        let to_image = text("targetDockerRepository").unwrap_or(image);
        let copy = wanted.get("copy").and_then(Value::as_bool).unwrap_or(false);
        let from = format!("{key}/{image}");
        let folder = |path: &str| path[from.len() + 1..].split('/').next().unwrap_or_default().to_owned();
        let meant = |path: &String| match text("tag") {
            Some(tag) => folder(path) == tag || folder(path).starts_with("sha256:"),
            None => true,
        };
        let paths: Vec<String> = storage.below(&from).into_iter().filter(meant).collect();
        if !paths.iter().any(|path| text("tag").is_none_or(|tag| folder(path) == tag)) {
            return refusal(404, &format!("Unable to find tag of {image} to promote"));
        }
        for path in paths {
            let Some(file) = storage.file(&path).cloned() else { continue };
            let rest = &path[from.len() + 1..];
            let rest = match (text("tag"), text("targetTag")) {
                (Some(tag), Some(renamed)) if folder(&path) == tag => {
                    format!("{renamed}{}", &rest[tag.len()..])
                }
                _ => rest.to_owned(),
            };
            storage.files.insert(format!("{target}/{to_image}/{rest}"), file);
            if !copy && text("tag").is_none_or(|tag| folder(&path) == tag) {
                storage.files.remove(&path);
            }
        }
        Reply::text(200, "Promotion ended successfully")
    }
}
