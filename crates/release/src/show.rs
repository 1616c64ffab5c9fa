//! `release show`: what the forge knows, in a few lines or as JSON.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use forge::{EnvironmentsRecord, Forge, Release, ReleaseRecord, Tag};
use serde::Serialize;

use crate::cli::Show;
use crate::place;
use crate::site::in_order;

#[derive(Serialize)]
struct One {
    release: ReleaseRecord,
    location: String,
}

#[derive(Serialize)]
struct All {
    #[serde(flatten)]
    environments: EnvironmentsRecord,
    releases: Vec<ReleaseRecord>,
}

/// Prints one release, or all of them below what runs where.
pub(crate) async fn show(typed: &Show, out: &mut dyn Write) -> Result<Exit, Failure> {
    let forge = place::open(&typed.forge, false)?;
    forge.expect_begun()?;
    let Some(tag) = &typed.tag else {
        let (releases, environments) = (forge.releases().await?, forge.environments().await?);
        if typed.format.format == Format::Json {
            let records = releases.iter().map(ReleaseRecord::from).collect();
            output::json(out, &All { environments: (&environments).into(), releases: records })?;
            return Ok(Exit::Done);
        }
        for (name, deployment) in in_order(&environments) {
            output::line(out, &format!("{name}: {} since {}", deployment.version, deployment.since))?;
        }
        for release in &releases {
            output::line(out, &line(release))?;
        }
        return Ok(Exit::Done);
    };
    let tag: Tag = tag.parse()?;
    let Some(found) = forge.release(&tag).await? else { return Err(missing(&forge, &tag).await?) };
    let location = forge.location(&tag);
    match typed.format.format {
        Format::Json => output::json(out, &One { release: (&found.release).into(), location })?,
        Format::Text => text(out, &found.release, &location)?,
    }
    Ok(Exit::Done)
}

/// Whoever asks for `v1.2.0` may mean `1.2.0`. What lists the releases also says when there is no such project.
async fn missing(forge: &Forge, tag: &Tag) -> Result<Failure, Failure> {
    let all = forge.releases().await?;
    let failure = Failure::failed(format!(
        "there is no release {tag} in {}",
        forge.project().unwrap_or("this directory")
    ));
    let is_same = |release: &&Release| tag.version().is_some() && release.tag.version() == tag.version();
    Ok(match all.iter().find(is_same) {
        Some(other) => failure.hint(format!("there is one of the tag {}", other.tag)),
        None => failure.hint("release show without a tag lists what is there; release create makes it"),
    })
}

/// `1.2.0, released on 2026-11-21T08:00:00Z: Spring`.
fn line(release: &Release) -> String {
    let name = match release.name.as_str() {
        name if name == release.tag.as_str() => String::new(),
        name => format!(": {name}"),
    };
    format!("{} released {}{name}", release.tag, release.released_at)
}

fn text(out: &mut dyn Write, release: &Release, location: &str) -> Result<(), Failure> {
    output::line(out, &line(release))?;
    output::line(out, location)?;
    if let Some(git_ref) = &release.git_ref {
        output::line(out, &format!("commit {}", git_ref.as_str()))?;
    }
    if let Some(image) = &release.image {
        output::line(out, &format!("image {}", image.reference()))?;
    }
    for milestone in &release.milestones {
        output::line(out, &format!("milestone {milestone}"))?;
    }
    for asset in &release.assets {
        output::line(out, &format!("{} {}: {}", asset.link_type(), asset.name(), asset.url()))?;
    }
    if !release.description.trim().is_empty() {
        output::line(out, &format!("\n{}", release.description.trim_end()))?;
    }
    Ok(())
}
