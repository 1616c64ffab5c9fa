//! The one table of exit codes.

use std::io;
use std::process::ExitCode;

/// How a run ends, for every tool alike. The numbers are part of the interface: see `docs/exit-codes.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It was done; or the answer is yes.
    Done,
    /// It was tried and failed: network, server, file system; or what was asked about does not exist.
    Failed,
    /// The command line or an input file is wrong; trying again without a change is pointless.
    Usage,
    /// The check ran and the answer is no: a mark is missing, a tag is taken, nothing matched.
    No,
    /// What a command that the tool was asked to run has ended with, or would have: it is passed on as it is.
    Command(u8),
}

impl Exit {
    /// How a run ends that cannot read a file which its command line names: that the file is not there, is a folder or
    /// may not be read is a mistake of who has named it, anything else a failure of the machine.
    pub fn of_unreadable(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::PermissionDenied => Self::Usage,
            _ => Self::Failed,
        }
    }

    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::No => 3,
            Self::Command(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
