//! The one face of all forges.

use bytes::Bytes;
use http::{Client, Url};

use crate::{Address, Badge, Change, Directory, Error, Found, Github, Gitlab, Release, Tag, Variables, Web};

/// Where releases are kept.
#[derive(Debug)]
pub enum Forge {
    /// In a directory of this machine.
    Directory(Local),
    /// In a project of a GitLab server.
    Gitlab(Box<Gitlab>),
    /// In a repository on GitHub: releases, their notes and files.
    Github(Box<Github>),
}

/// A directory, and whether anything may be written there.
#[derive(Debug)]
pub struct Local {
    pub(crate) directory: Directory,
    pub(crate) dry_run: bool,
    /// Where `public` is served, ending in a slash.
    site: Option<Url>,
}

/// How a forge is opened.
pub struct Opening<'a> {
    /// How to reach a server; it is made when there is one to be reached.
    pub client: &'a dyn Fn() -> Result<Client, http::Error>,
    /// The variables of the environment.
    pub variables: Variables<'a>,
    /// Look, and note what would be written.
    pub dry_run: bool,
    /// Where the site of a directory is served, as GitLab's `CI_PAGES_URL`; it ends in a slash.
    pub site: Option<Url>,
}

/// What is said about a save besides the release itself.
#[derive(Clone, Copy, Debug)]
pub struct Saving {
    /// Its time was asked for. Without that a server takes its own when it creates the release.
    pub dated: bool,
    /// The server may make the tag at the release's `git_ref` when it is not there.
    pub may_tag: bool,
}

/// A file that was stored.
#[derive(Clone, Debug)]
pub struct Stored {
    /// What that changed.
    pub change: Change,
    /// Where it can be had; none where nobody knows under which address a directory is served.
    pub url: Option<Url>,
    /// Where it is, for people.
    pub location: String,
}

/// The package and version of what is kept for all releases. GitLab wants versions to be there.
pub(crate) const KEPT: [&str; 2] = ["release-data", "1"];

impl Forge {
    /// The forge at an address. Nothing is asked for or written.
    ///
    /// # Errors
    /// [`Error::NoDirectory`] when something else is where the directory should be; [`Error::NoProject`] when variables
    /// that name the project are missing.
    pub fn open(address: &Address, opening: Opening<'_>) -> Result<Self, Error> {
        let client = || {
            (opening.client)()
                .map_err(|source| Error::NoAnswer { what: "set up the connection".into(), source })
        };
        match address {
            Address::Directory(path) => {
                let directory = Directory::open(path)?;
                Ok(Self::Directory(Local { directory, dry_run: opening.dry_run, site: opening.site }))
            }
            Address::Gitlab(url) => {
                let gitlab = Gitlab::open(url.as_ref(), opening.variables, client()?, opening.dry_run)?;
                Ok(Self::Gitlab(Box::new(gitlab)))
            }
            Address::Github => {
                Ok(Self::Github(Box::new(Github::open(opening.variables, client()?, opening.dry_run)?)))
            }
        }
    }

    /// All releases, newest version first; see [`Release::newest_first`].
    ///
    /// # Errors
    /// When they cannot be read, or one of a directory is not in order.
    pub async fn releases(&self) -> Result<Vec<Release>, Error> {
        match self {
            Self::Directory(local) => local.directory.releases(),
            Self::Gitlab(gitlab) => gitlab.releases().await,
            Self::Github(github) => github.releases().await,
        }
    }

