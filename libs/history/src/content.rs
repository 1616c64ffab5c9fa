//! Which commits change what is in a folder.

use std::path::Path;

use gix::ObjectId;

use crate::{CommitId, Error, Repository};

impl Repository {
    /// Whether there is such a file or folder in a commit; `path` starts at the repository's root.
    ///
    /// # Errors
    /// [`Error::NoTree`] in a clone that left out trees, [`Error::Unreadable`] when the commit cannot be read.
    pub fn contains(&self, commit: CommitId, path: &Path) -> Result<bool, Error> {
        Ok(self.entry(commit, path)?.is_some())
    }

    /// Whether a commit changes something below one of `paths`. A merge changes what it brings to its first parent.
    ///
    /// # Errors
    /// [`Error::Shallow`] when the commit it is compared with is not in the clone, [`Error::NoTree`] when trees are
    /// not, [`Error::Unreadable`] when something that should be there cannot be read.
    pub fn changes(&self, commit: CommitId, paths: &[&Path]) -> Result<bool, Error> {
        let unreadable = |error| Error::unreadable(format!("commit {}", commit.short()), &error);
        let parent = self.gix.find_commit(commit.0).map_err(unreadable)?.parent_ids().next();
        let parent = parent.map(|id| CommitId(id.detach()));
        if parent.is_some_and(|parent| !self.has_commit(parent)) {
            return Err(Error::Shallow { commit });
        }
        for path in paths {
            let before = parent.map_or(Ok(None), |parent| self.entry(parent, path))?;
            if before != self.entry(commit, path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stands at this path; an executable bit counts as content.
    fn entry(&self, commit: CommitId, path: &Path) -> Result<Option<(u16, ObjectId)>, Error> {
        let unreadable = |error| Error::unreadable(format!("commit {}", commit.short()), &error);
        let found = self.gix.find_commit(commit.0).map_err(unreadable)?;
        let tree = found.tree_id().map_err(unreadable)?;
        let missing = |_| Error::NoTree { commit };
        if path.as_os_str().is_empty() || path == Path::new(".") {
            return Ok(Some((0, tree.detach())));
        }
        let tree = found.tree().map_err(missing)?;
        let entry = tree.lookup_entry_by_path(path).map_err(missing)?;
        Ok(entry.map(|entry| (entry.mode().value(), entry.object_id())))
    }
}
