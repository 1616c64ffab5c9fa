//! A forge without a server: `releases/` holds a record for each release, `environments.json` says what runs where,
//! `badges/` holds a record for each badge, `public/` what the world sees, under the name from which GitLab Pages serves.
//!
//! Each file is replaced as a whole. Who changes a record or the document of environments holds a lock from reading to
//! writing, so that no run undoes another's; who derives something from all of them needs none, and sees whether another one
//! has come in the meantime.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use contract::file;
use serde::Serialize;

use crate::record::{self, ReleaseRecord};
use crate::{Badge, Change, Environments, Error, Release, Tag, environment};

/// A directory that holds releases. It need not exist before the first one.
#[derive(Debug)]
pub struct Directory {
    root: PathBuf,
}

impl Directory {
    pub(crate) fn open(root: &Path) -> Result<Self, Error> {
        match fs::metadata(root) {
            Ok(known) if !known.is_dir() => Err(Error::NoDirectory { path: root.to_owned() }),
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(Error::Read { path: root.to_owned(), source })
            }
            _ => Ok(Self { root: root.to_owned() }),
        }
    }

    /// Something was kept here, if only a folder for releases.
    pub(crate) fn expect_begun(&self) -> Result<(), Error> {
        let ours = [self.records(), self.environments_path(), self.badges()];
        match ours.iter().any(|path| path.exists()) {
            true => Ok(()),
            false => Err(Error::NothingKept { path: self.root.clone(), is_there: self.root.is_dir() }),
        }
    }

    /// Waits until nobody else changes what is kept here, and keeps others out until the file is dropped. On a file system
    /// without locks everybody goes on without.
    pub(crate) fn lock(&self) -> Result<Option<File>, Error> {
        let unwritable = |source| Error::Write { path: self.root.clone(), source };
        fs::create_dir_all(&self.root).map_err(unwritable)?;
        let file = File::create(self.root.join(".lock")).map_err(unwritable)?;
        Ok(file.lock().is_ok().then_some(file))
    }

    fn records(&self) -> PathBuf {
        self.root.join("releases")
    }

    fn badges(&self) -> PathBuf {
        self.root.join("badges")
    }

    pub(crate) fn record_path(&self, tag: &Tag) -> PathBuf {
        self.records().join(record_name(tag))
    }

    /// What is published.
    pub(crate) fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    pub(crate) fn environments_path(&self) -> PathBuf {
        self.root.join("environments.json")
    }

    pub(crate) fn releases(&self) -> Result<Vec<Release>, Error> {
        let folder = self.records();
        let unreadable = |source| Error::Read { path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
        let mut paths = paths.map_err(unreadable)?;
        paths.retain(|path| is_record(path));
        // The file system's order is none; of several damaged records the same one is named each time.
        paths.sort();
        let mut releases = paths.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
        releases.sort_by(Release::newest_first);
        Ok(releases)
    }

    /// Reads all of them: one that is damaged has to be told before anything is written.
    pub(crate) fn release(&self, tag: &Tag) -> Result<Option<Release>, Error> {
        Ok(self.releases()?.into_iter().find(|release| release.tag == *tag))
    }

    pub(crate) fn save(&self, release: &Release) -> Result<(), Error> {
        let path = self.record_path(&release.tag);
        write(&path, &document(&path, &ReleaseRecord::from(release))?)
    }

    pub(crate) fn environments(&self) -> Result<Environments, Error> {
        let path = self.environments_path();
        match fs::read(&path) {
            Ok(text) => {
                environment::read(&text).map_err(|source| Error::Damaged { path, source: source.into() })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Environments::new()),
            Err(source) => Err(Error::Read { path, source }),
        }
    }

    pub(crate) fn save_environments(&self, environments: &Environments) -> Result<(), Error> {
        write(&self.environments_path(), &environment::write(environments))
    }

    /// Makes the badge's record be like this.
    pub(crate) fn badge(&self, badge: &Badge, dry_run: bool) -> Result<Change, Error> {
        let path = self.badges().join(format!("{}.json", crate::tag::slug(badge.name())));
        let record =
            BadgeRecord { name: badge.name(), image_url: badge.image_url(), link_url: badge.link_url() };
        let text = document(&path, &record)?;
        put(&path, &text, dry_run)
    }

    /// Makes a published file have this content.
    pub(crate) fn publish(&self, file: &str, content: &[u8], dry_run: bool) -> Result<Change, Error> {
        put(&self.public().join(file), content, dry_run)
    }
}

