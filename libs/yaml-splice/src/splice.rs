//! Edits as replacements of byte ranges, and the check of their result.

use crate::extent::{
    BLANKS, Extent, behind_break, break_near, comma, find_colon, find_header, line_end, line_start,
};
use crate::node::{Data, Kind, Node};
use crate::resolve::differences;
use crate::scalar::{self, Style};
use crate::{Error, Path, Span, Yaml};

/// Edits of one text, collected and then made all at once.
///
/// Every edit names its place by the text as it was opened, and the order of the edits does not matter.
#[derive(Debug)]
pub struct Splice<'y> {
    yaml: &'y Yaml<'y>,
    edits: Vec<Edit>,
    /// What may differ, and for edits of our own what it has to be: a string, or gone.
    changes: Vec<(Path, Wanted)>,
    /// The entries that go, as ranges of nodes.
    removed: Vec<Span>,
}

#[derive(Debug, PartialEq, Eq)]
struct Edit {
    span: Span,
    text: String,
}

#[derive(Debug)]
enum Wanted {
    Text(String),
    Nothing,
    Anything,
}

impl<'y> Splice<'y> {
    /// No edits yet.
    pub fn new(yaml: &'y Yaml<'y>) -> Self {
        Self { yaml, edits: Vec::new(), changes: Vec::new(), removed: Vec::new() }
    }

    /// Gives a scalar the text `value`. Quotes, anchor, tag and comments stay; a block scalar becomes a plain one. An
    /// alias is replaced itself, not what it stands for.
    ///
    /// # Errors
    /// [`Error::Missing`] and, for a collection, [`Error::WrongKind`].
    pub fn replace_scalar(&mut self, path: &Path, value: &str) -> Result<(), Error> {
        let node = self.find(path)?;
        let data = node.here();
        let style = match data.kind {
            Kind::Scalar { style, .. } => style,
            Kind::Alias { .. } => Style::Plain,
            _ => return Err(self.wrong_kind(node, path, "scalar")),
        };
        let mut text = scalar::write(value, style, data.in_flow);
        if data.content.is_empty() {
            text.insert_str(0, self.before_nothing(node, path)?);
        }
        let mut written = data.content;
        if style == Style::Block {
            // A comment may stand between the `|` and the lines of text.
            let header_line = line_end(self.yaml.text, written.start);
            self.edit(Span::new(header_line, written.end.max(header_line)), String::new());
            let header = find_header(&self.yaml.text[written.start..header_line]);
            written.end = header.map_or(header_line, |header| written.start + header.end);
        }
        self.edit(written, text);
        self.changes.push((path.clone(), Wanted::Text(value.to_owned())));
        Ok(())
    }

    /// Removes an entry of a mapping: in block style its lines with the comments on them and those below that are
    /// indented deeper than its key, in flow style the entry and one comma.
    ///
    /// # Errors
    /// [`Error::Missing`], and [`Error::OnlyEntry`] because a block mapping cannot be empty.
    pub fn remove(&mut self, path: &Path) -> Result<(), Error> {
        let (mapping, index) = self.entry(path)?;
        let Some(extent) = Extent::of(mapping, index) else {
            return Err(missing(path));
        };
        if extent.before.is_none() && !extent.followed {
            let position = self.yaml.position(extent.span.start);
            return Err(Error::OnlyEntry { position, path: path.clone() });
        }
        if extent.flow {
            self.remove_flow(extent)
        } else {
            self.remove_block(extent)
        }
        self.note_removal(mapping, index);
        self.changes.push((path.clone(), Wanted::Nothing));
        Ok(())
    }

    /// Puts the entry `key: value` in the place of another, with its indentation. Comments above it stay.
    ///
    /// # Errors
    /// [`Error::Missing`], and [`Error::Exists`] when `key` is there already.
    pub fn replace_entry(&mut self, path: &Path, key: &str, value: &str) -> Result<(), Error> {
        let (mapping, index) = self.entry(path)?;
        let Some((parent, old)) = path.split_key() else {
            return Err(missing(path));
        };
        let new = parent.key(key);
        if key != old {
            self.must_be_free(mapping, &new)?;
        }
        let Some(extent) = Extent::of(mapping, index) else {
            return Err(missing(path));
        };
        let quotes = mapping.entries().nth(index).map_or(Style::Plain, |entry| match entry.key.here().kind {
            Kind::Scalar { style: style @ (Style::Single | Style::Double), .. } => style,
            _ => Style::Plain,
        });
        let span = if extent.flow { extent.span } else { extent.lines(self.yaml.text) };
        self.edit(span, self.entry_text(key, quotes, value, extent.flow));
        self.note_removal(mapping, index);
        if key != old {
            self.changes.push((path.clone(), Wanted::Nothing));
        }
        self.changes.push((new, Wanted::Text(value.to_owned())));
        Ok(())
    }

