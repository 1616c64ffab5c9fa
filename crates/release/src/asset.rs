//! How an asset is typed: `NAME=URL[,type=TYPE][,path=/PATH]`.

use forge::{Asset, Invalid};

const FORM: &str = "expected NAME=URL[,type=image|package|runbook|other][,path=/PATH]";

/// Reads one asset.
pub(crate) fn parse(text: &str) -> Result<Asset, Invalid> {
    let invalid = |reason: String| Invalid::new("asset", text, reason).hint(FORM);
    let (name, mut rest) = text.split_once('=').ok_or_else(|| invalid("it has no =".into()))?;
    let (mut link_type, mut path) = (None, None);
    // From the end, since a URL may hold commas of its own.
    while let Some((before, key, value)) = last_attribute(rest) {
        let known = match key {
            "type" => &mut link_type,
            "path" => &mut path,
            _ => {
                return Err(Invalid::new("asset", text, format!("there is no attribute '{key}'"))
                    .hint("there are type and path; write a comma within the URL as %2C"));
            }
        };
        if known.replace(value).is_some() {
            return Err(invalid(format!("it says {key} twice")));
        }
        rest = before;
    }
    let mut asset = Asset::new(name, rest)?;
    if let Some(link_type) = link_type {
        asset = asset.with_type(link_type.parse()?);
    }
    match path {
        Some(path) => asset.with_path(path),
        None => Ok(asset),
    }
}

/// Splits `rest,word=value` at its last comma. Anything else behind a comma belongs to the URL.
fn last_attribute(text: &str) -> Option<(&str, &str, &str)> {
    let (before, attribute) = text.rsplit_once(',')?;
    let (key, value) = attribute.split_once('=')?;
    let is_word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    is_word.then_some((before, key, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use forge::LinkType;

    #[test]
    fn name_url_type_and_path_are_read() {
        let url = "https://example.com/x";
        let table = [
            (format!("A b={url}"), "A b", url, LinkType::Other, None),
            (format!("A={url},type=image"), "A", url, LinkType::Image, None),
            (format!("A={url},path=/a/b,type=package"), "A", url, LinkType::Package, Some("/a/b")),
            (format!("A={url}?q=1,2,type=other"), "A", "https://example.com/x?q=1,2", LinkType::Other, None),
            (format!("A={url}?q=a=b"), "A", "https://example.com/x?q=a=b", LinkType::Other, None),
            (format!("A={url},type=runbook,path=/a=b"), "A", url, LinkType::Runbook, Some("/a=b")),
        ];
        for (text, name, url, link_type, path) in table {
            let asset = parse(&text).unwrap();
            let read = (asset.name(), asset.url().as_str(), asset.link_type(), asset.direct_asset_path());
            assert_eq!(read, (name, url, link_type, path), "{text}");
        }
    }

    #[test]
    fn mistakes_are_told() {
        let table = [
            ("", "it has no ="),
            ("https://example.com/x", "it has no ="),
            ("=https://example.com/x", "it is empty"),
            ("A=", "relative URL"),
            ("A=example.com", "relative URL"),
            ("A=ftp://example.com", "only http and https"),
            ("A=https://example.com,tpye=image", "no attribute 'tpye'"),
            ("A=https://example.com,type=binary", "asset type 'binary'"),
            ("A=https://example.com,type=", "asset type ''"),
            ("A=https://example.com,path=x", "does not start with /"),
            ("A=https://example.com,type=image,type=image", "says type twice"),
        ];
        for (text, expected) in table {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
