//! One destination repository: where its tags lead, what becomes of them, and the doing of it.

use contract::Failure;
use futures_util::future::try_join_all;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use marks::{Backend, Outcome};
use registry::{Digest, Manifest, Registries, Store, Tag, Which};

use super::carry::Carry;
use super::delivery::{Delivered, Delivery};
use super::output;
use super::plan::{self, Moving, Verdict};
use super::target::Target;
use super::via;
use crate::attached::Attached;
use crate::cli::Copy;
use crate::transfer::{Tally, Transfer};
use crate::tree::Tree;

/// The way from the source to one destination repository.
pub(crate) struct Leg {
    pub(crate) target: Target,
    pub(crate) from: Store,
    pub(crate) to: Store,
    /// Where each tag leads now, in the order of the target's tags.
    found: Vec<Option<Digest>>,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) blobs: Tally,
    /// How many manifests were written, tags not counted.
    pub(crate) manifests: usize,
    /// What was done for what is about the image; none when nobody asked for that.
    pub(crate) delivered: Option<Delivered>,
    /// What became of the marks; none when nobody asked for that.
    pub(crate) marks: Option<Vec<Outcome>>,
}

/// A tag that leads elsewhere and may not move.
pub(crate) struct Refused {
    /// The tag with its repository.
    pub(crate) name: String,
    pub(crate) found: Digest,
    pub(crate) wanted: Digest,
}

impl Leg {
    pub(crate) fn open(registries: &Registries, copy: &Copy, target: Target) -> Result<Self, Failure> {
        let (from, to) = registries.open_pair(&copy.source.repository, &target.repository)?;
        let (found, verdicts) = (Vec::new(), Vec::new());
        let (blobs, manifests, delivered, marks) = (Tally::default(), 0, None, None);
        Ok(Self { target, from, to, found, verdicts, blobs, manifests, delivered, marks })
    }

    /// Asks where the tags lead now.
    pub(crate) async fn look(&mut self) -> Result<(), Failure> {
        self.found = try_join_all(self.target.tags.iter().map(|tag| self.to.resolve(tag))).await?;
        Ok(())
    }

    /// Decides what becomes of each tag, and returns those that stand in the way.
    pub(crate) fn decide(&mut self, root: &Manifest, copy: &Copy) -> Vec<Refused> {
        let moving = match (copy.move_tags, copy.move_aliases) {
            (true, _) => Moving::All,
            (false, true) => Moving::Aliases,
            (false, false) => Moving::None,
        };
        let pairs = self.target.tags.iter().zip(&self.found);
        self.verdicts =
            pairs.map(|(tag, found)| plan::decide(tag, found.as_ref(), root.digest(), moving)).collect();
        let refused =
            self.target.tags.iter().zip(&self.verdicts).filter_map(|(tag, verdict)| match verdict {
                Verdict::Refuse { found } => {
                    let name = format!("{}:{tag}", self.target.repository);
                    Some(Refused { name, found: found.clone(), wanted: root.digest().clone() })
                }
                _ => None,
            });
        refused.collect()
    }

