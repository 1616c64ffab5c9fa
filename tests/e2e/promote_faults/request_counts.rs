//! How many requests a promote takes. Each is a round trip, and some registries count them.

use testkit::{Passed, Proxy};

use super::stand::{SOURCE, Stand, image, promote, push};

fn show(log: &[Passed]) -> String {
    log.iter().map(|passed| format!("{} {} {}\n", passed.method, passed.target, passed.status)).collect()
}

/// At most this many requests, and none that is for nothing.
fn assert_at_most(most: usize, proxy: &Proxy) {
    let log = proxy.take_log();
    assert!(log.len() <= most, "{} requests, at most {most} expected:\n{}", log.len(), show(&log));
    assert!(!log.iter().any(Passed::is_ping), "nobody needs a ping:\n{}", show(&log));
    let tokens = log.iter().filter(|passed| passed.is_token_call()).count();
    assert_eq!(tokens, 1, "one token for both repositories:\n{}", show(&log));
    let refused = log.iter().filter(|passed| passed.status == 401).count();
    assert_eq!(refused, 1, "only the first request does not know better:\n{}", show(&log));
}

#[test]
fn a_promote_takes_no_more_requests_than_it_must() {
    for layers in [0, 2, 12] {
        // Two platforms, each with a configuration and a layer of its own.
        let (children, blobs) = (2, 4 + layers);
        let stand = Stand::new(layers);
        let proxy = stand.proxy().start();
        let repository = stand.repository();
        promote(&proxy, &repository).succeeds();
        assert_at_most(2 + 2 * (1 + children) + blobs + 2, &proxy);
        promote(&proxy, &repository).succeeds();
        assert_at_most(4, &proxy);
        assert_eq!(stand.digest_in(&repository), Ok(Some(stand.digest.clone())));
    }
}

#[test]
fn a_single_platform_takes_no_more_requests_than_it_must() {
    let stand = Stand::new(0);
    let single = push(&image(3), &stand.registry, &format!("{SOURCE}:1"), &[]);
    let proxy = stand.proxy().start();
    let repository = stand.repository();
    promote(&proxy, &repository).succeeds();
    let blobs = 2 + 3;
    assert_at_most(2 + 2 + blobs + 2, &proxy);
    assert_eq!(stand.digest_in(&repository), Ok(Some(single)));
}

#[test]
fn a_new_tag_beside_the_same_image_takes_six_requests() {
    let stand = Stand::new(2);
    let proxy = stand.proxy().start();
    let repository = stand.repository();
    promote(&proxy, &repository).succeeds();
    proxy.take_log();
    let other = format!("{}/{repository}:2", proxy.address());
    let from = format!("{}/{SOURCE}:1", proxy.address());
    super::stand::copy(&proxy, &from, &other).succeeds();
    assert_at_most(6, &proxy);
    assert_eq!(stand.registry.audit(&repository, "2"), Ok(Some(stand.digest.clone())));
}
