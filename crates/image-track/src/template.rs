//! Go's templates (<https://pkg.go.dev/text/template>), as updatecli's manifests have them: values, variables of the
//! environment, `if`, `range`, `with`, `define` and the common ones of sprig's functions. What is not supported is refused by
//! its name.
//!
//! What a source says is known later: in the first pass `{{ source "id" | lower }}` stays an expression, and
//! [`with_sources`] puts in what it says.

mod data;
mod evaluate;
mod functions;
mod logic;
mod parse;
mod scan;
mod texts;
mod value;

use evaluate::source_of;
use parse::{Part, Pipe, Term, parse};
pub(crate) use scan::Fault;
pub(crate) use value::Value;

use crate::trouble::Trouble;

/// Says a source's version, or why there is none.
pub(crate) type SourceOf<'s> = &'s dyn Fn(&str) -> Result<String, Trouble>;

/// What a template may refer to.
pub(crate) struct Scope<'s> {
    /// A mapping.
    pub(crate) values: &'s Value,
    pub(crate) variable: &'s dyn Fn(&str) -> Option<String>,
    /// None while sources have not been asked.
    pub(crate) source: Option<SourceOf<'s>>,
}

/// Text with its actions carried out, and which of its bytes came from where.
#[derive(Debug)]
pub(crate) struct Rendered {
    pub(crate) text: String,
    /// Where a piece begins in the text, where it came from in the template, and whether it is as it was.
    pieces: Vec<(usize, usize, bool)>,
}

impl Rendered {
    /// The place in the template that a place of the text came from.
    pub(crate) fn origin(&self, at: usize) -> usize {
        // Of pieces that begin at the same place all but the last are empty.
        let behind = self.pieces.partition_point(|(begin, ..)| *begin <= at);
        let piece = behind.checked_sub(1).and_then(|index| self.pieces.get(index));
        piece.map_or(at, |(begin, origin, same)| if *same { origin + at - begin } else { *origin })
    }
}

/// Carries out all actions.
///
/// # Errors
/// An offset in `text` and what is wrong there.
pub(crate) fn render(text: &str, scope: &Scope<'_>) -> Result<Rendered, Fault> {
    evaluate::run(text, &parse(text)?, scope)
}

/// Puts what sources say into the `{{ source "id" }}` of a text.
///
/// # Errors
/// When there is no such source, or something else stands between braces.
pub(crate) fn with_sources(text: &str, source: SourceOf<'_>) -> Result<String, Trouble> {
    let scope = Scope { values: &Value::default(), variable: &|_| None, source: Some(source) };
    render(text, &scope).map(|rendered| rendered.text).map_err(|(_, trouble)| trouble)
}

/// The ids that the `{{ source "id" }}` of a text name.
pub(crate) fn sources_in(text: &str) -> Vec<String> {
    let mut ids = Vec::new();
    // What is wrong with it shows when it is put in.
    if let Ok(template) = parse(text) {
        for part in &template.parts {
            if let Part::Print { pipe, .. } = part {
                named(pipe, &mut ids);
            }
        }
    }
    ids
}

