//! A Docker engine for a bench: says where it is and which image it has, and ends with its standard input.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use testkit::Engine;

fn main() -> ExitCode {
    let Some(engine) = Engine::shared() else { return ExitCode::FAILURE };
    let told = writeln!(io::stdout(), "{} {}", engine.host(), Engine::BASE);
    let waited = told.and_then(|()| io::stdin().read_to_end(&mut Vec::new()));
    if waited.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
