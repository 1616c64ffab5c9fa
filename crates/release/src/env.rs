//! `release env`: what runs where, and the badge that shows it.

use std::path::Path;

use badge::Color;
use bytes::Bytes;
use contract::{Failure, clock};
use forge::{Badge, Deployment, Environment, Forge, Tag, Timestamp};

use crate::cli::{Env, Picture};
use crate::output::Report;
use crate::publish::Planned;
use crate::{place, publish};

/// Records the version first, because that is what counts; then the picture, the badge that shows it, and the page.
pub(crate) async fn env(typed: Env) -> Result<Report, Failure> {
    let (name, version) = named(&typed, place::variable)?;
    let name: Environment = name.parse()?;
    let version: Tag = version.parse()?;
    let since: Timestamp = clock::now().try_into()?;
    let url = typed.url.as_deref().map(Deployment::address).transpose()?;
    let svg = picture(&name, &version, typed.color.as_deref())?;
    let artifact = (typed.picture == Picture::Artifact).then(|| Artifact::new(&name)).transpose()?;
    let dry_run = typed.dry_run.dry_run;
    let forge = place::open(&typed.forge, dry_run)?;
    let mut report = Report { dry_run, ..Report::default() };
    let wanted = Deployment { version: version.clone(), since, url };
    let (change, deployment) = forge.record(&name, &wanted).await?;
    report.add("environment", format!("{name} {version}"), change, forge.environments_location());
    warn_of_no_release(&forge, &version).await;
    let image_url = match artifact {
        None => {
            let stored = forge.store_picture(name.as_str(), &svg).await?;
            let url = forge.picture_url(name.as_str(), &stored);
            report.add("picture", "picture", stored.change, stored.location);
            url
        }
        Some(artifact) => {
            let change = publish::put(Path::new(&artifact.file), &svg, dry_run)?;
            report.add("picture", "picture", change, &artifact.file);
            Some(artifact.url)
        }
    };
    if let Some(image_url) = image_url.filter(|_| !typed.no_badge) {
        badge(&forge, &name, &image_url, &mut report).await?;
    }
    let planned = Planned { release: None, environment: dry_run.then_some((name, deployment)) };
    publish::publish(&forge, &typed.forge, &typed.page, &planned, &mut report).await?;
    report.requests = forge.planned();
    Ok(report)
}

/// A slip in the version shows on a badge for everybody. What runs may be released later, or never, as every commit's
/// pre-release does; so this is no error, and only about versions that are released.
async fn warn_of_no_release(forge: &Forge, version: &Tag) {
    let is_release = version.version().is_some_and(|version| version.pre.is_empty());
    if is_release && matches!(forge.release(version).await, Ok(None)) {
        tracing::warn!("there is no release {version}; it is recorded all the same");
    }
}

