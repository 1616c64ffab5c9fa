//! How the lines of Python are counted: as pygount 3.2 counts "Code", line by line
//! (<https://pygount.readthedocs.io/en/latest/background.html#how-pygount-counts-code>).
//!
//! A line is what the strongest thing on it is: code, a string, documentation, nothing. A string after a colon is
//! documentation, with only white space and comments between them, and so is one that starts the file: that finds
//! documentation strings, and takes the value of `"key":` on a line of its own for one too. Brackets, commas, colons,
//! semicolons and `pass` are nothing.
//!
//! pygount asks Pygments for tokens. The scanner below ([`scan`]) sees where Pygments' strings and comments begin and
//! end, which is not always where Python's do; on all else it is much simpler. Not copied are slips of Pygments that
//! cost next to nothing: `"{0[0:foo}"` opens a bracket for it that hides the end of the string, and a string literal
//! `":"` passes for a colon (which moves lines between strings and documentation, never to or from code).

mod scan;

use crate::lines::{Lines, physical};

/// What the lines of a file are, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds {
    code: usize,
    strings: usize,
    documentation: usize,
    empty: usize,
}

/// Counts the lines of `text`.
pub(crate) fn count(text: &[u8]) -> Lines {
    let kinds = kinds(text);
    Lines { code: kinds.code, source: kinds.code + kinds.strings, physical: physical(text) }
}

/// Empty lines around the text are none of its own.
fn kinds(text: &[u8]) -> Kinds {
    let start = text.iter().position(|&byte| byte != b'\n').unwrap_or(text.len());
    let end = text.iter().rposition(|&byte| byte != b'\n').map_or(start, |last| last + 1);
    let mut tally = Tally { kinds: Kinds::default(), line: Kind::Empty, documents: true };
    scan::scan(&text[start..end], &mut tally);
    tally.end_line();
    tally.kinds
}

/// What is on a line, the weakest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    #[default]
    Empty,
    Documentation,
    String,
    Code,
}

/// Collects what the scanner sees.
struct Tally {
    kinds: Kinds,
    /// The strongest thing on the current line so far.
    line: Kind,
    /// Whether a string would be documentation here.
    documents: bool,
}

impl Tally {
    fn mark(&mut self, kind: Kind) {
        self.line = self.line.max(kind);
    }

    /// A name, a number, an operator.
    fn code(&mut self) {
        self.mark(Kind::Code);
        self.documents = false;
    }

    /// A bracket, a comma, `pass`: it ends what a colon began, and is nothing by itself.
    fn white(&mut self) {
        self.documents = false;
    }

    fn colon(&mut self) {
        self.documents = true;
    }

    fn comment(&mut self) {
        self.mark(Kind::Documentation);
    }

    /// Part of a string, which may go on behind the end of the line.
    fn string(&mut self) {
        self.mark(if self.documents { Kind::Documentation } else { Kind::String });
    }

    fn end_line(&mut self) {
        match std::mem::take(&mut self.line) {
            Kind::Empty => self.kinds.empty += 1,
            Kind::Documentation => self.kinds.documentation += 1,
            Kind::String => self.kinds.strings += 1,
            Kind::Code => self.kinds.code += 1,
        }
    }
}

#[cfg(test)]
mod tests;
