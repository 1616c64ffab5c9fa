//! Reads mappings of a manifest field by field. A key that nobody asked for is a mistake, and is named.

use std::path::Path;

use yaml_splice::{Node, nearest};

use crate::template::{Rendered, sources_in};
use crate::trouble::Trouble;

/// A manifest while it is read: what errors say where.
pub(super) struct Text<'t> {
    pub(super) file: &'t Path,
    pub(super) template: &'t str,
    pub(super) rendered: &'t Rendered,
}

impl Text<'_> {
    /// `FILE:LINE:COLUMN` of a byte of the rendered text, as it is in the file.
    pub(super) fn place(&self, at: usize) -> String {
        place(self.file, self.template, self.rendered.origin(at))
    }

    /// An error about a node. Whoever knows more than what stands there gives another hint.
    pub(super) fn wrong(&self, node: Node<'_>, reason: impl std::fmt::Display) -> Trouble {
        let at = node.span().start;
        // As it stands in the file: what it is rendered to may hold secrets.
        let line = line_of(self.template, self.rendered.origin(at));
        Trouble::usage(format!("{}: {reason}", self.place(at)))
            .hint(format!("that line reads: {line}; docs/image-track.md has what manifests may say"))
    }
}

/// The line of a text that this byte is in.
pub(super) fn line_of(text: &str, at: usize) -> &str {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    text.lines().nth(before.matches('\n').count()).unwrap_or_default().trim()
}

/// `FILE:LINE:COLUMN`, both from 1, the column in characters.
pub(super) fn place(file: &Path, text: &str, at: usize) -> String {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before[before.rfind('\n').map_or(0, |newline| newline + 1)..].chars().count() + 1;
    format!("{}:{line}:{column}", file.display())
}

/// A mapping while it is read.
pub(super) struct Fields<'y> {
    pub(super) text: &'y Text<'y>,
    pub(super) node: Node<'y>,
    /// What it is: `the source 'app'`.
    pub(super) what: String,
    asked: Vec<&'static str>,
    /// Nothing is written there; the node is that of what would hold it.
    empty: bool,
}

impl<'y> Fields<'y> {
    /// Begins to read; nothing written counts as an empty mapping.
    pub(super) fn open(text: &'y Text<'y>, node: Node<'y>, what: impl Into<String>) -> Result<Self, Trouble> {
        let what = what.into();
        if !node.is_mapping() && !node.is_null() {
            return Err(text.wrong(node, format!("{what} is no mapping")));
        }
        Ok(Self { text, node, what, asked: Vec::new(), empty: false })
    }

    /// The value of a key, whatever it is. Keys are the same in small and large letters, as for updatecli.
    pub(super) fn node(&mut self, key: &'static str) -> Option<Node<'y>> {
        self.asked.push(key);
        if self.empty {
            return None;
        }
        let is_key = |name: &str| name.eq_ignore_ascii_case(key);
        let entry = self.node.entries().find(|entry| entry.key.as_str().is_some_and(is_key))?;
        (!entry.value.is_null()).then_some(entry.value)
    }

    pub(super) fn string(&mut self, key: &'static str) -> Result<Option<String>, Trouble> {
        Ok(self.located(key)?.map(|(_, text)| text))
    }

    /// A text and its node, for errors about what it says.
    pub(super) fn located(&mut self, key: &'static str) -> Result<Option<(Node<'y>, String)>, Trouble> {
        let found = self.expression(key)?;
        if let Some((node, text)) = &found {
            self.is_plain(key, *node, text)?;
        }
        Ok(found)
    }

    /// A text that sources may be put into, and its node.
    pub(super) fn expression(&mut self, key: &'static str) -> Result<Option<(Node<'y>, String)>, Trouble> {
        let Some(node) = self.node(key) else { return Ok(None) };
        let text = node.as_str().ok_or_else(|| self.text.wrong(node, format!("{key} is no text")))?;
        Ok(Some((node, text.to_owned())))
    }

    /// No source is put into a text that has to be known when the manifest is read.
    fn is_plain(&self, key: &str, node: Node<'_>, text: &str) -> Result<(), Trouble> {
        match sources_in(text).first() {
            None => Ok(()),
            Some(id) => {
                let reason = format!(
                    "{key} of {} is made of what the source '{id}' says, which is not supported",
                    self.what
                );
                Err(self.text.wrong(node, reason)
                    .hint("sources can be put into a target's file, value and content, a condition's tag, a title and a body"))
            }
        }
    }

    pub(super) fn need(&mut self, key: &'static str) -> Result<(Node<'y>, String), Trouble> {
        let found = self.located(key)?.filter(|(_, text)| !text.is_empty());
        found.ok_or_else(|| self.text.wrong(self.node, format!("{} has no {key}", self.what)))
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Result<bool, Trouble> {
        match self.located(key)? {
            None => Ok(false),
            Some((node, text)) => match text.as_str() {
                "true" | "True" | "TRUE" => Ok(true),
                "false" | "False" | "FALSE" => Ok(false),
                _ => Err(self.text.wrong(node, format!("{key} is neither true nor false"))),
            },
        }
    }

    pub(super) fn number(&mut self, key: &'static str) -> Result<Option<usize>, Trouble> {
        let Some((node, text)) = self.located(key)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.text.wrong(node, format!("{key} is no whole number")))
    }

    /// A list of texts; one text is a list of one.
    pub(super) fn strings(&mut self, key: &'static str) -> Result<Vec<(Node<'y>, String)>, Trouble> {
        let found = self.expressions(key)?;
        for (node, text) in &found {
            self.is_plain(key, *node, text)?;
        }
        Ok(found)
    }

    /// A list of texts that sources may be put into.
    fn expressions(&mut self, key: &'static str) -> Result<Vec<(Node<'y>, String)>, Trouble> {
        let Some(node) = self.node(key) else { return Ok(Vec::new()) };
        let items: Vec<Node<'y>> = if node.is_sequence() { node.items().collect() } else { vec![node] };
        let read = |item: Node<'y>| {
            let text =
                item.as_str().ok_or_else(|| self.text.wrong(item, format!("{key} is no list of texts")));
            text.map(|text| (item, text.to_owned()))
        };
        items.into_iter().map(read).collect()
    }

