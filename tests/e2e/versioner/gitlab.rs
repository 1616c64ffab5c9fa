//! `tag --push --via gitlab`, against a server that keeps tags as GitLab's API does, and is strict about what it is sent.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use testkit::{Repository, Tool};

use super::{play, versioner};

const TOKEN: &str = "made-up-token";

/// The tags of the project 17, or of team/app.
#[derive(Clone, Default)]
struct GitLab {
    tags: Arc<Mutex<BTreeMap<String, String>>>,
    /// The repository that answers what is asked about history.
    origin: Option<Arc<PathBuf>>,
    /// The questions about history.
    asked: Arc<Mutex<Vec<String>>>,
    /// Does what is asked for, and closes the connection without a word.
    drops_answers: bool,
}

impl GitLab {
    fn start(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|stream| self.clone().serve(stream))
        });
        address
    }

    fn serve(self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 || line == "\r\n" {
                break;
            }
            lines.push(line.trim_end().to_owned());
        }
        let Some((first, headers)) = lines.split_first() else { return };
        let header = |name: &str| {
            headers.iter().find_map(|line| line.to_lowercase().strip_prefix(name).map(str::to_owned))
        };
        let length = header("content-length: ").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let is_json = header("content-type: ").is_some_and(|kind| kind == "application/json");
        let knows_us = header("private-token: ").is_some_and(|token| token == TOKEN);
        let (status, answer) = if knows_us {
            self.answer(first, is_json, &body)
        } else {
            (401, json!({"message": "401 Unauthorized"}))
        };
        if self.drops_answers && first.starts_with("POST") {
            return;
        }
        let answer = answer.to_string();
        let head =
            format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", answer.len());
        let _ = reader.get_mut().write_all(format!("{head}{answer}").as_bytes());
    }

    fn answer(&self, first: &str, is_json: bool, body: &[u8]) -> (u16, Value) {
        let mut tags = self.tags.lock().expect("nobody panicked");
        let root = ["17", "team%2Fapp"].map(|project| format!("/api/v4/projects/{project}/repository"));
        let words: Vec<&str> = first.split(' ').collect();
        let [method, path, "HTTP/1.1"] = words[..] else { return (400, json!({"error": first})) };
        let Some(name) = root.iter().find_map(|root| path.strip_prefix(root.as_str())) else {
            return (404, json!({"message": "404 Project Not Found"}));
        };
        if let (Some(origin), "GET") = (&self.origin, method) {
            self.asked.lock().expect("nobody panicked").push(name.to_owned());
            return about_history(origin, name);
        }
        let tag = |name: &str, commit: &String| json!({"name": name, "commit": {"id": commit}});
        let Some(name) = name.strip_prefix("/tags") else { return (404, json!({"error": "404 Not Found"})) };
        if method == "GET" {
            let name = name.trim_start_matches('/').replace("%2F", "/");
            return tags
                .get(&name)
                .map_or((404, json!({"message": "404 Tag Not Found"})), |commit| (200, tag(&name, commit)));
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (Some(wanted), Some(commit), Some(message), true, "POST", "") = (
            body["tag_name"].as_str(),
            body["ref"].as_str(),
            body["message"].as_str(),
            is_json,
            method,
            name,
        ) else {
            return (400, json!({"error": "tag_name, ref and message are wanted, as JSON"}));
        };
        assert!(commit.len() == 40 && !message.is_empty(), "{body}");
        if wanted.starts_with("v9") {
            return (403, json!({"message": "403 Forbidden"}));
        }
        if tags.contains_key(wanted) {
            return (400, json!({"message": format!("Tag {wanted} already exists")}));
        }
        tags.insert(wanted.to_owned(), commit.to_owned());
        (201, tag(wanted, &commit.to_owned()))
    }
}

