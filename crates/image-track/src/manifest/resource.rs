//! What sources, conditions and targets of a manifest have in common.

use contract::Secret;
use http::Url;
use registry::{Platform, Reference, Repository};
use yaml_splice::{Node, nearest};

use super::fields::{Fields, Text};
use super::{Login, Scm, Source, Value};
use crate::trouble::Trouble;

/// A section of a manifest whose resources may wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Sources,
    Conditions,
    Targets,
}

/// The ids of a manifest's resources.
pub(super) struct Known {
    sources: Vec<String>,
    conditions: Vec<String>,
    targets: Vec<String>,
}

/// What a resource waits for.
pub(super) struct Dependency<'y> {
    pub(super) node: Node<'y>,
    pub(super) section: Section,
    pub(super) id: String,
    /// One of those that are marked so is enough.
    pub(super) any: bool,
}

impl Known {
    pub(super) fn of(manifest: &mut Fields<'_>) -> Result<Self, Trouble> {
        let mut ids = |section| -> Result<Vec<String>, Trouble> {
            Ok(manifest.entries(section)?.into_iter().map(|(_, id, _)| id).collect())
        };
        Ok(Self { sources: ids("sources")?, conditions: ids("conditions")?, targets: ids("targets")? })
    }

    /// The ids of a section.
    pub(super) fn ids(&self, section: Section) -> &[String] {
        match section {
            Section::Sources => &self.sources,
            Section::Conditions => &self.conditions,
            Section::Targets => &self.targets,
        }
    }

    /// `dependson`: `id` of the same section, or `condition#id`, `source#id`, `target#id`, with `:and` or `:or` behind it.
    pub(super) fn dependencies<'y>(
        &self,
        fields: &mut Fields<'y>,
        own: Section,
    ) -> Result<Vec<Dependency<'y>>, Trouble> {
        let text = fields.text;
        // The second is an old name of the same.
        let named = [fields.strings("dependson")?, fields.strings("depends_on")?].concat();
        let mut found = Vec::new();
        for (node, name) in named {
            let (name, any) = match name.rsplit_once(':') {
                Some((name, "or")) => (name.to_owned(), true),
                Some((name, "and")) => (name.to_owned(), false),
                _ => (name, false),
            };
            let (section, id) = match name.split_once('#') {
                Some(("source", id)) => (Section::Sources, id),
                Some(("condition", id)) => (Section::Conditions, id),
                Some(("target", id)) => (Section::Targets, id),
                _ => (own, name.as_str()),
            };
            let ids = self.ids(section);
            if !ids.iter().any(|known| known == id) {
                let what = match section {
                    Section::Sources => "source",
                    Section::Conditions => "condition",
                    Section::Targets => "target",
                };
                let trouble = text.wrong(node, format!("there is no {what} '{id}'"));
                return Err(match nearest(id, ids) {
                    Some(near) => trouble.hint(format!("did you mean {near}?")),
                    None => {
                        trouble.hint("in front of another kind's id stands condition#, source# or target#")
                    }
                });
            }
            found.push(Dependency { node, section, id: id.to_owned(), any });
        }
        Ok(found)
    }
}

/// The login that a resource says.
pub(super) fn login(spec: &mut Fields<'_>) -> Result<Option<Login>, Trouble> {
    let text = spec.text;
    let user = spec.string("username")?.filter(|user| !user.is_empty());
    let password = spec.located("password")?.filter(|(_, password)| !password.is_empty());
    spec.refuse(
        "token",
        "use username and password, docker login, or IMAGE_TRACK_REGISTRY, _USER and _PASSWORD",
    )?;
    match (user, password) {
        (Some(user), Some((_, password))) => Ok(Some(Login { user, password: Secret::new(&password) })),
        (None, Some((node, _))) => Err(text
            .wrong(node, format!("{} has a password and no username", spec.what))
            .hint("say both, or log in with docker login")),
        // A name alone is no login; manifests have it where the environment has none.
        (_, None) => Ok(None),
    }
}

/// The source whose value goes in: the one that is named, or the only one.
pub(super) fn input(
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
pub(super) fn known_sources(
    text: &Text<'_>,
    node: Node<'_>,
    value: &str,
    sources: &[Source],
) -> Result<(), Trouble> {
    let named = crate::template::sources_in(value);
    match named.iter().find(|id| !sources.iter().any(|source| source.id == **id)) {
        Some(id) => Err(text.wrong(node, format!("there is no source '{id}'"))),
        None => Ok(()),
    }
}

pub(super) fn scm_of<'s>(fields: &mut Fields<'_>, scms: &'s [Scm]) -> Result<Option<&'s Scm>, Trouble> {
    let text = fields.text;
    let Some((node, id)) = fields.located("scmid")? else { return Ok(None) };
    let found = scms.iter().find(|scm| scm.id == id);
    found.map(Some).ok_or_else(|| text.wrong(node, format!("there is no scm '{id}'")))
}

pub(super) fn repository(text: &Text<'_>, node: Node<'_>, name: &str) -> Result<Repository, Trouble> {
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
pub(super) fn platforms(spec: &mut Fields<'_>) -> Result<Vec<Platform>, Trouble> {
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
