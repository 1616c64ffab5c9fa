//! What of the compose model matters here: services, and what they take from each other.
//!
//! Specification: <https://github.com/compose-spec/compose-spec/blob/main/spec.md>. A file is read as compose reads it:
//! several documents are merged, in their order.

use yaml_splice::{Entry, Node, Path, Yaml, nearest};

use crate::error::Error;

/// The services of all documents of a file.
#[derive(Debug)]
pub(crate) struct Compose<'y> {
    /// Every service where it is declared; one of several documents is here several times.
    pub(crate) services: Vec<Service<'y>>,
    /// Services that come in through `<<`, so are written elsewhere.
    merged: Vec<Node<'y>>,
    file_name: Option<&'y str>,
    pub(crate) includes: bool,
}

/// One declaration of a service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Service<'y> {
    pub(crate) name: &'y str,
    pub(crate) document: usize,
    /// Its mapping, or nothing at all.
    pub(crate) node: Node<'y>,
    pub(crate) key: Node<'y>,
}

/// Where a service gets an entry from that is not its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Inherited<'y> {
    Merged(Entry<'y>),
    Extended { from: &'y str, entry: Entry<'y> },
    OtherFile { from: &'y str, file: &'y str },
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
    pub(crate) fn new(yaml: &'y Yaml<'y>, file_name: Option<&'y str>) -> Result<Self, Error> {
        let not_compose = |reason| Err(Error::NotCompose { reason });
        if yaml.documents().all(Node::is_null) {
            return not_compose("it is empty");
        }
        let mut compose = Self { services: Vec::new(), merged: Vec::new(), file_name, includes: false };
        let mut has_services = false;
        for (document, root) in yaml.documents().enumerate().filter(|(_, root)| !root.is_null()) {
            if !root.is_mapping() {
                return not_compose("it is not a mapping");
            }
            compose.includes |= root.own("include").is_some();
            let Some(services) = root.own("services") else {
                continue;
            };
            has_services = true;
            if !services.value.is_mapping() {
                return not_compose("its services are not a mapping");
            }
            compose.merged.push(services.value);
            compose.services.extend(services.value.entries().filter_map(|entry| {
                let name = entry.key.as_str().filter(|name| *name != "<<")?;
                Some(Service { name, document, node: entry.value, key: entry.key })
            }));
        }
        if has_services { Ok(compose) } else { not_compose("it has no services") }
    }

    /// Where the service of this name is declared, once or in several documents.
    pub(crate) fn find(&self, name: &str) -> Result<Vec<Service<'y>>, Error> {
        let found: Vec<_> = self.services.iter().filter(|service| service.name == name).copied().collect();
        if let Some(wrong) =
            found.iter().find(|service| !service.node.is_mapping() && !service.node.is_null())
        {
            return Err(Error::NotAMapping { service: name.to_owned(), position: wrong.node.position() });
        }
        if !found.is_empty() {
            return Ok(found);
        }
        if let Some(entry) = self.merged.iter().find_map(|services| services.inherited(name)) {
            return Err(Error::MergedService { service: name.to_owned(), position: entry.key.position() });
        }
        Err(self.no_service(name))
    }

    /// The error for a service that is nowhere, with the nearest name.
    pub(crate) fn no_service(&self, name: &str) -> Error {
        let mut known: Vec<String> = self.services.iter().map(|service| service.name.to_owned()).collect();
        known.dedup();
        let nearest = nearest(name, &known);
        Error::NoService { name: name.to_owned(), nearest, known, includes: self.includes }
    }

    /// The entry of this key that the service would have if it had none of its own.
    pub(crate) fn inherited(&self, service: Service<'y>, key: &str) -> Option<Inherited<'y>> {
        match service.node.inherited(key).filter(|entry| !is_reset(entry)) {
            Some(entry) => Some(Inherited::Merged(entry)),
            None => self.extended(service, key),
        }
    }

    /// The names of the services that have a build, their own or not, in their order.
    pub(crate) fn built(&self) -> Vec<String> {
        let is_built = |service: &Service<'y>| {
            let inherits = matches!(
                self.inherited(*service, "build"),
                Some(Inherited::Merged(_) | Inherited::Extended { .. })
            );
            service.build().is_some() || (inherits && !service.resets_build())
        };
        let mut names: Vec<String> = Vec::new();
        for service in self.services.iter().filter(|service| is_built(service)) {
            if !names.iter().any(|name| name == service.name) {
                names.push(service.name.to_owned());
            }
        }
        names
    }

    /// Whether a service of this name is here, written out or merged in.
    pub(crate) fn has(&self, name: &str) -> bool {
        matches!(self.find(name), Ok(_) | Err(Error::MergedService { .. }))
    }

    /// The entry of this key that the service would have through `extends` if it had none of its own.
    pub(crate) fn extended(&self, service: Service<'y>, key: &str) -> Option<Inherited<'y>> {
        for step in self.lineage(service) {
            if let Some(file) = step.file {
                return Some(Inherited::OtherFile { from: step.service, file });
            }
            let declarations = self.services.iter().rev().filter(|other| other.name == step.service);
            if let Some(found) = declarations.filter_map(|other| other.node.get(key)).next() {
                // A reset there ends the search: what stands above it does not come through.
                let entry = Some(found.entry).filter(|entry| !is_reset(entry))?;
                return Some(Inherited::Extended { from: step.service, entry });
            }
        }
        None
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
        let this_file = |file: &&str| Some(file.trim_start_matches("./")) != self.file_name;
        Some(Extends { service, file: text("file").filter(this_file), node: value })
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
