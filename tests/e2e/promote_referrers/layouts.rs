//! Layout directories on either side.

use serde_json::Value;
use testkit::{Proxy, Referrers, Registry, tool};

use super::stand::{SOURCE, Scheme, Stand, copy, delivered, digest};
use crate::skopeo::raw;

const TO: &str = "team/app/release";

#[test]
fn everything_travels_through_layouts() {
    let stand = Stand::new();
    let (one, other) = (Registry::start(), Registry::start());
    let native = Referrers::Native { page: 100, filters: false };
    let two = Proxy::builder(other.address()).referrers(native).start();
    stand.push(one.address(), Scheme::Tag);
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| format!("oci:{}:1", folder.path().join(name).display());
    let stations = [
        format!("{}/{SOURCE}:1", one.address()),
        at("first"),
        at("second"),
        format!("{}/{TO}:1", two.address()),
        at("third"),
        format!("{}/{TO}:1", one.address()),
    ];
    for leg in stations.windows(2) {
        let dry = copy(&leg[0], &leg[1]).args(["--format", "json", "--dry-run"]).succeeds();
        assert_eq!(delivered(&dry), [6, 0, 3, 0], "{leg:?}");
        let output = copy(&leg[0], &leg[1]).args(["--format", "json"]).succeeds();
        assert_eq!(delivered(&output), [6, 0, 3, 0], "{leg:?}");
        let again = copy(&leg[0], &leg[1]).args(["--format", "json"]).succeeds();
        assert_eq!(delivered(&again), [0, 6, 0, 0], "{leg:?}");
    }
    assert_eq!(stand.is_all_in(&two.address(), TO, Scheme::Native), Ok(()));
    assert_eq!(stand.is_all_in(one.address(), TO, Scheme::Tag), Ok(()));
    for name in ["first", "second", "third"] {
        let output = tool("image-promote").args(["inspect", &at(name), "--format", "json"]).succeeds();
        let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
        assert_eq!(report["digest"], stand.index["digest"]);
        assert_eq!(report["referrers"].as_array().expect("referrers").len(), 2, "{report}");
        assert_eq!(
            raw(&at(name)).into_bytes(),
            stand.bytes(&stand.index),
            "skopeo reads {}",
            digest(&stand.index)
        );
    }
}
