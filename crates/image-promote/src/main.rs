//! Moves an image from one repository to another, every platform, digest kept.

fn main() -> std::process::ExitCode {
    contract::main::<image_promote::Cli>()
}
