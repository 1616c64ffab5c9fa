//! What is to be done, decided before anything is.

use registry::Digest;

/// What becomes of the destination's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It leads to the image already: there is nothing to do, and nothing is written.
    Unchanged,
    /// It does not exist yet.
    Create,
    /// It leads elsewhere, and may move.
    Move { from: Digest },
    /// It leads elsewhere, and stays.
    Refuse { found: Digest },
}

/// Decides by what the tag leads to now.
pub(crate) fn decide(found: Option<&Digest>, wanted: &Digest, may_move: bool) -> Verdict {
    match found {
        None => Verdict::Create,
        Some(found) if found == wanted => Verdict::Unchanged,
        Some(found) if may_move => Verdict::Move { from: found.clone() },
        Some(found) => Verdict::Refuse { found: found.clone() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_moves_only_when_it_may() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let table = [
            (None, false, Verdict::Create),
            (None, true, Verdict::Create),
            (Some(&one), false, Verdict::Unchanged),
            (Some(&one), true, Verdict::Unchanged),
            (Some(&two), false, Verdict::Refuse { found: two.clone() }),
            (Some(&two), true, Verdict::Move { from: two.clone() }),
        ];
        for (found, may_move, expected) in table {
            assert_eq!(decide(found, &one, may_move), expected, "{found:?} {may_move}");
        }
    }
}
