//! Edits as replacements of byte ranges, and the check of their result.

use crate::extent::{Extent, find_colon, find_header, line_end};
use crate::insertion::{Insertion, entry_text};
use crate::node::{Kind, Node};
use crate::removal::Removals;
use crate::resolve::{Allowed, differences};
use crate::scalar::Style;
use crate::unmerge::{merges, unmerge};
use crate::{Error, Path, Span, Step, Value, Yaml};

/// Edits of one text, collected and then made all at once.
///
/// Every edit names its place by the text as it was opened, and the order of the edits does not matter.
#[derive(Debug)]
pub struct Splice<'y> {
    yaml: &'y Yaml<'y>,
    edits: Vec<Edit>,
    removals: Removals,
    allowed: Allowed,
    /// What has to stand at a path afterwards.
    wanted: Vec<(Path, Wanted)>,
}

/// The replacement of a range of bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: String,
}

impl Edit {
    pub(crate) fn cut(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}

#[derive(Debug)]
enum Wanted {
    Scalar { text: String, is_text: bool },
    Nothing,
}

impl Wanted {
    fn value(value: Value<'_>) -> Self {
        // What a tag means is not known here, so a scalar with one counts as text.
        let is_text = matches!(value, Value::Text(_) | Value::Tagged(_));
        Self::Scalar { text: value.text().to_owned(), is_text }
    }
}

impl<'y> Splice<'y> {
    /// No edits yet.
    pub fn new(yaml: &'y Yaml<'y>) -> Self {
        Self {
            yaml,
            edits: Vec::new(),
            removals: Removals::default(),
            allowed: Allowed::default(),
            wanted: Vec::new(),
        }
    }

    /// Lets all edits reach what shares the edited text through aliases and merge keys. Without this, [`Splice::render`]
    /// refuses such an edit.
    ///
    /// ```
    /// use pypelines_yaml_splice::{Path, Splice, Yaml};
    ///
    /// let yaml = Yaml::open(b"x: &x {image: a}\ny: *x\n")?;
    /// let mut splice = Splice::new(&yaml);
    /// splice.spread();
    /// splice.replace_scalar(&Path::root().key("x").key("image"), "b")?;
    /// assert_eq!(splice.render()?, "x: &x {image: \"b\"}\ny: *x\n");
    /// # Ok::<(), pypelines_yaml_splice::Error>(())
    /// ```
    pub fn spread(&mut self) {
        self.allowed.spread = true;
    }

    /// Lets the value at this path change as well, because it shares text with one that is edited.
    pub fn allow(&mut self, path: &Path) {
        self.allowed.paths.push(path.clone());
    }

    /// Gives a scalar another value. Quotes, anchor, tag and comments stay, and text stands in quotes where a reader
    /// would take it for something else; a block scalar becomes a plain one. An alias is replaced itself, not what it
    /// stands for.
    ///
    /// ```
    /// use pypelines_yaml_splice::{Splice, Value, Yaml};
    ///
    /// let yaml = Yaml::open(b"tag: '1.9'  # ours\nreplicas: 2\n")?;
    /// let mut splice = Splice::new(&yaml);
    /// splice.replace_scalar(&"tag".parse()?, "1.10")?;
    /// splice.replace_scalar(&"replicas".parse()?, Value::Number("3"))?;
    /// assert_eq!(splice.render()?, "tag: '1.10'  # ours\nreplicas: 3\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Missing`], for a collection [`Error::WrongKind`], [`Error::NoNumber`].
    pub fn replace_scalar<'v>(&mut self, path: &Path, value: impl Into<Value<'v>>) -> Result<(), Error> {
        let value = sound(value.into())?;
        let node = self.find(path)?;
        let data = node.here();
        let style = match data.kind {
            Kind::Scalar { style, .. } => style,
            Kind::Alias { .. } => Style::Plain,
            _ => return Err(self.wrong_kind(node, path, "scalar")),
        };
        if data.tag.is_some() && !matches!(value, Value::Text(_)) {
            return Err(self.wrong_kind(node, path, "scalar without a tag"));
        }
        let mut text = value.write(style, data.in_flow);
        if data.content.is_empty() {
            text.insert_str(0, self.before_nothing(node, path)?);
        }
        let mut written = data.content;
        if style == Style::Block {
            // A comment may stand between the `|` and the lines of text.
            let header_line = line_end(self.yaml.text, written.start);
            self.edits.push(Edit::cut(Span::new(header_line, written.end.max(header_line))));
            let header = find_header(&self.yaml.text[written.start..header_line]);
            written.end = header.map_or(header_line, |header| written.start + header.end);
        }
        self.edits.push(Edit { span: written, text });
        self.allowed.paths.push(path.clone());
        self.allowed.values.insert(node.id);
        self.wanted.push((path.clone(), Wanted::value(value)));
        Ok(())
    }

