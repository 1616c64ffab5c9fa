//! Compares two parsed texts by what they mean: aliases followed, merge keys merged, comments and styles left out.
//!
//! Both are walked side by side, which finds most of them alike as they stand and needs no memory for what is. An alias
//! counts as what it stands for; [`Yaml::open`] bounds how much that is in all.

use std::collections::{HashMap, HashSet};

use crate::node::{Entry, Kind, Node, Yaml};
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

/// The paths at which the two differ, but for what is `allowed` to.
pub(crate) fn differences(
    before: &Yaml<'_>,
    after: &Yaml<'_>,
    allowed: &Allowed,
    removals: &Removals,
) -> Vec<String> {
    if before.roots.len() != after.roots.len() {
        return vec!["the number of documents".into()];
    }
    let spread = allowed.spread.then_some(&allowed.values);
    let mut comparison = Comparison { spread, removals, found: Vec::new() };
    for (document, roots) in before.documents().zip(after.documents()).enumerate() {
        let allowed: Vec<&[Step]> = allowed
            .paths
            .iter()
            .filter(|path| path.document == document)
            .map(|path| path.steps.as_slice())
            .collect();
        comparison.nodes(roots.0, roots.1, &allowed, &Path::document(document));
    }
    comparison.found
}

/// Whether both mean the same. Without recursion, because aliases of aliases may lead deeper than any text is nested.
fn same(left: Node<'_>, right: Node<'_>) -> bool {
    let mut open = vec![(left, right)];
    while let Some((left, right)) = open.pop() {
        let (before, after) = (left.data(), right.data());
        if before.tag != after.tag {
            return false;
        }
        match (&before.kind, &after.kind) {
            (Kind::Scalar { .. }, Kind::Scalar { .. }) if same_scalar(left, right) => {}
            (Kind::Sequence { items, .. }, Kind::Sequence { items: others, .. })
                if items.len() == others.len() =>
            {
                open.extend(left.items().zip(right.items()));
            }
            (Kind::Mapping { .. }, Kind::Mapping { .. }) if in_step(left, right) => {
                open.extend(
                    left.entries().zip(right.entries()).map(|(left, right)| (left.value, right.value)),
                );
            }
            (Kind::Mapping { .. }, Kind::Mapping { .. }) => {
                for pair in align(left, right) {
                    let (Some(left), Some(right)) = pair else {
                        return false;
                    };
                    open.push((left.value, right.value));
                }
            }
            _ => return false,
        }
    }
    true
}

/// What a scalar means: without quotes it may be a number. None for a collection.
fn meaning(node: Node<'_>) -> Option<(Option<&str>, bool, &str)> {
    match &node.data().kind {
        Kind::Scalar { text, style } => Some((node.tag(), *style == Style::Plain, text)),
        _ => None,
    }
}

fn same_scalar(left: Node<'_>, right: Node<'_>) -> bool {
    meaning(left).is_some_and(|left| meaning(right) == Some(left))
}

