//! Marks on images that a gate can trust: tested, scanned.

fn main() -> std::process::ExitCode {
    contract::main::<props::Cli>()
}
