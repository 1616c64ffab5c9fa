//! The way from a commit to everything it is built on.

use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use gix::ObjectId;
use gix::hashtable::HashSet;

use crate::{CommitId, Error, Repository};

/// Calls `visit` with `from` and every commit it is built on, through all parents, newest first, each of them once.
///
/// Where a shallow clone ends, the walk goes on with what is left, and fails at its end: every commit that is there
/// has then been seen, and nobody takes the part for the whole.
pub(crate) fn walk(
    repository: &Repository,
    from: CommitId,
    mut visit: impl FnMut(CommitId) -> ControlFlow<()>,
) -> Result<(), Error> {
    let graph = repository.commit_graph();
    let mut nodes = Nodes::new(repository, graph.as_ref())?;
    let mut queue = BinaryHeap::new();
    let mut seen = HashSet::default();
    let mut cut = None;
    seen.insert(from.0);
    queue.push((nodes.read(from.0)?, from.0));
    while let Some((node, id)) = queue.pop() {
        if visit(CommitId(id)).is_break() {
            return Ok(());
        }
        if nodes.is_cut(&node, id) {
            cut = cut.or(Some(id));
            continue;
        }
        for parent in node.parents {
            if seen.insert(parent) {
                queue.push((nodes.read(parent)?, parent));
            }
        }
    }
    match cut {
        Some(id) => Err(Error::Shallow { commit: CommitId(id) }),
        None => Ok(()),
    }
}

/// What a walk needs to know of a commit. The order is that of age: the newest is the greatest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    /// When it was committed, in seconds since 1970.
    pub(crate) time: i64,
    /// What it is built on, as the commit itself says.
    pub(crate) parents: Vec<ObjectId>,
}

/// Reads commits, by the commit-graph where there is one.
pub(crate) struct Nodes<'r, 'g> {
    graph: gix::revwalk::Graph<'r, 'g, ()>,
    shallow: Vec<ObjectId>,
}

impl<'r, 'g> Nodes<'r, 'g> {
    pub(crate) fn new(
        repository: &'r Repository,
        graph: Option<&'g gix::commitgraph::Graph>,
    ) -> Result<Self, Error> {
        Ok(Self { graph: repository.gix.revision_graph(graph), shallow: repository.shallow()? })
    }

    pub(crate) fn read(&mut self, id: ObjectId) -> Result<Node, Error> {
        let unreadable = |error| Error::unreadable(format!("commit {}", CommitId(id).short()), &error);
        let commit = self.graph.lookup(&id).map_err(unreadable)?;
        let time = commit.committer_timestamp().map_err(unreadable)?;
        let parents = commit.iter_parents().collect::<Result<_, _>>().map_err(unreadable)?;
        Ok(Node { time, parents })
    }

    /// Whether the clone ends here. The first commit of all has no parents to miss, even if it is listed.
    pub(crate) fn is_cut(&self, node: &Node, id: ObjectId) -> bool {
        !node.parents.is_empty() && self.shallow.binary_search(&id).is_ok()
    }
}
