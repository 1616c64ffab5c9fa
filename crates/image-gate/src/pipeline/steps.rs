//! One step each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::{Exit, Failure};
use serde::Deserialize;

use super::ended;
use super::file::{Description, Gate};
use super::report::{Outcome, Step};
use crate::build::{Job, program};
use crate::cli::Pull;
use crate::environment::Environment;
use crate::gate::{self, below};
use crate::health::{Check, Verdict};
use crate::image::Image;
use crate::keeper::Keeper;
use crate::output::status;
use crate::push::{self, Decision, Event, decide};
use crate::relay::{Named, Relay, Tail, standard_error};
use crate::signals::Signals;
use crate::supervise::{Ending, Refusal};
use crate::values::{Copy, Mount, Variable};

const STOP: Duration = Duration::from_secs(5);
const HEALTHY_WITHIN: Duration = Duration::from_secs(20);
const LOG_TAIL: usize = 200;
const LABELS: &str = "it prints NAME=VALUE lines or JSON, as 'versioner labels --format json' does";

/// What all steps share.
pub(super) struct Runner<'a> {
    pub(super) description: &'a Description,
    pub(super) folder: &'a Path,
    pub(super) keeper: &'a Keeper,
    pub(super) signals: &'a Signals,
    pub(super) event: &'a Event,
}

/// Passes on what a step prints, with its name in front, and keeps the end of it.
struct Channel {
    relay: Relay,
    kept: Arc<Mutex<Vec<u8>>>,
}

impl Channel {
    fn open(name: &str, secrets: &[String]) -> Result<Self, Failure> {
        let kept = Arc::default();
        let sink =
            || Ok::<_, Failure>(Box::new(Tail::new(Named::new(standard_error()?, name), Arc::clone(&kept))));
        let relay = Relay::start(sink()?, sink()?, secrets);
        Ok(Self { relay, kept })
    }

    /// What the step has printed last.
    async fn close(self, signals: &Signals) -> Result<String, Failure> {
        self.relay.finish(&mut signals.listener()).await?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(String::from_utf8_lossy(&kept).into_owned())
    }
}

