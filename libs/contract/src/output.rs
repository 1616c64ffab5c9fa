//! Data on stdout.

use std::io::{self, Write};

use serde::Serialize;

use crate::Failure;

/// The version of every JSON document a tool prints; it grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a, T> {
    schema: u32,
    #[serde(flatten)]
    body: &'a T,
}

/// Writes `body` as one JSON document with `"schema": 1` in front. `body` must serialise to an object.
///
/// # Errors
/// When stdout cannot be written, or `body` is no object.
pub fn json<T: Serialize>(out: &mut dyn Write, body: &T) -> Result<(), Failure> {
    let mut text = serde_json::to_vec_pretty(&Document { schema: SCHEMA, body })
        .map_err(|error| Failure::failed("cannot write the result as JSON").because(error))?;
    text.push(b'\n');
    bytes(out, &text)
}

/// Writes one line.
///
/// # Errors
/// When stdout cannot be written.
pub fn line(out: &mut dyn Write, text: &str) -> Result<(), Failure> {
    bytes(out, format!("{text}\n").as_bytes())
}

/// Writes bytes as they are.
///
/// # Errors
/// When stdout cannot be written.
pub fn bytes(out: &mut dyn Write, data: &[u8]) -> Result<(), Failure> {
    out.write_all(data).map_err(unwritable)
}

/// The text as a terminal may have it: with the characters written out that would steer it, and with those that turn
/// the direction of what is read. Images, servers and variables of a job may say anything.
pub fn printable(text: &str) -> String {
    let steers = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let character = |c: char| if steers(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(character).collect()
}

pub(crate) fn unwritable(error: io::Error) -> Failure {
    Failure::failed("cannot write to standard output")
        .because(error)
        .hint("make room where it leads to, and run again: what was printed is not complete")
}

/// A writer whose reader may go away, as in `tool | head -1`: from then on it drops what it gets and reports success.
///
/// Ending the process there, as SIGPIPE does, would leave a release half made, and would turn the exit code of a check
/// into one that means nothing.
#[derive(Debug)]
pub struct Leaving<W> {
    inner: W,
    gone: bool,
}

impl<W: Write> Leaving<W> {
    /// Around this writer.
    pub fn new(inner: W) -> Self {
        Self { inner, gone: false }
    }

    fn absorb<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl<W: Write> Write for Leaving<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(data.len());
        }
        let written = self.inner.write(data);
        self.absorb(written, data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let flushed = self.inner.flush();
        self.absorb(flushed, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_starts_with_the_schema() {
        #[derive(Serialize)]
        struct Body {
            digest: &'static str,
        }
        let mut out = Vec::new();
        json(&mut out, &Body { digest: "sha256:00" }).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "{\n  \"schema\": 1,\n  \"digest\": \"sha256:00\"\n}\n");
    }

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(
            printable("a\n\u{1b}[31mb é e\u{301}\u{202e}c\t"),
            "a\\n\\u{1b}[31mb é e\u{301}\\u{202e}c\\t"
        );
    }

    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_error_but_a_full_disk_is() {
        let mut left = Leaving::new(Closed(io::ErrorKind::BrokenPipe));
        line(&mut left, "text").unwrap();
        left.flush().unwrap();
        let mut full = Leaving::new(Closed(io::ErrorKind::StorageFull));
        assert!(
            line(&mut full, "text").unwrap_err().summary().starts_with("cannot write to standard output")
        );
    }
}
