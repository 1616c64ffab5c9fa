//! Targets of a manifest.

use yaml_splice::Node;

use super::fields::Fields;
use super::resource::{Known, Section, input, known_sources, scm_of};
use super::steps::{regex, steps};
use super::{Gate, Scm, Source, Target, Value};
use crate::target::dockerfile::{DockerfileTarget, Keyword};
use crate::target::file::{FileTarget, Part};
use crate::target::key::Key;
use crate::target::{Spot, YamlTarget};
use crate::trouble::Trouble;

pub(super) fn targets(
    manifest: &mut Fields<'_>,
    sources: &[Source],
    scms: &[Scm],
    known: &Known,
) -> Result<Vec<Target>, Trouble> {
    let text = manifest.text;
    let mut targets = Vec::new();
    for (key, id, node) in manifest.entries("targets")? {
        let mut fields = Fields::open(text, node, format!("the target '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        fields.ignore(&["name"]);
        let gate = gate(&mut fields, known)?;
        let steps = steps(&mut fields)?;
        let scm = scm_of(&mut fields, scms)?.map(|scm| scm.id.clone());
        let disabled = fields.flag("disablesourceinput")?;
        let source = fields.located("sourceid")?;
        let mut spec = fields.spec()?;
        fields.end()?;
        let files = file_names(&mut spec, sources)?;
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
        let place = text.place(key.span().start);
        targets.push(Target { id, place, files, spot, value, steps, scm, gate });
    }
    Ok(targets)
}

/// Which conditions a target waits for. That it waits for other targets changes nothing: they are written all at once.
fn gate(fields: &mut Fields<'_>, known: &Known) -> Result<Gate, Trouble> {
    let text = fields.text;
    let is_off = fields.flag("disableconditions")?;
    if fields.flag("dependsonchange")? {
        return Err(text
            .wrong(fields.node, format!("dependsonchange of {} is not supported", fields.what))
            .hint("let it follow the same source as the target whose change it waits for"));
    }
    let (mut all, mut any) = (Vec::new(), Vec::new());
    for waits in known.dependencies(fields, Section::Targets)? {
        if waits.section == Section::Conditions {
            if waits.any { any.push(waits.id) } else { all.push(waits.id) }
        }
    }
    let named = fields.strings("conditionids")?;
    if named.is_empty() && !is_off {
        return Ok(Gate::All);
    }
    for (node, id) in named {
        if !known.ids(Section::Conditions).contains(&id) {
            return Err(text.wrong(node, format!("there is no condition '{id}'")));
        }
        all.push(id);
    }
    Ok(Gate::These { all, any })
}

/// The files of a resource.
pub(super) fn file_names(spec: &mut Fields<'_>, sources: &[Source]) -> Result<Vec<String>, Trouble> {
    let files = spec.files()?;
    if files.is_empty() {
        return Err(spec.text.wrong(spec.node, format!("{} names no file", spec.what)));
    }
    for (node, file) in &files {
        known_sources(spec.text, *node, file, sources)?;
    }
    Ok(files.into_iter().map(|(_, file)| file.trim_start_matches("file://").to_owned()).collect())
}

/// A place in a file, and the value if the manifest says one.
pub(super) type SpotAndValue<'y> = (Spot, Option<(Node<'y>, String)>);

pub(super) fn yaml<'y>(spec: &mut Fields<'y>) -> Result<SpotAndValue<'y>, Trouble> {
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
    let document = spec.number("documentindex")?;
    Ok((Spot::Yaml(YamlTarget { keys, document }), spec.expression("value")?))
}

pub(super) fn dockerfile<'y>(spec: &mut Fields<'y>) -> Result<SpotAndValue<'y>, Trouble> {
    let text = spec.text;
    let value = spec.expression("value")?;
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

pub(super) fn file<'y>(spec: &mut Fields<'y>) -> Result<SpotAndValue<'y>, Trouble> {
    let text = spec.text;
    let content = spec.expression("content")?;
    let force_create = spec.flag("forcecreate")?;
    let line = spec.number("line")?;
    let replacement = spec.expression("replacepattern")?;
    spec.refuse("template", "write the text as content")?;
    spec.refuse("searchpattern", "name the files")?;
    let pattern = spec.located("matchpattern")?;
    let part = match (line, pattern) {
        (Some(_), Some((node, _))) => {
            return Err(text.wrong(node, "a file target has either line or matchpattern"));
        }
        (Some(line), None) => Part::Line(line),
        (None, None) => Part::Whole,
        (None, Some((node, pattern))) => Part::Matches(regex(text, node, &pattern)?),
    };
    Ok((Spot::File(FileTarget { part, force_create }), replacement.or(content)))
}
