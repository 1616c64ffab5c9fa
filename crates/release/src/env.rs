//! `release env`: what runs where, and the badge that shows it.

use badge::Color;
use bytes::Bytes;
use contract::{Failure, clock};
use forge::{Badge, Deployment, Environment, Forge, Tag, Timestamp};

use crate::cli::{Env, Picture};
use crate::output::Report;
use crate::{place, publish};

/// Records the version first, because that is what counts; then the picture, the badge that shows it, and the page.
pub(crate) async fn env(typed: Env) -> Result<Report, Failure> {
    let name: Environment = typed.environment.parse()?;
    let version: Tag = typed.version.parse()?;
    let since: Timestamp = clock::now().try_into()?;
    let url = typed.url.as_deref().map(Deployment::address).transpose()?;
    let svg = picture(&name, &version, typed.color.as_deref())?;
    let dry_run = typed.dry_run.dry_run;
    let forge = place::open(&typed.forge, dry_run)?;
    let mut report = Report { dry_run, ..Report::default() };
    let change = forge.record(&name, &Deployment { version: version.clone(), since, url }).await?;
    report.add("environment", format!("{name} {version}"), change, forge.environments_location());
    let image_url = match typed.picture {
        Picture::Package => {
            let stored = forge.store_picture(name.as_str(), &svg).await?;
            let url = forge.picture_url(name.as_str(), &stored);
            report.add("picture", "picture", stored.change, stored.location);
            url
        }
        Picture::Artifact => Some(artifact(&name, &svg, &mut report)?),
    };
    if let Some(image_url) = image_url.filter(|_| !typed.no_badge) {
        badge(&forge, &name, &image_url, &mut report).await?;
    }
    publish::publish(&forge, &typed.forge, &typed.page, None, &mut report).await?;
    report.requests = forge.planned();
    Ok(report)
}

fn picture(name: &Environment, version: &Tag, color: Option<&str>) -> Result<Bytes, Failure> {
    let color = match color {
        Some(text) => text.parse()?,
        None if name.as_str() == "production" => Color::GREEN,
        None => Color::BLUE,
    };
    Ok(badge::Badge::new(name.as_str(), version.as_str()).color(color).render().into_bytes().into())
}

/// The picture as a file of this job, and the address under which GitLab will show it. It is that of this very job:
/// neither a cache nor a later pipeline of another branch changes what is seen.
fn artifact(name: &Environment, svg: &Bytes, report: &mut Report) -> Result<String, Failure> {
    let file = format!("{name}.svg");
    let (Some(server), Some(job)) = (place::variable("CI_SERVER_URL"), place::variable("CI_JOB_ID")) else {
        return Err(Failure::usage(
            "the address of an artifact is not known: CI_SERVER_URL or CI_JOB_ID is not set",
        )
        .hint("run it in a GitLab job, or keep the picture with --picture package"));
    };
    let change = publish::put(std::path::Path::new(&file), svg, report.dry_run)?;
    report.add("picture", "picture", change, &file);
    Ok(format!("{}/%{{project_path}}/-/jobs/{job}/artifacts/raw/{file}", server.trim_end_matches('/')))
}

/// What is recorded stays so, also when nobody may touch the badge.
async fn badge(
    forge: &Forge,
    name: &Environment,
    image_url: &str,
    report: &mut Report,
) -> Result<(), Failure> {
    let Some(link) = forge.releases_page() else { return Ok(()) };
    let badge = Badge::new(name.as_str(), image_url, link.as_str())?;
    match forge.badge(&badge).await {
        Ok(change) => report.add("badge", format!("badge {name}"), change, image_url),
        Err(error) if error.is_missing_right() => report.failed.push(error.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
