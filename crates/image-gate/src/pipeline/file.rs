//! `gates.toml`: what is built, which gates it has to pass, and where it goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::Failure;
use serde::{Deserialize, Deserializer};

use super::variables::filled;
use crate::values::{self, Artifact, Copy, Mount, Probe};

/// The names of the steps that are no gates.
pub(crate) const STEPS: [&str; 3] = ["build", "health", "push"];

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Description {
    /// What the image is called on the engine.
    pub(crate) image: String,
    pub(crate) build: Option<Build>,
    /// So many gates run at once.
    #[serde(default = "one")]
    pub(crate) parallel: usize,
    /// Are the gates behind one that failed run all the same?
    #[serde(default)]
    pub(crate) keep_going: bool,
    #[serde(default, rename = "gate")]
    pub(crate) gates: Vec<Gate>,
    pub(crate) health: Option<Health>,
    pub(crate) push: Option<Push>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Build {
    #[serde(default = "here")]
    pub(crate) context: PathBuf,
    /// Seen from the context.
    #[serde(default = "dockerfile")]
    pub(crate) dockerfile: String,
    /// `engine`, over its API, or `buildx`: `docker buildx build`, for what only BuildKit can do.
    #[serde(default = "engine")]
    pub(crate) builder: String,
    #[serde(default)]
    pub(crate) args: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    /// A command that prints labels, as JSON or NAME=VALUE lines.
    pub(crate) labels_from: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) cache_from: Vec<String>,
    pub(crate) cache_to: Option<String>,
    /// Names of variables, for RUN --mount=type=secret,id=NAME.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    pub(crate) target: Option<String>,
    pub(crate) platform: Option<String>,
    #[serde(default)]
    pub(crate) pull: bool,
}

const BUILDX: &str = "buildx";

impl Build {
    pub(crate) fn is_by_buildx(&self) -> bool {
        self.builder == BUILDX
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Gate {
    pub(crate) name: String,
    pub(crate) run: Command,
    /// Another image than the one that was built.
    pub(crate) image: Option<String>,
    pub(crate) entrypoint: Option<String>,
    #[serde(deserialize_with = "parsed")]
    pub(crate) mount: Vec<Mount>,
    #[serde(deserialize_with = "parsed")]
    pub(crate) copy: Vec<Copy>,
    #[serde(deserialize_with = "parsed")]
    pub(crate) artifact: Vec<Artifact>,
    pub(crate) setup: Vec<String>,
    pub(crate) env: BTreeMap<String, String>,
    /// Variables of ours that are handed over, and shown in no log.
    pub(crate) env_from: Vec<String>,
    pub(crate) workdir: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) network: Option<String>,
    #[serde(deserialize_with = "memory")]
    pub(crate) memory: Option<i64>,
    #[serde(deserialize_with = "duration")]
    pub(crate) timeout: Option<Duration>,
}

/// A line for the shell, or a program with its arguments.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Command {
    Line(String),
    Words(Vec<String>),
}

impl Default for Command {
    fn default() -> Self {
        Self::Words(Vec::new())
    }
}

