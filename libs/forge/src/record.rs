//! A release as JSON: the shape of the records on disk and of what tools print. Its names are those of GitLab's API
//! (<https://docs.gitlab.com/api/releases/>), so that one reader serves both.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Asset, Draft, Image, Invalid, Release};

/// A release.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRecord {
    tag_name: String,
    name: String,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    released_at: String,
    image: Option<ImageRecord>,
    /// Records of the first version have none.
    #[serde(default)]
    milestones: Vec<String>,
    assets: AssetsRecord,
    description: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageRecord {
    reference: String,
    digest: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AssetsRecord {
    links: Vec<LinkRecord>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkRecord {
    name: String,
    url: String,
    link_type: String,
    direct_asset_path: Option<String>,
}

impl From<&Release> for ReleaseRecord {
    fn from(release: &Release) -> Self {
        let image = |image: &Image| ImageRecord {
            reference: image.reference().to_owned(),
            digest: image.digest().map(str::to_owned),
        };
        let link = |asset: &Asset| LinkRecord {
            name: asset.name().to_owned(),
            url: asset.url().to_string(),
            link_type: asset.link_type().to_string(),
            direct_asset_path: asset.direct_asset_path().map(str::to_owned),
        };
        Self {
            tag_name: release.tag.to_string(),
            name: release.name.clone(),
            git_ref: release.git_ref.as_ref().map(|git_ref| git_ref.as_str().to_owned()),
            released_at: release.released_at.to_string(),
            image: release.image.as_ref().map(image),
            milestones: release.milestones.clone(),
            assets: AssetsRecord { links: release.assets.iter().map(link).collect() },
            description: release.description.clone(),
        }
    }
}

impl TryFrom<ReleaseRecord> for Release {
    type Error = Invalid;

    fn try_from(record: ReleaseRecord) -> Result<Self, Invalid> {
        Release::new(Draft {
            tag: record.tag_name.parse()?,
            name: record.name,
            git_ref: record.git_ref.map(|git_ref| git_ref.parse()).transpose()?,
            description: record.description,
            released_at: record.released_at.parse()?,
            image: record.image.map(Image::try_from).transpose()?,
            milestones: record.milestones,
            assets: record.assets.links.into_iter().map(Asset::try_from).collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<ImageRecord> for Image {
    type Error = Invalid;

    fn try_from(record: ImageRecord) -> Result<Self, Invalid> {
        let image: Self = record.reference.parse()?;
        match record.digest {
            Some(digest) => image.with_digest(&digest),
            None => Ok(image),
        }
    }
}

impl TryFrom<LinkRecord> for Asset {
    type Error = Invalid;

    fn try_from(record: LinkRecord) -> Result<Self, Invalid> {
        let asset = Self::new(&record.name, &record.url)?.with_type(record.link_type.parse()?);
        match record.direct_asset_path {
            Some(path) => asset.with_path(&path),
            None => Ok(asset),
        }
    }
}

/// What a record on disk can have wrong, before it is a release.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("it has no \"schema\"")]
    NoSchema,
    #[error("its schema is {0}, and this version of the tool knows {known}", known = contract::output::SCHEMA)]
    Schema(Value),
    #[error("{0}")]
    Invalid(Invalid),
}

/// Reads one document: the record with its `schema`. A field that is not known is an error: it would be lost when the
/// record is written again.
pub(crate) fn read(text: &[u8]) -> Result<Release, Unreadable> {
    let record: ReleaseRecord = serde_json::from_value(document(text)?).map_err(Unreadable::Json)?;
    record.try_into().map_err(Unreadable::Invalid)
}

/// A document without its `schema`, which has to be ours.
pub(crate) fn document(text: &[u8]) -> Result<Value, Unreadable> {
    let mut document: Value = serde_json::from_slice(text).map_err(Unreadable::Json)?;
    let schema = document.as_object_mut().and_then(|fields| fields.remove("schema"));
    match schema {
        None => Err(Unreadable::NoSchema),
        Some(schema) if schema != contract::output::SCHEMA => Err(Unreadable::Schema(schema)),
        Some(_) => Ok(document),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(release: &Release) -> Vec<u8> {
        let mut text = Vec::new();
        contract::output::json(&mut text, &ReleaseRecord::from(release)).unwrap();
        text
    }

    fn release() -> Release {
        let image: Image = "app:1".parse().unwrap();
        let asset = Asset::new("Tool", "https://example.com/tool?a=b,c").unwrap();
        Release::new(Draft {
            tag: "v1.0.0".parse().unwrap(),
            name: "A <name>".into(),
            git_ref: Some("main".parse().unwrap()),
            description: "# Notes\r\n\u{1F980}".into(),
            released_at: "2026-11-21T08:00:00Z".parse().unwrap(),
            image: Some(image.with_digest(&format!("sha256:{}", "0".repeat(64))).unwrap()),
            milestones: vec!["Spring".into()],
            assets: vec![asset.with_type(crate::LinkType::Package).with_path("/tool").unwrap()],
        })
        .unwrap()
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(&written(&release())).unwrap(), release());
        let bare =
            Release::new(Draft { git_ref: None, image: None, assets: Vec::new(), ..(*release()).clone() });
        let bare = bare.unwrap();
        assert_eq!(read(&written(&bare)).unwrap(), bare);
    }

    #[test]
    fn a_record_that_is_not_in_order_is_refused_with_the_reason() {
        let good = String::from_utf8(written(&release())).unwrap();
        let table = [
            ("\"schema\": 1", "\"schema\": 2", "schema is 2"),
            ("\"schema\": 1,", "", "no \"schema\""),
            ("\"name\": \"A <name>\"", "\"name\": 1", "expected a string"),
            ("\"name\": \"A <name>\"", "\"more\": true, \"name\": \"A\"", "unknown field `more`"),
            ("https://example.com", "javascript:alert(1)//", "only http and https"),
            ("2026-11-21T08", "yesterday", "RFC 3339"),
            ("\"package\"", "\"binary\"", "asset type 'binary'"),
            ("sha256:000", "sha256:00z", "is no digest"),
            ("v1.0.0", "v1 0 0", "git allows no ' '"),
            ("\n}", "\n", "EOF"),
        ];
        for (old, new, expected) in table {
            let text = good.replace(old, new);
            assert_ne!(text, good, "{old}");
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        for text in ["", "[]", "null", "\u{0}"] {
            assert!(read(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
