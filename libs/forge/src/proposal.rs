//! Changes of files as people review them: a branch with one commit, and a pull or merge request for it. All of it goes
//! through the forge's API, without a clone and without git.

use bytes::Bytes;

use crate::{Change, Error, Forge};

/// What is to be changed in a branch, and how that is told.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The branch that is to be changed.
    pub base: String,
    /// The commit of it that the files were made for.
    pub base_commit: String,
    /// The branch of the request. It belongs to whoever proposes: it is set to the base and one commit.
    pub branch: String,
    /// The title of the request, and the first line of the commit's message.
    pub title: String,
    /// The description of the request, Markdown.
    pub body: String,
    /// What the commit's message says below its first line.
    pub message: String,
    /// Labels that the request gets; others stay.
    pub labels: Vec<String>,
    /// Paths in the repository and what the files are to be. All are there already, unless they are marked as new.
    pub files: Vec<ProposedFile>,
    /// The name and the address of the commit's author, if not those of the token.
    pub author: Option<(String, String)>,
    /// Whether the forge should merge it by itself, and how.
    pub merge: Option<MergeMethod>,
}

/// A file as it is to be.
#[derive(Clone, Debug)]
pub struct ProposedFile {
    /// Its path in the repository.
    pub path: String,
    /// What is to be in it.
    pub content: Bytes,
    /// Whether the base has no such file.
    pub is_new: bool,
}

/// How a request is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// With all commits as one.
    Squash,
    /// With a merge commit.
    Merge,
    /// With its commits on top of the base.
    Rebase,
}

/// A request as it is now.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// Where people find it; empty in a dry run.
    pub url: String,
    /// What was done to it.
    pub change: Change,
    /// What comes of merging it.
    pub merge: Merging,
}

/// What comes of a request that should be merged by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merging {
    /// It was not asked for.
    NotAsked,
    /// The forge merges it as soon as its checks allow it.
    Scheduled,
    /// It waits in the merge queue.
    Queued,
    /// It is merged.
    Merged,
    /// The forge will not merge it by itself.
    Refused {
        /// Why not.
        reason: String,
        /// What to do about it.
        hint: &'static str,
    },
}

/// An open request, whatever its forge calls it.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    pub(crate) number: u64,
    pub(crate) url: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) labels: Vec<String>,
    /// GitHub's name of it for GraphQL.
    pub(crate) node: String,
    /// Is it going to be merged by itself?
    pub(crate) is_scheduled: bool,
}

impl Open {
    fn says(&self, proposal: &Proposal) -> bool {
        // Forges take line ends and blank lines at the end as they like.
        let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
        self.title == proposal.title
            && plain(&self.body) == plain(&proposal.body)
            && proposal.labels.iter().all(|label| self.labels.contains(label))
    }

    /// Its labels and those of the proposal.
    pub(crate) fn labels_with(&self, proposal: &Proposal) -> Vec<String> {
        let new = proposal.labels.iter().filter(|label| !self.labels.contains(label));
        self.labels.iter().chain(new).cloned().collect()
    }
}

impl Forge {
    /// The commit at the tip of a branch, or none when there is no such branch.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub async fn tip(&self, branch: &str) -> Result<Option<String>, Error> {
        match self {
            Self::Gitlab(gitlab) => gitlab.tip(branch).await,
            Self::Github(github) => github.tip(branch).await,
            Self::Directory(_) => Err(no_requests()),
        }
    }

    /// A file as it is in a commit, or none when it is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn file(&self, path: &str, commit: &str) -> Result<Option<Bytes>, Error> {
        match self {
            Self::Gitlab(gitlab) => gitlab.file(path, commit).await,
            Self::Github(github) => github.file(path, commit).await,
            Self::Directory(_) => Err(no_requests()),
        }
    }

    /// Opens a request, or updates the one that is open for this branch. What is like that already is not written again.
    ///
    /// # Errors
    /// When that cannot be written. What was written by then stays, and the next call does the rest.
    pub async fn propose(&self, proposal: &Proposal) -> Result<Proposed, Error> {
        let open = self.open_request(proposal).await?;
        let has_files = self.is_in_branch(proposal).await?;
        if !has_files {
            match self {
                Self::Gitlab(gitlab) => gitlab.commit(proposal).await?,
                Self::Github(github) => github.commit(proposal).await?,
                Self::Directory(_) => return Err(no_requests()),
            }
        }
        let says_so = open.as_ref().is_some_and(|open| open.says(proposal));
        let change = match (&open, has_files && says_so) {
            (None, _) => Change::Created,
            (Some(_), true) => Change::Unchanged,
            (Some(_), false) => Change::Updated,
        };
        let now = match (open, says_so) {
            (Some(open), true) => Some(open),
            (open, _) => match self {
                Self::Gitlab(gitlab) => gitlab.put_request(open.as_ref(), proposal).await?,
                Self::Github(github) => github.put_request(open.as_ref(), proposal).await?,
                Self::Directory(_) => None,
            },
        };
        // Only a dry run has none.
        let Some(now) = now else {
            return Ok(Proposed { url: String::new(), change, merge: Merging::NotAsked });
        };
        let merge = match (proposal.merge, self) {
            (None, _) => Merging::NotAsked,
            (Some(_), _) if now.is_scheduled && has_files => Merging::Scheduled,
            (Some(method), Self::Gitlab(gitlab)) => gitlab.merge(&now, method).await?,
            (Some(method), Self::Github(github)) => github.merge(&now, method).await?,
            (Some(_), Self::Directory(_)) => Merging::NotAsked,
        };
        Ok(Proposed { url: now.url, change, merge })
    }

    async fn open_request(&self, proposal: &Proposal) -> Result<Option<Open>, Error> {
        match self {
            Self::Gitlab(gitlab) => gitlab.open_request(&proposal.branch, &proposal.base).await,
            Self::Github(github) => github.open_request(&proposal.branch, &proposal.base).await,
            Self::Directory(_) => Err(no_requests()),
        }
    }

    /// Are the files in the branch as they should be?
    async fn is_in_branch(&self, proposal: &Proposal) -> Result<bool, Error> {
        let Some(tip) = self.tip(&proposal.branch).await? else { return Ok(false) };
        for file in &proposal.files {
            if self.file(&file.path, &tip).await?.as_ref() != Some(&file.content) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn no_requests() -> Error {
    Error::Unsupported {
        what: "propose a change".into(),
        forge: "a directory",
        hint: "name a forge: --forge gitlab:https://HOST/GROUP/PROJECT, or github",
    }
}
