//! A signed image with a bill of materials that is signed, too, in each of the ways registries keep such things.

use std::fs;

use serde_json::{Value, json};
use testkit::{Output, Tool, tool};

use super::http;
use crate::image_promote_read::crafted::{Crafted, of_platform};

/// The repository the image is in, under the tag `1`.
pub(super) const SOURCE: &str = "team/app/ci";
pub(super) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// How a registry is told who refers to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// Not at all: it finds out by itself.
    Native,
    /// By an index under the referrers tag.
    Tag,
}

/// The image and what is about it, as descriptors.
pub(super) struct Stand {
    pub(super) crafted: Crafted,
    pub(super) index: Value,
    /// The image for linux/amd64.
    pub(super) amd: Value,
    /// Of the index, with annotations.
    pub(super) signature: Value,
    /// Of the image for linux/amd64; an index.
    pub(super) bill: Value,
    /// Of the bill of materials.
    pub(super) countersignature: Value,
    /// cosign's of the index; it has no subject.
    pub(super) cosign: Value,
    /// cosign's attestation of the image for linux/amd64.
    pub(super) attestation: Value,
    /// Of the index; it has a subject and a tag.
    pub(super) mark: Value,
}

pub(super) fn digest(descriptor: &Value) -> &str {
    descriptor["digest"].as_str().expect("a digest")
}

/// The tag about a digest with this suffix.
pub(super) fn tag_of(descriptor: &Value, suffix: &str) -> String {
    format!("{}{suffix}", digest(descriptor).replace(':', "-"))
}

impl Stand {
    pub(super) fn new() -> Self {
        let crafted = Crafted::new();
        let amd =
            of_platform(&crafted.image("amd64", &json!({ "User": "a" }), &["one", "two"]), "linux", "amd64");
        let arm = of_platform(&crafted.image("arm64", &json!({ "User": "b" }), &["one"]), "linux", "arm64");
        let index = crafted.index(&[&amd, &arm, &crafted.attestation(&amd)], &json!({}));
        let artifact = |kind: &str, subject: Option<&Value>, content: &str| {
            let config = crafted.blob("application/vnd.oci.empty.v1+json", b"{}");
            let layer = crafted.blob("application/vnd.example.content", content.as_bytes());
            let mut fields = json!({
                "artifactType": kind, "config": config, "layers": [layer],
                "annotations": { "content": content, "by": "somebody" },
            });
            if let Some(subject) = subject {
                let mut subject = subject.clone();
                subject.as_object_mut().expect("an object").remove("platform");
                fields["subject"] = subject;
            }
            crafted.manifest(&fields)
        };
        let signature = artifact("application/vnd.example.signature", Some(&index), "signature");
        // As buildx would attach one for each platform: an index that has a subject itself.
        let part = artifact("application/vnd.example.part", None, "part of the bill");
        let mut subject = amd.clone();
        subject.as_object_mut().expect("an object").remove("platform");
        let bill = json!({
            "schemaVersion": 2, "mediaType": INDEX, "artifactType": "application/spdx",
            "manifests": [part], "subject": subject,
        });
        let bill = crafted.blob(INDEX, bill.to_string().as_bytes());
        let countersignature = artifact("application/vnd.example.signature", Some(&bill), "countersignature");
        let cosign = artifact("application/vnd.example.cosign", None, "cosign");
        let attestation = artifact("application/vnd.example.cosign", None, "attestation");
        let mark = artifact("application/vnd.pypelines.mark.v1+json", Some(&index), "tested");
        let mut stand =
            Self { crafted, index, amd, signature, bill, countersignature, cosign, attestation, mark };
        stand.crafted.tag(&stand.index.clone(), "1");
        stand
    }

    pub(super) fn bytes(&self, descriptor: &Value) -> Vec<u8> {
        let hex = digest(descriptor).trim_start_matches("sha256:");
        fs::read(self.crafted.path().join("blobs/sha256").join(hex)).expect("a blob")
    }

    /// What has a subject, the deepest last.
    pub(super) fn referring(&self) -> [(&Value, &Value); 4] {
        [
            (&self.index, &self.signature),
            (&self.index, &self.mark),
            (&self.amd, &self.bill),
            (&self.bill, &self.countersignature),
        ]
    }

    /// The tags that are about the image, with what they lead to.
    pub(super) fn tags(&self) -> [(String, &Value); 3] {
        [
            (tag_of(&self.index, ".sig"), &self.cosign),
            (tag_of(&self.amd, ".att"), &self.attestation),
            (tag_of(&self.index, ".tested"), &self.mark),
        ]
    }

