//! Carries a template out.

use std::collections::BTreeMap;

use super::parse::{Part, Pipe, Template, Term};
use super::scan::Fault;
use super::value::{Value, literal};
use super::{Rendered, Scope, functions};
use crate::trouble::Trouble;

/// A template may call another one, but not for ever.
const DEEPEST: usize = 50;

pub(super) struct Run<'r> {
    text: &'r str,
    scope: &'r Scope<'r>,
    defined: &'r BTreeMap<String, Vec<Part>>,
    variables: Vec<(String, Value)>,
    depth: usize,
    out: Rendered,
}

pub(super) fn run(text: &str, template: &Template, scope: &Scope<'_>) -> Result<Rendered, Fault> {
    let out = Rendered { text: String::with_capacity(text.len()), pieces: Vec::new() };
    let variables = vec![(String::new(), scope.values.clone())];
    let mut run = Run { text, scope, defined: &template.defined, variables, depth: 0, out };
    run.parts(&template.parts, scope.values)?;
    Ok(run.out)
}

impl Run<'_> {
    fn parts(&mut self, parts: &[Part], dot: &Value) -> Result<(), Fault> {
        // What is declared within is not known behind it.
        let known = self.variables.len();
        for part in parts {
            self.part(part, dot)?;
        }
        self.variables.truncate(known);
        Ok(())
    }

    fn part(&mut self, part: &Part, dot: &Value) -> Result<(), Fault> {
        match part {
            Part::Text { start, end } => {
                self.out.pieces.push((self.out.text.len(), *start, true));
                self.out.text.push_str(&self.text[*start..*end]);
            }
            Part::Print { at, pipe } => {
                let value = self.pipe(pipe, dot).map_err(|trouble| (*at, trouble))?;
                if pipe.variable.is_none() {
                    let text = value.text().map_err(|trouble| (*at, trouble))?;
                    self.out.pieces.push((self.out.text.len(), *at, false));
                    self.out.text.push_str(&text);
                }
            }
            Part::If { at, pipe, then, otherwise } => {
                let truth = self.pipe(pipe, dot).and_then(|value| value.is_true());
                let truth = truth.map_err(|trouble| (*at, trouble))?;
                self.parts(if truth { then } else { otherwise }, dot)?;
            }
            Part::With { at, pipe, then, otherwise } => {
                let known = self.variables.len();
                let value = self.pipe(pipe, dot).map_err(|trouble| (*at, trouble))?;
                match value.is_true().map_err(|trouble| (*at, trouble))? {
                    true => self.parts(then, &value)?,
                    false => self.parts(otherwise, dot)?,
                }
                self.variables.truncate(known);
            }
            Part::Range { .. } => self.range(part, dot)?,
            Part::Call { at, name, pipe } => self.template(*at, name, pipe.as_ref(), dot)?,
        }
        Ok(())
    }

    fn range(&mut self, part: &Part, dot: &Value) -> Result<(), Fault> {
        let Part::Range { at, key, item, pipe, then, otherwise } = part else { return Ok(()) };
        let entries: Vec<(Value, Value)> = match self.pipe(pipe, dot).map_err(|trouble| (*at, trouble))? {
            Value::List(list) => {
                let number = |index: usize| Value::Number(index.to_string());
                list.into_iter().enumerate().map(|(index, value)| (number(index), value)).collect()
            }
            Value::Map(map) => map.into_iter().map(|(key, value)| (Value::Text(key), value)).collect(),
            Value::Nothing(_) => Vec::new(),
            other => {
                let trouble = Trouble::usage(format!("the template's range goes through {}", other.kind()));
                return Err((*at, trouble.hint("it goes through lists and mappings")));
            }
        };
        if entries.is_empty() {
            return self.parts(otherwise, dot);
        }
        for (index, value) in entries {
            let known = self.variables.len();
            self.variables.extend(key.clone().map(|name| (name, index)));
            self.variables.extend(item.clone().map(|name| (name, value.clone())));
            self.parts(then, &value)?;
            self.variables.truncate(known);
        }
        Ok(())
    }

    /// Another template, with variables of its own.
    fn template(&mut self, at: usize, name: &str, pipe: Option<&Pipe>, dot: &Value) -> Result<(), Fault> {
        let value = match pipe {
            Some(pipe) => self.pipe(pipe, dot).map_err(|trouble| (at, trouble))?,
            None => Value::Nothing(None),
        };
        let defined = self.defined;
        let Some(parts) = defined.get(name) else {
            let trouble = Trouble::usage(format!("there is no template '{name}'"));
            return Err((at, trouble.hint(format!("{{{{ define \"{name}\" }}}} makes one"))));
        };
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err((at, Trouble::usage(format!("the template '{name}' calls itself for ever"))));
        }
        let outer = std::mem::replace(&mut self.variables, vec![(String::new(), value.clone())]);
        let result = self.parts(parts, &value);
        self.variables = outer;
        self.depth -= 1;
        result
    }

    fn pipe(&mut self, pipe: &Pipe, dot: &Value) -> Result<Value, Trouble> {
        let mut value = None;
        for call in &pipe.calls {
            value = Some(self.call(call, value, dot)?);
        }
        let value = value.unwrap_or(Value::Nothing(None));
        match &pipe.variable {
            Some((name, true)) => self.variables.push((name.clone(), value.clone())),
            Some((name, false)) => {
                let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
                known.ok_or_else(|| no_variable(name))?.1 = value.clone();
            }
            None => {}
        }
        Ok(value)
    }

    fn call(&mut self, call: &[Term], piped: Option<Value>, dot: &Value) -> Result<Value, Trouble> {
        let (first, rest) =
            call.split_first().ok_or_else(|| Trouble::usage("a part of the template is empty"))?;
        let Term::Name(name) = first else {
            return match rest.is_empty() && piped.is_none() {
                true => self.term(first, dot),
                false => Err(Trouble::usage("the template calls something that is no function")),
            };
        };
        let mut arguments = Vec::new();
        for term in rest {
            arguments.push(self.term(term, dot)?);
        }
        arguments.extend(piped);
        self.function(name, &arguments)
    }

    fn term(&mut self, term: &Term, dot: &Value) -> Result<Value, Trouble> {
        match term {
            Term::Literal(value) => Ok(value.clone()),
            Term::Name(name) => self.function(name, &[]),
            Term::Field(names) => Ok(dot.below(names, &format!(".{}", names.join(".")))),
            Term::Variable(name, names) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                let (_, value) = found.ok_or_else(|| no_variable(name))?;
                Ok(match names.as_slice() {
                    [] => value.clone(),
                    names => value.below(names, &format!("${name}.{}", names.join("."))),
                })
            }
            Term::Nested(pipe) => self.pipe(pipe, dot),
        }
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Result<Value, Trouble> {
        let wants_one = || functions::wants(name, "1 argument", arguments.len());
        match name {
            "requiredEnv" | "env" | "source" | "pipeline" => {
                let [argument] = arguments else { return Err(wants_one()) };
                let argument = argument.text()?;
                match name {
                    "requiredEnv" => self.required(&argument),
                    "env" => Ok(Value::Text((self.scope.variable)(&argument).unwrap_or_default())),
                    "source" => self.source(&argument),
                    _ => match source_of(&argument) {
                        Some(id) => self.source(id),
                        None => Err(Trouble::usage(format!("the template's pipeline \"{argument}\" is not supported"))
                            .hint("of a pipeline only what its sources say is known: pipeline \"Sources.ID.Output\"")),
                    },
                }
            }
            name if arguments.iter().any(|argument| matches!(argument, Value::Later(_))) => {
                functions::known(name)?;
                let literals: Result<Vec<_>, _> = arguments.iter().map(Value::literal).collect();
                Ok(Value::Later(format!("{name} {}", literals?.join(" "))))
            }
            name => functions::call(name, arguments),
        }
    }

    fn required(&self, variable: &str) -> Result<Value, Trouble> {
        let value = (self.scope.variable)(variable).filter(|value| !value.is_empty());
        value.map(Value::Text).ok_or_else(|| {
            Trouble::usage(format!("the variable {variable} is not set"))
                .hint(format!("the manifest wants it: set {variable}"))
        })
    }

    fn source(&self, id: &str) -> Result<Value, Trouble> {
        match self.scope.source {
            Some(source) => source(id).map(Value::Text),
            None => Ok(Value::Later(format!("source {}", literal(id)))),
        }
    }
}

fn no_variable(name: &str) -> Trouble {
    Trouble::usage(format!("the template has no variable ${name}"))
}

/// The source whose version `Sources.ID.Output` is.
pub(super) fn source_of(path: &str) -> Option<&str> {
    let (first, rest) = path.split_once('.')?;
    let (id, last) = rest.rsplit_once('.')?;
    (first.eq_ignore_ascii_case("sources") && last.eq_ignore_ascii_case("output")).then_some(id)
}
