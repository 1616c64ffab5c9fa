//! `release` when things go wrong: every request of a run is hit by every fault, and whatever becomes of the run, after
//! the next one the server has exactly what was asked for.

use proptest::collection::vec;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::Value;
use testkit::{Answer, Cut, Fault, Gitlab, HeaderValue, Proxy, Rule, Tool};

use super::gitlab::{PROJECT, SHA, gitlab, in_job};
use crate::rows::each;

/// How many runs at a time: they wait more than they work.
const WORKERS: usize = 24;

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// A release with links and a file, where there is none.
    Create,
    /// The same release, which is there with other links, notes and name.
    Update,
    /// A release at a tag that has to be made.
    CreateTag,
    /// The first version in an environment.
    Env,
    /// The next version, with a double of its badge.
    EnvAgain,
    /// Another environment.
    EnvOther,
}

/// A GitLab, what is before it, and a folder with the files that are needed.
struct Stand {
    gitlab: Gitlab,
    proxy: Proxy,
    folder: tempfile::TempDir,
}

impl Stand {
    fn new(run: Run) -> Self {
        let gitlab = gitlab();
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("app.whl"), "wheel").expect("the folder is ours");
        let before = |args: &[&str]| in_job(&gitlab.address()).args(args).succeeds();
        match run {
            Run::Update => {
                let links =
                    ["--asset", "A=https://example.com/old", "--asset", "B=https://example.com/b,path=/b"];
                before(&[&["create", "1.2.0", "--name", "Old"], &links[..]].concat());
            }
            Run::EnvAgain => {
                before(&["env", "prod", "1.1.0", "--no-badge"]);
                for _ in 0..2 {
                    gitlab.add_badge(
                        PROJECT,
                        "production",
                        "https://example.com/old.svg",
                        "https://example.com/",
                    );
                }
            }
            _ => {}
        }
        let proxy = Proxy::builder(&gitlab.address()).start();
        Self { gitlab, proxy, folder }
    }

    fn tool(&self, run: Run) -> Tool {
        let tool = in_job(&self.proxy.address()).current_dir(self.folder.path());
        let tool = tool.env("SOURCE_DATE_EPOCH", "1795248000");
        let a = ["--asset", "A=https://example.com/a,type=image"];
        match run {
            Run::Create => {
                tool.args(["create", "1.2.0", "--upload", "app.whl", "--milestone", "Spring"]).args(a)
            }
            Run::Update => {
                let more = ["--asset", "B=https://example.com/b", "--asset", "C=https://example.com/old"];
                tool.args(["create", "1.2.0", "--name", "New", "--image", "app:1"]).args(a).args(more)
            }
            Run::CreateTag => tool.args(["create", "2.0.0", "--ref", SHA]).args(a),
            Run::Env | Run::EnvAgain => tool.args(["env", "production", "1.2.0"]),
            Run::EnvOther => tool.args(["env", "preview", "2.0.0", "--url", "https://preview.example.com/"]),
        }
    }

    /// All that the server has, whatever its address and the order in which it came.
    fn state(&self) -> Value {
        let mut state = self.gitlab.state(PROJECT);
        if let Some(badges) = state["badges"].as_array_mut() {
            badges.sort_by_key(|badge| badge["name"].to_string());
        }
        let text =
            state.to_string().replace(&self.proxy.address(), "HOST").replace(&self.gitlab.address(), "HOST");
        serde_json::from_str(&text).expect("JSON")
    }
}

/// The state after a run that nothing happens to, and how many requests that made.
fn undisturbed(run: Run) -> (Value, usize) {
    let stand = Stand::new(run);
    stand.tool(run).succeeds();
    (stand.state(), stand.proxy.arrived())
}

