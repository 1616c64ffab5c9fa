//! `release page`: the releases page alone.

use contract::Failure;

use crate::cli::Page;
use crate::output::Report;
use crate::publish::Planned;
use crate::{place, publish, site};

/// Makes the page show what the forge knows.
pub(crate) async fn page(typed: &Page) -> Result<Report, Failure> {
    let dry_run = typed.dry_run.dry_run;
    let forge = place::open(&typed.forge, dry_run)?;
    forge.expect_begun()?;
    let mut report = Report { dry_run, ..Report::default() };
    if typed.wiki {
        publish::wiki_page(&forge, &typed.forge, &Planned::default(), &mut report).await?;
    } else {
        let out = typed.out.clone().or_else(|| forge.public()).unwrap_or_else(|| "public".into());
        let change = publish::folder_page(&forge, &typed.forge, &out, &Planned::default(), dry_run).await?;
        report.add("page", "page", change, out.join(site::INDEX).display().to_string());
    }
    report.requests = forge.planned();
    Ok(report)
}
