//! What is wanted of a release: the command line, checked.

use std::path::PathBuf;

use contract::Failure;
use forge::{Asset, Draft, Found, Image, Invalid, Ref, Release, Saving, Tag, Timestamp};

use crate::cli::Create;
use crate::pipeline::{Commit, Pipeline};
use crate::{asset, notes, place};

/// What a release is to be like, as far as that was said.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) tag: Tag,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) assets: Vec<Asset>,
    pub(crate) notes: Option<String>,
    pub(crate) git_ref: Option<Ref>,
    may_tag: bool,
    name: Option<String>,
    image: Option<Image>,
    milestones: Vec<String>,
    released_at: Option<Timestamp>,
    replace: bool,
}

/// A file to be kept with the release.
#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) path: PathBuf,
    /// The last part of its path.
    pub(crate) name: String,
}

impl Options {
    /// What is said about saving it.
    pub(crate) fn saving(&self) -> Saving {
        Saving { dated: self.released_at.is_some(), may_tag: self.may_tag }
    }

    /// The release as it is to be. One that is there keeps its time, unless another is asked for; a new one gets `now`.
    pub(crate) fn release(&self, found: Option<&Found>, now: Timestamp) -> Result<Release, Failure> {
        let known = found.map(|found| &found.release);
        let kept = known.filter(|_| !self.replace);
        let assets = kept.map(|known| known.assets.clone()).unwrap_or_default();
        let milestones = match kept {
            Some(known) if self.milestones.is_empty() => known.milestones.clone(),
            _ => self.milestones.clone(),
        };
        let draft = Draft {
            tag: self.tag.clone(),
            name: self
                .name
                .clone()
                .or_else(|| kept.map(|known| known.name.clone()))
                .unwrap_or_else(|| self.tag.to_string()),
            git_ref: self.commit(found)?,
            description: self
                .notes
                .clone()
                .or_else(|| kept.map(|known| known.description.clone()))
                .unwrap_or_default(),
            released_at: self.released_at.or(known.map(|known| known.released_at)).unwrap_or(now),
            image: self.image.clone().or_else(|| kept.and_then(|known| known.image.clone())),
            milestones,
            assets: merged(assets, &self.assets),
        };
        Ok(Release::new(draft)?)
    }

    /// A server's tag stays where it is, whatever its release says.
    fn commit(&self, found: Option<&Found>) -> Result<Option<Ref>, Failure> {
        let there = found.and_then(|found| found.release.git_ref.clone());
        if !found.is_some_and(|found| found.has_fixed_tag) {
            return Ok(self.git_ref.clone().or(there));
        }
        match (&self.git_ref, &there) {
            (Some(wanted), Some(there)) if wanted.is_commit() && wanted != there => {
                Err(forge::Error::TagElsewhere {
                    tag: self.tag.clone(),
                    there: there.as_str().to_owned(),
                    wanted: wanted.as_str().to_owned(),
                }
                .into())
            }
            _ => Ok(there),
        }
    }

    /// Checks everything that can be checked without a forge.
    pub(crate) fn new(typed: &Create) -> Result<Self, Failure> {
        let pipeline = Pipeline::find(place::variable);
        let tag = typed.tag.as_ref().or(pipeline.tag.as_ref()).ok_or_else(|| {
            Failure::usage("no tag says what to release")
                .hint("name it: release create TAG; a pipeline for a tag needs no TAG")
        })?;
        let tag: Tag = tag.parse()?;
        if tag.version().is_none() && !typed.any_tag {
            let message = format!("the tag '{tag}' is no semantic version, such as 1.2.3 or v1.2.3");
            return Err(Failure::usage(message).hint("release it all the same with --any-tag"));
        }
        let Commit { git_ref, may_tag } = pipeline.commit_of(&tag, typed.git_ref.as_deref())?;
        let options = Self {
            git_ref,
            may_tag,
            assets: assets(&typed.assets)?,
            image: typed.image.as_deref().map(image).transpose()?,
            released_at: typed.released_at.as_deref().map(str::parse).transpose()?,
            notes: typed.notes.as_deref().map(notes::read).transpose()?,
            uploads: uploads(&typed.uploads)?,
            milestones: lines(&typed.milestones),
            name: typed.name.clone(),
            replace: typed.replace,
            tag,
        };
        options.check()?;
        Ok(options)
    }

