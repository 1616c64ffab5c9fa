//! `image-gate health`: images that are healthy, and all the ways not to be.

use serde_json::Value;
use testkit::{Engine, skipped};

use super::stand::{IMAGE, Stand};

/// Asked as often as an engine can. On a machine that is busy the shortest check takes more than a second.
const CHECK: &str = "HEALTHCHECK --interval=100ms --timeout=30s --retries=2 CMD";

fn image(stand: &Stand, name: &str, check: &str, command: &str) -> String {
    let name = format!("gate/{name}:1");
    let command = serde_json::to_string(&["sh", "-c", command]).expect("JSON");
    stand.engine.build(&name, &format!("FROM {IMAGE}\n{check}\nCMD {command}\n"));
    name
}

const WAITS: &str = "echo starting; while :; do sleep 0.1; done";

#[test]
fn the_healthcheck_decides() {
    let Some(stand) = Stand::new() else { return };
    let after_a_while = format!("{CHECK} [ -e /tmp/ready ]").replace("--retries=2", "--retries=50");
    let once = "if [ -e /tmp/asked ]; then exit 1; fi; touch /tmp/asked";
    for (name, check, command, options, code, status) in [
        ("healthy", format!("{CHECK} true"), WAITS, vec![], 0, "healthy"),
        (
            "slow",
            after_a_while,
            "sleep 0.5; touch /tmp/ready; while :; do sleep 0.1; done",
            vec![],
            0,
            "healthy",
        ),
        ("unhealthy", format!("{CHECK} echo no database >&2; exit 1"), WAITS, vec![], 3, "unhealthy"),
        ("flapping", format!("{CHECK} {once}"), WAITS, vec![], 0, "healthy"),
        ("flapping", format!("{CHECK} {once}"), WAITS, vec!["--steady", "10s"], 3, "flapping"),
        ("exits", format!("{CHECK} true"), "echo no config; exit 5", vec!["--steady", "10s"], 3, "exited"),
        ("never", format!("{CHECK} sleep 10"), WAITS, vec!["--timeout", "3s"], 3, "too late"),
    ] {
        let image = image(&stand, name, &check, command);
        let output = stand.gate("health").args(&options).arg(&image).run();
        assert_eq!(
            (output.code, output.stdout()),
            (Some(code), format!("{status}\n").as_str()),
            "{output:?}"
        );
        let says = match status {
            "healthy" => "is healthy after",
            "unhealthy" => "the check said last: no database (exit code 1)",
            "exited" => "ended with 5",
            _ => "the end of its log:\nimage-gate: warning:   starting",
        };
        assert!(output.stderr.contains(says), "{output:?}");
        stand.nothing_left();
    }
}

#[test]
fn the_report_says_what_people_are_told() {
    let Some(stand) = Stand::new() else { return };
    let image = image(
        &stand,
        "reported",
        &format!("{CHECK} echo $TOKEN; exit 1"),
        "echo one; echo two $TOKEN; while :; do sleep 0.1; done",
    );
    let health = stand.gate("health").args(["--format", "json", "--log-tail", "1", "--env", "TOKEN", &image]);
    let output = health.env("TOKEN", "s3cret-t0ken-x").run();
    assert_eq!(output.code, Some(3), "{output:?}");
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    let expected = serde_json::json!({
        "schema": 1, "image": image, "healthy": false, "status": "unhealthy", "seconds": report["seconds"],
        "last_check": "*** (exit code 1)", "log": "two ***\n", "ports": [],
    });
    assert_eq!(report, expected);
    assert!(!output.stderr.contains("s3cret"), "{output:?}");
    stand.nothing_left();
}

#[test]
fn an_image_that_says_nothing_of_its_health_is_refused_with_advice() {
    let Some(stand) = Stand::new() else { return };
    for check in ["", "HEALTHCHECK NONE"] {
        let image = image(&stand, "mute", check, WAITS);
        let output = stand.gate("health").arg(&image).fails(2);
        assert!(output.error()[0].contains("it has no HEALTHCHECK"), "{output:?}");
        assert!(output.error()[1].contains("--http /health:8080"), "{output:?}");
    }
    let absent = stand.gate("health").args(["--pull", "never", "no/such:image"]).fails(1);
    assert!(absent.error()[0].contains("there is no image no/such:image"), "{absent:?}");
    stand.nothing_left();
}

#[test]
fn an_interval_that_is_too_long_can_be_shortened() {
    let Some(stand) = Stand::new() else { return };
    let image = image(&stand, "seldom", "HEALTHCHECK --interval=1h CMD true", WAITS);
    let late = stand.gate("health").args(["--timeout", "0.5", &image]).run();
    assert_eq!(late.code, Some(3), "{late:?}");
    assert!(late.stderr.contains("--interval asks sooner"), "{late:?}");
    assert!(late.stderr.contains("it was not asked yet"), "{late:?}");
    stand.gate("health").args(["--interval", "100ms", &image]).succeeds();
    stand.nothing_left();
}

#[test]
fn http_decides_where_it_is_asked_for() {
    let Some(stand) = Stand::new() else { return };
    if !stand.engine.has_network() {
        skipped("health over HTTP: the engine can make no network here");
        return;
    }
    let serve = "mkdir -p /srv; echo ok > /srv/health; sleep 0.3; exec httpd -f -p 8080 -h /srv";
    let image = image(&stand, "web", "EXPOSE 8080", serve);
    for (host, verify) in [(stand.engine.host(), ""), (stand.engine.remote_host(), "1")] {
        let health = |options: &[&str]| {
            let tool = stand.gate("health").args(options).arg(&image).env("DOCKER_HOST", &host);
            tool.env("DOCKER_TLS_VERIFY", verify).env("DOCKER_CERT_PATH", stand.engine.certificates())
        };
        let up = health(&["--http", "/health", "--publish", "--steady", "200ms"]).succeeds();
        let lines: Vec<&str> = up.stdout().lines().collect();
        assert_eq!(lines[0], "healthy");
        assert!(lines[1].starts_with("8080/tcp\t127.0.0.1:"), "{up:?}");
        // The rest is the same for both.
        if verify.is_empty() {
            continue;
        }
        let absent = health(&["--http", "/absent:8080", "--timeout", "3s"]).run();
        assert_eq!(absent.code, Some(3), "{absent:?}");
        assert!(absent.stderr.contains("GET /absent at ") && absent.stderr.contains(": 404"), "{absent:?}");
        let closed = health(&["--http", "/:9", "--timeout", "1s"]).run();
        assert_eq!(closed.code, Some(3), "{closed:?}");
    }
    let none = stand.gate("health").args(["--http", "/", Engine::BASE]).fails(2);
    assert!(none.error()[0].contains("exposes no port"), "{none:?}");
    stand.nothing_left();
}
