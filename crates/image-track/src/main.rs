//! Lets deployments follow the newest image that a semver range allows.

fn main() -> std::process::ExitCode {
    contract::main::<image_track::Cli>()
}
