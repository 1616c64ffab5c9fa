//! What a merge key brings along, written out in its place.

use std::collections::HashSet;

use crate::extent::{Extent, break_near};
use crate::node::{Entry, Kind, Node};
use crate::splice::Edit;
use crate::{Span, Yaml};

/// What has to be done to write out what `<<` brings along.
pub(crate) struct Unmerged {
    pub(crate) edits: Vec<Edit>,
    /// The merge keys that nothing takes the place of, by their numbers.
    pub(crate) gone: Vec<usize>,
}

/// Writes out what `<<` brings into a mapping in block style behind the entry `first`, but for the keys in `without`
/// and those it has itself; none when it is not to be done by moving text.
pub(crate) fn unmerge(mapping: Node<'_>, without: &[&str], first: Option<String>) -> Option<Unmerged> {
    let (yaml, text) = (mapping.yaml, mapping.yaml.text);
    let mut seen: HashSet<&str> = mapping.entries().filter_map(|entry| entry.key.as_str()).collect();
    seen.extend(without);
    let mut brought = Vec::new();
    collect(mapping, &mut seen, &mut brought)?;
    let mut first = first;
    let mut unmerged = Unmerged { edits: Vec::new(), gone: Vec::new() };
    for (index, _) in mapping.entries().enumerate().filter(|(_, entry)| entry.is_merge()) {
        let extent = Extent::of(mapping, index)?;
        if extent.flow || text[extent.span.start..].starts_with('?') {
            return None;
        }
        let column = extent.column(text);
        let line_break = break_near(text, extent.span.start);
        let moved: Option<Vec<String>> =
            brought.drain(..).map(|entry| written_at(yaml, entry, column, line_break)).collect();
        let entries: Vec<String> = first.take().into_iter().chain(moved?).collect();
        if entries.is_empty() {
            unmerged.gone.push(index);
            continue;
        }
        // A comment would explain the merge key, which is not there any more.
        let entries = entries.join(&format!("{line_break}{}", " ".repeat(column)));
        unmerged.edits.push(Edit { span: extent.lines(text), text: entries });
    }
    Some(unmerged)
}

/// The entries that are merged in, the winners only.
fn collect<'y>(mapping: Node<'y>, seen: &mut HashSet<&'y str>, brought: &mut Vec<Entry<'y>>) -> Option<()> {
    for parent in mapping.merged() {
        for entry in parent.entries().filter(|entry| !entry.is_merge()) {
            if seen.insert(entry.key.as_str()?) {
                brought.push(entry);
            }
        }
        collect(parent, seen, brought)?;
    }
    Some(())
}

/// The text of an entry as it has to be for this column, without its anchors: each would be there twice.
fn written_at<'y>(yaml: &'y Yaml<'y>, entry: Entry<'y>, column: usize, line_break: &str) -> Option<String> {
    let (mapping, index) = yaml.parent(entry.key.id)?;
    let extent = Extent::of(mapping, index)?;
    let text = yaml.text;
    let key = entry.key.here().content;
    let (span, own_column) = if extent.flow {
        (Span::new(entry.value.here().start, entry.value.here().content.end), column)
    } else {
        (extent.lines(text), extent.column(text))
    };
    let mut source = without_anchors(yaml, span, entry);
    if extent.flow {
        source = format!("{}: {source}", &text[key.start..key.end]);
    }
    let mut lines = source.lines();
    let mut moved = lines.next()?.to_owned();
    for line in lines {
        moved.push_str(line_break);
        let content = line.trim_start_matches(' ');
        let indentation = line.len() - content.len();
        if content.is_empty() {
            continue;
        }
        // In flow style text may stand further to the left than a block would allow.
        let indentation =
            if extent.flow { column + 2 } else { indentation.saturating_sub(own_column) + column };
        moved.push_str(&" ".repeat(indentation));
        moved.push_str(content);
    }
    Some(moved)
}

fn without_anchors(yaml: &Yaml<'_>, span: Span, entry: Entry<'_>) -> String {
    let mut source = String::new();
    let mut done = span.start;
    for data in &yaml.nodes[entry.key.id..entry.value.here().last] {
        let Some(anchor) = data.anchor.filter(|anchor| anchor.start >= done && anchor.end <= span.end) else {
            continue;
        };
        source.push_str(&yaml.text[done..anchor.start]);
        let rest = &yaml.text[anchor.end..span.end];
        let is_collection_below = rest.starts_with(['\n', '\r']);
        done = anchor.end + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
        if is_collection_below {
            source.truncate(source.trim_end_matches([' ', '\t']).len());
        }
    }
    source.push_str(&yaml.text[done..span.end]);
    source
}

/// Whether the mapping merges anything in.
pub(crate) fn merges(mapping: Node<'_>) -> bool {
    matches!(mapping.data().kind, Kind::Mapping { .. }) && mapping.entries().any(|entry| entry.is_merge())
}
