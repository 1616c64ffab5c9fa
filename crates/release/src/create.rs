//! `release create`: the record first, the page last, and each only when it is not like that already.

use contract::{Failure, clock};
use forge::{Change, Forge, Release};

use crate::options::Options;
use crate::site::{self, Site};

/// What was done, or would be.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) dry_run: bool,
    pub(crate) release: Release,
    pub(crate) record: Outcome,
    pub(crate) page: Outcome,
}

/// What became of one thing, and where it is.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) change: Change,
    pub(crate) location: String,
}

/// Makes the forge have this release, and its page show it.
pub(crate) fn create(options: &Options, dry_run: bool) -> Result<Report, Failure> {
    let forge = Forge::open(&options.forge)?;
    let mut releases = forge.releases()?;
    let known = releases.iter().position(|release| release.tag == options.tag);
    let now = clock::now().try_into()?;
    let release = options.release(known.map(|index| &releases[index]), now)?;
    let change = match known {
        None => Change::Created,
        Some(index) if releases[index] == release => Change::Unchanged,
        Some(_) => Change::Updated,
    };
    tracing::debug!("release {} among {} known: {change:?}", release.tag, releases.len());
    if let Some(index) = known {
        releases.remove(index);
    }
    releases.push(release.clone());
    releases.sort_by(Release::newest_first);
    let project = options.project.as_deref();
    let page = if dry_run {
        compare(&forge, &Site::new(project, &releases)?)?
    } else {
        if change != Change::Unchanged {
            forge.save(&release)?;
        }
        publish(&forge, project)?
    };
    let record = Outcome { change, location: forge.location(&release.tag) };
    let page = Outcome { change: page, location: forge.public_location(site::INDEX) };
    Ok(Report { dry_run, release, record, page })
}

/// Publishes the page of what the forge has now, again and again until nobody has changed that in the meantime.
///
/// So the page is right without a lock, which not every file system and no server has: whoever writes it last has
/// looked at the records after that, and every record whose page was overwritten was there by then.
fn publish(forge: &Forge, project: Option<&str>) -> Result<Change, Failure> {
    const ATTEMPTS: usize = 100;
    let mut change = Change::Unchanged;
    let mut releases = forge.releases()?;
    for _ in 0..ATTEMPTS {
        let site = Site::new(project, &releases)?;
        change = change.max(compare(forge, &site)?);
        for (name, content) in site.files() {
            if forge.compare(name, content)? != Change::Unchanged {
                forge.publish(name, content)?;
            }
        }
        let now = forge.releases()?;
        if now == releases {
            return Ok(change);
        }
        tracing::debug!("another run has changed the releases; the page is made again");
        releases = now;
    }
    Err(Failure::failed(format!("the releases changed {ATTEMPTS} times while their page was made"))
        .hint("the release is there; run again when the other runs are done, and the page will be"))
}

fn compare(forge: &Forge, site: &Site) -> Result<Change, Failure> {
    let mut change = Change::Unchanged;
    for (name, content) in site.files() {
        change = change.max(forge.compare(name, content)?);
    }
    Ok(change)
}
