//! The commands of `image-promote` besides `copy`, against Debian's docker-registry, with skopeo as the judge.

pub(crate) mod crafted;
mod diff;
mod digest;
mod index;
mod inspect;
mod list;

use serde_json::{Value, json};
use testkit::{File, Image, Output, Tool, tool};

/// An image with a configuration that says something of everything.
fn image() -> Image {
    Image::new().layer(vec![File::new("app/main.py", "print('hello')\n")]).config(json!({
        "Entrypoint": ["python"],
        "Cmd": ["app/main.py", "--port 8080"],
        "Env": ["PATH=/usr/bin", "LANG=C.UTF-8"],
        "User": "1000:1000",
        "WorkingDir": "/app",
        "ExposedPorts": { "8080/tcp": {} },
        "Healthcheck": { "Test": ["CMD", "true"], "Interval": 30_000_000_000_u64 },
        "Labels": { "org.opencontainers.image.version": "1.4.0" },
    }))
}

fn run(command: &str, arguments: &[&str]) -> Tool {
    tool("image-promote").arg(command).args(arguments)
}

fn json_of(output: &Output) -> Value {
    let report: Value = serde_json::from_str(output.stdout()).expect("JSON");
    assert_eq!(report["schema"], 1);
    report
}

/// No command that reads may write.
fn assert_only_read(log: &[testkit::Passed]) {
    assert!(log.iter().all(|passed| ["GET", "HEAD"].contains(&passed.method.as_str())), "{log:?}");
}

/// Every one of these has nothing on stdout, its own message and a hint.
fn assert_refused(command: &str, table: &[(&[&str], i32, &str)]) {
    for (arguments, code, part) in table {
        let output = run(command, arguments).fails(*code);
        assert!(output.error().join("\n").contains(part), "{arguments:?}: {output:?}");
        assert_eq!(output.error().len(), 2, "a hint says what to do next: {output:?}");
        assert_eq!(output.stdout(), "", "{arguments:?}");
    }
}
