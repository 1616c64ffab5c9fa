//! The verb `get`.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::Serialize;
use serde_json::{Map, Number};
use yaml_splice::{Node, Path, Step, Value, Yaml};

use crate::cli::Get;
use crate::edit::missing;
use crate::error::Error;
use crate::source::Source;

/// The result; its JSON is an interface.
#[derive(Serialize)]
struct Report {
    path: String,
    value: serde_json::Value,
}

pub(crate) fn run(args: &Get, out: &mut dyn Write) -> Result<Exit, Failure> {
    let path: Path = args.path.parse()?;
    let source = Source::locate(args.file.as_deref())?;
    let bytes = source.read()?;
    let yaml = Yaml::open(&bytes).map_err(|error| Error::from(error).in_file("read", &source))?;
    // The last of several documents is the one that counts.
    let found =
        (0..yaml.documents().len()).rev().find_map(|document| find(&yaml, &path.in_document(document)));
    let Some(node) = found else {
        return Err(missing(&yaml, &path, "read", &source, ""));
    };
    match args.format.format {
        Format::Text => match node.as_str() {
            Some(_) if node.is_null() => output::line(out, "null")?,
            Some(text) => output::line(out, text)?,
            None => output::line(out, &node.source())?,
        },
        Format::Json => output::json(out, &Report { path: path.to_string(), value: resolve(node) })?,
    }
    Ok(Exit::Done)
}

/// As a reader finds it: through merge keys too.
fn find<'y>(yaml: &'y Yaml<'y>, path: &Path) -> Option<Node<'y>> {
    let root = yaml.documents().nth(path.document)?;
    path.steps.iter().try_fold(root, |node, step| match step {
        Step::Key(key) => Some(node.get(key)?.entry.value),
        Step::Index(index) => node.items().nth(*index),
    })
}

/// With aliases followed and merge keys merged. How much that can be is limited when the text is read.
fn resolve(node: Node<'_>) -> serde_json::Value {
    match node.scalar() {
        Some(Value::Null) => serde_json::Value::Null,
        Some(Value::Bool(bool)) => bool.into(),
        Some(Value::Number(text)) => {
            let number = text.parse::<i64>().map(Number::from).ok();
            let number = number.or_else(|| Number::from_f64(text.parse().ok()?));
            number.map_or_else(|| text.into(), serde_json::Value::Number)
        }
        Some(Value::Text(text)) => text.into(),
        Some(Value::Tagged(_)) => serde_json::Value::Null,
        None if node.is_sequence() => node.items().map(resolve).collect(),
        None => serde_json::Value::Object(entries(node)),
    }
}

fn entries(node: Node<'_>) -> Map<String, serde_json::Value> {
    let mut map = Map::new();
    for parent in node.merged().into_iter().rev() {
        map.extend(entries(parent));
    }
    let own = node.entries().filter(|entry| !entry.is_merge());
    map.extend(own.filter_map(|entry| Some((entry.key.as_str()?.to_owned(), resolve(entry.value)))));
    map
}