fn faults() -> [(&'static str, Fault); 6] {
    let text = |status: u16, kind: &str, body: &str| {
        let answer = Answer { body: body.into(), ..Answer::status(status) };
        answer.header("content-type", HeaderValue::Text(kind.into()))
    };
    let later = text(429, "text/plain", "Retry later\n").header("retry-after", HeaderValue::Text("0".into()));
    let html = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";
    [
        ("lost before", Fault::ResetRequest),
        ("lost after", Fault::LoseAnswer),
        ("broken off", Fault::ResetAnswer(Cut::Half)),
        ("429", Fault::Answer(later)),
        ("500", Fault::Answer(text(500, "application/json", "{\"message\":\"500 Internal Server Error\"}"))),
        ("502 HTML", Fault::Answer(text(502, "text/html", html))),
    ]
}

#[derive(Clone, Debug)]
struct Row {
    run: Run,
    request: usize,
    fault: (&'static str, Fault),
    /// Does it pass, or does it hit every request from this one on?
    passes: bool,
}

fn check(row: &Row, expected: &Value) -> Result<(), String> {
    let stand = Stand::new(row.run);
    let rule = Rule::matching("*", row.fault.1.clone()).from(row.request);
    stand.proxy.fault(if row.passes { rule.times(1) } else { rule });
    let timeout = if row.passes { "10" } else { "1" };
    let first = stand.tool(row.run).env("RELEASE_TIMEOUT", timeout).run();
    match (row.passes, first.code) {
        (true, Some(0)) => {}
        // An answer that breaks off has said that it was done.
        (false, Some(0)) if row.fault.0 == "broken off" && stand.state() == *expected => {}
        (false, Some(1)) if (1..=2).contains(&first.error().len()) && !first.stderr.contains("panicked") => {}
        _ => return Err(format!("the first run ends with {:?}:\n{}", first.code, first.stderr)),
    }
    if row.passes && stand.state() != *expected {
        return Err(format!("after the first run: {}", stand.state()));
    }
    stand.proxy.heal();
    let second = stand.tool(row.run).run();
    if second.code != Some(0) {
        return Err(format!("the second run ends with {:?}:\n{}", second.code, second.stderr));
    }
    if stand.state() != *expected {
        return Err(format!("after the second run:\n{}\nand not\n{expected}", stand.state()));
    }
    let third = stand.tool(row.run).run();
    if third.stdout().contains("created") || third.stdout().contains("updated") {
        return Err(format!("the third run changes something: {}", third.stdout()));
    }
    Ok(())
}

#[test]
fn every_request_may_fail_and_the_next_run_makes_it_right() {
    let mut rows = Vec::new();
    let mut expected = Vec::new();
    for run in [Run::Create, Run::Update, Run::CreateTag, Run::Env, Run::EnvAgain] {
        let (state, requests) = undisturbed(run);
        assert!(requests >= 4, "{run:?} makes only {requests} requests");
        expected.push((run, state));
        for request in 1..=requests {
            for fault in faults() {
                // Of those that stay, half: a run waits a second before it gives up.
                let stays = ["lost before", "lost after", "502 HTML"].contains(&fault.0);
                rows.push(Row { run, request, fault: fault.clone(), passes: true });
                rows.extend(stays.then_some(Row { run, request, fault, passes: false }));
            }
        }
    }
    let expected = |row: &Row| expected.iter().find(|(run, _)| *run == row.run).map(|(_, state)| state);
    each(WORKERS, &rows, |row| check(row, expected(row).expect("its run is known")));
}

/// A run that ends in its middle: from this request on there is only an answer that is not tried again.
fn crash_from(request: usize) -> Rule {
    Rule::matching("*", Fault::Answer(Answer::status(418))).from(request)
}

#[test]
fn any_order_of_runs_that_crash_anywhere_ends_in_the_same_state() {
    const RUNS: [Run; 4] = [Run::Create, Run::CreateTag, Run::Env, Run::EnvOther];
    let finish = |stand: &Stand| {
        stand.proxy.heal();
        for run in RUNS {
            stand.tool(run).succeeds();
        }
        stand.state()
    };
    let expected = finish(&Stand::new(Run::Create));
    let steps = vec((0..RUNS.len(), 1..10_usize), 1..7);
    let config = Config { cases: 24, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let outcome = runner.run(&steps, |steps| {
        let stand = Stand::new(Run::Create);
        for (run, request) in steps {
            stand.proxy.heal();
            stand.proxy.fault(crash_from(request));
            let output = stand.tool(RUNS[run]).run();
            if !matches!(output.code, Some(0 | 1)) {
                return Err(TestCaseError::fail(format!("{output:?}")));
            }
        }
        let state = finish(&stand);
        if state == expected {
            Ok(())
        } else {
            Err(TestCaseError::fail(format!("{state}\nand not\n{expected}")))
        }
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn runs_at_the_same_time_end_in_the_same_state() {
    const RUNS: [Run; 3] = [Run::Create, Run::Create, Run::CreateTag];
    let stand = Stand::new(Run::Create);
    let start = |run| {
        let mut command = stand.tool(run).into_command();
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn()
    };
    let children = RUNS.map(start);
    for child in children {
        assert!(child.and_then(|mut child| child.wait()).expect("it runs").success());
    }
    let state = stand.state();
    assert_eq!(state["releases"].as_array().map(Vec::len), Some(2), "{state}");
    for run in RUNS {
        assert!(stand.tool(run).succeeds().stdout().contains(" unchanged: "), "{run:?}");
    }
    assert_eq!(stand.state(), state);
}
