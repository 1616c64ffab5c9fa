//! The text of new entries and items, and where it goes.

use crate::extent::{Extent, break_near, comma, find_colon, line_end, line_start};
use crate::node::{Kind, Node, Yaml};
use crate::scalar::{self, Style};
use crate::splice::Edit;
use crate::{Span, Step, Value};

/// How far to the right a level goes where the text does not show it.
const INDENTATION: usize = 2;

/// A new member of a collection: the steps from there to the value, all of which are missing.
pub(crate) struct Insertion<'i> {
    pub(crate) steps: &'i [Step],
    pub(crate) value: Value<'i>,
}

impl Insertion<'_> {
    /// As the first entry of a mapping, or its only one.
    pub(crate) fn first(&self, mapping: Node<'_>) -> Option<Edit> {
        let text = mapping.yaml.text;
        let Some(first) = Extent::all(mapping).next() else {
            return self.between_brackets(mapping);
        };
        let at = first.span.start;
        let mut new = self.write(first.flow, first.column(text), mapping.yaml)?;
        if first.flow {
            new.push_str(", ");
        } else {
            new.push_str(break_near(text, at));
            new.push_str(&" ".repeat(first.column(text)));
        }
        Some(Edit { span: Span::new(at, at), text: new })
    }

    /// Behind the last member of a collection.
    pub(crate) fn last(&self, collection: Node<'_>) -> Option<Edit> {
        let text = collection.yaml.text;
        let Some(last) = Extent::all(collection).last() else {
            return self.between_brackets(collection);
        };
        if last.flow {
            // `[key: value]` is a mapping without braces: what comes behind it is another item.
            text[collection.here().content.start..].starts_with(['{', '[']).then_some(())?;
            let (at, comma) = match comma(text, last.span.end) {
                Some(comma) => (comma + 1, " "),
                None => (last.span.end, ", "),
            };
            let new = format!("{comma}{}", self.write(true, 0, collection.yaml)?);
            return Some(Edit { span: Span::new(at, at), text: new });
        }
        let column = last.column(text);
        let at = last.lines(text).end;
        if at == text.len() && ends_with_block_scalar(collection.yaml) {
            // A line break would become part of that value.
            return self.first(collection);
        }
        let new = self.write(false, column, collection.yaml)?;
        Some(Edit {
            span: Span::new(at, at),
            text: format!("{}{}{new}", break_near(text, at), " ".repeat(column)),
        })
    }

    /// In the place of a null.
    pub(crate) fn instead_of_nothing(&self, null: Node<'_>) -> Option<Vec<Edit>> {
        let (yaml, text) = (null.yaml, null.yaml.text);
        let (parent, index) = yaml.parent(null.id)?;
        let key = parent.entries().nth(index)?.key;
        let content = null.here().content;
        if null.here().in_flow {
            let colon = if find_colon(text, key.here().content.end).is_some() { " " } else { ": " };
            let colon = if content.is_empty() { colon } else { "" };
            return Some(vec![Edit {
                span: content,
                text: format!("{colon}{}", self.collection_in_flow()?),
            }]);
        }
        find_colon(text, key.here().content.end)?;
        let column = Extent::of(parent, index)?.column(text) + indentation(yaml);
        let at = line_end(text, content.end);
        let new =
            format!("{}{}{}", break_near(text, at), " ".repeat(column), self.write(false, column, yaml)?);
        let blank = text[..content.start].trim_end_matches([' ', '\t']).len();
        let cut = Edit::cut(if content.is_empty() { content } else { Span::new(blank, content.end) });
        Some(vec![cut, Edit { span: Span::new(at, at), text: new }])
    }

    fn between_brackets(&self, collection: Node<'_>) -> Option<Edit> {
        let at = collection.here().content.start + 1;
        Some(Edit { span: Span::new(at, at), text: self.write(true, 0, collection.yaml)? })
    }

    fn collection_in_flow(&self) -> Option<String> {
        let inner = write_flow(self.steps, self.value)?;
        Some(match self.steps.first()? {
            Step::Key(_) => format!("{{{inner}}}"),
            Step::Index(_) => format!("[{inner}]"),
        })
    }

    fn write(&self, flow: bool, column: usize, yaml: &Yaml<'_>) -> Option<String> {
        if flow {
            return write_flow(self.steps, self.value);
        }
        write_block(self.steps, self.value, column, indentation(yaml), break_near(yaml.text, 0))
    }
}

/// `key: value` as an entry in the style of the text around it.
pub(crate) fn entry_text(key: &str, quotes: Style, value: Value<'_>, flow: bool) -> String {
    let value_style = if flow { Style::Double } else { Style::Plain };
    format!("{}: {}", scalar::write_key(key, quotes, flow), value.write(value_style, flow))
}

fn write_block(
    steps: &[Step],
    value: Value<'_>,
    column: usize,
    step: usize,
    line_break: &str,
) -> Option<String> {
    let (first, rest) = steps.split_first()?;
    match (first, rest) {
        (Step::Key(key), []) => Some(entry_text(key, Style::Plain, value, false)),
        (Step::Index(_), []) => Some(format!("- {}", value.write(Style::Plain, false))),
        (Step::Key(key), rest) => {
            let below = write_block(rest, value, column + step, step, line_break)?;
            let key = scalar::write_key(key, Style::Plain, false);
            Some(format!("{key}:{line_break}{}{below}", " ".repeat(column + step)))
        }
        (Step::Index(_), rest) => {
            Some(format!("- {}", write_block(rest, value, column + 2, step, line_break)?))
        }
    }
}

fn write_flow(steps: &[Step], value: Value<'_>) -> Option<String> {
    let (first, rest) = steps.split_first()?;
    let below = match rest.first() {
        None => value.write(Style::Double, true),
        Some(Step::Key(_)) => format!("{{{}}}", write_flow(rest, value)?),
        Some(Step::Index(_)) => format!("[{}]", write_flow(rest, value)?),
    };
    Some(match first {
        Step::Key(key) => format!("{}: {below}", scalar::write_key(key, Style::Plain, true)),
        Step::Index(_) => below,
    })
}

/// The indentation of the first level below the first key.
fn indentation(yaml: &Yaml<'_>) -> usize {
    let column = |node: Node<'_>| {
        let start = node.here().content.start;
        start - line_start(yaml.text, start)
    };
    let block_values = yaml.documents().flat_map(Node::entries).map(|entry| entry.value);
    let mut block_mappings =
        block_values.filter(|value| matches!(value.here().kind, Kind::Mapping { flow: false, .. }));
    block_mappings.next().map(column).filter(|column| *column > 0).unwrap_or(INDENTATION)
}

fn ends_with_block_scalar(yaml: &Yaml<'_>) -> bool {
    let is_block = |kind: &Kind<'_>| matches!(kind, Kind::Scalar { style: Style::Block, .. });
    yaml.nodes.iter().any(|data| is_block(&data.kind) && data.content.end == yaml.text.len())
}
