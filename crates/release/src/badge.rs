//! `release badge`: one badge of the project.

use contract::Failure;
use forge::Badge;

use crate::output::Report;
use crate::{cli, place};

/// Makes the project have exactly one badge of this name, and this one.
pub(crate) async fn badge(typed: &cli::Badge) -> Result<Report, Failure> {
    let badge = Badge::new(&typed.name, &typed.image_url, &typed.link_url)?;
    let dry_run = typed.dry_run.dry_run;
    let forge = place::open(&typed.forge, dry_run)?;
    let change = forge.badge(&badge).await?;
    let mut report = Report { dry_run, ..Report::default() };
    report.add("badge", format!("badge {}", badge.name()), change, badge.image_url());
    report.requests = forge.planned();
    Ok(report)
}
