//! Puts an image in the place of a build. Pure: bytes in, text or a refusal out.

use yaml_splice::{Node, Splice, Yaml};

use crate::compose::{Compose, Inherited, Service, is_reset};
use crate::error::{Error, Origin};

/// A changed text, and what its reader should know.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) warnings: Vec<String>,
}

/// Lets `services` use `image`. `file_name` is how other services may refer to this file.
///
/// # Errors
/// When the text is no compose file, when a service is not there, and when it cannot be done without changing what
/// another service means or leaving a build behind.
pub(crate) fn rewrite(
    text: &[u8],
    file_name: Option<&str>,
    services: &[String],
    image: &str,
) -> Result<Rewritten, Error> {
    let yaml = Yaml::open(text)?;
    let compose = Compose::new(&yaml, file_name)?;
    let targets = Targets::find(&compose, services)?;
    for service in &targets.services {
        targets.leaves_no_build(*service)?;
    }
    for service in compose.services.iter().filter(|service| !targets.names(service.name)) {
        targets.leaves_alone(*service)?;
    }
    let mut splice = Splice::new(&yaml);
    for service in &targets.services {
        targets.edit(*service, image, &mut splice)?;
    }
    Ok(Rewritten { text: splice.render()?, warnings: targets.warnings() })
}

/// The services that get the image.
struct Targets<'c, 'y> {
    compose: &'c Compose<'y>,
    services: Vec<Service<'y>>,
    /// Their builds, which go; by the identity of the value.
    builds: Vec<usize>,
}

impl<'c, 'y> Targets<'c, 'y> {
    fn find(compose: &'c Compose<'y>, names: &[String]) -> Result<Self, Error> {
        let mut services: Vec<Service<'y>> = Vec::new();
        for name in names {
            if !services.iter().any(|service| service.name == name) {
                services.extend(compose.find(name)?);
            }
        }
        let builds = services.iter().filter_map(|service| Some(written_at(service.build()?.key))).collect();
        Ok(Self { compose, services, builds })
    }

    fn names(&self, name: &str) -> bool {
        self.services.iter().any(|service| service.name == name)
    }

    /// Refuses when the service would still be built, because it inherits a build.
    fn leaves_no_build(&self, service: Service<'y>) -> Result<(), Error> {
        let goes = |entry: &yaml_splice::Entry<'_>| self.builds.contains(&written_at(entry.key));
        let hidden = service.build().is_some();
        let origin = match self.compose.inherited(service, "build") {
            // A reset in the same file does not take away what << brings in: compose drops the tag first, then merges.
            Some(Inherited::Merged(entry)) if !goes(&entry) => {
                Origin::Merged { at: entry.key.position(), hidden: hidden || service.resets_build() }
            }
            _ if service.resets_build() => return Ok(()),
            Some(Inherited::Extended { from, entry }) if !goes(&entry) => {
                Origin::Extended { from: from.to_owned(), at: entry.key.position(), hidden }
            }
            Some(Inherited::OtherFile { from, file }) => {
                Origin::OtherFile { from: from.to_owned(), file: file.to_owned() }
            }
            _ => return Ok(()),
        };
        Err(Error::InheritedBuild { service: service.name.to_owned(), origin })
    }

    /// Refuses when another service needs what goes. What is shared through anchors shows when the result is checked.
    fn leaves_alone(&self, other: Service<'y>) -> Result<(), Error> {
        for (service, node) in other.contexts() {
            if self.services.iter().any(|target| target.name == service && target.build().is_some()) {
                let (service, by) = (service.to_owned(), other.name.to_owned());
                return Err(Error::NeededAsContext { service, by, position: node.position() });
            }
        }
        for key in ["image", "build"] {
            if other.node.get(key).is_some() {
                continue;
            }
            for step in self.compose.lineage(other).into_iter().take_while(|step| step.file.is_none()) {
                let ancestors =
                    || self.compose.services.iter().filter(|service| service.name == step.service);
                let changes = key == "image" || ancestors().any(|service| service.build().is_some());
                if self.names(step.service) && changes {
                    let (service, by) = (step.service.to_owned(), other.name.to_owned());
                    return Err(Error::Extended { service, by, position: step.node.position() });
                }
                if ancestors().any(|service| service.node.get(key).is_some()) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn edit(&self, service: Service<'y>, image: &str, splice: &mut Splice<'y>) -> Result<(), Error> {
        let path = service.path();
        let (image_path, build_path) = (path.key("image"), path.key("build"));
        let own_image = service.node.own("image");
        if let Some(entry) = own_image.filter(is_reset) {
            let (service, position) = (service.name.to_owned(), entry.value.position());
            return Err(Error::ImageIsReset { service, position });
        }
        match (service.build(), own_image) {
            (Some(_), Some(_)) => {
                splice.replace_scalar(&image_path, image)?;
                splice.remove(&build_path)?;
            }
            (Some(_), None) => splice.replace_entry(&build_path, "image", image)?,
            (None, Some(_)) => splice.replace_scalar(&image_path, image)?,
            (None, None) if service.resets_build() => splice.insert_first(&image_path, image)?,
            (None, None) => match self.source_of_nothing(service)? {
                Nothing::FollowsAnother => {
                    splice.allow(&image_path);
                    splice.allow(&build_path);
                }
                Nothing::OwnImageNeeded => splice.insert_first(&image_path, image)?,
                Nothing::OtherDocument => {}
            },
        }
        Ok(())
    }

    /// What to do with a service that has neither build nor image where it is declared.
    fn source_of_nothing(&self, service: Service<'y>) -> Result<Nothing, Error> {
        // Whatever it still inherits of a build goes, or it would have been refused.
        let of_target = |entry: &yaml_splice::Entry<'_>| {
            self.services.iter().any(|target| {
                let own = target.node.own("image").into_iter().chain(target.build());
                own.into_iter().any(|own| written_at(own.key) == written_at(entry.key))
            })
        };
        let sources = ["build", "image"].map(|key| self.compose.inherited(service, key));
        for source in sources.iter().flatten() {
            match source {
                Inherited::Merged(entry) | Inherited::Extended { entry, .. } if of_target(entry) => {
                    return Ok(Nothing::FollowsAnother);
                }
                _ => {}
            }
        }
        let others = self.services.iter().filter(|other| other.name == service.name);
        if others.into_iter().any(|other| other.build().or(other.node.own("image")).is_some()) {
            return Ok(Nothing::OtherDocument);
        }
        if sources.iter().any(Option::is_some) {
            return Ok(Nothing::OwnImageNeeded);
        }
        Err(Error::Neither { service: service.name.to_owned(), position: service.key.position() })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for service in &self.services {
            let name = service.name;
            let policy = service.node.get("pull_policy").and_then(|found| found.entry.value.as_str());
            if let Some(policy @ ("build" | "never")) = policy {
                warnings.push(format!(
                    "'{name}' keeps pull_policy: {policy}, with which compose does not pull the image; change it by hand"
                ));
            }
            if service.build().is_some() && service.node.get("develop").is_some() {
                warnings
                    .push(format!("'{name}' keeps its develop section, which is of no use without a build"));
            }
        }
        warnings
    }
}

/// Why a service needs no edit of its own, or which.
enum Nothing {
    /// It inherits from a service that gets the image.
    FollowsAnother,
    /// It inherits an image that is not to be changed.
    OwnImageNeeded,
    /// Another declaration of it gets the image.
    OtherDocument,
}

/// What tells an entry from all others: where its key is written.
fn written_at(key: Node<'_>) -> usize {
    key.span().start
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;
