//! What a pipeline says of itself.

use std::io::Write;
use std::time::Duration;

use contract::args::Format;
use contract::{Exit, Failure, output};
use serde::Serialize;

use crate::cli::Pipeline;
use crate::output::seconds;
use crate::signals::behind;
use crate::values;

/// How a step has ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed,
    /// There was nothing to do, and this is why.
    Nothing(String),
    /// A gate said no.
    Failed {
        code: u8,
        out_of_memory: bool,
    },
    TimedOut,
    /// The image is not healthy; what the check said last.
    Unhealthy(String),
    /// A step before it has not passed.
    Skipped,
    /// We were asked to end; with this code.
    Interrupted(u8),
    /// Nobody can say: it was not run, or the engine broke off.
    Error(Failure),
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Outcome {
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Nothing(_) => "nothing to do",
            Self::Failed { .. } | Self::Unhealthy(_) => "failed",
            Self::TimedOut => "timed out",
            Self::Skipped => "skipped",
            Self::Interrupted(_) => "interrupted",
            Self::Error(_) => "error",
        }
    }

    /// The code of the gate's command, where it had one.
    fn code(&self) -> Option<u8> {
        match self {
            Self::Failed { code, .. } | Self::Interrupted(code) => Some(*code),
            Self::TimedOut => Some(124),
            _ => None,
        }
    }
}

/// A step that is over.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) outcome: Outcome,
    pub(crate) elapsed: Duration,
    /// What it has made, or found.
    pub(crate) detail: Option<String>,
    /// The end of what it has printed.
    pub(crate) log: String,
}

impl Step {
    pub(crate) fn new(name: &str, outcome: Outcome, elapsed: Duration) -> Self {
        Self { name: name.to_owned(), outcome, elapsed, detail: None, log: String::new() }
    }

    pub(crate) fn skipped(name: &str) -> Self {
        Self::new(name, Outcome::Skipped, Duration::ZERO)
    }

    /// Why it ended so, behind a colon.
    pub(crate) fn reason(&self) -> String {
        let reason = match &self.outcome {
            Outcome::Passed | Outcome::Skipped | Outcome::Interrupted(_) => return String::new(),
            Outcome::Nothing(why) => why.clone(),
            Outcome::Failed { code, out_of_memory: true } => format!("exit code {code}, out of memory"),
            Outcome::Failed { code, .. } => match behind(*code) {
                Some(signal) => format!("exit code {code}, as after {signal}"),
                None => format!("exit code {code}"),
            },
            Outcome::TimedOut => "its time was over".to_owned(),
            Outcome::Unhealthy(last) => {
                let what = self.detail.as_deref().unwrap_or("unhealthy");
                if last.is_empty() { what.to_owned() } else { format!("{what}; {}", last.trim()) }
            }
            Outcome::Error(failure) => failure.to_string(),
        };
        format!(": {reason}")
    }
}

/// All steps, in their order.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) steps: Vec<Step>,
    /// From the beginning of the first to the end of the last: some may have run at once.
    pub(crate) elapsed: Duration,
}

#[derive(Serialize)]
struct Document<'a> {
    image: &'a str,
    passed: bool,
    seconds: f64,
    steps: Vec<StepDocument<'a>>,
}

#[derive(Serialize)]
struct StepDocument<'a> {
    name: &'a str,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    out_of_memory: bool,
    seconds: f64,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl Report {
    /// Has everything passed so far?
    pub(crate) fn goes_on(&self) -> bool {
        self.steps.iter().all(|step| matches!(step.outcome, Outcome::Passed | Outcome::Nothing(_)))
    }

    /// The worst of all steps: asked to end, an error, a no.
    pub(crate) fn exit(&self) -> Exit {
        let outcomes = || self.steps.iter().map(|step| &step.outcome);
        let interrupted = outcomes().find_map(|outcome| match outcome {
            Outcome::Interrupted(code) => Some(Exit::Command(*code)),
            _ => None,
        });
        let error = || {
            outcomes().find_map(|outcome| match outcome {
                Outcome::Error(failure) => Some(failure.exit()),
                _ => None,
            })
        };
        let no = || if self.goes_on() { Exit::Done } else { Exit::No };
        interrupted.or_else(error).unwrap_or_else(no)
    }

    /// The summary.
    pub(crate) fn tell(&self, args: &Pipeline, image: &str, out: &mut dyn Write) -> Result<(), Failure> {
        match args.format.format {
            Format::Text => output::bytes(out, self.table().as_bytes()),
            Format::Json => {
                let steps = self.steps.iter().map(|step| StepDocument {
                    name: &step.name,
                    result: step.outcome.word(),
                    exit_code: step.outcome.code(),
                    out_of_memory: matches!(step.outcome, Outcome::Failed { out_of_memory: true, .. }),
                    seconds: seconds(step.elapsed),
                    reason: step.reason().trim_start_matches(": ").to_owned(),
                    detail: step.detail.as_deref(),
                });
                let document = Document {
                    image,
                    passed: self.goes_on(),
                    seconds: seconds(self.elapsed),
                    steps: steps.collect(),
                };
                output::json(out, &document)
            }
        }
    }

    fn table(&self) -> String {
        let width = self.steps.iter().map(|step| step.name.len()).chain([4]).max().unwrap_or_default();
        let mut text = format!("{:width$}  {:13}  {:>7}\n", "step", "result", "seconds");
        for step in &self.steps {
            let line = format!(
                "{:width$}  {:13}  {:>7}  {}",
                step.name,
                step.outcome.word(),
                values::seconds(step.elapsed),
                step.reason().trim_start_matches(": ")
            );
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: Vec<Outcome>) -> Report {
        let step = |(n, outcome)| Step::new(&format!("s{n}"), outcome, Duration::from_millis(1500));
        Report { steps: outcomes.into_iter().enumerate().map(step).collect(), elapsed: Duration::ZERO }
    }

    #[test]
    fn the_worst_step_decides() {
        let failed = || Outcome::Failed { code: 7, out_of_memory: false };
        for (outcomes, exit) in [
            (vec![], Exit::Done),
            (vec![Outcome::Passed, Outcome::Nothing("x".into())], Exit::Done),
            (vec![Outcome::Passed, failed(), Outcome::Skipped], Exit::No),
            (vec![Outcome::TimedOut], Exit::No),
            (vec![Outcome::Unhealthy(String::new())], Exit::No),
            (vec![failed(), Outcome::Error(Failure::failed("x"))], Exit::Failed),
            (vec![Outcome::Error(Failure::usage("x"))], Exit::Usage),
            (
                vec![failed(), Outcome::Interrupted(143), Outcome::Error(Failure::failed("x"))],
                Exit::Command(143),
            ),
        ] {
            let report = report(outcomes);
            assert_eq!(report.exit(), exit, "{report:?}");
        }
    }

    #[test]
    fn the_summary_is_a_table() {
        let failed = |code, out_of_memory| Outcome::Failed { code, out_of_memory };
        let report = report(vec![Outcome::Passed, failed(7, true), failed(139, false), Outcome::Skipped]);
        let expected = "step  result         seconds\ns0    passed             1.5\ns1    failed             1.5  exit code 7, out of memory\ns2    failed             1.5  exit code 139, as after SIGSEGV\ns3    skipped            1.5\n";
        assert_eq!(report.table(), expected);
    }
}
