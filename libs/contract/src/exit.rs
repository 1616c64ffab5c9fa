//! The one table of exit codes.

use std::process::ExitCode;

/// How a run ends, for every tool alike. The numbers are part of the interface: see `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It was done; or the answer is yes.
    Done = 0,
    /// It was tried and failed: network, server, file system; or what was asked about does not exist.
    Failed = 1,
    /// The command line or an input file is wrong; trying again without a change is pointless.
    Usage = 2,
    /// The check ran and the answer is no: a mark is missing, a tag is taken, nothing matched.
    No = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
