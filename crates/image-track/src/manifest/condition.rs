//! Conditions of a manifest.

use registry::Reference;
use yaml_splice::Node;

use super::fields::Fields;
use super::resource::{Known, Section, input, known_sources, login, platforms};
use super::steps::steps;
use super::target::{dockerfile, file, file_names, yaml};
use super::{Check, Condition, Source, Value};
use crate::trouble::Trouble;

pub(super) fn conditions(
    manifest: &mut Fields<'_>,
    sources: &[Source],
    known: &Known,
) -> Result<Vec<Condition>, Trouble> {
    let text = manifest.text;
    let mut conditions = Vec::new();
    for (key, id, node) in manifest.entries("conditions")? {
        let mut fields = Fields::open(text, node, format!("the condition '{id}'"))?;
        let (kind_node, kind) = fields.need("kind")?;
        fields.ignore(&["name"]);
        // All sources are resolved before; and a target that waits for both waits for both.
        known.dependencies(&mut fields, Section::Conditions)?;
        let negated = fields.flag("failwhen")?;
        let steps = steps(&mut fields)?;
        let from = Input {
            disabled: fields.flag("disablesourceinput")?,
            source: fields.located("sourceid")?,
            sources,
        };
        let kind = kind.to_ascii_lowercase();
        if kind == "dockerimage" {
            fields.refuse("scmid", "an image is in no scm")?;
        } else {
            // The files here are those of the checkout.
            fields.ignore(&["scmid"]);
        }
        let mut spec = fields.spec()?;
        fields.end()?;
        let check = match kind.as_str() {
            "dockerimage" => image(&mut spec, from)?,
            "yaml" | "dockerfile" | "file" => place(&mut spec, &kind, from)?,
            _ => {
                return Err(text
                    .wrong(kind_node, format!("conditions of the kind '{kind}' are not supported"))
                    .hint("dockerimage, yaml, dockerfile and file are"));
            }
        };
        spec.end()?;
        conditions.push(Condition { id, place: text.place(key.span().start), check, steps, negated });
    }
    Ok(conditions)
}

/// What a condition says about the source whose value it looks for.
struct Input<'y, 's> {
    disabled: bool,
    source: Option<(Node<'y>, String)>,
    sources: &'s [Source],
}

/// That an image is there.
fn image(spec: &mut Fields<'_>, from: Input<'_, '_>) -> Result<Check, Trouble> {
    let text = spec.text;
    // What chooses a tag has nothing to choose from here.
    spec.ignore(&["versionfilter", "tagfilter"]);
    let (image_node, image) = spec.need("image")?;
    let reference: Reference =
        image.parse().map_err(|error: registry::InvalidReference| text.wrong(image_node, error))?;
    let tag = match (spec.expression("tag")?, &reference.tag) {
        (Some((node, tag)), _) => {
            known_sources(text, node, &tag, from.sources)?;
            Value::Text(tag)
        }
        (None, Some(tag)) => Value::Text(tag.to_string()),
        (None, None) if from.disabled => Value::Text("latest".into()),
        (None, None) => input(text, spec.node, from.source, from.sources)?,
    };
    let (login, platforms) = (login(spec)?, platforms(spec)?);
    Ok(Check::Image { repository: reference.repository, login, tag, platforms })
}

/// That a value, an instruction or a text stands in files.
fn place(spec: &mut Fields<'_>, kind: &str, from: Input<'_, '_>) -> Result<Check, Trouble> {
    let text = spec.text;
    let key_only = kind == "yaml" && spec.flag("keyonly")?;
    let files = file_names(spec, from.sources)?;
    let (spot, value) = match kind {
        "yaml" => yaml(spec)?,
        "dockerfile" => dockerfile(spec)?,
        _ => file(spec)?,
    };
    let value = match value {
        Some((node, value)) => {
            known_sources(text, node, &value, from.sources)?;
            Some(Value::Text(value))
        }
        // A YAML file is asked for the source's value, unless that is switched off; the others only if it is named.
        None if from.disabled || key_only || from.sources.is_empty() || kind == "dockerfile" => None,
        None if kind == "file" && from.source.is_none() => None,
        None => Some(input(text, spec.node, from.source, from.sources)?),
    };
    Ok(Check::Place { files, spot, value })
}
