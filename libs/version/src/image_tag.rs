//! The tag of an image that is made of a version.

use crate::Version;

/// The version as the tag of an image: with `_` in the place of `+`, which tags may not hold. A version holds no `_` of
/// its own, so no two versions get one tag. Whether a registry takes it, at its length, is up to the tag's own type.
pub fn image_tag(version: &Version) -> String {
    version.to_string().replace('+', "_")
}

/// The version that the tag of an image stands for, if it is one: the way back.
pub fn version_of_tag(tag: &str) -> Option<Version> {
    tag.replacen('_', "+", 1).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_becomes_a_tag_with_plus_as_underscore() {
        let table = [("1.4.3", "1.4.3"), ("v1.5.0-rc.1", "1.5.0-rc.1"), ("1.4.3+g1a2b.x", "1.4.3_g1a2b.x")];
        for (version, tag) in table {
            assert_eq!(image_tag(&version.parse().unwrap()), tag);
            assert_eq!(version_of_tag(tag).unwrap().to_string(), version.trim_start_matches('v'));
        }
        for tag in ["latest", "1", "1.4", "027c3e98", "1.4.3-linux_amd64_v8"] {
            assert!(version_of_tag(tag).is_none(), "{tag}");
        }
    }
}
