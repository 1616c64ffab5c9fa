//! `tag --push --via gitlab` and `--history api`, against a server that answers out of a real repository as GitLab's API
//! does, and is strict about what it is sent.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use testkit::{Repository, Tool};

use super::tagging::Server;
use super::{play, versioner};

const TOKEN: &str = "made-up-token";

/// GitLab with the project 17, or team/app.
#[derive(Clone, Default)]
struct GitLab {
    /// Its repository.
    origin: Arc<std::path::PathBuf>,
    /// What it was asked.
    asked: Arc<Mutex<Vec<String>>>,
    /// Does what is asked for, and closes the connection without a word.
    drops_answers: bool,
    /// What somebody else does in the repository right before a tag is made.
    meanwhile: Arc<Vec<&'static str>>,
}

/// A status and what is answered with it.
type Answer = (u16, Value);

impl GitLab {
    fn of(origin: &Path) -> Self {
        Self { origin: Arc::new(origin.to_owned()), ..Self::default() }
    }

    fn start(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|stream| self.clone().serve(stream))
        });
        address
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
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
            self.answer(first, is_json, &body).unwrap_or_else(|refused| refused)
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

    fn answer(&self, first: &str, is_json: bool, body: &[u8]) -> Result<Answer, Answer> {
        let no_route = || (404, json!({"error": "404 Not Found"}));
        let words: Vec<&str> = first.split(' ').collect();
        let [method, target, "HTTP/1.1"] = words[..] else { return Err((400, json!({"error": first}))) };
        let root = ["17", "team%2Fapp"].map(|project| format!("/api/v4/projects/{project}/repository/"));
        let asked = root.iter().find_map(|root| target.strip_prefix(root.as_str()));
        let asked = asked.ok_or((404, json!({"message": "404 Project Not Found"})))?;
        self.asked.lock().expect("nobody panicked").push(format!("{method} {asked}"));
        let (path, query) = asked.split_once('?').unwrap_or((asked, ""));
        let parts: Vec<String> = path.split('/').map(|part| part.replace("%2F", "/")).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let mut query = Query::of(query);
        let answer = match (method, &parts[..]) {
            ("POST", ["tags"]) => self.make_tag(is_json, body)?,
            ("GET", ["tags"]) => query.page(self.tags())?,
            ("GET", ["tags", name]) => {
                let found = self.tags().into_iter().find(|tag| tag["name"] == *name);
                (200, found.ok_or((404, json!({"message": "404 Tag Not Found"})))?)
            }
            ("GET", ["commits"]) => self.commits(&mut query)?,
            ("GET", ["commits", sha, "refs"]) => self.refs(sha, &mut query)?,
            ("GET", ["merge_base"]) => self.merge_base(&mut query)?,
            _ => return Err(no_route()),
        };
        query.end()?;
        Ok(answer)
    }

    fn git(&self, args: &[&str]) -> Option<String> {
        let output = Command::new("git")
            .args(["-c", "user.name=GitLab", "-c", "user.email=gitlab@example.com"])
            .args(args)
            .current_dir(self.origin.as_path())
            .output()
            .expect("git");
        let text = String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned();
        output.status.success().then_some(text)
    }

    fn tags(&self) -> Vec<Value> {
        let format = "--format=%(refname:short) %(objectname) %(*objectname)";
        let listed = self.git(&["for-each-ref", format, "refs/tags"]).expect("tags");
        let tag = |line: &str| {
            let words: Vec<&str> = line.split_whitespace().collect();
            json!({"name": words[0], "target": words[1], "commit": {"id": words[words.len() - 1]}})
        };
        listed.lines().map(tag).collect()
    }

    fn make_tag(&self, is_json: bool, body: &[u8]) -> Result<Answer, Answer> {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| body[name].as_str().filter(|text| !text.is_empty());
        let fields = body.as_object().map_or(0, serde_json::Map::len);
        let (Some(name), Some(commit), Some(message), true, 3) =
            (text("tag_name"), text("ref"), text("message"), is_json, fields)
        else {
            return Err((400, json!({"error": "tag_name, ref and message are wanted, as JSON"})));
        };
        if name.starts_with("v9") {
            return Err((403, json!({"message": "403 Forbidden"})));
        }
        if !self.meanwhile.is_empty() {
            self.git(&self.meanwhile).expect("it is done meanwhile");
        }
        if self.tags().iter().any(|tag| tag["name"] == name) {
            return Err((400, json!({"message": format!("Tag {name} already exists")})));
        }
        let made = self.git(&["tag", "--annotate", name, "--message", message, commit]);
        made.ok_or((400, json!({"message": format!("Target {commit} is invalid")})))?;
        let tags = self.tags();
        Ok((201, tags.into_iter().find(|tag| tag["name"] == name).expect("the tag")))
    }

    fn commits(&self, query: &mut Query) -> Result<Answer, Answer> {
        let range = query.take("ref_name").expect("a range");
        let listed = self.git(&["log", "--format=%H%x00%P%x00%B%x01", &range]);
        let listed = listed.ok_or((404, json!({"message": "404 Not Found"})))?;
        let commit = |commit: &str| {
            let parts: Vec<&str> = commit.trim_start().split('\0').collect();
            json!({"id": parts[0], "parent_ids": parts[1].split(' ').collect::<Vec<_>>(), "message": parts[2]})
        };
        query.page(listed.split_terminator('\u{1}').map(commit).collect())
    }

    /// The branches and tags that a commit is part of: GitLab asks git for those that contain it.
    fn refs(&self, sha: &str, query: &mut Query) -> Result<Answer, Answer> {
        let kind = query.take("type").unwrap_or("all".into());
        let kinds = match kind.as_str() {
            "all" => &["branch", "tag"][..],
            "branch" => &["branch"],
            "tag" => &["tag"],
            _ => return Err((400, json!({"error": "type does not have a valid value"}))),
        };
        let mut refs = Vec::new();
        for kind in kinds {
            let listed = self.git(&[kind, "--format=%(refname:short)", "--contains", sha]);
            let listed = listed.ok_or((404, json!({"message": "404 Commit Not Found"})))?;
            refs.extend(listed.lines().map(|name| json!({"type": kind, "name": name})));
        }
        query.page(refs)
    }

    fn merge_base(&self, query: &mut Query) -> Result<Answer, Answer> {
        let refs = [(); 2].map(|()| query.take("refs%5B%5D").expect("two refs"));
        let found = self.git(&["merge-base", &refs[0], &refs[1]]);
        Ok((200, json!({"id": found.ok_or((404, json!({"message": "404 Merge Base Not Found"})))?})))
    }
}

