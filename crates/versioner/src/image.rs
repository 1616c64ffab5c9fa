//! Where the images of a project are, and how one of them is called.

use contract::{Exit, Explain};
use registry::{InvalidReference, Reference, Repository, Tag};

use crate::cli::{BaseArgs, Kind};

/// What stands before `/ci` and `/release`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    text: String,
    /// The host that was named as such, which has to be taken for one.
    host: Option<String>,
}

impl Base {
    /// What was said outright, else the place on the Artifactory, else GitLab's own registry.
    ///
    /// An Artifactory that is only half described is an error also where GitLab's registry is known: the images would
    /// land where nobody looks for them.
    pub(crate) fn choose(args: &BaseArgs) -> Result<Self, NoBase> {
        if let Some(base) = &args.image_base {
            return stated(base);
        }
        if let Some(host) = &args.artifactory_host {
            return on_artifactory(host, args);
        }
        match &args.registry_image {
            Some(image) => Ok(Self { text: image.clone(), host: None }),
            None => Err(NoBase::NoRegistry),
        }
    }

    /// The same references, if what builds images can push to them.
    pub(crate) fn of_registry(references: Vec<String>) -> Result<Vec<String>, NoReference> {
        match references.iter().find(|reference| reference.starts_with("oci:")) {
            Some(directory) => Err(NoReference::Directory { reference: directory.clone() }),
            None => Ok(references),
        }
    }

    /// The reference of an image there. It is checked as the tools that get it will check it.
    pub(crate) fn reference(&self, kind: Kind, tag: &Tag) -> Result<String, NoReference> {
        let folder = match kind {
            Kind::Ci => "ci",
            Kind::Release => "release",
        };
        let reference: Reference = format!("{}/{folder}:{tag}", self.text).parse()?;
        if let (Some(named), Repository::Remote { host, .. }) = (&self.host, &reference.repository)
            && named != host
        {
            return Err(NoReference::NoHost { host: named.clone() });
        }
        Ok(reference.to_string())
    }
}

fn stated(base: &str) -> Result<Base, NoBase> {
    let text = base.trim_end_matches('/');
    // With /ci behind it, no directory would become one in the root.
    if text.is_empty() || text == "oci:" {
        return Err(NoBase::Empty { base: base.to_owned() });
    }
    Ok(Base { text: text.to_owned(), host: None })
}

fn on_artifactory(host: &str, args: &BaseArgs) -> Result<Base, NoBase> {
    let missing = |variable| NoBase::Missing { variable, host: host.to_owned() };
    let prefix = args.registry_prefix.as_deref().ok_or(missing("DOCKER_TEAM_REGISTRY_PREFIX"))?;
    let name = args.project_name.as_deref().ok_or(missing("CI_PROJECT_NAME"))?;
    let slug = args.project_slug.as_deref().unwrap_or_default();
    if !slug.is_empty() && !slug.starts_with('/') {
        return Err(NoBase::Slug { slug: slug.to_owned() });
    }
    Ok(Base { text: format!("{host}/{prefix}{slug}/{name}"), host: Some(host.to_owned()) })
}

/// Why it is not known where images are.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBase {
    #[error("no registry is set, and an image reference needs one")]
    NoRegistry,
    #[error("{variable} is not set, and image references on ARTIFACTORY_HOST ({host}) need it")]
    Missing { variable: &'static str, host: String },
    #[error("the image base is '{base}', which names no place")]
    Empty { base: String },
    #[error("PROJECT_SLUG is '{slug}', and has to start with /")]
    Slug { slug: String },
}

impl NoBase {
    /// Whether a part of it was not said, rather than said wrong.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

impl Explain for NoBase {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRegistry => "set ARTIFACTORY_HOST, DOCKER_TEAM_REGISTRY_PREFIX and CI_PROJECT_NAME, or \
                CI_REGISTRY_IMAGE, or --image-base (VERSIONER_IMAGE_BASE)"
                .into(),
            Self::Missing { variable, .. } => {
                format!("set {variable}, or --image-base (VERSIONER_IMAGE_BASE) for the whole of it")
            }
            Self::Empty { .. } => "write --image-base (VERSIONER_IMAGE_BASE) as HOST/PATH or oci:DIR".into(),
            Self::Slug { slug } => format!("write PROJECT_SLUG: /{slug}"),
        })
    }
}

