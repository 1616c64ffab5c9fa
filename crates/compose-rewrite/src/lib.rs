//! `compose-rewrite`: puts the built image into a compose file and touches nothing else.
//!
//! It edits bytes and never writes a file back from a tree, so comments, blank lines, quotes and line endings stay.
//! What it cannot do without a side effect on another service, it refuses.

mod cli;
mod compose;
mod error;
mod image;
mod image_reference;
mod output;
mod source;

pub use cli::Cli;

use std::io::Write;

use contract::args::Common;
use contract::{Exit, Failure, Tool};
use tracing::warn;

use cli::{Command, Image};
use output::Destination;
use source::Source;

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        match self.command {
            Command::Image(args) => image(&args, out),
        }
    }
}

fn image(args: &Image, out: &mut dyn Write) -> Result<Exit, Failure> {
    image_reference::check(&args.reference)?;
    let source = Source::locate(args.file.as_deref())?;
    let destination = Destination::choose(&source, args)?;
    let text = source.read()?;
    let changed = image::rewrite(&text, source.file_name(), &args.services, &args.reference)
        .map_err(|error| error.in_file(&source))?;
    for warning in &changed.warnings {
        warn!("{source}: {warning}");
    }
    let services = args.services.join(", ");
    destination.write(out, &changed.text, &format!("{services} now uses {}", args.reference))?;
    Ok(Exit::Done)
}