    /// Adds the entry `key: value` to a mapping, as its first one.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::WrongKind`] when there is no mapping, [`Error::Exists`].
    pub fn insert(&mut self, mapping: &Path, key: &str, value: &str) -> Result<(), Error> {
        let node = self.find(mapping)?.target();
        let Kind::Mapping { flow, .. } = node.here().kind else {
            return Err(self.wrong_kind(node, mapping, "mapping"));
        };
        let path = mapping.key(key);
        self.must_be_free(node, &path)?;
        let mut text = self.entry_text(key, Style::Plain, value, flow);
        let at = match Extent::of(node, 0) {
            Some(first) if flow => {
                text.push_str(", ");
                first.span.start
            }
            Some(first) => {
                let at = first.span.start;
                let column = at - line_start(self.yaml.text, at);
                text.push_str(break_near(self.yaml.text, at));
                text.push_str(&" ".repeat(column));
                at
            }
            None => node.here().content.start + 1,
        };
        self.edit(Span::new(at, at), text);
        self.changes.push((path, Wanted::Text(value.to_owned())));
        Ok(())
    }

    /// Lets the value at this path change as well, because it shares text with one that is edited.
    pub fn allow(&mut self, path: &Path) {
        self.changes.push((path.clone(), Wanted::Anything));
    }

    /// The text with all edits made.
    ///
    /// # Errors
    /// [`Error::AnchorInUse`] and [`Error::Spreads`] when more than the asked-for values would change,
    /// [`Error::Overlap`] when edits contradict each other, [`Error::Unsound`] when the check of the result fails.
    pub fn render(mut self) -> Result<String, Error> {
        self.anchors_stay()?;
        let text = self.apply()?;
        let unsound = |reason: String| Error::Unsound { reason };
        let after = Yaml::open(text.as_bytes()).map_err(|error| unsound(error.to_string()))?;
        let allowed: Vec<Path> = self.changes.iter().map(|(path, _)| path.clone()).collect();
        let paths = differences(self.yaml, &after, &allowed);
        if !paths.is_empty() {
            return Err(Error::Spreads { paths });
        }
        for (path, wanted) in &self.changes {
            let found = after.find(path);
            let fits = match wanted {
                Wanted::Anything => true,
                Wanted::Nothing => found.is_none(),
                Wanted::Text(value) => found.is_some_and(|node| node.as_str() == Some(value.as_str())),
            };
            if !fits {
                return Err(unsound(format!("{path} is not as it should be")));
            }
        }
        drop(after);
        Ok(text)
    }

    fn apply(&mut self) -> Result<String, Error> {
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        // Two paths may lead to the same place through an alias.
        self.edits.dedup();
        let source = self.yaml.text;
        let mut text = String::with_capacity(source.len());
        let mut done = 0;
        for edit in &self.edits {
            if edit.span.start < done {
                return Err(Error::Overlap { position: self.yaml.position(edit.span.start) });
            }
            text.push_str(&source[done..edit.span.start]);
            text.push_str(&edit.text);
            done = edit.span.end;
        }
        text.push_str(&source[done..]);
        Ok(text)
    }

    fn remove_block(&mut self, extent: Extent) {
        let text = self.yaml.text;
        let lines = extent.lines(text);
        let first_line = line_start(text, lines.start);
        if !text[first_line..lines.start].trim().is_empty() {
            // It shares its first line with the dash of a sequence: what follows moves up there.
            let rest = &text[lines.end..];
            let next = lines.end + (rest.len() - rest.trim_start_matches(BLANKS).len());
            return self.edit(Span::new(lines.start, next), String::new());
        }
        let end = behind_break(text, lines.end);
        let mut start = first_line;
        if end == lines.end && !self.follows_block_scalar(extent) {
            // A file without a final line break stays one.
            start = text[..first_line].trim_end_matches(['\n', '\r']).len();
        }
        self.edit(Span::new(start, end), String::new());
    }

    /// Whether the break before this entry is part of a value: that of a block scalar right above it.
    fn follows_block_scalar(&self, extent: Extent) -> bool {
        let is_block = |data: &Data<'_>| matches!(data.kind, Kind::Scalar { style: Style::Block, .. });
        extent.before.is_some_and(|before| {
            let is_right_above = self.yaml.text[before..extent.span.start].trim_matches(BLANKS).is_empty();
            is_right_above && self.yaml.nodes.iter().any(|data| is_block(data) && data.content.end == before)
        })
    }

