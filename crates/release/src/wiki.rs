//! The releases page as a page of the project's wiki, in Markdown.

use std::fmt::Write;

use forge::{Environments, Forge, Release};

use crate::plain;
use crate::site::{in_order, released};

/// The page's title, which is its name as well.
pub(crate) const TITLE: &str = "Releases";
/// GitLab shows no page of more than a few megabytes; the forge has the rest.
const RELEASES: usize = 50;

/// The page. The same input gives the same text.
pub(crate) fn render(
    forge: &Forge,
    project: Option<&str>,
    releases: &[Release],
    environments: &Environments,
) -> String {
    let mut page =
        String::from("<!-- release writes this page; what is changed here by hand is lost -->\n\n");
    // Writing to a String cannot fail.
    if !environments.is_empty() {
        page.push_str("| Environment | Version | Since |\n|---|---|---|\n");
        for (name, deployment) in in_order(environments) {
            let name = match &deployment.url {
                Some(url) => format!("[{}](<{url}>)", plain::text(name.as_str())),
                None => plain::text(name.as_str()),
            };
            let version = plain::text(deployment.version.as_str());
            let page_of = released(releases, deployment).and_then(|release| forge.release_page(&release.tag));
            let version = page_of.map_or_else(|| version.clone(), |page| format!("[{version}](<{page}>)"));
            let _ = writeln!(page, "| {name} | {version} | {} |", deployment.since);
        }
        page.push('\n');
    }
    for release in releases.iter().take(RELEASES) {
        let name = plain::text(&release.name);
        let title = forge
            .release_page(&release.tag)
            .map_or_else(|| name.clone(), |page| format!("[{name}](<{page}>)"));
        let _ = writeln!(page, "## {title}\n\n{}\n", release.released_at);
        if !release.description.trim().is_empty() {
            let _ = writeln!(page, "{}\n", release.description.trim_end());
        }
        if let Some(image) = &release.image {
            let _ = writeln!(page, "**Image:** `{}`\n", image.reference());
        }
        for asset in &release.assets {
            let _ = writeln!(page, "- [{}](<{}>)", plain::text(asset.name()), asset.url());
        }
        if !release.assets.is_empty() {
            page.push('\n');
        }
    }
    if releases.len() > RELEASES {
        let all = forge.releases_page().map_or_else(String::new, |page| format!(": <{page}>"));
        let project = project.unwrap_or("the project");
        let _ = writeln!(
            page,
            "{} older releases of {} are not on this page{all}",
            releases.len() - RELEASES,
            plain::text(project)
        );
    }
    page
}
