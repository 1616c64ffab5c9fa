//! How far things reach in the text: lines, blanks, comments, and the whole of an entry with what belongs to it.

use crate::Span;
use crate::node::{Entry, Kind, Node};

const BREAKS: [char; 2] = ['\n', '\r'];
/// What YAML takes for blank; other white space of Unicode is text.
pub(crate) const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// The start of the line that byte `at` is in, behind a byte order mark: each document may start with one.
pub(crate) fn line_start(text: &str, at: usize) -> usize {
    const MARK: char = '\u{feff}';
    let start = text[..at].rfind(BREAKS).map_or(0, |before| before + 1);
    if text[start..at].starts_with(MARK) { start + MARK.len_utf8() } else { start }
}

/// The end of the line that byte `at` is in, before its break.
pub(crate) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find(BREAKS).map_or(text.len(), |length| at + length)
}

/// The place behind the line break at `at`, or `at` when none is there.
pub(crate) fn behind_break(text: &str, at: usize) -> usize {
    at + break_at(text, at).map_or(0, str::len)
}

/// The line break that a new line near `at` needs.
pub(crate) fn break_near(text: &str, at: usize) -> &str {
    let before = || {
        text[..at].rfind('\n').map(
            |newline| {
                if text[..newline].ends_with('\r') { newline - 1 } else { newline }
            },
        )
    };
    break_at(text, line_end(text, at)).or_else(|| break_at(text, before()?)).unwrap_or("\n")
}

fn break_at(text: &str, at: usize) -> Option<&str> {
    ["\r\n", "\n", "\r"].into_iter().find(|line_break| text[at..].starts_with(line_break))
}

/// The first place from `at` on that is neither blank nor comment. `at` must not be inside of a scalar.
pub(crate) fn skip_blank(text: &str, mut at: usize) -> usize {
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches(BLANKS).len();
        if !text[at..].starts_with('#') {
            return at;
        }
        at = line_end(text, at);
    }
}

/// The place behind the colon that follows a key which ends at `key_end`.
pub(crate) fn find_colon(text: &str, key_end: usize) -> Option<usize> {
    let at = skip_blank(text, key_end);
    let behind = text[at..].strip_prefix(':')?;
    // `{"key":value}` is allowed, and a plain scalar on the next line may start with a colon.
    let quoted = text[..key_end].ends_with(['"', '\'']);
    let ends = behind.chars().next().is_none_or(|c| BLANKS.contains(&c) || ",[]{}".contains(c));
    (quoted || ends).then_some(at + 1)
}

/// The place behind the anchor and the tag that may stand behind a colon, be it lines further down, but before `end`.
pub(crate) fn behind_properties(text: &str, colon: usize, end: usize) -> usize {
    let mut at = colon;
    loop {
        let start = skip_blank(text, at);
        if start >= end || !text[start..].starts_with(['&', '!']) {
            return at;
        }
        let token = text[start..].find(BLANKS).unwrap_or(text.len() - start);
        at = start + token;
    }
}

/// Where `|` or `>` with its indicators stands in the line that a block scalar starts with.
pub(crate) fn find_header(line: &str) -> Option<Span> {
    line.char_indices().filter(|(_, c)| matches!(c, '|' | '>')).find_map(|(at, c)| {
        let behind = line[at..]
            .trim_start_matches(c)
            .trim_start_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
        let starts_a_word = line[..at].chars().next_back().is_none_or(char::is_whitespace);
        let ends_the_line =
            behind.trim().is_empty() || (behind.trim_start().starts_with('#') && !behind.starts_with('#'));
        (starts_a_word && ends_the_line).then(|| Span::new(at, line.len() - behind.len()))
    })
}

/// An entry of a mapping, or an item of a sequence, in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// From its key, the `?` before that, or its dash, to the end of its value.
    pub(crate) span: Span,
    /// The end of the one before it.
    pub(crate) before: Option<usize>,
    /// Whether the collection is in flow style.
    pub(crate) flow: bool,
}

impl Extent {
    /// The extent of the member number `index` of a collection.
    pub(crate) fn of(collection: Node<'_>, index: usize) -> Option<Self> {
        Self::all(collection).nth(index)
    }

    /// The extents of all members, in their order.
    pub(crate) fn all<'y>(collection: Node<'y>) -> impl Iterator<Item = Self> {
        let data = collection.target().data();
        let (text, opening) = (collection.yaml.text, data.content.start);
        let (ends, flow): (Vec<usize>, bool) = match &data.kind {
            Kind::Mapping { flow, .. } => (collection.entries().map(|entry| entry.end()).collect(), *flow),
            Kind::Sequence { flow, .. } => {
                (collection.items().map(|item| item.here().content.end).collect(), *flow)
            }
            _ => (Vec::new(), false),
        };
        let mut before = None;
        ends.into_iter().map(move |end| {
            let start = match before {
                // A pair in a sequence, `[key: value]`, is a flow mapping without braces.
                None if flow && text[opening..].starts_with(['{', '[']) => skip_blank(text, opening + 1),
                None => opening,
                Some(end) if flow => skip_blank(text, comma(text, end).map_or(end, |comma| comma + 1)),
                Some(end) => skip_blank(text, end),
            };
            let extent = Self { span: Span::new(start, end.max(start)), before, flow };
            before = Some(end);
            extent
        })
    }

    /// How far to the right it starts.
    pub(crate) fn column(self, text: &str) -> usize {
        self.span.start - line_start(text, self.span.start)
    }

    /// The whole lines of a member in block style, up to the last one's break: with the rest of its last line and the
    /// comments below that are indented deeper than its key.
    pub(crate) fn lines(self, text: &str) -> Span {
        let column = self.column(text);
        let mut end = line_end(text, self.span.end);
        let mut line = behind_break(text, end);
        while line < text.len() {
            let this_end = line_end(text, line);
            let content = text[line..this_end].trim_start_matches(BLANKS);
            let indentation = this_end - line - content.len();
            if content.starts_with('#') && indentation > column {
                end = this_end;
            } else if !content.is_empty() {
                break;
            }
            let next = behind_break(text, this_end);
            if next == this_end {
                break;
            }
            line = next;
        }
        Span::new(self.span.start, end)
    }
}

impl Entry<'_> {
    pub(crate) fn end(&self) -> usize {
        self.value.here().content.end.max(self.key.here().content.end)
    }
}

/// The comma behind `at`, with nothing but blanks and comments between.
pub(crate) fn comma(text: &str, at: usize) -> Option<usize> {
    let at = skip_blank(text, at);
    text[at..].starts_with(',').then_some(at)
}
