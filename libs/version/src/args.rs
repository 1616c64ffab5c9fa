//! The arguments of every tool that takes a range.

use clap::{Args, ValueEnum};

use crate::{InvalidRange, Range, RangeOptions};

/// A range and how it is read.
#[derive(Args, Clone, Debug, Default)]
pub struct RangeArgs {
    /// Only versions in this range, such as ^1.4 or '>=1.4 <2'; an empty one is every release
    #[arg(long, value_name = "RANGE")]
    pub range: Option<String>,
    /// By whose rules the range is read
    #[arg(long, value_enum, value_name = "NAME", default_value_t)]
    pub dialect: Dialect,
    /// Pre-releases are in a range like all other versions
    #[arg(long)]
    pub prereleases: bool,
}

/// The rules by which a range is read. They differ in what may be written, in what a bare number means, and in which
/// pre-releases belong to a range.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Masterminds/semver's, as in Helm, updatecli and Flux: a pre-release is in a range only where a part of it names one
    // Conditions with blanks or commas between them, `||`, `= != > < >= <= ~ ^`, `1.x`, `1.2 - 2`.
    #[default]
    Masterminds,
    /// npm's: a pre-release is in a range only where a part of it names one of the same three numbers
    // No commas, no `!=`.
    Node,
}

impl RangeArgs {
    /// The range, if one was asked for. `lenient` is [`RangeOptions::lenient`].
    ///
    /// # Errors
    /// When the dialect does not allow it.
    pub fn range(&self, lenient: bool) -> Result<Option<Range>, InvalidRange> {
        let options = RangeOptions { dialect: self.dialect, prereleases: self.prereleases, lenient };
        self.range.as_deref().map(|text| Range::parse(text, options)).transpose()
    }
}
