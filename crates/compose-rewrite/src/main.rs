//! Puts the built image into a compose file and touches nothing else.

fn main() -> std::process::ExitCode {
    contract::main::<compose_rewrite::Cli>()
}
