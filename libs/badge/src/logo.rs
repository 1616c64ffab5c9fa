//! Pictures inside badges.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use contract::{Exit, Explain};
use quick_xml::Reader;
use quick_xml::events::Event;

/// A small picture left of the label, kept inside the badge: a badge in a page may load nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    uri: String,
}

impl Logo {
    /// The largest picture that is taken, in bytes. It is drawn 14 px high, and every reader of a page loads it.
    pub const LIMIT: usize = 64 * 1024;

    /// A logo from the content of a file: SVG, PNG, JPEG or GIF, told by the content.
    ///
    /// # Errors
    /// When it is larger than [`Logo::LIMIT`], of no such kind, or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LogoError> {
        if bytes.len() > Self::LIMIT {
            return Err(LogoError::TooLarge);
        }
        let kind = kind_of(bytes)?;
        Ok(Self { uri: format!("data:image/{kind};base64,{}", BASE64_STANDARD.encode(bytes)) })
    }
}

/// The `data:` address.
impl fmt::Display for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}

/// The second half of its media type. The three binary kinds have to have an end, too: browsers draw what there is of
/// a picture that was cut off, and nobody looks at 14 px that closely.
fn kind_of(bytes: &[u8]) -> Result<&'static str, LogoError> {
    let trimmed = bytes.trim_ascii_end();
    let (kind, whole) = match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => ("png", contains(bytes, b"IEND")),
        [0xFF, 0xD8, 0xFF, ..] => ("jpeg", contains(bytes, &[0xFF, 0xD9])),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => ("gif", bytes.contains(&b';')),
        _ if trimmed.is_empty() => return Err(LogoError::Empty),
        _ => return svg(bytes).map(|()| "svg+xml"),
    };
    whole.then_some(kind).ok_or(LogoError::CutOff)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Whether it is a well-formed document whose root is `<svg>` of the SVG namespace: browsers draw no other.
fn svg(bytes: &[u8]) -> Result<(), LogoError> {
    let text = std::str::from_utf8(bytes).map_err(|_| LogoError::Unknown)?;
    if !text.trim_start_matches('\u{FEFF}').trim_start().starts_with('<') {
        return Err(LogoError::Unknown);
    }
    let mut reader = Reader::from_str(text);
    let mut depth = 0_usize;
    let mut has_root = false;
    loop {
        let event = reader.read_event().map_err(|error| LogoError::Malformed { source: Box::new(error) })?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                if !has_root {
                    if start.local_name().as_ref() != "svg" {
                        return Err(LogoError::Unknown);
                    }
                    if !start.contains("http://www.w3.org/2000/svg") {
                        return Err(LogoError::NoNamespace);
                    }
                    has_root = true;
                }
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if !has_root => return Err(LogoError::Unknown),
            Event::Eof if depth > 0 => return Err(LogoError::CutOff),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// Why a picture cannot be the logo of a badge.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// There is nothing in it.
    #[error("the logo is empty")]
    Empty,
    /// Larger than [`Logo::LIMIT`].
    #[error("the logo is larger than {} KiB", Logo::LIMIT / 1024)]
    TooLarge,
    /// No kind of picture a badge can hold.
    #[error("the logo is no SVG, PNG, JPEG or GIF picture")]
    Unknown,
    /// The end is missing.
    #[error("the logo is cut off: its end is missing")]
    CutOff,
    /// The root has no `xmlns`.
    #[error(
        "the logo's <svg> lacks xmlns=\"http://www.w3.org/2000/svg\", without which browsers draw nothing"
    )]
    NoNamespace,
    /// SVG that XML parsers refuse.
    #[error("the logo looks like SVG and is not well-formed XML")]
    Malformed {
        /// What the parser says.
        #[source]
        source: Box<quick_xml::Error>,
    },
}

impl Explain for LogoError {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::TooLarge => "it is drawn 14 px high: scale it down, or take an SVG",
                Self::NoNamespace => "add the attribute to its first element",
                Self::Empty | Self::Unknown | Self::CutOff | Self::Malformed { .. } => {
                    "give an SVG, PNG, JPEG or GIF file that a browser can open"
                }
            }
            .to_owned(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMESPACE: &str = "xmlns=\"http://www.w3.org/2000/svg\"";

    #[test]
    fn the_kind_is_told_by_the_content() {
        let png = b"\x89PNG\r\n\x1a\n....IEND....";
        for (bytes, start) in [
            (&png[..], "data:image/png;base64,iVBORw0KGgo"),
            (b"\xFF\xD8\xFF\xE0..\xFF\xD9", "data:image/jpeg;base64,/9j/4C4u/9k="),
            (b"GIF89a;", "data:image/gif;base64,R0lGODlhOw=="),
        ] {
            let logo = Logo::from_bytes(bytes).unwrap();
            assert!(logo.to_string().starts_with(start), "{logo}");
        }
        for svg in [
            format!("<svg {NAMESPACE}/>"),
            format!(
                "\u{FEFF}<?xml version='1.0'?>\n<!-- a --><!DOCTYPE svg PUBLIC \"x\" \"y\">\n<svg {NAMESPACE}><g/></svg>\n"
            ),
            format!("<s:svg xmlns:s={}><s:g></s:g></s:svg>", &NAMESPACE[6..]),
        ] {
            let logo = Logo::from_bytes(svg.as_bytes()).unwrap();
            assert!(logo.to_string().starts_with("data:image/svg+xml;base64,"), "{logo}");
        }
    }

    #[test]
    fn what_browsers_would_not_draw_is_refused() {
        let whole = format!("<svg {NAMESPACE}><g></g></svg>");
        for (bytes, told) in [
            (&b""[..], "the logo is empty"),
            (b" \n", "the logo is empty"),
            (b"RIFF....WEBP", "no SVG, PNG, JPEG or GIF"),
            (b"<html></html>", "no SVG, PNG, JPEG or GIF"),
            (b"<!-- only a comment -->", "no SVG, PNG, JPEG or GIF"),
            (b"\xFF\xFE<\0s\0v\0g\0", "no SVG, PNG, JPEG or GIF"),
            (b"\x89PNG\r\n\x1a\n....", "cut off"),
            (b"\xFF\xD8\xFF\xE0....", "cut off"),
            (b"GIF89a...", "cut off"),
            (&whole.as_bytes()[..whole.len() - 6], "cut off"),
            (b"<svg></svg>", "lacks xmlns"),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"><g></svg>", "not well-formed"),
            (&[b'<'; Logo::LIMIT + 1], "larger than 64 KiB"),
        ] {
            let error = Logo::from_bytes(bytes).unwrap_err();
            assert!(error.to_string().contains(told), "{error}: {:?}", String::from_utf8_lossy(bytes));
            assert!(error.hint().is_some());
            assert_eq!(error.exit(), Exit::Usage);
        }
    }
}