    /// The release of this tag, if there is one.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub async fn release(&self, tag: &Tag) -> Result<Option<Found>, Error> {
        match self {
            Self::Directory(local) => {
                let found = |release| Found { release, ids: Vec::new(), has_fixed_tag: false };
                Ok(local.directory.release(tag)?.map(found))
            }
            Self::Gitlab(gitlab) => gitlab.release(tag).await,
            Self::Github(github) => github.release(tag).await,
        }
    }

    /// Makes sure that something was ever kept here: whoever reads, and finds nothing, may have named the wrong place. Of a
    /// server nothing is asked; it says so itself.
    ///
    /// # Errors
    /// [`Error::NothingKept`] of a directory that is not there, or holds nothing of ours.
    pub fn expect_begun(&self) -> Result<(), Error> {
        match self {
            Self::Directory(local) => local.directory.expect_begun(),
            Self::Gitlab(_) | Self::Github(_) => Ok(()),
        }
    }

    /// Tells what is wrong with `target` that a server would refuse, or pass over in silence, so that nothing is written
    /// before: a tag that is not there or stands elsewhere, text that is too long, what this forge has not. `found` is
    /// what is there.
    ///
    /// # Errors
    /// What is wrong, or that it cannot be found out.
    pub async fn check(&self, found: Option<&Found>, target: &Release, saving: Saving) -> Result<(), Error> {
        match self {
            Self::Directory(_) => Ok(()),
            Self::Gitlab(gitlab) => gitlab.check(found, target, saving).await,
            Self::Github(github) => github.check(found, target, saving).await,
        }
    }

    /// Makes the release that was `found`, or none, be like `target`, which was [checked](Self::check).
    ///
    /// Nobody is locked out meanwhile: read again what has come of it.
    ///
    /// # Errors
    /// When that cannot be written. What was written by then stays, and the next call does the rest.
    pub async fn save(&self, found: Option<&Found>, target: &Release, saving: Saving) -> Result<(), Error> {
        match self {
            Self::Directory(local) if local.dry_run => Ok(()),
            Self::Directory(local) => local.directory.save(target),
            Self::Gitlab(gitlab) => gitlab.save(found, target, saving).await,
            Self::Github(github) => github.save(found, target, saving).await,
        }
    }

    /// Keeps a file of a release, under its name, where those who may see the release can download it.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn upload(&self, tag: &Tag, name: &str, content: &Bytes) -> Result<Stored, Error> {
        match self {
            Self::Directory(local) => local.publish(&format!("files/{}/{name}", tag.slug()), content),
            Self::Gitlab(gitlab) => {
                let version = package_version(tag.as_str());
                let file = ["release", version.as_str(), name];
                let change = gitlab.store(file, content).await?;
                let url = gitlab.package_url(file);
                Ok(Stored { change, location: url.to_string(), url: Some(url) })
            }
            Self::Github(github) => github.upload(tag, name, content).await,
        }
    }

    /// Whether a file that is kept with a release can be linked to.
    pub fn has_addresses(&self) -> bool {
        match self {
            Self::Directory(local) => local.site.is_some(),
            Self::Gitlab(_) | Self::Github(_) => true,
        }
    }

    /// Whether files belong to a release that has to be there first, and need no link.
    pub fn has_files(&self) -> bool {
        matches!(self, Self::Github(_))
    }

    /// Keeps other runs from changing records until the returned value is dropped, where only that keeps changes from being
    /// lost: in a directory. A server is asked again after each write instead.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn alone(&self) -> Result<Option<std::fs::File>, Error> {
        match self {
            Self::Directory(local) if !local.dry_run => local.directory.lock(),
            _ => Ok(None),
        }
    }

    /// Keeps the picture of a badge, always at the same address.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn store_picture(&self, name: &str, svg: &Bytes) -> Result<Stored, Error> {
        let file = format!("{name}.svg");
        match self {
            Self::Directory(local) => local.publish(&format!("badges/{file}"), svg),
            Self::Gitlab(gitlab) => {
                let place = [KEPT[0], KEPT[1], file.as_str()];
                let change = gitlab.store(place, svg).await?;
                let url = gitlab.package_url(place);
                Ok(Stored { change, location: url.to_string(), url: Some(url) })
            }
            Self::Github(_) => Err(on_github("keep the picture of a badge")),
        }
    }

    /// The address of a stored picture for a badge, with GitLab's placeholder for the project; none where no address is
    /// known.
    pub fn picture_url(&self, name: &str, stored: &Stored) -> Option<String> {
        match self {
            Self::Directory(_) | Self::Github(_) => stored.url.as_ref().map(Url::to_string),
            Self::Gitlab(gitlab) => {
                Some(gitlab.package_badge_url([KEPT[0], KEPT[1], &format!("{name}.svg")]))
            }
        }
    }

    /// Makes the project have exactly one badge of this name, and this one.
    ///
    /// # Errors
    /// When that cannot be written; see [`Error::is_missing_right`].
    pub async fn badge(&self, badge: &Badge) -> Result<Change, Error> {
        match self {
            Self::Directory(local) => local.directory.badge(badge, local.dry_run),
            Self::Gitlab(gitlab) => gitlab.badge(badge).await,
            Self::Github(_) => Err(on_github("show a badge")),
        }
    }

    /// Makes the project's wiki have this page, and says where that is.
    ///
    /// # Errors
    /// When that cannot be written, or there is no wiki.
    pub async fn wiki(&self, title: &str, content: &str) -> Result<(Change, String), Error> {
        match self {
            Self::Directory(local) => {
                let name = format!("{}.md", title.replace(' ', "-"));
                let stored = local.publish(&name, content.as_bytes())?;
                Ok((stored.change, stored.location))
            }
            Self::Gitlab(gitlab) => Ok((gitlab.wiki(title, content).await?, gitlab.wiki_location(title))),
            Self::Github(_) => Err(on_github("write a wiki page")),
        }
    }

    /// The folder that is shown to the world, where the forge is a directory.
    pub fn public(&self) -> Option<std::path::PathBuf> {
        match self {
            Self::Directory(local) => Some(local.directory.public()),
            Self::Gitlab(_) | Self::Github(_) => None,
        }
    }

    /// Where the release of this tag is kept, for people.
    pub fn location(&self, tag: &Tag) -> String {
        match self {
            Self::Directory(local) => local.directory.record_path(tag).display().to_string(),
            Self::Gitlab(gitlab) => gitlab.location(tag),
            Self::Github(github) => github.web().release(tag).into(),
        }
    }

    /// The page of a release on the web, where the forge has one.
    pub fn release_page(&self, tag: &Tag) -> Option<Url> {
        self.web().map(|web| web.release(tag))
    }

    /// The page of all releases on the web, where there is one.
    pub fn releases_page(&self) -> Option<Url> {
        match self {
            Self::Directory(local) => local.site.clone(),
            Self::Gitlab(_) | Self::Github(_) => self.web().map(Web::releases),
        }
    }

    fn web(&self) -> Option<&Web> {
        match self {
            Self::Directory(_) => None,
            Self::Gitlab(gitlab) => gitlab.web(),
            Self::Github(github) => Some(github.web()),
        }
    }

    /// The project as people name it.
    pub fn project(&self) -> Option<&str> {
        match self {
            Self::Directory(_) => None,
            Self::Gitlab(gitlab) => Some(gitlab.project_name()),
            Self::Github(github) => Some(github.project_name()),
        }
    }

    /// The requests that a dry run would have sent, without secrets.
    pub fn planned(&self) -> Vec<String> {
        match self {
            Self::Directory(_) => Vec::new(),
            Self::Gitlab(gitlab) => gitlab.plan().map(|plan| plan.lines()).unwrap_or_default(),
            Self::Github(github) => github.plan().map(|plan| plan.lines()).unwrap_or_default(),
        }
    }
}

