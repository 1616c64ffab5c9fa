//! What compose can pull: as REF, and as the image that a service has.

use std::path::Path;

use contract::Failure;
use registry::{Reference, Repository};

use crate::interpolation::filled;

const FORM: &str = "expected HOST[:PORT]/PATH[:TAG][@sha256:...]";

/// Checks REF; a `$` in it is one of the name itself if it is to be `escaped`, and else that of a variable.
///
/// # Errors
/// Exit code 2 when it is no reference to an image in a registry, or rather a file.
pub(crate) fn check(text: &str, escaped: bool) -> Result<(), Failure> {
    let wrong = |reason: &str, hint: &str| {
        Err(Failure::usage(format!("cannot use '{text}' as the image: {reason}")).hint(hint))
    };
    if text.is_empty() {
        return Err(
            Failure::usage("the image, REF, is empty").hint("is the variable set that it comes from?")
        );
    }
    if text.starts_with("oci:") || text.starts_with("oci-archive:") {
        return wrong(
            "compose pulls from registries only, not from a layout",
            "push the image and name it there",
        );
    }
    if let Some(bare) = text.strip_prefix("docker://") {
        return wrong("compose knows no prefix", &format!("leave docker:// out: {bare}"));
    }
    if let Some(bad) = text.chars().find(|c| c.is_whitespace() || c.is_control()) {
        return wrong(&format!("it holds {bad:?}"), FORM);
    }
    if Path::new(text).is_file() {
        let message =
            format!("cannot use '{text}' as the image: it is a file here; did you swap REF and FILE?");
        return Err(Failure::usage(message)
            .hint("REF comes first; an image of that name can be written with its registry, as docker.io/library/NAME"));
    }
    if text.contains('$') {
        // What compose puts in for a variable is not known here, but whether it takes it for one is.
        return match filled(text, "variable") {
            Err(reason) if !escaped => wrong(&reason, "--escape writes every $ as $$, for a dollar sign"),
            _ => Ok(()),
        };
    }
    match text.parse::<Reference>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::usage(error.to_string()).hint(FORM)),
    }
}

/// The image that a service has, as a registry knows it.
///
/// # Errors
/// Why no registry can know it.
pub(crate) fn pulled(text: &str) -> Result<Reference, String> {
    if is_id(text) {
        return Err("it is the id of an image, not its name".into());
    }
    if text.starts_with("docker://") {
        return Err("it has a prefix that compose does not know".into());
    }
    let reference: Reference = text.parse().map_err(|error: registry::InvalidReference| error.to_string())?;
    match reference.repository {
        Repository::Remote { .. } => Ok(reference),
        Repository::Layout { .. } => Err("it is no image of a registry".into()),
    }
}

/// `sha256:HEX`, or those 64 digits alone: docker takes both for what it has stored, and asks no registry.
fn is_id(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:").unwrap_or(text);
    digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{check, pulled};

    #[test]
    fn references_that_compose_can_pull() {
        for text in [
            "app",
            "app:1",
            "team/app",
            "localhost:5000/app:1.2.3",
            "registry.example/a/b/ci:1.0.0-3.g0a1b2c3",
            "[::1]:5000/app",
            "${REGISTRY:-docker.io}/app:$TAG",
            &format!("app:1@sha256:{}", "0".repeat(64)),
        ] {
            check(text, false).unwrap_or_else(|failure| panic!("{text}: {failure}"));
        }
    }

    #[test]
    fn references_that_it_cannot() {
        for (text, expected) in [
            ("", "the image, REF, is empty"),
            ("oci:layout:1", "cannot use 'oci:layout:1' as the image: compose pulls from registries only"),
            ("docker://app:1", "cannot use 'docker://app:1' as the image: compose knows no prefix"),
            ("app:1 # x", "cannot use 'app:1 # x' as the image: it holds ' '"),
            ("app:1\n", "cannot use 'app:1 ' as the image: it holds '\\n'"),
            ("${A:?not set}", "cannot use '${A:?not set}' as the image: it holds ' '"),
            ("Team/App", "'Team/App' is no image reference: "),
            ("https://host/app", "'https://host/app' is no image reference: it starts with https://"),
            ("app:", "'app:' is no image reference: "),
            ("app@sha256:0", "'app@sha256:0' is no image reference: "),
            ("app:${TAG", "cannot use 'app:${TAG' as the image: the brace of '${TAG' is not closed"),
            ("app:$", "cannot use 'app:$' as the image: a $ stands there without the name of a variable"),
            ("v1\" | .services.db.image = \"evil", "cannot use"),
        ] {
            let failure = check(text, false).unwrap_err();
            assert!(failure.summary().starts_with(expected), "{text:?}: {failure}");
            assert_eq!(failure.exit(), contract::Exit::Usage, "{text:?}");
        }
    }

    #[test]
    fn a_dollar_sign_that_is_escaped_is_no_variable() {
        check("app:${TAG", true).unwrap();
    }

    #[test]
    fn what_no_registry_knows_says_why() {
        let id = "0123456789abcdef".repeat(4);
        for (text, reason) in [
            (format!("sha256:{id}"), "it is the id of an image, not its name"),
            (id, "it is the id of an image, not its name"),
            ("oci:layout:1".into(), "it is no image of a registry"),
            ("oci:layout".into(), "it is no image of a registry"),
            ("docker://nginx:1".into(), "it has a prefix that compose does not know"),
            ("nginx:".into(), "'nginx:' is no image reference: there is no tag behind the last colon"),
        ] {
            assert_eq!(pulled(&text), Err(reason.to_owned()), "{text}");
        }
        assert_eq!(pulled("sha256:1").unwrap().to_string(), "docker.io/library/sha256:1");
    }
}
