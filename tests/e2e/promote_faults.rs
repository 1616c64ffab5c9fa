//! `image-promote copy` when things go wrong: every request of a promote is hit by every fault, and each time the run
//! ends right or fails clearly, and the tag is never wrong.

mod interrupted;
mod request_counts;
pub(crate) mod stand;
mod without_mount;

use std::time::Duration;

use testkit::{Cut, Fault, Output, Passed, Proxy, Rule, Tokens};

use stand::{Stand, WORKERS, fails_clearly, image, promote, push};

use crate::rows::each;

/// How a run has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// With success: this goes by.
    Right,
    /// With success, or with an error that says what is wrong.
    RightOrClearly,
}

/// How many requests a promote makes that nothing happens to.
fn requests(stand: &Stand) -> usize {
    let proxy = stand.proxy().start();
    promote(&proxy, &stand.repository()).succeeds();
    proxy.arrived()
}

/// Judges a run and what it has left, lets a second one finish where the first has not, and says what had passed.
fn judge(
    stand: &Stand,
    proxy: &Proxy,
    repository: &str,
    output: &Output,
    ends: Ends,
) -> Result<Vec<Passed>, String> {
    let log = proxy.take_log();
    let verdict = match (output.code, stand.digest_in(repository)?) {
        (Some(0), Some(digest)) if digest == stand.digest => return Ok(log),
        (Some(0), other) => Err(format!("it succeeds, and the tag leads to {other:?}")),
        (_, Some(digest)) if digest != stand.digest => Err(format!("the tag leads to {digest}")),
        _ if ends == Ends::Right => Err(format!("it fails:\n{}", output.stderr)),
        _ => fails_clearly(output),
    };
    let hit: Vec<_> = log.iter().filter(|passed| passed.faulted).collect();
    let second = stand.finish(proxy, repository);
    verdict.and(second).map_err(|reason| format!("{reason}\nhit: {hit:?}"))?;
    Ok(log)
}

#[test]
fn every_request_survives_what_goes_by_and_no_fault_makes_a_wrong_tag() {
    let stand = Stand::new(1);
    let faults = [
        (Fault::Down(Duration::from_millis(300)), Ends::Right),
        (Fault::ResetRequest, Ends::Right),
        (Fault::ResetAnswer(Cut::Half), Ends::Right),
        (Fault::Truncate(Cut::Half), Ends::Right),
        (Fault::retry_after(429, 0), Ends::Right),
        (Fault::retry_after_date(429, 1), Ends::Right),
        (Fault::status(500), Ends::Right),
        (Fault::status(503), Ends::Right),
        (Fault::retry_after(503, 0), Ends::Right),
        (Fault::Hold(Duration::from_millis(50)), Ends::Right),
        (Fault::HoldAnswer(Duration::from_millis(50)), Ends::Right),
        // A token that expires before its first use is one too many; see below for all others.
        (Fault::ExpireToken, Ends::RightOrClearly),
        (Fault::RemoveHeader("docker-content-digest"), Ends::Right),
        (Fault::spoiled_digest(), Ends::RightOrClearly),
        (Fault::FlipAnswer, Ends::RightOrClearly),
        (Fault::FlipRequest, Ends::RightOrClearly),
    ];
    let all = 1..=requests(&stand);
    let rows: Vec<_> = all.flat_map(|n| faults.iter().map(move |(fault, ends)| (n, fault, *ends))).collect();
    each(WORKERS, &rows, |(n, fault, ends)| {
        let proxy = stand.proxy().fault(Rule::nth(*n, (*fault).clone())).start();
        let repository = stand.repository();
        let output = promote(&proxy, &repository).run();
        judge(&stand, &proxy, &repository, &output, *ends).map(drop)
    });
}

