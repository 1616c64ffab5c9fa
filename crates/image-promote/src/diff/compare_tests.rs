//! Images that differ in one thing each.

use super::*;
use registry::{Digest, media_type};

/// An image as its parts: what the tests change.
#[derive(Clone)]
struct Parts {
    media_type: &'static str,
    platform: &'static str,
    config: &'static str,
    layers: Vec<&'static str>,
    annotation: Option<&'static str>,
}

fn parts() -> Parts {
    Parts {
        media_type: media_type::OCI_MANIFEST,
        platform: "linux/amd64",
        config: r#"{"os":"linux","config":{"Env":["A=1","B=2"],"Labels":{"x":"y"},"Cmd":["run"]}}"#,
        layers: vec!["one", "two"],
        annotation: None,
    }
}

fn blob(content: &str) -> Descriptor {
    Descriptor {
        media_type: "blob".into(),
        digest: Digest::of(content.as_bytes()),
        size: content.len() as u64,
        platform: None,
        foreign: false,
        annotations: BTreeMap::new(),
    }
}

fn image(parts: &Parts) -> Image {
    let whole = format!("{}{}{:?}{:?}", parts.media_type, parts.config, parts.layers, parts.annotation);
    Image {
        digest: Digest::of(whole.as_bytes()),
        media_type: parts.media_type.into(),
        artifact_type: None,
        platform: Some(parts.platform.parse().unwrap()),
        annotations: parts
            .annotation
            .map(|value| ("note".to_owned(), value.to_owned()))
            .into_iter()
            .collect(),
        config: blob(parts.config),
        layers: parts.layers.iter().map(|layer| blob(layer)).collect(),
        configuration: Some(serde_json::from_str(parts.config).unwrap()),
    }
}