impl Local {
    fn publish(&self, file: &str, content: &[u8]) -> Result<Stored, Error> {
        let change = self.directory.publish(file, content, self.dry_run)?;
        let url = self.site.as_ref().and_then(|site| site.join(file).ok());
        let location = self.directory.public().join(file).display().to_string();
        Ok(Stored { change, url, location })
    }
}

impl Saving {
    /// What becomes of a tag that is not in the project.
    pub(crate) fn tag_to_be(self, release: &Release, project: &str) -> Result<(), Error> {
        match release.git_ref.as_ref().filter(|_| self.may_tag) {
            Some(git_ref) => {
                let (tag, git_ref) = (&release.tag, git_ref.as_str());
                tracing::info!("the tag {tag} is not in {project} yet; it is made on {git_ref}");
                Ok(())
            }
            None => Err(Error::NoTag { tag: release.tag.clone(), project: project.to_owned() }),
        }
    }
}

/// GitHub keeps releases, notes and files for us, and nothing else.
pub(crate) fn on_github(what: &str) -> Error {
    Error::Unsupported {
        what: what.to_owned(),
        forge: "GitHub",
        hint: "keep it in a directory, --forge dir:PATH; the releases page of GitHub's releases: release page",
    }
}

/// GitLab allows letters, digits and `.+-_` in the version of a package; no two tags get the same one.
fn package_version(tag: &str) -> String {
    let mut version = String::new();
    for byte in tag.bytes() {
        match byte {
            b'.' | b'+' | b'-' => version.push(byte.into()),
            letter if letter.is_ascii_alphanumeric() => version.push(letter.into()),
            other => version.push_str(&format!("_{other:02X}")),
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_tags_have_one_package() {
        for (tag, version) in [("v1.0.0+a", "v1.0.0+a"), ("api/v1", "api_2Fv1"), ("api_2Fv1", "api_5F2Fv1")] {
            assert_eq!(package_version(tag), version);
        }
    }
}
