//! The releases as an Atom feed (RFC 4287), for feed readers and chat rooms.

use std::fmt::Write;

use forge::{Release, Timestamp};

use crate::html::Text;
use crate::markdown;
use crate::site::{FEED, Known};

/// So many of the newest are in it.
const ENTRIES: usize = 50;

/// The feed of these releases, the last one first. The same input gives the same bytes.
pub(crate) fn render(known: &Known<'_>) -> String {
    let mut releases: Vec<&Release> = known.releases.iter().collect();
    releases.sort_by_key(|release| std::cmp::Reverse(release.released_at));
    let updated = releases.first().map_or(Timestamp::EPOCH, |release| release.released_at);
    let title = known.project.map_or_else(|| "Releases".to_owned(), |name| format!("{name} releases"));
    let mut feed = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\n",
    );
    // Writing to a String cannot fail.
    let _ = write!(
        feed,
        "<title>{}</title>\n<id>{}</id>\n<updated>{updated}</updated>\n<author><name>{}</name></author>\n",
        Text(&title),
        Text(&id(known, None)),
        Text(known.project.unwrap_or("release"))
    );
    if let Some(site) = known.site {
        let this = site.join(FEED).map_or_else(|_| site.to_string(), String::from);
        let _ = write!(
            feed,
            "<link rel=\"self\" href=\"{}\"/>\n<link href=\"{}\"/>\n",
            Text(&this),
            Text(site.as_str())
        );
    }
    for release in releases.into_iter().take(ENTRIES) {
        entry(&mut feed, known, release);
    }
    feed.push_str("</feed>\n");
    feed
}

fn entry(feed: &mut String, known: &Known<'_>, release: &Release) {
    let at = release.released_at;
    let _ = write!(
        feed,
        "<entry>\n<title>{}</title>\n<id>{}</id>\n<published>{at}</published>\n<updated>{at}</updated>\n",
        Text(&release.name),
        Text(&id(known, Some(release)))
    );
    if let Some(link) = link(known, release) {
        let _ = writeln!(feed, "<link href=\"{}\"/>", Text(&link));
    }
    let notes = markdown::render(&release.description);
    let _ = write!(feed, "<content type=\"html\">{}</content>\n</entry>\n", Text(&notes));
}

/// The page of the release on the forge, or its place on our own page.
fn link(known: &Known<'_>, release: &Release) -> Option<String> {
    if let Some(page) = known.forge.release_page(&release.tag) {
        return Some(page.into());
    }
    let mut site = known.site?.clone();
    site.set_fragment(Some(&release.tag.slug()));
    Some(site.into())
}

/// An id that stays: an address, or a tag URI (RFC 4151) of nobody in particular where no address is known.
fn id(known: &Known<'_>, release: Option<&Release>) -> String {
    let address = match release {
        Some(release) => link(known, release),
        None => known.site.or(known.forge.releases_page().as_ref()).map(ToString::to_string),
    };
    address.unwrap_or_else(|| {
        let project = forge_name(known.project.unwrap_or("releases"));
        let tag = release.map(|release| format!(":{}", release.tag.slug())).unwrap_or_default();
        format!("tag:localhost,2026:{project}{tag}")
    })
}

/// What a tag URI can hold.
fn forge_name(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || "-._/".contains(c) { c } else { '-' }).collect()
}
