//! Counts lines of code and draws the badge.

fn main() -> std::process::ExitCode {
    contract::main::<loc_badge::Cli>()
}
