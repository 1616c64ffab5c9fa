//! The verb `strip`.

use std::collections::HashSet;
use std::io::Write;

use contract::{Exit, Failure};
use yaml_splice::{Node, Path, Splice, Yaml};

use crate::cli::Strip;
use crate::compose::{Compose, Service, is_override, is_reset};
use crate::delivery::{self, Rewritten, counted};
use crate::elsewhere;
use crate::error::{Error, Origin};
use crate::extended_files::Inheritance;
use crate::mounts::bind_mount;
use crate::source::{Opened, Source};

pub(crate) fn run(args: &Strip, out: &mut dyn Write) -> Result<Exit, Failure> {
    let files = delivery::open(Source::locate_all(&args.files)?, &args.target)?;
    let changes = delivery::rewrite_each(files, &args.target, &mut |file| {
        let (text, count) = rewrite(file, args).map_err(|error| error.in_file("strip", &file.source))?;
        Ok(Rewritten { text, what: format!("{} taken away", counted(count, "entry", "entries")) })
    })?;
    delivery::deliver(&changes, &args.target, out)
}

/// The text without what is not wanted, and how many entries and items that were.
fn rewrite(file: &Opened, args: &Strip) -> Result<(String, usize), Error> {
    let yaml = Yaml::open(&file.text)?;
    let compose = Compose::new(&yaml, &file.place)?;
    elsewhere::warn_of_includes(&compose, &file.source);
    for service in &compose.services {
        nothing_is_left(&compose, *service, args)?;
    }
    let mut gone = Gone { splice: Splice::new(&yaml), seen: HashSet::new() };
    // What several services share goes for all of them.
    gone.splice.spread();
    for mapping in compose.services.iter().flat_map(|service| with_merged(service.node)) {
        if args.ports {
            gone.list(mapping, "ports", |_| true)?;
        }
        if args.bind_mounts {
            gone.list(mapping, "volumes", |item| bind_mount(item).is_some())?;
        }
        if args.restart {
            gone.restart(mapping)?;
        }
    }
    let count = gone.seen.len();
    Ok((gone.splice.render()?, count))
}

/// What a service of another file brings along cannot be taken away here.
fn nothing_is_left(compose: &Compose<'_>, service: Service<'_>, args: &Strip) -> Result<(), Error> {
    let Some((step, file)) = compose.lineage(service).pop().and_then(|step| Some((step, step.file?))) else {
        return Ok(());
    };
    if compose.place.is_given(file) {
        return Ok(());
    }
    let known = compose.place.service(file, step.service);
    let brings = |is_brought: fn(&Inheritance) -> bool| known.as_deref().is_none_or(is_brought);
    let restarts =
        |known: &Inheritance| known.get("restart").is_some_and(|found| found.text.as_deref() != Some("no"));
    let binds = |known: &Inheritance| known.mounts.iter().any(|mount| mount.shown.is_some());
    for (wanted, key, what, brought) in [
        (args.ports, "ports", "list of ports", brings(|known| !known.ports.is_empty())),
        (args.bind_mounts, "volumes", "list of volumes", brings(binds)),
        (args.restart, "restart", "restart policy", brings(restarts)),
    ] {
        if wanted && brought && !compose.keeps_away(service, key) {
            let origin = Origin::other_file(step.service, file, known.is_some());
            return Err(Error::LeftElsewhere { service: service.name.to_owned(), what, origin });
        }
    }
    Ok(())
}

/// A service, and all mappings that it merges in.
fn with_merged(node: Node<'_>) -> Vec<Node<'_>> {
    let mut all = vec![node];
    all.extend(node.merged().into_iter().flat_map(with_merged));
    all
}

struct Gone<'y> {
    splice: Splice<'y>,
    /// Where the keys and items stand that go; several services may share one.
    seen: HashSet<usize>,
}

impl<'y> Gone<'y> {
    /// Takes items of a list away, and the list with the last of them.
    fn list(
        &mut self,
        mapping: Node<'y>,
        key: &str,
        is_unwanted: impl Fn(Node<'y>) -> bool,
    ) -> Result<(), Error> {
        // A reset keeps away what `extends` would bring along.
        let Some(entry) = mapping.own(key).filter(|entry| !is_reset(entry)) else {
            return Ok(());
        };
        let all = entry.value.items().all(&is_unwanted);
        // Where nothing is mounted there is nothing of the host.
        let is_any = entry.value.items().next().is_some() || key == "ports";
        // An empty list is left of one that overrides, or what it overrides would be back.
        if all && is_any && !is_override(&entry) {
            return self.remove(entry.key, || entry.path());
        }
        for item in entry.value.items().filter(|item| is_unwanted(*item)) {
            self.remove(item, || item.path())?;
        }
        Ok(())
    }

    fn restart(&mut self, mapping: Node<'y>) -> Result<(), Error> {
        match mapping.own("restart").filter(|entry| !is_reset(entry)) {
            // Without the entry that policy would be back which this one overrides.
            Some(entry) if is_override(&entry) => {
                let value = entry.value;
                if value.as_str() != Some("no") && self.seen.insert(value.span().start) {
                    self.splice.replace_scalar(&entry.path(), "no")?;
                }
                Ok(())
            }
            Some(entry) => self.remove(entry.key, || entry.path()),
            None => Ok(()),
        }
    }

    fn remove(&mut self, node: Node<'y>, path: impl Fn() -> Path) -> Result<(), Error> {
        if self.seen.insert(node.span().start) {
            self.splice.remove(&path())?;
        }
        Ok(())
    }
}
