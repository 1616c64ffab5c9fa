//! The images that files name.

use yaml_splice::{Node, Path, Step, Yaml};

use crate::target::dockerfile;
use crate::trouble::Trouble;

/// An image in a file.
#[derive(Clone, Debug)]
pub(super) struct Use {
    /// For people.
    pub(super) place: String,
    pub(super) file: String,
    /// Its name as it is written, without tag and digest.
    pub(super) image: String,
    /// Its tag, with the digest behind it if there is one.
    pub(super) tag: String,
    pub(super) spot: Spot,
}

/// Where its version stands.
#[derive(Clone, Debug)]
pub(super) enum Spot {
    /// The whole image is the value of this key.
    Image {
        key: String,
        document: usize,
    },
    /// The tag alone is.
    Tag {
        key: String,
        document: usize,
    },
    From,
    /// The value of this argument is.
    Argument(String),
}

/// The images of a compose file, of Helm values or of Kubernetes manifests: `image: NAME:TAG` anywhere, and `repository`
/// with `tag` beside it, and perhaps `registry`.
pub(super) fn in_yaml(file: &str, text: &str) -> Result<Vec<Use>, Trouble> {
    let yaml = Yaml::open(text.as_bytes()).map_err(|error| Trouble::of(&error).at(file))?;
    let mut uses = Vec::new();
    for (document, root) in yaml.documents().enumerate() {
        walk(root, &mut |node| {
            let make = |image: String, tag: &str, at: Node<'_>, spot: fn(String, usize) -> Spot| Use {
                place: format!("{file}, {}", at.position()),
                file: file.to_owned(),
                image,
                tag: tag.to_owned(),
                spot: spot(key(&at.path()), document),
            };
            let text = |name: &str| Some((node.own(name)?.value, node.own(name)?.value.as_str()?));
            if let Some((at, image)) = text("image") {
                let (name, tag) = split(image);
                if !image.is_empty() {
                    uses.push(make(name.to_owned(), tag, at, |key, document| Spot::Image { key, document }));
                }
            }
            if let (Some((_, repository)), Some((at, tag))) = (text("repository"), text("tag")) {
                let registry =
                    text("registry").map(|(_, registry)| registry).filter(|registry| !registry.is_empty());
                let image = match registry {
                    Some(registry) => format!("{registry}/{repository}"),
                    None => repository.to_owned(),
                };
                uses.push(make(image, tag, at, |key, document| Spot::Tag { key, document }));
            }
        });
    }
    Ok(uses)
}

/// The images of FROM, without the stages of the file itself.
pub(super) fn in_dockerfile(file: &str, text: &str) -> Vec<Use> {
    let (bases, arguments) = (dockerfile::bases(text), dockerfile::arguments(text));
    let stages: Vec<String> = bases.iter().map(|base| base.stage.to_lowercase()).collect();
    let mut uses: Vec<Use> = Vec::new();
    for (number, base) in bases.iter().enumerate() {
        let is_stage = stages[..number].contains(&base.name.to_lowercase());
        let is_known = uses.iter().any(|known| known.image == base.name);
        if is_stage || is_known || base.name == "scratch" {
            continue;
        }
        let tag = base.tag.trim_start_matches(':');
        let argument = variable(tag).and_then(|name| arguments.iter().find(|(known, _)| *known == name));
        let (tag, spot) = match argument {
            Some((name, value)) => (*value, Spot::Argument((*name).to_owned())),
            None => (tag, Spot::From),
        };
        uses.push(Use {
            place: format!("{file}, FROM {}", base.name),
            file: file.to_owned(),
            image: base.name.to_owned(),
            tag: tag.to_owned(),
            spot,
        });
    }
    uses
}

/// The name of the variable that a tag is: `$NAME`, `${NAME}`, `${NAME:-default}`.
fn variable(tag: &str) -> Option<&str> {
    let name = tag.strip_prefix('$')?;
    let name = match name.strip_prefix('{') {
        Some(name) => name.strip_suffix('}')?.split(':').next()?,
        None => name,
    };
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_part)).then_some(name)
}

fn walk<'y>(node: Node<'y>, visit: &mut dyn FnMut(Node<'y>)) {
    // What an alias stands for was met where it is written.
    if node.is_alias() {
        return;
    }
    visit(node);
    let children: Vec<Node<'y>> = node.entries().map(|entry| entry.value).chain(node.items()).collect();
    children.into_iter().for_each(|child| walk(child, visit));
}

/// A name and the tag behind it, which is empty where there is none.
fn split(image: &str) -> (&str, &str) {
    let path = image.rfind('/').map_or(0, |slash| slash + 1);
    match image[path..].find([':', '@']) {
        Some(at) => {
            let (name, tag) = image.split_at(path + at);
            (name, tag.trim_start_matches(':'))
        }
        None => (image, ""),
    }
}

/// A path as manifests write it: `$.services.app.image`.
fn key(path: &Path) -> String {
    let mut key = "$".to_owned();
    for step in &path.steps {
        match step {
            Step::Index(index) => key.push_str(&format!("[{index}]")),
            Step::Key(name) => {
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-/".contains(c);
                match !name.is_empty() && name.chars().all(is_plain) {
                    true => key.push_str(&format!(".{name}")),
                    false if name.contains('\'') => key.push_str(&format!("[\"{name}\"]")),
                    false => key.push_str(&format!("['{name}']")),
                }
            }
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_found_wherever_they_stand() {
        let text = "
services:
  a.b: {image: 'postgres:17.1'}
  app: {build: .}
image: {registry: ghcr.io, repository: team/app, tag: 1.2.0}
list:
  - {name: x, image: 'localhost:5000/y'}
---
spec: {containers: [{image: h/z:1@sha256:00}]}
";
        let found = in_yaml("f", text).unwrap();
        let shown: Vec<String> = found
            .iter()
            .map(|found| {
                let (kind, key, document) = match &found.spot {
                    Spot::Image { key, document } => ("image", key.as_str(), *document),
                    Spot::Tag { key, document } => ("tag", key.as_str(), *document),
                    Spot::From => ("from", "", 0),
                    Spot::Argument(name) => ("argument", name.as_str(), 0),
                };
                format!("{} {} {kind} {key} {document}", found.image, found.tag)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "postgres 17.1 image $.services['a.b'].image 0",
                "ghcr.io/team/app 1.2.0 tag $.image.tag 0",
                "localhost:5000/y  image $.list[0].image 0",
                "h/z 1@sha256:00 image $.spec.containers[0].image 1",
            ]
        );
    }

    #[test]
    fn a_dockerfiles_own_stages_are_no_images() {
        let found = in_dockerfile(
            "f",
            "ARG DB=17.1\nFROM --platform=$BUILDPLATFORM golang:1.20 AS build\nFROM build\nFROM scratch\nFROM golang:1.20\nFROM a/b\nFROM postgres:${DB:-16}\nFROM c:$OTHER\n",
        );
        let shown: Vec<String> =
            found.iter().map(|found| format!("{}:{} {:?}", found.image, found.tag, found.spot)).collect();
        assert_eq!(
            shown,
            ["golang:1.20 From", "a/b: From", "postgres:17.1 Argument(\"DB\")", "c:$OTHER From"]
        );
    }
}
