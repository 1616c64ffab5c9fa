//! What is to be counted, and by which measure.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub(crate) struct Selection {
    /// Folders and files to count
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
    /// Which lines are the number: on the badge, and for the order of the rows
    #[arg(long, value_enum, value_name = "LINES", env = "LOC_BADGE_COUNT", default_value_t)]
    pub(crate) count: Measure,
    /// Only files with these suffixes, such as py,sql; patterns such as c* will do. By default those of source languages
    #[arg(long, value_name = "SUFFIX", env = "FILE_SUFFIX", value_delimiter = ',')]
    pub(crate) suffix: Vec<String>,
    /// Only files in these languages, such as Python,Rust, whatever their suffix
    #[arg(long, value_name = "NAME", env = "LOC_BADGE_LANGUAGE", value_delimiter = ',')]
    pub(crate) language: Vec<String>,
    /// Leave out what matches, in the syntax of .gitignore, seen from PATH or the current folder
    #[arg(long, value_name = "GLOB", env = "LOC_BADGE_EXCLUDE", value_delimiter = ',')]
    pub(crate) exclude: Vec<String>,
    /// Count what git ignores too
    #[arg(long, env = "LOC_BADGE_NO_GITIGNORE")]
    pub(crate) no_gitignore: bool,
}

/// What is counted of a file.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Lines with code: the Code of pygount's summary
    #[default]
    Code,
    /// Lines with code or a string: pygount's source
    Source,
    /// All lines
    Lines,
}

impl Measure {
    /// As it is typed.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Source => "source",
            Self::Lines => "lines",
        }
    }
}
