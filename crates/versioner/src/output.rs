//! How results are written, a function per format.

use std::io::Write;

use contract::{Failure, output};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::escape;
use crate::labels::Labels;

/// The variables of a commit. What is not known is left out.
#[derive(Serialize, Debug, Default)]
pub(crate) struct Variables {
    pub(crate) version: String,
    pub(crate) next_version: String,
    pub(crate) short_sha: String,
    pub(crate) commit_sha: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_tags: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ci_image: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) release_image: Option<String>,
}

impl Variables {
    fn named(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("VERSION", Some(self.version.clone())),
            ("NEXT_VERSION", Some(self.next_version.clone())),
            ("SHORT_SHA", Some(self.short_sha.clone())),
            ("COMMIT_SHA", Some(self.commit_sha.clone())),
            ("BRANCH", self.branch.clone()),
            ("IMAGE_TAGS", self.image_tags.as_ref().map(|tags| tags.join(","))),
            ("CI_IMAGE", self.ci_image.clone()),
            ("RELEASE_IMAGE", self.release_image.clone()),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// `NAME=value` lines for `artifacts:reports:dotenv`
/// (<https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv>). One line that GitLab does not
/// understand fails the whole upload, so nothing is written unless all of it can be.
pub(crate) fn dotenv(out: &mut dyn Write, variables: &Variables) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, value) in variables.named() {
        let value = escape::dotenv(&value).ok_or_else(|| {
            let message = format!("cannot write {name} as dotenv: {value:?} would not come back as it is");
            Failure::usage(message)
                .hint("use --format json, or a value without control characters and outer spaces")
        })?;
        text.push_str(&format!("{name}={value}\n"));
    }
    output::bytes(out, text.as_bytes())
}

/// What `$GITHUB_OUTPUT` and `$GITHUB_ENV` take.
pub(crate) fn github(out: &mut dyn Write, variables: &Variables) -> Result<(), Failure> {
    let blocks = variables.named().into_iter().map(|(name, value)| escape::github(name, &value));
    output::bytes(out, blocks.collect::<String>().as_bytes())
}

/// What a shell's eval takes.
pub(crate) fn sh(out: &mut dyn Write, variables: &Variables) -> Result<(), Failure> {
    let lines = variables.named().into_iter();
    let lines = lines.map(|(name, value)| format!("export {name}={}\n", escape::quoted(&value)));
    output::bytes(out, lines.collect::<String>().as_bytes())
}

/// The tags of an image.
#[derive(Serialize, Debug)]
pub(crate) struct Tags {
    pub(crate) tags: Vec<String>,
    /// The full references, where it is known where images are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) references: Option<Vec<String>>,
}

/// A file for docker buildx bake: a target to inherit from (<https://docs.docker.com/build/bake/reference/>).
pub(crate) fn bake(out: &mut dyn Write, references: &[String]) -> Result<(), Failure> {
    pretty(out, &json!({ "target": { "versioner": { "tags": references } } }))
}

/// The value of `buildctl build --output`, a row of CSV.
pub(crate) fn buildctl(out: &mut dyn Write, references: &[String]) -> Result<(), Failure> {
    output::line(out, &format!("type=image,\"name={}\",push=true", references.join(",")))
}

/// An option for each value, `--tag VALUE`, on one line: that is what a shell's `eval` takes for one command.
pub(crate) fn options(
    out: &mut dyn Write,
    option: &str,
    values: impl IntoIterator<Item = String>,
) -> Result<(), Failure> {
    let words: Vec<_> =
        values.into_iter().map(|value| format!("{option} {}", escape::word(&value))).collect();
    output::line(out, &words.join(" "))
}

/// A label a line, `NAME=value`. Nothing is written when a value has several.
pub(crate) fn label_lines(out: &mut dyn Write, labels: &Labels) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, value) in labels {
        if value.contains(['\n', '\r']) {
            let message = format!("cannot write the label {name} on a line: {value:?} has several");
            return Err(Failure::usage(message).hint("use --format json"));
        }
        text.push_str(&format!("{name}={value}\n"));
    }
    output::bytes(out, text.as_bytes())
}

/// Labels as one JSON document.
pub(crate) fn labels(out: &mut dyn Write, labels: &Labels) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Body {
        labels: Map<String, Value>,
    }
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    output::json(out, &Body { labels })
}

/// Somebody else's format, which has no place for our schema.
fn pretty(out: &mut dyn Write, value: &Value) -> Result<(), Failure> {
    output::line(out, &format!("{value:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_when_one_value_cannot_be() {
        let ci_image = Some("oci:a\nEVIL=1/ci:027c3e98".into());
        let variables = Variables { version: "1.0.0".into(), ci_image, ..Variables::default() };
        let mut out = Vec::new();
        let failure = dotenv(&mut out, &variables).unwrap_err();
        assert!(failure.summary().contains("CI_IMAGE"), "{failure}");
        assert!(out.is_empty());
    }
}
