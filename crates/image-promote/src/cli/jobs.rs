//! How much at a time: the same for every command that moves images.

use clap::Args;
use http::AtATime;

/// The option for how much is done at a time.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = None::<&'static str>)]
pub(crate) struct JobsArgs {
    /// Send at most this many requests at a time; by default 16, and more while the registry bears it
    #[arg(long, value_name = "N", env = "IMAGE_PROMOTE_JOBS", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,
}

impl JobsArgs {
    /// How many requests one registry gets at a time.
    pub(crate) fn at_a_time(self) -> AtATime {
        self.jobs.map_or_else(AtATime::default, |jobs| AtATime::at_most(usize::from(jobs)))
    }

    /// How many are prepared at a time: those that the registry does not bear yet wait for their turn.
    pub(crate) fn most(self) -> usize {
        self.at_a_time().most
    }
}
