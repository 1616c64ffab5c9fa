//! The server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

pub(super) const TOKEN: &str = "made-up-token";

/// GitLab with the project 17, or team/app.
#[derive(Clone, Default)]
pub(super) struct GitLab {
    /// Its repository.
    origin: Arc<PathBuf>,
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
    pub(super) fn of(origin: &Path) -> Self {
        Self { origin: Arc::new(origin.to_owned()), ..Self::default() }
    }

    pub(super) fn dropping_answers(self) -> Self {
        Self { drops_answers: true, ..self }
    }

    pub(super) fn with_meanwhile(self, git: &[&'static str]) -> Self {
        Self { meanwhile: Arc::new(git.to_vec()), ..self }
    }

    pub(super) fn start(self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|stream| self.clone().serve(stream))
        });
        address
    }

    pub(super) fn asked(&self) -> Vec<String> {
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