    /// Looks what has to be done here for what is about the image. Within one repository that is nothing.
    pub(crate) async fn plan<'a>(
        &self,
        root: &Manifest,
        attached: &'a Attached,
        copy: &Copy,
    ) -> Result<(Delivery<'a>, Vec<Refused>), Failure> {
        if copy.source.repository == self.target.repository {
            return Ok((Delivery::default(), Vec::new()));
        }
        let delivery = Delivery::plan(attached, root.digest(), &self.to, copy.jobs.most()).await?;
        // Others may have signed it there: moving such a tag would take away their signatures.
        let conflicts = if copy.move_tags { &[] } else { delivery.conflicts.as_slice() };
        let refused = conflicts.iter().map(|conflict| Refused {
            name: format!("{}:{}", self.target.repository, conflict.tag),
            found: conflict.found.clone(),
            wanted: conflict.wanted.clone(),
        });
        let refused = refused.collect();
        Ok((delivery, refused))
    }

    /// Brings the image to this destination and lets its tags lead there. What the image consists of is read at most
    /// once, by whichever leg needs it first.
    pub(crate) async fn carry_out(
        &mut self,
        root: &Manifest,
        tree: &mut Option<Tree>,
        delivery: Option<&Delivery<'_>>,
        carry: Option<&Carry<'_>>,
        copy: &Copy,
    ) -> Result<(), Failure> {
        let pending = self.pending();
        let (jobs, dry_run) = (copy.jobs.most(), copy.dry_run.dry_run);
        self.tell(root, dry_run, |_, verdict| *verdict == Verdict::Unchanged);
        let complete = pending.is_empty() || self.is_there(root.digest()).await?;
        if !complete {
            self.bring(root, tree, copy, dry_run).await?;
        }
        if let Some(delivery) = delivery {
            self.deliver(delivery, root, jobs, dry_run).await?;
        }
        if let Some(carry) = carry.filter(|carry| carry.comes_first()) {
            if !complete && !dry_run {
                // Only where the image is can be seen how the registry keeps what refers to it.
                let transfer = Transfer { from: &self.from, to: &self.to, jobs };
                transfer.put(root, &Which::Digest(root.digest().clone())).await?;
            }
            self.mark(carry, dry_run).await?;
        }
        if dry_run {
            self.tell(root, true, |_, verdict| *verdict != Verdict::Unchanged);
        } else {
            match self.tag(root, &pending, jobs).await {
                // It has the index and not all that belongs to it: what the registry said of it was not the whole truth.
                Err(error) if complete && error.is_about_missing_content() => {
                    tracing::debug!("the copy that is there already is not complete: {error}");
                    self.bring(root, tree, copy, false).await?;
                    self.tag(root, &pending, jobs).await?;
                }
                result => result?,
            }
        }
        self.mark_behind(carry, dry_run).await
    }

    /// Leaves the copy to Artifactory.
    pub(crate) async fn leave_to(
        &mut self,
        artifactory: &Backend,
        root: &Manifest,
        carry: Option<&Carry<'_>>,
        copy: &Copy,
    ) -> Result<(), Failure> {
        if !copy.dry_run.dry_run {
            via::promote(copy, artifactory, self, root.digest()).await?;
        }
        self.tell(root, copy.dry_run.dry_run, |_, _| true);
        self.mark_behind(carry, copy.dry_run.dry_run).await
    }

    /// Carries the marks that can only be behind the tags, or that nobody has carried yet.
    async fn mark_behind(&mut self, carry: Option<&Carry<'_>>, dry_run: bool) -> Result<(), Failure> {
        match carry {
            Some(carry) if self.marks.is_none() => self.mark(carry, dry_run).await,
            _ => Ok(()),
        }
    }

    async fn mark(&mut self, carry: &Carry<'_>, dry_run: bool) -> Result<(), Failure> {
        let marks = carry.carry_out(&self.to).await?;
        output::carried(&self.target.repository, &marks, dry_run);
        self.marks = Some(marks);
        Ok(())
    }

    /// The tags that do not lead to the image yet.
    pub(crate) fn pending(&self) -> Vec<Tag> {
        let pairs = self.target.tags.iter().zip(&self.verdicts);
        let pending = pairs.filter(|(_, verdict)| **verdict != Verdict::Unchanged);
        pending.map(|(tag, _)| tag.clone()).collect()
    }

    /// Is the whole image there already? A registry takes a manifest only with all it leads to. In a directory looking
    /// at each file costs nothing.
    async fn is_there(&self, digest: &Digest) -> Result<bool, Failure> {
        if self.found.iter().flatten().any(|found| found == digest) {
            return Ok(true);
        }
        match &self.to {
            Store::Remote(remote) => Ok(remote.has_manifest(digest).await?),
            Store::Layout(_) => Ok(false),
        }
    }

    async fn bring(
        &mut self,
        root: &Manifest,
        tree: &mut Option<Tree>,
        copy: &Copy,
        dry_run: bool,
    ) -> Result<(), Failure> {
        let jobs = copy.jobs.most();
        let tree = match tree {
            Some(tree) => tree,
            none => {
                let tree = none.insert(Tree::read(&self.from, root.clone(), jobs).await?);
                output::source(&copy.source, tree);
                tree
            }
        };
        let transfer = Transfer { from: &self.from, to: &self.to, jobs };
        if dry_run {
            self.blobs = transfer.foresee(tree.blobs()).await?;
        } else {
            self.to.prepare()?;
            self.blobs = transfer.blobs(tree.blobs()).await?;
            // Those that others lead to first.
            for group in tree.upwards() {
                transfer.manifests(&group).await?;
            }
        }
        self.manifests = tree.levels.iter().map(Vec::len).sum();
        output::brought(&self.target.repository, &self.blobs, self.manifests, dry_run);
        Ok(())
    }

    async fn deliver(
        &mut self,
        delivery: &Delivery<'_>,
        root: &Manifest,
        jobs: usize,
        dry_run: bool,
    ) -> Result<(), Failure> {
        let transfer = Transfer { from: &self.from, to: &self.to, jobs };
        let (delivered, blobs) = if dry_run {
            delivery.foresee(&transfer).await?
        } else {
            delivery.carry_out(&transfer, root).await?
        };
        output::delivered(&self.target.repository, &delivered, &blobs, dry_run);
        self.delivered = Some(delivered);
        self.blobs += blobs;
        Ok(())
    }

    /// The first tag alone: if it is refused, the others would be too.
    async fn tag(&self, root: &Manifest, tags: &[Tag], jobs: usize) -> Result<(), registry::Error> {
        let Some((first, others)) = tags.split_first() else { return Ok(()) };
        let transfer = &Transfer { from: &self.from, to: &self.to, jobs };
        let write = |tag: Tag| async move {
            transfer.put(root, &Which::Tag(tag.clone())).await?;
            Ok::<_, registry::Error>(tag)
        };
        let written = |tag: &Tag| self.tell(root, false, |known, _| known == tag);
        written(&write(first.clone()).await?);
        // All at once, and told in their order.
        let mut others = stream::iter(others.iter().cloned().map(write)).buffered(jobs);
        while let Some(tag) = others.try_next().await? {
            written(&tag);
        }
        Ok(())
    }

    /// Tells of the tags of which this is true.
    fn tell(&self, root: &Manifest, dry_run: bool, of: impl Fn(&Tag, &Verdict) -> bool) {
        for (tag, verdict) in self.target.tags.iter().zip(&self.verdicts) {
            if of(tag, verdict) {
                output::tagged(&self.target.repository, tag, verdict, root.digest(), dry_run);
            }
        }
    }
}
