//! How many requests one server gets at a time: as many as it bears.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// So many answers without complaint earn one more request at a time.
const CALM: usize = 8;

/// How many requests a server gets at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtATime {
    /// At first.
    pub start: usize,
    /// At most, after answers without complaint.
    pub most: usize,
}

impl AtATime {
    /// Never more than `most`, and so many from the first on.
    pub fn at_most(most: usize) -> Self {
        Self { start: most, most }
    }
}

impl Default for AtATime {
    /// 16 at first, 64 once the server has shown that it bears them.
    fn default() -> Self {
        Self { start: 16, most: 64 }
    }
}

/// The limits of all servers a client speaks to, by host and port.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    at_a_time: AtATime,
    hosts: Arc<Mutex<HashMap<String, Arc<Limit>>>>,
}

impl Limits {
    pub(crate) fn new(at_a_time: AtATime) -> Self {
        Self { at_a_time, hosts: Arc::default() }
    }

    /// The limit of the server a URL leads to.
    pub(crate) fn of(&self, url: &reqwest::Url) -> Arc<Limit> {
        let host =
            format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(0));
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(host).or_insert_with(|| Arc::new(Limit::new(self.at_a_time))))
    }
}

/// The limit of one server.
#[derive(Debug)]
pub(crate) struct Limit {
    most: usize,
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Debug)]
struct State {
    allowed: usize,
    in_flight: usize,
    /// Answers without complaint since the limit last changed.
    calm: usize,
    /// Has the server never complained? Then every good answer earns one more at a time, as TCP starts.
    untroubled: bool,
    /// Nobody asks before then: the server said so.
    quiet_until: Option<Instant>,
}

/// The right to have one request under way. It ends with this.
pub(crate) struct Permit(Arc<Limit>);

enum Turn {
    Now,
    At(Instant),
    WhenFreed,
}

impl Limit {
    fn new(at_a_time: AtATime) -> Self {
        let most = at_a_time.most.max(1);
        let allowed = at_a_time.start.clamp(1, most);
        let state = State { allowed, in_flight: 0, calm: 0, untroubled: true, quiet_until: None };
        Self { most, state: Mutex::new(state), freed: Notify::new() }
    }

    /// Waits for its turn.
    pub(crate) async fn acquire(self: &Arc<Self>) -> Permit {
        loop {
            // Made before the look, so that a permit that is freed in between is not missed.
            let freed = self.freed.notified();
            match self.turn() {
                Turn::Now => return Permit(Arc::clone(self)),
                Turn::At(time) => tokio::time::sleep_until(time).await,
                Turn::WhenFreed => freed.await,
            }
        }
    }

    fn turn(&self) -> Turn {
        let mut state = self.state();
        if let Some(until) = state.quiet_until {
            if Instant::now() < until {
                return Turn::At(until);
            }
            state.quiet_until = None;
        }
        if state.in_flight >= state.allowed {
            return Turn::WhenFreed;
        }
        state.in_flight += 1;
        Turn::Now
    }

    /// The server has had enough: half as many from now on, and nobody asks before `wait` is over.
    pub(crate) fn too_many(&self, wait: Duration) {
        let mut state = self.state();
        let until = Instant::now() + wait;
        // Of many requests that are refused at once, one halves.
        if state.quiet_until.is_none_or(|known| known <= Instant::now()) {
            state.allowed = (state.allowed / 2).max(1);
            tracing::debug!("too many requests; {} at a time from now on", state.allowed);
        }
        state.calm = 0;
        state.untroubled = false;
        state.quiet_until = state.quiet_until.max(Some(until));
    }

    /// The server answered as if nothing were.
    pub(crate) fn went_well(&self) {
        let mut state = self.state();
        state.calm += 1;
        let earned = if state.untroubled { 1 } else { CALM };
        if state.calm >= earned && state.allowed < self.most {
            state.calm = 0;
            state.allowed += 1;
            drop(state);
            self.freed.notify_one();
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<F: Future>(work: F) -> F::Output {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(work)
    }

    fn allowed(limit: &Limit) -> usize {
        limit.state().allowed
    }

    #[test]
    fn no_more_are_under_way_than_allowed() {
        run(async {
            let limit = Arc::new(Limit::new(AtATime::at_most(2)));
            let one = limit.acquire().await;
            let _two = limit.acquire().await;
            let third = tokio::time::timeout(Duration::from_secs(1), limit.acquire()).await;
            assert!(third.is_err());
            drop(one);
            limit.acquire().await;
        });
    }

    #[test]
    fn refusals_halve_once_a_wave_down_to_one_and_calm_brings_back() {
        run(async {
            let limit = Arc::new(Limit::new(AtATime::at_most(16)));
            let second = Duration::from_secs(1);
            for expected in [8, 4, 2, 1, 1] {
                (0..5).for_each(|_| limit.too_many(second));
                assert_eq!(allowed(&limit), expected);
                tokio::time::sleep(2 * second).await;
            }
            (0..CALM * 20).for_each(|_| limit.went_well());
            assert_eq!(allowed(&limit), 16);
        });
    }

    #[test]
    fn every_good_answer_earns_one_more_until_the_first_complaint() {
        run(async {
            let limit = Limit::new(AtATime { start: 16, most: 64 });
            (0..10).for_each(|_| limit.went_well());
            assert_eq!(allowed(&limit), 26);
            limit.too_many(Duration::from_secs(1));
            assert_eq!(allowed(&limit), 13);
            (0..CALM).for_each(|_| limit.went_well());
            assert_eq!(allowed(&limit), 14);
            (0..CALM * 80).for_each(|_| limit.went_well());
            assert_eq!(allowed(&limit), 64);
        });
    }

    #[test]
    fn nobody_asks_before_the_server_wants_to_be_asked() {
        run(async {
            let limit = Arc::new(Limit::new(AtATime::at_most(16)));
            let begun = Instant::now();
            limit.too_many(Duration::from_secs(30));
            limit.too_many(Duration::from_secs(7));
            limit.acquire().await;
            assert!(begun.elapsed() >= Duration::from_secs(30));
        });
    }
}
