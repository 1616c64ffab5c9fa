//! The verb `strip`.

use std::collections::HashSet;
use std::io::Write;

use contract::{Exit, Failure};
use yaml_splice::{Node, Path, Splice, Yaml};

use crate::cli::Strip;
use crate::compose::{Compose, is_reset};
use crate::delivery::{self, Change};
use crate::error::Error;
use crate::mounts::bind_mount;
use crate::source::Source;

pub(crate) fn run(args: &Strip, out: &mut dyn Write) -> Result<Exit, Failure> {
    let sources = Source::locate_all(&args.files)?;
    delivery::check(&sources, &args.target)?;
    let mut changes = Vec::new();
    for source in &sources {
        let before = source.read()?;
        let (after, count) =
            rewrite(&before, source.file_name(), args).map_err(|error| error.in_file("change", source))?;
        let what = format!("{count} entries taken away");
        let place = delivery::place(source, &args.target);
        changes.push(Change { name: source.to_string(), before, after, place, what });
    }
    delivery::deliver(&changes, &args.target, out)
}

/// The text without what is not wanted, and how many entries and items that were.
fn rewrite(text: &[u8], file_name: Option<&str>, args: &Strip) -> Result<(String, usize), Error> {
    let yaml = Yaml::open(text)?;
    let compose = Compose::new(&yaml, file_name)?;
    let mut gone = Gone { splice: Splice::new(&yaml), seen: HashSet::new() };
    // What several services share goes for all of them.
    gone.splice.spread();
    let keys: Vec<&str> = [("ports", args.ports), ("restart", args.restart)]
        .iter()
        .filter(|(_, wanted)| *wanted)
        .map(|(key, _)| *key)
        .collect();
    for mapping in compose.services.iter().flat_map(|service| with_merged(service.node)) {
        for key in &keys {
            gone.entry(mapping, key)?;
        }
        if args.bind_mounts {
            gone.bind_mounts(mapping)?;
        }
    }
    let count = gone.seen.len();
    Ok((gone.splice.render()?, count))
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
    fn entry(&mut self, mapping: Node<'y>, key: &str) -> Result<(), Error> {
        match mapping.own(key) {
            // It keeps away what `extends` would bring along.
            Some(entry) if is_reset(&entry) => Ok(()),
            Some(entry) => self.remove(entry.key, || entry.path()),
            None => Ok(()),
        }
    }

    fn bind_mounts(&mut self, mapping: Node<'y>) -> Result<(), Error> {
        let Some(volumes) = mapping.own("volumes") else {
            return Ok(());
        };
        let bound = |item: &Node<'y>| bind_mount(*item).is_some();
        if volumes.value.items().count() > 0 && volumes.value.items().all(|item| bound(&item)) {
            return self.remove(volumes.key, || volumes.path());
        }
        for item in volumes.value.items().filter(bound) {
            self.remove(item, || item.path())?;
        }
        Ok(())
    }

    fn remove(&mut self, node: Node<'y>, path: impl Fn() -> Path) -> Result<(), Error> {
        if self.seen.insert(node.span().start) {
            self.splice.remove(&path())?;
        }
        Ok(())
    }
}
