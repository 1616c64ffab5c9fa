//! Sources of a manifest.

use std::time::Duration;

use contract::Secret;
use http::Url;
use yaml_splice::Node;

use super::fields::{Fields, Text};
use super::resource::{Known, Section, login, platforms, repository, scm_of, web};
use super::steps::{any_version, filter, regex, steps};
use super::{ForgeKind, Image, Releases, Scm, Source, Upstream};
use crate::filter::{Filter, FilterKind};
use crate::trouble::Trouble;

pub(super) fn sources(
    manifest: &mut Fields<'_>,
    scms: &[Scm],
    known: &Known,
) -> Result<Vec<Source>, Trouble> {
    let text = manifest.text;
    let mut sources = Vec::new();
    for (key, id, node) in manifest.entries("sources")? {
        let mut fields = Fields::open(text, node, format!("the source '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        fields.ignore(&["name"]);
        let waits = known.dependencies(&mut fields, Section::Sources)?;
        // All sources are resolved at the same time, so that one of them waits for another changes nothing.
        if let Some(other) = waits.iter().find(|waits| waits.section != Section::Sources) {
            return Err(text
                .wrong(other.node, "that a source waits for something other than a source is not supported")
                .hint("let its targets wait for the condition"));
        }
        let steps = steps(&mut fields)?;
        let scm = scm_of(&mut fields, scms)?;
        let mut spec = fields.spec()?;
        fields.end()?;
        let (upstream, filter) = match kind.to_ascii_lowercase().as_str() {
            "dockerimage" => image(&mut spec)?,
            "helmchart" => chart(&mut spec)?,
            "githubrelease" => releases(&mut spec)?,
            "gittag" => git_tag(&mut spec, scm)?,
            "dockerdigest" => {
                return Err(text
                    .wrong(kind_node, "sources of the kind 'dockerdigest' are not supported")
                    .hint("pindigest: true in a dockerimage writes the digest behind the tag"));
            }
            _ => {
                return Err(text
                    .wrong(kind_node, format!("sources of the kind '{kind}' are not supported"))
                    .hint("dockerimage, helmchart, githubrelease and gittag are"));
            }
        };
        spec.end()?;
        sources.push(Source { id, place: text.place(key.span().start), upstream, filter, steps });
    }
    Ok(sources)
}

fn image(spec: &mut Fields<'_>) -> Result<(Upstream, Filter), Trouble> {
    let text = spec.text;
    let (node, name) = spec.need("image")?;
    let repository = repository(text, node, &name)?;
    let tag_filter = spec.located("tagfilter")?;
    let tag_filter = tag_filter.map(|(node, pattern)| regex(text, node, &pattern)).transpose()?;
    let minimum_age = spec.located("minimumage")?;
    let minimum_age = minimum_age.map(|(node, age)| duration(text, node, &age)).transpose()?;
    spec.refuse("tag", "which tag is wanted says versionfilter; a condition checks for a tag")?;
    let image = Image {
        repository,
        login: login(spec)?,
        tag_filter,
        platforms: platforms(spec)?,
        pin_digest: spec.flag("pindigest")?,
        minimum_age,
    };
    Ok((Upstream::Image(image), filter(spec, FilterKind::Latest)?))
}

fn chart(spec: &mut Fields<'_>) -> Result<(Upstream, Filter), Trouble> {
    let text = spec.text;
    let (node, address) = spec.need("url")?;
    let (_, name) = spec.need("name")?;
    spec.refuse("version", "which version is wanted says versionfilter")?;
    let login = login(spec)?;
    let filter = filter(spec, any_version()?)?;
    if let Some(place) = address.strip_prefix("oci://") {
        let full = format!("{}/{name}", place.trim_end_matches('/'));
        return Ok((Upstream::ChartImage(repository(text, node, &full)?, login), filter));
    }
    Ok((Upstream::Chart { repository: web(text, node, &address)?, name, login }, filter))
}

fn releases(spec: &mut Fields<'_>) -> Result<(Upstream, Filter), Trouble> {
    let text = spec.text;
    let ((_, owner), (_, repository)) = (spec.need("owner")?, spec.need("repository")?);
    let token = spec.string("token")?.filter(|token| !token.is_empty()).map(|token| Secret::new(&token));
    spec.ignore(&["username"]);
    let server = spec.located("url")?;
    let api =
        github_api(server.map(|(node, address)| web(text, node, &address)).transpose()?, text, spec.node)?;
    let (mut drafts, mut prereleases, mut releases) = (false, false, true);
    if let Some(mut types) = spec.below("typefilter")? {
        (drafts, prereleases) = (types.flag("draft")?, types.flag("prerelease")?);
        let (release, latest) = (types.flag("release")?, types.flag("latest")?);
        releases = release || latest || !(drafts || prereleases);
        types.end()?;
    }
    let title = match spec.located("key")? {
        None => false,
        Some((_, key)) if key == "tagname" || key == "tag" => false,
        Some((_, key)) if key == "title" => true,
        Some((node, key)) => {
            return Err(text
                .wrong(node, format!("the key '{key}' is not supported"))
                .hint("tagname and title are"));
        }
    };
    let releases = Releases { api, owner, repository, token, drafts, prereleases, releases, title };
    Ok((Upstream::Release(releases), filter(spec, FilterKind::Latest)?))
}

/// GitHub's API: that of `url`, which is a server on the web, or that of the variables of a job.
pub(super) fn github_api(server: Option<Url>, text: &Text<'_>, node: Node<'_>) -> Result<Url, Trouble> {
    let address = match &server {
        Some(server) if server.host_str() != Some("github.com") => {
            format!("{}/api/v3", server.as_str().trim_end_matches('/'))
        }
        _ => std::env::var("GITHUB_API_URL")
            .ok()
            .filter(|address| !address.is_empty())
            .unwrap_or_else(|| "https://api.github.com".into()),
    };
    web(text, node, &address)
}

fn git_tag(spec: &mut Fields<'_>, scm: Option<&Scm>) -> Result<(Upstream, Filter), Trouble> {
    let text = spec.text;
    let address = spec.located("url")?;
    let token = spec.string("password")?.or(spec.string("token")?).filter(|token| !token.is_empty());
    let mut token = token.map(|token| Secret::new(&token));
    spec.ignore(&["username", "lsremote", "key"]);
    spec.refuse("path", "name the repository with url, or with an scm")?;
    spec.refuse("message", "tags are read here, and not made")?;
    let url = match (address, scm) {
        (Some((node, address)), _) => web(text, node, &address)?,
        (None, Some(scm)) => {
            token = token.or_else(|| scm.token.clone());
            let server =
                scm.server.as_ref().map_or(usual_server(scm.kind), |server| server.as_str().to_owned());
            web(text, spec.node, &format!("{}/{}.git", server.trim_end_matches('/'), scm.project))?
        }
        (None, None) => return Err(text.wrong(spec.node, "a gittag needs a url, or a scmid")),
    };
    Ok((Upstream::GitTag { url, token }, filter(spec, FilterKind::Latest)?))
}

/// Where a forge is when nothing else is said.
pub(super) fn usual_server(kind: ForgeKind) -> String {
    let (variable, usual) = match kind {
        ForgeKind::Github => ("GITHUB_SERVER_URL", "https://github.com"),
        ForgeKind::Gitlab => ("CI_SERVER_URL", "https://gitlab.com"),
    };
    std::env::var(variable).ok().filter(|address| !address.is_empty()).unwrap_or_else(|| usual.into())
}

/// `3d`, `36h`, `90m`
fn duration(text: &Text<'_>, node: Node<'_>, age: &str) -> Result<Duration, Trouble> {
    let wrong = || text.wrong(node, format!("'{age}' is no time")).hint("such as 3d, 36h, 90m or 2w");
    let split = age.len().saturating_sub(1);
    let (number, unit) = age.split_at_checked(split).ok_or_else(wrong)?;
    let seconds = match unit {
        "w" => 7 * 24 * 3600,
        "d" => 24 * 3600,
        "h" => 3600,
        "m" => 60,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(number.saturating_mul(seconds)))
}
