//! The verb `delete`.

use std::io::Write;

use contract::{Exit, Failure};
use yaml_splice::{Path, Splice, Yaml};

use crate::cli::Delete;
use crate::delivery::Rewritten;
use crate::edit::{ATTEMPT, change_one, missing, places, split_file, text};
use crate::error::Error;
use crate::source::Opened;

pub(crate) fn run(args: &Delete, out: &mut dyn Write) -> Result<Exit, Failure> {
    let (words, file) = split_file(&args.paths_and_file, |word| word.parse::<Path>().is_ok());
    if words.is_empty() {
        return Err(Failure::usage("nothing to delete: no PATH is given").hint("as in services.db.ports"));
    }
    let paths = words.iter().map(|word| Ok(text(word)?.parse()?)).collect::<Result<Vec<Path>, Failure>>()?;
    change_one(file.as_deref(), &args.target, out, &mut |file| {
        let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
        Ok(Rewritten { text: rewrite(file, &paths)?, what: format!("{} deleted", names.join(", ")) })
    })
}

fn rewrite(file: &Opened, paths: &[Path]) -> Result<String, Failure> {
    let explained = |error: yaml_splice::Error| Error::from(error).in_file(ATTEMPT, &file.source);
    let yaml = Yaml::open(&file.text).map_err(explained)?;
    let mut splice = Splice::new(&yaml);
    for path in paths {
        let found = places(&yaml, path);
        if found.is_empty() {
            return Err(missing(&yaml, path, ATTEMPT, &file.source, ""));
        }
        for path in found {
            splice.remove(&path).map_err(explained)?;
        }
    }
    splice.render().map_err(explained)
}
