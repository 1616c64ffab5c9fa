//! What a merge key brings along, written out in its place.

use std::collections::HashSet;

use crate::extent::{BLANKS, Extent, break_near};
use crate::node::{Entry, Kind, Node};
use crate::splice::Edit;
use crate::{Span, Yaml};

/// The edits that write out what `<<` brings into a mapping in block style, but for the keys in `without` and those it
/// has itself; none when it is not to be done by moving text.
pub(crate) fn unmerge(mapping: Node<'_>, without: &[&str]) -> Option<Vec<Edit>> {
    let (yaml, text) = (mapping.yaml, mapping.yaml.text);
    let mut seen: HashSet<&str> = mapping.entries().filter_map(|entry| entry.key.as_str()).collect();
    seen.extend(without);
    let mut brought = Vec::new();
    collect(mapping, &mut seen, &mut brought)?;
    let mut edits = Vec::new();
    for (index, entry) in mapping.entries().enumerate().filter(|(_, entry)| entry.is_merge()) {
        let extent = Extent::of(mapping, index)?;
        if extent.flow || text[entry.key.here().start..].starts_with('?') {
            return None;
        }
        let column = extent.column(text);
        let line_break = break_near(text, extent.span.start);
        let lines: Option<Vec<String>> =
            brought.drain(..).map(|entry| written_at(yaml, entry, column, line_break)).collect();
        let lines = lines?.join(&format!("{line_break}{}", " ".repeat(column)));
        // An entry before or behind the merge key keeps its place, so nothing has to be cut but the key itself.
        let has_comment = text[extent.span.end..extent.lines(text).end].contains('#');
        if lines.is_empty() || has_comment {
            // Only the whole lines can go.
            edits.push((extent.lines(text), lines));
        } else {
            edits.push((extent.span, lines));
        }
    }
    let whole = |(span, lines): (Span, String)| {
        if !lines.is_empty() {
            return Edit { span, text: lines };
        }
        let rest = &text[span.end..];
        let next = span.end + (rest.len() - rest.trim_start_matches(BLANKS).len());
        Edit::cut(Span::new(span.start, next))
    };
    Some(edits.into_iter().map(whole).collect())
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
