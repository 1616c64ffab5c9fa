//! Pushes images under many tags, without a tool.

use std::fs;
use std::path::Path;

use futures_util::stream::{StreamExt, iter};
use reqwest::header::{CONTENT_TYPE, LOCATION};
use serde_json::Value;

use super::Registry;
use crate::Image;

/// Requests at a time.
const AT_A_TIME: usize = 16;

impl Registry {
    /// Pushes an image under all these tags. For registries that speak plain HTTP with everybody.
    ///
    /// # Panics
    /// When the registry does not take it.
    pub fn push(&self, image: &Image, repository: &str, tags: &[impl AsRef<str>]) {
        let layout = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for the image: {error}"));
        let digest =
            image.write(layout.path(), "x").unwrap_or_else(|error| panic!("cannot write the image: {error}"));
        let tags: Vec<&str> = tags.iter().map(AsRef::as_ref).collect();
        let work = fill(format!("http://{}/v2/{repository}", self.address), layout.path(), &digest, &tags);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.unwrap_or_else(|error| panic!("no runtime: {error}"));
        runtime.block_on(work).unwrap_or_else(|error| panic!("cannot push {repository}: {error}"));
    }
}

async fn fill(url: String, layout: &Path, digest: &str, tags: &[&str]) -> Result<(), String> {
    let client = crate::proxy::client();
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let read = |digest: &str| {
        fs::read(layout.join("blobs").join(digest.replace(':', "/"))).map_err(|error| text(&error))
    };
    let index = read(digest)?;
    let children = digests(&index, &["manifests"])?;
    for child in &children {
        let manifest = read(child)?;
        for blob in digests(&manifest, &["config", "layers"])? {
            let begun =
                client.post(format!("{url}/blobs/uploads/")).send().await.map_err(|error| text(&error))?;
            let location = begun.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let location = location.ok_or("an upload has no location")?.to_owned();
            let joint = if location.contains('?') { '&' } else { '?' };
            let put = client.put(format!("{location}{joint}digest={blob}")).body(read(&blob)?);
            put.send().await.and_then(reqwest::Response::error_for_status).map_err(|error| text(&error))?;
        }
        put_manifest(&client, &url, child, manifest).await?;
    }
    let puts = tags.iter().map(|tag| put_manifest(&client, &url, tag, index.clone()));
    let results: Vec<Result<(), String>> = iter(puts).buffer_unordered(AT_A_TIME).collect().await;
    results.into_iter().collect()
}

async fn put_manifest(client: &reqwest::Client, url: &str, name: &str, bytes: Vec<u8>) -> Result<(), String> {
    let json: Value = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let kind = json["mediaType"].as_str().unwrap_or_default().to_owned();
    let request = client.put(format!("{url}/manifests/{name}")).header(CONTENT_TYPE, kind).body(bytes);
    let sent = request.send().await.and_then(reqwest::Response::error_for_status);
    sent.map(drop).map_err(|error| error.to_string())
}

/// The digests that these fields of a manifest name.
fn digests(manifest: &[u8], fields: &[&str]) -> Result<Vec<String>, String> {
    let json: Value = serde_json::from_slice(manifest).map_err(|error| error.to_string())?;
    let entries = fields.iter().flat_map(|field| match &json[*field] {
        Value::Array(all) => all.clone(),
        one => vec![one.clone()],
    });
    Ok(entries.filter_map(|entry| entry["digest"].as_str().map(str::to_owned)).collect())
}