    /// Puts everything into a repository, byte by byte.
    pub(super) fn push(&self, address: &str, scheme: Scheme) {
        let blobs = fs::read_dir(self.crafted.path().join("blobs/sha256")).expect("blobs");
        let (mut images, mut indexes) = (Vec::new(), Vec::new());
        for blob in blobs {
            let bytes = fs::read(blob.expect("an entry").path()).expect("a blob");
            let fields: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let kind = fields["mediaType"].as_str().map(str::to_owned);
            match kind.as_deref() {
                Some(INDEX) => indexes.push(bytes),
                Some(_) => images.push(bytes),
                None => http::put_blob(address, SOURCE, &format!("sha256:{}", sha256(&bytes)), &bytes),
            }
        }
        for (kind, manifests) in [(MANIFEST, images), (INDEX, indexes)] {
            for bytes in manifests {
                http::put_manifest(address, SOURCE, &format!("sha256:{}", sha256(&bytes)), kind, &bytes);
            }
        }
        http::put_manifest(address, SOURCE, "1", INDEX, &self.bytes(&self.index));
        for (tag, artifact) in self.tags() {
            http::put_manifest(address, SOURCE, &tag, MANIFEST, &self.bytes(artifact));
        }
        if scheme == Scheme::Tag {
            for (subject, referrers) in [
                (&self.index, vec![&self.signature, &self.mark]),
                (&self.amd, vec![&self.bill]),
                (&self.bill, vec![&self.countersignature]),
            ] {
                let list = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": referrers });
                let list = list.to_string();
                http::put_manifest(address, SOURCE, &tag_of(subject, ""), INDEX, list.as_bytes());
            }
        }
    }

    /// Is everything about the image in this repository, and found there?
    pub(super) fn is_all_in(&self, address: &str, repository: &str, scheme: Scheme) -> Result<(), String> {
        for (subject, referrer) in self.referring() {
            let target = match scheme {
                Scheme::Native => format!("/v2/{repository}/referrers/{}", digest(subject)),
                Scheme::Tag => format!("/v2/{repository}/manifests/{}", tag_of(subject, "")),
            };
            let list = http::json(address, &target).ok_or_else(|| format!("there is no {target}"))?;
            let entries = list["manifests"].as_array().cloned().unwrap_or_default();
            let entry = entries.iter().find(|entry| entry["digest"] == referrer["digest"]);
            let entry = entry.ok_or_else(|| format!("{} is not in {target}", digest(referrer)))?;
            let fields: Value = serde_json::from_slice(&self.bytes(referrer)).expect("JSON");
            for (ours, theirs) in [
                (&entry["artifactType"], &fields["artifactType"]),
                (&entry["annotations"], &fields["annotations"]),
            ] {
                if ours != theirs {
                    return Err(format!("{target}: {ours} stands for {theirs}"));
                }
            }
            self.is_in(address, repository, digest(referrer), referrer)?;
        }
        self.tags().iter().try_for_each(|(tag, artifact)| self.is_in(address, repository, tag, artifact))
    }

    /// Is this there, byte for byte, with its blobs?
    pub(super) fn is_in(
        &self,
        address: &str,
        repository: &str,
        reference: &str,
        descriptor: &Value,
    ) -> Result<(), String> {
        let found = http::get(address, &format!("/v2/{repository}/manifests/{reference}"));
        let found = found.ok_or_else(|| format!("there is no {reference}"))?;
        if found != self.bytes(descriptor) {
            return Err(format!("{reference} is something else"));
        }
        let fields: Value = serde_json::from_slice(&found).expect("JSON");
        for layer in fields["layers"].as_array().into_iter().flatten() {
            let blob = http::get(address, &format!("/v2/{repository}/blobs/{}", digest(layer)));
            if blob != Some(self.bytes(layer)) {
                return Err(format!("the layer of {reference} is not there"));
            }
        }
        let parts = fields["manifests"].as_array().cloned().unwrap_or_default();
        parts.iter().try_for_each(|part| self.is_in(address, repository, digest(part), part))
    }
}

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn sha256(bytes: &[u8]) -> String {
    crate::image_promote_read::crafted::sha256(bytes)
}

pub(super) fn copy(from: &str, to: &str) -> Tool {
    tool("image-promote").args(["copy", from, to, "--referrers"])
}

/// What the first destination says of referrers: copied, skipped, tags, unlisted.
pub(super) fn delivered(output: &Output) -> [u64; 4] {
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    let referrers = &report["destinations"][0]["referrers"];
    ["copied", "skipped", "tags", "unlisted"].map(|name| referrers[name].as_u64().expect(name))
}