/// Whether two mappings that merge nothing have the same keys in the same order, and all of them scalars.
fn in_step(left: Node<'_>, right: Node<'_>) -> bool {
    let (mut lefts, mut rights) = (left.entries(), right.entries());
    loop {
        match (lefts.next(), rights.next()) {
            (None, None) => return true,
            (Some(left), Some(right)) if same_scalar(left.key, right.key) => {
                if left.is_merge() || right.is_merge() {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// The entries of two mappings, those merged in among them, that have the same key; those of one mapping alone as well.
fn align<'y>(left: Node<'y>, right: Node<'y>) -> Vec<(Option<Entry<'y>>, Option<Entry<'y>>)> {
    let (lefts, rights) = (resolved(left), resolved(right));
    // Edits leave most keys and their order alone.
    let front = lefts.iter().zip(&rights).take_while(|(left, right)| same(left.key, right.key)).count();
    let (left_rest, right_rest) = (&lefts[front..], &rights[front..]);
    let ends = left_rest.iter().rev().zip(right_rest.iter().rev());
    let back = ends.take_while(|(left, right)| same(left.key, right.key)).count();
    let (left_middle, left_back) = left_rest.split_at(left_rest.len() - back);
    let (right_middle, right_back) = right_rest.split_at(right_rest.len() - back);
    let both = |(left, right): (&Entry<'y>, &Entry<'y>)| (Some(*left), Some(*right));
    let mut pairs: Vec<_> = lefts[..front].iter().zip(&rights).map(both).collect();
    pairs.extend(left_back.iter().zip(right_back).map(both));
    let known = Keys::of(right_middle);
    let mut met = HashSet::new();
    for entry in left_middle {
        let other = known.find(entry.key);
        met.extend(other);
        pairs.push((Some(*entry), other.map(|other| right_middle[other])));
    }
    let new = right_middle.iter().enumerate().filter(|(index, _)| !met.contains(index));
    pairs.extend(new.map(|(_, entry)| (None, Some(*entry))));
    pairs
}

/// A mapping's own entries and, for keys it has not, those of what it merges in, the first of them first.
fn resolved<'y>(mapping: Node<'y>) -> Vec<Entry<'y>> {
    let mut entries: Vec<Entry<'y>> = mapping.entries().filter(|entry| !entry.is_merge()).collect();
    let parents = mapping.merged();
    if parents.is_empty() {
        return entries;
    }
    let mut keys = Keys::of(&entries);
    for entry in parents.into_iter().flat_map(resolved) {
        if keys.find(entry.key).is_none() {
            keys.add(entry.key, entries.len());
            entries.push(entry);
        }
    }
    entries
}

/// Which entry has a key.
#[derive(Default)]
struct Keys<'y> {
    scalars: HashMap<(Option<&'y str>, bool, &'y str), usize>,
    collections: Vec<(Node<'y>, usize)>,
}

impl<'y> Keys<'y> {
    fn of(entries: &[Entry<'y>]) -> Self {
        let mut keys = Self::default();
        for (index, entry) in entries.iter().enumerate() {
            keys.add(entry.key, index);
        }
        keys
    }

    fn add(&mut self, key: Node<'y>, index: usize) {
        match meaning(key) {
            Some(meaning) => {
                self.scalars.insert(meaning, index);
            }
            None => self.collections.push((key, index)),
        }
    }

    fn find(&self, key: Node<'y>) -> Option<usize> {
        match meaning(key) {
            Some(meaning) => self.scalars.get(&meaning).copied(),
            None => self.collections.iter().find(|(known, _)| same(*known, key)).map(|(_, index)| *index),
        }
    }
}

struct Comparison<'r> {
    /// The nodes that may differ wherever they are reached from, if any.
    spread: Option<&'r HashSet<usize>>,
    removals: &'r Removals,
    found: Vec<String>,
}

impl Comparison<'_> {
    /// Compares two nodes; `allowed` are the paths from here on that may differ.
    fn nodes(&mut self, before: Node<'_>, after: Node<'_>, allowed: &[&[Step]], path: &Path) {
        if allows(allowed) || self.found.len() >= MOST_NAMED {
            return;
        }
        let spreads =
            |values: &HashSet<usize>| values.contains(&before.id) || values.contains(&before.target().id);
        // With something allowed below, the children are looked at one by one anyway.
        if self.spread.is_some_and(spreads) || (allowed.is_empty() && same(before, after)) {
            return;
        }
        match (&before.data().kind, &after.data().kind) {
            (Kind::Mapping { .. }, Kind::Mapping { .. }) if before.tag() == after.tag() => {
                self.mappings(before, after, allowed, path);
            }
            (Kind::Sequence { .. }, Kind::Sequence { .. }) if before.tag() == after.tag() => {
                self.sequences(before, after, allowed, path);
            }
            _ if same(before, after) => {}
            _ => self.found.push(path.to_string()),
        }
    }

    /// Items that go are left out on the one side, those that come behind on the other.
    fn sequences(&mut self, before: Node<'_>, after: Node<'_>, allowed: &[&[Step]], path: &Path) {
        let below = |index: usize| step_into(allowed, |step| *step == Step::Index(index));
        let goes = |(index, item): &(usize, Node<'_>)| {
            self.removals.holds(item.id) && (allows(&below(*index)) || self.spread.is_some())
        };
        let (before_count, after_count) = (before.items().count(), after.items().count());
        let kept: Vec<(usize, Node<'_>)> = before.items().enumerate().filter(|item| !goes(item)).collect();
        let new = kept.len().min(after_count);
        let all_new_allowed = (new..after_count).all(|index| allows(&below(before_count + index - new)));
        if kept.len() > after_count || !all_new_allowed {
            return self.found.push(path.to_string());
        }
        for ((index, left), right) in kept.into_iter().zip(after.items()) {
            self.nodes(left, right, &below(index), &path.index(index));
        }
    }

    fn mappings(&mut self, before: Node<'_>, after: Node<'_>, allowed: &[&[Step]], path: &Path) {
        let mut by_key: HashMap<&str, Vec<&[Step]>> = HashMap::new();
        for steps in allowed {
            if let Some((Step::Key(key), rest)) = steps.split_first() {
                by_key.entry(key).or_default().push(rest);
            }
        }
        for pair in align(before, after) {
            let goes = |entry: Entry<'_>| self.spread.is_some() && self.removals.holds(entry.key.id);
            let (Some(entry), other) = (pair.0.or(pair.1), pair.1) else { continue };
            if pair.0.is_some_and(goes) {
                continue;
            }
            // A key that is a collection cannot be named, so it cannot be allowed either.
            let name = entry.key.as_str().unwrap_or("?");
            let below = by_key.get(name).map(Vec::as_slice).unwrap_or_default();
            match (pair.0, other) {
                (Some(left), Some(right)) if below.is_empty() && same(left.value, right.value) => {}
                (Some(left), Some(right)) => self.nodes(left.value, right.value, below, &path.key(name)),
                _ if allows(below) => {}
                _ => self.found.push(path.key(name).to_string()),
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