/// Why a base and a tag make no reference.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoReference {
    #[error(transparent)]
    Invalid(#[from] InvalidReference),
    #[error("ARTIFACTORY_HOST is '{host}', which Docker takes for a path on docker.io and for no host")]
    NoHost { host: String },
    #[error("{reference} is in a directory, and this format is of images in a registry")]
    Directory { reference: String },
}

impl Explain for NoReference {
    fn exit(&self) -> Exit {
        Exit::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Invalid(_) => "it is made of ARTIFACTORY_HOST, DOCKER_TEAM_REGISTRY_PREFIX, PROJECT_SLUG and \
                CI_PROJECT_NAME, or of CI_REGISTRY_IMAGE; --image-base (VERSIONER_IMAGE_BASE) replaces them all"
                .into(),
            Self::Directory { .. } => "use --format references".into(),
            Self::NoHost { host } => format!("name it with its domain or port, as in {host}.example.com"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// image-base, host, prefix, slug, name, registry image; `-` for what is not set.
    fn args(words: &str) -> BaseArgs {
        let mut words = words.split(' ').map(|word| (word != "-").then(|| word.to_owned()));
        let mut word = || words.next().flatten();
        BaseArgs {
            image_base: word(),
            artifactory_host: word(),
            registry_prefix: word(),
            project_slug: word(),
            project_name: word(),
            registry_image: word(),
        }
    }

    fn reference(words: &str) -> Result<String, String> {
        let base = Base::choose(&args(words)).map_err(|error| error.to_string())?;
        base.reference(Kind::Ci, &"027c3e98".parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn the_base_is_what_was_said_then_artifactory_then_gitlab() {
        let table = [
            ("- h.io team - app -", "h.io/team/app/ci:027c3e98"),
            ("- h.io team /sub app -", "h.io/team/sub/app/ci:027c3e98"),
            ("- h.io team/a /b/c app g.io/x", "h.io/team/a/b/c/app/ci:027c3e98"),
            ("- h.io:8443 team - app -", "h.io:8443/team/app/ci:027c3e98"),
            ("- - team /sub app g.io:5050/group/app", "g.io:5050/group/app/ci:027c3e98"),
            ("localhost:5000/x h.io team - app g.io/x", "localhost:5000/x/ci:027c3e98"),
            ("localhost:5000/x/ - - - - -", "localhost:5000/x/ci:027c3e98"),
            ("oci:out/images - - - - -", "oci:out/images/ci:027c3e98"),
            ("oci:/abs/Images/ - - - - -", "oci:/abs/Images/ci:027c3e98"),
        ];
        for (words, expected) in table {
            assert_eq!(reference(words).as_deref(), Ok(expected), "{words}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let table = [
            ("- - - - - -", "no registry is set"),
            ("- - team /sub app -", "no registry is set"),
            ("- h.io - - app g.io/x", "DOCKER_TEAM_REGISTRY_PREFIX is not set"),
            ("- h.io team - - g.io/x", "CI_PROJECT_NAME is not set"),
            ("- h.io team sub app -", "PROJECT_SLUG is 'sub'"),
            ("- artifactory team - app -", "ARTIFACTORY_HOST is 'artifactory'"),
            ("- https://h.io team - app -", "https"),
            ("- h.io Team - app -", "'Team' holds upper-case letters"),
            ("- h.io team - MyApp -", "'MyApp' holds upper-case letters"),
            ("- h.io team /sub/ app -", "empty part"),
            ("- h.io team - $CI_PROJECT_NAME -", "$CI_PROJECT_NAME"),
            ("oci: - - - - -", "names no place"),
            ("oci:/ - - - - -", "names no place"),
            ("/ - - - - -", "names no place"),
        ];
        for (words, expected) in table {
            let error = reference(words).expect_err(words);
            assert!(error.contains(expected), "{words}: {error}");
        }
    }
}
