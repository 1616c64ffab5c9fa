//! Counts, prints, draws: the command without a name.

use std::io::Write;

use badge::Color;
use contract::{Exit, Failure};

use crate::cli::LinesBadge;
use crate::drawing::{self, Content};
use crate::{output, totals};

pub(crate) fn run(args: &LinesBadge, out: &mut dyn Write) -> Result<Exit, Failure> {
    let count = totals::something(&args.selection, Some("no badge was written"))?;
    let message = count.total().lines.of(args.selection.count).to_string();
    let content = Content { label: "lines of code", message: &message, color: Color::BLUE };
    drawing::draw(&args.badge, &content)?;
    output::print(out, &count, args.print, args.selection.count)?;
    Ok(Exit::Done)
}
