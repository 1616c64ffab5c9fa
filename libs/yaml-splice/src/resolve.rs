//! Compares two parsed texts by what they mean: aliases followed, merge keys merged, comments and styles left out.
//!
//! Every node gets a number for its meaning, children first, so that equal values have equal numbers and an alias
//! costs as much as any other node.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::node::{Kind, Node, Yaml};
use crate::removal::Removals;
use crate::scalar::Style;
use crate::{Path, Step};

/// What may differ.
#[derive(Debug, Default)]
pub(crate) struct Allowed {
    /// What stands at or below one of these.
    pub(crate) paths: Vec<Path>,
    /// Whether edits may reach what shares their text.
    pub(crate) spread: bool,
    /// The nodes whose values are replaced.
    pub(crate) values: HashSet<usize>,
}

/// More differences than these help nobody.
const MOST_NAMED: usize = 5;

type Meaning = u32;

#[derive(PartialEq, Eq, Hash)]
enum Shape<'y> {
    /// Without quotes a scalar may be a number.
    Scalar {
        tag: Option<&'y str>,
        plain: bool,
        text: &'y str,
    },
    Sequence {
        tag: Option<&'y str>,
        items: Vec<Meaning>,
    },
    Mapping {
        tag: Option<&'y str>,
        entries: Vec<(Meaning, Meaning)>,
    },
}

/// Numbers meanings; one for both texts that are compared.
#[derive(Default)]
struct Meanings<'y> {
    known: HashMap<Shape<'y>, Meaning>,
}

/// A text whose nodes have their numbers.
struct Resolved<'y> {
    yaml: &'y Yaml<'y>,
    meanings: Vec<Meaning>,
    /// The entries of each mapping by the meaning of the key, those merged in among them.
    entries: HashMap<usize, BTreeMap<Meaning, (usize, usize)>>,
}

/// The paths at which the two differ, but for what is `allowed` to.
pub(crate) fn differences(
    before: &Yaml<'_>,
    after: &Yaml<'_>,
    allowed: &Allowed,
    removals: &Removals,
) -> Vec<String> {
    let mut meanings = Meanings::default();
    let before = Resolved::new(before, &mut meanings);
    let after = Resolved::new(after, &mut meanings);
    let count = before.yaml.roots.len();
    if count != after.yaml.roots.len() {
        return vec!["the number of documents".into()];
    }
    let spread = allowed.spread.then_some((&allowed.values, removals));
    let mut comparison = Comparison { before: &before, after: &after, spread, removals, found: Vec::new() };
    for document in 0..count {
        let allowed: Vec<&[Step]> = allowed
            .paths
            .iter()
            .filter(|path| path.document == document)
            .map(|path| path.steps.as_slice())
            .collect();
        let roots = (before.yaml.roots[document], after.yaml.roots[document]);
        comparison.nodes(roots.0, roots.1, &allowed, &Path::document(document));
    }
    comparison.found
}

impl<'y> Meanings<'y> {
    fn number(&mut self, shape: Shape<'y>) -> Meaning {
        let next = Meaning::try_from(self.known.len()).unwrap_or(Meaning::MAX);
        *self.known.entry(shape).or_insert(next)
    }
}

impl<'y> Resolved<'y> {
    fn new(yaml: &'y Yaml<'y>, meanings: &mut Meanings<'y>) -> Self {
        let mut resolved = Self { yaml, meanings: vec![0; yaml.nodes.len()], entries: HashMap::new() };
        // Parents stand before their children, and what an alias stands for is complete before the alias.
        let mut open: Vec<usize> = Vec::new();
        for id in 0..yaml.nodes.len() {
            while let Some(parent) = open.pop_if(|parent| yaml.nodes[*parent].last <= id) {
                resolved.number(parent, meanings);
            }
            match yaml.nodes[id].kind {
                Kind::Mapping { .. } | Kind::Sequence { .. } => open.push(id),
                _ => resolved.number(id, meanings),
            }
        }
        while let Some(parent) = open.pop() {
            resolved.number(parent, meanings);
        }
        resolved
    }

    fn number(&mut self, id: usize, meanings: &mut Meanings<'y>) {
        let node: Node<'y> = self.yaml.node(id);
        let tag = node.tag();
        let shape = match &node.here().kind {
            Kind::Alias { target } => {
                self.meanings[id] = self.meanings[*target];
                return;
            }
            Kind::Scalar { text, style } => Shape::Scalar { tag, plain: *style == Style::Plain, text },
            Kind::Sequence { items, .. } => {
                Shape::Sequence { tag, items: items.iter().map(|item| self.meanings[*item]).collect() }
            }
            Kind::Mapping { .. } => {
                let merged = self.merge(node);
                let entries = merged.iter().map(|(key, (_, value))| (*key, self.meanings[*value])).collect();
                self.entries.insert(id, merged);
                Shape::Mapping { tag, entries }
            }
        };
        self.meanings[id] = meanings.number(shape);
    }

