//! Marks in an OCI layout directory.

use contract::clock;
use registry::{Digest, Layout, Manifest, Which};

use crate::manifest::{self, EMPTY};
use crate::{Assignment, Change, Error, Mark, Provenance};

/// The marks of the images in one layout directory.
pub struct LayoutMarks {
    layout: Layout,
}

impl LayoutMarks {
    /// The marks in this layout.
    pub fn new(layout: Layout) -> Self {
        Self { layout }
    }

    /// The image that is marked. Everything else speaks of the digest found here, whatever becomes of the tag.
    ///
    /// # Errors
    /// When there is no such image.
    pub fn subject(&self, which: &Which) -> Result<Manifest, Error> {
        Ok(self.layout.manifest(which)?)
    }

    /// All marks of an image, by key.
    ///
    /// # Errors
    /// When the layout cannot be read, or something else stands where a mark is kept.
    pub fn get(&self, subject: &Digest) -> Result<Vec<Mark>, Error> {
        let mut marks = Vec::new();
        for (tag, _) in self.layout.tags()? {
            let Some(key) = manifest::key_of(subject, &tag) else {
                continue;
            };
            let what = format!("oci:{}:{tag}", self.layout.directory().display());
            let manifest = self.layout.manifest(&Which::Tag(tag))?;
            marks.push(manifest::read(&manifest, subject, &key, &what)?);
        }
        marks.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(marks)
    }

    /// Sets marks, and says for each what that changes. With `dry_run` nothing is written.
    ///
    /// # Errors
    /// When the layout cannot be written. Marks before the one that failed are set.
    pub fn set(
        &self,
        subject: &Manifest,
        wanted: &[Assignment],
        provenance: &Provenance,
        dry_run: bool,
    ) -> Result<Vec<Change>, Error> {
        let known = self.get(subject.digest())?;
        let created = clock::rfc3339(clock::now());
        let mut changes = Vec::new();
        for assignment in wanted {
            let change = match known.iter().find(|mark| mark.key == assignment.key) {
                Some(mark) if mark.value == assignment.value => Change::Unchanged,
                Some(mark) => Change::Changed { previous: mark.value.clone() },
                None => Change::Created,
            };
            if change != Change::Unchanged && !dry_run {
                let Assignment { key, value } = assignment.clone();
                let mark = Mark { key, value, created: created.clone(), provenance: provenance.clone() };
                self.write(subject, &mark)?;
            }
            changes.push(change);
        }
        Ok(changes)
    }

    /// The empty content first, then the manifest, its name last.
    fn write(&self, subject: &Manifest, mark: &Mark) -> Result<(), Error> {
        self.layout.put_bytes(EMPTY)?;
        let manifest = manifest::write(subject, mark)?;
        let tag = manifest::tag(subject.digest(), &mark.key)?;
        Ok(self.layout.put_manifest(&manifest, &Which::Tag(tag))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unmet;

    const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"c","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0},"layers":[]}"#;

    fn marks() -> (tempfile::TempDir, LayoutMarks, Manifest) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        layout.create().unwrap();
        let image = Manifest::parse(IMAGE.to_owned().into(), None, &"x").unwrap();
        layout.put_manifest(&image, &Which::Tag("1".parse().unwrap())).unwrap();
        (folder, LayoutMarks::new(layout), image)
    }

    fn set(marks: &LayoutMarks, image: &Manifest, text: &[&str]) -> Vec<Change> {
        let wanted: Vec<_> = text.iter().map(|text| text.parse().unwrap()).collect();
        marks.set(image, &wanted, &Provenance::default(), false).unwrap()
    }

    fn shown(marks: &LayoutMarks, image: &Manifest) -> Vec<String> {
        marks.get(image.digest()).unwrap().iter().map(|mark| format!("{}={}", mark.key, mark.value)).collect()
    }

    #[test]
    fn the_latest_value_holds_and_setting_it_again_writes_nothing() {
        let (folder, marks, image) = marks();
        assert_eq!(set(&marks, &image, &["tested", "scanned=no"]), [Change::Created, Change::Created]);
        let before = std::fs::read(folder.path().join("index.json")).unwrap();
        assert_eq!(set(&marks, &image, &["tested"]), [Change::Unchanged]);
        assert_eq!(std::fs::read(folder.path().join("index.json")).unwrap(), before);
        let changed = set(&marks, &image, &["scanned"]);
        assert_eq!(changed, [Change::Changed { previous: "no".parse().unwrap() }]);
        assert_eq!(shown(&marks, &image), ["scanned=true", "tested=true"]);
    }

    #[test]
    fn a_mark_belongs_to_one_digest() {
        let (_folder, marks, image) = marks();
        set(&marks, &image, &["tested"]);
        let other = Manifest::parse(format!("{IMAGE}\n").into(), None, &"x").unwrap();
        assert!(marks.get(other.digest()).unwrap().is_empty());
    }

    #[test]
    fn something_else_under_the_tag_of_a_mark_is_not_taken_for_one() {
        let (_folder, marks, image) = marks();
        let tag = manifest::tag(image.digest(), &"tested".parse().unwrap()).unwrap();
        marks.layout.put_manifest(&image, &Which::Tag(tag)).unwrap();
        let error = marks.get(image.digest()).unwrap_err().to_string();
        assert!(error.contains("artifactType"), "{error}");
    }

    #[test]
    fn what_is_missing_or_other_is_unmet() {
        let (_folder, marks, image) = marks();
        set(&marks, &image, &["tested", "scanned=false"]);
        let wanted: Vec<Assignment> =
            ["tested", "scanned", "signed"].map(|text| text.parse().unwrap()).to_vec();
        let unmet = unmet(&marks.get(image.digest()).unwrap(), &wanted);
        let shown: Vec<_> =
            unmet.iter().map(|unmet| (unmet.wanted.key.as_str(), unmet.found.is_some())).collect();
        assert_eq!(shown, [("scanned", true), ("signed", false)]);
    }
}