/// What was typed as ENV and VERSION, or is in the variables. One argument alone is what no variable says; where that
/// leaves both, a semantic version is the version, and anything else nobody can tell.
fn named(typed: &Env, variable: impl Fn(&str) -> Option<String>) -> Result<(String, String), Failure> {
    const HINT: &str = "name both: release env ENV VERSION, such as release env production 1.2.0";
    let (server, tag) = (variable("RELEASE_SERVER"), variable("CI_COMMIT_TAG"));
    let is_version = |text: &str| text.parse::<Tag>().is_ok_and(|tag| tag.version().is_some());
    let missing = |what: &str, name: &str| {
        Err(Failure::usage(format!("no {what} is named, and {name} is not set")).hint(HINT))
    };
    match (typed.environment.clone(), typed.version.clone(), server, tag) {
        (Some(environment), Some(version), _, _) => Ok((environment, version)),
        (Some(alone), None, Some(server), tag) => {
            if tag.is_none() || is_version(&alone) {
                return Ok((server, alone));
            }
            let message = format!(
                "'{alone}' can be the environment or the version: RELEASE_SERVER and CI_COMMIT_TAG are both set"
            );
            Err(Failure::usage(message).hint(HINT))
        }
        (Some(alone), None, None, _) if is_version(&alone) => missing("environment", "RELEASE_SERVER"),
        (Some(environment), None, None, Some(tag)) => Ok((environment, tag)),
        (Some(_), None, None, None) => missing("version", "CI_COMMIT_TAG"),
        (None, _, Some(server), Some(tag)) => Ok((server, tag)),
        (None, _, Some(_), None) => missing("version", "CI_COMMIT_TAG"),
        (None, _, None, _) => missing("environment", "RELEASE_SERVER"),
    }
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
struct Artifact {
    file: String,
    url: String,
}

impl Artifact {
    fn new(name: &Environment) -> Result<Self, Failure> {
        let file = format!("{name}.svg");
        let (Some(server), Some(job)) = (place::variable("CI_SERVER_URL"), place::variable("CI_JOB_ID"))
        else {
            return Err(Failure::usage(
                "the address of an artifact is not known: CI_SERVER_URL or CI_JOB_ID is not set",
            )
            .hint("run it in a GitLab job, or keep the picture with --picture package"));
        };
        let server = server.trim_end_matches('/');
        let url = format!("{server}/%{{project_path}}/-/jobs/{job}/artifacts/raw/{file}");
        // The same rules as for a badge, before anything is written.
        Badge::new(name.as_str(), &url, server)?;
        Ok(Self { file, url })
    }
}

/// What is recorded stays so, also when nobody may touch the badge.
async fn badge(
    forge: &Forge,
    name: &Environment,
    image_url: &str,
    report: &mut Report,
) -> Result<(), Failure> {
    let Some(link) = forge.releases_page() else {
        tracing::warn!("no badge: nothing says where people find the project; set CI_PROJECT_URL");
        return Ok(());
    };
    let badge = Badge::new(name.as_str(), image_url, link.as_str())?;
    match forge.badge(&badge).await {
        Ok(change) => report.add("badge", format!("badge {name}"), change, image_url),
        Err(error) if error.is_missing_right() => report.failed.push(error.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    #[test]
    fn one_argument_alone_is_what_no_variable_says() {
        type Row<'a> = (&'a [&'a str], &'a [(&'a str, &'a str)], Result<[&'a str; 2], &'a str>);
        let (server, tag) = (("RELEASE_SERVER", "prod"), ("CI_COMMIT_TAG", "1.0.0"));
        let table: [Row<'_>; 12] = [
            (&["prev", "2.0.0"], &[server, tag], Ok(["prev", "2.0.0"])),
            (&[], &[server, tag], Ok(["prod", "1.0.0"])),
            (&["8b1735cf"], &[server], Ok(["prod", "8b1735cf"])),
            (&["2.0.0"], &[server], Ok(["prod", "2.0.0"])),
            (&["v2.0.0"], &[server, tag], Ok(["prod", "v2.0.0"])),
            (&["prev"], &[tag], Ok(["prev", "1.0.0"])),
            (&["prev"], &[server, tag], Err("'prev' can be the environment or the version")),
            (&["2.0.0"], &[tag], Err("no environment is named")),
            (&["prev"], &[], Err("no version is named, and CI_COMMIT_TAG is not set")),
            (&[], &[tag], Err("no environment is named, and RELEASE_SERVER is not set")),
            (&[], &[server], Err("no version is named")),
            (&[], &[], Err("no environment is named")),
        ];
        for (args, variables, expected) in table {
            let typed = Cli::try_parse_from([&["release", "env"], args].concat()).unwrap();
            let Command::Env(typed) = typed.command else { panic!("env was typed") };
            let variable = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            };
            match (named(&typed, variable), expected) {
                (Ok((name, version)), Ok(expected)) => assert_eq!([name, version], expected),
                (Err(failure), Err(expected)) => assert!(failure.summary().contains(expected), "{failure}"),
                (found, _) => panic!("{args:?} {variables:?}: {found:?}"),
            }
        }
    }
}
