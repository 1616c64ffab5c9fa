//! What a comparison tells.

use std::io::Write;

use contract::args::Format;
use contract::{Failure, output};
use registry::Digest;
use serde::Serialize;

use super::compare::{Comparison, Difference};
use crate::printable::shown;

/// The result of `diff`; its JSON is an interface.
#[derive(Serialize)]
pub(crate) struct Report {
    a: Named,
    b: Named,
    /// The digests are the same.
    same: bool,
    /// Every platform has the same configuration and so the same files.
    same_content: bool,
    differences: Vec<Difference>,
}

#[derive(Serialize)]
struct Named {
    image: String,
    digest: Digest,
}

impl Report {
    pub(crate) fn new(a: (&str, &Digest), b: (&str, &Digest), comparison: Comparison) -> Self {
        let named =
            |(image, digest): (&str, &Digest)| Named { image: image.to_owned(), digest: digest.clone() };
        let Comparison { same_content, differences } = comparison;
        Self { same: a.1 == b.1, a: named(a), b: named(b), same_content, differences }
    }

    /// Nothing about images that are the same, as diff does; or everything as JSON.
    pub(crate) fn print(&self, format: Format, out: &mut dyn Write) -> Result<(), Failure> {
        match format {
            Format::Json => output::json(out, self),
            Format::Text if self.same => Ok(()),
            Format::Text => output::bytes(out, self.text().as_bytes()),
        }
    }

    /// The answer for the exit code.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        if self.same {
            return Ok(());
        }
        let (a, b) = (&self.a.image, &self.b.image);
        let failure = match self.same_content {
            true => Failure::no(format!("{a} and {b} have different digests and the same content"))
                .hint("one was packed anew, with another tool or other annotations; copy keeps the digest"),
            false => Failure::no(format!("{a} and {b} are different images")),
        };
        Err(failure)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let width = self.a.image.chars().count().max(self.b.image.chars().count());
        for (name, Named { image, digest }) in [("A", &self.a), ("B", &self.b)] {
            text.push_str(&format!("{name}  {image:width$}  {digest}\n"));
        }
        for difference in &self.differences {
            let Difference { platform, what, name, a, b } = difference;
            let words: Vec<_> =
                [platform.as_deref(), Some(what), name.as_deref()].into_iter().flatten().collect();
            text.push_str(&format!("\n{}\n", shown(&words.join(" "))));
            for (name, value) in [("A", a), ("B", b)] {
                text.push_str(&format!("  {name}  {}\n", value.as_deref().map_or("-".into(), shown)));
            }
        }
        text
    }
}