/// The parameters of a question: each is taken once, and none may be left.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(text: &str) -> Self {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// A page of two although more are asked for, as an administrator may set it.
    fn page(&mut self, all: Vec<Value>) -> Result<Answer, Answer> {
        let page = self.take("page").and_then(|page| page.parse::<usize>().ok()).filter(|page| *page > 0);
        let page = page.ok_or((400, json!({"error": "page is invalid"})))?;
        if self.take("per_page").as_deref() != Some("100") {
            return Err((400, json!({"error": "per_page is not the most there is"})));
        }
        Ok((200, all.into_iter().skip((page - 1) * 2).take(2).collect()))
    }

    fn end(self) -> Result<(), Answer> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => {
                Err((400, json!({"error": format!("{name} is no parameter of this request")})))
            }
        }
    }
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
    let server = Server::of(&repository);
    let gitlab = GitLab::of(server.bare());
    let address = gitlab.clone().start();
    let dry = push(&repository, address).arg("--dry-run").succeeds();
    assert!(dry.stderr.contains("would be made") && gitlab.asked().is_empty(), "{dry:?}");
    let made = push(&repository, address).succeeds();
    assert_eq!(made.stdout(), "v1.1.0\n");
    assert!(made.stderr.contains("was made on commit"), "{made:?}");
    // The clone knows nothing of it.
    let again = push(&repository, address).env("CI_PROJECT_ID", "team/app").succeeds();
    assert_eq!(again.stdout(), "v1.1.0\n");
    assert!(again.stderr.contains("already, made by another run"), "{again:?}");
    // Nor does a run that would call it otherwise make a second tag.
    let other_name = push(&repository, address).args(["--bump", "major", "--format", "json"]).succeeds();
    let report: Value = serde_json::from_str(other_name.stdout()).expect("JSON");
    let expected = json!({
        "schema": 1, "tag": "v1.1.0", "version": "1.1.0", "commit": repository.head(), "created": false,
    });
    assert_eq!(report, expected);
    assert_eq!(server.tags(), format!("v1.0.0 commit \nv1.1.0 tag {}", repository.head()));
    let posts = gitlab.asked().iter().filter(|asked| asked.starts_with("POST")).count();
    assert_eq!(posts, 1);
}