#[derive(Serialize)]
struct BadgeRecord<'a> {
    name: &'a str,
    image_url: &'a str,
    link_url: &'a str,
}

fn document(path: &Path, body: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    contract::output::json(&mut text, body).map_err(|failure| Error::Write {
        path: path.to_owned(),
        source: io::Error::other(failure.to_string()),
    })?;
    Ok(text)
}

/// Writes a file that is not like that already, or says what that would do.
fn put(path: &Path, content: &[u8], dry_run: bool) -> Result<Change, Error> {
    let change = match fs::read(path) {
        Ok(known) if known == content => return Ok(Change::Unchanged),
        Ok(_) => Change::Updated,
        Err(error) if error.kind() == ErrorKind::NotFound => Change::Created,
        Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
    };
    if !dry_run {
        write(path, content)?;
    }
    Ok(change)
}

fn record_name(tag: &Tag) -> String {
    format!("{}.json", tag.slug())
}

/// Temporary files start with a dot, which no record does; an editor's backups end in something else.
fn is_record(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    !hidden && path.extension().is_some_and(|extension| extension == "json")
}

fn read(path: &Path) -> Result<Release, Error> {
    let text = fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let release = record::read(&text)
        .map_err(|source| Error::Damaged { path: path.to_owned(), source: source.into() })?;
    // On a file system that takes `v1.0.0-RC` and `v1.0.0-rc` for the same name, one would replace the other.
    let expected = record_name(&release.tag);
    if path.file_name().is_some_and(|name| name == expected.as_str()) {
        Ok(release)
    } else {
        Err(Error::Misplaced { path: path.to_owned(), tag: release.tag.to_string(), expected })
    }
}

fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
    // What a killed run has left would be published with the rest.
    file::clear_abandoned(folder);
    file::replace(path, content).map_err(|source| Error::Write { path: path.to_owned(), source })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Draft;

    fn release(tag: &str) -> Release {
        Release::new(Draft {
            tag: tag.parse().unwrap(),
            name: tag.into(),
            git_ref: None,
            description: String::new(),
            released_at: "2026-11-21T08:00:00Z".parse().unwrap(),
            image: None,
            milestones: Vec::new(),
            assets: Vec::new(),
        })
        .unwrap()
    }

    #[test]
    fn releases_come_back_newest_first_whatever_their_tags_hold() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(&folder.path().join("not/there/yet")).unwrap();
        assert_eq!(directory.releases().unwrap(), []);
        let tags = ["v1.9.0", "api/v1.0.0", "v1.10.0", "api%2Fv1.0.0"];
        for tag in tags {
            directory.save(&release(tag)).unwrap();
        }
        let expected = ["v1.10.0", "v1.9.0", "api%2Fv1.0.0", "api/v1.0.0"].map(release);
        assert_eq!(directory.releases().unwrap(), expected);
    }

    #[test]
    fn what_is_no_record_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        directory.save(&release("v1.0.0")).unwrap();
        for name in [".pypelines-x1y2z3", ".v2.0.0.json", "v2.0.0.json.tmp", "v2.0.0.json~", "README.md"] {
            fs::write(directory.records().join(name), "{").unwrap();
        }
        assert_eq!(directory.releases().unwrap(), [release("v1.0.0")]);
    }

    #[test]
    fn a_record_under_another_tags_name_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        directory.save(&release("v1.0.0-rc")).unwrap();
        fs::rename(directory.records().join("v1.0.0-rc.json"), directory.records().join("v1.0.0-RC.json"))
            .unwrap();
        let error = directory.releases().unwrap_err();
        assert!(
            matches!(&error, Error::Misplaced { expected, .. } if expected == "v1.0.0-rc.json"),
            "{error}"
        );
    }

    #[test]
    fn what_publishing_would_do_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::open(folder.path()).unwrap();
        assert_eq!(directory.publish("index.html", b"a", true).unwrap(), Change::Created);
        assert_eq!(directory.publish("index.html", b"a", false).unwrap(), Change::Created);
        assert_eq!(directory.publish("index.html", b"a", true).unwrap(), Change::Unchanged);
        assert_eq!(directory.publish("index.html", b"b", true).unwrap(), Change::Updated);
    }

    #[test]
    fn a_file_is_no_forge() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert!(matches!(Directory::open(file.path()), Err(Error::NoDirectory { .. })));
        assert!(matches!(Directory::open(&file.path().join("x")), Err(Error::Read { .. })));
    }
}
