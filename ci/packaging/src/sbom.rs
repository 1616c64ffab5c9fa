//! Bills of materials: which crates are in a binary, as CycloneDX 1.6 (<https://cyclonedx.org/docs/1.6/json/>).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::process::Command;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::image::created;

/// What is in a tool's image besides its program: a package of Debian.
pub(crate) struct ImagePart {
    /// The name and the version of the package.
    pub(crate) package: (String, String),
    /// An SPDX expression.
    pub(crate) license: String,
}

/// The crates in a program: whose code is linked, and by whom.
pub(crate) struct Linked {
    /// What `cargo metadata` says of each, by its identifier.
    packages: BTreeMap<String, Value>,
    /// What each needs, by identifier.
    needs: BTreeMap<String, BTreeSet<String>>,
    /// The names and versions of those that are there, by target.
    built: BTreeMap<String, BTreeSet<(String, String)>>,
    root: String,
}

impl Linked {
    /// Those of a tool, for targets such as `x86_64-unknown-linux-musl` together.
    ///
    /// # Errors
    /// `cargo metadata` fails, or knows no such package.
    pub(crate) fn of(package: &str, targets: &[String]) -> io::Result<Self> {
        let mut words = vec!["metadata", "--format-version=1"];
        words.extend(targets.iter().flat_map(|target| ["--filter-platform", target]));
        let metadata: Value = serde_json::from_slice(&cargo(&words)?)?;
        let built = targets.iter().map(|target| Ok((target.clone(), built_with(package, target)?)));
        let built: BTreeMap<_, _> = built.collect::<io::Result<_>>()?;
        let packages: BTreeMap<String, Value> = each(&metadata["packages"])
            .filter_map(|package| Some((package["id"].as_str()?.to_owned(), package.clone())))
            .collect();
        let nodes: BTreeMap<&str, &Value> = each(&metadata["resolve"]["nodes"])
            .filter_map(|node| Some((node["id"].as_str()?, node)))
            .collect();
        let root = packages.iter().find(|(_, known)| known["name"] == package);
        let (root, _) = root.ok_or_else(|| io::Error::other(format!("there is no package {package}")))?;

        let is_built = |id: &str| {
            let key = packages.get(id).map(name_and_version);
            key.is_some_and(|key| built.values().any(|built| built.contains(&key)))
        };
        let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut left = vec![root.clone()];
        while let Some(id) = left.pop() {
            if needs.contains_key(&id) {
                continue;
            }
            let below: BTreeSet<String> = nodes
                .get(id.as_str())
                .into_iter()
                .flat_map(|node| each(&node["deps"]))
                .filter(|dependency| each(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null()))
                .filter_map(|dependency| dependency["pkg"].as_str())
                .filter(|id| is_built(id))
                .map(str::to_owned)
                .collect();
            left.extend(below.iter().cloned());
            needs.insert(id, below);
        }
        Ok(Self { root: root.clone(), needs, built, packages })
    }

    /// What `cargo metadata` says of all but the tool itself, in the order of their names.
    pub(crate) fn crates(&self) -> Vec<&Value> {
        let below = self.needs.keys().filter(|id| **id != self.root);
        let mut packages: Vec<_> = below.filter_map(|id| self.packages.get(id)).collect();
        packages.sort_by_key(|package| purl(package));
        packages
    }

    /// The targets that a crate is linked for, unless it is for all of them.
    fn only_for(&self, package: &Value) -> Vec<&String> {
        let key = name_and_version(package);
        let targets: Vec<_> =
            self.built.iter().filter(|(_, built)| built.contains(&key)).map(|(name, _)| name).collect();
        if targets.len() == self.built.len() { Vec::new() } else { targets }
    }

    fn purl(&self, id: &str) -> String {
        self.packages.get(id).map(purl).unwrap_or_default()
    }
}

/// The bill of a tool and its image.
pub(crate) fn of(linked: &Linked, image: &[ImagePart]) -> Value {
    let mut components: Vec<_> = linked
        .crates()
        .into_iter()
        .map(|package| {
            let mut component = component(package, "library");
            let targets = linked.only_for(package);
            if !targets.is_empty() {
                let property = |target: &&String| json!({ "name": "pypelines:target", "value": target });
                component["properties"] = targets.iter().map(property).collect();
            }
            component
        })
        .collect();
    let mut dependencies: Vec<_> = linked
        .needs
        .iter()
        .map(|(id, below)| {
            let mut on: Vec<_> = below.iter().map(|id| linked.purl(id)).collect();
            on.sort();
            json!({ "ref": linked.purl(id), "dependsOn": on })
        })
        .collect();
    dependencies.sort_by_key(|dependency| dependency["ref"].to_string());
    for part in image {
        let purl = debian_purl(&part.package);
        components.push(json!({
            "type": "application", "bom-ref": purl, "name": part.package.0, "version": part.package.1, "purl": purl,
            "licenses": [{ "expression": part.license }],
            "properties": [{ "name": "pypelines:in", "value": "image" }],
        }));
        dependencies.push(json!({ "ref": purl, "dependsOn": [] }));
    }
    let tool = linked.packages.get(&linked.root).map(|package| component(package, "application"));
    let mut bill = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": { "timestamp": created(), "component": tool },
        "components": components, "dependencies": dependencies,
    });
    bill["serialNumber"] = json!(serial_number(&bill));
    bill
}

/// The package URL of a package of Debian, by name and version.
pub(crate) fn debian_purl((name, version): &(String, String)) -> String {
    format!("pkg:deb/debian/{name}@{}", version.replace('+', "%2B"))
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
