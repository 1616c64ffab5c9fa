//! Puts an image in the place of a build. Pure: bytes in, text or a refusal out.

use yaml_splice::{Node, Splice, Step, Value, Yaml};

use crate::compose::{Compose, Inherited, Service, is_reset};
use crate::elsewhere::{left_alone, not_given};
use crate::error::{Error, Origin};
use crate::extended_files::Place;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'r> {
    pub(crate) services: &'r [String],
    /// Every service with a build instead.
    pub(crate) all_built: bool,
    pub(crate) image: &'r str,
    /// Take inherited builds away, whatever that needs.
    pub(crate) inline: bool,
    pub(crate) fix_pull_policy: bool,
    /// Whether services may be missing here, because they may be in another of several files.
    pub(crate) among_others: bool,
}

/// A changed text, and what its reader should know.
#[derive(Debug)]
pub(crate) struct Rewritten {
    pub(crate) text: String,
    pub(crate) warnings: Vec<String>,
    /// The services that have the image now.
    pub(crate) services: Vec<String>,
}

/// Lets services use an image.
///
/// # Errors
/// When the text is no compose file, when a service is not there, and when it cannot be done without changing what
/// another service means or leaving a build behind.
pub(crate) fn rewrite(text: &[u8], place: &Place, request: &Request<'_>) -> Result<Rewritten, Error> {
    let yaml = Yaml::open(text)?;
    let compose = Compose::new(&yaml, place)?;
    let targets = Targets::find(&compose, request)?;
    for service in &targets.services {
        if let Some(origin) = targets.left_build(*service).filter(|_| !request.inline) {
            return Err(Error::InheritedBuild { service: service.name.to_owned(), origin });
        }
    }
    for service in compose.services.iter().filter(|service| !targets.names(service.name)) {
        targets.leaves_alone(*service)?;
    }
    let mut splice = Splice::new(&yaml);
    for service in &targets.services {
        targets.edit(*service, &mut splice)?;
    }
    let mut services: Vec<String> = Vec::new();
    for service in &targets.services {
        if !services.iter().any(|name| name == service.name) {
            services.push(service.name.to_owned());
        }
    }
    let text = splice.render().map_err(|error| match error {
        shared @ yaml_splice::Error::Spreads { .. } => Error::Shared(shared),
        error => error.into(),
    })?;
    Ok(Rewritten { text, warnings: targets.warnings(), services })
}

/// The services that get the image.
struct Targets<'c, 'y> {
    compose: &'c Compose<'y>,
    request: &'c Request<'c>,
    services: Vec<Service<'y>>,
    /// Their builds, which go; by the identity of the value.
    builds: Vec<usize>,
}

impl<'c, 'y> Targets<'c, 'y> {
    fn find(compose: &'c Compose<'y>, request: &'c Request<'c>) -> Result<Self, Error> {
        let built = if request.all_built { compose.built()? } else { Vec::new() };
        if request.all_built && built.is_empty() && !request.among_others {
            return Err(Error::NothingBuilt { includes: !compose.includes.is_empty() });
        }
        let names = if request.all_built { &built } else { request.services };
        let mut services: Vec<Service<'y>> = Vec::new();
        for name in names {
            if services.iter().any(|service| service.name == name) {
                continue;
            }
            match compose.find(name) {
                Err(Error::NoService { .. }) if request.among_others => {}
                found => services.extend(found?),
            }
        }
        let builds = services.iter().filter_map(|service| Some(written_at(service.build()?.key))).collect();
        Ok(Self { compose, request, services, builds })
    }

    fn names(&self, name: &str) -> bool {
        self.services.iter().any(|service| service.name == name)
    }

