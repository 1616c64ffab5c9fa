//! How a count is printed.

use clap::{Args, ValueEnum};

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Print {
    /// What a row is about; JSON always has both
    #[arg(long, value_enum, value_name = "ROW", env = "LOC_BADGE_BY", default_value_t)]
    pub(crate) by: Row,
    /// How the count is written to stdout
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub(crate) format: Format,
}

/// What a row is about.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Row {
    /// A language
    #[default]
    Language,
    /// A file
    File,
}

#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table for people
    #[default]
    Text,
    /// One JSON document, with "schema": 1
    Json,
    /// LOC_CODE, LOC_SOURCE, LOC_LINES and LOC_FILES, for artifacts:reports:dotenv
    Dotenv,
    /// A table for a merge request or a summary of a job
    Markdown,
}
