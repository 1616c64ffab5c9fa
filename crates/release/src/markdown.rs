//! Release notes as HTML that is safe to show: notes quote commit messages, which anybody may have written.
//!
//! Raw HTML is shown as text, images become links because a page must not load what is elsewhere, and only links to
//! http and https are links.

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use url::Url;

use crate::html::Text;

/// How a link to a place that is not ours is marked.
pub(crate) const REL: &str = "nofollow noopener noreferrer";

/// The highest heading of the notes: the page has level 1, the release level 2.
const TOP_LEVEL: usize = 3;
const LOWEST_LEVEL: usize = 6;

/// Renders CommonMark with tables and strikethrough.
pub(crate) fn render(markdown: &str) -> String {
    let visible = markdown.replace(is_invisible, "\u{fffd}");
    let parser = Parser::new_ext(&visible, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events: Vec<Event<'_>> = parser.collect();
    let mut safe = Safe { highest: highest(&events), open: Vec::new() };
    let mut rendered = String::with_capacity(markdown.len() * 2);
    let mut next = events.iter().skip(1);
    let safe_events = events.iter().flat_map(|event| safe.event(event, next.next()));
    html::push_html(&mut rendered, safe_events);
    rendered
}

/// Control characters have no place in HTML, and those that turn the direction of letters around make a text look like
/// another one.
pub(crate) fn is_invisible(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || matches!(c, '\u{202d}' | '\u{202e}')
}

/// The highest level of the notes' headings; authors begin with whichever they like.
fn highest(events: &[Event<'_>]) -> usize {
    let levels = events.iter().filter_map(|event| match event {
        Event::Start(Tag::Heading { level, .. }) => Some(*level as usize),
        _ => None,
    });
    levels.min().unwrap_or(1)
}

struct Safe {
    /// The level that becomes [`TOP_LEVEL`].
    highest: usize,
    /// The links and images around the current event: whether each is shown as a link.
    open: Vec<bool>,
}

impl Safe {
    /// What is shown in place of one event.
    fn event<'a>(&mut self, event: &Event<'a>, next: Option<&Event<'a>>) -> Vec<Event<'a>> {
        let shown = match event {
            Event::Html(text) | Event::InlineHtml(text) => Event::Text(text.clone()),
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            Event::Start(Tag::Heading { level, .. }) => Event::Start(Tag::Heading {
                level: self.level(*level),
                id: None,
                classes: Vec::new(),
                attrs: Vec::new(),
            }),
            Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(self.level(*level))),
            Event::Start(Tag::Link { dest_url, .. }) => return self.link(dest_url),
            Event::Start(Tag::Image { dest_url, .. }) => {
                let mut shown = self.link(dest_url);
                if matches!(next, Some(Event::End(TagEnd::Image))) {
                    // A link needs words, and an image without a description has none.
                    shown.push(Event::Text(dest_url.clone()));
                }
                return shown;
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let was_link = self.open.pop() == Some(true);
                return was_link.then(|| Event::InlineHtml("</a>".into())).into_iter().collect();
            }
            other => other.clone(),
        };
        vec![shown]
    }

    fn link<'a>(&mut self, target: &CowStr<'a>) -> Vec<Event<'a>> {
        // HTML knows no link within a link; Markdown allows an image there.
        let target = if self.open.contains(&true) { None } else { web_url(target) };
        self.open.push(target.is_some());
        let start = target.map(|url| format!("<a href=\"{}\" rel=\"{REL}\">", Text(url.as_str())));
        start.map(|start| Event::InlineHtml(start.into())).into_iter().collect()
    }

    fn level(&self, level: HeadingLevel) -> HeadingLevel {
        let level = (level as usize - self.highest + TOP_LEVEL).min(LOWEST_LEVEL);
        HeadingLevel::try_from(level).unwrap_or(HeadingLevel::H6)
    }
}

fn web_url(target: &str) -> Option<Url> {
    Url::parse(target).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html() {
        let link = format!("<a href=\"https://example.com/a?b&amp;c\" rel=\"{REL}\">");
        let table = [
            ("a **b** `c`\n", "<p>a <strong>b</strong> <code>c</code></p>\n".to_owned()),
            ("- a\n- b\n", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n".to_owned()),
            ("```\n<b>\n```\n", "<pre><code>&lt;b&gt;\n</code></pre>\n".to_owned()),
            ("[x](https://example.com/a?b&c \"t\")", format!("<p>{link}x</a></p>\n")),
            ("<https://example.com/a?b&c>", format!("<p>{link}https://example.com/a?b&amp;c</a></p>\n")),
            ("a\r\nb", "<p>a\nb</p>\n".to_owned()),
        ];
        for (markdown, expected) in table {
            assert_eq!(render(markdown), expected);
        }
    }

    #[test]
    fn headings_start_below_the_releases_own() {
        let table = [
            ("# a\n## b", "<h3>a</h3>\n<h4>b</h4>\n"),
            ("## a\n### b", "<h3>a</h3>\n<h4>b</h4>\n"),
            ("#### a", "<h3>a</h3>\n"),
            ("# a\n###### b", "<h3>a</h3>\n<h6>b</h6>\n"),
        ];
        for (markdown, expected) in table {
            assert_eq!(render(markdown), expected);
        }
    }

    #[test]
    fn html_is_shown_and_not_obeyed() {
        let hostile = [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div onclick=\"x\">\n\n</div>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x](data:text/html,<script>)",
            "![x](javascript:alert(1))",
            "[x](vbscript:a \"onclick=\")",
            "[x](https://example.com/\"onmouseover=\"alert(1))",
            "[x][r]\n\n[r]: javascript:alert(1)",
            "<javascript:alert(1)>",
            "```\"><script>\nx\n```",
            "<!-- --><style>*{}</style>",
        ];
        for markdown in hostile {
            let html = render(markdown);
            for bad in [
                "<script",
                "<img",
                "<div",
                "<style",
                "<!--",
                "href=\"java",
                "href=\"data",
                "href=\"vb",
                "\"onmouseover",
            ] {
                assert!(!html.contains(bad), "{markdown}: {html}");
            }
        }
        assert_eq!(render("<b>x</b>"), "<p>&lt;b&gt;x&lt;/b&gt;</p>\n");
        assert_eq!(render("<div>x</div>"), "<p>&lt;div&gt;x&lt;/div&gt;</p>\n");
    }

    #[test]
    fn images_become_links_and_never_links_within_links() {
        let a = format!("<a href=\"https://example.com/i.png\" rel=\"{REL}\">");
        let table = [
            ("![alt](https://example.com/i.png)", format!("<p>{a}alt</a></p>\n")),
            ("![](https://example.com/i.png)", format!("<p>{a}https://example.com/i.png</a></p>\n")),
            (
                "[![alt](https://example.com/b.svg)](https://example.com/i.png)",
                format!("<p>{a}alt</a></p>\n"),
            ),
            ("![alt](i.png)", "<p>alt</p>\n".to_owned()),
        ];
        for (markdown, expected) in table {
            assert_eq!(render(markdown), expected);
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_text() {
        for markdown in
            ["[x](CHANGELOG.md)", "[x](#top)", "[x](mailto:a@example.com)", "[x](ftp://example.com)"]
        {
            assert_eq!(render(markdown), "<p>x</p>\n");
        }
    }

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(render("a\u{1b}[31m\u{0}b\u{202e}c"), "<p>a\u{fffd}[31m\u{fffd}b\u{fffd}c</p>\n");
    }
}
