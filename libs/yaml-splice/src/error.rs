//! Why text cannot be read or edited.

use contract::{Exit, Explain};

use crate::{Path, Position, Step};

/// What went wrong. The messages do not name the file, because only the caller knows it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no UTF-8.
    #[error("{position}: it is not UTF-8 text")]
    NotUtf8 {
        /// The first byte that is wrong.
        position: Position,
        /// Whether it starts with the byte order mark of UTF-16.
        utf16: bool,
    },
    /// The text is no YAML.
    #[error("{position}: {reason}")]
    Syntax {
        /// Where the parser stopped.
        position: Position,
        /// What it expected or found.
        reason: String,
        /// The line itself.
        line: String,
    },
    /// Two entries of a mapping have the same key.
    #[error("{position}: the key '{key}' stands in {first} already")]
    DuplicateKey {
        /// The second one.
        position: Position,
        /// The key.
        key: String,
        /// The first one.
        first: Position,
    },
    /// An alias stands inside of the very value that it names.
    #[error("{position}: the alias {alias} stands inside of what it stands for")]
    Recursive {
        /// The alias.
        position: Position,
        /// The alias as written, with its `*`.
        alias: String,
    },
    /// Aliases of aliases that would unfold to a text without bounds.
    #[error("{position}: written out, the aliases up to here are {limit} values or more")]
    TooManyAliases {
        /// The alias that went beyond the limit.
        position: Position,
        /// The limit.
        limit: usize,
    },
    /// The path leads nowhere, or to something that only stands there through a merge key.
    #[error("there is no {path}")]
    Missing {
        /// What was asked for.
        path: Path,
    },
    /// The value is of the wrong kind for the edit.
    #[error("{position}: {path} is not a {expected}")]
    WrongKind {
        /// The value.
        position: Position,
        /// Its path.
        path: Path,
        /// What it would have to be.
        expected: &'static str,
    },
    /// The key that should come is there already.
    #[error("{position}: {path} is there already")]
    Exists {
        /// The key that is there.
        position: Position,
        /// Its path.
        path: Path,
    },
    /// It would be a number for some readers and something else for others.
    #[error("'{text}' is no number that every reader of YAML takes for the same")]
    NoNumber {
        /// What should be written.
        text: String,
    },
    /// Two edits want to change the same bytes.
    #[error("{position}: two changes meet at the same place")]
    Overlap {
        /// Where they meet.
        position: Position,
    },
    /// Something that goes away holds an anchor that is used outside of it.
    #[error("{anchor_at}: the anchor {anchor} would go, and {alias_at} uses it")]
    AnchorInUse {
        /// The anchor as written, with its `&`.
        anchor: String,
        /// Where the anchor stands.
        anchor_at: Position,
        /// Where the first alias for it stands that stays.
        alias_at: Position,
    },
    /// The edit would change other values too, through an alias or a merge key.
    #[error("the change would also reach {}", .paths.join(", "))]
    Spreads {
        /// The paths that would change, the first few of them.
        paths: Vec<String>,
    },
    /// The result is not what was asked for: a fault of this library.
    #[error("the changed text was checked and is not what was asked for: {reason}")]
    Unsound {
        /// What the check found.
        reason: String,
    },
}

impl Error {
    /// The place in the text that it is about, where it is about one.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::NotUtf8 { position, .. }
            | Self::Syntax { position, .. }
            | Self::DuplicateKey { position, .. }
            | Self::Recursive { position, .. }
            | Self::TooManyAliases { position, .. }
            | Self::WrongKind { position, .. }
            | Self::Exists { position, .. }
            | Self::Overlap { position } => Some(*position),
            Self::AnchorInUse { anchor_at, .. } => Some(*anchor_at),
            Self::Missing { .. } | Self::NoNumber { .. } | Self::Spreads { .. } | Self::Unsound { .. } => {
                None
            }
        }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::AnchorInUse { .. } | Self::Spreads { .. } => Exit::No,
            Self::Unsound { .. } => Exit::Failed,
            _ => Exit::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotUtf8 { utf16: true, .. } => "it looks like UTF-16: save it as UTF-8".into(),
            Self::NotUtf8 { .. } => "save it as UTF-8".into(),
            Self::Syntax { position, line, .. } => match line.trim() {
                "" => format!("line {} is empty; look at the one before it", position.line),
                line => format!("line {} reads: {line}", position.line),
            },
            Self::DuplicateKey { .. } => "remove one of the two".into(),
            Self::Recursive { .. } | Self::TooManyAliases { .. } => "write the values out instead".into(),
            Self::Spreads { .. } => {
                "write out by hand what they share through an anchor, an alias or <<".into()
            }
            Self::AnchorInUse { anchor, .. } => format!("move {anchor} to a place that stays"),
            Self::Unsound { .. } => "nothing was written; please report it with the file".into(),
            Self::Missing { path } => match path.steps.last() {
                Some(Step::Index(0)) | None => "look at what is there; a list begins with [0]".into(),
                Some(Step::Index(_)) => "items of a list come one behind another, from [0] on".into(),
                Some(Step::Key(_)) => "look at what is there".into(),
            },
            Self::WrongKind { path, expected: "scalar", .. } => {
                format!("name what is inside of it, as in {path}.KEY or {path}[0]")
            }
            Self::WrongKind { expected, .. } => format!("only a {expected} has room for that"),
            Self::Exists { path, .. } => format!("set {path} instead of adding it"),
            Self::NoNumber { .. } => "write it as a text, in quotes, or as plain digits".into(),
            Self::Overlap { .. } => "make one change of the two, or one after the other".into(),
        };
        Some(hint)
    }
}