    /// A mapping's own entries and, for keys it has not, those of what it merges in, the first of them first.
    fn merge(&self, mapping: Node<'y>) -> BTreeMap<Meaning, (usize, usize)> {
        let own = mapping.entries().filter(|entry| !entry.is_merge());
        let mut merged: BTreeMap<_, _> =
            own.map(|entry| (self.meanings[entry.key.id], (entry.key.id, entry.value.id))).collect();
        for parent in mapping.merged() {
            for (key, entry) in self.entries.get(&parent.id).into_iter().flatten() {
                merged.entry(*key).or_insert(*entry);
            }
        }
        merged
    }

    fn target(&self, id: usize) -> usize {
        self.yaml.node(id).target().id
    }
}

struct Comparison<'r, 'y> {
    before: &'r Resolved<'y>,
    after: &'r Resolved<'y>,
    /// The nodes that may differ wherever they are reached from, if any.
    spread: Option<(&'r HashSet<usize>, &'r Removals)>,
    removals: &'r Removals,
    found: Vec<String>,
}

impl Comparison<'_, '_> {
    /// Compares two nodes; `allowed` are the paths from here on that may differ.
    fn nodes(&mut self, before: usize, after: usize, allowed: &[&[Step]], path: &Path) {
        let equal = self.before.meanings[before] == self.after.meanings[after];
        if equal || allows(allowed) || self.found.len() >= MOST_NAMED {
            return;
        }
        if self.spread.is_some_and(|(values, _)| {
            values.contains(&before) || values.contains(&self.before.target(before))
        }) {
            return;
        }
        let (before, after) = (self.before.target(before), self.after.target(after));
        let (left, right) = (self.before.yaml.node(before), self.after.yaml.node(after));
        match (&left.here().kind, &right.here().kind) {
            (Kind::Mapping { .. }, Kind::Mapping { .. }) if left.tag() == right.tag() => {
                self.mappings(before, after, allowed, path);
            }
            (Kind::Sequence { items: left_items, .. }, Kind::Sequence { items: right_items, .. })
                if left.tag() == right.tag() =>
            {
                self.sequences(left_items, right_items, allowed, path);
            }
            _ => self.found.push(path.to_string()),
        }
    }

    /// Items that go are left out on the one side, those that come behind on the other.
    fn sequences(&mut self, before: &[usize], after: &[usize], allowed: &[&[Step]], path: &Path) {
        let below = |index: usize| step_into(allowed, |step| *step == Step::Index(index));
        let goes = |(index, item): &(usize, &usize)| {
            self.removals.holds(**item)
                && (allows(&below(*index)) || self.spread.is_some_and(|(_, removals)| removals.holds(**item)))
        };
        let kept: Vec<(usize, &usize)> = before.iter().enumerate().filter(|item| !goes(item)).collect();
        let new = kept.len().min(after.len());
        let all_new_allowed = (new..after.len()).all(|index| allows(&below(before.len() + index - new)));
        if kept.len() > after.len() || !all_new_allowed {
            return self.found.push(path.to_string());
        }
        for ((index, left), right) in kept.into_iter().zip(after) {
            self.nodes(*left, *right, &below(index), &path.index(index));
        }
    }

    fn mappings(&mut self, before: usize, after: usize, allowed: &[&[Step]], path: &Path) {
        let (left, right) = (&self.before.entries[&before], &self.after.entries[&after]);
        let gone = left.iter().map(|(meaning, entry)| (entry, right.get(meaning), self.before));
        let new = right.iter().filter(|(meaning, _)| !left.contains_key(meaning));
        let new = new.map(|(_, entry)| (entry, None, self.after));
        let pairs: Vec<_> = gone.chain(new).collect();
        let mut by_key: HashMap<&str, Vec<&[Step]>> = HashMap::new();
        for steps in allowed {
            if let Some((Step::Key(key), rest)) = steps.split_first() {
                by_key.entry(key).or_default().push(rest);
            }
        }
        for ((key, value), other, side) in pairs {
            let equal =
                other.is_some_and(|(_, other)| self.before.meanings[*value] == self.after.meanings[*other]);
            let goes = std::ptr::eq(side, self.before)
                && self.spread.is_some_and(|(_, removals)| removals.holds(*key));
            if equal || goes {
                continue;
            }
            // A key that is a collection cannot be named, so it cannot be allowed either.
            let name = side.yaml.node(*key).as_str().unwrap_or("?");
            let below = by_key.get(name).map(Vec::as_slice).unwrap_or_default();
            match other {
                Some((_, other)) => self.nodes(*value, *other, below, &path.key(name)),
                None if allows(below) => {}
                None => self.found.push(path.key(name).to_string()),
            }
        }
        self.found.truncate(MOST_NAMED);
    }
}

/// Whether one of the paths ends here.
fn allows(allowed: &[&[Step]]) -> bool {
    allowed.iter().any(|steps| steps.is_empty())
}

fn step_into<'s>(allowed: &[&'s [Step]], matches: impl Fn(&Step) -> bool) -> Vec<&'s [Step]> {
    let split = allowed.iter().filter_map(|steps| steps.split_first());
    split.filter(|(first, _)| matches(first)).map(|(_, rest)| rest).collect()
}