/// What the server has more than the clone, whose HEAD is `feat: b` on v1.0.0 | the tag that is printed, or an error |
/// what is said of it.
const ON_THE_SERVER: [(&str, Result<&str, &str>, &str); 9] = [
    ("", Ok("v1.1.0"), "the tag v1.1.0 was made on commit"),
    ("tag v3.0.0", Ok("v3.0.0"), "has the tag v3.0.0 already, made by another run"),
    ("tag v3.0.0; tag v3.1.0; tag v4.0.0-rc.1", Ok("v3.1.0"), "has the tag v3.1.0 already"),
    ("tag other/v3.0.0; tag nightly; tag v1.1.0-rc.1", Ok("v1.1.0"), "was made on commit"),
    ("commit fix: c; tag v1.1.0", Ok("v1.1.0"), "is released with v1.1.0 already: it stands on"),
    ("commit fix: c; tag 1.1.0", Ok("1.1.0"), "is released with 1.1.0 already: it stands on"),
    ("commit feat!: c; tag v2.0.0", Ok("v1.1.0"), "was made on commit"),
    (
        "switch early; tag v1.1.0",
        Err("the tag v1.1.0 was made meanwhile, on commit"),
        "run this job again: it fetches v1.1.0",
    ),
    (
        "switch early; branch side; commit feat: d; tag v1.1.0",
        Err("the tag v1.1.0 stands on commit"),
        "merge what was released there",
    ),
];

#[test]
fn what_the_server_has_and_the_clone_has_not_decides() {
    for (more, expected, said) in ON_THE_SERVER {
        let script = "commit a; tag v1.0.0; commit early; branch early; switch main; commit feat: b";
        let mut origin = play(script);
        let clone = origin.clone_at_depth(100);
        super::play_on(&mut origin, more);
        for via in ["gitlab", "git"] {
            let server = Server::of(&origin);
            clone.git(["remote", "set-url", "origin", &server.bare().to_string_lossy()]);
            let address = GitLab::of(server.bare()).start();
            let run = push(&clone, address).args(["--via", via]);
            let run = run.env("GITLAB_USER_NAME", "Test").env("GITLAB_USER_EMAIL", "test@example.com");
            let before = server.tags();
            match expected {
                Ok(tag) => {
                    let output = run.succeeds();
                    assert_eq!(output.stdout(), format!("{tag}\n"), "{via} {more}");
                    assert!(output.stderr.contains(said), "{via} {more}: {output:?}");
                }
                Err(message) => {
                    let output = run.fails(3);
                    assert!(output.error()[0].contains(message), "{via} {more}: {output:?}");
                    assert!(output.error()[1].contains(said), "{via} {more}: {output:?}");
                }
            }
            let made = usize::from(said.contains("was made on commit"));
            assert_eq!(server.tags().lines().count(), before.lines().count() + made, "{via} {more}");
        }
    }
}

