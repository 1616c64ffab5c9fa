//! What of the compose model matters here: services, and what they take from each other.
//!
//! Specification: <https://github.com/compose-spec/compose-spec/blob/main/spec.md>. A file is read as compose reads it:
//! several documents are merged, in their order.

use yaml_splice::{Entry, Node, Path, Yaml, nearest};

use crate::error::{Error, Origin};
use crate::extended_files::{Brought, Place};

/// The services of all documents of a file.
#[derive(Debug)]
pub(crate) struct Compose<'y> {
    /// Every service where it is declared; one of several documents is here several times.
    pub(crate) services: Vec<Service<'y>>,
    /// The files that are included, as they are named.
    pub(crate) includes: Vec<&'y str>,
    pub(crate) place: &'y Place,
    has_several_documents: bool,
}

/// One declaration of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service<'y> {
    pub(crate) name: &'y str,
    pub(crate) document: usize,
    /// Its mapping, or nothing at all.
    pub(crate) node: Node<'y>,
    pub(crate) key: Node<'y>,
    /// Whether the whole service comes in through `<<`, so is written elsewhere.
    pub(crate) merged: bool,
}

/// Where a service gets an entry from that is not its own.
#[derive(Clone, Debug)]
pub(crate) enum Inherited<'y> {
    Merged(Entry<'y>),
    Extended {
        from: &'y str,
        entry: Entry<'y>,
    },
    /// From a service of another file; what it is there, or none when that file cannot be read.
    OtherFile {
        from: &'y str,
        file: &'y str,
        brought: Option<Brought>,
    },
}

impl<'y> Inherited<'y> {
    /// The text of a scalar, or that of a build's context.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Merged(entry) | Self::Extended { entry, .. } => shown(entry.value),
            Self::OtherFile { brought, .. } => brought.clone()?.text,
        }
    }
}

/// A scalar, or the context of a build in its long form.
pub(crate) fn shown(value: Node<'_>) -> Option<String> {
    let context = || value.get("context")?.entry.value.as_str();
    value.as_str().or_else(context).map(str::to_owned)
}

/// What `extends` says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extends<'y> {
    pub(crate) service: &'y str,
    /// Another file than this one.
    pub(crate) file: Option<&'y str>,
    pub(crate) node: Node<'y>,
}

impl<'y> Compose<'y> {
    /// Finds the services.
    pub(crate) fn new(yaml: &'y Yaml<'y>, place: &'y Place) -> Result<Self, Error> {
        let not_compose = |reason| Err(Error::NotCompose { reason });
        if yaml.documents().all(Node::is_null) {
            return not_compose("it is empty");
        }
        let has_several_documents = yaml.documents().len() > 1;
        let mut compose = Self { services: Vec::new(), includes: Vec::new(), place, has_several_documents };
        let mut has_services = false;
        for (document, root) in yaml.documents().enumerate().filter(|(_, root)| !root.is_null()) {
            if !root.is_mapping() {
                return not_compose("it is not a mapping");
            }
            if let Some(include) = root.get("include") {
                has_services = true;
                included(include.entry.value, &mut compose.includes);
            }
            let Some(services) = root.get("services") else {
                continue;
            };
            has_services = true;
            if !services.entry.value.is_mapping() {
                return not_compose("its services are not a mapping");
            }
            compose.services.extend(declared(document, services.entry.value, services.merged));
        }
        if has_services { Ok(compose) } else { not_compose("it has no services") }
    }

