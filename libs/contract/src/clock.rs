//! The time that is written into results.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The time now, or what `SOURCE_DATE_EPOCH` says (seconds since 1970), so that results can be reproduced
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
pub fn now() -> OffsetDateTime {
    let frozen = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|value| value.parse().ok());
    frozen
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or_else(OffsetDateTime::now_utc)
}

/// RFC 3339, as OCI annotations and GitLab want it.
pub fn rfc3339(time: OffsetDateTime) -> String {
    // Fails only for years beyond 9999, which no clock gives.
    time.format(&Rfc3339).unwrap_or_default()
}
