//! The verb `get`.

use std::collections::BTreeMap;
use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::Serialize;
use serde_json::value::RawValue;
use yaml_splice::{Node, Path, Step, Value, Yaml};

use crate::cli::Get;
use crate::edit::missing;
use crate::error::Error;
use crate::source::Source;

/// The result; its JSON is an interface.
#[derive(Serialize)]
struct Report<'y> {
    path: String,
    value: Resolved<'y>,
}

/// A value with aliases followed and merge keys merged. How much that can be is limited when the text is read.
#[derive(Serialize)]
#[serde(untagged)]
enum Resolved<'y> {
    Null,
    Bool(bool),
    /// As it is written: through a floating point number digits could be lost.
    Number(Box<RawValue>),
    Text(&'y str),
    List(Vec<Resolved<'y>>),
    Map(BTreeMap<&'y str, Resolved<'y>>),
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

fn resolve(node: Node<'_>) -> Resolved<'_> {
    match node.scalar() {
        Some(Value::Null | Value::Tagged(_)) => Resolved::Null,
        Some(Value::Bool(bool)) => Resolved::Bool(bool),
        Some(Value::Number(text)) => {
            RawValue::from_string(text.to_owned()).map_or(Resolved::Text(text), Resolved::Number)
        }
        Some(Value::Text(text)) => Resolved::Text(text),
        None if node.is_sequence() => Resolved::List(node.items().map(resolve).collect()),
        None => Resolved::Map(entries(node)),
    }
}

fn entries(node: Node<'_>) -> BTreeMap<&str, Resolved<'_>> {
    let mut map = BTreeMap::new();
    for parent in node.merged().into_iter().rev() {
        map.extend(entries(parent));
    }
    let own = node.entries().filter(|entry| !entry.is_merge());
    map.extend(own.filter_map(|entry| Some((entry.key.as_str()?, resolve(entry.value)))));
    map
}
