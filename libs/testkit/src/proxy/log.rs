//! What has passed.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hyper::HeaderMap;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};

/// How long a test waits for a request before it gives up: longer than any machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// One request that passed, as the client sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// `GET`, `PUT`, …
    pub method: String,
    /// Path and query.
    pub target: String,
    /// What was answered; 0 when the connection ended without an answer.
    pub status: u16,
    /// Did it carry an Authorization header?
    pub authorized: bool,
    /// Its Accept headers, in their order.
    pub accept: Vec<String>,
    /// Its Content-Type.
    pub content_type: Option<String>,
    /// Was a fault made of it?
    pub faulted: bool,
    /// The bytes of its body that were read.
    pub up: u64,
    /// The bytes of the answer's body that were sent.
    pub down: u64,
    /// When it arrived, from the start of the proxy.
    pub arrived: Duration,
}

impl Passed {
    /// Is it `GET /v2/`, which asks for nothing but how to log in?
    pub fn is_ping(&self) -> bool {
        matches!(self.target.as_str(), "/v2/" | "/v2")
    }

    /// Does it ask for a token?
    pub fn is_token_call(&self) -> bool {
        self.target.split('?').next() == Some("/token")
    }

    /// Did it arrive at the other origin, to which blobs are redirected?
    pub fn is_at_storage(&self) -> bool {
        self.target.starts_with("/storage/")
    }
}

/// The bytes of one request, counted while they pass.
#[derive(Clone, Debug, Default)]
pub(super) struct Bytes {
    pub(super) up: Arc<AtomicU64>,
    pub(super) down: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Entries {
    passed: Vec<(Passed, Bytes)>,
    arrived: usize,
}

/// The log of a proxy, shared by its connections.
#[derive(Debug)]
pub(super) struct Log {
    begun: Instant,
    entries: Mutex<Entries>,
    news: Condvar,
    in_flight: Arc<AtomicUsize>,
    most_in_flight: AtomicUsize,
}

impl Log {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            entries: Mutex::default(),
            news: Condvar::new(),
            in_flight: Arc::default(),
            most_in_flight: AtomicUsize::new(0),
        }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn take(&self) -> Vec<Passed> {
        let entries = std::mem::take(&mut self.entries().passed);
        let count = |number: &AtomicU64| number.load(Ordering::SeqCst);
        let counted = entries.into_iter().map(|(passed, bytes)| Passed {
            up: count(&bytes.up),
            down: count(&bytes.down),
            ..passed
        });
        counted.collect()
    }

    pub(super) fn arrived(&self) -> usize {
        self.entries().arrived
    }

    pub(super) fn most_in_flight(&self) -> usize {
        self.most_in_flight.load(Ordering::SeqCst)
    }

    /// Waits until this many requests have arrived since the start, or `done` says that no more will.
    pub(super) fn wait_for(&self, requests: usize, mut done: impl FnMut() -> bool) -> bool {
        let begun = Instant::now();
        let mut entries = self.entries();
        while entries.arrived < requests {
            assert!(begun.elapsed() < PATIENCE, "waited for request {requests}; {} came", entries.arrived);
            let woken = self.news.wait_timeout(entries, Duration::from_millis(20));
            entries = woken.unwrap_or_else(PoisonError::into_inner).0;
            if entries.arrived < requests && done() {
                return false;
            }
        }
        true
    }

    /// Notes the arrival of a request.
    pub(super) fn arrive(self: &Arc<Self>, method: String, target: String, headers: &HeaderMap) -> Arrival {
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let passed = Passed {
            method,
            target,
            status: 0,
            authorized: headers.contains_key(AUTHORIZATION),
            accept: headers.get_all(ACCEPT).iter().map(text).collect(),
            content_type: headers.get(CONTENT_TYPE).map(text),
            faulted: false,
            up: 0,
            down: 0,
            arrived: self.begun.elapsed(),
        };
        self.entries().arrived += 1;
        self.news.notify_all();
        let in_flight = InFlight(Arc::clone(&self.in_flight));
        let entry = Some((passed, Bytes::default()));
        Arrival { log: Arc::clone(self), entry, in_flight: Some(in_flight) }
    }
}

/// A request that is in flight as long as this exists.
#[derive(Debug)]
pub(super) struct InFlight(Arc<AtomicUsize>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request that has arrived and has to be logged, whatever becomes of it.
#[derive(Debug)]
pub(super) struct Arrival {
    log: Arc<Log>,
    entry: Option<(Passed, Bytes)>,
    in_flight: Option<InFlight>,
}

impl Arrival {
    pub(super) fn bytes(&self) -> Bytes {
        self.entry.as_ref().map(|(_, bytes)| bytes.clone()).unwrap_or_default()
    }

    pub(super) fn note_fault(&mut self) {
        if let Some((passed, _)) = &mut self.entry {
            passed.faulted = true;
        }
    }

    /// Logs the answer; the request stays in flight for as long as its body does.
    pub(super) fn answered(mut self, status: u16) -> Option<InFlight> {
        if let Some((passed, _)) = &mut self.entry {
            passed.status = status;
        }
        self.in_flight.take()
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        // Also when its connection was cut off, or its client went away.
        if let Some(entry) = self.entry.take() {
            self.log.entries().passed.push(entry);
        }
    }
}