    fn remove_flow(&mut self, extent: Extent) {
        let text = self.yaml.text;
        let Span { start, end } = extent.span;
        let comma_behind = comma(text, end);
        let tail = comma_behind.map_or(end, |comma| comma + 1);
        let line = line_start(text, start);
        let rest = text[tail..line_end(text, tail)].trim_start();
        let has_own_lines = text[line..start].trim().is_empty() && (rest.is_empty() || rest.starts_with('#'));
        let comma_before = extent.before.and_then(|before| comma(text, before));
        let drop_comma_before = comma_before.filter(|_| comma_behind.is_none());
        if let Some(comma) = drop_comma_before {
            self.edit(Span::new(comma, comma + 1), String::new());
        }
        if has_own_lines {
            return self.edit(Span::new(line, behind_break(text, line_end(text, tail))), String::new());
        }
        let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
        if comma_behind.is_some() {
            self.edit(Span::new(start, tail + blanks(&text[tail..])), String::new());
        } else {
            let before =
                text[..start].trim_end_matches([' ', '\t']).len().max(drop_comma_before.map_or(0, |c| c + 1));
            self.edit(Span::new(before, end), String::new());
        }
    }

    fn entry_text(&self, key: &str, quotes: Style, value: &str, flow: bool) -> String {
        let value_style = if flow { Style::Double } else { Style::Plain };
        format!("{}: {}", scalar::write_key(key, quotes, flow), scalar::write(value, value_style, flow))
    }

    /// An alias must not lose what it stands for, nor find another anchor of the same name.
    fn anchors_stay(&self) -> Result<(), Error> {
        let is_removed = |id: usize| self.removed.iter().any(|range| (range.start..range.end).contains(&id));
        for (id, data) in self.yaml.nodes.iter().enumerate() {
            let Kind::Alias { target } = data.kind else {
                continue;
            };
            if !is_removed(target) || is_removed(id) {
                continue;
            }
            let anchored = &self.yaml.nodes[target];
            let anchor = anchored.anchor.map(|span| self.yaml.text[span.start..span.end].to_owned());
            return Err(Error::AnchorInUse {
                anchor: anchor.unwrap_or_default(),
                anchor_at: self.yaml.position(anchored.start),
                alias_at: self.yaml.position(data.start),
            });
        }
        Ok(())
    }

    fn note_removal(&mut self, mapping: Node<'_>, index: usize) {
        let Some(entry) = mapping.entries().nth(index) else {
            return;
        };
        self.removed.push(Span::new(entry.key.id, entry.value.here().last));
    }

    fn edit(&mut self, span: Span, text: String) {
        self.edits.push(Edit { span, text });
    }

    fn find(&self, path: &Path) -> Result<Node<'y>, Error> {
        self.yaml.find(path).ok_or_else(|| missing(path))
    }

    /// The mapping an entry is in, and its number there.
    fn entry(&self, path: &Path) -> Result<(Node<'y>, usize), Error> {
        let (parent, key) = path.split_key().ok_or_else(|| missing(path))?;
        let mapping = self.yaml.find(&parent).ok_or_else(|| missing(path))?.target();
        let index = mapping.entries().position(|entry| entry.key.as_str() == Some(key));
        Ok((mapping, index.ok_or_else(|| missing(path))?))
    }

    /// What has to stand before a value where nothing is written yet: `{key}` has not even a colon.
    fn before_nothing(&self, node: Node<'_>, path: &Path) -> Result<&'static str, Error> {
        // Where the dash of an empty item is, the parser does not say.
        let (mapping, index) = self.entry(path).map_err(|_| self.wrong_kind(node, path, "written scalar"))?;
        let key = mapping.entries().nth(index).map_or(0, |entry| entry.key.here().content.end);
        match find_colon(self.yaml.text, key) {
            Some(_) => Ok(" "),
            None if node.here().in_flow => Ok(": "),
            None => Err(self.wrong_kind(node, path, "written scalar")),
        }
    }

    fn must_be_free(&self, mapping: Node<'_>, path: &Path) -> Result<(), Error> {
        let taken = path.split_key().and_then(|(_, key)| mapping.own(key));
        match taken {
            Some(entry) => Err(Error::Exists { position: entry.key.position(), path: path.clone() }),
            None => Ok(()),
        }
    }

    fn wrong_kind(&self, node: Node<'_>, path: &Path, expected: &'static str) -> Error {
        Error::WrongKind { position: node.position(), path: path.clone(), expected }
    }
}

fn missing(path: &Path) -> Error {
    Error::Missing { path: path.clone() }
}
