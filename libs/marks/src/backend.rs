//! Where marks are kept, behind one face.

use contract::clock;
use registry::{Access, Content, Digest, Manifest, Reference, Registries, Repository, Tag, Which};
use serde::Serialize;

use crate::args::{Choice, MarksArgs};
use crate::artifactory::{Artifactory, Found};
use crate::tagged::{Lock, Tagged};
use crate::{Error, Key, Mark, Provenance, Record, suggest};

/// The image that marks are about. Whatever becomes of the tag it was found by, only its digest counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The digest.
    pub digest: Digest,
    /// The media type of its manifest.
    pub media_type: String,
    /// The length of its manifest, in bytes.
    pub size: u64,
}

impl Subject {
    /// The image whose manifest this is.
    pub fn of(manifest: &Manifest) -> Self {
        let (digest, size) = (manifest.digest().clone(), manifest.bytes().len() as u64);
        Self { digest, media_type: manifest.media_type().to_owned(), size }
    }
}

/// A tag, and the image it leads to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Image {
    /// The tag.
    #[serde(serialize_with = "as_text")]
    pub tag: Tag,
    /// The digest.
    pub digest: Digest,
}

fn as_text<S: serde::Serializer>(tag: &Tag, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(tag)
}

/// What was done to the marks of an image, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct History {
    /// Is this all that ever happened? Some backends keep the last record of a key only.
    pub complete: bool,
    /// The records.
    pub records: Vec<Record>,
}

/// Whether a step was carried out, or why not.
pub(crate) type Written = Result<(), String>;

/// The marks of one repository. Every operation answers alike whatever keeps them; what differs is told at
/// [`Backend::history`].
#[derive(Debug)]
pub struct Backend {
    pub(crate) keeper: Keeper,
    repository: Repository,
}

#[derive(Debug)]
pub(crate) enum Keeper {
    /// A tag for each mark, in a registry or in a layout directory.
    Tagged(Tagged),
    /// Properties of Artifactory.
    Artifactory(Box<Artifactory>),
}

/// What holds now, in the form the keeper needs to write the next record.
pub(crate) enum Known {
    Tagged(Vec<crate::manifest::Kept>),
    Artifactory(crate::artifactory::Files),
}

impl Backend {
    /// Opens the place where the marks of `image`'s repository are kept. Which kind of place that is, is found by asking
    /// the registry, unless the arguments say.
    ///
    /// # Errors
    /// When the arguments do not fit the reference, or the registry cannot be asked.
    pub async fn open(
        image: &Reference,
        access: Access,
        registries: &Registries,
        args: &MarksArgs,
    ) -> Result<Self, Error> {
        match Self::open_if_known(image, access, registries, args).await? {
            Some(backend) => Ok(backend),
            None if args.keeping.backend == Choice::Auto => {
                Self::open_as(image, access, registries, args, Choice::Oci)
            }
            None => Err(registry::Error::NotFound { what: image.repository.to_string() }.into()),
        }
    }

    /// The same; none when nobody can tell yet what keeps the marks, because the repository has no image to ask about.
    ///
    /// # Errors
    /// When the arguments do not fit the reference, or the registry cannot be asked.
    pub async fn open_if_known(
        image: &Reference,
        access: Access,
        registries: &Registries,
        args: &MarksArgs,
    ) -> Result<Option<Self>, Error> {
        let (repository, choice) = (&image.repository, args.keeping.backend);
        let (Repository::Remote { host, path }, Choice::Auto | Choice::Artifactory) = (repository, choice)
        else {
            return Self::open_as(image, access, registries, args, choice).map(Some);
        };
        let registry::Store::Remote(remote) = registries.open(repository, access)? else { return Ok(None) };
        let place = (host.as_str(), path.as_str());
        match Artifactory::find(remote, place, image.which().as_ref(), registries, args).await? {
            Found::Here(artifactory) => {
                let repository = repository.clone();
                Ok(Some(Self { keeper: Keeper::Artifactory(artifactory), repository }))
            }
            Found::Another if choice == Choice::Auto => {
                Self::open_as(image, access, registries, args, Choice::Oci).map(Some)
            }
            Found::Another => Err(Error::NotArtifactory { host: host.clone() }),
            Found::Unknown => Ok(None),
        }
    }