#[test]
fn what_does_not_go_by_ends_in_a_clear_error_and_a_tag_as_it_was() {
    let stand = Stand::new(2);
    let hour = Duration::from_secs(3600);
    let faults = [
        Fault::Down(hour),
        Fault::ResetRequest,
        Fault::ResetAnswer(Cut::Half),
        Fault::Truncate(Cut::Half),
        Fault::retry_after(429, 3600),
        Fault::status(503),
        Fault::Hold(hour),
        Fault::ExpireToken,
        Fault::spoiled_digest(),
        Fault::FlipAnswer,
    ];
    let last = requests(&stand);
    let rows: Vec<_> = [1, 3, 4, last / 2, last]
        .into_iter()
        .flat_map(|n| faults.iter().map(move |fault| (n, fault)))
        .collect();
    // Where it goes, there is something else already.
    let old = push(&image(0), &stand.registry, "team/app/old:1", &["--all"]);
    each(WORKERS, &rows, |(n, fault)| {
        let proxy = stand.proxy().fault(Rule::matching("*", (*fault).clone()).from(*n)).start();
        let repository = stand.repository();
        push(&image(0), &stand.registry, &format!("{repository}:1"), &["--all"]);
        let output = promote(&proxy, &repository).arg("--move").env("IMAGE_PROMOTE_TIMEOUT", "1").run();
        // Whoever is down for an hour does not heal.
        let proxy = if **fault == Fault::Down(hour) { stand.proxy().start() } else { proxy };
        match stand.digest_in(&repository)? {
            Some(digest) if digest == old => {
                let told = fails_clearly(&output);
                let second = stand.finish(&proxy, &repository);
                told.and(second)
            }
            _ => judge(&stand, &proxy, &repository, &output, Ends::RightOrClearly).map(drop),
        }
    });
}

#[test]
fn a_token_that_expires_anywhere_is_replaced() {
    let stand = Stand::new(2);
    let rows: Vec<_> = (2..=requests(&stand)).collect();
    each(WORKERS, &rows, |uses| {
        let proxy = stand.proxy().tokens(Tokens::new().account("robot", "testing").uses(*uses)).start();
        let repository = stand.repository();
        // Few at a time: of many that share a token with two uses, some would lose every time.
        let output = promote(&proxy, &repository).args(["--jobs", "1"]).run();
        judge(&stand, &proxy, &repository, &output, Ends::Right).map(drop)
    });
}

#[test]
fn no_more_requests_are_in_flight_than_allowed() {
    let stand = Stand::new(24);
    each(WORKERS, &[1_usize, 4, 16], |jobs| {
        let proxy = stand.proxy().delay(Duration::from_millis(20)).start();
        let repository = stand.repository();
        let output = promote(&proxy, &repository).args(["--jobs", &jobs.to_string()]).run();
        let most = proxy.most_in_flight();
        judge(&stand, &proxy, &repository, &output, Ends::Right)?;
        // As many as may be, or nearly: on a busy machine some are late.
        if (jobs.div_ceil(2)..=*jobs).contains(&most) {
            Ok(())
        } else {
            Err(format!("{most} were in flight"))
        }
    });
}

#[test]
fn a_server_that_asks_for_a_pause_gets_it() {
    let stand = Stand::new(0);
    let rows = [
        ("HEAD *", Fault::retry_after(429, 1), 1000),
        ("PUT */manifests/1", Fault::retry_after(503, 1), 1000),
        // Dates have whole seconds, so that one that is two seconds away may come in little more than one.
        ("POST *mount=*", Fault::retry_after_date(429, 2), 1000),
    ];
    each(WORKERS, &rows, |(pattern, fault, least)| {
        let proxy = stand.proxy().fault(Rule::matching(pattern, fault.clone()).times(1)).start();
        let repository = stand.repository();
        let output = promote(&proxy, &repository).run();
        let log = judge(&stand, &proxy, &repository, &output, Ends::Right)?;
        let first = log.iter().find(|passed| passed.faulted).ok_or("nothing was hit")?;
        let again = log.iter().find(|passed| {
            (&passed.method, &passed.target) == (&first.method, &first.target)
                && passed.arrived > first.arrived
        });
        let pause = again.ok_or("it never came again")?.arrived - first.arrived;
        if pause < Duration::from_millis(*least) {
            Err(format!("it came again after {pause:?}"))
        } else {
            Ok(())
        }
    });
}
