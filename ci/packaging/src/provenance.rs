//! What was built, from what, and by whom: an in-toto statement with SLSA's provenance (<https://slsa.dev/spec/v1.0/provenance>).
//! It is not signed here: a key belongs to who publishes.

use std::path::Path;
use std::{env, fs, io};

use serde_json::{Value, json};

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
    // Who builds at home says what was built; only a CI system says where and for whom.
    let source = repository.as_ref().map(|url| format!("git+{url}"));
    let builder =
        variable(&["CI_SERVER_URL", "GITHUB_SERVER_URL"]).unwrap_or_else(|| "urn:pypelines:local".to_owned());
    let run = variable(&["CI_JOB_URL"])
        .or_else(|| Some(format!("{}/actions/runs/{}", repository.as_ref()?, variable(&["GITHUB_RUN_ID"])?)));
    let mut statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:pypelines:ci-dist:1",
                "externalParameters": { "version": version },
                "internalParameters": { "SOURCE_DATE_EPOCH": crate::archive::date() },
                "resolvedDependencies": [{ "name": "pypelines", "digest": { "gitCommit": commit } }],
            },
            "runDetails": { "builder": { "id": builder } },
        },
    });
    let predicate = &mut statement["predicate"];
    if let Some(source) = source {
        predicate["buildDefinition"]["externalParameters"]["source"] = json!(source);
        predicate["buildDefinition"]["resolvedDependencies"][0]["uri"] = json!(source);
    }
    if let Some(run) = run {
        predicate["runDetails"]["metadata"] = json!({ "invocationId": run });
    }
    Ok(statement)
}