impl Runner<'_> {
    /// The step, and the ID of the image.
    pub(super) async fn build(&self) -> (Step, Option<String>) {
        let begun = Instant::now();
        let (mut id, mut log) = (None, String::new());
        let outcome = self
            .unless_interrupted(async {
                let channel = Channel::open("build", &[])?;
                let output = channel.relay.sender();
                let built = self.built(&output).await;
                drop(output);
                log = channel.close(self.signals).await?;
                id = Some(built?);
                Ok(Outcome::Passed)
            })
            .await;
        let mut step = Step::new("build", outcome, begun.elapsed());
        step.detail = id.clone();
        step.log = log;
        (ended(step), id)
    }

    async fn built(&self, output: &gate::Output) -> Result<String, Failure> {
        let Some(build) = &self.description.build else { return Err(Failure::usage("there is no [build]")) };
        let mut labels: HashMap<String, String> = build.labels.clone().into_iter().collect();
        if let Some(words) = &build.labels_from {
            labels.extend(parse_labels(&program::asked(words, self.folder).await?)?);
        }
        let job = Job { build, folder: self.folder, image: &self.description.image, labels };
        job.run(self.keeper, output).await
    }

    pub(super) async fn gate(&self, gate: &Gate, image: &str) -> Step {
        let begun = Instant::now();
        let mut log = String::new();
        let outcome = match self.run_gate(gate, image, &mut log).await {
            Ok(outcome) => outcome,
            Err(failure) => Outcome::Error(failure),
        };
        let mut step = Step::new(&gate.name, outcome, begun.elapsed());
        step.log = log;
        ended(step)
    }

    async fn run_gate(&self, gate: &Gate, image: &str, log: &mut String) -> Result<Outcome, Failure> {
        let environment = environment(&gate.env, &gate.env_from)?;
        let channel = Channel::open(&gate.name, &environment.secrets)?;
        let output = channel.relay.sender();
        let place = |path: &Path| below(self.folder, path);
        let run = gate::Gate {
            name: gate.name.clone(),
            who: format!("the command of {}", gate.name),
            image: gate.image.clone().unwrap_or_else(|| image.to_owned()),
            pull: Pull::Missing,
            command: gate.run.words(),
            // A gate is a command of its own, and no argument of the service.
            entrypoint: Some(gate.entrypoint.clone().unwrap_or_default()),
            environment,
            mounts: gate
                .mount
                .iter()
                .map(|mount| Mount { source: place(&mount.source), ..mount.clone() })
                .collect(),
            copies: gate
                .copy
                .iter()
                .map(|copy| Copy { source: place(&copy.source), ..copy.clone() })
                .collect(),
            setup: gate.setup.clone(),
            artifacts: gate
                .artifact
                .iter()
                .map(|artifact| crate::values::Artifact {
                    directory: place(&artifact.directory),
                    ..artifact.clone()
                })
                .collect(),
            user: gate.user.clone(),
            workdir: gate.workdir.clone(),
            network: gate.network.clone(),
            memory: gate.memory,
            timeout: gate.timeout,
            stop: STOP,
        };
        let ending = run.run(self.keeper, &output, self.signals).await;
        drop(output);
        *log = channel.close(self.signals).await?;
        Ok(match ending {
            Ok(Ending::Exited { code: 0, .. }) => Outcome::Passed,
            Ok(Ending::Exited { code, out_of_memory }) => Outcome::Failed { code, out_of_memory },
            Ok(Ending::TimedOut) => Outcome::TimedOut,
            Ok(Ending::Interrupted(code)) => Outcome::Interrupted(code),
            Err(Refusal::NotFound(why) | Refusal::NotExecutable(why)) => {
                Outcome::Error(Failure::usage(format!("the command cannot be run: {why}")))
            }
            Err(Refusal::Other(failure)) => Outcome::Error(failure),
        })
    }

    pub(super) async fn health(&self, image: &str) -> Step {
        let begun = Instant::now();
        let (mut log, mut detail) = (String::new(), None);
        let outcome = self
            .unless_interrupted(async {
                let check = self.check(image)?;
                let report = check.run(self.keeper, "health").await?;
                report.tell(&self.description.image);
                detail = Some(status(&report.verdict).to_owned());
                log = report.log;
                Ok(if report.verdict == Verdict::Healthy {
                    Outcome::Passed
                } else {
                    Outcome::Unhealthy(report.last)
                })
            })
            .await;
        let mut step = Step::new("health", outcome, begun.elapsed());
        step.log = log;
        step.detail = detail;
        ended(step)
    }

    fn check(&self, image: &str) -> Result<Check, Failure> {
        let Some(health) = &self.description.health else {
            return Err(Failure::usage("there is no [health]"));
        };
        Ok(Check {
            image: image.to_owned(),
            pull: Pull::Missing,
            environment: environment(&health.env, &health.env_from)?,
            network: health.network.clone(),
            memory: health.memory,
            timeout: health.timeout.unwrap_or(HEALTHY_WITHIN),
            steady: health.steady.unwrap_or_default(),
            interval: health.interval,
            publish: false,
            http: health.http.clone(),
            log_tail: health.log_tail.unwrap_or(LOG_TAIL),
        })
    }

    pub(super) async fn push(&self, image: &str) -> Step {
        let begun = Instant::now();
        let mut detail = None;
        let outcome = self
            .unless_interrupted(async {
                let Some(push) = &self.description.push else {
                    return Err(Failure::usage("there is no [push]"));
                };
                let references = push.to.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()?;
                // The event first: where nothing is pushed nobody need know tags.
                if let Decision::Nothing(why) = decide(self.event, &push.only_on, &references, None)? {
                    return Ok(Outcome::Nothing(why));
                }
                let tags = match &push.tags_from {
                    Some(words) => Some(lines(&program::asked(words, self.folder).await?)),
                    None => None,
                };
                let Decision::Push(references) =
                    decide(self.event, &push.only_on, &references, tags.as_deref())?
                else {
                    return Ok(Outcome::Passed);
                };
                let id = Image::there(&self.keeper.engine, image).await?.id;
                let pushed = push::all(&self.keeper.engine, &id, &references).await?;
                let names: Vec<String> = pushed.iter().map(|pushed| pushed.reference.to_string()).collect();
                detail = Some(names.join(" "));
                Ok(Outcome::Passed)
            })
            .await;
        let mut step = Step::new("push", outcome, begun.elapsed());
        step.detail = detail;
        ended(step)
    }

    /// What is begun for a step is dropped when we are asked to end; the keeper removes it.
    async fn unless_interrupted(&self, work: impl Future<Output = Result<Outcome, Failure>>) -> Outcome {
        let mut listener = self.signals.listener();
        tokio::select! {
            biased;
            signal = listener.end() => Outcome::Interrupted(128 + signal.number),
            result = work => result.unwrap_or_else(|failure| match failure.exit() {
                Exit::Command(code) => Outcome::Interrupted(code),
                _ => Outcome::Error(failure),
            }),
        }
    }
}

/// What is set for a container, and what is handed over to it.
pub(super) fn environment(
    plain: &std::collections::BTreeMap<String, String>,
    handed_over: &[String],
) -> Result<Environment, Failure> {
    let mut variables: Vec<Variable> =
        plain.iter().map(|(name, value)| Variable::plain(name, value)).collect();
    for name in handed_over {
        let variable = name.parse().map_err(|why| {
            Failure::usage(format!("env-from holds '{name}': {why}"))
                .hint("env-from has names of variables; those with a value stand in env")
        })?;
        variables.push(variable);
    }
    Environment::new(&variables)
}

/// Lines that hold something.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// `{"labels": {...}}`, `{...}`, or a line each.
fn parse_labels(text: &str) -> Result<HashMap<String, String>, Failure> {
    #[derive(Deserialize)]
    struct Document {
        labels: HashMap<String, String>,
    }
    if text.trim_start().starts_with('{') {
        let document = serde_json::from_str::<Document>(text).map(|document| document.labels);
        return document.or_else(|_| serde_json::from_str(text)).map_err(|error| {
            let failure = Failure::usage("labels-from prints JSON that holds no labels").because(error);
            failure.hint(LABELS)
        });
    }
    let pairs = lines(text).into_iter().map(|line| match line.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            let failure = Failure::usage(format!("labels-from prints '{line}', which is no NAME=VALUE"));
            Err(failure.hint(LABELS))
        }
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_come_as_json_or_as_lines() {
        for text in [r#"{"schema": 1, "labels": {"a": "1"}}"#, r#"{"a": "1"}"#, "a=1\n\n"] {
            assert_eq!(parse_labels(text).unwrap(), HashMap::from([("a".into(), "1".into())]), "{text}");
        }
        assert!(parse_labels("nonsense").is_err() && parse_labels("{").is_err());
    }
}
