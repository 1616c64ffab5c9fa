//! What is wanted: the command line, checked.

use contract::Failure;
use forge::{Address, Asset, Draft, Image, Invalid, Ref, Release, Tag, Timestamp};

use crate::cli::Create;
use crate::{asset, notes};

/// A release that is to be there.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) forge: Address,
    pub(crate) tag: Tag,
    pub(crate) project: Option<String>,
    name: String,
    git_ref: Option<Ref>,
    notes: String,
    assets: Vec<Asset>,
    image: Option<Image>,
    released_at: Option<Timestamp>,
}

impl Options {
    /// The release as it is to be. One that is there keeps its time, unless another is asked for; a new one gets `now`.
    pub(crate) fn release(&self, known: Option<&Release>, now: Timestamp) -> Result<Release, Invalid> {
        Release::new(Draft {
            tag: self.tag.clone(),
            name: self.name.clone(),
            git_ref: self.git_ref.clone(),
            description: self.notes.clone(),
            released_at: self.released_at.or(known.map(|known| known.released_at)).unwrap_or(now),
            image: self.image.clone(),
            assets: self.assets.clone(),
        })
    }
}

impl TryFrom<Create> for Options {
    type Error = Failure;

    fn try_from(typed: Create) -> Result<Self, Failure> {
        let tag: Tag = typed.tag.parse()?;
        if tag.version().is_none() && !typed.any_tag {
            let message = format!("the tag '{tag}' is no semantic version, such as 1.2.3 or v1.2.3");
            return Err(Failure::usage(message).hint("release it all the same with --any-tag"));
        }
        let name = typed.name.unwrap_or_else(|| tag.to_string());
        Ok(Self {
            forge: typed.forge.parse()?,
            git_ref: typed.git_ref.map(|text| text.parse()).transpose()?,
            assets: assets(&typed.assets)?,
            image: typed.image.map(|text| text.parse()).transpose()?,
            released_at: typed.released_at.map(|text| text.parse()).transpose()?,
            notes: typed.notes.map(|path| notes::read(&path)).transpose()?.unwrap_or_default(),
            project: typed.project,
            name,
            tag,
        })
    }
}

/// A variable holds several assets, one a line, and a block of YAML ends in a line break.
fn assets(typed: &[String]) -> Result<Vec<Asset>, Invalid> {
    let lines = typed.iter().flat_map(|text| text.trim_end_matches(['\r', '\n']).split('\n'));
    lines.map(|line| asset::parse(line.trim())).collect()
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
}
