//! Some platforms of an image: one is an image of its own, several are an index made of the same images.

use contract::Failure;
use registry::{Content, Descriptor, Digest, Manifest, Platform, Store, Which, media_type};
use serde_json::Value;

/// Where buildx says which image an attestation is about.
const ATTESTED: &str = "vnd.docker.reference.digest";

/// The image that consists of the wanted platforms; the whole when none are wanted.
pub(crate) async fn select(from: &Store, root: Manifest, wanted: &[Platform]) -> Result<Manifest, Failure> {
    if wanted.is_empty() {
        return Ok(root);
    }
    let Content::Index { manifests } = root.content() else {
        return Err(Failure::usage(format!("{} is one image and no index of platforms", root.digest()))
            .hint("leave --platform out, or name the index it belongs to"));
    };
    let mut chosen = Vec::new();
    for platform in wanted {
        let matching: Vec<_> = manifests.iter().filter(|entry| fits(entry, platform)).collect();
        if matching.is_empty() {
            return Err(absent(platform, manifests));
        }
        for entry in matching {
            if !chosen.contains(&entry.digest) {
                chosen.push(entry.digest.clone());
            }
        }
    }
    match chosen.as_slice() {
        [one] => Ok(from.manifest(&Which::Digest(one.clone())).await?),
        several => subset(&root, several),
    }
}

fn fits(entry: &Descriptor, wanted: &Platform) -> bool {
    entry.platform.as_ref().is_some_and(|platform| {
        platform.os == wanted.os
            && platform.architecture == wanted.architecture
            && (wanted.variant.is_none() || platform.variant == wanted.variant)
    })
}

fn absent(platform: &Platform, manifests: &[Descriptor]) -> Failure {
    let known = manifests.iter().filter_map(|entry| entry.platform.as_ref());
    let known: Vec<_> = known.filter(|known| known.os != "unknown").map(ToString::to_string).collect();
    Failure::failed(format!("SRC has no platform {platform}")).hint(format!("it has {}", known.join(", ")))
}

/// The index with the chosen entries and the attestations about them. Its own fields stay; its digest cannot.
fn subset(root: &Manifest, chosen: &[Digest]) -> Result<Manifest, Failure> {
    let unreadable =
        |error: serde_json::Error| Failure::failed("cannot read the index of SRC").because(error);
    let mut index: Value = serde_json::from_slice(root.bytes()).map_err(unreadable)?;
    let is_chosen = |text: Option<&Value>| {
        text.and_then(Value::as_str)
            .is_some_and(|text| chosen.iter().any(|digest| digest.to_string() == text))
    };
    if let Some(Value::Array(entries)) = index.get_mut("manifests") {
        entries.retain(|entry| {
            let attested = entry.get("annotations").and_then(|annotations| annotations.get(ATTESTED));
            is_chosen(entry.get("digest")) || is_chosen(attested)
        });
    }
    let bytes = serde_json::to_vec(&index).map_err(unreadable)?;
    Ok(Manifest::parse(bytes.into(), Some(media_type::OCI_INDEX), &"the chosen platforms")?)
}
