//! Runs quality gates inside the image that was built, and waits until it is healthy.

fn main() -> std::process::ExitCode {
    contract::main::<image_gate::Cli>()
}
