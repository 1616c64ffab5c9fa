//! Runs that end before they are done: the next one does the rest, and nothing is there twice.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::{Answer, Fault, Github, Gitlab, Proxy, Registry, Rule, Tool};

use super::forges::{PROJECT, github, gitlab, in_job, in_workflow, place};
use super::registry;
use crate::process::{interruptible, send};
use crate::rows::each;

/// Longer than any test: who is held for so long is held until he is killed.
const FOR_GOOD: Duration = Duration::from_secs(3600);

/// A forge behind a proxy.
enum World {
    Gitlab(Gitlab, Proxy),
    Github(Github, Proxy),
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Gitlab,
    Github,
}

impl World {
    fn new(kind: Kind) -> Self {
        match kind {
            Kind::Gitlab => {
                let gitlab = gitlab();
                let proxy = Proxy::builder(&gitlab.address()).start();
                Self::Gitlab(gitlab, proxy)
            }
            Kind::Github => {
                let github = github();
                let proxy = Proxy::builder(&github.address()).start();
                Self::Github(github, proxy)
            }
        }
    }

    fn proxy(&self) -> &Proxy {
        match self {
            Self::Gitlab(_, proxy) | Self::Github(_, proxy) => proxy,
        }
    }

    fn run(&self, place: &super::Place) -> Tool {
        let run = place.run("run").arg("--auto-merge").args(["--label", "images"]);
        match self {
            Self::Gitlab(gitlab, proxy) => in_job(run, gitlab, &format!("http://{}/api/v4", proxy.address())),
            Self::Github(_, proxy) => in_workflow(run, &proxy.address()),
        }
    }

    fn state(&self) -> Value {
        match self {
            Self::Gitlab(gitlab, _) => gitlab.state(PROJECT),
            Self::Github(github, _) => {
                json!([github.pulls(), github.branch("main"), github.branch("image-track/main")])
            }
        }
    }
}

/// What is there when nothing is lost, and after how many requests.
fn reference(kind: Kind, registry: &Registry) -> (Value, usize) {
    let (world, place) = (World::new(kind), place(registry));
    world.run(&place).succeeds();
    (world.state(), world.proxy().take_log().len())
}

fn rows<F: Clone>(registry: &Registry, faults: &[F]) -> Vec<(Kind, usize, F, Value)> {
    let mut rows = Vec::new();
    for kind in [Kind::Gitlab, Kind::Github] {
        let (reference, requests) = reference(kind, registry);
        assert!((6..20).contains(&requests), "{requests} requests");
        for number in 1..=requests {
            rows.extend(faults.iter().map(|fault| (kind, number, fault.clone(), reference.clone())));
        }
    }
    rows
}

#[test]
fn a_run_that_was_cut_off_is_finished_by_the_next() {
    let registry = registry("team/app", &["1.2.0"]);
    // Each request of a run is lost once, whether it was carried out or not.
    let faults = [Fault::Answer(Answer::status(403)), Fault::Answer(Answer::status(401)), Fault::LoseAnswer];
    each(6, &rows(&registry, &faults), |(kind, number, fault, reference)| {
        let (world, place) = (World::new(*kind), place(&registry));
        world.proxy().fault(Rule::nth(*number, fault.clone()));
        let first = world.run(&place).run();
        if first.code != Some(1) && *fault != Fault::LoseAnswer {
            return Err(format!("the first run does not fail: {first:?}"));
        }
        let second = world.run(&place).run();
        if second.code != Some(0) || world.state() != *reference {
            return Err(format!("{second:?}\n{}", world.state()));
        }
        Ok(())
    });
}

#[test]
fn a_run_that_was_killed_is_finished_by_the_next() {
    let registry = registry("team/app", &["1.2.0"]);
    // The request never gets there; or it is carried out, and the killed run never hears of it.
    let faults = [Fault::Hold(FOR_GOOD), Fault::HoldAnswer(FOR_GOOD)];
    each(6, &rows(&registry, &faults), |(kind, number, fault, reference)| {
        let (world, place) = (World::new(*kind), place(&registry));
        world.proxy().fault(Rule::nth(*number, fault.clone()));
        let mut process = interruptible(&world.run(&place).into_command())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a process");
        let came = world.proxy().wait_for(*number, || process.try_wait().is_ok_and(|ended| ended.is_some()));
        if !came {
            return Err("it ended before it was killed".into());
        }
        send("KILL", &process);
        process.wait().expect("a dead process");
        world.proxy().heal();
        let second = world.run(&place).run();
        if second.code != Some(0) || world.state() != *reference {
            return Err(format!("{second:?}\n{}", world.state()));
        }
        Ok(())
    });
}
