//! Where strings, comments and the rest begin and end in Python, as Pygments' lexer sees it.

use memchr::{memchr, memmem};

use super::Tally;
use crate::lines::{is_bracket, is_white_space};

/// Tells `tally` what stands in `text`, from its start to its end.
pub(super) fn scan(text: &[u8], tally: &mut Tally) {
    let mut scanner = Scanner { text, at: 0, open: Vec::new(), tally };
    while scanner.at < text.len() {
        match scanner.open.last() {
            None => scanner.statement(),
            Some(&Open::String(quotes)) => scanner.string(quotes),
            Some(Open::Replacement) => scanner.replacement(),
            Some(Open::Bracket) => scanner.expression(),
        }
    }
}

/// What the scanner is inside of.
#[derive(Clone, Copy)]
enum Open {
    String(Quotes),
    /// The braces in an f-string.
    Replacement,
    /// Brackets in the braces of an f-string.
    Bracket,
}

/// How a string began.
#[derive(Clone, Copy)]
struct Quotes {
    quote: u8,
    triple: bool,
    raw: bool,
    /// An f-string or a t-string.
    formatted: bool,
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
    /// The innermost is the last.
    open: Vec<Open>,
    tally: &'a mut Tally,
}

impl Scanner<'_> {
    fn rest(&self) -> &[u8] {
        &self.text[self.at..]
    }

    fn peek(&self, distance: usize) -> Option<u8> {
        self.text.get(self.at + distance).copied()
    }

    fn starts(&self, with: &[u8]) -> bool {
        self.rest().starts_with(with)
    }

    /// How many bytes from `start` on are of this kind.
    fn run(&self, start: usize, kind: u8) -> usize {
        let mut end = start;
        while self.text.get(end).is_some_and(|&byte| KINDS[usize::from(byte)] & kind != 0) {
            end += 1;
        }
        end - start
    }

    /// Up to the end of the line.
    fn line(&self) -> usize {
        memchr(b'\n', self.rest()).unwrap_or(self.text.len() - self.at)
    }

    fn newline(&mut self) {
        self.tally.end_line();
        self.at += 1;
    }

    /// Outside of all strings.
    fn statement(&mut self) {
        let at_line_start = self.at == 0 || self.text[self.at - 1] == b'\n';
        if at_line_start {
            if self.text_block() {
                return;
            }
            self.at += self.run(self.at, WHITE);
        }
        let Some(byte) = self.peek(0) else { return };
        match byte {
            b'\n' => self.newline(),
            b'#' => {
                self.tally.comment();
                self.at += self.line();
            }
            b'\\' => {
                self.tally.code();
                self.at += 1;
            }
            _ => self.token(),
        }
    }

    /// A string in triple quotes that begins a line. It ends at the next three quotes, escaped or not: Pygments has a
    /// rule of its own for these.
    fn text_block(&mut self) -> bool {
        let indent = self.run(self.at, INDENT);
        let rest = &self.rest()[indent..];
        if !rest
            .first()
            .is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'r' | b'u' | b'b' | b'R' | b'U' | b'B'))
        {
            return false;
        }
        let is_prefix = |byte: &&u8| matches!(byte.to_ascii_lowercase(), b'r' | b'u' | b'b');
        let prefix = rest.iter().take(2).take_while(is_prefix).count();
        let (Some(quotes @ (b"\"\"\"" | b"'''")), Some(body)) =
            (rest.get(prefix..prefix + 3), rest.get(prefix + 3..))
        else {
            return false;
        };
        let Some(length) = memmem::find(body, quotes) else {
            return false;
        };
        let end = self.at + indent + prefix + 3 + length + 3;
        self.at += indent;
        while self.at < end {
            self.tally.string();
            self.at += self.line().min(end - self.at);
            if self.at < end {
                self.newline();
            }
        }
        true
    }

    /// A piece of code that means the same inside and outside of an f-string: everything but comments and line ends.
    fn token(&mut self) {
        let byte = self.text[self.at];
        match byte {
            b':' if self.peek(1) == Some(b'=') => {
                self.tally.code();
                self.at += 2;
            }
            b':' => {
                self.tally.colon();
                self.at += 1;
            }
            _ if KINDS[usize::from(byte)] & WHITE != 0 => self.at += self.run(self.at, WHITE),
            _ if is_bracket(byte) => {
                self.tally.white();
                self.at += 1;
            }
            b'"' | b'\'' => self.begin_string(0),
            _ if KINDS[usize::from(byte)] & WORD != 0 => self.word(),
            _ => {
                self.tally.code();
                self.at += 1;
            }
        }
    }

    /// A name, a keyword, a number, or the letters before a string.
    fn word(&mut self) {
        let length = self.run(self.at, WORD);
        let word = &self.rest()[..length];
        if matches!(self.peek(length), Some(b'"' | b'\'')) && is_string_prefix(word) {
            self.begin_string(length);
            return;
        }
        if word == b"pass" {
            self.tally.white();
        } else {
            self.tally.code();
        }
        self.at += length;
    }

    fn begin_string(&mut self, prefix: usize) {
        let has = |letter: u8| self.rest()[..prefix].iter().any(|byte| byte.to_ascii_lowercase() == letter);
        let (raw, formatted) = (has(b'r'), has(b'f') || has(b't'));
        self.at += prefix;
        let quote = self.text[self.at];
        let triple = self.starts(&[quote; 3]);
        self.tally.string();
        self.at += if triple { 3 } else { 1 };
        self.open.push(Open::String(Quotes { quote, triple, raw, formatted }));
    }

    /// Inside a string: one step on.
    fn string(&mut self, quotes: Quotes) {
        let byte = self.text[self.at];
        if byte == b'\n' && !quotes.triple {
            // It was never closed. Pygments starts afresh with the next line, whatever was open.
            self.open.clear();
            self.newline();
            return;
        }
        self.tally.string();
        match byte {
            b'\n' => self.newline(),
            b'\\' => self.backslash(quotes),
            b'{' if quotes.formatted && self.peek(1) != Some(b'{') => {
                self.open.push(Open::Replacement);
                self.at += 1;
            }
            b'{' if quotes.formatted => self.at += 2,
            _ if byte == quotes.quote && (!quotes.triple || self.starts(&[byte; 3])) => {
                self.open.pop();
                self.at += if quotes.triple { 3 } else { 1 };
            }
            _ => self.at += 1 + self.run(self.at + 1, PLAIN),
        }
    }

    /// Steps over what a backslash escapes. In raw strings it escapes the quote too, but not among triple quotes.
    fn backslash(&mut self, quotes: Quotes) {
        let escaped = match self.peek(1) {
            _ if quotes.raw && quotes.triple => None,
            Some(b'N') if !quotes.raw && self.peek(2) == Some(b'{') => self.character_name(),
            Some(b'\n') => {
                self.at += 1;
                self.newline();
                return;
            }
            Some(b'\\') => Some(2),
            Some(byte @ (b'"' | b'\'')) if !quotes.raw || byte == quotes.quote => Some(2),
            _ => None,
        };
        self.at += escaped.unwrap_or(1);
    }

    /// The length of `\N{DASH}`, whose braces hold no expression.
    fn character_name(&self) -> Option<usize> {
        memchr(b'}', &self.rest()[..self.line()]).map(|brace| brace + 1)
    }

    /// Between the braces of an f-string.
    fn replacement(&mut self) {
        if let Some(length) = self.replacement_end() {
            // What follows a colon is the format, which belongs to the string.
            self.tally.string();
            for _ in 0..length {
                if self.text[self.at] == b'\n' {
                    self.newline();
                } else {
                    self.at += 1;
                }
            }
            self.open.pop();
        } else {
            self.expression();
        }
    }

    /// The length of what ends an expression in an f-string: `}` or `:`, before it a conversion such as `!r`, before
    /// that the `=` that shows the expression itself.
    fn replacement_end(&self) -> Option<usize> {
        let mut length = 0;
        if self.peek(0) == Some(b'=') {
            length = 1 + self.text[self.at + 1..].iter().take_while(|byte| is_white_space(**byte)).count();
        }
        let conversion = matches!(self.peek(length + 1), Some(b's' | b'r' | b'a' | b'f'));
        if self.peek(length) == Some(b'!') && conversion {
            length += 2;
        }
        matches!(self.peek(length), Some(b'}' | b':')).then_some(length + 1)
    }

    /// Between the braces of an f-string or brackets in them.
    fn expression(&mut self) {
        match self.text[self.at] {
            b'\n' => self.newline(),
            b'(' | b'[' | b'{' => {
                self.open.push(Open::Bracket);
                self.token();
            }
            b')' | b']' | b'}' if matches!(self.open.last(), Some(Open::Bracket)) => {
                self.open.pop();
                self.token();
            }
            _ => self.token(),
        }
    }
}

