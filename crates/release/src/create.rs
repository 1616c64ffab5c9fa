//! `release create`: files first, then the release that links to them, the page last; each only when it is not like that
//! already.

use bytes::Bytes;
use contract::{Exit, Failure, clock};
use forge::{Change, Forge, Found, Release, Timestamp};

use crate::cli::Create;
use crate::options::{Options, Upload};
use crate::output::{Report, UPLOAD};
use crate::publish::Planned;
use crate::{changes, place, publish};

/// How often a release is looked at again when others change it as well.
const ATTEMPTS: u32 = 5;

/// Makes the forge have this release, and its page show it.
pub(crate) async fn create(typed: Create) -> Result<Report, Failure> {
    let dry_run = typed.dry_run.dry_run;
    let mut options = Options::new(&typed)?;
    let contents = options.uploads.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let forge = place::open(&typed.forge, dry_run)?;
    if !options.uploads.is_empty() && !forge.has_addresses() {
        return Err(no_address());
    }
    if typed.notes_from.is_some() {
        options.notes = Some(changes::of_release(&typed, &options)?);
    }
    let mut report = Report { dry_run, ..Report::default() };
    let (release, change) = save(&forge, &mut options, &contents, &mut report).await?;
    report.add("record", format!("release {}", options.tag), change, forge.location(&options.tag));
    if forge.has_files() {
        for (upload, content) in options.uploads.iter().zip(&contents) {
            let stored = forge.upload(&options.tag, &upload.name, content).await?;
            report.add(UPLOAD, format!("file {}", upload.name), stored.change, stored.location);
        }
    }
    let planned = Planned { release: dry_run.then(|| release.clone()), environment: None };
    publish::publish(&forge, &typed.forge, &typed.page, &planned, &mut report).await?;
    report.release = Some(release);
    report.requests = forge.planned();
    Ok(report)
}

/// Looks, writes what is different, and looks again, until there is nothing to write: so what the server says counts,
/// whatever became of an answer and whoever else was at work. Files that the release links to come first, and before
/// them comes whatever can be found wrong.
async fn save(
    forge: &Forge,
    options: &mut Options,
    contents: &[Bytes],
    report: &mut Report,
) -> Result<(Release, Change), Failure> {
    let _alone = forge.alone()?;
    let now: Timestamp = clock::now().try_into()?;
    let mut found = forge.release(&options.tag).await?;
    forge.check(found.as_ref(), &options.release(found.as_ref(), now)?, options.saving()).await?;
    if !forge.has_files() {
        upload(forge, options, contents, report).await?;
    }
    let mut change = Change::Unchanged;
    let mut before: Option<Found> = None;
    for attempt in 1..=ATTEMPTS {
        let target = options.release(found.as_ref(), now)?;
        if let Some(known) = &found {
            let is_stuck = before.as_ref().is_some_and(|before| before.release == known.release);
            if known.release.says_the_same(&target) {
                return Ok((target, change));
            }
            if is_stuck {
                tracing::warn!("the server keeps the release otherwise than it was sent; it is left so");
                return Ok((target, change));
            }
        }
        let verb = if found.is_some() { "update" } else { "create" };
        tracing::debug!("release {}, attempt {attempt}: {verb}", options.tag);
        change = change.max(if found.is_some() { Change::Updated } else { Change::Created });
        if attempt > 2 {
            // Somebody else changes it back and forth.
            http::back_off(attempt - 2).await;
        }
        forge.save(found.as_ref(), &target, options.saving()).await?;
        if report.dry_run {
            return Ok((target, change));
        }
        before = found;
        found = forge.release(&options.tag).await?;
    }
    let attempts = ATTEMPTS as usize;
    Err(forge::Error::Contended { what: format!("save the release {}", options.tag), attempts }.into())
}

/// Keeps the files, and makes the release link to them.
async fn upload(
    forge: &Forge,
    options: &mut Options,
    contents: &[Bytes],
    report: &mut Report,
) -> Result<(), Failure> {
    for (upload, content) in options.uploads.iter().zip(contents) {
        let stored = forge.upload(&options.tag, &upload.name, content).await?;
        let url = stored.url.ok_or_else(no_address)?;
        options.assets.push(upload.asset(url.as_str())?);
        report.add(UPLOAD, format!("file {}", upload.name), stored.change, stored.location);
    }
    Ok(())
}

fn read(upload: &Upload) -> Result<Bytes, Failure> {
    std::fs::read(&upload.path).map(Bytes::from).map_err(|error| {
        let what = format!("cannot read {} to upload it", upload.path.display());
        let exit = Exit::of_unreadable(&error);
        Failure::new(exit, what).because(error).hint("check --upload; nothing was sent")
    })
}

fn no_address() -> Failure {
    Failure::usage("uploaded files cannot be linked to: nothing says where this directory is served")
        .hint("say where with --site-url URL; nothing was written")
}
