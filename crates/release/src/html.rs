//! The releases page: one HTML file that loads nothing and runs nothing.
//!
//! It works for a screen reader (landmarks, one heading per release, a language), on a phone, and in light and dark.
//! Everything that is not written here goes through [`Text`] or [`markdown`](crate::markdown).

use std::fmt::{self, Display, Write};

use forge::{Asset, Deployment, Environment, Environments, Image, LinkType, Ref, Release, Timestamp};
use time::macros::format_description;

use crate::markdown::{self, REL, is_invisible};
use crate::site::{FEED, JSON, Known, in_order, released};

const STYLE: &str = include_str!("html.css");
/// Even if some text were to slip through unescaped, the browser would load and run nothing.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";
/// How much of a commit's id is shown.
const SHORT_COMMIT: usize = 8;

/// Text for an element or a quoted attribute of HTML.
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if is_invisible(c) => f.write_char('\u{fffd}')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The page of what is known, in the order given. The same input gives the same bytes.
pub(crate) fn render(known: &Known<'_>) -> String {
    let releases = known.releases;
    let environments = known.environments;
    Page { project: known.project, releases, environments, latest: latest(releases) }.to_string()
}

/// The release most people want: the newest version that is no pre-release, else the newest of all.
fn latest(releases: &[Release]) -> Option<&Release> {
    let stable = |release: &&Release| release.tag.version().is_some() && !release.is_prerelease();
    releases.iter().find(stable).or(releases.first())
}

struct Page<'a> {
    project: Option<&'a str>,
    releases: &'a [Release],
    environments: &'a Environments,
    latest: Option<&'a Release>,
}

impl Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        f.write_str("<body>\n")?;
        self.banner(f)?;
        f.write_str("<div class=\"columns\">\n<main>\n")?;
        if !self.environments.is_empty() {
            self.environments(f)?;
        }
        if self.releases.is_empty() {
            f.write_str("<p class=\"none\">There is no release yet.</p>\n")?;
        }
        for release in self.releases {
            let is_latest = self.latest.is_some_and(|latest| latest.tag == release.tag);
            let runs = self.runs(release);
            Entry { release, is_latest, runs }.fmt(f)?;
        }
        f.write_str("</main>\n")?;
        // With a single release there is nowhere to go.
        if self.releases.len() > 1 {
            self.versions(f)?;
        }
        f.write_str("</div>\n<footer class=\"foot\"><p>")?;
        writeln!(
            f,
            "<a href=\"{FEED}\">Atom feed</a> · <a href=\"{JSON}\">JSON for programs</a></p></footer>"
        )?;
        f.write_str("</body>\n</html>\n")
    }
}

impl Page<'_> {
    fn head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.project.map(|name| format!("{name} releases")).unwrap_or_else(|| "Releases".into());
        let title = Text(&title);
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{title}</title>\n<link rel=\"icon\" href=\"data:,\">\n\
             <link rel=\"alternate\" type=\"application/atom+xml\" title=\"{title}\" href=\"{FEED}\">\n<style>\n{STYLE}</style>\n</head>\n"
        )
    }

    fn banner(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<header class=\"banner\">\n<h1>")?;
        match self.project {
            Some(name) => write!(f, "<bdi>{}</bdi> <span>releases</span>", Text(name))?,
            None => f.write_str("Releases")?,
        }
        f.write_str("</h1>\n")?;
        if let Some(release) = self.latest {
            let (slug, tag, date) =
                (release.tag.slug(), Text(release.tag.as_str()), Date(release.released_at));
            writeln!(f, "<p>Latest: <a href=\"#{slug}\"><bdi>{tag}</bdi></a>, released on {date}</p>")?;
        }
        f.write_str("</header>\n")
    }

    /// The environments in which this release runs.
    fn runs(&self, release: &Release) -> Vec<&'_ Environment> {
        let is_this = |deployment: &Deployment| {
            released(self.releases, deployment).is_some_and(|found| found.tag == release.tag)
        };
        let all = in_order(self.environments).into_iter();
        all.filter(|(_, deployment)| is_this(deployment)).map(|(name, _)| name).collect()
    }

    /// What runs where, and since when.
    fn environments(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<section class=\"running\" aria-labelledby=\"running\">\n<h2 id=\"running\" class=\"title\">Running now</h2>\n<ul>\n")?;
        for (name, deployment) in in_order(self.environments) {
            let place = Text(name.as_str());
            f.write_str("<li><p class=\"place\">")?;
            match &deployment.url {
                Some(url) => write!(f, "<a href=\"{}\" rel=\"{REL}\">{place}</a>", Text(url.as_str()))?,
                None => place.fmt(f)?,
            }
            let version = Text(deployment.version.as_str());
            f.write_str("</p>\n<p class=\"version\">")?;
            match released(self.releases, deployment) {
                Some(release) => write!(f, "<a href=\"#{}\"><bdi>{version}</bdi></a>", release.tag.slug())?,
                None => write!(f, "<bdi>{version}</bdi>")?,
            }
            writeln!(f, "</p>\n<p class=\"since\">since {}</p></li>", Moment(deployment.since))?;
        }
        f.write_str("</ul>\n</section>\n")
    }

    fn versions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<nav aria-label=\"All versions\">\n<p class=\"title\" aria-hidden=\"true\">All versions</p>\n<ul>\n")?;
        for release in self.releases {
            let (slug, tag) = (release.tag.slug(), Text(release.tag.as_str()));
            writeln!(f, "<li><a href=\"#{slug}\"><bdi>{tag}</bdi></a></li>")?;
        }
        f.write_str("</ul>\n</nav>\n")
    }
}

