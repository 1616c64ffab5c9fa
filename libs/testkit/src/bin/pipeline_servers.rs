//! The servers that a pipeline talks to, for tests that are not in Rust: `pipeline-servers WORLD`.
//!
//! WORLD is one JSON document: `{"project": "team/numbers-api", "commits": [["SHA", "message"]], "tokens": {"TOKEN":
//! "maintainer"}, "job_tokens": ["TOKEN"], "account": ["USER", "PASSWORD"], "files": {"PATH": "text"}}`. It starts a GitLab with that project and a
//! registry with that account, and prints one line: `{"url": …, "api": …, "registry": "127.0.0.1:PORT"}`. From then on it
//! answers each line of its standard input, the path of a project, with a line: all that the project holds. It ends with
//! its standard input.
//!
//! With `"github": {"repository": "team/app", "token": "TOKEN", "tags": {"1.0.0": "SHA"}, "files": {"PATH": "text"},
//! "workflows": ["FILE"]}` there is no GitLab, and `url` and `api` are a GitHub's with that repository. With `"artifactory":
//! "KEY"` there is an Artifactory with that account and a local repository besides, whose address the line then has as well.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};
use testkit::{Artifactory, Github, Gitlab, Registry, Role};

fn main() -> Result<(), Box<dyn Error>> {
    let world = std::env::args().nth(1).ok_or("usage: pipeline-servers WORLD")?;
    let world: Value = serde_json::from_str(&world)?;
    let forge = Forge::of(&world)?;
    let account = texts(&world["account"])?;
    let [user, password] = account.as_slice() else { return Err("account is a user and a password".into()) };
    let registry = Registry::builder().account(user, password).start();
    let artifactory = world["artifactory"]
        .as_str()
        .map(|key| Artifactory::builder().local(key).account(user, password).start());

    let mut out = io::stdout();
    let (url, api) = forge.addresses();
    let places = json!({
        "url": url,
        "api": api,
        "registry": registry.address(),
        "artifactory": artifactory.as_ref().map(Artifactory::address),
    });
    writeln!(out, "{places}")?;
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", forge.state(&line?))?;
    }
    Ok(())
}

enum Forge {
    Gitlab(Gitlab),
    Github { server: Github, workflows: Vec<String> },
}

impl Forge {
    fn of(world: &Value) -> Result<Self, Box<dyn Error>> {
        let Some(hub) = world.get("github") else { return gitlab(world).map(Self::Gitlab) };
        let text = |name: &str| hub[name].as_str().ok_or_else(|| format!("github has no {name}"));
        let pairs = |name: &str| serde_json::from_value::<BTreeMap<String, String>>(hub[name].clone());
        let tags = pairs("tags")?;
        let tags: Vec<_> = tags.iter().map(|(tag, sha)| (tag.as_str(), sha.as_str())).collect();
        let server = Github::start(text("repository")?, text("token")?, &tags);
        for (path, content) in pairs("files")? {
            server.add_file("main", &path, "100644", &content);
        }
        let workflows = texts(&hub["workflows"])?;
        workflows.iter().for_each(|file| server.add_workflow(file));
        Ok(Self::Github { server, workflows })
    }

    fn addresses(&self) -> (String, String) {
        match self {
            Self::Gitlab(server) => (server.url(), server.api()),
            Self::Github { server, .. } => {
                let url = format!("http://{}", server.address());
                (url.clone(), url)
            }
        }
    }

    fn state(&self, project: &str) -> Value {
        match self {
            Self::Gitlab(server) => server.state(project),
            Self::Github { server, workflows } => {
                let started: BTreeMap<_, _> =
                    workflows.iter().map(|file| (file, server.started(file))).collect();
                let mut state = server.state();
                state["pulls"] = server.pulls();
                state["started"] = json!(started);
                state
            }
        }
    }
}

fn gitlab(world: &Value) -> Result<Gitlab, Box<dyn Error>> {
    let project = world["project"].as_str().ok_or("project is a path")?;
    let mut builder = Gitlab::builder().project(project);
    for commit in world["commits"].as_array().ok_or("commits are a list")? {
        let commit = texts(commit)?;
        let [sha, message] = commit.as_slice() else {
            return Err("a commit is its id and its message".into());
        };
        builder = builder.commit(project, sha, message);
    }
    for (token, role) in world["tokens"].as_object().ok_or("tokens have roles")? {
        let role = match role.as_str() {
            Some("reporter") => Role::Reporter,
            Some("developer") => Role::Developer,
            Some("maintainer") => Role::Maintainer,
            _ => return Err(format!("{role} is no role").into()),
        };
        builder = builder.token(token, role);
    }
    for token in texts(&world["job_tokens"])? {
        builder = builder.job_token(&token);
    }
    let gitlab = builder.start();
    for (path, text) in world["files"].as_object().into_iter().flatten() {
        gitlab.add_file(project, path, text.as_str().ok_or("a file is a text")?);
    }
    Ok(gitlab)
}

fn texts(value: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    Ok(serde_json::from_value(value.clone())?)
}
