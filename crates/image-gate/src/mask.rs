//! Keeps secrets out of what a command prints, however it is cut into pieces.

use std::io::{self, Write};

use memchr::memmem::Finder;

/// What is shorter is too often a part of something else: `true`, `8080`.
const SHORTEST: usize = 6;
const STARS: &[u8] = b"***";

/// A writer that never passes on what is masked.
///
/// What may be the beginning of a secret is held back until it is known.
pub(crate) struct Masked<W> {
    inner: W,
    /// The longest first, so that of two that begin alike nothing is left over.
    secrets: Vec<Finder<'static>>,
    held: Vec<u8>,
}

impl<W: Write> Masked<W> {
    pub(crate) fn new(inner: W, secrets: &[String]) -> Self {
        // Whoever prints a value of several lines may put something between them.
        let mut lines: Vec<&str> = secrets.iter().flat_map(|secret| secret.lines()).map(str::trim).collect();
        lines.retain(|line| line.len() >= SHORTEST);
        lines.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        lines.dedup();
        let secrets = lines.into_iter().map(|line| Finder::new(line.as_bytes()).into_owned()).collect();
        Self { inner, secrets, held: Vec::new() }
    }

    /// Where the first secret stands, and how long it is.
    fn first(&self, data: &[u8]) -> Option<(usize, usize)> {
        let found =
            self.secrets.iter().filter_map(|secret| Some((secret.find(data)?, secret.needle().len())));
        found.min_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(&one.1)))
    }

    /// From where on the data may be the beginning of a secret.
    fn undecided(&self, data: &[u8]) -> usize {
        let longest = |secret: &Finder<'_>| {
            let needle = secret.needle();
            let most = needle.len().saturating_sub(1).min(data.len());
            (1..=most).rev().find(|length| data.ends_with(&needle[..*length])).unwrap_or(0)
        };
        data.len() - self.secrets.iter().map(longest).max().unwrap_or(0)
    }

    fn pass(&mut self, data: &[u8], last: bool) -> io::Result<()> {
        let mut rest = data;
        loop {
            let limit = if last { rest.len() } else { self.undecided(rest) };
            match self.first(rest) {
                Some((start, length)) if start < limit => {
                    self.inner.write_all(&rest[..start])?;
                    self.inner.write_all(STARS)?;
                    rest = &rest[start + length..];
                }
                _ => {
                    self.inner.write_all(&rest[..limit])?;
                    self.held = rest[limit..].to_vec();
                    return Ok(());
                }
            }
        }
    }

    /// Nothing more will come: what was held back is decided.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        self.pass(&held, true)?;
        self.inner.flush()
    }
}

impl<W: Write> Write for Masked<W> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.secrets.is_empty() {
            self.inner.write_all(data)?;
        } else if self.held.is_empty() {
            self.pass(data, false)?;
        } else {
            let mut all = std::mem::take(&mut self.held);
            all.extend_from_slice(data);
            self.pass(&all, false)?;
        }
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A text in which no secret stands.
pub(crate) fn masked(text: &str, secrets: &[String]) -> String {
    let mut out = Vec::new();
    let mut mask = Masked::new(&mut out, secrets);
    // Writing to memory cannot fail.
    let _ = mask.write_all(text.as_bytes()).and_then(|()| mask.finish());
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(pieces: &[&str], secrets: &[&str]) -> String {
        let secrets: Vec<String> = secrets.iter().map(ToString::to_string).collect();
        let mut out = Vec::new();
        let mut mask = Masked::new(&mut out, &secrets);
        pieces.iter().for_each(|piece| mask.write_all(piece.as_bytes()).unwrap());
        mask.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_secret_is_masked_wherever_it_is_cut() {
        let text = "before hunter22 and hunter22hunter22 huntsman hunter2";
        let expected = "before *** and ****** huntsman hunter2";
        for cut in 0..=text.len() {
            let (one, two) = text.split_at(cut);
            assert_eq!(through(&[one, two], &["hunter22"]), expected, "cut at {cut}");
        }
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(String::as_str).collect();
        assert_eq!(through(&letters, &["hunter22"]), expected);
    }

    #[test]
    fn of_two_that_begin_alike_nothing_is_left_over() {
        let secrets = ["abcdef", "abcdefghij"];
        for (pieces, expected) in [
            (vec!["abcdefghij"], "***"),
            (vec!["abcdef", "ghij"], "***"),
            (vec!["abcdef", "gh"], "***gh"),
            (vec!["abcdefabcdefghi", "j"], "******"),
        ] {
            assert_eq!(through(&pieces, &secrets), expected, "{pieces:?}");
        }
    }

    #[test]
    fn short_values_are_no_secrets_and_long_ones_are_masked_line_by_line() {
        assert_eq!(through(&["true 8080"], &["true", "8080"]), "true 8080");
        let key = "-----BEGIN KEY-----\nMIIabcdef\n-----END KEY-----\n";
        assert_eq!(through(&["got MIIabcdef"], &[key]), "got ***");
    }

    #[test]
    fn what_is_no_secret_is_not_held_back() {
        let mut out = Vec::new();
        let mut mask = Masked::new(&mut out, &["hunter22".to_owned()]);
        mask.write_all(b"a line\n").unwrap();
        drop(mask);
        assert_eq!(out, b"a line\n");
    }
}
