//! A release as a forge knows it.

use std::cmp::Ordering;

use crate::{Asset, Image, Invalid, Ref, Tag, Timestamp};

/// The most characters GitLab takes as a release's description.
pub const LONGEST_DESCRIPTION: usize = 1_000_000;

/// A release: what [`Draft`] says, checked as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release(Draft);

/// What is to be released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The tag it is known by.
    pub tag: Tag,
    /// The title; GitLab's default is the tag.
    pub name: String,
    /// The commit it was made from, or a branch or tag.
    pub git_ref: Option<Ref>,
    /// The notes, as Markdown.
    pub description: String,
    /// When it was, or will be, released.
    pub released_at: Timestamp,
    /// The container image that runs it.
    pub image: Option<Image>,
    /// The titles of milestones, which have to be there, in alphabetical order.
    pub milestones: Vec<String>,
    /// Links to what was built, in the order in which they are shown.
    pub assets: Vec<Asset>,
}

impl Release {
    /// Checks what concerns the release as a whole.
    ///
    /// # Errors
    /// When the name is empty, the description longer than [`LONGEST_DESCRIPTION`], or two assets have the same name, URL
    /// or path: GitLab refuses that, and nobody could tell them apart.
    pub fn new(draft: Draft) -> Result<Self, Invalid> {
        if draft.name.trim().is_empty() {
            return Err(Invalid::new("release name", &draft.name, "it is empty"));
        }
        if draft.name.chars().any(char::is_control) {
            return Err(Invalid::new("release name", &draft.name, "it holds a control character"));
        }
        let length = draft.description.chars().count();
        if length > LONGEST_DESCRIPTION {
            let reason = format!("they have {length} characters, {LONGEST_DESCRIPTION} are allowed");
            return Err(Invalid::new("notes of", draft.tag.as_str(), reason));
        }
        check_unique(&draft.assets)?;
        let mut draft = draft;
        draft.milestones.sort();
        draft.milestones.dedup();
        Ok(Self(draft))
    }

    /// The order of a releases page: versions before other tags, newer versions first (SemVer precedence), then what
    /// was released later, then by tag, so that the order is always the same.
    pub fn newest_first(&self, other: &Self) -> Ordering {
        let versions = match (self.tag.version(), other.tag.version()) {
            (Some(ours), Some(theirs)) => theirs.cmp_precedence(&ours),
            (ours, theirs) => theirs.is_some().cmp(&ours.is_some()),
        };
        versions.then_with(|| other.released_at.cmp(&self.released_at)).then_with(|| self.tag.cmp(&other.tag))
    }

    /// Whether both say the same. The order of assets does not count, nor do line endings and what is blank at the end
    /// of the notes: a server need not keep them.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let sorted = |release: &Self| {
            let mut draft = release.0.clone();
            draft.description = draft.description.replace("\r\n", "\n").trim_end().to_owned();
            draft.assets.sort_by(|a, b| a.name().cmp(b.name()));
            draft
        };
        sorted(self) == sorted(other)
    }

    /// Whether its version is one that comes before a release, such as `1.0.0-rc.1`.
    pub fn is_prerelease(&self) -> bool {
        self.tag.version().is_some_and(|version| !version.pre.is_empty())
    }
}

impl std::ops::Deref for Release {
    type Target = Draft;

    fn deref(&self) -> &Draft {
        &self.0
    }
}

fn check_unique(assets: &[Asset]) -> Result<(), Invalid> {
    for (index, asset) in assets.iter().enumerate() {
        let duplicate = |what, text| {
            Err(Invalid::new(what, text, "two assets of one release have it").hint("give each asset its own"))
        };
        for earlier in &assets[..index] {
            if earlier.name() == asset.name() {
                return duplicate("asset name", asset.name());
            }
            if earlier.url() == asset.url() {
                return duplicate("asset URL", asset.url().as_str());
            }
            if let Some(path) =
                asset.direct_asset_path().filter(|path| earlier.direct_asset_path() == Some(path))
            {
                return duplicate("asset path", path);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(tag: &str, released_at: &str) -> Draft {
        Draft {
            tag: tag.parse().unwrap(),
            name: tag.into(),
            git_ref: None,
            description: String::new(),
            released_at: released_at.parse().unwrap(),
            image: None,
            milestones: Vec::new(),
            assets: Vec::new(),
        }
    }

    fn asset(name: &str, url: &str) -> Asset {
        Asset::new(name, url).unwrap()
    }

    #[test]
    fn newer_versions_come_first_and_other_tags_last() {
        let days = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"];
        let expected = [
            ("v1.10.0", days[0]),
            ("1.9.0", days[1]),
            ("v1.9.0", days[0]),
            ("v1.9.0+b", days[0]),
            ("v1.9.0-rc.10", days[0]),
            ("v1.9.0-rc.2", days[1]),
            ("nightly", days[1]),
            ("a", days[0]),
            ("b", days[0]),
        ];
        let mut releases: Vec<Release> =
            expected.iter().rev().map(|(tag, day)| Release::new(draft(tag, day)).unwrap()).collect();
        releases.sort_by(Release::newest_first);
        let tags: Vec<&str> = releases.iter().map(|release| release.tag.as_str()).collect();
        assert_eq!(tags, expected.map(|(tag, _)| tag));
    }

    #[test]
    fn assets_that_cannot_be_told_apart_are_refused() {
        let with_path = |name, url| asset(name, url).with_path("/x").unwrap();
        let table = [
            [asset("a", "https://example.com/1"), asset("a", "https://example.com/2")],
            [asset("a", "https://example.com"), asset("b", "HTTPS://EXAMPLE.com:443/")],
            [with_path("a", "https://example.com/1"), with_path("b", "https://example.com/2")],
        ];
        for assets in table {
            let draft = Draft { assets: assets.to_vec(), ..draft("v1.0.0", "2026-01-01T00:00:00Z") };
            assert!(Release::new(draft).is_err(), "{assets:?}");
        }
    }

    #[test]
    fn the_limits_of_name_and_description_are_kept() {
        let fits = |name: &str, description: String| {
            Release::new(Draft { name: name.into(), description, ..draft("v1.0.0", "2026-01-01T00:00:00Z") })
                .is_ok()
        };
        assert!(fits("x", "é".repeat(LONGEST_DESCRIPTION)));
        assert!(!fits("x", "é".repeat(LONGEST_DESCRIPTION + 1)));
        assert!(!fits(" ", String::new()));
        assert!(!fits("a\u{1b}[31m", String::new()));
    }

    #[test]
    fn a_prerelease_is_known_by_its_version() {
        for (tag, expected) in [("v1.0.0-rc.1", true), ("v1.0.0+5", false), ("nightly-rc.1", false)] {
            assert_eq!(
                Release::new(draft(tag, "2026-01-01T00:00:00Z")).unwrap().is_prerelease(),
                expected,
                "{tag}"
            );
        }
    }
}
