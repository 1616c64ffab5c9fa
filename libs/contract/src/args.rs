//! Arguments that mean the same in every tool. `contract::command` adds their environment fallbacks, `TOOL_NAME_…`.

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
pub struct FormatArgs {
    /// How the result is written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub format: Format,
}

/// `--dry-run`, for every subcommand that writes.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct DryRunArgs {
    /// Say what would be done, and write nothing
    #[arg(long)]
    pub dry_run: bool,
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