impl Command {
    pub(crate) fn words(&self) -> Vec<String> {
        match self {
            Self::Line(line) if line.trim().is_empty() => Vec::new(),
            Self::Line(line) => ["/bin/sh", "-c", line].map(str::to_owned).to_vec(),
            Self::Words(words) => words.clone(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Health {
    #[serde(deserialize_with = "duration")]
    pub(crate) timeout: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub(crate) steady: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    pub(crate) interval: Option<Duration>,
    #[serde(deserialize_with = "one_parsed")]
    pub(crate) http: Option<Probe>,
    pub(crate) log_tail: Option<usize>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) env_from: Vec<String>,
    pub(crate) network: Option<String>,
    #[serde(deserialize_with = "memory")]
    pub(crate) memory: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Push {
    pub(crate) to: Vec<String>,
    #[serde(default = "main_and_tags")]
    pub(crate) only_on: Vec<String>,
    /// A command that prints tags, a line each; they take the place of those that a push finds by itself.
    pub(crate) tags_from: Option<Vec<String>>,
}

/// What is wrong with the file, and what to do about it.
#[derive(Debug)]
struct Wrong(String, String);

const IMAGE: &str = "begin with such as image = \"numbers-api:gate\", what the image is called on the engine";

impl Wrong {
    /// It does not read as a description.
    fn read(text: &str, error: &toml::de::Error) -> Self {
        let (message, at) = (error.message(), error.span().map_or(0, |span| span.start.min(text.len())));
        let number = text[..at].matches('\n').count();
        let hint = if message.contains("missing field `image`") {
            IMAGE.to_owned()
        } else if message.contains("missing field `to`") {
            "[push] says where to: to = [\"registry.example.com/team/app\"]".to_owned()
        } else if message.contains("unknown field") {
            "a field belongs to the [table] above it; docs/image-gate.md has them all".to_owned()
        } else {
            let line = text.lines().nth(number).unwrap_or_default().trim();
            format!("that line reads: {line}; docs/image-gate.md shows what such a file looks like")
        };
        Self(format!("line {}: {message}", number + 1), hint)
    }
}

fn one() -> usize {
    1
}

fn here() -> PathBuf {
    ".".into()
}

fn engine() -> String {
    "engine".into()
}

fn dockerfile() -> String {
    "Dockerfile".into()
}

fn main_and_tags() -> Vec<String> {
    ["main", "tag"].map(str::to_owned).to_vec()
}

fn parsed<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = String>,
{
    let texts = Vec::<String>::deserialize(from)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

fn one_parsed<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = String>,
{
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

fn duration<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    contract::args::duration(&text).map(Some).map_err(serde::de::Error::custom)
}

fn memory<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    let text = String::deserialize(from)?;
    values::bytes(&text).map(Some).map_err(serde::de::Error::custom)
}

impl Description {
    /// Reads the file; its variables are looked up in the environment.
    ///
    /// # Errors
    /// When it is not there, does not parse, or contradicts itself.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let failure = Failure::usage(format!("cannot read {}", path.display())).because(error);
            failure.hint("docs/image-gate.md shows what such a file looks like")
        })?;
        Self::parse(&text, &|name| std::env::var(name).ok())
            .map_err(|Wrong(why, hint)| Failure::usage(format!("{}: {why}", path.display())).hint(hint))
    }

    fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Wrong> {
        let mut description: Self = toml::from_str(text).map_err(|error| Wrong::read(text, &error))?;
        let marks = "in values ${NAME} and ${NAME:-default} stand for variables, $$ for a dollar sign";
        description.fill(variable).map_err(|why| Wrong(why, marks.into()))?;
        description.check()?;
        Ok(description)
    }

    /// Variables stand where something differs from one place to another. Not in commands: their shell has its own.
    fn fill(&mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<(), String> {
        let mut texts = vec![&mut self.image];
        if let Some(build) = &mut self.build {
            texts.push(&mut build.builder);
            texts.extend(build.args.values_mut().chain(build.labels.values_mut()));
            texts.extend(build.cache_from.iter_mut().chain(&mut build.cache_to));
        }
        for gate in &mut self.gates {
            texts.extend(gate.env.values_mut().chain(&mut gate.image).chain(&mut gate.network));
        }
        texts.extend(self.health.iter_mut().flat_map(|health| health.env.values_mut()));
        texts.extend(self.push.iter_mut().flat_map(|push| push.to.iter_mut()));
        for text in texts {
            *text = filled(text, variable)?;
        }
        // A cache that is named by a variable may be none.
        if let Some(build) = &mut self.build {
            build.cache_from.retain(|reference| !reference.is_empty());
            build.cache_to = build.cache_to.take().filter(|reference| !reference.is_empty());
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Wrong> {
        let wrong = |why: String, hint: &str| Err(Wrong(why, hint.to_owned()));
        if self.image.is_empty() {
            return wrong("image is empty: it names what is built".into(), IMAGE);
        }
        if self.parallel == 0 {
            return wrong(
                "parallel is 0: it says how many gates run at once".into(),
                "leave it out for one after the other",
            );
        }
        let mut names = STEPS.to_vec();
        for gate in &self.gates {
            let sound = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            if gate.name.is_empty() || !gate.name.chars().all(sound) {
                return wrong(
                    format!("a gate is called '{}': letters, digits and _ . - make a name", gate.name),
                    "each [[gate]] has a name of its own, such as name = \"unit-tests\"",
                );
            }
            if names.contains(&gate.name.as_str()) {
                return wrong(
                    format!("two steps are called {}", gate.name),
                    "name the gate otherwise; build, health and push are the names of the other steps",
                );
            }
            if gate.run.words().is_empty() {
                return wrong(
                    format!("the gate {} has nothing to run", gate.name),
                    "run = \"pytest -q\" is a line for /bin/sh, run = [\"pytest\", \"-q\"] a program",
                );
            }
            names.push(&gate.name);
        }
        let Some(build) = &self.build else { return Ok(()) };
        if ![engine().as_str(), BUILDX].contains(&build.builder.as_str()) {
            return wrong(
                format!("builder is '{}': engine and buildx are known", build.builder),
                "leave it out for the engine; buildx needs the docker command",
            );
        }
        if !build.is_by_buildx() {
            let what = [(build.cache_to.is_some(), "cache-to"), (!build.secrets.is_empty(), "secrets")];
            if let Some((_, what)) = what.iter().find(|(there, _)| *there) {
                return wrong(
                    format!("{what} needs BuildKit, which builds with builder = \"buildx\""),
                    "set builder = \"buildx\" in [build]; it needs the docker command",
                );
            }
        }
        Ok(())
    }

    /// The names of all steps, in the order in which they run.
    pub(crate) fn steps(&self) -> Vec<&str> {
        let build = self.build.as_ref().map(|_| "build");
        let gates = self.gates.iter().map(|gate| gate.name.as_str());
        let health = self.health.as_ref().map(|_| "health");
        build.into_iter().chain(gates).chain(health).chain(self.push.as_ref().map(|_| "push")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Description, Wrong> {
        Description::parse(text, &|name| (name == "SET").then(|| "x".to_owned()))
    }

    #[test]
    fn steps_stand_in_the_order_in_which_they_run() {
        let text = "image = 'a:${SET}'\n[push]\nto = ['r/${SET}']\n[build]\n[[gate]]\nname = 'b'\nrun = 'true'\n[[gate]]\nname = 'a'\nrun = ['x', '$y']\n[health]\n";
        let description = parse(text).unwrap();
        assert_eq!(description.steps(), ["build", "b", "a", "health", "push"]);
        assert_eq!(description.image, "a:x");
        let cache = "image = 'a'\n[build]\nbuilder = '${UNSET:-engine}'\ncache-to = '${UNSET:-}'\n";
        let build = parse(cache).unwrap().build.unwrap();
        assert!(
            !build.is_by_buildx() && build.cache_to.is_none(),
            "nobody need change it where there is no buildx"
        );
        assert_eq!(description.push.as_ref().unwrap().to, ["r/x"]);
        assert_eq!(description.gates[0].run.words(), ["/bin/sh", "-c", "true"]);
        assert_eq!(description.gates[1].run.words(), ["x", "$y"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_what_to_do() {
        let gate = |more: &str| format!("image = 'a'\n[[gate]]\nname = 'x'\nrun = 'y'\n{more}");
        let build = |more: &str| format!("image = 'a'\n[build]\n{more}");
        let own = str::to_owned;
        for (text, says, advises) in [
            (own("image = 'a'\nbild = 1"), "line 2: unknown field `bild`", "the [table] above it"),
            (gate("mount = ['nowhere']"), "line 5: expected SRC:DST", "reads: mount = ['nowhere']"),
            (gate("timeout = '5x'"), "'5x' is no duration", "reads: timeout = '5x'"),
            (gate("memory = '5x'"), "'5x' is no size", "reads: memory = '5x'"),
            (gate("timeout = 90"), "line 5: invalid type: integer `90`", "reads: timeout = 90"),
            (own("image = a"), "line 1: ", "reads: image = a"),
            (gate("").replace("'x'", "'build'"), "two steps are called build", "name the gate otherwise"),
            (gate("").replace("'x'", "'a b'"), "a gate is called 'a b'", "a name of its own"),
            (own("image = 'a'\n[[gate]]\nname = 'x'"), "has nothing to run", "run = \"pytest"),
            (own("image = 'a'\nparallel = 0"), "parallel is 0", "leave it out"),
            (own("image = '${UNSET}'"), "UNSET", "${NAME:-default}"),
            (own("image = ''"), "image is empty", "image = \"numbers-api:gate\""),
            (own(""), "line 1: missing field `image`", "image = \"numbers-api:gate\""),
            (own("image = 'a'\n[push]\n"), "missing field `to`", "to = [\"registry"),
            (build("cache-to = 'r'"), "cache-to needs BuildKit", "builder = \"buildx\""),
            (build("builder = '${SET}'"), "builder is 'x': engine and buildx are known", "leave it out"),
            (build("secrets = ['T']"), "secrets needs BuildKit", "builder = \"buildx\""),
        ] {
            let Wrong(why, hint) = parse(&text).expect_err(&text);
            assert!(why.contains(says), "{text}: {why}");
            assert!(hint.contains(advises), "{text}: {hint}");
        }
    }
}
