//! What a run prints: text that reads well and JSON that stays as it is.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use serde::Serialize;

use crate::cli::{Health, Prune, Push};
use crate::health::{Report, Verdict};
use crate::keeper::Thing;
use crate::push::Pushed;

#[derive(Serialize)]
struct HealthReport<'a> {
    image: &'a str,
    healthy: bool,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i64>,
    seconds: f64,
    #[serde(skip_serializing_if = "str::is_empty")]
    last_check: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    log: &'a str,
    ports: Vec<Port<'a>>,
}

#[derive(Serialize)]
struct Port<'a> {
    port: &'a str,
    address: &'a str,
}

#[derive(Serialize)]
struct PruneReport<'a> {
    dry_run: bool,
    removed: Vec<Removed<'a>>,
}

#[derive(Serialize)]
struct Removed<'a> {
    kind: &'static str,
    name: &'a str,
}

#[derive(Serialize)]
struct PushReport<'a> {
    image: &'a str,
    dry_run: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'a str>,
    pushed: Vec<PushedReference<'a>>,
}

#[derive(Serialize)]
struct PushedReference<'a> {
    reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'a str>,
}

/// The word for a verdict.
pub(crate) fn status(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Healthy => "healthy",
        Verdict::Unhealthy => "unhealthy",
        Verdict::Flapping => "flapping",
        Verdict::Exited(_) => "exited",
        Verdict::Restarted => "restarted",
        Verdict::TooLate => "too late",
    }
}

/// Milliseconds are more than anybody can tell apart.
pub(crate) fn seconds(duration: std::time::Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

/// One word, and a line a port that was asked for.
pub(crate) fn health(args: &Health, report: &Report, out: &mut dyn Write) -> Result<(), Failure> {
    let status = status(&report.verdict);
    match args.format.format {
        Format::Text => {
            output::line(out, status)?;
            if args.publish {
                for (port, address) in &report.ports {
                    output::line(out, &format!("{port}\t{address}"))?;
                }
            }
            Ok(())
        }
        Format::Json => {
            let exit_code = if let Verdict::Exited(code) = report.verdict { Some(code) } else { None };
            let ports = report.ports.iter().map(|(port, address)| Port { port, address }).collect();
            output::json(
                out,
                &HealthReport {
                    image: &args.image,
                    healthy: report.verdict == Verdict::Healthy,
                    status,
                    exit_code,
                    seconds: seconds(report.elapsed),
                    last_check: &report.last,
                    log: &report.log,
                    ports,
                },
            )
        }
    }
}

/// One line a thing.
pub(crate) fn pruned(args: &Prune, removed: &[Thing], out: &mut dyn Write) -> Result<(), Failure> {
    match args.format.format {
        Format::Text => removed.iter().try_for_each(|thing| output::line(out, &thing.to_string())),
        Format::Json => {
            let removed = removed.iter().map(|thing| match thing {
                Thing::Container(name) => Removed { kind: "container", name },
                Thing::Image(name) => Removed { kind: "image", name },
            });
            output::json(out, &PruneReport { dry_run: args.dry_run.dry_run, removed: removed.collect() })
        }
    }
}

/// One line a reference, with the digest that it leads to.
pub(crate) fn pushed(
    args: &Push,
    pushed: &[Pushed],
    skipped: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    match args.format.format {
        Format::Text => pushed.iter().try_for_each(|pushed| match &pushed.digest {
            Some(digest) => output::line(out, &format!("{}@{digest}", pushed.reference)),
            None => output::line(out, &pushed.reference.to_string()),
        }),
        Format::Json => {
            let references = pushed.iter().map(|pushed| PushedReference {
                reference: pushed.reference.to_string(),
                digest: pushed.digest.as_deref(),
            });
            let dry_run = args.dry_run.dry_run;
            output::json(
                out,
                &PushReport { image: &args.image, dry_run, skipped, pushed: references.collect() },
            )
        }
    }
}
