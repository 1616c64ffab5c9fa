//! Whose a container is: what this tool makes carries labels that say which run made it, and until when.

use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The label of everything that was made here; its value is the run.
pub(crate) const RUN: &str = "pypelines.image-gate.run";
/// The process: where it lives, its number, and when it began.
const PROCESS: &str = "pypelines.image-gate.process";
/// Seconds since 1970; from then on nobody has a use for it.
const DEADLINE: &str = "pypelines.image-gate.deadline";
/// It was to be kept.
const KEPT: &str = "pypelines.image-gate.kept";

/// How long after its timeout a run may still be at work.
const SLACK: Duration = Duration::from_secs(600);
/// The time of a run that has no timeout.
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A run, as its labels tell of it.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    /// Unlike that of any other run, also of those at the same time on another machine.
    pub(crate) id: String,
    process: String,
    timeout: Option<Duration>,
    keep: bool,
}

/// What has become of the run that made something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is at work, as far as can be known.
    Alive,
    /// It ended without removing what it made.
    Gone,
    /// It has left this for somebody to look at.
    Kept,
}

impl Owner {
    /// This process, whose commands have so much time.
    pub(crate) fn new(timeout: Option<Duration>, keep: bool) -> Self {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let process = process();
        let seed = format!("{process} {} {}", now().as_nanos(), RUNS.fetch_add(1, Ordering::Relaxed));
        Self { id: short_digest(&seed), process, timeout, keep }
    }

    /// The labels of what this run makes now. Its time counts from here: a pull may have taken long.
    pub(crate) fn labels(&self) -> HashMap<String, String> {
        let deadline = now() + self.timeout.map_or(DAY, |timeout| timeout.saturating_add(SLACK));
        let mut labels = HashMap::from([
            (RUN.to_owned(), self.id.clone()),
            (PROCESS.to_owned(), self.process.clone()),
            (DEADLINE.to_owned(), deadline.as_secs().to_string()),
        ]);
        if self.keep {
            labels.insert(KEPT.to_owned(), "true".to_owned());
        }
        labels
    }

    /// A name for a container or image of this run.
    pub(crate) fn name(&self, what: &str) -> String {
        format!("image-gate-{}-{what}", self.id)
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn short_digest(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes())[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where processes have numbers that mean the same as ours: this boot of this machine, and this namespace.
fn house() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    let digits: String = namespace.to_string_lossy().chars().filter(char::is_ascii_digit).collect();
    Some(format!("{}/{digits}", boot.trim()))
}

/// When a process began, in ticks since the boot: numbers of processes are used again. `None` where there is no such process.
fn began(process: u32) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The second field is the program's name, in brackets, and may hold anything.
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    // A zombie holds nothing any more.
    let state = fields.next()?;
    (state != "Z" && state != "X").then(|| fields.nth(18).map(str::to_owned))?
}

fn process() -> String {
    let number = std::process::id();
    match (house(), began(number)) {
        (Some(house), Some(began)) => format!("{house} {number} {began}"),
        _ => String::new(),
    }
}

/// What has become of the run with these labels.
pub(crate) fn fate(labels: &HashMap<String, String>, now: SystemTime) -> Fate {
    let label = |name: &str| labels.get(name).map(String::as_str).unwrap_or_default();
    if label(KEPT) == "true" {
        return Fate::Kept;
    }
    let parts: Vec<&str> = label(PROCESS).split(' ').collect();
    if let [lives, number, start] = parts[..]
        && house().as_deref() == Some(lives)
    {
        let same = number.parse().ok().and_then(began).is_some_and(|known| known == start);
        return if same { Fate::Alive } else { Fate::Gone };
    }
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    match label(DEADLINE).parse::<u64>() {
        Ok(deadline) if now <= deadline => Fate::Alive,
        _ => Fate::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(labels: &HashMap<String, String>, name: &str, value: &str) -> HashMap<String, String> {
        let mut labels = labels.clone();
        labels.insert(name.to_owned(), value.to_owned());
        labels
    }

    #[test]
    fn a_run_lives_as_long_as_its_process() {
        let labels = Owner::new(None, false).labels();
        let now = SystemTime::now();
        assert_eq!(fate(&labels, now), Fate::Alive);
        // Of a process of this machine more is known than a time.
        assert_eq!(fate(&labels, now + 2 * DAY), Fate::Alive);
        let process = labels[PROCESS].clone();
        let (rest, start) = process.rsplit_once(' ').unwrap();
        let another = format!("{rest} {}", start.parse::<u64>().unwrap() + 1);
        assert_eq!(fate(&with(&labels, PROCESS, &another), now), Fate::Gone, "its number was used again");
        let (lives, _) = rest.split_once(' ').unwrap();
        assert_eq!(fate(&with(&labels, PROCESS, &format!("{lives} 4194305 1")), now), Fate::Gone);
    }

    #[test]
    fn a_run_of_another_machine_lives_until_its_time_is_over() {
        let now = SystemTime::now();
        for (timeout, alive) in
            [(None, DAY), (Some(Duration::from_secs(60)), Duration::from_secs(60) + SLACK)]
        {
            let labels = with(&Owner::new(timeout, false).labels(), PROCESS, "elsewhere/1 2 3");
            assert_eq!(fate(&labels, now + alive - Duration::from_secs(5)), Fate::Alive);
            assert_eq!(fate(&labels, now + alive + Duration::from_secs(5)), Fate::Gone);
        }
        assert_eq!(fate(&HashMap::new(), now), Fate::Gone);
    }

    #[test]
    fn what_is_kept_is_kept_and_runs_have_names_of_their_own() {
        let (one, two) = (Owner::new(None, true), Owner::new(None, false));
        assert_eq!(fate(&one.labels(), SystemTime::now() + 30 * DAY), Fate::Kept);
        assert_ne!(one.id, two.id);
        assert_eq!(one.name("gate"), format!("image-gate-{}-gate", one.id));
    }
}
