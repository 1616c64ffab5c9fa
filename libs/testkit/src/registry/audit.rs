//! Reads an image to its last byte, as a judge that shares no code with the tools.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::ACCEPT;
use serde_json::Value;
use sha2::{Digest, Sha256};

const TYPES: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
                     application/vnd.docker.distribution.manifest.list.v2+json, \
                     application/vnd.docker.distribution.manifest.v2+json";

/// How often an answer 500 is asked for anew, and after what time.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// Reads what the tag leads to and everything below it from this one repository. Says its digest, or none when there is
/// no such tag.
///
/// # Errors
/// The first thing that is missing, or is not what its digest says.
pub(super) async fn audit(
    client: &reqwest::Client,
    repository: &str,
    tag: &str,
) -> Result<Option<String>, String> {
    let Some(root) = read(client, &format!("{repository}/manifests/{tag}")).await? else {
        return Ok(None);
    };
    let mut below = links(&root)?;
    let mut next = 0;
    while let Some((kind, digest)) = below.get(next).cloned() {
        let url = format!("{repository}/{kind}/{digest}");
        let bytes = read(client, &url).await?.ok_or_else(|| format!("{url} is missing"))?;
        if digest_of(&bytes) != digest {
            return Err(format!("{url} is something else"));
        }
        if kind == "manifests" {
            for link in links(&bytes)? {
                if !below.contains(&link) {
                    below.push(link);
                }
            }
        }
        next += 1;
    }
    Ok(Some(digest_of(&root)))
}

async fn read(client: &reqwest::Client, url: &str) -> Result<Option<Vec<u8>>, String> {
    let wrong = |error: reqwest::Error| format!("{url}: {error}");
    let mut attempts = 0;
    let answer = loop {
        let answer = client.get(url).header(ACCEPT, TYPES).send().await.map_err(wrong)?;
        attempts += 1;
        // The registry's files do not appear whole: who reads a tag that another request is just writing gets this.
        if answer.status() != StatusCode::INTERNAL_SERVER_ERROR || attempts == ATTEMPTS {
            break answer;
        }
        tokio::time::sleep(PAUSE).await;
    };
    match answer.status() {
        StatusCode::OK => Ok(Some(answer.bytes().await.map_err(wrong)?.to_vec())),
        StatusCode::NOT_FOUND => Ok(None),
        status => Err(format!("{url} is answered {status}")),
    }
}

/// What a manifest or index leads to: `manifests` or `blobs`, and the digest.
fn links(manifest: &[u8]) -> Result<Vec<(&'static str, String)>, String> {
    let manifest: Value =
        serde_json::from_slice(manifest).map_err(|error| format!("no manifest: {error}"))?;
    let list = |name: &str| manifest[name].as_array().cloned().unwrap_or_default();
    let digest = |descriptor: &Value| descriptor["digest"].as_str().unwrap_or_default().to_owned();
    let mut links: Vec<_> = list("manifests").iter().map(|below| ("manifests", digest(below))).collect();
    if manifest["config"].is_object() {
        links.push(("blobs", digest(&manifest["config"])));
    }
    // Layers that their publisher keeps are not in a registry.
    let own = list("layers").into_iter().filter(|layer| layer["urls"].is_null());
    links.extend(own.map(|layer| ("blobs", digest(&layer))));
    Ok(links)
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
