//! From a template's text to what is to be done (<https://pkg.go.dev/text/template>).

use std::collections::BTreeMap;

use super::scan::{Action, Fault, Word, next, unsupported, words};
use super::value::Value;
use crate::trouble::Trouble;

/// Nobody nests more than that by hand.
const DEEPEST: usize = 50;

/// A parsed template.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) parts: Vec<Part>,
    /// The templates that `define` names.
    pub(super) defined: BTreeMap<String, Vec<Part>>,
}

/// A part of a template; `at` is where it stands.
#[derive(Clone, Debug)]
pub(super) enum Part {
    Text {
        start: usize,
        end: usize,
    },
    Print {
        at: usize,
        pipe: Pipe,
    },
    If {
        at: usize,
        pipe: Pipe,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    /// `with` is an `if` whose value is the dot.
    With {
        at: usize,
        pipe: Pipe,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    Range {
        at: usize,
        key: Option<String>,
        item: Option<String>,
        pipe: Pipe,
        then: Vec<Part>,
        otherwise: Vec<Part>,
    },
    Call {
        at: usize,
        name: String,
        pipe: Option<Pipe>,
    },
}

/// Calls, of which each gets what the one before says as its last argument.
#[derive(Clone, Debug, Default)]
pub(super) struct Pipe {
    /// The variable that gets the value, and whether it is a new one.
    pub(super) variable: Option<(String, bool)>,
    pub(super) calls: Vec<Vec<Term>>,
}

/// A part of a call.
#[derive(Clone, Debug)]
pub(super) enum Term {
    Literal(Value),
    /// A function.
    Name(String),
    /// What is below the dot.
    Field(Vec<String>),
    /// What is below a variable; the one without a name is the root.
    Variable(String, Vec<String>),
    Nested(Pipe),
}

/// How a list of parts ends.
enum Stop<'t> {
    Text,
    End,
    /// With the words behind `else`.
    Else(usize, Vec<Word<'t>>),
}

pub(super) fn parse(text: &str) -> Result<Template, Fault> {
    let mut parser = Parser { text, at: 0, depth: 0, defined: BTreeMap::new() };
    let (parts, end) = parser.parts()?;
    match end {
        Stop::Text => Ok(Template { parts, defined: parser.defined }),
        Stop::End | Stop::Else(..) => {
            let (at, word) = parser.last_action(&end);
            Err((at, Trouble::usage(format!("the template's {word} ends nothing"))))
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    defined: BTreeMap<String, Vec<Part>>,
}

impl<'t> Parser<'t> {
    fn last_action(&self, end: &Stop<'_>) -> (usize, &'static str) {
        match end {
            Stop::Else(at, _) => (*at, "else"),
            _ => (self.text[..self.at].rfind("{{").unwrap_or_default(), "end"),
        }
    }

    fn parts(&mut self) -> Result<(Vec<Part>, Stop<'t>), Fault> {
        let mut parts = Vec::new();
        while let Some(action) = next(self.text, self.at)? {
            parts.push(Part::Text { start: self.at, end: action.start.max(self.at) });
            self.at = action.end;
            let at = action.open;
            let found = words(action.inner).map_err(|trouble| (at, trouble))?;
            match found.split_first() {
                None => {}
                Some((Word::Name("end"), [])) => return Ok((parts, Stop::End)),
                Some((Word::Name("else"), rest)) => return Ok((parts, Stop::Else(at, rest.to_vec()))),
                Some((Word::Name(name), rest)) if is_block(name) => {
                    self.depth += 1;
                    if self.depth > DEEPEST {
                        return Err((at, Trouble::usage("the template is nested too deeply")));
                    }
                    parts.extend(self.block(action, name, rest)?);
                    self.depth -= 1;
                }
                Some((Word::Name("template"), rest)) => {
                    parts.push(template_call(rest, action).map_err(|trouble| (at, trouble))?);
                }
                Some(_) => {
                    let pipe = pipe(&found, action.inner).map_err(|trouble| (at, trouble))?;
                    parts.push(Part::Print { at, pipe });
                }
            }
        }
        parts.push(Part::Text { start: self.at, end: self.text.len() });
        self.at = self.text.len();
        Ok((parts, Stop::Text))
    }

    /// `if`, `with`, `range` or `define` and all up to its end.
    fn block(&mut self, action: Action<'t>, name: &str, rest: &[Word<'t>]) -> Result<Option<Part>, Fault> {
        let at = action.open;
        let wrong = |trouble: Trouble| (at, trouble);
        let unended =
            || (at, Trouble::usage(format!("the template's {name} is not ended")).hint("{{ end }} ends it"));
        if name == "define" {
            let [Word::Text(defined)] = rest else { return Err(wrong(unsupported(action.inner))) };
            let (parts, Stop::End) = self.parts()? else { return Err(unended()) };
            self.defined.insert(defined.clone(), parts);
            return Ok(None);
        }
        let (key, item, rest) = match name {
            "range" => loop_variables(rest),
            _ => (None, None, rest),
        };
        let pipe = pipe(rest, action.inner).map_err(wrong)?;
        let (then, end) = self.parts()?;
        let otherwise = match end {
            Stop::End => Vec::new(),
            Stop::Text => return Err(unended()),
            Stop::Else(_, words) if words.is_empty() => match self.parts()? {
                (parts, Stop::End) => parts,
                _ => return Err(unended()),
            },
            // What follows has the end of this one.
            Stop::Else(behind, words) => match words.split_first() {
                Some((Word::Name(again @ ("if" | "with")), rest)) => {
                    let action = Action { open: behind, ..action };
                    self.block(action, again, rest)?.into_iter().collect()
                }
                _ => return Err((behind, unsupported("else"))),
            },
        };
        Ok(Some(match name {
            "if" => Part::If { at, pipe, then, otherwise },
            "with" => Part::With { at, pipe, then, otherwise },
            _ => Part::Range { at, key, item, pipe, then, otherwise },
        }))
    }
}

fn is_block(name: &str) -> bool {
    matches!(name, "if" | "with" | "range" | "define")
}

/// `{{ template "name" . }}`
fn template_call(rest: &[Word<'_>], action: Action<'_>) -> Result<Part, Trouble> {
    let Some((Word::Text(name), rest)) = rest.split_first() else { return Err(unsupported(action.inner)) };
    let pipe = if rest.is_empty() { None } else { Some(pipe(rest, action.inner)?) };
    Ok(Part::Call { at: action.open, name: name.clone(), pipe })
}

/// `$item := …` and `$key, $item := …` of a range.
fn loop_variables<'w, 't>(words: &'w [Word<'t>]) -> (Option<String>, Option<String>, &'w [Word<'t>]) {
    let is_plain = |below: &Vec<String>| below.is_empty();
    match words {
        [Word::Variable(key, a), Word::Comma, Word::Variable(item, b), Word::Declare, rest @ ..]
            if is_plain(a) && is_plain(b) =>
        {
            (Some((*key).to_owned()), Some((*item).to_owned()), rest)
        }
        [Word::Variable(item, a), Word::Declare, rest @ ..] if is_plain(a) => {
            (None, Some((*item).to_owned()), rest)
        }
        rest => (None, None, rest),
    }
}

fn pipe(words: &[Word<'_>], inner: &str) -> Result<Pipe, Trouble> {
    if words.iter().filter(|word| **word == Word::Open).count() > DEEPEST {
        return Err(unsupported(inner));
    }
    let (variable, mut rest) = match words {
        [Word::Variable(name, below), sign @ (Word::Declare | Word::Assign), rest @ ..]
            if below.is_empty() && !name.is_empty() =>
        {
            (Some(((*name).to_owned(), *sign == Word::Declare)), rest)
        }
        rest => (None, rest),
    };
    let calls = calls(&mut rest, inner)?;
    if !rest.is_empty() {
        return Err(unsupported(inner));
    }
    Ok(Pipe { variable, calls })
}

/// The calls up to the end, or up to the parenthesis that ends them.
fn calls(rest: &mut &[Word<'_>], inner: &str) -> Result<Vec<Vec<Term>>, Trouble> {
    let mut calls = vec![Vec::new()];
    while let Some((word, behind)) = rest.split_first() {
        if *word == Word::Close {
            break;
        }
        *rest = behind;
        let term = match word {
            Word::Pipe => {
                calls.push(Vec::new());
                continue;
            }
            Word::Text(text) => Term::Literal(Value::Text(text.clone())),
            Word::Number(number) => Term::Literal(Value::Number((*number).to_owned())),
            Word::Name("true") => Term::Literal(Value::Truth(true)),
            Word::Name("false") => Term::Literal(Value::Truth(false)),
            Word::Name("nil") => Term::Literal(Value::Nothing(None)),
            Word::Name(name) => Term::Name((*name).to_owned()),
            Word::Field(names) => Term::Field(names.clone()),
            Word::Variable(name, below) => Term::Variable((*name).to_owned(), below.clone()),
            Word::Open => {
                let nested = calls_within(rest, inner)?;
                Term::Nested(Pipe { variable: None, calls: nested })
            }
            Word::Comma | Word::Declare | Word::Assign | Word::Close => return Err(unsupported(inner)),
        };
        if let Some(call) = calls.last_mut() {
            call.push(term);
        }
    }
    match calls.iter().any(Vec::is_empty) {
        true => Err(Trouble::usage("a part of the template is empty")),
        false => Ok(calls),
    }
}

fn calls_within(rest: &mut &[Word<'_>], inner: &str) -> Result<Vec<Vec<Term>>, Trouble> {
    let found = calls(rest, inner)?;
    let Some((Word::Close, behind)) = rest.split_first() else { return Err(unsupported(inner)) };
    *rest = behind;
    Ok(found)
}