    /// Removes an entry of a mapping or an item of a sequence: in block style its lines with the comments on them and
    /// those below that are indented deeper, in flow style the member and one comma. A collection of which nothing is
    /// left becomes `{}` or `[]`.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub fn remove(&mut self, path: &Path) -> Result<(), Error> {
        let (collection, index) = self.member(path)?;
        self.removals.add(collection, index);
        self.allowed.paths.push(path.clone());
        // What stood behind an item has its number afterwards.
        if path.split_key().is_some() {
            self.wanted.push((path.clone(), Wanted::Nothing));
        }
        Ok(())
    }

    /// Puts the entry `key: value` in the place of another, with its indentation. Comments above it stay.
    ///
    /// # Errors
    /// [`Error::Missing`], and [`Error::Exists`] when `key` is there already.
    pub fn replace_entry<'v>(
        &mut self,
        path: &Path,
        key: &str,
        value: impl Into<Value<'v>>,
    ) -> Result<(), Error> {
        let value = sound(value.into())?;
        let (mapping, index) = self.member(path)?;
        let Some((parent, old)) = path.split_key() else {
            return Err(missing(path));
        };
        let new = parent.key(key);
        if let Some(entry) = mapping.own(key).filter(|_| key != old) {
            return Err(Error::Exists { position: entry.key.position(), path: new });
        }
        let Some(extent) = Extent::of(mapping, index) else {
            return Err(missing(path));
        };
        let quotes = mapping.entries().nth(index).map_or(Style::Plain, |entry| match entry.key.here().kind {
            Kind::Scalar { style: style @ (Style::Single | Style::Double), .. } => style,
            _ => Style::Plain,
        });
        let span = if extent.flow { extent.span } else { extent.lines(self.yaml.text) };
        self.edits.push(Edit { span, text: entry_text(key, quotes, value, extent.flow) });
        self.removals.note(mapping, index);
        if key != old {
            self.wanted.push((path.clone(), Wanted::Nothing));
        }
        self.allowed.paths.extend([path.clone(), new.clone()]);
        self.wanted.push((new, Wanted::value(value)));
        Ok(())
    }

    /// Adds a value where none is, behind what stands there already, with the mappings and sequences that are missing
    /// on the way. The number of a new item is the length of its sequence.
    ///
    /// ```
    /// use pypelines_yaml_splice::{Path, Splice, Yaml};
    ///
    /// let yaml = Yaml::open(b"db:\n  image: postgres:17\n")?;
    /// let mut splice = Splice::new(&yaml);
    /// splice.insert(&Path::root().key("db").key("ports").index(0), "5432:5432")?;
    /// assert_eq!(splice.render()?, "db:\n  image: postgres:17\n  ports:\n    - 5432:5432\n");
    /// # Ok::<(), pypelines_yaml_splice::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Missing`] for an item beyond the end, [`Error::WrongKind`] where something else stands
    /// in the way, [`Error::NoNumber`].
    pub fn insert<'v>(&mut self, path: &Path, value: impl Into<Value<'v>>) -> Result<(), Error> {
        self.insert_with(path, value.into(), false)
    }

    /// As [`Splice::insert`], but as the first entry of its mapping.
    ///
    /// # Errors
    /// The same.
    pub fn insert_first<'v>(&mut self, path: &Path, value: impl Into<Value<'v>>) -> Result<(), Error> {
        self.insert_with(path, value.into(), true)
    }

    fn insert_with(&mut self, path: &Path, value: Value<'_>, first: bool) -> Result<(), Error> {
        let value = sound(value)?;
        let root = *self.yaml.roots.get(path.document).ok_or_else(|| missing(path))?;
        let (node, depth) = self.deepest(self.yaml.node(root), path);
        let Some(next) = path.steps.get(depth) else {
            return Err(Error::Exists { position: node.position(), path: path.clone() });
        };
        let at = Path { document: path.document, steps: path.steps[..depth].to_vec() };
        let insertion = Insertion { steps: &path.steps[depth..], value };
        let target = node.target();
        let edits = match (&target.here().kind, next) {
            (Kind::Mapping { .. }, Step::Key(_)) => {
                let edit = if first { insertion.first(target) } else { insertion.last(target) };
                edit.map(|edit| vec![edit])
            }
            (Kind::Sequence { items, .. }, Step::Index(index)) if *index == items.len() => {
                insertion.last(target).map(|edit| vec![edit])
            }
            (Kind::Sequence { .. }, Step::Index(_)) => return Err(missing(path)),
            _ if node.is_null() => insertion.instead_of_nothing(node),
            (_, Step::Key(_)) => return Err(self.wrong_kind(node, &at, "mapping")),
            (_, Step::Index(_)) => return Err(self.wrong_kind(node, &at, "sequence")),
        };
        if insertion.steps[1..].iter().any(|step| !matches!(step, Step::Key(_) | Step::Index(0))) {
            return Err(missing(path));
        }
        let edits = edits.ok_or_else(|| self.wrong_kind(node, &at, "collection that can grow"))?;
        self.edits.extend(edits);
        // What was null becomes a collection.
        let grown = if node.is_null() { depth } else { depth + 1 };
        self.allowed.paths.push(Path { document: path.document, steps: path.steps[..grown].to_vec() });
        self.wanted.push((path.clone(), Wanted::value(value)));
        Ok(())
    }

    /// Writes out what `<<` brings into a mapping, in its place, but for the keys in `without`; `first`, a new entry, comes
    /// in front of that.
    ///
    /// ```
    /// use pypelines_yaml_splice::{Path, Splice, Value, Yaml};
    ///
    /// let yaml = Yaml::open(b"x: &x\n  build: .\n  tty: true\napp:\n  <<: *x\n  c: 3\n")?;
    /// let mut splice = Splice::new(&yaml);
    /// splice.unmerge(&Path::root().key("app"), &["build"], Some(("image", Value::Text("app:1"))))?;
    /// let after = splice.render()?;
    /// assert_eq!(after, "x: &x\n  build: .\n  tty: true\napp:\n  image: app:1\n  tty: true\n  c: 3\n");
    /// # Ok::<(), pypelines_yaml_splice::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Exists`], and [`Error::WrongKind`] where it merges nothing, or stands in braces.
    pub fn unmerge(
        &mut self,
        path: &Path,
        without: &[&str],
        first: Option<(&str, Value<'_>)>,
    ) -> Result<(), Error> {
        let node = self.find(path)?.target();
        if !merges(node) {
            return Err(self.wrong_kind(node, path, "mapping that merges another one"));
        }
        let mut seen = without.to_vec();
        let mut text = None;
        if let Some((key, value)) = first {
            if let Some(entry) = node.own(key) {
                return Err(Error::Exists { position: entry.key.position(), path: path.key(key) });
            }
            text = Some(entry_text(key, Style::Plain, sound(value)?, false));
            seen.push(key);
            self.wanted.push((path.key(key), Wanted::value(value)));
        }
        let unmerged = unmerge(node, &seen, text)
            .ok_or_else(|| self.wrong_kind(node, path, "mapping in block style"))?;
        self.edits.extend(unmerged.edits);
        for index in unmerged.gone {
            self.removals.add(node, index);
        }
        self.allowed.paths.extend(seen.iter().map(|key| path.key(key)));
        Ok(())
    }

    /// The text with all edits made.
    ///
    /// # Errors
    /// [`Error::AnchorInUse`] and [`Error::Spreads`] when more than the asked-for values would change,
    /// [`Error::Overlap`] when edits contradict each other, [`Error::Unsound`] when the check of the result fails.
    pub fn render(mut self) -> Result<String, Error> {
        self.removals.leave_no_alias_alone(self.yaml)?;
        self.edits.extend(self.removals.edits(self.yaml));
        let text = self.apply()?;
        let unsound = |reason: String| Error::Unsound { reason };
        let after = Yaml::open(text.as_bytes()).map_err(|error| unsound(error.to_string()))?;
        let paths = differences(self.yaml, &after, &self.allowed, &self.removals);
        if !paths.is_empty() {
            return Err(Error::Spreads { paths });
        }
        for (path, wanted) in &self.wanted {
            let found = after.find(path);
            let fits = match wanted {
                Wanted::Nothing => found.is_none(),
                Wanted::Scalar { text, is_text } => found.is_some_and(|node| {
                    node.as_str() == Some(text.as_str())
                        && matches!(node.scalar(), Some(Value::Text(_))) == *is_text
                }),
            };
            if !fits {
                return Err(unsound(format!("{path} is not as it should be")));
            }
        }
        drop(after);
        Ok(text)
    }

    fn apply(&mut self) -> Result<String, Error> {
        self.edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        // Two paths may lead to the same place through an alias.
        self.edits.dedup();
        let source = self.yaml.text;
        let mut text = String::with_capacity(source.len());
        let mut done = 0;
        let mut only_cut = false;
        for Edit { span, text: new } in &self.edits {
            // What goes with one edit may go with another one too.
            if span.start < done && !(only_cut && new.is_empty()) {
                return Err(Error::Overlap { position: self.yaml.position(span.start) });
            }
            text.push_str(&source[done..span.start.max(done)]);
            text.push_str(new);
            done = done.max(span.end);
            only_cut = new.is_empty();
        }
        text.push_str(&source[done..]);
        Ok(text)
    }

    fn find(&self, path: &Path) -> Result<Node<'y>, Error> {
        self.yaml.find(path).ok_or_else(|| missing(path))
    }

    /// The last node on the way that is there, and how many steps lead to it.
    fn deepest(&self, root: Node<'y>, path: &Path) -> (Node<'y>, usize) {
        let mut node = root;
        for (depth, step) in path.steps.iter().enumerate() {
            let next = match step {
                Step::Key(key) => node.own(key).map(|entry| entry.value),
                Step::Index(index) => node.items().nth(*index),
            };
            match next {
                Some(next) => node = next,
                None => return (node, depth),
            }
        }
        (node, path.steps.len())
    }

    /// The collection a value is in, and its number there.
    fn member(&self, path: &Path) -> Result<(Node<'y>, usize), Error> {
        let parent = path.parent().ok_or_else(|| missing(path))?;
        let collection = self.yaml.find(&parent).ok_or_else(|| missing(path))?.target();
        let index = match path.steps.last() {
            Some(Step::Key(key)) => collection.entries().position(|entry| entry.key.as_str() == Some(key)),
            Some(Step::Index(index)) => collection.items().nth(*index).map(|_| *index),
            None => None,
        };
        Ok((collection, index.ok_or_else(|| missing(path))?))
    }

    /// What has to stand before a value where nothing is written yet: `{key}` has not even a colon.
    fn before_nothing(&self, node: Node<'_>, path: &Path) -> Result<&'static str, Error> {
        // Where the dash of an empty item is, the parser does not say.
        let not_written = || self.wrong_kind(node, path, "written scalar");
        path.split_key().ok_or_else(not_written)?;
        let (mapping, index) = self.member(path)?;
        let key = mapping.entries().nth(index).map_or(0, |entry| entry.key.here().content.end);
        match find_colon(self.yaml.text, key) {
            Some(_) => Ok(" "),
            None if node.here().in_flow => Ok(": "),
            None => Err(not_written()),
        }
    }

    fn wrong_kind(&self, node: Node<'_>, path: &Path, expected: &'static str) -> Error {
        Error::WrongKind { position: node.position(), path: path.clone(), expected }
    }
}

fn sound(value: Value<'_>) -> Result<Value<'_>, Error> {
    if value.is_sound() { Ok(value) } else { Err(Error::NoNumber { text: value.text().to_owned() }) }
}

fn missing(path: &Path) -> Error {
    Error::Missing { path: path.clone() }
}
