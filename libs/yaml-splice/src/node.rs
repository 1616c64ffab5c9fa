//! What a YAML stream says and where: documents, nodes and their places, without copies of the text.

use std::borrow::Cow;

use crate::extent::line_start;
use crate::scalar::Style;
use crate::{Error, Path, Position, Span, Step, Value};

/// Parsed text. It borrows the bytes it was made from.
#[derive(Debug)]
pub struct Yaml<'a> {
    pub(crate) text: &'a str,
    /// Parents before their children, so that a subtree is a range of indices.
    pub(crate) nodes: Vec<Data<'a>>,
    /// The root of each document.
    pub(crate) roots: Vec<usize>,
}

/// What is known of one node.
#[derive(Debug)]
pub(crate) struct Data<'a> {
    pub(crate) kind: Kind<'a>,
    pub(crate) tag: Option<Cow<'a, str>>,
    /// `&name`, where it stands.
    pub(crate) anchor: Option<Span>,
    /// With anchor and tag.
    pub(crate) start: usize,
    /// The value itself; for an empty one the place where it would stand.
    pub(crate) content: Span,
    /// The index behind the last node below this one.
    pub(crate) last: usize,
    /// Whether it stands within `{…}` or `[…]`.
    pub(crate) in_flow: bool,
}

#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Scalar { text: Cow<'a, str>, style: Style },
    Mapping { entries: Vec<(usize, usize)>, flow: bool },
    Sequence { items: Vec<usize>, flow: bool },
    Alias { target: usize },
}

/// A node of a [`Yaml`]. Every question but those about places looks through an alias to what it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Node<'y> {
    pub(crate) yaml: &'y Yaml<'y>,
    pub(crate) id: usize,
}

/// A key and its value.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'y> {
    /// The key.
    pub key: Node<'y>,
    /// Its value.
    pub value: Node<'y>,
}

/// An entry of a mapping, and how it came there.
#[derive(Clone, Copy, Debug)]
pub struct Found<'y> {
    /// The entry where it is written.
    pub entry: Entry<'y>,
    /// Whether it came through a merge key, `<<`.
    pub merged: bool,
}

impl<'a> Yaml<'a> {
    /// Reads a stream of documents.
    ///
    /// # Errors
    /// When it is no UTF-8, no YAML, has a key twice in a mapping, or has aliases that unfold to
    /// 100,000 values or more; nesting beyond 255 levels is taken for no YAML.
    pub fn open(bytes: &'a [u8]) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = &bytes[..error.valid_up_to()];
            let utf16 = bytes.starts_with(b"\xFE\xFF") || bytes.starts_with(b"\xFF\xFE");
            Error::NotUtf8 { position: Position::of(&String::from_utf8_lossy(good), good.len()), utf16 }
        })?;
        crate::parse::parse(text)
    }

    /// The roots of the documents; none when there is nothing but comments.
    pub fn documents(&self) -> impl ExactSizeIterator<Item = Node<'_>> {
        self.roots.iter().map(|id| self.node(*id))
    }

    /// The value at this path. Aliases are looked through, merge keys are not.
    pub fn find(&self, path: &Path) -> Option<Node<'_>> {
        let root = self.node(*self.roots.get(path.document)?);
        path.steps.iter().try_fold(root, |node, step| match step {
            Step::Key(key) => Some(node.own(key)?.value),
            Step::Index(index) => node.items().nth(*index),
        })
    }

    /// The collection that holds this node, and which of its members that is in; none for a root.
    pub(crate) fn parent(&self, id: usize) -> Option<(Node<'_>, usize)> {
        self.ancestors(id).pop().map(|(parent, index)| (self.node(parent), index))
    }

    /// The collections that hold this node, from its root on, and which of their members it is in.
    pub(crate) fn ancestors(&self, id: usize) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        let root = self.roots.iter().copied().take_while(|root| *root <= id).last();
        let mut next = root.filter(|root| *root != id);
        while let Some(parent) = next {
            // Members stand in the order of their nodes.
            let (index, child) = match &self.nodes[parent].kind {
                Kind::Mapping { entries, .. } => {
                    let index = entries.partition_point(|(key, _)| *key <= id).saturating_sub(1);
                    let member =
                        entries.get(index).map(|(key, value)| if id < *value { *key } else { *value });
                    (index, member)
                }
                Kind::Sequence { items, .. } => {
                    let index = items.partition_point(|item| *item <= id).saturating_sub(1);
                    (index, items.get(index).copied())
                }
                _ => break,
            };
            found.push((parent, index));
            next = child.filter(|child| *child != id);
        }
        found
    }

    pub(crate) fn node(&self, id: usize) -> Node<'_> {
        Node { yaml: self, id }
    }

    pub(crate) fn position(&self, at: usize) -> Position {
        Position::of(self.text, at)
    }
}

impl<'y> Node<'y> {
    /// What tells this node from all others of its stream; an alias and its target have the same.
    pub fn identity(self) -> usize {
        self.target().id
    }

    /// Where it stands, with anchor and tag.
    pub fn span(self) -> Span {
        let data = self.here();
        Span::new(data.start, data.content.end.max(data.start))
    }

    /// Where it starts.
    pub fn position(self) -> Position {
        self.yaml.position(self.here().start)
    }

