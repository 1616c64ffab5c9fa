//! The releases page, wherever it is kept: in a folder, in the forge's own directory, in the project's wiki.

use std::path::Path;

use contract::{Failure, file};
use forge::{Change, Deployment, Environment, Environments, Forge, Release};

use crate::cli::{ForgeArgs, PageArgs};
use crate::output::Report;
use crate::place;
use crate::site::{self, Known, Site};
use crate::wiki;

/// What a dry run would have changed.
#[derive(Default)]
pub(crate) struct Planned {
    pub(crate) release: Option<Release>,
    pub(crate) environment: Option<(Environment, Deployment)>,
}

/// Brings every page up to date that was asked for.
pub(crate) async fn publish(
    forge: &Forge,
    typed: &ForgeArgs,
    pages: &PageArgs,
    planned: &Planned,
    report: &mut Report,
) -> Result<(), Failure> {
    let folders = forge.public().into_iter().chain(pages.page.clone());
    for folder in folders {
        let change = folder_page(forge, typed, &folder, planned, report.dry_run).await?;
        report.add("page", "page", change, folder.join(site::INDEX).display().to_string());
    }
    if pages.wiki {
        wiki_page(forge, typed, planned, report).await?;
    }
    Ok(())
}

/// Keeps the page in the wiki. A missing right does not undo what was done.
pub(crate) async fn wiki_page(
    forge: &Forge,
    typed: &ForgeArgs,
    planned: &Planned,
    report: &mut Report,
) -> Result<(), Failure> {
    let (releases, environments) = known(forge, planned).await?;
    let text = wiki::render(forge, place::project(typed, forge), &releases, &environments);
    match forge.wiki(wiki::TITLE, &text).await {
        Ok((change, location)) => report.add("wiki", "wiki page", change, location),
        Err(error) if error.is_missing_right() => report.failed.push(error.into()),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// Writes the page of what the forge has now, again and again until nobody has changed that in the meantime.
///
/// So the page is right without a lock, which not every file system and no server has: whoever writes it last has
/// looked at the records after that, and every record whose page was overwritten was there by then.
pub(crate) async fn folder_page(
    forge: &Forge,
    typed: &ForgeArgs,
    folder: &Path,
    planned: &Planned,
    dry_run: bool,
) -> Result<Change, Failure> {
    const ATTEMPTS: usize = 100;
    let site_url = place::site(typed)?;
    let mut change = Change::Unchanged;
    let mut state = known(forge, planned).await?;
    for _ in 0..ATTEMPTS {
        let known_now = Known {
            project: place::project(typed, forge),
            releases: &state.0,
            environments: &state.1,
            site: site_url.as_ref(),
            forge,
        };
        let site = Site::new(&known_now)?;
        for (name, content) in site.files() {
            change = change.max(put(&folder.join(name), content, dry_run)?);
        }
        // Only a directory can be written by many runs at once, and only its own page.
        if dry_run || forge.public().is_none() {
            return Ok(change);
        }
        let now = known(forge, planned).await?;
        if now == state {
            return Ok(change);
        }
        tracing::debug!("another run has changed the releases; the page is made again");
        state = now;
    }
    Err(Failure::failed(format!("the releases changed {ATTEMPTS} times while their page was made"))
        .hint("the release is there; run again when the other runs are done, and the page will be"))
}

async fn known(forge: &Forge, planned: &Planned) -> Result<(Vec<Release>, Environments), Failure> {
    let (mut releases, mut environments) = (forge.releases().await?, forge.environments().await?);
    if let Some(planned) = &planned.release {
        releases.retain(|release| release.tag != planned.tag);
        releases.push(planned.clone());
        releases.sort_by(Release::newest_first);
    }
    environments.extend(planned.environment.clone());
    Ok((releases, environments))
}

/// Writes one file that is not like that already, or says what that would do.
pub(crate) fn put(path: &Path, content: &[u8], dry_run: bool) -> Result<Change, Failure> {
    let change = match std::fs::read(path) {
        Ok(known) if known == content => return Ok(Change::Unchanged),
        Ok(_) => Change::Updated,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Change::Created,
        Err(error) => return Err(Failure::failed(format!("cannot read {}", path.display())).because(error)),
    };
    if !dry_run {
        let folder = path.parent().unwrap_or(Path::new("."));
        let written = std::fs::create_dir_all(folder).and_then(|()| file::replace(path, content).map(drop));
        written.map_err(|error| {
            Failure::failed(format!("cannot write {}", path.display()))
                .because(error)
                .hint("let this user write there, or name another folder")
        })?;
    }
    Ok(change)
}
