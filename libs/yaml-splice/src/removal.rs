//! Members of collections that go, and what they take along.

use std::collections::{BTreeMap, BTreeSet};

use crate::extent::{
    BLANKS, Extent, behind_break, behind_properties, comma, find_colon, line_end, line_start,
};
use crate::node::{Data, Kind, Node, Yaml};
use crate::scalar::Style;
use crate::splice::Edit;
use crate::{Error, Span};

/// The members that go, by their collection and number.
#[derive(Debug, Default)]
pub(crate) struct Removals {
    members: BTreeMap<usize, BTreeSet<usize>>,
    /// The key of an entry, or the item.
    nodes: BTreeSet<usize>,
    /// What goes with them, as ranges of nodes.
    ranges: Vec<Span>,
}

impl Removals {
    /// Notes that this member goes, so that nothing may need what it holds; its text is the caller's business.
    pub(crate) fn note(&mut self, collection: Node<'_>, index: usize) {
        let range = match collection.entries().nth(index) {
            Some(entry) => Some(Span::new(entry.key.id, entry.value.here().last)),
            None => collection.items().nth(index).map(|item| Span::new(item.id, item.here().last)),
        };
        if let Some(range) = range {
            self.nodes.insert(range.start);
            self.ranges.push(range);
        }
    }

    /// Notes that this member goes with its text.
    pub(crate) fn add(&mut self, collection: Node<'_>, index: usize) {
        self.note(collection, index);
        self.members.entry(collection.id).or_default().insert(index);
    }

    /// Whether the entry with this key, or this item, goes.
    pub(crate) fn holds(&self, node: usize) -> bool {
        self.nodes.contains(&node)
    }

    fn reach(&self, node: usize) -> bool {
        self.ranges.iter().any(|range| (range.start..range.end).contains(&node))
    }

    /// An alias must not lose what it stands for, nor find another anchor of the same name.
    pub(crate) fn leave_no_alias_alone(&self, yaml: &Yaml<'_>) -> Result<(), Error> {
        if self.ranges.is_empty() {
            return Ok(());
        }
        for (id, data) in yaml.nodes.iter().enumerate() {
            let Kind::Alias { target } = data.kind else {
                continue;
            };
            if !self.reach(target) || self.reach(id) {
                continue;
            }
            let anchored = &yaml.nodes[target];
            let anchor = anchored.anchor.map(|span| yaml.text[span.start..span.end].to_owned());
            return Err(Error::AnchorInUse {
                anchor: anchor.unwrap_or_default(),
                anchor_at: yaml.position(anchored.start),
                alias_at: yaml.position(data.start),
            });
        }
        Ok(())
    }

    /// What has to be cut out of the text, and `{}` or `[]` where nothing would be left.
    pub(crate) fn edits(&self, yaml: &Yaml<'_>) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (id, gone) in &self.members {
            let collection = yaml.node(*id);
            let members: Vec<Extent> = Extent::all(collection).collect();
            let cut = Cut { yaml, collection, members: &members };
            if gone.len() >= members.len() {
                cut.everything(&mut edits);
                continue;
            }
            for (first, last) in runs(gone) {
                if members[first].flow {
                    cut.flow(first, last, &mut edits);
                } else {
                    edits.push(cut.block(first, last));
                }
            }
        }
        edits
    }
}

/// Numbers that follow each other, as first and last.
fn runs(numbers: &BTreeSet<usize>) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for number in numbers.iter().copied() {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => runs.push((number, number)),
        }
    }
    runs
}

struct Cut<'c, 'y> {
    yaml: &'y Yaml<'y>,
    collection: Node<'y>,
    members: &'c [Extent],
}