#[test]
fn of_two_that_make_one_tag_through_the_api_one_learns_of_the_other() {
    let table: [(&[&'static str], i32, &str); 3] = [
        (&["tag", "v1.1.0", "main"], 0, "has the tag v1.1.0 already, made by another run"),
        (&["tag", "v1.1.0", "main~1"], 3, "was made meanwhile, on commit"),
        (&["tag", "v1.1.0", "later"], 0, "is released with v1.1.0 already"),
    ];
    for (meanwhile, code, said) in table {
        let script = "commit a; tag v1.0.0; commit b; commit feat: c; branch later; commit d; switch main";
        let repository = play(script);
        let server = Server::of(&repository);
        let gitlab = GitLab { meanwhile: Arc::new(meanwhile.to_vec()), ..GitLab::of(server.bare()) };
        let output = push(&repository, gitlab.start()).run();
        assert_eq!(output.code, Some(code), "{output:?}");
        assert!(output.stderr.contains(said), "{output:?}");
    }
}

#[test]
fn a_tag_behind_a_prefix_is_made_through_the_api() {
    let repository = play("commit a; tag x/1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let run = push(&repository, GitLab::of(server.bare()).start()).args(["--tag-prefix", "x/"]);
    assert_eq!(run.succeeds().stdout(), "x/1.1.0\n");
    assert!(server.tags().contains("x/1.1.0 tag "));
}

#[test]
fn an_answer_that_got_lost_is_asked_for() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let server = Server::of(&repository);
    let gitlab = GitLab { drops_answers: true, ..GitLab::of(server.bare()) };
    let output = push(&repository, gitlab.start()).succeeds();
    assert_eq!(output.stdout(), "v1.1.0\n");
    assert!(output.stderr.contains("has the tag v1.1.0 already"), "{output:?}");
}

#[test]
fn what_gitlab_refuses_is_told_with_a_next_step_and_no_token() {
    let repository = play("commit a; tag v1.0.0; commit feat: b");
    let protected = play("commit a; tag v8.0.0; commit feat!: b");
    let mut unpushed = play("commit a; tag v1.0.0; commit feat: b");
    let servers = [Server::of(&repository), Server::of(&protected), Server::of(&unpushed)];
    unpushed.commit("feat: c");
    let [address, of_protected, of_unpushed] =
        servers.each_ref().map(|server| GitLab::of(server.bare()).start());
    let table = [
        (&repository, address, "GENERIC_GITLAB_TOKEN", "other-token", 1, "401", "is wrong or has expired"),
        (&protected, of_protected, "CI_PROJECT_ID", "17", 1, "403", "protected tags"),
        (
            &repository,
            address,
            "CI_PROJECT_ID",
            "18",
            1,
            "no such project or commit",
            "CI_PROJECT_ID is wrong",
        ),
        (&unpushed, of_unpushed, "CI_PROJECT_ID", "17", 1, "no such project or commit", "was not pushed"),
        (&repository, address, "GENERIC_GITLAB_TOKEN", "", 2, "GENERIC_GITLAB_TOKEN is not set", "--via git"),
        (&repository, address, "CI_API_V4_URL", "nowhere", 2, "CI_API_V4_URL is 'nowhere'", ""),
    ];
    for (repository, address, name, value, code, message, hint) in table {
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
        let address = GitLab::of(origin.path()).start();
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
    let gitlab = GitLab::of(repository.path());
    let output = push(&repository, gitlab.clone().start()).args(["--dry-run", "--history", "api"]).succeeds();
    assert_eq!(output.stdout(), "v1.0.1\n");
    assert!(gitlab.asked().is_empty());
}

#[test]
fn tags_that_move_are_checked_against_gitlabs() {
    let origin = play("commit a; commit b; tag v1.3.9; branch next; commit feat: c; tag v1.4.3; switch main");
    let clone = origin.clone_at_depth(1);
    let gitlab = GitLab::of(origin.path());
    let run = versioner(&clone)
        .args(["tags", "--history", "api"])
        .env("CI_API_V4_URL", format!("http://{}/api/v4", gitlab.start()))
        .env("CI_PROJECT_ID", "17")
        .env("GENERIC_GITLAB_TOKEN", TOKEN);
    assert_eq!(run.succeeds().stdout(), format!("{}\n1.3.9\n1.3\n", &origin.head()[..8]));
}

#[test]
fn several_products_in_a_shallow_clone_want_a_prefix_too() {
    let origin = play("commit a; tag a/v1.0.0; tag b/v5.0.0; commit feat: b; commit c");
    let address = GitLab::of(origin.path()).start();
    for how in [["--history", "api"], ["--deepen", "--remote=origin"]] {
        let run = |args: &[&str]| {
            versioner(&origin.clone_at_depth(1))
                .arg("next")
                .args(args)
                .args(how)
                .env("CI_API_V4_URL", format!("http://{address}/api/v4"))
                .env("CI_PROJECT_ID", "17")
                .env("GENERIC_GITLAB_TOKEN", TOKEN)
                .run()
        };
        let ambiguous = run(&[]);
        assert_eq!((ambiguous.code, ambiguous.stdout()), (Some(2), ""), "{ambiguous:?}");
        assert!(ambiguous.error()[0].contains("a/ or b/"), "{ambiguous:?}");
        assert_eq!(run(&["--tag-prefix", "b/"]).stdout(), "5.1.0\n");
    }
}
