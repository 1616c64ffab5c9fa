//! The ports and mounts of a service, with those that `extends` brings along.
//!
//! Specification: <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>: lists are joined, an entry of
//! the same target gives way to the nearer one.

use yaml_splice::Node;

use crate::compose::{Compose, Service, is_override, keeps_away, standing};
use crate::extended_files::Inheritance;
use crate::mounts::{Mount, mount, port};

/// Its ports as the short form has them.
pub(crate) fn ports(compose: &Compose<'_>, service: Service<'_>) -> Vec<String> {
    let brought = |known: &Inheritance| known.ports.clone();
    joined(compose, service, "ports", port, brought, |one, other| one == other)
}

/// Everything it mounts.
pub(crate) fn mounts(compose: &Compose<'_>, service: Service<'_>) -> Vec<Mount> {
    let brought = |known: &Inheritance| known.mounts.clone();
    joined(compose, service, "volumes", mount, brought, |one, other| one.target == other.target)
}

fn joined<T>(
    compose: &Compose<'_>,
    service: Service<'_>,
    key: &str,
    own: impl Fn(Node<'_>) -> Option<T>,
    brought: impl Fn(&Inheritance) -> Vec<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Vec<T> {
    // The nearest first.
    let mut layers: Vec<Vec<T>> = Vec::new();
    let mut ends = false;
    let mut add = |node: Node<'_>| {
        let entry = standing(node, key);
        layers.extend(entry.map(|entry| entry.value.items().filter_map(&own).collect()));
        entry.map_or_else(|| keeps_away(node, key), |entry| is_override(&entry))
    };
    let mut other_file = None;
    for declaration in compose.declarations(service) {
        ends |= add(declaration.node);
        for step in compose.lineage(declaration) {
            match step.file {
                _ if ends => break,
                Some(file) => other_file = compose.place.service(file, step.service),
                None => {
                    for base in compose.services.iter().rev().filter(|other| other.name == step.service) {
                        ends |= add(base.node);
                    }
                }
            }
        }
        if ends {
            break;
        }
    }
    layers.extend(other_file.map(|known| brought(&known)));
    let mut all: Vec<T> = Vec::new();
    for item in layers.into_iter().rev().flatten() {
        match all.iter_mut().find(|known| same(known, &item)) {
            Some(known) => *known = item,
            None => all.push(item),
        }
    }
    all
}
