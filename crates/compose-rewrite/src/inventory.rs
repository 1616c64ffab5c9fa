//! The ports and mounts of a service, with those that `extends` brings along.
//!
//! Specification: <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>: lists are joined, an entry of
//! the same target gives way to the nearer one.

use yaml_splice::Node;

use crate::compose::{Compose, Service, is_override, keeps_away, standing};
use crate::extended_files::Inheritance;
use crate::mounts::{Listed, mount, port};

/// Its ports as the short form has them.
pub(crate) fn ports(compose: &Compose<'_>, service: Service<'_>) -> Vec<Listed> {
    joined(compose, service, "ports", port, |known| &known.ports)
}

/// Everything it mounts.
pub(crate) fn mounts(compose: &Compose<'_>, service: Service<'_>) -> Vec<Listed> {
    joined(compose, service, "volumes", mount, |known| &known.mounts)
}

fn joined(
    compose: &Compose<'_>,
    service: Service<'_>,
    key: &str,
    own: fn(Node<'_>) -> Option<Listed>,
    brought: fn(&Inheritance) -> &[Listed],
) -> Vec<Listed> {
    // The nearest first.
    let mut layers: Vec<Vec<Listed>> = Vec::new();
    let mut ends = false;
    let mut add = |node: Node<'_>| {
        let entry = standing(node, key);
        layers.extend(entry.map(|entry| entry.value.items().filter_map(own).collect()));
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
    layers.extend(other_file.map(|known| brought(&known).to_vec()));
    let mut all: Vec<Listed> = Vec::new();
    for item in layers.into_iter().rev().flatten() {
        match all.iter_mut().find(|known| known.place == item.place) {
            Some(known) => *known = item,
            None => all.push(item),
        }
    }
    all
}
