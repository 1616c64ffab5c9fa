//! From text to nodes. The only file that knows the parser, so that it can be replaced.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle, Tag, options};

use crate::extent::{BLANKS, behind_properties, comma, find_colon, find_header, line_start, skip_blank};
use crate::node::{Data, Kind, Yaml};
use crate::scalar::Style;
use crate::{Error, Position, Span};

/// So many values may come through aliases, counted as if they were written out. Compose visits no more than that in
/// a document either, and it keeps a page of aliases of aliases from taking all memory.
const ALIASED_VALUES: usize = 100_000;

/// Up to so many keys are compared with each other; a table of them takes longer.
const SMALL_MAPPING: usize = 12;

pub(crate) fn parse(text: &str) -> Result<Yaml<'_>, Error> {
    let mut builder = Builder::new(text);
    // With comments on, a hundred lines of them before a key are an error of the parser.
    let options = options! { emit_comments: false, emit_anchor_events: true };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| syntax(text, &error))?;
        let range = span.byte_range().unwrap_or(0..0);
        let tag_start = span.tag_span().and_then(|tag| tag.byte_range());
        builder.event(
            event,
            Span::new(range.start, range.end),
            tag_start.map(|tag| Span::new(tag.start, tag.end)),
        )?;
    }
    Ok(builder.yaml)
}

fn syntax(text: &str, error: &ScanError) -> Error {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = line_start(text, at);
    let line = text[start..].lines().next().unwrap_or_default();
    // A line of a minified file is no help to anybody.
    let line = if line.chars().count() > 160 {
        line.chars().take(160).chain(['…']).collect()
    } else {
        line.to_owned()
    };
    Error::Syntax { position: Position::of(text, at), reason: error.info(), line }
}

struct Builder<'a> {
    yaml: Yaml<'a>,
    /// Collections that are not closed yet.
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    /// How many values each node is, with aliases written out; zero while it is open.
    sizes: Vec<usize>,
    aliased: usize,
}

struct Open {
    id: usize,
    /// The key of a mapping that waits for its value.
    key: Option<usize>,
    flow: bool,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Self {
        let yaml = Yaml { text, nodes: Vec::new(), roots: Vec::new() };
        Self { yaml, open: Vec::new(), anchors: HashMap::new(), sizes: Vec::new(), aliased: 0 }
    }

