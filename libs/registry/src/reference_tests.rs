//! The grammar as tables.

use super::*;

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

#[test]
fn references_parse_and_print_in_full() {
    let long_tag = "t".repeat(128);
    let table = [
        ("localhost:5000/app", "localhost:5000/app"),
        ("localhost/app:1", "localhost/app:1"),
        ("docker://registry.example.com/team/app/ci:027c3e98", "registry.example.com/team/app/ci:027c3e98"),
        (
            "registry.example.com:443/a/b__c/d.e/f--g:1.4.3_build",
            "registry.example.com:443/a/b__c/d.e/f--g:1.4.3_build",
        ),
        ("alpine", "docker.io/library/alpine"),
        ("alpine:3.20", "docker.io/library/alpine:3.20"),
        ("team/app", "docker.io/team/app"),
        ("index.docker.io/team/app", "docker.io/team/app"),
        ("[::1]:5000/app:x", "[::1]:5000/app:x"),
        ("[fe80::1]/app", "[fe80::1]/app"),
        ("HOST/app", "HOST/app"),
        ("oci:out", "oci:out"),
        ("oci:out/registry:1.4.3", "oci:out/registry:1.4.3"),
        ("oci:/x:y/layout", "oci:/x:y/layout"),
        ("oci:/x:y/layout:tag", "oci:/x:y/layout:tag"),
        ("oci:we@home/layout:tag", "oci:we@home/layout:tag"),
    ];
    for (text, expected) in table {
        let reference: Reference = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(reference.to_string(), expected);
        assert_eq!(
            reference.to_string().parse::<Reference>().unwrap(),
            reference,
            "{text} does not round-trip"
        );
    }
    for prefix in ["localhost:5000/app", "localhost:5000/app:1", "oci:out", "oci:out:1"] {
        let text = format!("{prefix}@{DIGEST}");
        assert_eq!(text.parse::<Reference>().unwrap().to_string(), text);
    }
    assert!(format!("localhost/a:{long_tag}").parse::<Reference>().is_ok());
}

#[test]
fn a_digest_says_more_than_a_tag() {
    let both: Reference = format!("localhost/app:1@{DIGEST}").parse().unwrap();
    assert_eq!(both.which(), Some(Which::Digest(DIGEST.parse().unwrap())));
    let tag: Reference = "localhost/app:1".parse().unwrap();
    assert_eq!(tag.which(), Some(Which::Tag("1".parse().unwrap())));
    let neither: Reference = "localhost/app".parse().unwrap();
    assert_eq!(neither.which(), None);
}

#[test]
fn what_is_no_reference_is_refused_with_the_reason() {
    let long_tag = format!("localhost/a:{}", "t".repeat(129));
    let long_name = format!("localhost/{}", "a".repeat(250));
    let table = [
        ("", "empty"),
        ("localhost:5000/app name", "' '"),
        ("localhost:5000/app\n", "'\\n'"),
        ("https://localhost/app", "without a scheme"),
        ("localhost:5000/", "path behind the host"),
        ("localhost:5000/a//b", "empty part"),
        ("localhost:5000/App", "upper-case"),
        ("localhost:5000/a_", "part 'a_'"),
        ("localhost:5000/a..b", "part 'a..b'"),
        ("localhost:5000/a___b", "part 'a___b'"),
        ("localhost:99999/app", "port"),
        ("localhost:x/app", "port"),
        ("-bad.example/app", "no host"),
        ("[::zz]:5000/app", "no host"),
        ("localhost/app:", "no tag"),
        ("localhost/app:.x", "tag '.x'"),
        ("localhost/app:a+b", "'+'"),
        ("localhost/app:1.4.3+build", "'+'"),
        ("localhost/app@sha256:abc", "no digest"),
        ("localhost/app@", "no digest"),
        ("oci:", "directory"),
        ("oci::tag", "directory"),
        ("../x/y", "no host"),
        (&long_tag, "128"),
        (&long_name, "255"),
    ];
    for (text, reason) in table {
        let error = text.parse::<Reference>().expect_err(text).to_string();
        assert!(error.contains(reason), "{text:?}: {error}");
    }
}

#[test]
fn tags_about_other_images_are_known_by_their_form() {
    let hex = "0123456789abcdef".repeat(4);
    for text in [
        format!("sha256-{hex}"),
        format!("sha512-{hex}"),
        format!("sha256-{hex}.sig"),
        format!("sha256-{hex}.vnd.tested"),
    ] {
        assert!(text.parse::<Tag>().unwrap().is_about_another(), "{text}");
    }
    for text in [
        "latest".to_owned(),
        "sha256-abc".to_owned(),
        format!("sha256-{}", &hex[1..]),
        format!("sha256-{hex}0"),
        format!("sha256-{}", hex.to_uppercase()),
        format!("sha256-{hex}-x"),
        format!("sha256-{hex}."),
        format!("app-{hex}"),
    ] {
        assert!(!text.parse::<Tag>().unwrap().is_about_another(), "{text}");
    }
}
