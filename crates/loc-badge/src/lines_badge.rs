//! Counts, prints, draws: the command without a name.

use std::io::Write;

use badge::Badge;
use contract::{Exit, Failure};

use crate::cli::LinesBadge;
use crate::{output, svg_file, totals};

pub(crate) fn run(args: &LinesBadge, out: &mut dyn Write) -> Result<Exit, Failure> {
    let count = totals::something(&args.selection, Some("no badge was written"))?;
    if let Some(path) = &args.output {
        let badge = Badge::new(&args.label, &count.total().lines.of(args.selection.count).to_string());
        svg_file::write(path, &badge, args.dry_run.dry_run)?;
    }
    output::print(out, &count, args.print, args.selection.count)?;
    Ok(Exit::Done)
}
