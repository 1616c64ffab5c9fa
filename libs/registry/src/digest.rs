//! Content digests: `sha256:…` and `sha512:…` (image-spec, descriptor.md, "Digests").

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Algorithm {
    Sha256,
    Sha512,
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    fn hex_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha512 => 128,
        }
    }
}

/// The digest of some bytes: what they are known by in every registry and layout.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self { algorithm: Algorithm::Sha256, hex: hex(&Sha256::digest(bytes)) }
    }

    /// The name of the algorithm, `sha256` or `sha512`.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm.name()
    }

    /// The lower-case hexadecimal part.
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// The first twelve characters of the hexadecimal part, for people.
    pub fn short(&self) -> &str {
        &self.hex[..12]
    }

    /// The name under which things about this digest are kept as tags: `sha256-<64 hex>`. Alone it is the tag of the
    /// index of referrers, cut to 64 digits for longer digests (distribution-spec, "Referrers Tag Schema"); with a
    /// suffix behind a dot it is that of a signature or the like of cosign's, or of a mark.
    pub fn tag_stem(&self) -> String {
        format!("{}-{}", self.algorithm(), &self.hex[..64])
    }

    /// Starts to compute a digest of this one's algorithm, to compare with it.
    pub fn hasher(&self) -> Hasher {
        match self.algorithm {
            Algorithm::Sha256 => Hasher(State::Sha256(Sha256::new())),
            Algorithm::Sha512 => Hasher(State::Sha512(Sha512::new())),
        }
    }

    /// Is this the digest of `bytes`?
    pub fn matches(&self, bytes: &[u8]) -> bool {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish() == *self
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Why a text is no digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no digest: expected sha256: and 64, or sha512: and 128 lower-case hexadecimal digits")]
pub struct InvalidDigest {
    text: String,
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let invalid = || InvalidDigest { text: text.to_owned() };
        let (name, hex) = text.split_once(':').ok_or_else(invalid)?;
        let known = [Algorithm::Sha256, Algorithm::Sha512].into_iter().find(|known| known.name() == name);
        let algorithm = known.ok_or_else(invalid)?;
        let is_hex = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if hex.len() != algorithm.hex_length() || !is_hex {
            return Err(invalid());
        }
        Ok(Self { algorithm, hex: hex.to_owned() })
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Computes a digest of bytes that come in pieces.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha256(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest of all bytes taken.
    pub fn finish(self) -> Digest {
        match self.0 {
            State::Sha256(state) => Digest { algorithm: Algorithm::Sha256, hex: hex(&state.finalize()) },
            State::Sha512(state) => Digest { algorithm: Algorithm::Sha512, hex: hex(&state.finalize()) },
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published test vectors for the empty message.
    const EMPTY_256: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const EMPTY_512: &str = "sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e";

    #[test]
    fn both_algorithms_give_their_published_values_and_round_trip() {
        assert_eq!(Digest::of(b"").to_string(), EMPTY_256);
        for text in [EMPTY_256, EMPTY_512] {
            let digest: Digest = text.parse().unwrap();
            assert_eq!(digest.to_string(), text);
            assert!(digest.matches(b""));
            assert!(!digest.matches(b"x"));
        }
    }

    #[test]
    fn what_is_no_digest_is_refused() {
        let upper = EMPTY_256.to_uppercase();
        for text in [
            "",
            "sha256",
            "sha256:",
            "sha256:abc",
            "md5:00",
            &upper,
            &EMPTY_256[..70],
            &format!("{EMPTY_256}0"),
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
