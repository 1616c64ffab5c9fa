//! A promote that ends anywhere: who sees the tag sees what is about the image.

use testkit::{Cut, Fault, Proxy, ProxyBuilder, Referrers, Registry, Rule};

use super::http;
use super::stand::{SOURCE, Scheme, Stand, copy};
use crate::promote_faults::stand::WORKERS;
use crate::rows::each;

/// A way into the registry that knows of no referrers before it is used.
fn open(registry: &Registry, scheme: Scheme) -> ProxyBuilder {
    let proxy = Proxy::builder(registry.address());
    match scheme {
        Scheme::Native => proxy.referrers(Referrers::Native { page: 100, filters: false }),
        Scheme::Tag => proxy,
    }
}

fn run(address: &str, repository: &str) -> testkit::Output {
    let to = format!("{address}/{repository}:1");
    copy(&format!("{address}/{SOURCE}:1"), &to).env("IMAGE_PROMOTE_TIMEOUT", "5").run()
}

#[test]
fn the_tag_is_never_there_without_what_is_about_the_image() {
    let stand = Stand::new();
    let registry = Registry::start();
    stand.push(registry.address(), Scheme::Tag);
    let mut rows = Vec::new();
    for scheme in [Scheme::Tag, Scheme::Native] {
        let proxy = open(&registry, scheme).start();
        let clean = run(&proxy.address(), &format!("team/clean-{scheme:?}").to_lowercase());
        assert_eq!(clean.code, Some(0), "{clean:?}");
        // From here on nothing is allowed; or one answer is lost, which goes by.
        let faults = |n| [(scheme, n, "denied"), (scheme, n, "lost")];
        // What comes before the manifests is the same for both.
        let first = if scheme == Scheme::Tag { 1 } else { proxy.arrived() / 2 };
        rows.extend((first..=proxy.arrived()).flat_map(faults));
    }
    each(WORKERS, &rows, |(scheme, n, fault)| {
        let rule = match *fault {
            "denied" => Rule::matching("*", Fault::error(403, "DENIED", "not any more")).from(*n),
            _ => Rule::nth(*n, Fault::ResetAnswer(Cut::Half)),
        };
        let proxy = open(&registry, *scheme).fault(rule).start();
        let address = proxy.address();
        let repository = format!("team/{scheme:?}-{fault}-{n}").to_lowercase();
        let output = run(&address, &repository);
        proxy.heal();
        if output.code != Some(0) && (output.code != Some(1) || *fault == "lost") {
            return Err(format!("{output:?}"));
        }
        let tagged = http::get(&address, &format!("/v2/{repository}/manifests/1")).is_some();
        if tagged != (output.code == Some(0)) {
            return Err(format!("tagged: {tagged}, {output:?}"));
        }
        if !tagged {
            let second = run(&address, &repository);
            if second.code != Some(0) {
                return Err(format!("the second run: {second:?}"));
            }
        }
        stand.is_all_in(&address, &repository, *scheme)
    });
}
