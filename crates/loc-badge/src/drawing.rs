//! From what was typed, and what there is to say, to a badge.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use badge::{Badge, Color, Logo, Thresholds, human, number};
use contract::{Exit, Failure};

use crate::cli::{BadgeArgs, ColorChoice};
use crate::svg_file;

/// What a command has to say, where the command line does not say otherwise.
pub(crate) struct Content<'a> {
    pub(crate) label: &'a str,
    pub(crate) message: &'a str,
    pub(crate) color: Color,
}

/// Draws the badge into the file that was asked for, if one was.
pub(crate) fn draw(args: &BadgeArgs, content: &Content<'_>) -> Result<(), Failure> {
    // Also where nothing is written: what is wrong is told the first time.
    let badge = badge(args, content)?;
    match &args.output {
        Some(path) if path == Path::new("-") => Err(Failure::usage("--output: '-' is no file for the badge")
            .hint(
                "standard output has the number; 'loc-badge draw' writes a badge there, and ./- is a file",
            )),
        Some(path) => svg_file::write(path, &badge, args.dry_run.dry_run),
        None => Ok(()),
    }
}

/// The badge itself.
pub(crate) fn badge(args: &BadgeArgs, content: &Content<'_>) -> Result<Badge, Failure> {
    let color = match &args.color {
        ColorChoice::Default => content.color,
        ColorChoice::One(color) => *color,
        ColorChoice::Scale(steps, comparison) => {
            Thresholds::new(steps, *comparison)?.color_of(content.message)?
        }
        ColorChoice::Both => {
            return Err(Failure::usage("--color and --threshold both give the colour")
                .hint("leave one of them out; LOC_BADGE_COLOR and LOC_BADGE_THRESHOLD are the same"));
        }
    };
    let label = args.label.as_deref().unwrap_or(content.label);
    let message = args.human.then(|| short(content.message)).flatten();
    let message = message.as_deref().unwrap_or(content.message);
    let mut badge = Badge::new(label, message).color(color).style(args.style);
    if let Some(color) = args.label_color {
        badge = badge.label_color(color);
    }
    if let Some(path) = &args.logo {
        badge = badge.logo(logo(path)?);
    }
    if let Some(link) = &args.link {
        badge = badge.link(link.clone());
    }
    Ok(badge)
}

/// A whole number, shorter; anything else stays as it was typed.
fn short(message: &str) -> Option<String> {
    number(message)?;
    message.trim().replace('_', "").parse().ok().map(human)
}

fn logo(path: &Path) -> Result<Logo, Failure> {
    let mut bytes = Vec::new();
    // A byte more than is taken, so that a larger file is seen to be one, and a device is not read for ever.
    let limit = Logo::LIMIT as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(path, error))?;
    Logo::from_bytes(&bytes).map_err(|error| {
        let failure = Failure::from(error);
        Failure::new(failure.exit(), format!("cannot put '{}' into the badge", path.display()))
            .because(failure.summary())
            .hint("give an SVG, PNG, JPEG or GIF file that a browser can open; it is drawn 14 px high")
    })
}

fn unreadable(path: &Path, error: io::Error) -> Failure {
    Failure::new(Exit::of_unreadable(&error), format!("cannot read the logo '{}'", path.display()))
        .because(error)
        .hint("--logo needs the name of a file that is there and can be read")
}
