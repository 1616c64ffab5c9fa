//! Tries every edit at every place of a text, and panics where one does not do what it says. The fuzz target of the crate
//! is this with texts that libFuzzer finds.

use pypelines_yaml_splice::{Error, Node, Path, Splice, Step, Yaml};

/// What is written; it needs quotes.
const VALUE: &str = "new: #1";
const KEY: &str = "new key";

/// Tries them all, one at a time.
pub(crate) fn every_edit(text: &str) {
    let Ok(yaml) = Yaml::open(text.as_bytes()) else { return };
    assert_eq!(Splice::new(&yaml).render().expect("no edit"), text, "no edit is no change");
    for (path, node) in places(&yaml) {
        replaced(&yaml, &path);
        removed(&yaml, &path);
        grown(&yaml, &path, node);
        if matches!(path.steps.last(), Some(Step::Key(_))) {
            let after = edit(&yaml, &format!("replace the entry {path}"), |splice| {
                splice.replace_entry(&path, KEY, VALUE)
            });
            let new = path.parent().unwrap_or_else(Path::root).key(KEY);
            holds(after.as_deref(), &new);
        }
        edit(&yaml, &format!("unmerge {path}"), |splice| splice.unmerge(&path, &[], None));
    }
}

/// Every value that has a path of its own.
fn places<'y>(yaml: &'y Yaml<'y>) -> Vec<(Path, Node<'y>)> {
    let roots = yaml.documents().enumerate();
    let mut open: Vec<(Path, Node<'y>)> =
        roots.map(|(number, root)| (Path::document(number), root)).collect();
    let mut found = Vec::new();
    while let Some((path, node)) = open.pop() {
        if !node.is_alias() {
            let entries =
                node.entries().filter_map(|entry| Some((path.key(entry.key.as_str()?), entry.value)));
            open.extend(entries);
            open.extend(node.items().enumerate().map(|(index, item)| (path.index(index), item)));
        }
        found.push((path, node));
    }
    found
}

fn replaced(yaml: &Yaml<'_>, path: &Path) {
    let Some(once) = edit(yaml, &format!("replace {path}"), |splice| splice.replace_scalar(path, VALUE))
    else {
        return;
    };
    holds(Some(&once), path);
    let again = Yaml::open(once.as_bytes()).expect("checked");
    let twice = edit(&again, &format!("replace {path} again"), |splice| splice.replace_scalar(path, VALUE));
    assert_eq!(twice.as_deref(), Some(once.as_str()), "twice is once");
}

fn removed(yaml: &Yaml<'_>, path: &Path) {
    let Some(after) = edit(yaml, &format!("remove {path}"), |splice| splice.remove(path)) else { return };
    let again = Yaml::open(after.as_bytes()).expect("checked");
    let members = |yaml: &Yaml<'_>| {
        let parent = yaml.find(&path.parent().expect("a root cannot go")).expect("it stays");
        parent.entries().count() + parent.items().count()
    };
    assert_eq!(members(&again) + 1, members(yaml), "one member goes: {after:?}");
}

/// What is added can be taken away again.
fn grown(yaml: &Yaml<'_>, path: &Path, node: Node<'_>) {
    let new = if node.is_sequence() { path.index(node.items().count()) } else { path.key(KEY) };
    for first in [false, true] {
        let insert = |splice: &mut Splice<'_>| match first {
            false => splice.insert(&new, VALUE),
            true => splice.insert_first(&new, VALUE),
        };
        let Some(after) = edit(yaml, &format!("insert {new}, first: {first}"), insert) else { continue };
        holds(Some(&after), &new);
        let again = Yaml::open(after.as_bytes()).expect("checked");
        let back = edit(&again, &format!("remove the new {new}"), |splice| splice.remove(&new));
        assert!(back.is_some(), "what was added can go: {after:?}");
    }
}

/// The result of an edit, or none when it is refused.
fn edit(
    yaml: &Yaml<'_>,
    what: &str,
    plan: impl FnOnce(&mut Splice<'_>) -> Result<(), Error>,
) -> Option<String> {
    let mut splice = Splice::new(yaml);
    match plan(&mut splice).and_then(|()| splice.render()) {
        Ok(text) => Some(text),
        // The check of the result finds our own faults; here is where they are looked for.
        Err(Error::Unsound { reason }) => panic!("{what}: {reason}"),
        Err(_) => None,
    }
}

fn holds(text: Option<&str>, path: &Path) {
    let Some(text) = text else { return };
    let yaml = Yaml::open(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text:?}"));
    let found = yaml.find(path).and_then(Node::as_str);
    assert_eq!(found, Some(VALUE), "{path}: {text:?}");
}
