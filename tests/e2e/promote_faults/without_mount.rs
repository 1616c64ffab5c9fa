//! Registries that do not mount: the blobs go the long way, and whatever happens there, the tag is never wrong.

use testkit::{Cut, Fault, Location, Passed, Rule};

use super::stand::{Stand, WORKERS, promote};
use super::{Ends, judge};
use crate::rows::each;

const MOUNTS: &str = "POST *mount=*";

fn opened() -> Rule {
    Rule::matching(MOUNTS, Fault::OpenInsteadOfMount)
}

/// Runs a promote while these rules hold, and says what has passed.
fn check(stand: &Stand, rules: &[Rule], ends: Ends) -> Result<Vec<Passed>, String> {
    let proxy = rules.iter().cloned().fold(stand.proxy(), testkit::ProxyBuilder::fault).start();
    let repository = stand.repository();
    let output = promote(&proxy, &repository).run();
    judge(stand, &proxy, &repository, &output, ends)
}

#[test]
fn a_blob_that_is_not_mounted_is_sent() {
    let stand = Stand::new(2);
    let refused = |status| Rule::matching(MOUNTS, Fault::error(status, "UNSUPPORTED", "no mounts here"));
    let rows = [
        opened(),
        opened().from(2).times(1),
        refused(400),
        refused(401),
        refused(403),
        refused(404),
        refused(405).from(3).times(2),
        // The token is never good for a mount, and always for everything else.
        Rule::matching(MOUNTS, Fault::RefuseToken),
    ];
    each(WORKERS, &rows, |rule| {
        let log = check(&stand, std::slice::from_ref(rule), Ends::Right)?;
        let sent = log.iter().filter(|passed| passed.method == "PUT" && passed.target.contains("/uploads/"));
        let unmounted =
            log.iter().filter(|passed| passed.faulted && passed.target.contains("mount=")).count();
        if unmounted > 0 && sent.count() > 0 { Ok(()) } else { Err(format!("nothing was sent: {log:?}")) }
    });
}

#[test]
fn an_upload_goes_where_its_location_says() {
    let stand = Stand::new(2);
    let location = |pattern, form| Rule::matching(pattern, Fault::Location(form));
    let rows = [
        (location("POST *", Location::Absolute), Ends::Right),
        (location("POST *", Location::Path), Ends::Right),
        (location("POST *", Location::Relative), Ends::Right),
        (location("POST *", Location::Query("more=1")), Ends::Right),
        (location("POST *", Location::Absent), Ends::RightOrClearly),
        (location(MOUNTS, Location::Absent), Ends::RightOrClearly),
        // Nobody needs to know where a manifest is.
        (location("PUT */manifests/*", Location::Absent), Ends::Right),
    ];
    each(WORKERS, &rows, |(rule, ends)| {
        let log = check(&stand, &[opened(), rule.clone()], *ends)?;
        let added = *rule == location("POST *", Location::Query("more=1"));
        let back = log.iter().any(|passed| passed.method == "PUT" && passed.target.contains("more=1"));
        if added && !back { Err(format!("the query of the Location is lost: {log:?}")) } else { Ok(()) }
    });
}

#[test]
fn what_goes_wrong_with_the_bytes_of_a_blob_goes_by_or_ends_in_a_clear_error() {
    let stand = Stand::new(2);
    let download = |fault| Rule::matching("GET */blobs/*", fault);
    let upload = |fault| Rule::matching("PUT */uploads/*", fault);
    let rows = [
        (download(Fault::ResetAnswer(Cut::Half)).times(2), Ends::Right),
        (download(Fault::Truncate(Cut::Half)).times(2), Ends::Right),
        (download(Fault::status(503)).times(2), Ends::Right),
        (download(Fault::ExpireToken).times(1), Ends::Right),
        (download(Fault::FlipAnswer).times(1), Ends::RightOrClearly),
        (download(Fault::FlipAnswer), Ends::RightOrClearly),
        (download(Fault::status(404)), Ends::RightOrClearly),
        (download(Fault::Truncate(Cut::Half)), Ends::RightOrClearly),
        (upload(Fault::ResetRequest).times(1), Ends::Right),
        (upload(Fault::ResetAnswer(Cut::Half)).times(1), Ends::Right),
        (upload(Fault::status(503)).times(1), Ends::Right),
        (upload(Fault::ExpireToken).times(1), Ends::Right),
        (upload(Fault::FlipRequest).times(1), Ends::RightOrClearly),
        (upload(Fault::ResetRequest), Ends::RightOrClearly),
        (upload(Fault::error(400, "DIGEST_INVALID", "no")), Ends::RightOrClearly),
    ];
    each(WORKERS, &rows, |(rule, ends)| check(&stand, &[opened(), rule.clone()], *ends).map(drop));
}

#[test]
fn another_origin_that_has_the_blobs_never_sees_our_token() {
    let stand = Stand::new(2);
    let stored = |fault| Rule::matching("GET /storage/*", fault).times(2);
    let rows = [
        Vec::new(),
        vec![stored(Fault::ResetAnswer(Cut::Half))],
        vec![stored(Fault::Truncate(Cut::Bytes(100)))],
        vec![stored(Fault::status(503))],
        vec![stored(Fault::retry_after(429, 0))],
    ];
    each(WORKERS, &rows, |rules| {
        let proxy = rules.iter().cloned().fold(stand.proxy(), testkit::ProxyBuilder::fault);
        let proxy = proxy.fault(opened()).redirect_blobs().start();
        let repository = stand.repository();
        let output = promote(&proxy, &repository).run();
        let log = judge(&stand, &proxy, &repository, &output, Ends::Right)?;
        let stored: Vec<_> = log.iter().filter(|passed| passed.is_at_storage()).collect();
        let secret = stored.iter().all(|passed| !passed.authorized);
        if secret && stored.len() >= 6 { Ok(()) } else { Err(format!("{stored:?}")) }
    });
}
