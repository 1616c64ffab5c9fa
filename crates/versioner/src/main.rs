//! The next version, the image references and the variables of this commit.

fn main() -> std::process::ExitCode {
    contract::main::<versioner::Cli>()
}
