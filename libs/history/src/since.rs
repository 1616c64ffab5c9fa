//! What one commit is built on and others are not.

use std::collections::BinaryHeap;

use gix::ObjectId;
use gix::hashtable::HashMap;

use crate::walk::{Node, Nodes};
use crate::{CommitId, Error, Repository};

/// How many more commits are looked at after the answer stands by their dates. A clock that was wrong on one machine
/// makes a commit older than its parent; git allows for that in the same way, with fewer.
const SLACK: usize = 64;

/// The commits reachable from `from` and from none of `released`, newest first.
///
/// Both sides are walked at once, newest commits first. What the released side reaches is painted, also after it was
/// counted, and the walk ends once every commit still waiting is released and older than all that were counted.
pub(crate) fn difference(
    repository: &Repository,
    from: CommitId,
    released: &[CommitId],
) -> Result<Vec<CommitId>, Error> {
    let graph = repository.commit_graph();
    let mut painting = Painting::new(Nodes::new(repository, graph.as_ref())?);
    painting.reach(from.0, false)?;
    for id in released {
        painting.reach(id.0, true)?;
    }
    painting.run()?;
    Ok(painting.unreleased())
}

struct Painted {
    node: Node,
    released: bool,
}

struct Painting<'r, 'g> {
    nodes: Nodes<'r, 'g>,
    painted: HashMap<ObjectId, Painted>,
    /// Time, id, and whether it was known to be released when it was put here.
    queue: BinaryHeap<(i64, ObjectId, bool)>,
    /// How many entries of the queue were put there as unreleased.
    open: usize,
    /// The time of the oldest commit that was counted.
    oldest: i64,
}

impl<'r, 'g> Painting<'r, 'g> {
    fn new(nodes: Nodes<'r, 'g>) -> Self {
        Self { nodes, painted: HashMap::default(), queue: BinaryHeap::new(), open: 0, oldest: i64::MAX }
    }

    /// Puts a commit into the queue, unless nothing new is known of it.
    fn reach(&mut self, id: ObjectId, released: bool) -> Result<(), Error> {
        let time = match self.painted.get_mut(&id) {
            Some(known) if known.released || !released => return Ok(()),
            Some(known) => {
                known.released = true;
                known.node.time
            }
            None => {
                let node = self.nodes.read(id)?;
                let time = node.time;
                self.painted.insert(id, Painted { node, released });
                time
            }
        };
        self.open += usize::from(!released);
        self.queue.push((time, id, released));
        Ok(())
    }

    fn run(&mut self) -> Result<(), Error> {
        let mut slack = SLACK;
        while let Some((time, id, was_released)) = self.queue.pop() {
            self.open -= usize::from(!was_released);
            if self.open == 0 && was_released && time < self.oldest {
                slack -= 1;
                if slack == 0 {
                    break;
                }
            }
            let Some(painted) = self.painted.get(&id) else {
                continue;
            };
            let (node, released) = (painted.node.clone(), painted.released);
            if !released {
                self.oldest = self.oldest.min(time);
            }
            if self.nodes.is_cut(&node, id) {
                return Err(Error::Shallow { commit: CommitId(id) });
            }
            for parent in node.parents {
                self.reach(parent, released)?;
            }
        }
        Ok(())
    }

    fn unreleased(self) -> Vec<CommitId> {
        let left = self.painted.into_iter().filter(|(_, painted)| !painted.released);
        let mut left: Vec<_> = left.map(|(id, painted)| (painted.node.time, id)).collect();
        left.sort_unstable_by(|a, b| b.cmp(a));
        left.into_iter().map(|(_, id)| CommitId(id)).collect()
    }
}
