//! lcov's tracefiles (<https://manpages.debian.org/bookworm/lcov/geninfo.1.en.html#FILES>).

use std::collections::HashMap;

use super::{Percent, Reason};

/// Whether a text begins as they do: a comment, the name of a test, or of a source file.
pub(super) fn is_start(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| line.starts_with("TN:") || line.starts_with("SF:"))
}

/// What is known of one source file. It may come several times, once for each test.
#[derive(Default)]
struct Source {
    /// Whether a line was run, by its number.
    lines: HashMap<u64, bool>,
    /// Lines hit and lines found, for writers that give no more.
    hit: u64,
    found: u64,
}

pub(super) fn percent(text: &str) -> Result<Percent, Reason> {
    let mut sources: HashMap<&str, Source> = HashMap::new();
    let mut current: Option<&str> = None;
    for (number, line) in text.lines().enumerate() {
        let wrong =
            || Reason::Malformed(format!("line {} is no line of lcov's: '{}'", number + 1, excerpt(line)));
        let line = line.trim();
        if line == "end_of_record" {
            current.take().ok_or_else(wrong)?;
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            return Err(wrong());
        };
        if key == "SF" {
            if current.is_some() {
                return Err(wrong());
            }
            sources.entry(value).or_default();
            current = Some(value);
        }
        let Some(source) = current.and_then(|name| sources.get_mut(name)) else { continue };
        let count = |text: &str| text.trim().parse::<u64>().map_err(|_| wrong());
        match key {
            "DA" => {
                let (line, rest) = value.split_once(',').ok_or_else(wrong)?;
                let hits = rest.split(',').next().unwrap_or_default().trim();
                // gcov writes negative counts where its counters overflow.
                let hits: i128 = hits.parse().map_err(|_| wrong())?;
                *source.lines.entry(count(line)?).or_default() |= hits != 0;
            }
            "LH" => source.hit = source.hit.max(count(value)?),
            "LF" => source.found = source.found.max(count(value)?),
            _ => {}
        }
    }
    if let Some(name) = current {
        return Err(Reason::Malformed(format!("its record of '{name}' has no end_of_record")));
    }
    total(sources.values())
}

fn total<'a>(sources: impl Iterator<Item = &'a Source>) -> Result<Percent, Reason> {
    let (mut hit, mut found) = (0_u64, 0_u64);
    for source in sources {
        let (of_hit, of_found) = match source.lines.len() {
            0 => (source.hit, source.found),
            lines => (source.lines.values().filter(|hit| **hit).count() as u64, lines as u64),
        };
        hit = hit.saturating_add(of_hit);
        found = found.saturating_add(of_found);
    }
    match found {
        0 => Err(Reason::Nothing),
        _ => Percent::of(hit, found)
            .ok_or_else(|| Reason::Malformed(format!("it says that {hit} of {found} lines are covered"))),
    }
}

fn excerpt(line: &str) -> String {
    line.chars().take(60).collect()
}
