//! What differs between two images, decided from their manifests and configurations alone.

use std::collections::{BTreeMap, BTreeSet};

use registry::{Descriptor, Manifest};
use serde::Serialize;

use crate::configuration::{Configuration, Run};
use crate::images::{Image, Images, platform_name};
use crate::printable;

/// One of the two images.
pub(crate) struct Side {
    pub(crate) root: Manifest,
    pub(crate) images: Images,
}

/// The outcome.
pub(crate) struct Comparison {
    /// Every platform is in both and has the same configuration.
    pub(crate) same_content: bool,
    pub(crate) differences: Vec<Difference>,
}

/// One thing that differs. Its JSON is an interface.
#[derive(Serialize, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The platform it is about; none when it is about the whole.
    pub(crate) platform: Option<String>,
    /// `media type`, `annotation`, `platform`, `layer`, `env`, `label`, …
    pub(crate) what: &'static str,
    /// Which one of several: the name of a label or a variable, the number of a layer from 1 on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// How it is in A; none where A has no such thing.
    pub(crate) a: Option<String>,
    /// How it is in B.
    pub(crate) b: Option<String>,
}

impl Comparison {
    /// Of images with one digest.
    pub(crate) fn equal() -> Self {
        Self { same_content: true, differences: Vec::new() }
    }
}

/// Collects differences of one platform, or of the whole.
struct Collector<'a> {
    differences: &'a mut Vec<Difference>,
    platform: Option<String>,
}

impl Collector<'_> {
    fn note(&mut self, what: &'static str, name: Option<&str>, a: Option<String>, b: Option<String>) {
        if a != b {
            let (platform, name) = (self.platform.clone(), name.map(str::to_owned));
            self.differences.push(Difference { platform, what, name, a, b });
        }
    }

    fn text(&mut self, what: &'static str, a: &str, b: &str) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        self.note(what, None, some(a), some(b));
    }

    fn words(&mut self, what: &'static str, a: &[String], b: &[String]) {
        let some = |words: &[String]| (!words.is_empty()).then(|| printable::words(words));
        self.note(what, None, some(a), some(b));
    }

    fn map(&mut self, what: &'static str, a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) {
        let names: BTreeSet<_> = a.keys().chain(b.keys()).collect();
        for name in names {
            self.note(what, Some(name), a.get(name).cloned(), b.get(name).cloned());
        }
    }
}

/// What differs between two images whose digests do.
pub(crate) fn compare(a: &Side, b: &Side) -> Comparison {
    let mut differences = Vec::new();
    let are_indexes = is_index(&a.root) && is_index(&b.root);
    // What a single image says of itself is said of its platform.
    if is_index(&a.root) || is_index(&b.root) {
        let mut whole = Collector { differences: &mut differences, platform: None };
        whole.text("media type", a.root.media_type(), b.root.media_type());
        if are_indexes {
            let kind = |side: &Side| side.root.artifact_type().unwrap_or_default().to_owned();
            whole.text("artifact type", &kind(a), &kind(b));
            whole.map("annotation", a.root.annotations(), b.root.annotations());
        }
    }
    let (ours, theirs) = (by_platform(&a.images), by_platform(&b.images));
    let mut same_content = ours.len() == theirs.len();
    for (name, image) in &ours {
        let mut collector = Collector { differences: &mut differences, platform: Some(name.clone()) };
        match theirs.iter().find(|(other, _)| other == name) {
            None => {
                same_content = false;
                collector.note("platform", None, Some(image.digest.to_string()), None);
            }
            Some((_, other)) => {
                same_content &= has_same_content(image, other);
                images(&mut collector, image, other);
            }
        }
    }
    for (name, image) in theirs.iter().filter(|(name, _)| ours.iter().all(|(known, _)| known != name)) {
        same_content = false;
        let mut collector = Collector { differences: &mut differences, platform: Some(name.clone()) };
        collector.note("platform", None, None, Some(image.digest.to_string()));
    }
    attestations(&mut Collector { differences: &mut differences, platform: None }, &a.images, &b.images);
    if are_indexes && differences.is_empty() {
        let order =
            |named: &[(String, &Image)]| named.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let mut whole = Collector { differences: &mut differences, platform: None };
        whole.words("order of the index", &order(&ours), &order(&theirs));
    }
    Comparison { same_content, differences }
}

fn is_index(manifest: &Manifest) -> bool {
    matches!(manifest.content(), registry::Content::Index { .. })
}