/// Tags, merge bases and commits, in pages of two although more are asked for, as an administrator may set it.
fn about_history(origin: &Path, question: &str) -> (u16, Value) {
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).current_dir(origin).output().expect("git");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    let (path, query) = question.split_once('?').expect("a query");
    let pairs: Vec<(String, String)> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .collect();
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let all: Vec<Value> = match path {
        "/tags" => git(&["for-each-ref", "--format=%(refname:short) %(objectname) %(*objectname)", "refs/tags"])
            .lines()
            .map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                json!({"name": words[0], "commit": {"id": words[words.len() - 1]}})
            })
            .collect(),
        "/commits" => git(&["log", "--format=%H%x00%P%x00%B%x01", value("ref_name").expect("a range")])
            .split_terminator('\u{1}')
            .map(|commit| {
                let parts: Vec<&str> = commit.trim_start().split('\0').collect();
                json!({"id": parts[0], "parent_ids": parts[1].split(' ').collect::<Vec<_>>(), "message": parts[2]})
            })
            .collect(),
        "/merge_base" => {
            let refs: Vec<&str> =
                pairs.iter().filter(|(key, _)| key == "refs%5B%5D").map(|(_, value)| value.as_str()).collect();
            return (200, json!({"id": git(&["merge-base", refs[0], refs[1]])}));
        }
        _ => return (404, json!({"error": "404 Not Found"})),
    };
    let page: usize = value("page").and_then(|page| page.parse().ok()).expect("a page");
    assert_eq!(value("per_page"), Some("100"));
    (200, all.into_iter().skip((page - 1) * 2).take(2).collect())
}

/// In a pipeline of GitLab's, where its API is the default.
fn push(repository: &Repository, address: SocketAddr) -> Tool {
    versioner(repository)
        .args(["tag", "--push"])
        .env("CI_API_V4_URL", format!("http://{address}/api/v4"))
        .env("CI_PROJECT_ID", "17")
        .env("GENERIC_GITLAB_TOKEN", TOKEN)
}

#[test]
fn a_tag_is_made_once_through_the_api() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let gitlab = GitLab::default();
    let address = gitlab.clone().start();
    let dry = push(&repository, address).arg("--dry-run").succeeds();
    assert!(dry.stderr.contains("would be made") && gitlab.tags.lock().expect("tags").is_empty(), "{dry:?}");
    let made = push(&repository, address).succeeds();
    assert_eq!(made.stdout(), "v1.1.0\n");
    assert!(made.stderr.contains("was made on commit"), "{made:?}");
    // The clone knows nothing of it.
    let again = push(&repository, address).env("CI_PROJECT_ID", "team/app").succeeds();
    assert_eq!(again.stdout(), "v1.1.0\n");
    assert!(again.stderr.contains("already, made by another run"), "{again:?}");
    let expected = BTreeMap::from([("v1.1.0".to_owned(), repository.head())]);
    assert_eq!(*gitlab.tags.lock().expect("tags"), expected);
}

#[test]
fn a_tag_on_another_commit_is_taken() {
    let repository = play("commit a; tag x/1.0.0; commit feat: b");
    let gitlab = GitLab::default();
    gitlab.tags.lock().expect("tags").insert("x/1.1.0".into(), "1a2b3c4d".repeat(5));
    let output = push(&repository, gitlab.start()).args(["--tag-prefix", "x/"]).fails(3);
    assert!(
        output.error()[0].contains("the tag x/1.1.0 was made meanwhile, on commit 1a2b3c4d"),
        "{output:?}"
    );
}

#[test]
fn an_answer_that_got_lost_is_asked_for() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let gitlab = GitLab { drops_answers: true, ..GitLab::default() };
    let output = push(&repository, gitlab.start()).succeeds();
    assert_eq!(output.stdout(), "v1.1.0\n");
    assert!(output.stderr.contains("has the tag v1.1.0 already"), "{output:?}");
}

#[test]
fn what_gitlab_refuses_is_told_with_a_next_step_and_no_token() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let protected = play("commit a; tag v8.0.0; commit feat!: b");
    let address = GitLab::default().start();
    let table = [
        (&repository, "GENERIC_GITLAB_TOKEN", "other-token", 1, "401", "is wrong or has expired"),
        (&protected, "CI_PROJECT_ID", "17", 1, "403", "protected tags"),
        (&repository, "CI_PROJECT_ID", "18", 1, "404", "CI_PROJECT_ID is wrong"),
        (&repository, "GENERIC_GITLAB_TOKEN", "", 2, "GENERIC_GITLAB_TOKEN is not set", "--via git"),
        (&repository, "CI_API_V4_URL", "nowhere", 2, "CI_API_V4_URL is 'nowhere'", ""),
    ];
    for (repository, name, value, code, message, hint) in table {
        let output = push(repository, address).env(name, value).fails(code);
        assert!(output.error()[0].contains(message), "{output:?}");
        assert!(output.error().get(1).copied().unwrap_or_default().contains(hint), "{output:?}");
        assert!(!output.stderr.contains("token\"") && !output.stderr.contains("other-token"), "{output:?}");
    }
    let output = versioner(&repository).args(["tag", "--push", "--via", "gitlab"]).fails(2);
    assert!(output.error()[0].contains("CI_API_V4_URL is not set"), "{output:?}");
}