    /// What belongs to `one` and to `several`, of which only one may be there.
    pub(super) fn one_or_several(
        &mut self,
        one: &'static str,
        several: &'static str,
    ) -> Result<Vec<(Node<'y>, String)>, Trouble> {
        let (first, all) = (self.strings(one)?, self.strings(several)?);
        self.only_one((one, first), (several, all))
    }

    /// The files of a resource, into whose names sources may be put.
    pub(super) fn files(&mut self) -> Result<Vec<(Node<'y>, String)>, Trouble> {
        let (first, all) = (self.expressions("file")?, self.expressions("files")?);
        self.only_one(("file", first), ("files", all))
    }

    fn only_one(
        &self,
        (one, first): (&str, Vec<(Node<'y>, String)>),
        (several, all): (&str, Vec<(Node<'y>, String)>),
    ) -> Result<Vec<(Node<'y>, String)>, Trouble> {
        match (first.is_empty(), all.is_empty()) {
            (false, false) => {
                Err(self.text.wrong(self.node, format!("{} has both {one} and {several}", self.what)))
            }
            (false, true) => Ok(first),
            _ => Ok(all),
        }
    }

    /// A mapping below this one.
    pub(super) fn below(&mut self, key: &'static str) -> Result<Option<Fields<'y>>, Trouble> {
        let Some(node) = self.node(key) else { return Ok(None) };
        Ok(Some(Fields::open(self.text, node, format!("{key} of {}", self.what))?))
    }

    /// The `spec` of a resource; one that is not written is empty.
    pub(super) fn spec(&mut self) -> Result<Fields<'y>, Trouble> {
        match self.below("spec")? {
            Some(spec) => Ok(spec),
            None => {
                let what = format!("spec of {}", self.what);
                Ok(Fields { text: self.text, node: self.node, what, asked: Vec::new(), empty: true })
            }
        }
    }

    /// The entries of a mapping below this one: ids and what they stand for.
    pub(super) fn entries(
        &mut self,
        key: &'static str,
    ) -> Result<Vec<(Node<'y>, String, Node<'y>)>, Trouble> {
        let Some(node) = self.node(key) else { return Ok(Vec::new()) };
        if !node.is_mapping() {
            return Err(self.text.wrong(node, format!("{key} is no mapping of ids")));
        }
        let entries = node.entries().filter(|entry| !entry.is_merge());
        Ok(entries
            .map(|entry| (entry.key, entry.key.as_str().unwrap_or_default().to_owned(), entry.value))
            .collect())
    }

    /// Refuses a key of updatecli's that changes what is done and is not supported.
    pub(super) fn refuse(&mut self, key: &'static str, instead: &str) -> Result<(), Trouble> {
        let Some(node) = self.node(key) else { return Ok(()) };
        Err(self.text.wrong(node, format!("{key} of {} is not supported", self.what)).hint(instead))
    }

    /// Passes over keys that only tell something.
    pub(super) fn ignore(&mut self, keys: &[&'static str]) {
        self.asked.extend(keys);
    }

    /// Every key was asked for, or is named as a mistake.
    pub(super) fn end(self) -> Result<(), Trouble> {
        if self.empty {
            return Ok(());
        }
        let is_known = |key: &str| self.asked.iter().any(|asked| asked.eq_ignore_ascii_case(key));
        let unknown =
            self.node.entries().find(|entry| !entry.is_merge() && !entry.key.as_str().is_some_and(is_known));
        let Some(entry) = unknown else { return Ok(()) };
        let key = entry.key.as_str().unwrap_or("?");
        let trouble =
            self.text.wrong(entry.key, format!("{} has no '{key}', or it is not supported", self.what));
        let known: Vec<String> = self.asked.iter().map(|key| (*key).to_owned()).collect();
        Err(match nearest(key, &known) {
            Some(near) => trouble.hint(format!("did you mean {near}?")),
            None => trouble.hint(format!("it may have: {}", known.join(", "))),
        })
    }
}