    /// What makes a release that cannot be is told before anything is asked of a server.
    fn check(&self) -> Result<(), Failure> {
        // Where an upload will be is not known yet, its name and path are.
        let mut all = self.assets.clone();
        for (at, upload) in self.uploads.iter().enumerate() {
            all.push(upload.asset(&format!("https://upload-{at}.invalid/"))?);
        }
        Release::new(Draft {
            tag: self.tag.clone(),
            name: self.name.clone().unwrap_or_else(|| self.tag.to_string()),
            git_ref: None,
            description: self.notes.clone().unwrap_or_default(),
            released_at: Timestamp::EPOCH,
            image: None,
            milestones: Vec::new(),
            assets: all,
        })?;
        Ok(())
    }
}

impl Upload {
    /// The link to it, once its address is known.
    pub(crate) fn asset(&self, url: &str) -> Result<Asset, Invalid> {
        let asset = Asset::new(&self.name, url)?.with_type(forge::LinkType::Package);
        asset.with_path(&format!("/{}", self.name))
    }
}

/// What is wanted takes the place of what has its name, its address or its path.
fn merged(mut known: Vec<Asset>, wanted: &[Asset]) -> Vec<Asset> {
    for asset in wanted {
        let is_other = |other: &Asset| {
            let same_path =
                asset.direct_asset_path().is_some() && asset.direct_asset_path() == other.direct_asset_path();
            other.name() != asset.name() && other.url() != asset.url() && !same_path
        };
        let place = known.iter().position(|other| !is_other(other)).unwrap_or(known.len());
        known.retain(is_other);
        known.insert(place.min(known.len()), asset.clone());
    }
    known
}

/// The forge keeps what it is given; whether a registry can have such an image is known here.
fn image(text: &str) -> Result<Image, Failure> {
    text.parse::<registry::Reference>()?;
    Ok(text.parse()?)
}

/// A variable holds several assets, one a line, and a block of YAML ends in a line break.
fn assets(typed: &[String]) -> Result<Vec<Asset>, Invalid> {
    let lines = typed.iter().flat_map(|text| text.trim_end_matches(['\r', '\n']).split('\n'));
    lines.map(|line| asset::parse(line.trim())).collect()
}

/// The same for what may not be empty.
fn lines(typed: &[String]) -> Vec<String> {
    typed.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Names that every forge takes (<https://docs.gitlab.com/user/packages/generic_packages/>).
fn uploads(typed: &[PathBuf]) -> Result<Vec<Upload>, Failure> {
    let mut all = Vec::new();
    for path in typed.iter().filter(|path| !path.as_os_str().is_empty()) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        if name.is_empty() || !name.chars().all(is_plain) {
            let reason = "the name of a file to upload has only letters, digits, dots, -, + and _";
            return Err(Invalid::new("upload", &path.to_string_lossy(), reason)
                .hint("rename the file")
                .into());
        }
        all.push(Upload { path: path.clone(), name });
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_holds_an_asset_a_line() {
        let typed = ["A=https://example.com/a\n  B=https://example.com/b\r\n".to_owned()];
        let found = assets(&typed).unwrap();
        assert_eq!(found.iter().map(Asset::name).collect::<Vec<_>>(), ["A", "B"]);
        assert_eq!(assets(&[]).unwrap(), []);
        assert!(assets(&[String::new()]).is_err());
    }

    #[test]
    fn an_asset_takes_the_place_of_what_it_would_clash_with() {
        let asset = |name: &str, url: &str| Asset::new(name, &format!("https://example.com/{url}")).unwrap();
        let known = || vec![asset("a", "1"), asset("b", "2"), asset("c", "3")];
        let table = [
            (asset("b", "9"), vec![asset("a", "1"), asset("b", "9"), asset("c", "3")]),
            (asset("x", "2"), vec![asset("a", "1"), asset("x", "2"), asset("c", "3")]),
            (asset("a", "3"), vec![asset("a", "3"), asset("b", "2")]),
            (asset("d", "4"), [known(), vec![asset("d", "4")]].concat()),
        ];
        for (wanted, expected) in table {
            assert_eq!(merged(known(), std::slice::from_ref(&wanted)), expected, "{wanted:?}");
        }
    }
}