/// An index of these images; only what is noted at the root is in its bytes.
fn side(kind: &str, list: &[Parts]) -> Side {
    let text = format!(r#"{{"schemaVersion":2,"mediaType":"{kind}","manifests":[]}}"#);
    let root = Manifest::parse(bytes::Bytes::from(text), None, &"x").unwrap();
    Side { root, images: Images { images: list.iter().map(image).collect(), attestations: Vec::new() } }
}

fn told(comparison: &Comparison) -> Vec<String> {
    let tell = |difference: &Difference| {
        let Difference { platform, what, name, a, b } = difference;
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
        let words = [platform.clone(), Some((*what).to_owned()), name.clone()];
        let words: Vec<_> = words.into_iter().flatten().collect();
        format!("{}: {} {}", words.join(" "), or_dash(a), or_dash(b))
    };
    comparison.differences.iter().map(tell).collect()
}

fn of_one_platform(change: impl Fn(&mut Parts)) -> Comparison {
    let mut other = parts();
    change(&mut other);
    compare(&side(media_type::OCI_INDEX, &[parts()]), &side(media_type::OCI_INDEX, &[other]))
}

#[test]
fn what_is_in_a_configuration_is_told_by_name() {
    let comparison = of_one_platform(|other| {
        other.config =
            r#"{"os":"linux","config":{"Env":["A=1","B=3","C="],"Cmd":["run","it"],"User":"1000"}}"#;
    });
    assert!(!comparison.same_content);
    assert_eq!(
        told(&comparison),
        [
            r#"linux/amd64 cmd: ["run"] ["run", "it"]"#,
            "linux/amd64 user: - 1000",
            "linux/amd64 env B: 2 3",
            "linux/amd64 env C: - ",
            "linux/amd64 label x: y -",
        ]
    );
}

#[test]
fn a_change_that_has_no_name_is_told_as_the_digest_of_the_configuration() {
    let comparison = of_one_platform(|other| {
        other.config =
            r#"{"os":"linux","config":{"Env":["A=1","B=2"],"Labels":{"x":"y"},"Cmd":["run"]},"author":"z"}"#;
    });
    assert!(!comparison.same_content);
    let told = told(&comparison);
    assert!(told.len() == 1 && told[0].starts_with("linux/amd64 configuration: sha256:"), "{told:?}");
}

#[test]
fn layers_are_told_by_number_and_packed_otherwise_they_are_the_same_content() {
    let comparison = of_one_platform(|other| other.layers = vec!["one", "2", "three"]);
    // The configuration names the files of the layers, and it is the same.
    assert!(comparison.same_content);
    let told = told(&comparison);
    assert!(
        told[0].starts_with("linux/amd64 layer 2: sha256:") && told[0].ends_with("(1 bytes)"),
        "{told:?}"
    );
    assert!(told[1].starts_with("linux/amd64 layer 3: - sha256:"), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_platform_in_one_only_is_another_content() {
    let arm = Parts { platform: "linux/arm64", ..parts() };
    let (both, one) = (side(media_type::OCI_INDEX, &[parts(), arm]), side(media_type::OCI_INDEX, &[parts()]));
    for (a, b, form) in
        [(&both, &one, "linux/arm64 platform: sha256:"), (&one, &both, "linux/arm64 platform: - sha256:")]
    {
        let comparison = compare(a, b);
        assert!(!comparison.same_content);
        let told = told(&comparison);
        assert!(told.len() == 1 && told[0].starts_with(form), "{told:?}");
    }
}

#[test]
fn packed_anew_with_other_types_or_notes_is_the_same_content() {
    let other = Parts { media_type: media_type::DOCKER_MANIFEST, annotation: Some("new"), ..parts() };
    let comparison =
        compare(&side(media_type::OCI_INDEX, &[parts()]), &side(media_type::DOCKER_LIST, &[other]));
    assert!(comparison.same_content);
    let (oci, docker) = (media_type::OCI_INDEX, media_type::DOCKER_LIST);
    let (image, of_docker) = (media_type::OCI_MANIFEST, media_type::DOCKER_MANIFEST);
    assert_eq!(
        told(&comparison),
        [
            format!("media type: {oci} {docker}"),
            format!("linux/amd64 media type: {image} {of_docker}"),
            "linux/amd64 annotation note: - new".to_owned(),
        ]
    );
}

#[test]
fn the_same_images_in_another_order_are_the_same_content() {
    let arm = Parts { platform: "linux/arm64/v8", ..parts() };
    let bare = Parts { platform: "linux/arm64", ..parts() };
    let kind = media_type::OCI_INDEX;
    let comparison = compare(&side(kind, &[parts(), arm]), &side(kind, &[bare, parts()]));
    assert!(comparison.same_content);
    assert_eq!(
        told(&comparison),
        [r#"order of the index: ["linux/amd64", "linux/arm64"] ["linux/arm64", "linux/amd64"]"#]
    );
}

#[test]
fn two_images_of_one_platform_are_compared_in_their_order() {
    let old = Parts { layers: vec!["old"], ..parts() };
    let kind = media_type::OCI_INDEX;
    let comparison = compare(&side(kind, &[parts(), parts()]), &side(kind, &[parts(), old]));
    let told = told(&comparison);
    assert!(told.iter().all(|line| line.starts_with("linux/amd64 #2 layer")), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn an_artifact_is_the_same_content_only_with_the_same_layers() {
    let mut sides = [side(media_type::OCI_INDEX, &[parts()]), side(media_type::OCI_INDEX, &[parts()])];
    for side in &mut sides {
        let image = &mut side.images.images[0];
        (image.platform, image.configuration, image.artifact_type) = (None, None, Some("a/b".into()));
    }
    let [a, mut b] = sides;
    assert!(compare(&a, &b).same_content);
    b.images.images[0].layers.truncate(1);
    b.images.images[0].digest = Digest::of(b"other");
    let comparison = compare(&a, &b);
    assert!(!comparison.same_content);
    assert!(told(&comparison)[0].starts_with("a/b layer 2"), "{:?}", told(&comparison));
}
