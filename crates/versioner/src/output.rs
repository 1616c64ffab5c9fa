//! How the variables of a commit are written, a function per format.

use std::io::Write;

use contract::{Failure, output};
use serde::Serialize;

/// The variables of a commit. What is not known is left out.
#[derive(Serialize, Debug)]
pub(crate) struct Variables {
    pub(crate) version: String,
    pub(crate) next_version: String,
    pub(crate) short_sha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ci_image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release_image: Option<String>,
}

impl Variables {
    fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let all = [
            ("VERSION", Some(&self.version)),
            ("NEXT_VERSION", Some(&self.next_version)),
            ("SHORT_SHA", Some(&self.short_sha)),
            ("CI_IMAGE", self.ci_image.as_ref()),
            ("RELEASE_IMAGE", self.release_image.as_ref()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?.as_str())))
    }
}

/// `NAME=value` lines for `artifacts:reports:dotenv`
/// (<https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv>). One line that GitLab does not
/// understand fails the whole upload, so nothing is written unless all of it can be.
pub(crate) fn dotenv(out: &mut dyn Write, variables: &Variables) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, value) in variables.named() {
        let value = dotenv_value(value).ok_or_else(|| {
            let message = format!("cannot write {name} as dotenv: {value:?} would not come back as it is");
            Failure::usage(message)
                .hint("use --format json, or a value without control characters and outer spaces")
        })?;
        text.push_str(&format!("{name}={value}\n"));
    }
    output::bytes(out, text.as_bytes())
}

/// GitLab strips values, ends them at the line's end, takes quotes literally, and expands `$NAME` later: `$$` is a `$`.
fn dotenv_value(value: &str) -> Option<String> {
    let is_kept =
        value.trim() == value && !value.chars().any(|c| c.is_control() || c == '\u{2028}' || c == '\u{2029}');
    is_kept.then(|| value.replace('$', "$$"))
}

/// One JSON document.
pub(crate) fn json(out: &mut dyn Write, variables: &Variables) -> Result<(), Failure> {
    output::json(out, variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dotenv_value_comes_back_as_it_is_or_is_refused() {
        let table = [
            ("1.4.3+g1a2b3c4d", Some("1.4.3+g1a2b3c4d")),
            ("", Some("")),
            ("a b=c", Some("a b=c")),
            ("'a' \"b\" `c` #d \\e", Some("'a' \"b\" `c` #d \\e")),
            ("$(touch x) ${HOME} $$", Some("$$(touch x) $${HOME} $$$$")),
            ("é", Some("é")),
            ("a\nEVIL=1", None),
            ("a\r", None),
            ("a\0b", None),
            (" a", None),
            ("a\t", None),
            ("a\u{85}b", None),
            ("a\u{2028}b", None),
        ];
        for (value, written) in table {
            assert_eq!(dotenv_value(value).as_deref(), written, "{value:?}");
        }
    }

    #[test]
    fn nothing_is_written_when_one_value_cannot_be() {
        let variables = Variables {
            version: "1.0.0".into(),
            next_version: "1.0.0".into(),
            short_sha: "027c3e98".into(),
            ci_image: Some("oci:a\nEVIL=1/ci:027c3e98".into()),
            release_image: None,
        };
        let mut out = Vec::new();
        let failure = dotenv(&mut out, &variables).unwrap_err();
        assert!(failure.summary().contains("CI_IMAGE"), "{failure}");
        assert!(out.is_empty());
    }
}