/// Histories of the origin, which a clone of depth 1 cannot know | version | next.
const LEFT_OUT: [(&str, &str, &str); 5] = [
    ("commit a; annotate v3.0.0; commit feat: b; commit fix: c; commit d; commit e", "3.0.0", "3.1.0"),
    (
        "commit a; tag v1.0.0; branch x; commit feat!: b; tag v2.0.0; switch main; commit fix: c; commit d",
        "1.0.0",
        "1.0.1",
    ),
    ("commit a; tag v1.0.0; commit feat: b; tag v1.1.0-rc.2; commit c; commit d", "1.0.0", "1.1.0"),
    ("commit a; tag v1.2.0; tag v1.3.0-rc.1; commit fix: b; commit c", "1.2.0", "1.2.1"),
    ("commit feat: a; commit b; commit c", "0.0.0", "0.1.0"),
];

#[test]
fn gitlab_tells_what_a_shallow_clone_left_out() {
    for (script, version, next) in LEFT_OUT {
        let origin = play(script);
        let clone = origin.clone_at_depth(1);
        let gitlab = GitLab { origin: Some(Arc::new(origin.path().to_owned())), ..GitLab::default() };
        let address = gitlab.clone().start();
        let run = |command: &str| {
            versioner(&clone)
                .args([command, "--history", "api"])
                .env("CI_API_V4_URL", format!("http://{address}/api/v4/"))
                .env("CI_PROJECT_ID", "17")
                .env("GENERIC_GITLAB_TOKEN", TOKEN)
        };
        let short = &origin.head()[..8];
        assert_eq!(run("current").succeeds().stdout(), format!("{version}+g{short}\n"), "{script}");
        let output = run("next").succeeds();
        assert_eq!(output.stdout(), format!("{next}\n"), "{script}");
        assert!(output.stderr.contains("asking GitLab for the missing history"), "{output:?}");
        // What the whole clone says.
        assert_eq!(versioner(&origin).arg("next").succeeds().stdout(), output.stdout());
        run("next").env("GENERIC_GITLAB_TOKEN", "").fails(2);
        let output = run("next").env("CI_PROJECT_ID", "18").fails(1);
        assert!(output.error()[0].contains("GitLab knows no such project or commit"), "{output:?}");
    }
}

#[test]
fn gitlab_is_not_asked_what_the_clone_knows() {
    let repository = play("commit a; tag v1.0.0; commit fix: b");
    let gitlab = GitLab { origin: Some(Arc::new(repository.path().to_owned())), ..GitLab::default() };
    let output = push(&repository, gitlab.clone().start()).args(["--dry-run", "--history", "api"]).succeeds();
    assert_eq!(output.stdout(), "v1.0.1\n");
    assert!(gitlab.asked.lock().expect("questions").is_empty());
}

#[test]
fn tags_that_move_are_checked_against_gitlabs() {
    let origin = play("commit a; commit b; tag v1.3.9; branch next; commit feat: c; tag v1.4.3; switch main");
    let clone = origin.clone_at_depth(1);
    let gitlab = GitLab { origin: Some(Arc::new(origin.path().to_owned())), ..GitLab::default() };
    let run = versioner(&clone)
        .args(["tags", "--history", "api"])
        .env("CI_API_V4_URL", format!("http://{}/api/v4", gitlab.start()))
        .env("CI_PROJECT_ID", "17")
        .env("GENERIC_GITLAB_TOKEN", TOKEN);
    assert_eq!(run.succeeds().stdout(), format!("{}\n1.3.9\n1.3\n", &origin.head()[..8]));
}
