//! A promote that is ended by a signal, and many at once.

use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use testkit::{Fault, Rule};

use super::requests;
use super::stand::{Stand, WORKERS, promote};
use crate::process::{interruptible, send};
use crate::rows::each;

/// Longer than any test: who is held for so long is held until he is killed.
const FOR_GOOD: Duration = Duration::from_secs(3600);

#[test]
fn a_promote_that_is_ended_by_a_signal_leaves_no_tag_or_a_whole_one_and_can_be_run_again() {
    let stand = Stand::new(7);
    let last = requests(&stand);
    assert!(last >= 20, "{last} requests are too few points to be killed at");
    let before = (1..=last).map(|n| (n, Fault::Hold(FOR_GOOD)));
    // The last ones write manifests: they may be carried out, and the killed run never hears of it.
    let behind = (last - 3..=last).map(|n| (n, Fault::HoldAnswer(FOR_GOOD)));
    let points: Vec<_> = before.chain(behind).collect();
    // Every point for the signal that leaves no time for anything, fewer for those that people and runners send first.
    let killed = points.iter().map(|point| (point, "KILL"));
    let asked = points.iter().step_by(3).flat_map(|point| [(point, "INT"), (point, "TERM")]);
    let rows: Vec<_> = killed.chain(asked).collect();
    each(WORKERS, &rows, |((n, fault), signal)| {
        let proxy = stand.proxy().fault(Rule::nth(*n, fault.clone())).start();
        let repository = stand.repository();
        let mut process = interruptible(&promote(&proxy, &repository).into_command())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let ended = || process.try_wait().is_ok_and(|status| status.is_some());
        let came = proxy.wait_for(*n, ended);
        if !came {
            return Err("it ended before it was killed".into());
        }
        send(signal, &process);
        let status = process.wait().expect("a dead process");
        if status.success() {
            return Err("it ended as if nothing had happened".into());
        }
        match stand.digest_in(&repository)? {
            None => {}
            Some(digest) if digest == stand.digest => {}
            Some(digest) => return Err(format!("the tag leads to {digest}")),
        }
        stand.finish(&proxy, &repository)
    });
}

#[test]
fn a_hundred_promotes_at_once_have_one_result_and_no_error() {
    let stand = Stand::new(2);
    let proxy = stand.proxy().start();
    let repository = stand.repository();
    let outputs = Mutex::new(Vec::new());
    each(WORKERS, &(1..=100).collect::<Vec<_>>(), |_| {
        let output = promote(&proxy, &repository).run();
        let result = match output.code {
            Some(0) => Ok(()),
            code => Err(format!("{code:?}: {}", output.stderr)),
        };
        outputs.lock().map_err(|error| error.to_string())?.push(output.stdout);
        result
    });
    let outputs = outputs.into_inner().expect("outputs");
    let expected = format!("{}\n", stand.digest).into_bytes();
    assert!(outputs.len() == 100 && outputs.iter().all(|output| *output == expected));
    assert_eq!(stand.digest_in(&repository), Ok(Some(stand.digest.clone())));
}