    /// Opens what keeps marks as manifests, if that is what the choice says.
    fn open_as(
        image: &Reference,
        access: Access,
        registries: &Registries,
        args: &MarksArgs,
        choice: Choice,
    ) -> Result<Self, Error> {
        let repository = image.repository.clone();
        let fits = match repository {
            Repository::Layout { .. } => matches!(choice, Choice::Auto | Choice::Layout),
            Repository::Remote { .. } => choice == Choice::Oci,
        };
        if !fits {
            return Err(Error::WrongBackend { choice, repository: repository.to_string() });
        }
        let store = registries.open(&repository, access)?;
        let tagged = Tagged::new(store, repository.to_string(), args.keeping.oci_scheme);
        Ok(Self { keeper: Keeper::Tagged(tagged), repository })
    }

    /// The repository whose marks these are.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Do both speak of the same images, however that was spelled?
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        let real = |repository: &Repository| match repository {
            Repository::Layout { directory } => directory.canonicalize().ok(),
            Repository::Remote { .. } => None,
        };
        match (&self.keeper, &other.keeper, real(&self.repository), real(&other.repository)) {
            (Keeper::Artifactory(one), Keeper::Artifactory(another), _, _) => one.is_same_place(another),
            (_, _, Some(one), Some(another)) => one == another,
            _ => self.repository == other.repository,
        }
    }

    /// Are marks properties of the files of tags, so that an image without a tag can have none?
    pub fn needs_a_tag(&self) -> bool {
        matches!(self.keeper, Keeper::Artifactory(_))
    }

    /// What keeps the marks, for people.
    pub fn name(&self) -> &'static str {
        match (&self.keeper, &self.repository) {
            (Keeper::Artifactory(_), _) => "artifactory",
            (_, Repository::Layout { .. }) => "layout",
            _ => "oci",
        }
    }

    /// The image that is meant. Everything else speaks of the digest found here, whatever becomes of the tag.
    ///
    /// # Errors
    /// When there is no such image.
    pub async fn subject(&self, which: &Which) -> Result<Subject, Error> {
        match &self.keeper {
            Keeper::Tagged(tagged) => Ok(Subject::of(&tagged.manifest(which).await?)),
            Keeper::Artifactory(artifactory) => artifactory.subject(which).await,
        }
    }

    /// The manifests that an index lists; none when it is the manifest of one image.
    ///
    /// # Errors
    /// When there is no such image.
    pub async fn below(&self, which: &Which) -> Result<(Digest, Vec<Digest>), Error> {
        let manifest: Manifest = match &self.keeper {
            Keeper::Tagged(tagged) => tagged.manifest(which).await?,
            Keeper::Artifactory(artifactory) => artifactory.manifest(which).await?,
        };
        let below = match manifest.content() {
            Content::Index { manifests } => manifests.iter().map(|entry| entry.digest.clone()).collect(),
            Content::Image { .. } => Vec::new(),
        };
        Ok((manifest.digest().clone(), below))
    }

    /// All marks of an image, by key.
    ///
    /// # Errors
    /// When they cannot be read, or something else stands where a mark is kept.
    pub async fn marks(&self, subject: &Digest) -> Result<Vec<Mark>, Error> {
        Ok(self.latest(subject, None).await?.iter().filter_map(Record::mark).collect())
    }

    /// What was said last of each of these keys of an image, or of all: that it is set, or that it was unset.
    ///
    /// # Errors
    /// When it cannot be read, or something else stands where a mark is kept.
    pub async fn latest(&self, subject: &Digest, keys: Option<&[Key]>) -> Result<Vec<Record>, Error> {
        match self.known(subject, keys).await? {
            Known::Tagged(kept) => Ok(kept.into_iter().map(|kept| kept.record).collect()),
            Known::Artifactory(files) => files.records(keys),
        }
    }

    /// Makes sure that there is such a repository.
    ///
    /// # Errors
    /// [`registry::Error::NotFound`] when there is none, or none of its images has a tag.
    pub async fn ensure(&self) -> Result<(), Error> {
        match &self.keeper {
            Keeper::Tagged(tagged) => tagged.ensure().await,
            Keeper::Artifactory(artifactory) if artifactory.is_vacant() => Err(self.absent()),
            Keeper::Artifactory(_) => Ok(()),
        }
    }

    fn absent(&self) -> Error {
        registry::Error::NotFound { what: self.repository.to_string() }.into()
    }

    /// All images (tags) that carry all of `wanted`, by tag. Tags of marks are no images.
    ///
    /// # Errors
    /// When there is no such repository, or it cannot be read as a whole: half an answer is none.
    pub async fn find(&self, wanted: &[crate::Assignment]) -> Result<Vec<Image>, Error> {
        match &self.keeper {
            Keeper::Tagged(tagged) => tagged.find(wanted).await,
            Keeper::Artifactory(artifactory) if artifactory.is_vacant() => Err(self.absent()),
            Keeper::Artifactory(artifactory) => artifactory.images(wanted).await,
        }
    }

    /// All keys in use in the repository, to suggest one for another that is not.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub async fn keys(&self) -> Result<Vec<Key>, Error> {
        let mut keys = match &self.keeper {
            Keeper::Tagged(tagged) => tagged.keys().await?,
            Keeper::Artifactory(artifactory) => artifactory.keys().await?,
        };
        keys.sort();
        keys.dedup();
        Ok(keys)
    }

    /// What to say of keys that no image of the repository has, where there are some that look alike.
    pub async fn likely_slip<'a>(&self, missing: impl IntoIterator<Item = &'a Key>) -> Option<String> {
        // Whoever cannot read all keys gets the answer without advice.
        let known = self.keys().await.inspect_err(|error| tracing::debug!("{error}")).ok()?;
        let unknown = missing.into_iter().filter(|key| !known.contains(key));
        let slips = unknown.filter_map(|typed| {
            let meant = suggest(typed, &known)?;
            Some(format!("no image here has {typed}; is {meant} meant?"))
        });
        let slips: Vec<_> = slips.collect();
        (!slips.is_empty()).then(|| slips.join(" "))
    }

    /// What was set and unset on an image, by whom and when. Layouts and registries keep it all, as far as nobody removed
    /// it; Artifactory keeps the last change of each key.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn history(&self, subject: &Digest) -> Result<History, Error> {
        let (mut records, complete) = match &self.keeper {
            Keeper::Tagged(tagged) => tagged.history(subject).await?,
            Keeper::Artifactory(artifactory) => (artifactory.files(subject).await?.records(None)?, false),
        };
        // RFC 3339 in UTC sorts as text does, but for the fraction that a full second leaves out.
        let order = |record: &Record| record.created.clone().unwrap_or_default().replace('Z', "");
        records.sort_by_key(order);
        Ok(History { complete, records })
    }

    pub(crate) async fn carriers(&self, key: &Key) -> Result<Vec<Digest>, Error> {
        match &self.keeper {
            Keeper::Tagged(tagged) => tagged.carriers(key).await,
            Keeper::Artifactory(artifactory) => artifactory.carriers(key).await,
        }
    }

    pub(crate) fn lock(&self) -> Result<Option<Lock>, Error> {
        match &self.keeper {
            Keeper::Tagged(tagged) => tagged.lock().map(Some),
            Keeper::Artifactory(_) => Ok(None),
        }
    }

    pub(crate) async fn known(&self, subject: &Digest, keys: Option<&[Key]>) -> Result<Known, Error> {
        match &self.keeper {
            Keeper::Tagged(tagged) => Ok(Known::Tagged(tagged.records(subject, keys).await?)),
            Keeper::Artifactory(artifactory) => Ok(Known::Artifactory(artifactory.files(subject).await?)),
        }
    }

    /// Carries out steps, whatever is known, and says of each whether it was carried out.
    pub(crate) async fn write(
        &self,
        subject: &Subject,
        steps: &[crate::Step],
        known: &Known,
        provenance: &Provenance,
    ) -> Vec<Written> {
        match (&self.keeper, known) {
            (Keeper::Tagged(tagged), Known::Tagged(known)) => {
                tagged.write(subject, steps, known, provenance).await
            }
            (Keeper::Artifactory(artifactory), Known::Artifactory(files)) => {
                let created = clock::rfc3339(clock::now());
                artifactory.write(subject, steps, files, &created, provenance).await
            }
            // What is known comes from the same keeper.
            _ => Vec::new(),
        }
    }
}

impl Known {
    /// Is a step half done: written to some places of several, or to one that does not count?
    pub(crate) fn is_partial(&self, step: &crate::Step) -> bool {
        match self {
            Self::Tagged(_) => false,
            Self::Artifactory(files) => files.is_partial(step),
        }
    }

    /// The marks that hold, for one who is about to write: values that contradict each other count as none, and writing
    /// heals them.
    pub(crate) fn settled(&self) -> Vec<Mark> {
        match self {
            Self::Tagged(kept) => kept.iter().filter_map(|kept| kept.record.mark()).collect(),
            Self::Artifactory(files) => files.settled().iter().filter_map(Record::mark).collect(),
        }
    }
}