impl Cut<'_, '_> {
    /// The lines of members in block style, with the comments on them and those below that are indented deeper.
    fn block(&self, first: usize, last: usize) -> Edit {
        let text = self.yaml.text;
        let start = self.members[first].span.start;
        let lines_end = self.members[last].lines(text).end;
        let first_line = line_start(text, start);
        if !text[first_line..start].trim_matches(BLANKS).is_empty() {
            // It shares its first line with the dash of a sequence: what follows moves up there.
            let rest = &text[lines_end..];
            let next = lines_end + (rest.len() - rest.trim_start_matches(BLANKS).len());
            return Edit::cut(Span::new(start, next));
        }
        let end = behind_break(text, lines_end);
        let ends_the_file = end == lines_end;
        if ends_the_file && !self.follows_block_scalar(first) {
            // A file without a final line break stays one.
            return Edit::cut(Span::new(text[..first_line].trim_end_matches(['\n', '\r']).len(), end));
        }
        Edit::cut(Span::new(first_line, end))
    }

    /// Whether the break before this member is part of a value: that of a block scalar right above it.
    fn follows_block_scalar(&self, index: usize) -> bool {
        let extent = self.members[index];
        let is_block = |data: &Data<'_>| matches!(data.kind, Kind::Scalar { style: Style::Block, .. });
        extent.before.is_some_and(|before| {
            let is_right_above = self.yaml.text[before..extent.span.start].trim_matches(BLANKS).is_empty();
            is_right_above && self.yaml.nodes.iter().any(|data| is_block(data) && data.content.end == before)
        })
    }

    /// Members in flow style with a comma each, and their lines where nothing else stands on them.
    fn flow(&self, first: usize, last: usize, edits: &mut Vec<Edit>) {
        let text = self.yaml.text;
        let last_has_comma = comma(text, self.members[last].span.end).is_some();
        // Behind the last member that stays a comma would be left over, unless one was there at the very end before.
        let comma_before = self.members[first].before.and_then(|before| comma(text, before));
        let left_over = comma_before.filter(|_| !last_has_comma);
        edits.extend(left_over.map(|comma| Edit::cut(Span::new(comma, comma + 1))));
        for extent in &self.members[first..=last] {
            let Span { start, end } = extent.span;
            let comma_behind = comma(text, end);
            let tail = comma_behind.map_or(end, |comma| comma + 1);
            let line = line_start(text, start);
            let rest = text[tail..line_end(text, tail)].trim_start_matches(BLANKS);
            let is_alone = text[line..start].trim_matches(BLANKS).is_empty();
            if is_alone && (rest.is_empty() || rest.starts_with('#')) {
                edits.push(Edit::cut(Span::new(line, behind_break(text, line_end(text, tail)))));
                continue;
            }
            // Blanks go with the comma they stand behind.
            let start = match left_over {
                Some(comma) => text[..start].trim_end_matches([' ', '\t']).len().max(comma + 1),
                None => start,
            };
            let behind = if comma_behind.is_some() { &text[tail..] } else { "" };
            let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
            edits.push(Edit::cut(Span::new(start, tail + blanks)));
        }
    }

    /// All members: in block style nothing at all would be null, so brackets are written.
    fn everything(&self, edits: &mut Vec<Edit>) {
        let (text, content) = (self.yaml.text, self.collection.here().content);
        let brackets = if self.collection.is_mapping() { "{}" } else { "[]" };
        let (Some(first), Some(last)) = (self.members.first(), self.members.last()) else {
            return;
        };
        if first.flow {
            return edits.push(Edit { span: content, text: brackets.to_owned() });
        }
        let lines = Span::new(first.span.start, last.lines(text).end);
        let first_line = line_start(text, lines.start);
        let key =
            self.yaml.parent(self.collection.id).and_then(|(parent, index)| parent.entries().nth(index));
        let colon = key.and_then(|entry| find_colon(text, entry.key.here().content.end));
        let Some(colon) = colon.filter(|_| text[first_line..lines.start].trim_matches(BLANKS).is_empty())
        else {
            // The root, or on the line of a dash.
            return edits.push(Edit { span: lines, text: brackets.to_owned() });
        };
        let at = behind_properties(text, colon, lines.start);
        edits.push(Edit { span: Span::new(at, at), text: format!(" {brackets}") });
        let end = behind_break(text, lines.end);
        let start = if end == lines.end {
            text[..first_line].trim_end_matches(['\n', '\r']).len().max(at)
        } else {
            first_line
        };
        edits.push(Edit::cut(Span::new(start, end)));
    }
}
