//! The verb `delete`.

use std::io::Write;

use contract::{Exit, Failure};
use yaml_splice::{Path, Splice, Yaml};

use crate::cli::Delete;
use crate::delivery::{self, Change};
use crate::edit::{missing, places, split_file, text};
use crate::error::Error;
use crate::source::Source;

const ATTEMPT: &str = "change";

pub(crate) fn run(args: &Delete, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (words, file) = split_file(&args.paths_and_file, |word| word.parse::<Path>().is_ok());
    if words.is_empty() {
        return Err(Failure::usage("nothing to delete: no PATH is given").hint("as in services.db.ports"));
    }
    let paths = words.iter().map(|word| Ok(text(word)?.parse()?)).collect::<Result<Vec<Path>, Failure>>()?;
    let source = Source::locate(file.as_deref())?;
    delivery::check(std::slice::from_ref(&source), &args.target)?;
    let before = source.read()?;
    let explained = |error: yaml_splice::Error| Error::from(error).in_file(ATTEMPT, &source);
    let yaml = Yaml::open(&before).map_err(explained)?;
    let mut splice = Splice::new(&yaml);
    for path in &paths {
        let found = places(&yaml, path);
        if found.is_empty() {
            return Err(missing(&yaml, path, ATTEMPT, &source, ""));
        }
        for path in found {
            splice.remove(&path).map_err(explained)?;
        }
    }
    let after = splice.render().map_err(explained)?;
    let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
    let what = format!("{} deleted", names.join(", "));
    let place = delivery::place(&source, &args.target);
    drop(yaml);
    let change = Change { name: source.to_string(), before, after, place, what };
    delivery::deliver(&[change], &args.target, out)
}
