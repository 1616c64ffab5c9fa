//! Whether compose can pull what was given as REF.

use std::path::Path;

use contract::Failure;
use registry::Reference;

const FORM: &str = "expected HOST[:PORT]/PATH[:TAG][@sha256:...]";

/// Checks it.
///
/// # Errors
/// Exit code 2 when it is no reference to an image in a registry, or rather a file.
pub(crate) fn check(text: &str) -> Result<(), Failure> {
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
    // What compose puts in for a variable is not known here.
    if text.contains('$') {
        return Ok(());
    }
    match text.parse::<Reference>() {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::usage(error.to_string()).hint(FORM)),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

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
            check(text).unwrap_or_else(|failure| panic!("{text}: {failure}"));
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
            ("v1\" | .services.db.image = \"evil", "cannot use"),
        ] {
            let failure = check(text).unwrap_err();
            assert!(failure.summary().starts_with(expected), "{text:?}: {failure}");
            assert_eq!(failure.exit(), contract::Exit::Usage, "{text:?}");
        }
    }
}
