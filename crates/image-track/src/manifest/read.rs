//! From the text of a manifest to what it says.

use std::path::Path;

use yaml_splice::{Error, Yaml};

use super::Pipeline;
use super::action::{actions, scms};
use super::condition::conditions;
use super::fields::{Fields, Text, line_of, place};
use super::resource::Known;
use super::source::sources;
use super::target::targets;
use crate::template::{Scope, render};
use crate::trouble::Trouble;

/// Reads all documents of a manifest.
///
/// # Errors
/// `FILE:LINE:COLUMN` and what is wrong there.
pub(super) fn read(file: &Path, template: &str, scope: &Scope<'_>) -> Result<Vec<Pipeline>, Trouble> {
    let rendered = render(template, scope).map_err(|(at, trouble)| trouble.at(place(file, template, at)))?;
    let text = Text { file, template, rendered: &rendered };
    let yaml = Yaml::open(rendered.text.as_bytes()).map_err(|error| syntax(&text, &error))?;
    let mut pipelines = Vec::new();
    for document in yaml.documents().filter(|document| !document.is_null()) {
        pipelines.push(pipeline(Fields::open(&text, document, "the manifest")?)?);
    }
    // A template may switch a manifest off.
    if pipelines.is_empty() && rendered.text == template {
        return Err(Trouble::usage(format!("{}: there is nothing in it", file.display()))
            .hint("a manifest has sources and targets; 'image-track adopt' writes some"));
    }
    Ok(pipelines)
}

/// Where the template's text is at fault. The rendered text may hold secrets, so it is not shown.
fn syntax(text: &Text<'_>, error: &Error) -> Trouble {
    let Some(position) = error.position() else { return Trouble::of(error).at(text.file.display()) };
    let rendered = &text.rendered.text;
    let line_start: usize = rendered.split_inclusive('\n').take(position.line - 1).map(str::len).sum();
    let line = rendered[line_start..].lines().next().unwrap_or_default();
    let column: usize = line.chars().take(position.column - 1).map(char::len_utf8).sum();
    let at = line_start + column;
    let reason = error.to_string();
    let reason = reason.strip_prefix(&format!("{position}: ")).unwrap_or(&reason).to_owned();
    let origin = text.rendered.origin(at);
    let trouble = Trouble::usage(format!("{}: {reason}", text.place(at)));
    match line_of(text.template, origin) {
        "" => trouble.hint("that line is empty; look at the one before it"),
        line => trouble.hint(format!("that line reads: {line}")),
    }
}

fn pipeline(mut fields: Fields<'_>) -> Result<Pipeline, Trouble> {
    let text = fields.text;
    let file_name = text.file.file_stem().map(|name| name.to_string_lossy().into_owned());
    let said = fields.expression("name")?.or(fields.expression("title")?).map(|(_, name)| name);
    let name = said.or(file_name).unwrap_or_default();
    // What they change is how updatecli groups, orders and reports.
    fields.ignore(&["id", "pipelineid", "version", "labels", "dependson", "depends_on"]);
    fields.refuse("autodiscovery", "write the manifests for what is there with 'image-track adopt'")?;
    let scms = scms(&mut fields)?;
    let known = Known::of(&mut fields)?;
    let sources = sources(&mut fields, &scms, &known)?;
    let conditions = conditions(&mut fields, &sources, &known)?;
    let targets = targets(&mut fields, &sources, &scms, &known)?;
    let actions = actions(&mut fields, &scms)?;
    let node = fields.node;
    fields.end()?;
    if targets.is_empty() && sources.is_empty() {
        return Err(text
            .wrong(node, "the manifest has neither sources nor targets")
            .hint("'image-track adopt' writes manifests for what is there"));
    }
    Ok(Pipeline { name, sources, conditions, targets, scms, actions })
}
