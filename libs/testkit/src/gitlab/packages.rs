//! The generic package registry: files by package, version and name. The same name again adds a file; the last is served.

use bytes::Bytes;
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::route::{Answer, Call};
use super::{World, error, message};
use crate::server::Reply;

pub(crate) struct File {
    id: u64,
    package: String,
    version: String,
    name: String,
    pub(crate) content: Bytes,
    at: String,
}

impl File {
    pub(crate) fn path(&self) -> String {
        format!("{}/{}/{}", self.package, self.version, self.name)
    }

    fn to_json(&self) -> Value {
        json!({
            "id": self.id, "package_id": self.id, "created_at": self.at, "size": self.content.len(),
            "file_name": self.name, "file": { "url": null },
        })
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-+~@".contains(letter);
    !text.is_empty()
        && !text.starts_with(['~', '@'])
        && !text.ends_with(['~', '@'])
        && text.chars().all(allowed)
}

/// `/projects/:id/packages/generic/:package/:version/:file`.
pub(crate) fn answer(
    world: &mut World,
    call: Call,
    [package, version, name]: [&str; 3],
    method: &str,
    content: Bytes,
    mut parameters: Parameters,
) -> Answer {
    let (id, at) = (world.next(), world.tick());
    let project = call.project(world);
    match method {
        "PUT" => {
            let select = parameters.word("select", &["package_file"])?;
            parameters.word("status", &["default", "hidden"])?;
            parameters.end()?;
            for (field, text) in
                [("package_name", package), ("package_version", version), ("file_name", name)]
            {
                if !is_name(text) {
                    return Err(error(400, &format!("{field} is invalid")));
                }
            }
            let [package, version, name] = [package, version, name].map(str::to_owned);
            let file = File { id, package, version, name, content, at };
            let body = file.to_json();
            project.files.push(file);
            Ok(match select {
                Some(_) => Reply::json(201, &body),
                None => Reply::json(201, &json!({ "message": "201 Created" })),
            })
        }
        "GET" => {
            parameters.end()?;
            let wanted = format!("{package}/{version}/{name}");
            let found = project.files.iter().rev().find(|file| file.path() == wanted);
            let file = found.ok_or_else(|| message(404, "404 Package Not Found"))?;
            Ok(Reply::new(200, file.content.clone()).with("content-type", "application/octet-stream"))
        }
        _ => Err(error(405, "405 Not Allowed")),
    }
}

/// `GET /projects/:id/packages`.
pub(crate) fn list(world: &mut World, call: Call, mut parameters: Parameters) -> Answer {
    let name = parameters.text("package_name")?;
    let version = parameters.text("package_version")?;
    parameters.word("package_type", &["generic"])?;
    let mut packages: Vec<(String, String)> = Vec::new();
    for file in &call.project(world).files {
        let key = (file.package.clone(), file.version.clone());
        let wanted = name.as_ref().is_none_or(|name| *name == key.0)
            && version.as_ref().is_none_or(|version| *version == key.1);
        if wanted && !packages.contains(&key) {
            packages.push(key);
        }
    }
    let all = packages.into_iter().enumerate().map(|(at, (name, version))| {
        json!({ "id": at + 1, "name": name, "version": version, "package_type": "generic", "status": "default" })
    });
    call.page(all.collect(), parameters)
}
