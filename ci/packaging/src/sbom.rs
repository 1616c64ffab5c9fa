//! Bills of materials: which crates are in a binary, as CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::image::created;

/// The bill of a tool, for a target such as `x86_64-unknown-linux-musl`.
///
/// # Errors
/// `cargo metadata` fails, or knows no such package.
pub(crate) fn of(package: &str, target: &str) -> io::Result<Value> {
    let metadata: Value =
        serde_json::from_slice(&cargo(&["metadata", "--format-version=1", "--filter-platform", target])?)?;
    let built = built_with(package, target)?;
    let packages: BTreeMap<&str, &Value> =
        each(&metadata["packages"]).filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let nodes: BTreeMap<&str, &Value> =
        each(&metadata["resolve"]["nodes"]).filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let root = packages.iter().find(|(_, known)| known["name"] == package);
    let (&root, _) = root.ok_or_else(|| io::Error::other(format!("there is no package {package}")))?;

    let mut linked: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut left = vec![root];
    while let Some(id) = left.pop() {
        if linked.contains_key(id) {
            continue;
        }
        let below: BTreeSet<&str> = nodes
            .get(id)
            .into_iter()
            .flat_map(|node| each(&node["deps"]))
            .filter(|dependency| each(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()))
            .filter_map(|dependency| dependency["pkg"].as_str())
            .filter(|id| packages.get(id).is_some_and(|package| built.contains(&name_and_version(package))))
            .collect();
        left.extend(&below);
        linked.insert(id, below.into_iter().collect());
    }

    let name = |id: &str| packages.get(id).map(|package| purl(package)).unwrap_or_default();
    let mut components: Vec<_> = linked
        .keys()
        .filter(|id| **id != root)
        .filter_map(|id| packages.get(id))
        .map(|package| component(package, "library"))
        .collect();
    components.sort_by_key(|component| component["purl"].to_string());
    let mut dependencies: Vec<_> = linked
        .iter()
        .map(|(id, below)| {
            let mut on: Vec<_> = below.iter().map(|id| name(id)).collect();
            on.sort();
            json!({ "ref": name(id), "dependsOn": on })
        })
        .collect();
    dependencies.sort_by_key(|dependency| dependency["ref"].to_string());
    let mut bill = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": { "timestamp": created(), "component": packages.get(root).map(|package| component(package, "application")) },
        "components": components, "dependencies": dependencies,
    });
    bill["serialNumber"] = json!(serial_number(&bill));
    Ok(bill)
}

/// A UUID of version 8 (RFC 9562, 5.8) made of the content: the same bill has the same number.
fn serial_number(bill: &Value) -> String {
    let mut bytes: Vec<u8> = Sha256::digest(bill.to_string().as_bytes()).iter().take(16).copied().collect();
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("urn:uuid:{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

fn cargo(arguments: &[&str]) -> io::Result<Vec<u8>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).arg("--locked").output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(output.stdout)
}

/// The crates whose code is in the binary, by name and version, when it is built alone, as `ci/build-static` does: the
/// graph of `cargo metadata` has the features that all of the workspace wants together, and crates that come with them.
/// Derive macros and their like make code, and are not in the binary themselves.
fn built_with(package: &str, target: &str) -> io::Result<BTreeSet<(String, String)>> {
    let edges = "--edges=normal,no-proc-macro";
    let tree =
        cargo(&["tree", "--package", package, "--target", target, edges, "--prefix=none", "--format={p}"])?;
    let tree = String::from_utf8_lossy(&tree);
    let words = tree.lines().filter_map(|line| line.split_once(" v"));
    let version = |rest: &str| rest.split(' ').next().unwrap_or_default().to_owned();
    Ok(words.map(|(name, rest)| (name.to_owned(), version(rest))).collect())
}

fn name_and_version(package: &Value) -> (String, String) {
    let field = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
    (field("name"), field("version"))
}

fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A package URL (<https://github.com/package-url/purl-spec>).
fn purl(package: &Value) -> String {
    let (name, version) = name_and_version(package);
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

fn component(package: &Value, kind: &str) -> Value {
    let mut component = json!({
        "type": kind, "bom-ref": purl(package), "name": package["name"], "version": package["version"], "purl": purl(package),
    });
    if let Some(license) = package["license"].as_str() {
        // Some crates still write the alternatives as they did before SPDX had a word for them.
        component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
    }
    if let Some(description) = package["description"].as_str() {
        component["description"] = json!(description.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    component
}
