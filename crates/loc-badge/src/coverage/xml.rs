//! A walk over the elements of an XML document, without keeping them.
//!
//! Entities are never expanded and document types never read, so a report can neither grow in memory nor name other files.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::Reason;

/// An element on the way.
pub(super) struct Element<'a> {
    start: &'a BytesStart<'a>,
    /// 0 for the root.
    pub(super) depth: usize,
}

impl Element<'_> {
    /// Whether this is its name, whatever its prefix.
    pub(super) fn is(&self, name: &str) -> bool {
        self.start.local_name().as_ref() == name
    }

    /// An attribute as it is written, if it is there.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<String>, Reason> {
        let found = self.start.try_get_attribute(name);
        let found =
            found.map_err(|error| Reason::Malformed(format!("its XML is not well-formed: {error}")))?;
        Ok(found.map(|attribute| attribute.value.into_owned()))
    }

    /// An attribute that holds a whole number, if it is there.
    pub(super) fn count(&self, name: &str) -> Result<Option<u64>, Reason> {
        let Some(value) = self.attribute(name)? else { return Ok(None) };
        let wrong = |_| Reason::Malformed(format!("its {name}=\"{value}\" is no whole number"));
        value.trim().parse().map(Some).map_err(wrong)
    }
}

/// Shows every element to `visit`, and sees that the document is whole.
pub(super) fn walk(
    text: &str,
    visit: &mut dyn FnMut(&Element<'_>) -> Result<(), Reason>,
) -> Result<(), Reason> {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut roots) = (0_usize, 0);
    loop {
        let event = reader.read_event().map_err(|error| {
            let before = text.get(..reader.error_position() as usize).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            Reason::Malformed(format!("its XML is not well-formed: line {line}: {error}"))
        })?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                roots += usize::from(depth == 0);
                if roots > 1 {
                    return Err(Reason::Malformed("it holds more than one XML document".to_owned()));
                }
                visit(&Element { start, depth })?;
                depth += usize::from(matches!(event, Event::Start(_)));
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Eof if depth > 0 => {
                return Err(Reason::Malformed("its XML ends before its elements do".to_owned()));
            }
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

/// The name of the root.
pub(super) fn root(text: &str) -> Result<String, Reason> {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start) | Event::Empty(start)) => {
                return Ok(start.local_name().as_ref().to_owned());
            }
            Ok(Event::Eof) => return Err(Reason::Malformed("its XML has no element".to_owned())),
            Ok(_) => {}
            Err(error) => {
                return Err(Reason::Malformed(format!("its XML is not well-formed: {error}")));
            }
        }
    }
}
