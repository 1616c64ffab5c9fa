//! A small file that takes builds away and puts an image there, to be given to compose behind the file itself.
//!
//! In a later file `!reset null` takes away what came through `<<`, `extends` or `include` too
//! (<https://github.com/compose-spec/compose-spec/blob/main/13-merge.md#reset-value>).

use yaml_splice::{Path, Splice, Value, Yaml};

use crate::compose::Compose;
use crate::error::Error;
use crate::image::{PULLED, left_policy, wrong_policy};

const HEADER: &str =
    "# Made by compose-rewrite, to be used behind the file it is for: docker compose -f FILE -f THIS\n";

/// What the override has to say about a service.
#[derive(Debug, Default)]
pub(crate) struct Overridden {
    name: String,
    resets_build: bool,
    /// A policy with which the image would not be pulled.
    policy: Option<String>,
}

/// Looks for these services in one file: those that are there.
///
/// # Errors
/// When another service builds upon the build that would go.
pub(crate) fn look_up(compose: &Compose<'_>, names: &[String]) -> Result<Vec<Overridden>, Error> {
    for other in compose.services.iter().filter(|service| !names.iter().any(|name| name == service.name)) {
        if let Some((service, node)) =
            other.contexts().into_iter().find(|(service, _)| names.iter().any(|name| name == service))
        {
            let (service, by) = (service.to_owned(), other.name.to_owned());
            return Err(Error::NeededAsContext { service, by, position: node.position() });
        }
    }
    let mut found = Vec::new();
    for name in names.iter().filter(|name| compose.has(name)) {
        let Ok(declarations) = compose.find(name) else {
            // It comes in through <<, with a build or without.
            found.push(Overridden::unknown(name));
            continue;
        };
        found.push(Overridden {
            name: name.clone(),
            resets_build: declarations
                .iter()
                .any(|service| service.build().is_some() || compose.inherited(*service, "build").is_some()),
            policy: declarations.iter().find_map(|service| wrong_policy(compose, *service)),
        });
    }
    Ok(found)
}

impl Overridden {
    /// A service that is written in a file which is not read here.
    pub(crate) fn unknown(name: &str) -> Self {
        Self { name: name.to_owned(), resets_build: true, policy: None }
    }

    /// Adds what another file says about the same service.
    pub(crate) fn join(&mut self, other: Self) {
        self.resets_build |= other.resets_build;
        self.policy = other.policy.or(self.policy.take());
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The text of the file, and what its reader should know.
///
/// # Errors
/// None that a user could cause: the text is checked as every other.
pub(crate) fn text(
    services: &[Overridden],
    image: &str,
    fix_pull_policy: bool,
) -> Result<(String, Vec<String>), Error> {
    let mut text = format!("{HEADER}services:\n");
    let mut warnings = Vec::new();
    for service in services {
        let path = Path::root().key("services").key(&service.name);
        let mut entries = Vec::new();
        if service.resets_build {
            entries.push(("build", Value::Tagged("!reset")));
        }
        entries.push(("image", Value::Text(image)));
        match &service.policy {
            Some(_) if fix_pull_policy => entries.push(("pull_policy", Value::Text(PULLED))),
            Some(policy) => warnings.push(left_policy(&service.name, policy)),
            None => {}
        }
        for (key, value) in entries {
            text = insert(&text, &path.key(key), value)?;
        }
    }
    Ok((text, warnings))
}

fn insert(text: &str, path: &Path, value: Value<'_>) -> Result<String, Error> {
    let yaml = Yaml::open(text.as_bytes())?;
    let mut splice = Splice::new(&yaml);
    splice.insert(path, value)?;
    Ok(splice.render()?)
}
