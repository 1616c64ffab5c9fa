//! The one retry table.

use std::time::{Duration, SystemTime};

use reqwest::StatusCode;

/// May a request be sent again when nobody knows whether it was carried out?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Yes: GET, HEAD, PUT, DELETE, and a POST that does no harm when it happens twice.
    Safe,
    /// No: only what certainly did not happen is tried again, such as a connection that was refused.
    Unsafe,
}

/// When and how long to try again.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The wait before the second attempt; it doubles from then on, less a random part of up to a half.
    pub base: Duration,
    /// The longest wait that the doubling leads to. A server's `Retry-After` may ask for more.
    pub cap: Duration,
    /// How long a request may take with all its attempts and waits. A longer wait is not begun.
    pub deadline: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_millis(250),
            cap: Duration::from_secs(20),
            deadline: Duration::from_secs(120),
        }
    }
}

impl Policy {
    /// The wait before the attempt after number `attempt` (from 1), or none when the request has failed for good.
    /// `jitter` is a number from 0 to 1.
    pub(crate) fn wait(
        &self,
        attempt: u32,
        spent: Duration,
        asked: Option<Duration>,
        jitter: f64,
    ) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let doubled = self.base.saturating_mul(2u32.saturating_pow(attempt - 1)).min(self.cap);
        let own = doubled.mul_f64(1.0 - jitter / 2.0);
        // A server that asks for a wait means at least that long.
        let wait = asked.map_or(own, |asked| asked.max(own));
        (spent.saturating_add(wait) < self.deadline).then_some(wait)
    }
}

/// Is this an answer that a later attempt may better? 408, 429 and 5xx, without those that say "never".
pub(crate) fn is_temporary(status: StatusCode) -> bool {
    let never = [
        StatusCode::NOT_IMPLEMENTED,
        StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        StatusCode::INSUFFICIENT_STORAGE,
    ];
    status == StatusCode::REQUEST_TIMEOUT
        || status == StatusCode::TOO_MANY_REQUESTS
        || (status.is_server_error() && !never.contains(&status))
}

/// Does this answer say that the request was not even begun?
pub(crate) fn was_not_done(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
}

/// Waits as long as before another attempt at a request: what several do at once and some have to do again, they should not
/// do again at once. `attempt` counts from 1.
pub async fn back_off(attempt: u32) {
    let policy = Policy { attempts: u32::MAX, deadline: Duration::MAX, ..Policy::default() };
    let wait = policy.wait(attempt, Duration::ZERO, None, fastrand::f64());
    tokio::time::sleep(wait.unwrap_or(policy.cap)).await;
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
pub(crate) fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(value).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_shrink_by_jitter_and_end() {
        let policy = Policy::default();
        let table = [
            (1, 0.0, Some(250)),
            (1, 1.0, Some(125)),
            (2, 0.0, Some(500)),
            (4, 0.0, Some(2000)),
            (5, 0.0, None),
        ];
        for (attempt, jitter, expected) in table {
            let wait = policy.wait(attempt, Duration::ZERO, None, jitter);
            assert_eq!(wait, expected.map(Duration::from_millis), "attempt {attempt}, jitter {jitter}");
        }
    }

    #[test]
    fn a_server_may_ask_for_more_but_not_for_less_and_not_past_the_deadline() {
        let policy = Policy::default();
        let second = Duration::from_secs(1);
        assert_eq!(policy.wait(1, Duration::ZERO, Some(30 * second), 0.5), Some(30 * second));
        assert_eq!(policy.wait(4, Duration::ZERO, Some(second), 0.0), Some(2 * second));
        assert_eq!(policy.wait(1, 100 * second, Some(30 * second), 0.5), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = httpdate::parse_http_date("Sat, 21 Nov 2026 12:00:00 GMT").unwrap();
        let table = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Sat, 21 Nov 2026 12:00:30 GMT", Some(30)),
            ("Sat, 21 Nov 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ];
        for (value, seconds) in table {
            assert_eq!(retry_after(value, now), seconds.map(Duration::from_secs), "{value}");
        }
    }

    #[test]
    fn what_is_temporary() {
        for (status, expected) in [
            (200, false),
            (401, false),
            (404, false),
            (408, true),
            (429, true),
            (500, true),
            (501, false),
            (503, true),
            (507, false),
        ] {
            assert_eq!(is_temporary(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }
}
