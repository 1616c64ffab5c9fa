//! Sources, conditions and targets of a manifest.

use std::time::Duration;

use contract::Secret;
use http::Url;
use registry::{Platform, Reference, Repository};
use yaml_splice::Node;

use super::fields::{Fields, Text};
use super::steps::{any_version, filter, regex, steps};
use super::{Condition, ForgeKind, Image, Releases, Scm, Source, Target, Upstream, Value};
use crate::filter::FilterKind;
use crate::target::dockerfile::{DockerfileTarget, Keyword};
use crate::target::file::{FileTarget, Part};
use crate::target::key::Key;
use crate::target::{Spot, YamlTarget};
use crate::trouble::Trouble;

pub(super) fn sources(manifest: &mut Fields<'_>, scms: &[Scm]) -> Result<Vec<Source>, Trouble> {
    let text = manifest.text;
    let mut sources = Vec::new();
    for (key, id, node) in manifest.entries("sources")? {
        let mut fields = Fields::open(text, node, format!("the source '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        fields.ignore(&["name"]);
        fields.refuse("dependson", "all sources are resolved at the same time")?;
        let steps = steps(&mut fields)?;
        let scm = scm_of(&mut fields, scms)?;
        let mut spec = fields.spec()?;
        fields.end()?;
        let (upstream, filter) = match kind.to_ascii_lowercase().as_str() {
            "dockerimage" => image(&mut spec)?,
            "helmchart" => chart(&mut spec)?,
            "githubrelease" => releases(&mut spec)?,
            "gittag" => git_tag(&mut spec, scm)?,
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

fn image(spec: &mut Fields<'_>) -> Result<(Upstream, crate::filter::Filter), Trouble> {
    let text = spec.text;
    let (node, name) = spec.need("image")?;
    let repository = repository(text, node, &name)?;
    let tag_filter = spec.located("tagfilter")?;
    let tag_filter = tag_filter.map(|(node, pattern)| regex(text, node, &pattern)).transpose()?;
    let minimum_age = spec.located("minimumage")?;
    let minimum_age = minimum_age.map(|(node, age)| duration(text, node, &age)).transpose()?;
    spec.refuse("tag", "which tag is wanted says versionfilter; a condition checks for a tag")?;
    for credential in ["username", "password", "token"] {
        spec.refuse(
            credential,
            "log in with docker login, or set IMAGE_TRACK_REGISTRY, _USER and _PASSWORD",
        )?;
    }
    let image = Image {
        repository,
        tag_filter,
        platforms: platforms(spec)?,
        pin_digest: spec.flag("pindigest")?,
        minimum_age,
    };
    Ok((Upstream::Image(image), filter(spec, FilterKind::Latest)?))
}

fn chart(spec: &mut Fields<'_>) -> Result<(Upstream, crate::filter::Filter), Trouble> {
    let text = spec.text;
    let (node, address) = spec.need("url")?;
    let (_, name) = spec.need("name")?;
    spec.refuse("version", "which version is wanted says versionfilter")?;
    for credential in ["username", "password", "token"] {
        spec.refuse(
            credential,
            "charts behind a login are supported in registries: oci://, with docker login",
        )?;
    }
    let filter = filter(spec, any_version()?)?;
    if let Some(place) = address.strip_prefix("oci://") {
        let full = format!("{}/{name}", place.trim_end_matches('/'));
        return Ok((Upstream::ChartImage(repository(text, node, &full)?), filter));
    }
    Ok((Upstream::Chart { repository: web(text, node, &address)?, name }, filter))
}

fn releases(spec: &mut Fields<'_>) -> Result<(Upstream, crate::filter::Filter), Trouble> {
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

fn git_tag(spec: &mut Fields<'_>, scm: Option<&Scm>) -> Result<(Upstream, crate::filter::Filter), Trouble> {
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

pub(super) fn conditions(manifest: &mut Fields<'_>, sources: &[Source]) -> Result<Vec<Condition>, Trouble> {
    let text = manifest.text;
    let mut conditions = Vec::new();
    for (key, id, node) in manifest.entries("conditions")? {
        let mut fields = Fields::open(text, node, format!("the condition '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        if !kind.eq_ignore_ascii_case("dockerimage") {
            return Err(text
                .wrong(kind_node, format!("conditions of the kind '{kind}' are not supported"))
                .hint("dockerimage is: it checks that an image exists"));
        }
        fields.ignore(&["name"]);
        fields.refuse("dependson", "conditions are checked once all sources are resolved")?;
        fields.refuse("scmid", "an image is in no scm")?;
        let negated = fields.flag("failwhen")?;
        let steps = steps(&mut fields)?;
        let disabled = fields.flag("disablesourceinput")?;
        let source = fields.located("sourceid")?;
        let mut spec = fields.spec()?;
        fields.end()?;
        // What chooses a tag has nothing to choose from here.
        spec.ignore(&["versionfilter", "tagfilter"]);
        let (image_node, image) = spec.need("image")?;
        let reference: Reference =
            image.parse().map_err(|error: registry::InvalidReference| text.wrong(image_node, error))?;
        let tag = spec.located("tag")?;
        let tag = match (tag, &reference.tag) {
            (Some((node, tag)), _) => {
                known_sources(text, node, &tag, sources)?;
                Value::Text(tag)
            }
            (None, Some(tag)) => Value::Text(tag.to_string()),
            (None, None) if disabled => Value::Text("latest".into()),
            (None, None) => input(text, node, source, sources)?,
        };
        let platforms = platforms(&mut spec)?;
        spec.end()?;
        let place = text.place(key.span().start);
        let repository = reference.repository;
        conditions.push(Condition { id, place, repository, tag, platforms, steps, negated });
    }
    Ok(conditions)
}

pub(super) fn targets(
    manifest: &mut Fields<'_>,
    sources: &[Source],
    scms: &[Scm],
) -> Result<Vec<Target>, Trouble> {
    let text = manifest.text;
    let mut targets = Vec::new();
    for (key, id, node) in manifest.entries("targets")? {
        let mut fields = Fields::open(text, node, format!("the target '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        fields.ignore(&["name"]);
        fields.refuse("dependson", "targets are written all at once, or none")?;
        let unconditional = fields.flag("disableconditions")?;
        let steps = steps(&mut fields)?;
        let scm = scm_of(&mut fields, scms)?.map(|scm| scm.id.clone());
        let disabled = fields.flag("disablesourceinput")?;
        let source = fields.located("sourceid")?;
        let mut spec = fields.spec()?;
        fields.end()?;
        let files = spec.one_or_several("file", "files")?;
        let (spot, value) = match kind.to_ascii_lowercase().as_str() {
            "yaml" => yaml(&mut spec)?,
            "dockerfile" => dockerfile(&mut spec)?,
            "file" => file(&mut spec)?,
            _ => {
                return Err(text
                    .wrong(kind_node, format!("targets of the kind '{kind}' are not supported"))
                    .hint("yaml, dockerfile and file are"));
            }
        };
        spec.end()?;
        if files.is_empty() {
            return Err(text.wrong(node, format!("the target '{id}' names no file")));
        }
        let value = match value {
            Some((node, value)) => {
                known_sources(text, node, &value, sources)?;
                Value::Text(value)
            }
            None if disabled => {
                return Err(text.wrong(node, format!("the target '{id}' has neither a source nor a value")));
            }
            None => input(text, node, source, sources)?,
        };
        for (node, file) in &files {
            known_sources(text, *node, file, sources)?;
        }
        let files =
            files.into_iter().map(|(_, file)| file.trim_start_matches("file://").to_owned()).collect();
        let place = text.place(key.span().start);
        targets.push(Target { id, place, files, spot, value, steps, scm, unconditional });
    }
    Ok(targets)
}

/// A place in a file, and the value if the manifest says one.
type SpotAndValue<'y> = (Spot, Option<(Node<'y>, String)>);

fn yaml<'y>(spec: &mut Fields<'y>) -> Result<SpotAndValue<'y>, Trouble> {
    let text = spec.text;
    let keys = spec.one_or_several("key", "keys")?;
    if keys.is_empty() {
        return Err(text.wrong(spec.node, "a yaml target needs a key"));
    }
    let parse = |(node, key): (Node<'_>, String)| {
        Key::parse(&key).map_err(|trouble| {
            let place = text.place(node.span().start);
            trouble.at(place)
        })
    };
    let keys = keys.into_iter().map(parse).collect::<Result<_, _>>()?;
    if let Some((node, engine)) = spec.located("engine")?
        && !matches!(engine.as_str(), "" | "default" | "go-yaml" | "yamlpath")
    {
        return Err(text
            .wrong(node, format!("the engine '{engine}' is not known"))
            .hint("yamlpath and go-yaml are"));
    }
    // How updatecli writes the file anew; here it is not written anew.
    spec.ignore(&["indent"]);
    spec.refuse("searchpattern", "name the files")?;
    spec.refuse("comment", "comments stay as they are")?;
    spec.refuse("keyonly", "it belongs to conditions")?;
    let document = spec.number("documentindex")?;
    Ok((Spot::Yaml(YamlTarget { keys, document }), spec.located("value")?))
}

fn dockerfile<'y>(spec: &mut Fields<'y>) -> Result<SpotAndValue<'y>, Trouble> {
    let text = spec.text;
    let value = spec.located("value")?;
    let stage = spec.string("stage")?;
    let Some(node) = spec.node("instruction") else {
        return Err(text.wrong(spec.node, "a dockerfile target needs an instruction"));
    };
    if node.as_str().is_some() {
        return Err(text
            .wrong(node, "an instruction by its position is not supported")
            .hint("name it: instruction: {keyword: FROM, matcher: IMAGE}"));
    }
    let mut instruction = Fields::open(text, node, "instruction")?;
    let (at, keyword) = instruction.need("keyword")?;
    let (_, matcher) = instruction.need("matcher")?;
    instruction.end()?;
    let keyword = Keyword::parse(&keyword).ok_or_else(|| {
        text.wrong(at, format!("the instruction {keyword} is not supported"))
            .hint("FROM, ARG, ENV and LABEL are")
    })?;
    Ok((Spot::Dockerfile(DockerfileTarget { keyword, matcher, stage }), value))
}

fn file<'y>(spec: &mut Fields<'y>) -> Result<SpotAndValue<'y>, Trouble> {
    let text = spec.text;
    let content = spec.located("content")?;
    let force_create = spec.flag("forcecreate")?;
    let line = spec.number("line")?;
    let replacement = spec.located("replacepattern")?;
    spec.refuse("template", "write the text as content")?;
    spec.refuse("searchpattern", "name the files")?;
    let pattern = spec.located("matchpattern")?;
    let part = match (line, pattern) {
        (Some(_), Some((node, _))) => {
            return Err(text.wrong(node, "a file target has either line or matchpattern"));
        }
        (Some(line), None) => Part::Line(line),
        (None, None) => Part::Whole,
        (None, Some((node, pattern))) => {
            let with = replacement.as_ref().map(|(_, replacement)| replacement.clone());
            // What is put in through a template is the value; then the pattern's own groups are not expanded.
            let is_template = with.as_ref().is_some_and(|with| with.contains("{{"));
            Part::Matches(regex(text, node, &pattern)?, with.filter(|_| !is_template))
        }
    };
    let templated = replacement.filter(|(_, replacement)| replacement.contains("{{"));
    Ok((Spot::File(FileTarget { part, force_create }), content.or(templated)))
}

/// The source whose value goes in: the one that is named, or the only one.
fn input(
    text: &Text<'_>,
    node: Node<'_>,
    named: Option<(Node<'_>, String)>,
    sources: &[Source],
) -> Result<Value, Trouble> {
    let known = || sources.iter().map(|source| source.id.as_str()).collect::<Vec<_>>().join(", ");
    match (named, sources) {
        (Some((_, id)), sources) if sources.iter().any(|source| source.id == id) => Ok(Value::Source(id)),
        (Some((node, id)), _) => Err(text
            .wrong(node, format!("there is no source '{id}'"))
            .hint(format!("its sources are: {}", known()))),
        (None, [only]) => Ok(Value::Source(only.id.clone())),
        (None, []) => Err(text.wrong(node, "there is no source, and no value")),
        (None, _) => Err(text
            .wrong(node, "sourceid has to say which source is meant")
            .hint(format!("its sources are: {}", known()))),
    }
}

/// The sources that a text names in templates are there.
fn known_sources(text: &Text<'_>, node: Node<'_>, value: &str, sources: &[Source]) -> Result<(), Trouble> {
    let named = crate::template::sources_in(value);
    match named.iter().find(|id| !sources.iter().any(|source| source.id == **id)) {
        Some(id) => Err(text.wrong(node, format!("there is no source '{id}'"))),
        None => Ok(()),
    }
}

fn scm_of<'s>(fields: &mut Fields<'_>, scms: &'s [Scm]) -> Result<Option<&'s Scm>, Trouble> {
    let text = fields.text;
    let Some((node, id)) = fields.located("scmid")? else { return Ok(None) };
    let found = scms.iter().find(|scm| scm.id == id);
    found.map(Some).ok_or_else(|| text.wrong(node, format!("there is no scm '{id}'")))
}

fn repository(text: &Text<'_>, node: Node<'_>, name: &str) -> Result<Repository, Trouble> {
    let reference: Reference =
        name.parse().map_err(|error: registry::InvalidReference| text.wrong(node, error))?;
    match (reference.tag, reference.digest) {
        (None, None) => Ok(reference.repository),
        _ => Err(text
            .wrong(node, format!("'{name}' is one image and no repository"))
            .hint("leave out its tag")),
    }
}

/// `amd64` is `linux/amd64`.
fn platforms(spec: &mut Fields<'_>) -> Result<Vec<Platform>, Trouble> {
    let text = spec.text;
    let named = spec.one_or_several("architecture", "architectures")?;
    let parse = |(node, name): (Node<'_>, String)| {
        let full = if name.contains('/') { name } else { format!("linux/{name}") };
        full.parse().map_err(|error: registry::InvalidPlatform| text.wrong(node, error))
    };
    named.into_iter().map(parse).collect()
}

pub(super) fn web(text: &Text<'_>, node: Node<'_>, address: &str) -> Result<Url, Trouble> {
    let url = Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| text.wrong(node, "that is no http(s) address"))
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
