//! What was built, from what, and by whom: an in-toto statement with SLSA's provenance (<https://slsa.dev/spec/v1.0/provenance>).
//! It is not signed here: a key belongs to who publishes.

use std::path::Path;
use std::{env, fs, io};

use serde_json::{Value, json};

use crate::sbom::debian_purl;

/// What went into a release, beyond the machine that it was made on.
pub(crate) struct Given {
    pub(crate) commit: String,
    pub(crate) version: String,
    /// The address of the project.
    pub(crate) source: String,
    /// Where its releases lie, as install.sh has it.
    pub(crate) base_url: String,
    /// Packages of Debian, by name and version.
    pub(crate) packages: Vec<(String, String)>,
    /// The digest of the image that the image of all tools stands on, if that is not made of packages.
    pub(crate) base: Option<String>,
}

/// The statement over the files that a list of checksums, as `sha256sum` writes it, names, and over images, listed as
/// `NAME DIGEST`.
///
/// # Errors
/// A list cannot be read.
pub(crate) fn statement(checksums: &Path, images: &Path, given: &Given) -> io::Result<Value> {
    let (files, images) = (fs::read_to_string(checksums)?, fs::read_to_string(images)?);
    let subject = |name: &str, hex: &str| json!({ "name": name, "digest": { "sha256": hex } });
    let files = files.lines().filter_map(|line| line.split_once("  "));
    let images = images.lines().filter_map(|line| line.split_once(" sha256:"));
    let subjects: Vec<_> = files
        .map(|(hex, name)| subject(name, hex))
        .chain(images.map(|(name, hex)| subject(&format!("images/{name}:{}", given.version), hex)))
        .collect();
    let variable =
        |names: &[&str]| names.iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    // Who builds at home says what was built; only a CI system says by whom.
    let source = format!("git+{}", given.source);
    let builder =
        variable(&["CI_SERVER_URL", "GITHUB_SERVER_URL"]).unwrap_or_else(|| "urn:pypelines:local".to_owned());
    let run = variable(&["CI_JOB_URL"]).or_else(|| {
        let [server, repository, run] =
            ["GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"].map(|name| variable(&[name]));
        Some(format!("{}/{}/actions/runs/{}", server?, repository?, run?))
    });
    let mut dependencies =
        vec![json!({ "name": "pypelines", "uri": source, "digest": { "gitCommit": given.commit } })];
    dependencies.extend(
        given.packages.iter().map(|package| json!({ "name": package.0, "uri": debian_purl(package) })),
    );
    if let Some(hex) = given.base.as_deref().and_then(|digest| digest.strip_prefix("sha256:")) {
        dependencies.push(json!({ "name": "base", "digest": { "sha256": hex } }));
    }
    let mut statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:pypelines:ci-dist:1",
                "externalParameters": { "version": given.version, "source": source, "baseUrl": given.base_url },
                "internalParameters": { "SOURCE_DATE_EPOCH": crate::archive::date() },
                "resolvedDependencies": dependencies,
            },
            "runDetails": { "builder": { "id": builder } },
        },
    });
    if let Some(run) = run {
        statement["predicate"]["runDetails"]["metadata"] = json!({ "invocationId": run });
    }
    Ok(statement)
}