    /// The build that the service would still have, because it inherits it.
    fn left_build(&self, service: Service<'y>) -> Option<Origin> {
        let goes = |entry: &yaml_splice::Entry<'_>| self.builds.contains(&written_at(entry.key));
        let hidden = service.build().is_some();
        match self.compose.inherited(service, "build") {
            // A reset in the same file does not take away what << brings in: compose drops the tag first, then merges.
            Some(Inherited::Merged(entry)) if !goes(&entry) => {
                Some(Origin::Merged { at: entry.key.position(), hidden: hidden || service.resets_build() })
            }
            _ if service.resets_build() => None,
            Some(Inherited::Extended { from, entry }) if !goes(&entry) && !self.names(from) => {
                Some(Origin::Extended { from: from.to_owned(), at: entry.key.position(), hidden })
            }
            Some(Inherited::OtherFile { from, file, brought }) => {
                Some(Origin::other_file(from, file, brought.is_some()))
            }
            _ => None,
        }
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

    fn edit(&self, service: Service<'y>, splice: &mut Splice<'y>) -> Result<(), Error> {
        let image = self.request.image;
        let path = service.path();
        let (image_path, build_path) = (path.key("image"), path.key("build"));
        let own_image = service.node.own("image");
        if let Some(entry) = own_image.filter(is_reset) {
            let (service, position) = (service.name.to_owned(), entry.value.position());
            return Err(Error::ImageIsReset { service, position });
        }
        // An extension is no service: who else takes something from there shows by itself.
        let written = service.node.target().path();
        if matches!(written.steps.first(), Some(Step::Key(key)) if key.starts_with("x-")) {
            ["image", "build", "pull_policy"].iter().for_each(|key| splice.allow(&written.key(key)));
        }
        let fixes_policy = self.request.fix_pull_policy && wrong_policy(self.compose, service).is_some();
        if fixes_policy {
            fix_policy(service, splice)?;
        }
        let origin = self.left_build(service);
        match origin {
            Some(Origin::Merged { .. }) => self.write_out(service, fixes_policy, splice)?,
            Some(_) => return reset_build(service, image, splice),
            None => {}
        }
        match (service.build(), own_image) {
            (Some(_), Some(_)) => {
                splice.replace_scalar(&image_path, image)?;
                splice.remove(&build_path)?;
            }
            (Some(_), None) => splice.replace_entry(&build_path, "image", image)?,
            (None, Some(_)) => splice.replace_scalar(&image_path, image)?,
            // The image has the place of the merge key already.
            (None, None) if origin.is_some() => {}
            (None, None) if service.resets_build() => splice.insert_first(&image_path, image)?,
            (None, None) => match self.source_of_nothing(service)? {
                Nothing::FollowsAnother => {
                    splice.allow(&image_path);
                    splice.allow(&build_path);
                }
                Nothing::OwnImageNeeded => splice.insert_first(&image_path, image)?,
                Nothing::OtherDeclaration => {}
            },
        }
        Ok(())
    }

    /// Writes out what `<<` brings along, without its build, with the image in front where there is none to be replaced.
    fn write_out(
        &self,
        service: Service<'y>,
        fixes_policy: bool,
        splice: &mut Splice<'y>,
    ) -> Result<(), Error> {
        let cannot =
            || Error::NotToInline { service: service.name.to_owned(), position: service.key.position() };
        // A reset would be needed as well; that is more than anybody would want to read.
        if self.compose.extended(service, "build").is_some() {
            return Err(cannot());
        }
        let mut without = vec!["build", "image"];
        without.extend(fixes_policy.then_some("pull_policy"));
        let in_its_place = service.node.own("image").is_none() && service.build().is_none();
        let first = in_its_place.then_some(("image", Value::Text(self.request.image)));
        splice.unmerge(&service.path(), &without, first).map_err(|_| cannot())
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
        let [image, build] = ["image", "build"].map(|key| self.compose.inherited(service, key));
        let source = image.or(build);
        match &source {
            Some(Inherited::Merged(entry)) if of_target(entry) => return Ok(Nothing::FollowsAnother),
            Some(Inherited::Extended { from, entry }) if of_target(entry) || self.names(from) => {
                return Ok(Nothing::FollowsAnother);
            }
            _ => {}
        }
        let others = self.services.iter().filter(|other| other.name == service.name);
        if others.into_iter().any(|other| other.build().or(other.node.own("image")).is_some()) {
            return Ok(Nothing::OtherDeclaration);
        }
        if source.is_some() {
            return Ok(Nothing::OwnImageNeeded);
        }
        if self.request.among_others {
            return Ok(Nothing::OtherDeclaration);
        }
        Err(Error::Neither { service: service.name.to_owned(), position: service.key.position() })
    }

    fn warnings(&self) -> Vec<String> {
        // Their builds are not looked for.
        let included = if self.request.all_built { not_given(self.compose) } else { Vec::new() };
        let mut warnings: Vec<String> = included.into_iter().map(left_alone).collect();
        for service in &self.services {
            let name = service.name;
            let policy = wrong_policy(self.compose, *service).filter(|_| !self.request.fix_pull_policy);
            warnings.extend(policy.map(|policy| left_policy(name, &policy)));
            if service.build().is_some() && service.node.get("develop").is_some() {
                warnings
                    .push(format!("'{name}' keeps its develop section, which is of no use without a build"));
            }
        }
        warnings
    }
}

/// The policy with which compose pulls what is not there, and does not build.
pub(crate) const PULLED: &str = "missing";

/// A policy with which compose would not pull the image.
pub(crate) fn wrong_policy(compose: &Compose<'_>, service: Service<'_>) -> Option<String> {
    let policy = compose.merged(service, "pull_policy")?.text()?;
    matches!(policy.as_str(), "build" | "never").then_some(policy)
}

fn fix_policy<'y>(service: Service<'y>, splice: &mut Splice<'y>) -> Result<(), Error> {
    let path = service.path().key("pull_policy");
    match service.node.own("pull_policy") {
        Some(_) => splice.replace_scalar(&path, PULLED)?,
        None => splice.insert(&path, PULLED)?,
    }
    Ok(())
}

pub(crate) fn left_policy(service: &str, policy: &str) -> String {
    format!(
        "'{service}' keeps pull_policy: {policy}, with which compose does not pull the image; --fix-pull-policy changes that"
    )
}

/// Takes a build away that comes through `extends`: there, other than with `<<`, a reset in the same file is enough.
fn reset_build<'y>(service: Service<'y>, image: &str, splice: &mut Splice<'y>) -> Result<(), Error> {
    let (image_path, build_path) = (service.path().key("image"), service.path().key("build"));
    match service.node.own("image") {
        Some(_) => splice.replace_scalar(&image_path, image)?,
        None => splice.insert_first(&image_path, image)?,
    }
    match service.build() {
        Some(_) => splice.replace_entry(&build_path, "build", RESET)?,
        None => splice.insert(&build_path, RESET)?,
    }
    Ok(())
}

/// <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md#reset-value>
const RESET: Value<'static> = Value::Tagged("!reset");

/// Why a service needs no edit of its own, or which.
enum Nothing {
    /// It inherits from a service that gets the image.
    FollowsAnother,
    /// It inherits an image that is not to be changed.
    OwnImageNeeded,
    /// Another declaration of it gets the image, in another document or file.
    OtherDeclaration,
}

/// What tells an entry from all others: where its key is written.
fn written_at(key: Node<'_>) -> usize {
    key.span().start
}

#[cfg(test)]
#[path = "image_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "image_options_tests.rs"]
mod options_tests;
