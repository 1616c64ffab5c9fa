//! The actions of a template's text, and the words within one.

use crate::trouble::Trouble;

/// An offset in the template and what is wrong there.
pub(crate) type Fault = (usize, Trouble);

/// One `{{ … }}` of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Action<'t> {
    /// Where it stands, from the first brace to behind the last, trimmed white space included.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Where its braces begin.
    pub(super) open: usize,
    pub(super) inner: &'t str,
}

/// The first action at or behind `from`.
pub(super) fn next(text: &str, from: usize) -> Result<Option<Action<'_>>, Fault> {
    let Some(open) = text[from..].find("{{").map(|at| from + at) else { return Ok(None) };
    let close = closing(&text[open + 2..]).ok_or_else(|| {
        (open, Trouble::usage("the template's {{ is not closed").hint("}} ends it, outside of quotes"))
    })?;
    let close = open + 2 + close;
    let (mut start, mut end) = (open, close + 2);
    let mut inner = &text[open + 2..close];
    if let Some(trimmed) = inner.strip_prefix('-').filter(|rest| rest.starts_with(char::is_whitespace)) {
        inner = trimmed;
        start = from + text[from..start].trim_end().len();
    }
    if let Some(trimmed) = inner.strip_suffix('-').filter(|rest| rest.ends_with(char::is_whitespace)) {
        inner = trimmed;
        end += text[end..].len() - text[end..].trim_start().len();
    }
    Ok(Some(Action { start, end, open, inner: inner.trim() }))
}

/// Where the `}}` is that ends what begins here; within quotes it does not.
fn closing(text: &str) -> Option<usize> {
    let inner = text.trim_start_matches('-').trim_start();
    if inner.starts_with("/*") {
        let end = text.find("*/")?;
        return text[end..].find("}}").map(|at| end + at);
    }
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some('"') if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some('"') if c == '\n' => return None,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => quote = Some(c),
            None if text[at..].starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

/// A word of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word<'t> {
    Text(String),
    Number(&'t str),
    /// A function, or a word of the language.
    Name(&'t str),
    /// `.` and `.a.b`
    Field(Vec<String>),
    /// `$`, `$a` and `$a.b`, without the sign.
    Variable(&'t str, Vec<String>),
    Pipe,
    Comma,
    Open,
    Close,
    /// `:=`
    Declare,
    /// `=`
    Assign,
}

/// The words of an action; none for a comment.
pub(super) fn words(inner: &str) -> Result<Vec<Word<'_>>, Trouble> {
    let mut words = Vec::new();
    let mut rest = inner;
    if rest.starts_with("/*") && rest.ends_with("*/") {
        return Ok(words);
    }
    while let Some(c) = rest.chars().next() {
        let (word, length) = match c {
            '"' => {
                let (text, length) = quoted(&rest[1..]).ok_or_else(|| unsupported(inner))?;
                (Word::Text(text), length + 1)
            }
            '`' => {
                let length = rest[1..].find('`').ok_or_else(|| unsupported(inner))?;
                (Word::Text(rest[1..=length].to_owned()), length + 2)
            }
            '|' => (Word::Pipe, 1),
            ',' => (Word::Comma, 1),
            '(' => (Word::Open, 1),
            ')' if rest[1..].starts_with('.') => return Err(unsupported(inner)),
            ')' => (Word::Close, 1),
            '=' => (Word::Assign, 1),
            ':' if rest.starts_with(":=") => (Word::Declare, 2),
            '.' => fields(rest),
            '$' => {
                let (name, length) = name(&rest[1..]);
                match fields(&rest[1 + length..]) {
                    (Word::Field(below), more) => (Word::Variable(name, below), 1 + length + more),
                    _ => (Word::Variable(name, Vec::new()), 1 + length),
                }
            }
            '0'..='9' | '-' | '+' => {
                let end = rest.find(|c: char| c.is_whitespace() || "|),".contains(c)).unwrap_or(rest.len());
                if rest[..end].parse::<f64>().is_err() {
                    return Err(unsupported(inner));
                }
                (Word::Number(&rest[..end]), end)
            }
            _ => match name(rest) {
                ("", _) => return Err(unsupported(inner)),
                (name, length) => (Word::Name(name), length),
            },
        };
        words.push(word);
        rest = rest[length..].trim_start();
    }
    Ok(words)
}

/// The name that a text begins with.
fn name(text: &str) -> (&str, usize) {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    (&text[..end], end)
}

/// `.a.b`, and how long it is; a lone dot is the field of no name.
fn fields(text: &str) -> (Word<'_>, usize) {
    let mut fields = Vec::new();
    let mut length = 0;
    while let Some(behind) = text[length..].strip_prefix('.') {
        let (field, found) = name(behind);
        length += 1 + found;
        if found == 0 {
            break;
        }
        fields.push(field.to_owned());
    }
    (Word::Field(fields), length)
}

/// A Go string behind its first quote, and how long it is with the last one.
fn quoted(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (escaped, c) {
            (true, 'n') => value.push('\n'),
            (true, 't') => value.push('\t'),
            (true, 'r') => value.push('\r'),
            (true, '"' | '\\') => value.push(c),
            (true, _) => return None,
            (false, '\\') => {}
            (false, '"') => return Some((value, at + 1)),
            (false, c) => value.push(c),
        }
        escaped = !escaped && c == '\\';
    }
    None
}

pub(super) fn unsupported(what: &str) -> Trouble {
    Trouble::usage(format!("the template's '{}' is not supported", what.trim()))
        .hint("docs/image-track.md lists what templates may use")
}
