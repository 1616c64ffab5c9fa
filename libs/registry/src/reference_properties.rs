//! What holds for every reference, and for every text that is none.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn what_the_grammar_allows_parses_and_prints_as_it_was(
        host in "(localhost|[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\\.[a-z]{2,5}|\\[::[0-9a-f]{1,4}\\])(:[1-9][0-9]{0,3})?",
        path in "[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}(/[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,8})?){1,3}",
        tag in proptest::option::of("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"),
        digest in proptest::option::of("(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})"),
    ) {
        let mut text = format!("{host}/{path}");
        tag.iter().for_each(|tag| text.push_str(&format!(":{tag}")));
        digest.iter().for_each(|digest| text.push_str(&format!("@{digest}")));
        let reference: Reference = text.parse().map_err(|error| TestCaseError::fail(format!("{error}")))?;
        prop_assert_eq!(reference.to_string(), text);
        prop_assert_eq!(reference.repository, Repository::Remote { host, path });
        prop_assert_eq!(reference.tag.map(|tag| tag.to_string()), tag);
        prop_assert_eq!(reference.digest.map(|digest| digest.to_string()), digest);
    }

    #[test]
    fn what_parses_at_all_prints_as_something_that_means_the_same(
        text in prop_oneof![
            any::<String>(),
            "[a-zA-Z0-9:/@.\\[\\]_-]{0,60}",
            "(oci:|docker://)?[a-z:/@.-]{0,30}(@sha256:[0-9a-f]{64})?",
        ],
    ) {
        if let Ok(reference) = text.parse::<Reference>() {
            let again = reference.to_string().parse::<Reference>();
            prop_assert_eq!(again.as_ref(), Ok(&reference), "{}", text);
        }
        let _ = text.parse::<Tag>().map(|tag| assert_eq!(tag.as_str(), text));
    }
}
