//! Moments in time, as releases know them.

use std::fmt;
use std::str::FromStr;

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::Invalid;

/// A moment in UTC, in whole seconds, from 1970 to 9999: what every forge can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// The first moment that can be kept.
    pub const EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    /// The moment as a date and time in UTC.
    pub fn utc(self) -> OffsetDateTime {
        self.0
    }
}

impl TryFrom<OffsetDateTime> for Timestamp {
    type Error = Invalid;

    fn try_from(time: OffsetDateTime) -> Result<Self, Invalid> {
        let utc = time.checked_to_offset(UtcOffset::UTC).and_then(|utc| utc.replace_nanosecond(0).ok());
        match utc {
            Some(utc) if (1970..=9999).contains(&utc.year()) => Ok(Self(utc)),
            _ => Err(Invalid::new("time", &time.to_string(), "only the years from 1970 to 9999 can be kept")),
        }
    }
}

impl FromStr for Timestamp {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
            Invalid::new("time", text, "it is not in the form of RFC 3339")
                .hint("expected such as 2026-11-21T08:00:00Z")
        })?;
        time.try_into()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&contract::clock::rfc3339(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_kept_in_utc_and_whole_seconds() {
        let table = [
            ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
            ("2026-11-21T08:00:00.999+02:00", "2026-11-21T06:00:00Z"),
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        let table = [
            "",
            "now",
            "2026-11-21",
            "2026-11-21T08:00:00",
            "2026-02-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-01:00",
            "0000-01-01T00:00:00+01:00",
        ];
        for text in table {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
    }
}
