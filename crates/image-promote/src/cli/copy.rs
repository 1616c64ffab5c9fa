//! What is typed for `copy`.

use clap::{Args, ValueEnum};
use contract::args::{DryRunArgs, FormatArgs};
use marks::{Assignment, KeepingArgs, typed};
use registry::{Platform, Reference, RegistryArgs, Tag, typed_reference};

use super::JobsArgs;

/// Copy an image as it is, whatever it holds: all platforms, attestations, the same digest
///
/// Within one registry no layer is moved: the destination repository mounts what the source has. Tags are written last,
/// so that each is either absent or complete. A tag that leads to another digest is left alone, and nothing is written
/// at all (exit code 3), unless --move or --move-aliases is given; one that leads to the same digest is success. Prints
/// the digest.
#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// The image: a tag or a digest
    #[arg(value_name = "SRC", value_parser = typed_reference)]
    pub(crate) source: Reference,
    /// Where it goes, with a tag or with --tag; can be given more than once
    #[arg(value_name = "DST", required = true, value_parser = typed_reference)]
    pub(crate) destinations: Vec<Reference>,
    /// One more tag in each destination repository; can be given more than once
    #[arg(long = "tag", value_name = "TAG", env = "IMAGE_PROMOTE_TAG", value_delimiter = ',', value_parser = tag)]
    pub(crate) tags: Vec<Tag>,
    /// Let tags move that lead to another digest
    #[arg(long = "move", env = "IMAGE_PROMOTE_MOVE")]
    pub(crate) move_tags: bool,
    /// Let those tags move that are no full version: latest, 1, 1.4, dev
    #[arg(long, env = "IMAGE_PROMOTE_MOVE_ALIASES")]
    pub(crate) move_aliases: bool,
    /// Copy only this platform, under a digest of its own; can be given more than once
    #[arg(long = "platform", value_name = "OS/ARCH", env = "IMAGE_PROMOTE_PLATFORM", value_delimiter = ',',
          value_parser = platform)]
    pub(crate) platforms: Vec<Platform>,
    /// Copy what refers to the image and to each of its platforms, too: signatures, bills of materials, marks
    ///
    /// Found by the registry's list of referrers or the index under the referrers tag, and by tags such as
    /// sha256-HEX.sig, .att and .sbom of cosign's; also what refers to those. They arrive before the image's tags. A tag
    /// such as sha256-HEX.sig that leads elsewhere at the destination is refused unless --move is given: its signatures
    /// may be others than those of SRC.
    #[arg(long, env = "IMAGE_PROMOTE_REFERRERS")]
    pub(crate) referrers: bool,
    /// Copy nothing (exit code 3) unless SRC carries these marks: KEY[,KEY…], or KEY=VALUE; can be given more than once
    ///
    /// SRC is resolved once; the marks have to be on the very digest that is copied.
    #[arg(long = "require", value_name = "MARK", env = "IMAGE_PROMOTE_REQUIRE", value_parser = requirement)]
    pub(crate) required: Vec<Requirement>,
    /// Carry the marks of SRC to each DST, whatever keeps them on either side
    ///
    /// They are there before the tags are, but in Artifactory, which keeps them with the files of tags.
    #[arg(long, env = "IMAGE_PROMOTE_MARKS")]
    pub(crate) marks: bool,
    /// How the image goes
    #[arg(long, value_enum, value_name = "WAY", env = "IMAGE_PROMOTE_VIA", default_value_t)]
    pub(crate) via: Via,
    #[command(flatten)]
    pub(crate) keeping: KeepingArgs,
    #[command(flatten)]
    pub(crate) jobs: JobsArgs,
    #[command(flatten)]
    pub(crate) dry_run: DryRunArgs,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
    #[command(flatten)]
    pub(crate) registry: RegistryArgs,
}

/// How an image goes from one repository to another.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Via {
    /// By the registries' own API
    #[default]
    Registry,
    /// Artifactory copies it itself, in one request for each tag; its digest is looked at afterwards
    Artifactory,
}

/// What one `--require` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Requirement(pub(crate) Vec<Assignment>);

/// A value may hold commas, so they part bare keys only.
fn requirement(text: &str) -> Result<Requirement, String> {
    if text.contains('=') {
        return Ok(Requirement(vec![typed(text)?]));
    }
    text.split(',').map(typed).collect::<Result<_, _>>().map(Requirement)
}

fn tag(text: &str) -> Result<Tag, registry::InvalidTag> {
    text.parse()
}

fn platform(text: &str) -> Result<Platform, registry::InvalidPlatform> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_part_bare_keys_and_belong_to_values() {
        let table: [(&str, &[&str]); 5] = [
            ("tested", &["tested=true"]),
            ("tested,scanned", &["tested=true", "scanned=true"]),
            ("ticket=A-1,B-2", &["ticket=A-1,B-2"]),
            ("note==", &["note=="]),
            ("note=a=b", &["note=a=b"]),
        ];
        for (text, expected) in table {
            let told: Vec<_> = requirement(text).unwrap().0.iter().map(ToString::to_string).collect();
            assert_eq!(told, expected, "{text}");
        }
        for text in ["", "tested,", ",tested", "tested scanned", "tested,scanned=true", "note="] {
            assert!(requirement(text).is_err(), "{text}");
        }
    }
}