/// The images with the names of their platforms. Two of one platform are told apart by their order.
fn by_platform(images: &Images) -> Vec<(String, &Image)> {
    let mut named: Vec<(String, &Image)> = Vec::new();
    for image in &images.images {
        let name = match &image.platform {
            Some(platform) => platform_name(platform),
            None => image.artifact_type.as_ref().unwrap_or(&image.config.media_type).clone(),
        };
        let same = named.iter().filter(|(known, _)| known.split(" #").next() == Some(&name)).count();
        named.push((if same == 0 { name } else { format!("{name} #{}", same + 1) }, image));
    }
    named
}

/// A configuration names the files of all layers, uncompressed, by their digests (image-spec, config.md, "rootfs"). What
/// an artifact has in its place names nothing.
fn has_same_content(a: &Image, b: &Image) -> bool {
    let digests =
        |image: &Image| -> Vec<_> { image.layers.iter().map(|layer| layer.digest.clone()).collect() };
    a.config.digest == b.config.digest && (a.configuration.is_some() || digests(a) == digests(b))
}

fn images(collector: &mut Collector<'_>, a: &Image, b: &Image) {
    if a.digest == b.digest && a.annotations == b.annotations {
        return;
    }
    let before = collector.differences.len();
    collector.text("media type", &a.media_type, &b.media_type);
    collector.map("annotation", &a.annotations, &b.annotations);
    layers(collector, &a.layers, &b.layers);
    if a.config.digest != b.config.digest {
        let told = collector.differences.len();
        if let (Some(a), Some(b)) = (&a.configuration, &b.configuration) {
            configurations(collector, a, b);
        }
        // The digests of layers and the history are in it too; they are told as layers.
        if collector.differences.len() == told {
            let (a, b) = (a.config.digest.to_string(), b.config.digest.to_string());
            collector.note("configuration", None, Some(a), Some(b));
        }
    }
    if collector.differences.len() == before {
        collector.note("manifest", None, Some(a.digest.to_string()), Some(b.digest.to_string()));
    }
}

fn layers(collector: &mut Collector<'_>, a: &[Descriptor], b: &[Descriptor]) {
    let told =
        |layer: Option<&Descriptor>| layer.map(|layer| format!("{} ({} bytes)", layer.digest, layer.size));
    for at in 0..a.len().max(b.len()) {
        let number = (at + 1).to_string();
        collector.note("layer", Some(&number), told(a.get(at)), told(b.get(at)));
        if let (Some(a), Some(b)) = (a.get(at), b.get(at))
            && a.digest == b.digest
        {
            let (a, b) = (Some(a.media_type.clone()), Some(b.media_type.clone()));
            collector.note("media type of layer", Some(&number), a, b);
        }
    }
}

fn configurations(collector: &mut Collector<'_>, a: &Configuration, b: &Configuration) {
    collector.note("created", None, a.created.clone(), b.created.clone());
    let (a, b): (&Run, &Run) = (&a.run, &b.run);
    collector.words("entrypoint", &a.entrypoint, &b.entrypoint);
    collector.words("cmd", &a.cmd, &b.cmd);
    collector.text("user", &a.user, &b.user);
    collector.text("directory", &a.working_dir, &b.working_dir);
    let keys = |set: &BTreeMap<String, _>| set.keys().cloned().collect::<Vec<_>>();
    collector.words("ports", &keys(&a.exposed_ports), &keys(&b.exposed_ports));
    collector.words("volumes", &keys(&a.volumes), &keys(&b.volumes));
    collector.note("stop signal", None, a.stop_signal.clone(), b.stop_signal.clone());
    let healthcheck = |run: &Run| run.healthcheck.as_ref().map(ToString::to_string);
    collector.note("healthcheck", None, healthcheck(a), healthcheck(b));
    collector.map("env", &variables(&a.env), &variables(&b.env));
    collector.map("label", &a.labels, &b.labels);
}

fn variables(env: &[String]) -> BTreeMap<String, String> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').unwrap_or((text, ""));
        (name.to_owned(), value.to_owned())
    };
    env.iter().map(pair).collect()
}

/// Attestations are about images, and are compared as a whole: each has a digest of its own.
fn attestations(collector: &mut Collector<'_>, a: &Images, b: &Images) {
    let digests = |images: &Images| {
        let mut digests: Vec<_> = images.attestations.iter().map(|one| one.digest.to_string()).collect();
        digests.sort();
        (!digests.is_empty()).then(|| digests.join(", "))
    };
    collector.note("attestations", None, digests(a), digests(b));
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
