//! Counts lines of code and draws the badge.

mod cli;
mod count;
mod error;
mod language;
mod lines;
mod other;
mod output;
mod python;
mod text;
mod walk;

pub use cli::Cli;

use std::io::Write;
use std::path::{Path, PathBuf};

use badge::Badge;
use contract::args::{Common, Format};
use contract::file::{self, Replaced};
use contract::{Exit, Failure, Tool};
use tracing::info;

use crate::count::{Count, Skipped};

impl Tool for Cli {
    fn common(&self) -> &Common {
        &self.common
    }

    fn run(self, out: &mut dyn Write) -> Result<Exit, Failure> {
        let count = count::count(&self.paths)?;
        let code = count.total().lines.code;
        if code == 0 {
            return Err(nothing(&self.paths, &count));
        }
        if let Some(left_out) = left_out(&count) {
            info!("files left out: {left_out}");
        }
        if let Some(path) = &self.output {
            let badge = Badge::new(&self.label, &code.to_string());
            draw(path, &badge, self.dry_run.dry_run)?;
        }
        match self.format.format {
            Format::Text => output::text(out, &count)?,
            Format::Json => output::json(out, &count)?,
        }
        Ok(Exit::Done)
    }
}

fn draw(path: &Path, badge: &Badge, dry_run: bool) -> Result<(), Failure> {
    let path_shown = path.display();
    if dry_run {
        info!("would write the badge to {path_shown}");
        return Ok(());
    }
    match file::replace(path, badge.render().as_bytes()) {
        Ok(Replaced::Written) => info!("wrote the badge to {path_shown}"),
        Ok(Replaced::Unchanged) => info!("the badge in {path_shown} is up to date"),
        Err(error) => {
            return Err(Failure::failed(format!("cannot write the badge to '{path_shown}'"))
                .because(error)
                .hint("--output needs a file name in a folder that exists and can be written to"));
        }
    }
    Ok(())
}

/// A badge that says 0 would look as if all was well.
fn nothing(paths: &[PathBuf], count: &Count) -> Failure {
    let paths: Vec<_> = paths.iter().map(|path| format!("'{}'", path.display())).collect();
    let failure = Failure::no(format!("no line of code in {}", paths.join(", ")));
    let mut hints = Vec::new();
    if count.total().files > 0 {
        hints
            .push(format!("{} source file(s) hold comments, strings and brackets only", count.total().files));
    }
    hints.extend(left_out(count).map(|left_out| format!("files left out: {left_out}")));
    if hints.is_empty() {
        hints.push("no regular file was found".to_owned());
    }
    hints.push("no badge was written".to_owned());
    failure.hint(hints.join("; "))
}

/// As people read it, such as `2 duplicate, 1 empty, 57 without source code`.
fn left_out(count: &Count) -> Option<String> {
    let named = count.skipped.iter().map(|(reason, files)| {
        let name = match reason {
            Skipped::Binary => "binary",
            Skipped::Duplicate => "duplicate",
            Skipped::Empty => "empty",
            Skipped::Generated => "generated",
            Skipped::Unreadable => "unreadable",
        };
        format!("{files} {name}")
    });
    let other = (count.other > 0).then(|| format!("{} without source code", count.other));
    let parts: Vec<_> = named.chain(other).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