    /// Its anchor without the `&`.
    pub fn anchor(self) -> Option<&'y str> {
        let span = self.data().anchor?;
        self.yaml.text.get(span.start + 1..span.end)
    }

    /// Its tag: `!reset`, `tag:yaml.org,2002:str`.
    pub fn tag(self) -> Option<&'y str> {
        self.data().tag.as_deref()
    }

    /// The text of a scalar, whatever its type; empty where nothing is written.
    pub fn as_str(self) -> Option<&'y str> {
        match &self.data().kind {
            Kind::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// Whether it is null: nothing, `~` or `null` without quotes.
    pub fn is_null(self) -> bool {
        match &self.data().kind {
            Kind::Scalar { text, style: Style::Plain } => {
                matches!(text.as_ref(), "" | "~" | "null" | "Null" | "NULL")
                    && !self.tag().is_some_and(|tag| tag.ends_with(":str"))
            }
            _ => false,
        }
    }

    /// A scalar by its type, as YAML 1.2 reads it; none for a collection. A scalar with a tag is text.
    pub fn scalar(self) -> Option<Value<'y>> {
        match &self.data().kind {
            Kind::Scalar { text, style: Style::Plain } if self.tag().is_none() => Some(Value::of_plain(text)),
            Kind::Scalar { text, .. } => Some(Value::Text(text)),
            _ => None,
        }
    }

    /// Where it is written, by the steps from the root of its document; an alias has a path of its own.
    pub fn path(self) -> Path {
        let ancestors = self.yaml.ancestors(self.id);
        let step = |(parent, index): &(usize, usize)| match &self.yaml.nodes[*parent].kind {
            Kind::Mapping { entries, .. } => {
                Step::Key(self.at(entries[*index].0).as_str().unwrap_or("?").to_owned())
            }
            _ => Step::Index(*index),
        };
        let root = ancestors.first().map_or(self.id, |(root, _)| *root);
        let document = self.yaml.roots.iter().position(|known| *known == root);
        Path { document: document.unwrap_or_default(), steps: ancestors.iter().map(step).collect() }
    }

    /// The text it is written with, without anchor and tag, the lines below the first as far to the left as they go.
    pub fn source(self) -> String {
        let Span { start, end } = self.data().content;
        let text = self.yaml.text;
        let column = start - line_start(text, start);
        let mut lines = text[start..end].lines();
        let mut source = lines.next().unwrap_or_default().to_owned();
        for line in lines {
            let indentation = line.len() - line.trim_start_matches(' ').len();
            source.push('\n');
            source.push_str(&line[indentation.min(column)..]);
        }
        source
    }

    /// Whether it is a sequence.
    pub fn is_sequence(self) -> bool {
        matches!(self.data().kind, Kind::Sequence { .. })
    }

    /// Whether it is a mapping.
    pub fn is_mapping(self) -> bool {
        matches!(self.data().kind, Kind::Mapping { .. })
    }

    /// The entries a mapping has itself, `<<` among them; none for anything else.
    pub fn entries(self) -> impl Iterator<Item = Entry<'y>> {
        let entries: &[(usize, usize)] = match &self.data().kind {
            Kind::Mapping { entries, .. } => entries,
            _ => &[],
        };
        entries.iter().map(move |(key, value)| Entry { key: self.at(*key), value: self.at(*value) })
    }

    /// The items of a sequence; none for anything else.
    pub fn items(self) -> impl Iterator<Item = Node<'y>> {
        let items: &[usize] = match &self.data().kind {
            Kind::Sequence { items, .. } => items,
            _ => &[],
        };
        items.iter().map(move |id| self.at(*id))
    }

    /// The entry of this key that the mapping has itself.
    pub fn own(self, key: &str) -> Option<Entry<'y>> {
        self.entries().find(|entry| entry.key.as_str() == Some(key))
    }

    /// The entry of this key, its own or else the one that counts of those merged in.
    pub fn get(self, key: &str) -> Option<Found<'y>> {
        if let Some(entry) = self.own(key) {
            return Some(Found { entry, merged: false });
        }
        self.inherited(key).map(|entry| Found { entry, merged: true })
    }

    /// The entry of this key that `<<` brings along, also when an own one hides it.
    pub fn inherited(self, key: &str) -> Option<Entry<'y>> {
        self.merged().into_iter().find_map(|parent| parent.get(key)).map(|found| found.entry)
    }

    /// The mappings that `<<` merges in, the one that wins first.
    pub fn merged(self) -> Vec<Node<'y>> {
        let mut parents = Vec::new();
        for entry in self.entries().filter(|entry| entry.is_merge()) {
            if entry.value.is_mapping() {
                parents.push(entry.value.target());
            } else {
                parents.extend(entry.value.items().filter(|item| item.is_mapping()).map(Node::target));
            }
        }
        parents
    }

    /// The node itself, also when it is an alias.
    pub(crate) fn here(self) -> &'y Data<'y> {
        &self.yaml.nodes[self.id]
    }

    /// Whether it is an alias, `*name`.
    pub fn is_alias(self) -> bool {
        matches!(self.here().kind, Kind::Alias { .. })
    }

    /// What an alias stands for; any other node itself.
    pub fn target(self) -> Self {
        match self.here().kind {
            Kind::Alias { target } => self.at(target),
            _ => self,
        }
    }

    pub(crate) fn data(self) -> &'y Data<'y> {
        self.target().here()
    }

    fn at(self, id: usize) -> Self {
        Self { yaml: self.yaml, id }
    }
}

impl<'y> Entry<'y> {
    /// Where it is written.
    pub fn path(&self) -> Path {
        match self.key.yaml.parent(self.key.id) {
            Some((mapping, _)) => mapping.path().key(self.key.as_str().unwrap_or("?")),
            None => Path::root(),
        }
    }

    /// Whether this is a merge key; `"<<"` in quotes is an ordinary one.
    pub fn is_merge(&self) -> bool {
        let merges = self.value.is_mapping() || matches!(self.value.data().kind, Kind::Sequence { .. });
        merges && matches!(&self.key.here().kind, Kind::Scalar { text, style: Style::Plain } if text == "<<")
    }
}