/// White space but line ends.
const WHITE: u8 = 1;
/// What may stand before the first word of a line.
const INDENT: u8 = 2;
/// Letters, digits and all that is not ASCII.
const WORD: u8 = 4;
/// Bytes of a string that mean nothing to the scanner.
const PLAIN: u8 = 8;

/// Of which of these kinds each byte is. Looking it up is what makes the scanner quick.
static KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < kinds.len() {
        #[expect(clippy::cast_possible_truncation, reason = "the table has an entry for each byte")]
        let byte = at as u8;
        if matches!(byte, b' ' | b'\t' | b'\x0c' | b'\r') {
            kinds[at] |= WHITE;
        }
        if matches!(byte, b' ' | b'\t' | b'\x0c') {
            kinds[at] |= INDENT;
        }
        if byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii() {
            kinds[at] |= WORD;
        }
        if !matches!(byte, b'\\' | b'"' | b'\'' | b'{' | b'\n') {
            kinds[at] |= PLAIN;
        }
        at += 1;
    }
    kinds
};

fn is_string_prefix(word: &[u8]) -> bool {
    matches!(
        word.to_ascii_lowercase().as_slice(),
        b"r" | b"u" | b"b" | b"f" | b"t" | b"rb" | b"br" | b"rf" | b"fr" | b"rt" | b"tr"
    )
}
