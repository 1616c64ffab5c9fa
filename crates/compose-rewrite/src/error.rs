//! Why a compose file stays as it is.

use contract::{Exit, Explain, Failure};
use yaml_splice::Position;

use crate::source::Source;

/// The services named in a message, so that it stays a line.
const MOST_NAMED: usize = 12;

/// A compose file that is wrong, exit code 2, or one that cannot be changed without a side effect, 3.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No YAML, or an edit that the text does not allow.
    #[error(transparent)]
    Yaml(#[from] yaml_splice::Error),
    /// The services that get the image share their text with others.
    #[error(transparent)]
    Shared(yaml_splice::Error),
    /// YAML, but no compose file.
    #[error("it is no compose file: {reason}")]
    NotCompose { reason: &'static str },
    /// Nobody of that name.
    #[error("it has no service '{name}'")]
    NoService { name: String, nearest: Option<String>, known: Vec<String>, includes: bool },
    /// `--all-built`, and nothing is.
    #[error("it has no service with a build")]
    NothingBuilt { includes: bool },
    /// A service is a mapping.
    #[error("{position}: the service '{service}' is not a mapping")]
    NotAMapping { service: String, position: Position },
    /// Nothing to put the image in the place of; compose would not take such a file either.
    #[error("{position}: the service '{service}' has neither build nor image")]
    Neither { service: String, position: Position },
    /// The whole service comes through a merge key.
    #[error("{position}: the service '{service}' comes in through <<")]
    MergedService { service: String, position: Position },
    /// Taking the own build away, or adding an image, leaves a build that is written elsewhere.
    #[error("the build of '{service}' {origin}")]
    InheritedBuild { service: String, origin: Origin },
    /// What `<<` brings along cannot be moved.
    #[error("{position}: what << brings into '{service}' cannot be written out there")]
    NotToInline { service: String, position: Position },
    /// Compose would drop what is written behind `!reset`.
    #[error("{position}: the image of '{service}' is marked !reset, so compose would drop the new one")]
    ImageIsReset { service: String, position: Position },
    /// Whether it has a build is only known where it cannot be read.
    #[error("the build of '{service}' {origin}")]
    MaybeBuilt { service: String, origin: Origin },
    /// What should go is written in another file.
    #[error("the {what} of '{service}' {origin}")]
    LeftElsewhere { service: String, what: &'static str, origin: Origin },
    /// Another service would change with this one.
    #[error("{position}: '{by}' extends '{service}' and would change with it")]
    Extended { service: String, by: String, position: Position },
    /// Another service builds upon the build that would go.
    #[error("{position}: the build of '{by}' uses the one of '{service}' as an additional context")]
    NeededAsContext { service: String, by: String, position: Position },
}

/// Where a build is written that is not the service's own.
#[derive(Debug)]
pub(crate) enum Origin {
    /// Through `<<`; `hidden` by an own build.
    Merged { at: Position, hidden: bool },
    /// From a service of the same file.
    Extended { from: String, at: Position, hidden: bool },
    /// From a service of another file; perhaps, when that cannot be read.
    OtherFile { from: String, file: String, known: bool },
}

impl Origin {
    pub(crate) fn other_file(from: &str, file: &str, known: bool) -> Self {
        Self::OtherFile { from: from.to_owned(), file: file.to_owned(), known }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Merged { at, hidden: false } => write!(f, "comes in through <<, from {at}"),
            Self::Merged { at, hidden: true } => write!(f, "hides another one, which << brings in from {at}"),
            Self::Extended { from, at, hidden: false } => {
                write!(f, "comes from '{from}', which it extends: {at}")
            }
            Self::Extended { from, at, hidden: true } => {
                write!(f, "hides another one, of '{from}', which it extends: {at}")
            }
            Self::OtherFile { from, file, known: true } => {
                write!(f, "comes from '{from}' in {file}, which it extends")
            }
            Self::OtherFile { from, file, known: false } => {
                write!(f, "may come from '{from}' in {file}, which it extends and which cannot be read")
            }
        }
    }
}

impl Error {
    /// The same, with the name of the file; `attempt` is what was to be done, as in "change".
    pub(crate) fn in_file(&self, attempt: &str, source: &Source) -> Failure {
        use yaml_splice::Error as Yaml;
        let attempt = match self {
            Self::Yaml(Yaml::Syntax { .. } | Yaml::NotUtf8 { .. } | Yaml::DuplicateKey { .. }) => "read",
            Self::Yaml(Yaml::Recursive { .. } | Yaml::TooManyAliases { .. }) | Self::NotCompose { .. } => {
                "read"
            }
            _ => attempt,
        };
        let failure = Failure::new(self.exit(), format!("cannot {attempt} {source}: {self}"));
        match self.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl Explain for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Yaml(error) => error.exit(),
            Self::NotCompose { .. }
            | Self::NoService { .. }
            | Self::NothingBuilt { .. }
            | Self::NotAMapping { .. }
            | Self::Neither { .. } => Exit::Usage,
            _ => Exit::No,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Yaml(error) => return error.hint(),
            Self::NotCompose { .. } => "is it the right file?".into(),
            Self::NoService { nearest, known, includes, .. } => {
                no_service(nearest.as_deref(), known, *includes)
            }
            Self::Shared(_) => {
                "name all of these services with --service, or leave this file as it is and write an override file with --override-out OUT".into()
            }
            Self::NothingBuilt { includes: true } => {
                "it may be in a file that is included; name that file".into()
            }
            Self::NothingBuilt { includes: false } => {
                "name the services that get the image with --service".into()
            }
            Self::NotAMapping { .. } => "compose does not take this file either".into(),
            Self::Neither { service, .. } => {
                format!("name the file that holds the build of '{service}', or write its image by hand")
            }
            Self::MergedService { service, .. } => {
                format!("write an override file with --override-out OUT, or '{service}' out by hand")
            }
            Self::InheritedBuild { .. } => {
                "leave this file as it is and write an override file with --override-out OUT, or change more of it with --inline".into()
            }
            Self::MaybeBuilt { .. } => "name the services that get the image with --service".into(),
            Self::LeftElsewhere { origin: Origin::OtherFile { file, known: true, .. }, .. } => {
                format!("name {file} too, to change both with --in-place")
            }
            Self::LeftElsewhere { .. } => "check that the file is there, or write the service out by hand".into(),
            Self::NotToInline { .. } => "write an override file with --override-out OUT".into(),
            Self::ImageIsReset { .. } => "take !reset away by hand".into(),
            Self::Extended { by, .. } => {
                format!(
                    "name it too, with --service {by}, or leave this file as it is and write an override file with --override-out OUT"
                )
            }
            Self::NeededAsContext { by, .. } => {
                format!("name it too, with --service {by}, or take the context out of it by hand")
            }
        };
        Some(hint)
    }
}

fn no_service(nearest: Option<&str>, known: &[String], includes: bool) -> String {
    let mut hint = match nearest {
        Some(name) => format!("did you mean '{name}'? "),
        None => String::new(),
    };
    if includes {
        hint.push_str("it may be in a file that is included; ");
    }
    let shown = known.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if known.len() > MOST_NAMED { ", ..." } else { "" };
    match known.len() {
        0 => hint + "it has no service at all",
        _ => hint + &format!("its services are: {shown}{more}; choose with --service"),
    }
}
