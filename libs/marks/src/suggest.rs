//! `scaned` was asked for, and `scanned` is what there is.

use crate::Key;

/// The known key that `typed` is most likely a slip of, if there is one that near.
pub(crate) fn suggest<'a>(typed: &Key, known: impl IntoIterator<Item = &'a Key>) -> Option<&'a Key> {
    let text = typed.as_str();
    // A slip in every fourth letter or so: short keys that differ in one letter are different keys.
    let most = match text.chars().count() {
        0..=2 => 0,
        3..=5 => 1,
        length => (length / 4).clamp(2, 3),
    };
    let near = known
        .into_iter()
        .filter(|key| *key != typed)
        .map(|key| (strsim::osa_distance(&text.to_lowercase(), &key.as_str().to_lowercase()), key));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_leads_to_the_nearest_key_and_another_word_to_none() {
        let known: Vec<Key> =
            ["scanned", "tested", "release-prod", "ok", "signed"].map(|key| key.parse().unwrap()).to_vec();
        let table = [
            ("scaned", Some("scanned")),
            ("scanend", Some("scanned")),
            ("Tested", Some("tested")),
            ("teste", Some("tested")),
            ("release_prod", Some("release-prod")),
            ("realease-prd", Some("release-prod")),
            ("of", None),
            ("deployed", None),
            ("scanned", None),
        ];
        for (typed, expected) in table {
            let typed: Key = typed.parse().unwrap();
            assert_eq!(suggest(&typed, &known).map(Key::as_str), expected, "{typed}");
        }
    }
}
