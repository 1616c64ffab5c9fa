//! Releases, version badges and a releases page, safe to run again.

fn main() -> std::process::ExitCode {
    contract::main::<release::Cli>()
}
