//! What was built, from what, and by whom: an in-toto statement with SLSA's provenance (<https://slsa.dev/spec/v1.0/provenance>).
//! It is not signed here: a key belongs to who publishes.

use std::path::Path;
use std::{env, fs, io};

use serde_json::{Value, json};

use crate::image::created;

/// The statement over the files that a list of checksums, as `sha256sum` writes it, names.
///
/// # Errors
/// The list cannot be read.
pub(crate) fn statement(checksums: &Path, commit: &str, version: &str) -> io::Result<Value> {
    let list = fs::read_to_string(checksums)?;
    let subjects = list.lines().filter_map(|line| line.split_once("  "));
    let subjects: Vec<_> =
        subjects.map(|(hex, name)| json!({ "name": name, "digest": { "sha256": hex } })).collect();
    let variable =
        |names: &[&str]| names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    let repository = variable(&["CI_PROJECT_URL"]).or_else(|| {
        Some(format!("{}/{}", variable(&["GITHUB_SERVER_URL"])?, variable(&["GITHUB_REPOSITORY"])?))
    });
    let source = repository.as_ref().map_or_else(|| "git+local".to_owned(), |url| format!("git+{url}"));
    let builder = variable(&["CI_SERVER_URL", "GITHUB_SERVER_URL"]).unwrap_or_else(|| "local".to_owned());
    Ok(json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": format!("{source}#ci/dist"),
                "externalParameters": { "source": source, "version": version },
                "internalParameters": { "SOURCE_DATE_EPOCH": crate::archive::date() },
                "resolvedDependencies": [{ "uri": source, "digest": { "gitCommit": commit } }],
            },
            "runDetails": {
                "builder": { "id": builder },
                "metadata": { "invocationId": variable(&["CI_JOB_URL", "GITHUB_RUN_ID"]), "startedOn": created() },
            },
        },
    }))
}