fn named(pipe: &Pipe, ids: &mut Vec<String>) {
    for call in &pipe.calls {
        if let [Term::Name(name), Term::Literal(Value::Text(text)), ..] = call.as_slice() {
            match name.as_str() {
                "source" => ids.push(text.clone()),
                "pipeline" => ids.extend(source_of(text).map(str::to_owned)),
                _ => {}
            }
        }
        for term in call {
            if let Term::Nested(pipe) = term {
                named(pipe, ids);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use yaml_splice::Yaml;

    use super::*;

    const VALUES: &[u8] = b"
name: app
image: {tag: '1.2', port: 80}
empty: ''
none:
on: true
charts:
  db: {targets: [a.yaml, b.yaml], url: h}
  app: {targets: [c.yaml]}
github: {token: TOKEN}
number: 1.10
";

    fn rendered(text: &str) -> Result<String, String> {
        let yaml = Yaml::open(VALUES).unwrap();
        let values = Value::of(yaml.documents().next().unwrap());
        let variable = |name: &str| (name == "TOKEN").then(|| "secret".to_owned());
        let scope = Scope { values: &values, variable: &variable, source: None };
        render(text, &scope).map(|rendered| rendered.text).map_err(|(at, trouble)| format!("{at}: {trouble}"))
    }

    #[test]
    fn values_and_functions_are_put_in() {
        let table = [
            ("a: b", "a: b"),
            (
                "a: {{ .name }}-{{.image.tag}}-{{ $.image.port }}-{{ .number }}-{{ .on }}",
                "a: app-1.2-80-1.10-true",
            ),
            ("{{ requiredEnv \"TOKEN\" }}{{ requiredEnv .github.token }}", "secretsecret"),
            ("{{ requiredEnv `TOKEN` | upper }}", "SECRET"),
            ("{{ env \"NONE\" | default \"x y\" }}", "x y"),
            ("{{ .nope | default \"x\" }}{{ .empty | default \"y\" }}{{ default \"z\" .name }}", "xyapp"),
            ("{{ .nope.deep | default \"x\" }}{{ .none | default 3 }}", "x3"),
            ("{{ .name | trimPrefix \"a\" | quote }}", "\"pp\""),
            ("{{/* a }} comment */}}x", "x"),
            ("a \n {{- .name -}} \n b", "aappb"),
            ("é {{ .name }} é", "é app é"),
            ("{{ \"{{\" }} .Values }}", "{{ .Values }}"),
            ("{{ printf \"%s:%s %d%%\" .name .image.tag .image.port }}", "app:1.2 80%"),
            ("{{ (printf \"%s\" .name) | upper }}{{ print 1 \"-\" true }}", "APP1-true"),
            ("{{ replace \".\" \"-\" .image.tag }}{{ .name | replace \"p\" \"\" }}", "1-2a"),
            ("{{ regexReplaceAll \"(\\\\d)\\\\.(\\\\d)\" .image.tag \"${2}.${1}\" }}", "2.1"),
            ("{{ splitList \".\" .image.tag | first }}{{ join \"+\" (list 1 2) }}", "11+2"),
            ("{{ index .charts \"db\" \"targets\" 1 }}{{ index . \"name\" }}", "b.yamlapp"),
            ("{{ trunc 2 .name }}{{ trunc -2 .name }}{{ substr 1 2 .name }}{{ repeat 2 \"x\" }}", "appppxx"),
            ("{{ \"a\\nb\" | indent 2 }}{{ \"c\" | nindent 1 }}", "  a\n  b\n c"),
            (
                "{{ add 1 2 3 }}{{ sub 5 1 }}{{ mul 2 3 }}{{ div 7 2 }}{{ mod 7 2 }}{{ add1 1 }}{{ len .name }}",
                "6463123",
            ),
            ("{{ ternary \"a\" \"b\" .on }}{{ coalesce .nope .empty .name }}", "aapp"),
            (
                "{{ title \"a bc\" }}{{ squote .name }}{{ nospace \"a b\" }}{{ trimAll \"-\" \"-x-\" }}",
                "A Bc'app'abx",
            ),
            ("{{ semverCompare \"^1\" \"1.4.0\" }}", "true"),
        ];
        for (text, expected) in table {
            assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn parts_are_chosen_and_repeated() {
        let table = [
            ("{{ if .on }}a{{ else }}b{{ end }}{{ if .nope }}c{{ end }}", "a"),
            ("{{ if .nope }}a{{ else if eq .name \"app\" }}b{{ else }}c{{ end }}", "b"),
            (
                "{{ if and .on (not .nope) (eq .image.port 80) }}a{{ end }}{{ if or .nope .none }}b{{ end }}",
                "a",
            ),
            (
                "{{ range $name, $chart := .charts }}{{ $name }}:{{ range $chart.targets }}{{ . }},{{ end }} {{ end }}",
                "app:c.yaml, db:a.yaml,b.yaml, ",
            ),
            (
                "{{ range $at, $file := .charts.db.targets }}{{ $at }}{{ $file }}{{ $.name }} {{ end }}",
                "0a.yamlapp 1b.yamlapp ",
            ),
            ("{{ range $chart := .charts }}{{ $chart.url | default \"none\" }} {{ end }}", "none h "),
            ("{{ range .nope }}a{{ else }}b{{ end }}{{ range until 3 }}{{ . }}{{ end }}", "b012"),
            (
                "{{ with .image }}{{ .tag }}{{ $.name }}{{ end }}{{ with .nope }}a{{ else }}b{{ end }}",
                "1.2appb",
            ),
            ("{{ $x := .name }}{{ if .on }}{{ $x = \"new\" }}{{ end }}{{ $x }}", "new"),
            ("{{ $x := .name }}{{ if .on }}{{ $x := \"new\" }}{{ $x }}{{ end }}{{ $x }}", "newapp"),
            ("{{ define \"auth\" }}u: {{ . }}{{ end }}a {{ template \"auth\" .name }}", "a u: app"),
            ("a\n{{- range .charts.db.targets }}\n- {{ . }}\n{{- end }}\n", "a\n- a.yaml\n- b.yaml\n"),
        ];
        for (text, expected) in table {
            assert_eq!(rendered(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_put_in_is_named_with_its_place() {
        let table = [
            ("a: {{ .nam }}", "3: there is no value .nam"),
            ("a: {{ .image.tga }}", "3: there is no value .image.tga"),
            ("{{ .none }}", "0: there is no value .none"),
            ("{{ requiredEnv \"NONE\" }}", "0: the variable NONE is not set"),
            ("x{{ nope .list }}", "1: the template's 'nope' is not supported"),
            ("x{{ block \"a\" . }}", "1: the template's 'block' is not supported"),
            ("{{ quote }}", "0: the template's quote wants at least 1 argument and gets 0"),
            ("{{ $x = 1 }}", "0: the template has no variable $x"),
            ("{{ lower .name .name }}", "0: the template's lower wants 1 argument and gets 2"),
            ("{{ .name", "0: the template's {{ is not closed"),
            ("{{ \"x }}", "0: the template's {{ is not closed"),
            ("{{ if .on }}x", "0: the template's if is not ended"),
            ("a{{ range .charts }}{{ else }}{{ else }}{{ end }}", "1: the template's range is not ended"),
            ("a{{ end }}", "1: the template's end ends nothing"),
            ("{{ if .on }}{{ end }}{{ else }}", "21: the template's else ends nothing"),
            ("{{ .charts }}", "0: the template puts in a mapping"),
            ("{{ range .name }}{{ end }}", "0: the template's range goes through a text"),
            ("{{ $x }}", "0: the template has no variable $x"),
            ("{{ template \"a\" }}", "0: there is no template 'a'"),
            (
                "{{ define \"a\" }}{{ template \"a\" }}{{ end }}{{ template \"a\" }}",
                "16: the template 'a' calls itself for ever",
            ),
            ("{{ eq .name 1 }}", "0: the template compares a text with a number"),
            ("{{ fail \"no\" }}", "0: no"),
            (
                "{{ if source \"x\" }}{{ end }}",
                "0: what source `x` says is not known when the manifest is read",
            ),
            (
                "{{ pipeline \"Targets.x.Name\" }}",
                "0: the template's pipeline \"Targets.x.Name\" is not supported",
            ),
            ("{{ .name.x | }}", "0: a part of the template is empty"),
            ("{{ div 1 0 }}", "0: the template cannot calculate with 1 and 0"),
        ];
        for (text, expected) in table {
            assert_eq!(rendered(text), Err(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_place_leads_back_to_where_it_came_from() {
        let values = Value::Map([("long".to_owned(), Value::Text("0123456789".to_owned()))].into());
        let scope = Scope { values: &values, variable: &|_| None, source: None };
        let rendered = render("a: {{ .long }}\n{{ if .long }}\nb: c{{ end }}", &scope).unwrap();
        assert_eq!(rendered.text, "a: 0123456789\n\nb: c");
        assert_eq!(rendered.origin(0), 0);
        assert_eq!(rendered.origin(7), 3);
        assert_eq!(rendered.origin(rendered.text.find('c').unwrap()), 33);
    }

    #[test]
    fn what_sources_say_is_put_in_later() {
        let source = |id: &str| match id {
            "one" => Ok("1.2.3".to_owned()),
            other => Err(Trouble::usage(format!("no {other}"))),
        };
        let table = [
            ("v{{ source \"one\" }}", "v{{ source `one` }}", "v1.2.3"),
            ("{{ source `one` | replace \".\" \"_\" }}", "{{ replace `.` `_` (source `one`) }}", "1_2_3"),
            (
                "{{ printf \"%s-%s\" .name (source \"one\") }}",
                "{{ printf `%s-%s` `app` (source `one`) }}",
                "app-1.2.3",
            ),
            ("{{ pipeline \"Sources.one.Output\" }}", "{{ source `one` }}", "1.2.3"),
        ];
        for (text, first, second) in table {
            let found = rendered(text);
            assert_eq!(found.as_deref(), Ok(first), "{text}");
            assert_eq!(with_sources(first, &source).as_deref(), Ok(second), "{text}");
            assert_eq!(sources_in(first), ["one"], "{text}");
        }
        assert!(with_sources("{{ source \"two\" }}", &source).is_err());
        assert_eq!(sources_in("{{ source \"one\" }} {{ source `b` }}"), ["one", "b"]);
    }
}
