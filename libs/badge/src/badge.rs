//! The badge: what it shows, in which colours.

use crate::text::printable;
use crate::{Color, Link, Logo, Style, draw};

/// A badge to be drawn: the label on the left, the message on the right.
///
/// Any text will do: characters that XML forbids are left out, white space of any kind becomes single spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    label: String,
    message: String,
    color: Color,
    label_color: Option<Color>,
    style: Style,
    logo: Option<Logo>,
    link: Option<Link>,
}

impl Badge {
    /// A flat blue badge with a grey label. With an empty label there is the message alone.
    pub fn new(label: &str, message: &str) -> Self {
        Self {
            label: printable(label),
            message: printable(message),
            color: Color::BLUE,
            label_color: None,
            style: Style::Flat,
            logo: None,
            link: None,
        }
    }

    /// The colour behind the message.
    #[must_use]
    pub fn color(mut self, color: Color) -> Self {
        self.color = color;
        self
    }

    /// The colour behind the label and the logo. Where there is no label, a logo stands on the message's colour unless
    /// this is given.
    #[must_use]
    pub fn label_color(mut self, color: Color) -> Self {
        self.label_color = Some(color);
        self
    }

    /// How it is drawn.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    /// A picture left of the label.
    #[must_use]
    pub fn logo(mut self, logo: Logo) -> Self {
        self.logo = Some(logo);
        self
    }

    /// Where a click leads, when the badge is pasted into a page or opened by itself. (In an `<img>` nothing can be
    /// clicked: there the page links.)
    #[must_use]
    pub fn link(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Whether there is no text to be drawn.
    pub fn is_empty(&self) -> bool {
        self.label.is_empty() && self.message.is_empty()
    }

    /// Draws it, as one SVG document that ends with a newline. Equal badges give equal bytes.
    pub fn render(&self) -> String {
        format!("{}\n", draw::draw(self))
    }

    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts {
            label: &self.label,
            message: &self.message,
            color: self.color,
            label_color: self.label_color.unwrap_or(Color::GREY),
            // A label, or a logo that is to stand on a colour of its own.
            has_left: !self.label.is_empty() || (self.logo.is_some() && self.label_color.is_some()),
            style: self.style,
            logo: self.logo.as_ref(),
            link: self.link.as_ref(),
        }
    }

    /// What a screen reader says and a mouse pointer shows.
    pub(crate) fn spoken(&self) -> String {
        match (self.label.as_str(), self.message.as_str()) {
            ("", alone) | (alone, "") => alone.to_owned(),
            (label, message) => format!("{label}: {message}"),
        }
    }
}

/// What the styles draw.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'a> {
    pub(crate) label: &'a str,
    pub(crate) message: &'a str,
    pub(crate) color: Color,
    pub(crate) label_color: Color,
    /// Whether there is a left half.
    pub(crate) has_left: bool,
    pub(crate) style: Style,
    pub(crate) logo: Option<&'a Logo>,
    pub(crate) link: Option<&'a Link>,
}
