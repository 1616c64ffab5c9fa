//! Other files that the services of one extend, and what they bring along.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use yaml_splice::Yaml;

use crate::compose::{Compose, Service};
use crate::inventory::{mounts, ports};
use crate::mounts::Listed;

/// Where a text comes from, as far as it may refer to other files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// Its file; none for standard input, which stands in the current folder.
    file: Option<PathBuf>,
    files: Rc<Files>,
}

/// The files that were given, and those that were read because a service extends one of theirs.
#[derive(Debug, Default)]
struct Files {
    given: Vec<PathBuf>,
    /// They are few.
    read: RefCell<Vec<(PathBuf, Services)>>,
}

/// By their names; none of a file that cannot be read, or is being read.
type Services = Rc<Vec<(String, Rc<Inheritance>)>>;

/// What a service brings along for one that extends it, whatever it inherits itself.
#[derive(Debug, Default)]
pub(crate) struct Inheritance {
    entries: Vec<(&'static str, Brought)>,
    pub(crate) ports: Vec<Listed>,
    pub(crate) mounts: Vec<Listed>,
}

/// An entry of a service in another file.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    /// A scalar, or the context of a build.
    pub(crate) text: Option<String>,
}

/// The keys that anybody asks for.
const KEYS: [&str; 4] = ["build", "image", "pull_policy", "restart"];

impl Place {
    /// The places of these files, none for standard input; they share what is read besides.
    pub(crate) fn of_all(files: &[Option<&Path>]) -> Vec<Self> {
        let given = files.iter().flatten().filter_map(|file| fs::canonicalize(file).ok()).collect();
        let shared = Rc::new(Files { given, read: RefCell::default() });
        files.iter().map(|file| Self { file: file.map(Path::to_owned), files: Rc::clone(&shared) }).collect()
    }

    /// The path of a file that is named here.
    fn resolve(&self, named: &str) -> PathBuf {
        let folder = self.file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        folder.join(named)
    }

    /// Whether a file that is named here is this one.
    pub(crate) fn is(&self, named: &str) -> bool {
        let Some(own) = self.file.as_deref() else {
            return false;
        };
        let bare = Path::new(named.trim_start_matches("./"));
        own.file_name() == Some(bare.as_os_str())
            || fs::canonicalize(own)
                .is_ok_and(|own| fs::canonicalize(self.resolve(named)).is_ok_and(|it| it == own))
    }

    /// Whether a file that is named here is one of those that were given.
    pub(crate) fn is_given(&self, named: &str) -> bool {
        fs::canonicalize(self.resolve(named)).is_ok_and(|file| self.files.given.contains(&file))
    }

    /// The service of a file that is named here; none when it cannot be known.
    pub(crate) fn service(&self, named: &str, service: &str) -> Option<Rc<Inheritance>> {
        let path = fs::canonicalize(self.resolve(named)).ok()?;
        let find = || {
            let read = self.files.read.borrow();
            read.iter().rev().find(|(known, _)| *known == path).map(|(_, services)| Rc::clone(services))
        };
        let services = find().unwrap_or_else(|| {
            // Files may extend each other: then this one is found as one that cannot be read.
            self.files.read.borrow_mut().push((path.clone(), Services::default()));
            let services = self.read(&path).unwrap_or_default();
            self.files.read.borrow_mut().push((path.clone(), Rc::clone(&services)));
            services
        });
        // Of several documents the last one counts.
        services.iter().rev().find(|(name, _)| name == service).map(|(_, known)| Rc::clone(known))
    }

    fn read(&self, path: &Path) -> Option<Services> {
        // A device or a pipe might never end.
        let bytes =
            fs::metadata(path).ok().filter(fs::Metadata::is_file).and_then(|_| fs::read(path).ok())?;
        let place = Self { file: Some(path.to_owned()), files: Rc::clone(&self.files) };
        let yaml = Yaml::open(&bytes).ok()?;
        let compose = Compose::new(&yaml, &place).ok()?;
        let known = compose.services.iter().filter_map(|service| {
            Some((service.name.to_owned(), Rc::new(Inheritance::of(&compose, *service)?)))
        });
        Some(Rc::new(known.collect()))
    }
}

impl Inheritance {
    /// None when it inherits from a file that cannot be read in its turn.
    fn of(compose: &Compose<'_>, service: Service<'_>) -> Option<Self> {
        let mut entries = Vec::new();
        for key in KEYS {
            match compose.merged(service, key) {
                Some(found) if found.is_unknown() => return None,
                Some(found) => entries.push((key, Brought { text: found.text() })),
                None => {}
            }
        }
        Some(Self { entries, ports: ports(compose, service), mounts: mounts(compose, service) })
    }

    /// The entry of this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Brought> {
        self.entries.iter().find(|(known, _)| *known == key).map(|(_, brought)| brought)
    }
}
