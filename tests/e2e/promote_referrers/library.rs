//! What the library promises to other tools that write manifests with a subject.

use clap::Parser;
use futures_util::future::try_join_all;
use registry::{
    Access, Digest, Keeping, Listed, Manifest, Reference, Registries, RegistryArgs, Store, Which,
};
use serde_json::json;
use testkit::{Proxy, Referrers, Registry};

use super::stand::{SOURCE, Scheme, Stand, digest};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    registry: RegistryArgs,
}

fn open(address: &str) -> Store {
    let registries = Registries::new(&Line::parse_from(["test"]).registry, "tests", "0").expect("a client");
    let reference: Reference = format!("{address}/{SOURCE}:1").parse().expect("a reference");
    registries.open(&reference.repository, Access::Push).expect("a repository")
}

fn about(stand: &Stand, number: usize) -> Manifest {
    let empty =
        json!({ "mediaType": "application/vnd.oci.empty.v1+json", "size": 2, "digest": Digest::of(b"{}") });
    let manifest = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": format!("application/vnd.example.{}", number % 2),
        "config": empty, "layers": [empty], "subject": stand.index,
        "annotations": { "number": number.to_string() },
    });
    Manifest::parse(manifest.to_string().into(), None, &"a test").expect("a manifest")
}

#[test]
fn many_writers_of_one_process_lose_nothing_and_types_are_told_apart() {
    const WRITERS: usize = 20;
    let stand = Stand::new();
    let subject: Digest = digest(&stand.index).parse().expect("a digest");
    let natives = [true, false].map(|filters| Some(Referrers::Native { page: 3, filters }));
    for referrers in [&natives[..], &[None, Some(Referrers::TagIsDigest)]].concat() {
        let registry = Registry::start();
        stand.push(registry.address(), Scheme::Native);
        let proxy = Proxy::builder(registry.address());
        let proxy = match referrers {
            Some(referrers) => proxy.referrers(referrers).start(),
            None => proxy.start(),
        };
        let store = open(&proxy.address());
        let work = async {
            let manifests: Vec<_> = (0..WRITERS).map(|number| about(&stand, number)).collect();
            let writes = manifests.iter().map(|manifest| async {
                store.put_referrer(manifest, &Which::Digest(manifest.digest().clone())).await
            });
            let listed = try_join_all(writes).await?;
            let all = store.referrers(&subject).await?;
            let Store::Remote(remote) = &store else { panic!("a registry") };
            let some = remote.referrers_of_type(&subject, "application/vnd.example.1").await?;
            Ok::<_, registry::Error>((listed, all, some))
        };
        let (listed, all, some) = ::http::run(work).expect("a runtime").expect("no error");
        let (expected, keeping) = match referrers {
            None => (Listed::UnderTag, Keeping::Clients),
            Some(Referrers::Native { .. }) => (Listed::ByStore, Keeping::Store),
            Some(Referrers::TagIsDigest) => {
                assert!(listed.iter().all(|listed| matches!(listed, Listed::Nowhere { .. })), "{listed:?}");
                assert_eq!((all.list.len(), all.keeping), (0, Keeping::Nobody));
                continue;
            }
        };
        assert!(listed.iter().all(|listed| *listed == expected), "{listed:?}");
        assert_eq!((all.list.len(), all.keeping), (WRITERS, keeping), "{referrers:?}");
        assert_eq!((some.list.len(), some.keeping), (WRITERS / 2, keeping), "{referrers:?}");
    }
}