    fn event(&mut self, event: Event<'a>, span: Span, tag_span: Option<Span>) -> Result<(), Error> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = Kind::Scalar { text, style: style_of(style) };
                let id = self.push(kind, span, tag, tag_span, anchor);
                // An empty value: the parser's `~` is not in the text.
                if span.is_empty() && style == ScalarStyle::Plain {
                    self.yaml.nodes[id].kind = Kind::Scalar { text: Cow::Borrowed(""), style: Style::Plain };
                    let place = self.place_of_nothing(tag_span, span);
                    self.yaml.nodes[id].content = place;
                    self.yaml.nodes[id].start = tag_span.map_or(place.start, |tag| tag.start);
                } else if self.style(id) == Some(Style::Block) {
                    self.yaml.nodes[id].content = self.block_scalar(span);
                }
                self.sizes[id] = 1;
                self.attach(id);
                Ok(())
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let id = self.push(Kind::Mapping { entries: Vec::new(), flow }, span, tag, tag_span, anchor);
                self.open.push(Open { id, key: None, flow });
                Ok(())
            }
            Event::SequenceStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let span = if flow { span } else { self.first_dash(span) };
                let id = self.push(Kind::Sequence { items: Vec::new(), flow }, span, tag, tag_span, anchor);
                self.open.push(Open { id, key: None, flow });
                Ok(())
            }
            Event::MappingEnd | Event::SequenceEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Anchor(_, _) => {
                self.anchor(span);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn push(
        &mut self,
        kind: Kind<'a>,
        content: Span,
        tag: Option<Cow<'a, Tag>>,
        tag_span: Option<Span>,
        anchor: usize,
    ) -> usize {
        let id = self.yaml.nodes.len();
        let start = tag_span.map_or(content.start, |tag| tag.start);
        let tag = tag.map(|tag| Cow::Owned(format!("{}{}", tag.handle(), tag.suffix())));
        let in_flow =
            self.open.last().is_some_and(|parent| parent.flow || self.yaml.nodes[parent.id].in_flow);
        self.yaml.nodes.push(Data { kind, tag, anchor: None, start, content, last: id + 1, in_flow });
        self.sizes.push(0);
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn style(&self, id: usize) -> Option<Style> {
        match self.yaml.nodes[id].kind {
            Kind::Scalar { style, .. } => Some(style),
            _ => None,
        }
    }

    /// The end of what stands before the value that comes next: its key, with the colon if there is one.
    fn before_value(&self) -> Option<usize> {
        let key = self.open.last()?.key?;
        let key = self.yaml.nodes[key].content.end;
        Some(find_colon(self.yaml.text, key).unwrap_or(key))
    }

    /// Where a sequence in block style starts: below a key in the same column the parser starts behind the dash.
    fn first_dash(&self, parsed: Span) -> Span {
        let text = self.yaml.text;
        let dash = || {
            let at = skip_blank(text, behind_properties(text, self.before_value()?, parsed.start));
            text[at..].starts_with('-').then_some(at)
        };
        let start = dash().filter(|at| *at < parsed.start).unwrap_or(parsed.start);
        Span::new(start, parsed.end)
    }

    /// Where a value that is not written would stand: the parser puts it before the colon.
    fn place_of_nothing(&self, tag: Option<Span>, parsed: Span) -> Span {
        let tag = tag.map_or(0, |tag| tag.end);
        let before = self.before_value().or_else(|| self.behind_question_mark());
        let at = before.unwrap_or(parsed.start).max(tag);
        Span::new(at, at)
    }

    /// The place of a key that is marked and not written, `? `: the parser puts it before what comes next, be that lines
    /// further down.
    fn behind_question_mark(&self) -> Option<usize> {
        let (text, parent) = (self.yaml.text, self.open.last()?);
        let data = &self.yaml.nodes[parent.id];
        let Kind::Mapping { entries, .. } = &data.kind else {
            return None;
        };
        let from = match entries.last() {
            Some((key, value)) => {
                let end = [*key, *value].map(|id| self.yaml.nodes[id].content.end).into_iter().max()?;
                comma(text, end).filter(|_| parent.flow).map_or(end, |comma| comma + 1)
            }
            None if text[data.content.start..].starts_with('{') => data.content.start + 1,
            None => data.content.start,
        };
        let at = skip_blank(text, from);
        text[at..].starts_with('?').then_some(at + 1)
    }

    /// A block scalar from its `|` or `>` to its last line, without that line's break.
    fn block_scalar(&self, parsed: Span) -> Span {
        let text = self.yaml.text;
        // The parsed range has no header, and blank lines may stand between that and the range.
        let above = text[..parsed.start].trim_end_matches(BLANKS);
        let line = line_start(text, above.len());
        let header =
            find_header(&above[line..]).map(|header| Span::new(line + header.start, line + header.end));
        let header = header.unwrap_or(Span::new(parsed.start, parsed.start));
        // The range may reach into the indentation of the line that follows.
        let value = text[..parsed.end].trim_end_matches([' ', '\t']);
        let keeps_blank_lines = text[header.start..header.end].contains('+');
        let value = if keeps_blank_lines {
            value.strip_suffix("\r\n").or_else(|| value.strip_suffix(['\n', '\r'])).unwrap_or(value)
        } else {
            value.trim_end_matches(BLANKS)
        };
        Span::new(header.start, value.len().max(header.end))
    }

    fn anchor(&mut self, span: Span) {
        let Some(data) = self.yaml.nodes.last_mut() else {
            return;
        };
        data.anchor = Some(span);
        data.start = data.start.min(span.start);
        if data.content.is_empty() && data.content.start < span.end {
            data.content = Span::new(span.end, span.end);
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Error> {
        let position = || Position::of(self.yaml.text, span.start);
        let target = self.anchors.get(&anchor).copied().unwrap_or(0);
        let size = self.sizes.get(target).copied().unwrap_or(0);
        if size == 0 {
            let alias = self.yaml.text.get(span.start..span.end).unwrap_or_default().to_owned();
            return Err(Error::Recursive { position: position(), alias });
        }
        self.aliased = self.aliased.saturating_add(size);
        if self.aliased >= ALIASED_VALUES {
            return Err(Error::TooManyAliases { position: position(), limit: ALIASED_VALUES });
        }
        let id = self.push(Kind::Alias { target }, span, None, None, 0);
        self.sizes[id] = size;
        self.attach(id);
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Error> {
        let Some(closed) = self.open.pop() else {
            return Ok(());
        };
        let id = closed.id;
        let last = self.yaml.nodes.len();
        self.yaml.nodes[id].last = last;
        // A block collection has no closing bracket: it ends with its last child.
        let end = if closed.flow && !span.is_empty() { span.end } else { self.last_end(id) };
        self.yaml.nodes[id].content.end = end;
        self.unique_keys(id)?;
        self.sizes[id] = self.children(id).map(|child| self.sizes[child]).fold(1, usize::saturating_add);
        self.attach(id);
        Ok(())
    }

    fn last_end(&self, id: usize) -> usize {
        let start = self.yaml.nodes[id].content.end;
        self.children(id).map(|child| self.yaml.nodes[child].content.end).fold(start, usize::max)
    }

    fn children(&self, id: usize) -> impl Iterator<Item = usize> {
        let (entries, items): (&[(usize, usize)], &[usize]) = match &self.yaml.nodes[id].kind {
            Kind::Mapping { entries, .. } => (entries, &[]),
            Kind::Sequence { items, .. } => (&[], items),
            _ => (&[], &[]),
        };
        entries.iter().flat_map(|(key, value)| [*key, *value]).chain(items.iter().copied())
    }

    /// Hands a finished node to its parent.
    fn attach(&mut self, id: usize) {
        let Some(parent) = self.open.last_mut() else {
            self.yaml.roots.push(id);
            return;
        };
        match (&mut self.yaml.nodes[parent.id].kind, parent.key.take()) {
            (Kind::Mapping { entries, .. }, Some(key)) => entries.push((key, id)),
            (Kind::Mapping { .. }, None) => parent.key = Some(id),
            (Kind::Sequence { items, .. }, _) => items.push(id),
            _ => {}
        }
    }

    fn unique_keys(&self, id: usize) -> Result<(), Error> {
        let Kind::Mapping { entries, .. } = &self.yaml.nodes[id].kind else {
            return Ok(());
        };
        let text = |key: usize| self.yaml.node(key).as_str();
        let duplicate = |first: usize, second: usize, text: &str| {
            let [first, position] = [first, second].map(|key| self.yaml.node(key).position());
            Err(Error::DuplicateKey { position, key: text.to_owned(), first })
        };
        if entries.len() <= SMALL_MAPPING {
            for (index, (key, _)) in entries.iter().enumerate() {
                let Some(own) = text(*key) else { continue };
                if let Some((first, _)) = entries[..index].iter().find(|(other, _)| text(*other) == Some(own))
                {
                    return duplicate(*first, *key, own);
                }
            }
            return Ok(());
        }
        let mut seen: HashMap<&str, usize> = HashMap::with_capacity(entries.len());
        for (key, _) in entries {
            let Some(own) = text(*key) else { continue };
            if let Some(first) = seen.insert(own, *key) {
                return duplicate(first, *key, own);
            }
        }
        Ok(())
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        _ => Style::Plain,
    }
}