    /// Where the service of this name is declared, once or in several documents.
    pub(crate) fn find(&self, name: &str) -> Result<Vec<Service<'y>>, Error> {
        let found: Vec<_> = self.services.iter().filter(|service| service.name == name).copied().collect();
        for service in &found {
            let (name, position) = (name.to_owned(), service.key.position());
            if !service.node.is_mapping() && !service.node.is_null() {
                return Err(Error::NotAMapping { service: name, position: service.node.position() });
            }
            if service.merged {
                return Err(Error::MergedService { service: name, position });
            }
        }
        if found.is_empty() { Err(self.no_service(name)) } else { Ok(found) }
    }

    /// The error for a service that is nowhere, with the nearest name.
    pub(crate) fn no_service(&self, name: &str) -> Error {
        let mut known: Vec<String> = self.services.iter().map(|service| service.name.to_owned()).collect();
        known.dedup();
        let nearest = nearest(name, &known);
        Error::NoService { name: name.to_owned(), nearest, known, includes: !self.includes.is_empty() }
    }

    /// The entry of this key that the service would have if it had none of its own.
    pub(crate) fn inherited(&self, service: Service<'y>, key: &str) -> Option<Inherited<'y>> {
        match service.node.inherited(key).filter(|entry| !is_reset(entry)) {
            Some(entry) => Some(Inherited::Merged(entry)),
            None => self.extended(service, key),
        }
    }

    /// All declarations of a service, the last of several documents first.
    pub(crate) fn declarations(&self, service: Service<'y>) -> Vec<Service<'y>> {
        // In a document every name is there once.
        if !self.has_several_documents {
            return vec![service];
        }
        self.services.iter().rev().filter(|other| other.name == service.name).copied().collect()
    }

    /// The entry of this key that counts once all documents are merged.
    pub(crate) fn merged(&self, service: Service<'y>, key: &str) -> Option<Effective<'y>> {
        for declaration in self.declarations(service) {
            let found = self.effective(declaration, key);
            if found.is_some() || keeps_away(declaration.node, key) {
                return found;
            }
        }
        None
    }

    /// The entry of this key that counts for a service where it is declared: its own, or what compose takes from elsewhere.
    pub(crate) fn effective(&self, service: Service<'y>, key: &str) -> Option<Effective<'y>> {
        let own = service.node.own(key);
        match own.filter(|entry| !is_reset(entry)) {
            Some(entry) => Some(Effective::Own(entry)),
            None => match self.inherited(service, key)? {
                // A reset does not keep away what << brings along: compose drops the tag first, then merges.
                merged @ Inherited::Merged(_) => Some(Effective::Inherited(merged)),
                _ if own.is_some() => None,
                extended => Some(Effective::Inherited(extended)),
            },
        }
    }

    /// The names of the services that have a build, their own or not, in their order.
    ///
    /// # Errors
    /// When a service extends one of a file that cannot be read: then nobody knows.
    pub(crate) fn built(&self) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = Vec::new();
        for service in &self.services {
            match self.effective(*service, "build") {
                None => {}
                Some(Effective::Inherited(Inherited::OtherFile { from, file, brought: None })) => {
                    let origin = Origin::other_file(from, file, false);
                    return Err(Error::MaybeBuilt { service: service.name.to_owned(), origin });
                }
                Some(_) if names.iter().any(|name| name == service.name) => {}
                Some(_) => names.push(service.name.to_owned()),
            }
        }
        Ok(names)
    }

    /// Whether a service of this name is here, written out or merged in.
    pub(crate) fn has(&self, name: &str) -> bool {
        matches!(self.find(name), Ok(_) | Err(Error::MergedService { .. }))
    }

    /// The entry of this key that the service would have through `extends` if it had none of its own.
    pub(crate) fn extended(&self, service: Service<'y>, key: &str) -> Option<Inherited<'y>> {
        for step in self.lineage(service) {
            if let Some(file) = step.file {
                let brought = match self.place.service(file, step.service) {
                    Some(known) => Some(known.get(key)?.clone()),
                    None => None,
                };
                return Some(Inherited::OtherFile { from: step.service, file, brought });
            }
            let declarations = self.services.iter().rev().filter(|other| other.name == step.service);
            if let Some(node) = declarations.map(|other| other.node).find(|node| node.get(key).is_some()) {
                // A reset there ends the search: what stands above it does not come through.
                return Some(Inherited::Extended { from: step.service, entry: standing(node, key)? });
            }
        }
        None
    }

    /// Whether this service, or one between it and another file, keeps away what is extended there.
    pub(crate) fn keeps_away(&self, service: Service<'y>, key: &str) -> bool {
        let mut names = vec![service.name];
        names
            .extend(self.lineage(service).iter().filter(|step| step.file.is_none()).map(|step| step.service));
        self.services.iter().any(|other| names.contains(&other.name) && keeps_away(other.node, key))
    }

    /// The service of another file that this one extends, if it cannot be known what that is.
    pub(crate) fn unread(&self, service: Service<'y>) -> Option<(&'y str, &'y str)> {
        let last = self.lineage(service).pop()?;
        let file = last.file?;
        self.place.service(file, last.service).is_none().then_some((last.service, file))
    }

    /// The services that this one extends, the nearest first.
    pub(crate) fn lineage(&self, service: Service<'y>) -> Vec<Extends<'y>> {
        let mut steps: Vec<Extends<'y>> = Vec::new();
        let mut node = service.node;
        while let Some(step) = self.extends(node) {
            let seen =
                step.service == service.name || steps.iter().any(|known| known.service == step.service);
            // A circle is an error of the file, which compose will report.
            if seen && step.file.is_none() {
                break;
            }
            steps.push(step);
            let next = self.services.iter().rev().find(|other| other.name == step.service);
            match next {
                Some(next) if step.file.is_none() => node = next.node,
                _ => break,
            }
        }
        steps
    }

    /// Short form `extends: NAME`, long form `extends: {service: NAME, file: FILE}`.
    fn extends(&self, node: Node<'y>) -> Option<Extends<'y>> {
        let value = node.get("extends")?.entry.value;
        let text = |key: &str| value.get(key)?.entry.value.as_str();
        let service = value.as_str().or_else(|| text("service"))?;
        let other = |file: &&str| !self.place.is(file);
        Some(Extends { service, file: text("file").filter(other), node: value })
    }
}

/// An entry that counts for a service, and where it is written.
#[derive(Clone, Debug)]
pub(crate) enum Effective<'y> {
    Own(Entry<'y>),
    Inherited(Inherited<'y>),
}

impl Effective<'_> {
    /// The text of a scalar, or that of a build's context.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Own(entry) => shown(entry.value),
            Self::Inherited(inherited) => inherited.text(),
        }
    }

    /// Whether it is in a file that cannot be read, so perhaps nowhere.
    pub(crate) fn is_unknown(&self) -> bool {
        matches!(self, Self::Inherited(Inherited::OtherFile { brought: None, .. }))
    }
}

/// The entry of this key that compose reads, own or merged in: a reset takes away the own one alone.
pub(crate) fn standing<'y>(node: Node<'y>, key: &str) -> Option<Entry<'y>> {
    let own = node.own(key).filter(|entry| !is_reset(entry));
    own.or_else(|| node.inherited(key).filter(|entry| !is_reset(entry)))
}

/// The services of a document, those that `<<` brings into it behind its own.
fn declared(document: usize, services: Node<'_>, merged: bool) -> Vec<Service<'_>> {
    let mut all: Vec<Service<'_>> = Vec::new();
    let mut open = vec![(services, merged)];
    while let Some((mapping, merged)) = open.pop() {
        for entry in mapping.entries().filter(|entry| !entry.is_merge() && !is_reset(entry)) {
            let Some(name) = entry.key.as_str() else { continue };
            if !merged || all.iter().all(|service| service.name != name) {
                all.push(Service { name, document, node: entry.value, key: entry.key, merged });
            }
        }
        // The first of them wins, so it has to come out first.
        open.extend(mapping.merged().into_iter().rev().map(|parent| (parent, true)));
    }
    all
}

/// `include: [FILE, {path: FILE}, {path: [FILE, …]}]`, as far as it names files.
fn included<'y>(include: Node<'y>, files: &mut Vec<&'y str>) {
    for item in include.items() {
        let named = item.get("path").map_or(item, |path| path.entry.value);
        files.extend(named.as_str());
        for one in named.items() {
            files.extend(one.as_str());
        }
    }
}

impl<'y> Service<'y> {
    /// The path of this declaration.
    pub(crate) fn path(self) -> Path {
        Path::document(self.document).key("services").key(self.name)
    }

    /// Its own build, unless that only takes one away.
    pub(crate) fn build(self) -> Option<Entry<'y>> {
        self.node.own("build").filter(|entry| !is_reset(entry))
    }

    /// Whether it takes an inherited build away, `build: !reset null`.
    pub(crate) fn resets_build(self) -> bool {
        self.node.own("build").is_some_and(|entry| is_reset(&entry))
    }

    /// The services whose builds its own build stands upon: `additional_contexts: {x: service:NAME}`, or as a list.
    pub(crate) fn contexts(self) -> Vec<(&'y str, Node<'y>)> {
        let Some(contexts) =
            self.node.get("build").and_then(|build| build.entry.value.get("additional_contexts"))
        else {
            return Vec::new();
        };
        let contexts = contexts.entry.value;
        let mapped = contexts.entries().filter_map(|entry| Some((entry.value.as_str()?, entry.value)));
        let listed = contexts.items().filter_map(|item| Some((item.as_str()?.split_once('=')?.1, item)));
        let all = mapped.chain(listed);
        all.filter_map(|(text, node)| Some((text.strip_prefix("service:")?, node))).collect()
    }
}

/// <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md#reset-value>
pub(crate) fn is_reset(entry: &Entry<'_>) -> bool {
    entry.value.tag() == Some("!reset")
}

/// Whether an own entry keeps away what `extends` would bring along.
pub(crate) fn keeps_away(node: Node<'_>, key: &str) -> bool {
    node.own(key).is_some_and(|entry| is_reset(&entry) || is_override(&entry))
}

/// <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md#replace-value>
pub(crate) fn is_override(entry: &Entry<'_>) -> bool {
    entry.value.tag() == Some("!override")
}
