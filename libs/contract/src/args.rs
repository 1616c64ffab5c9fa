//! Arguments that mean the same in every tool. `contract::command` adds their environment fallbacks, `TOOL_NAME_…`.

use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

/// Arguments every tool has, on every subcommand.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Say more on stderr: decisions, requests and retries, and the causes of an error
    #[arg(short, long, global = true, action = ArgAction::Count, value_parser = how_often)]
    pub verbose: u8,
    /// Say nothing on stderr but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// What `TOOL_NAME_VERBOSE` says: a number, or yes or no as for every other switch.
fn how_often(value: &str) -> Result<u8, &'static str> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" => Ok(1),
        "false" | "f" | "no" | "n" | "off" => Ok(0),
        number => number.parse().map_err(|_| "neither yes nor no, nor a number from 0 to 255"),
    }
}

/// How a result is written to stdout.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people and simple scripts
    #[default]
    Text,
    /// One JSON document, with "schema": 1
    Json,
}

/// `--format text|json`, for the subcommands that have data to print.
#[derive(Args, Clone, Copy, Debug, Default)]
// clap would put it under the heading of what stands before it.
#[command(next_help_heading = None::<&'static str>)]
pub struct FormatArgs {
    /// How the result is written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
}

/// `--dry-run`, for every subcommand that writes.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = None::<&'static str>)]
pub struct DryRunArgs {
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Clocks do not count much further, and nobody waits so long.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Reads how long something may take: `90` and `90s` (seconds), `500ms`, `10m`, `1h30m`.
///
/// # Errors
/// When it is none of these, or longer than a hundred years.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no duration; 90, 20s, 10m, 1h30m and 500ms are some");
    let sound = |duration: Duration| if duration <= LONGEST { Ok(duration) } else { Err(wrong()) };
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong()).and_then(sound);
    }
    let (mut rest, mut all) = (text, Duration::ZERO);
    while !rest.is_empty() {
        let is_digit = |c: char| c.is_ascii_digit() || c == '.';
        let digits = rest.find(|c| !is_digit(c)).ok_or_else(wrong)?;
        let number: f64 = rest[..digits].parse().map_err(|_| wrong())?;
        let end = rest[digits..].find(is_digit).map_or(rest.len(), |at| digits + at);
        let unit = match &rest[digits..end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong()),
        };
        let part = Duration::try_from_secs_f64(number * unit).map_err(|_| wrong())?;
        all = all.checked_add(part).ok_or_else(wrong)?;
        rest = &rest[end..];
    }
    if text.is_empty() { Err(wrong()) } else { sound(all) }
}

/// The ids of arguments that several tools have, here and in the libraries: a struct that many tools flatten cannot
/// know whose it is, so these get the tool's own environment variable when the command line is put together.
pub(crate) const SHARED: [&str; 14] = [
    "verbose",
    "quiet",
    "format",
    "dry_run",
    "ca_cert",
    "client_cert",
    "client_key",
    "plain_http",
    "timeout",
    "backend",
    "oci_scheme",
    "range",
    "dialect",
    "prereleases",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, milliseconds) in [
            ("90", 90_000),
            ("20s", 20_000),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("500ms", 500),
            ("0", 0),
            ("0.5", 500),
            ("0.5s", 500),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1", "5x", "1h30", "NaN", "9999999999999999h", "999999h", "1e18", "1.2.3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_variable_says_how_much_is_told_as_a_number_or_as_yes_or_no() {
        let rows = [("yes", Ok(1)), ("True", Ok(1)), ("off", Ok(0)), ("0", Ok(0)), ("2", Ok(2))];
        for (value, expected) in rows {
            assert_eq!(how_often(value), expected, "{value}");
        }
        for value in ["", "very", "-1", "256"] {
            assert!(how_often(value).is_err(), "{value}");
        }
    }
}