/// One release.
struct Entry<'a> {
    release: &'a Release,
    is_latest: bool,
    /// Where it runs now.
    runs: Vec<&'a Environment>,
}

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = self.release;
        // A tag's slug holds only characters that are at home in an id and in the fragment of a link.
        let slug = release.tag.slug();
        let name = Text(&release.name);
        write!(
            f,
            "<article aria-labelledby=\"{slug}\">\n<header>\n<h2 id=\"{slug}\"><a href=\"#{slug}\"><bdi>{name}</bdi></a></h2>"
        )?;
        if self.is_latest {
            f.write_str(" <span class=\"label latest\">Latest</span>")?;
        }
        if release.is_prerelease() {
            f.write_str(" <span class=\"label\">Pre-release</span>")?;
        }
        for name in &self.runs {
            write!(f, " <span class=\"label runs\">on {}</span>", Text(name.as_str()))?;
        }
        self.facts(f)?;
        f.write_str("</header>\n")?;
        if !release.description.trim().is_empty() {
            write!(f, "<div class=\"notes\">\n{}</div>\n", markdown::render(&release.description))?;
        }
        if let Some(image) = &release.image {
            write_image(f, image)?;
        }
        if !release.assets.is_empty() {
            f.write_str("<h3 class=\"title\">Assets</h3>\n<ul class=\"assets\">\n")?;
            release.assets.iter().try_for_each(|asset| write_asset(f, asset))?;
            f.write_str("</ul>\n")?;
        }
        f.write_str("</article>\n")
    }
}

impl Entry<'_> {
    /// When, under which tag and from which commit.
    fn facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let release = self.release;
        write!(f, "\n<ul class=\"facts\">\n<li>{}</li>\n", Date(release.released_at))?;
        if release.name != release.tag.as_str() {
            writeln!(f, "<li>Tag <code><bdi>{}</bdi></code></li>", Text(release.tag.as_str()))?;
        }
        if let Some(git_ref) = &release.git_ref {
            write_ref(f, git_ref)?;
        }
        for milestone in &release.milestones {
            writeln!(f, "<li>Milestone <bdi>{}</bdi></li>", Text(milestone))?;
        }
        f.write_str("</ul>\n")
    }
}

fn write_ref(f: &mut fmt::Formatter<'_>, git_ref: &Ref) -> fmt::Result {
    let name = git_ref.as_str();
    if git_ref.is_commit() {
        writeln!(f, "<li>Commit <code title=\"{name}\">{}</code></li>", &name[..SHORT_COMMIT])
    } else {
        writeln!(f, "<li>From <code><bdi>{}</bdi></code></li>", Text(name))
    }
}

fn write_image(f: &mut fmt::Formatter<'_>, image: &Image) -> fmt::Result {
    let name = image.digest().and_then(|digest| image.reference().strip_suffix(digest)?.strip_suffix('@'));
    let name = Text(name.unwrap_or(image.reference()));
    write!(
        f,
        "<h3 class=\"title\">Image</h3>\n<dl class=\"image\">\n<div><dt>Reference</dt><dd><code>{name}</code></dd></div>\n"
    )?;
    if let Some(digest) = image.digest() {
        writeln!(f, "<div><dt>Digest</dt><dd><code>{}</code></dd></div>", Text(digest))?;
    }
    f.write_str("</dl>\n")
}

fn write_asset(f: &mut fmt::Formatter<'_>, asset: &Asset) -> fmt::Result {
    let (url, name) = (Text(asset.url().as_str()), Text(asset.name()));
    write!(f, "<li><a href=\"{url}\" rel=\"{REL}\"><bdi>{name}</bdi></a>")?;
    let kind = match asset.link_type() {
        LinkType::Image => Some("Image"),
        LinkType::Package => Some("Package"),
        LinkType::Runbook => Some("Runbook"),
        LinkType::Other => None,
    };
    if let Some(kind) = kind {
        write!(f, " <span class=\"label\">{kind}</span>")?;
    }
    // Whoever follows a link should know where to.
    let host = Text(asset.url().host_str().unwrap_or_default());
    writeln!(f, " <span class=\"host\">{host}</span></li>")
}

/// A date for people and, in its attribute, for programs.
struct Date(Timestamp);

impl Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[day padding:none] [month repr:long] [year]");
        let date = self.0.utc().format(format).map_err(|_| fmt::Error)?;
        write!(f, "<time datetime=\"{}\">{date}</time>", self.0)
    }
}

/// A date and time of day, in UTC.
struct Moment(Timestamp);

impl Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC");
        let moment = self.0.utc().format(format).map_err(|_| fmt::Error)?;
        write!(f, "<time datetime=\"{}\">{moment}</time>", self.0)
    }
}

#[cfg(test)]
#[path = "html_tests.rs"]
mod tests;
