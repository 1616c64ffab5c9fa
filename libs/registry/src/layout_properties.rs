//! Whatever stands in an `index.json`: no panic, and nothing that is not there is found.

use proptest::prelude::*;

use super::*;

/// An entry of an index as some tool may write it.
const ENTRY: &str = "(\\{\"mediaType\":\"m\",\"digest\":\"sha256:[0-9a-f]{64}\",\"size\":[0-9]{1,3}(,\"annotations\":(null|\\{\\}|\\{\"org\\.opencontainers\\.image\\.ref\\.name\":(5|\"[a-z.+/]{0,4}\")\\}))?\\}|null|\\[\\]|\"x\")";

proptest! {
    // Each writes files.
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_index_is_refused_or_read(
        index in prop_oneof![
            any::<Vec<u8>>(),
            prop::collection::vec(ENTRY, 0..4)
                .prop_map(|entries| format!("{{\"x\":1,\"manifests\":[{}]}}", entries.join(",")).into_bytes()),
        ],
    ) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path());
        fs::write(folder.path().join(MARKER), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        fs::write(folder.path().join(INDEX), &index).unwrap();
        match layout.tags() {
            Ok(tags) => {
                for (tag, digest) in tags {
                    prop_assert!(layout.resolve(&tag).unwrap().is_some());
                    // It is named and not there.
                    prop_assert!(layout.manifest(&Which::Tag(tag)).is_err());
                    prop_assert!(layout.manifest(&Which::Digest(digest)).is_err());
                }
            }
            Err(error) => prop_assert!(matches!(error, Error::Layout { .. }), "{}", error),
        }
        prop_assert_eq!(fs::read(folder.path().join(INDEX)).unwrap(), index, "reading has changed it");
    }
}
