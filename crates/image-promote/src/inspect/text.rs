//! The report as people read it: a block of facts, then tables.

use crate::printable::{shown, words};

use super::report::{AttestationReport, ImageReport, ReferrerReport, Report, RunReport, TagReport};

/// Two columns, or a table: rows of cells.
type Rows = Vec<Vec<String>>;

/// The whole report as text.
pub(crate) fn write(report: &Report) -> String {
    let mut text = table(&facts(report));
    text.push('\n');
    text.push_str(&table(&images(&report.images)));
    for (title, rows) in configurations(&report.images) {
        text.push_str(&format!("\n{title}\n{}", indented(&table(&rows))));
    }
    if !report.attestations.is_empty() {
        text.push_str(&format!("\nATTESTATIONS\n{}", indented(&table(&attestations(&report.attestations)))));
    }
    match (&report.referrers, &report.referrers_problem) {
        (Some(list), _) if list.is_empty() => {}
        (Some(list), _) => {
            text.push_str(&format!("\nREFERRERS\n{}", indented(&table(&referrers(list)))));
        }
        (None, problem) => {
            let problem = shown(problem.as_deref().unwrap_or("the registry does not say"));
            text.push_str(&format!("\nREFERRERS\n  unknown: {problem}\n"));
        }
    }
    if let Some(tags) = report.attached_tags.as_deref().filter(|tags| !tags.is_empty()) {
        text.push_str(&format!("\nTAGS ABOUT IT\n{}", indented(&table(&attached(tags)))));
    }
    text
}

fn attached(tags: &[TagReport]) -> Rows {
    let row = |tag: &TagReport| vec![shown(&tag.suffix), tag.digest.to_string(), shown(&tag.tag)];
    tags.iter().map(row).collect()
}

fn facts(report: &Report) -> Rows {
    let mut rows = vec![
        row("image", &report.image),
        row("digest", &report.digest.to_string()),
        row("media type", &report.media_type),
    ];
    rows.extend(report.artifact_type.as_ref().map(|kind| row("artifact type", kind)));
    rows.extend(report.annotations.iter().map(|(key, value)| row("annotation", &format!("{key}={value}"))));
    rows
}

fn images(images: &[ImageReport]) -> Rows {
    let head = ["PLATFORM", "DIGEST", "SIZE", "LAYERS"].map(str::to_owned).to_vec();
    let rows = images.iter().map(|image| {
        vec![shown(&name(image)), image.digest.to_string(), size(image.size), image.layers.len().to_string()]
    });
    std::iter::once(head).chain(rows).collect()
}

/// What stands in the place of a platform where there is none: what the artifact is.
fn name(image: &ImageReport) -> String {
    match (&image.platform, &image.os_version) {
        (Some(platform), Some(version)) => format!("{platform} {version}"),
        (Some(platform), None) => platform.clone(),
        (None, _) => image.artifact_type.as_ref().unwrap_or(&image.config.media_type).clone(),
    }
}

/// The configurations: those that are the same are told once, with the platforms that have them in the title.
fn configurations(images: &[ImageReport]) -> Vec<(String, Rows)> {
    let mut groups: Vec<(Vec<&ImageReport>, Rows)> = Vec::new();
    for image in images {
        let rows = configuration(image);
        match groups.iter_mut().find(|(_, known)| *known == rows) {
            Some((same, _)) => same.push(image),
            None => groups.push((vec![image], rows)),
        }
    }
    let title = |same: &[&ImageReport]| {
        let names: Vec<_> = same.iter().map(|image| shown(&name(image))).collect();
        names.join(", ")
    };
    let filled = groups.into_iter().filter(|(_, rows)| !rows.is_empty());
    filled.map(|(same, rows)| (title(&same), rows)).collect()
}

fn configuration(image: &ImageReport) -> Rows {
    let mut rows = Rows::new();
    if let Some(configuration) = &image.configuration {
        rows.extend(configuration.created.as_ref().map(|created| row("created", created)));
        rows.extend(run(&configuration.run));
    }
    rows.extend(image.annotations.iter().map(|(key, value)| row("annotation", &format!("{key}={value}"))));
    rows
}

fn run(run: &RunReport) -> Rows {
    let mut rows = Rows::new();
    let mut list = |name: &str, list: &[String]| {
        if !list.is_empty() {
            rows.push(row(name, &words(list)));
        }
    };
    list("entrypoint", &run.entrypoint);
    list("cmd", &run.cmd);
    for (name, value) in [("user", &run.user), ("directory", &run.working_dir)] {
        if !value.is_empty() {
            rows.push(row(name, value));
        }
    }
    rows.extend(run.ports.iter().map(|port| row("port", port)));
    rows.extend(run.volumes.iter().map(|volume| row("volume", volume)));
    rows.extend(run.stop_signal.iter().map(|signal| row("stop signal", signal)));
    rows.extend(run.healthcheck.iter().map(|healthcheck| row("healthcheck", &healthcheck.text)));
    rows.extend(run.env.iter().map(|variable| row("env", variable)));
    rows.extend(run.labels.iter().map(|(key, value)| row("label", &format!("{key}={value}"))));
    rows
}

fn attestations(attestations: &[AttestationReport]) -> Rows {
    let row = |attestation: &AttestationReport| {
        let about = attestation.platform.clone();
        let about = about.or_else(|| attestation.subject.as_ref().map(ToString::to_string));
        let what = match attestation.predicates.as_slice() {
            [] => attestation.kind.clone(),
            predicates => predicates.join(", "),
        };
        vec![shown(&about.unwrap_or_default()), attestation.digest.to_string(), shown(&what)]
    };
    attestations.iter().map(row).collect()
}

fn referrers(referrers: &[ReferrerReport]) -> Rows {
    let row = |referrer: &ReferrerReport| {
        let annotations: Vec<_> =
            referrer.annotations.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let kind = referrer.artifact_type.as_deref().unwrap_or("unknown");
        vec![shown(kind), referrer.digest.to_string(), shown(&annotations.join(" "))]
    };
    referrers.iter().map(row).collect()
}

fn row(name: &str, value: &str) -> Vec<String> {
    vec![name.to_owned(), shown(value)]
}

/// Bytes as people say them, in units of a thousand.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut value, mut unit) = (bytes as f64 / 1000.0, 0);
    // What would be shown as 1000.0 of one unit is 1.0 of the next.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Aligns the columns; the last one ends its line.
fn table(rows: &Rows) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_to_a_unit_that_fits() {
        let table = [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (301_234, "301.2 kB"),
            (999_960, "1.0 MB"),
            (12_345_678, "12.3 MB"),
            (1_500_000_000, "1.5 GB"),
            (u64::MAX, "18446744.1 TB"),
        ];
        for (bytes, text) in table {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn columns_are_aligned_by_characters_and_lines_end_without_spaces() {
        let rows = vec![row("é", "1"), row("long", "2"), vec!["x".into(), String::new()]];
        assert_eq!(table(&rows), "é     1\nlong  2\nx\n");
        assert_eq!(table(&Rows::new()), "");
    }
}
