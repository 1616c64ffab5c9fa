//! Draws what it is told: the command `draw`.

use std::io::Write;
use std::path::Path;

use badge::Color;
use contract::{Exit, Failure, output};

use crate::cli;
use crate::drawing::{self, Content};

pub(crate) fn run(args: &cli::Draw, out: &mut dyn Write) -> Result<Exit, Failure> {
    if args.message.is_empty() {
        return Err(Failure::usage("--message is empty").hint(
            "is the variable set that it comes from? a badge of its label alone is made by --message ' '",
        ));
    }
    let content = Content { label: "", message: &args.message, color: Color::BLUE };
    let badge = drawing::badge(&args.badge, &content)?;
    if badge.is_empty() {
        return Err(Failure::usage("a badge needs a text")
            .hint("--message and --label hold nothing that can be shown"));
    }
    match &args.badge.output {
        Some(path) if path != Path::new("-") => drawing::draw(&args.badge, &content)?,
        _ => output::bytes(out, badge.render().as_bytes())?,
    }
    Ok(Exit::Done)
}
