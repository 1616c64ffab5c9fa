//! What a release says where a forge has one text for it: the notes, and below them the image (and on GitHub the links),
//! between marks that no reader sees, so that they are found again and replaced.

use crate::{Asset, Error, Image, LinkType, Release};

const BEGIN: &str = "<!-- release: what belongs to it -->";
const END: &str = "<!-- release: end -->";

/// The notes with what is appended to them. `links` is for a forge that has no links of its own.
pub(crate) fn compose(notes: &str, image: Option<&Image>, links: &[Asset]) -> String {
    if image.is_none() && links.is_empty() {
        return notes.to_owned();
    }
    let mut text = notes.trim_end().to_owned();
    if !text.is_empty() {
        text.push_str("\n\n");
    }
    text.push_str(BEGIN);
    text.push('\n');
    if let Some(image) = image {
        text.push_str(&format!("\n**Image:** `{}`\n", shown(image)));
    }
    if !links.is_empty() {
        text.push_str("\n**Assets:**\n\n");
        for link in links {
            text.push_str(&line(link));
        }
    }
    text.push('\n');
    text.push_str(END);
    text.push('\n');
    text
}

/// Tells when the text of a release, with what stands below its notes, is longer than its server takes.
pub(crate) fn check_length(
    text: &str,
    release: &Release,
    limit: usize,
    server: &'static str,
) -> Result<(), Error> {
    match text.chars().count() {
        length if length > limit => Err(Error::LongNotes { tag: release.tag.clone(), length, limit, server }),
        _ => Ok(()),
    }
}

/// Splits what [`compose`] has put together. Whatever else stands there is notes.
pub(crate) fn split(text: &str) -> (String, Option<Image>, Vec<Asset>) {
    let whole = || (text.to_owned(), None, Vec::new());
    let Some((notes, rest)) = text.rsplit_once(BEGIN) else { return whole() };
    let Some(ours) = rest.trim_end().strip_suffix(END) else { return whole() };
    let (mut image, mut links) = (None, Vec::new());
    for line in ours.lines().map(str::trim) {
        if let Some(reference) = line.strip_prefix("**Image:** `").and_then(|rest| rest.strip_suffix('`')) {
            image = reference.parse().ok();
        }
        links.extend(read_line(line));
    }
    let notes = notes.trim_end();
    let notes = if notes.is_empty() { String::new() } else { format!("{notes}\n") };
    (notes, image, links)
}

fn shown(image: &Image) -> String {
    match image.digest() {
        Some(digest) if !image.reference().ends_with(digest) => format!("{}@{digest}", image.reference()),
        _ => image.reference().to_owned(),
    }
}

/// `- [Wheel](<https://example.com/x>) (package)`; the name is escaped as Markdown has it.
fn line(link: &Asset) -> String {
    let mut name = String::new();
    for c in link.name().chars() {
        if "\\[]`*_<>&".contains(c) {
            name.push('\\');
        }
        name.push(c);
    }
    let kind = match link.link_type() {
        LinkType::Other => String::new(),
        other => format!(" ({other})"),
    };
    format!("- [{name}](<{}>){kind}\n", link.url())
}

fn read_line(line: &str) -> Option<Asset> {
    let (name, rest) = line.strip_prefix("- [")?.rsplit_once("](<")?;
    let (url, kind) = rest.rsplit_once(">)")?;
    let mut plain = String::new();
    let mut letters = name.chars();
    while let Some(c) = letters.next() {
        plain.extend(if c == '\\' { letters.next() } else { Some(c) });
    }
    let link = Asset::new(&plain, url).ok()?;
    let kind = kind.trim().strip_prefix('(').and_then(|kind| kind.strip_suffix(')'));
    Some(link.with_type(kind.and_then(|kind| kind.parse().ok()).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_together_is_split_again() {
        let image: Image = format!("host/app:1@sha256:{}", "a".repeat(64)).parse().unwrap();
        let link = Asset::new("A [b] *c*", "https://example.com/a(b)?c=d").unwrap();
        let links =
            [link.clone(), Asset::new("W", "https://example.com/w").unwrap().with_type(LinkType::Package)];
        for notes in ["", "# Notes\n\n- a\n", "<!-- release: what belongs to it -->\n"] {
            for image in [None, Some(&image)] {
                for links in [&links[..], &[]] {
                    let text = compose(notes, image, links);
                    assert_eq!(split(&text), (notes.to_owned(), image.cloned(), links.to_vec()), "{text}");
                }
            }
        }
    }

    #[test]
    fn text_of_others_is_notes() {
        for text in ["", "x", "a\r\nb", "**Image:** `app:1`", "- [a](<https://example.com>)"] {
            assert_eq!(split(text), (text.to_owned(), None, Vec::new()));
        }
    }
}
