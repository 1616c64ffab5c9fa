//! The time that is written into results.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Failure;

/// The time now, or what `SOURCE_DATE_EPOCH` says (seconds since 1970), so that results can be reproduced
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
pub fn now() -> OffsetDateTime {
    frozen().and_then(|value| moment(&value)).unwrap_or_else(OffsetDateTime::now_utc)
}

/// Whether [`now`] can do as `SOURCE_DATE_EPOCH` says. Every run begins with this: a time that is asked for and does not
/// show would only be noticed when two results differ.
///
/// # Errors
/// When it is set and is no such number.
pub(crate) fn check() -> Result<(), Failure> {
    match frozen() {
        Some(value) if moment(&value).is_none() => {
            Err(Failure::usage(format!("{VARIABLE} is '{value}', which is no number of seconds since 1970"))
                .hint("set it as 'git log -1 --format=%ct' prints it, or not at all"))
        }
        _ => Ok(()),
    }
}

const VARIABLE: &str = "SOURCE_DATE_EPOCH";

/// What the variable says, whatever that is; empty counts as unset.
fn frozen() -> Option<String> {
    let value = std::env::var_os(VARIABLE).filter(|value| !value.is_empty())?;
    Some(value.to_string_lossy().into_owned())
}

/// A time that can be written.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let time = OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok()?;
    time.format(&Rfc3339).ok().map(|_| time)
}

/// RFC 3339, as OCI annotations and GitLab want it.
pub fn rfc3339(time: OffsetDateTime) -> String {
    // Fails only for years beyond 9999, which no clock gives.
    time.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_time_is_a_number_of_seconds_that_a_calendar_has() {
        for (text, expected) in [("0", Some(0)), ("1795248000", Some(1_795_248_000)), ("-1", Some(-1))] {
            assert_eq!(moment(text).map(|time| time.unix_timestamp()), expected, "{text}");
        }
        for text in ["", "abc", "1.5", " 1", "2026-11-21", "99999999999999", "-99999999999"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
