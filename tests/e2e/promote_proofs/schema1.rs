//! Docker's first manifest format: no registry of today stores it, but some still serve what they were given long ago.

use testkit::{Answer, Fault, HeaderValue, Proxy, Registry, Rule, tool};

const MANIFEST: &str = r#"{"schemaVersion":1,"name":"old/app","tag":"1","architecture":"amd64",
 "fsLayers":[{"blobSum":"sha256:a3ed95caeb02ffe68cdd9fd84406680ae93d633cb16422d00e8a7c22955b46d4"}],
 "history":[{"v1Compatibility":"{\"id\":\"5f70bf18a086\"}"}],"signatures":[]}"#;

#[test]
fn docker_schema_1_is_refused_with_the_way_out() {
    let registry = Registry::start();
    for signed in ["application/vnd.docker.distribution.manifest.v1+prettyjws", "application/json"] {
        let media_type = HeaderValue::Text(signed.into());
        let answer =
            Answer { body: MANIFEST.into(), ..Answer::status(200) }.header("content-type", media_type);
        let rule = Rule::matching("GET */old/app/manifests/*", Fault::Answer(answer));
        let proxy = Proxy::builder(registry.address()).fault(rule).start();
        let (old, new) = (format!("{}/old/app:1", proxy.address()), format!("{}/new:1", proxy.address()));
        for arguments in [&["copy", old.as_str(), new.as_str()][..], &["inspect", old.as_str()]] {
            let refused = tool("image-promote").args(arguments).fails(1);
            let [what, next] = refused.error()[..] else { panic!("two lines: {refused:?}") };
            assert!(what.contains(&old) && what.contains("Docker schema 1"), "{refused:?}");
            assert!(next.contains("pull and push it"), "{refused:?}");
        }
        let log = proxy.take_log();
        assert!(log.iter().all(|passed| ["GET", "HEAD"].contains(&passed.method.as_str())), "{log:?}");
    }
}
