//! Whatever a server sends for a manifest: no panic, and what is accepted keeps its bytes.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use super::*;

/// Any JSON, rather small.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z]{1,12}", inner, 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A descriptor, right or nearly so.
fn descriptor() -> impl Strategy<Value = Value> {
    let size = prop_oneof![9 => 0..i64::MAX, 1 => any::<i64>()];
    let digest = prop_oneof![8 => "sha256:[0-9a-f]{64}", 1 => "sha512:[0-9a-f]{128}", 1 => ".{0,20}"];
    (digest, size, any_json(), prop::option::weighted(0.2, any_json())).prop_map(
        |(digest, size, more, urls)| {
            let mut descriptor = json!({ "mediaType": "m", "digest": digest, "size": size, "x-more": more });
            urls.into_iter().for_each(|urls| descriptor["urls"] = urls);
            descriptor
        },
    )
}

fn manifest() -> impl Strategy<Value = Value> {
    let media_type = prop_oneof![
        Just(media_type::OCI_INDEX),
        Just(media_type::OCI_MANIFEST),
        Just(media_type::DOCKER_LIST),
        Just(media_type::DOCKER_MANIFEST),
    ];
    let spoiled = ("(config|layers|subject|manifests|annotations|schemaVersion|mediaType)", any_json());
    let lists = prop::collection::vec(descriptor(), 0..3);
    (media_type, descriptor(), lists, prop::option::weighted(0.3, spoiled)).prop_map(
        |(media_type, one, list, spoiled)| {
            let mut manifest = json!({
                "schemaVersion": 2, "mediaType": media_type, "config": one, "layers": list, "manifests": list,
                "subject": one,
            });
            spoiled.into_iter().for_each(|(field, value)| manifest[field] = value);
            manifest
        },
    )
}

fn check(bytes: Vec<u8>, told: Option<&str>) -> Result<bool, TestCaseError> {
    let Ok(manifest) = Manifest::parse(Bytes::from(bytes.clone()), told, &"x") else { return Ok(false) };
    prop_assert_eq!(manifest.bytes(), &bytes);
    prop_assert!(manifest.digest().matches(&bytes));
    Ok(true)
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_kept(bytes in any::<Vec<u8>>(), told in prop::option::of(".{0,40}")) {
        check(bytes, told.as_deref())?;
    }

    #[test]
    fn any_json_is_refused_or_kept(value in any_json()) {
        check(value.to_string().into_bytes(), Some(media_type::OCI_MANIFEST))?;
    }

    #[test]
    fn what_is_nearly_a_manifest_is_refused_or_kept(value in manifest(), pretty in any::<bool>()) {
        let text = if pretty { format!("{value:#}\n") } else { value.to_string() };
        check(text.into_bytes(), None)?;
    }
}

#[test]
fn many_of_those_that_are_nearly_manifests_are_some() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let accepted = (0..200).filter(|_| {
        let value = manifest().new_tree(&mut runner).unwrap().current();
        check(value.to_string().into_bytes(), None).unwrap()
    });
    assert!(accepted.count() > 20, "the properties are about nothing");
}
