//! Counts, prints, draws: the command without a name.

use std::io::Write;

use badge::Badge;
use contract::{Exit, Failure};

use crate::cli::LinesBadge;
use crate::{svg_file, totals};

pub(crate) fn run(args: &LinesBadge, out: &mut dyn Write) -> Result<Exit, Failure> {
    let count = totals::something(&args.selection, Some("no badge was written"))?;
    if let Some(path) = &args.output {
        let badge = Badge::new(&args.label, &count.total().lines.code.to_string());
        svg_file::write(path, &badge, args.dry_run.dry_run)?;
    }
    totals::print(out, &count, args.format.format)?;
    Ok(Exit::Done)
}
