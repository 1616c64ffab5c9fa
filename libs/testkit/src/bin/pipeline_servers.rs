//! The servers that a pipeline talks to, for tests that are not in Rust: `pipeline-servers WORLD`.
//!
//! WORLD is one JSON document: `{"project": "team/numbers-api", "commits": [["SHA", "message"]], "tokens": {"TOKEN":
//! "maintainer"}, "job_tokens": ["TOKEN"], "account": ["USER", "PASSWORD"]}`. It starts a GitLab with that project and a
//! registry with that account, and prints one line: `{"url": …, "api": …, "registry": "127.0.0.1:PORT"}`. With
//! `"artifactory": "KEY"` it starts an Artifactory with that account and a local repository besides, whose address the
//! line then has as well. From then on it answers each line of its standard input, the path of a project, with a line: all
//! that the project holds. It ends with its standard input.

use std::error::Error;
use std::io::{self, BufRead, Write};

use serde_json::{Value, json};
use testkit::{Artifactory, Gitlab, Registry, Role};

fn main() -> Result<(), Box<dyn Error>> {
    let world = std::env::args().nth(1).ok_or("usage: pipeline-servers WORLD")?;
    let world: Value = serde_json::from_str(&world)?;
    let gitlab = gitlab(&world)?;
    let account = texts(&world["account"])?;
    let [user, password] = account.as_slice() else { return Err("account is a user and a password".into()) };
    let registry = Registry::builder().account(user, password).start();
    let artifactory = world["artifactory"]
        .as_str()
        .map(|key| Artifactory::builder().local(key).account(user, password).start());

    let mut out = io::stdout();
    let places = json!({
        "url": gitlab.url(),
        "api": gitlab.api(),
        "registry": registry.address(),
        "artifactory": artifactory.as_ref().map(Artifactory::address),
    });
    writeln!(out, "{places}")?;
    for line in io::stdin().lock().lines() {
        writeln!(out, "{}", gitlab.state(&line?))?;
    }
    Ok(())
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
    Ok(builder.start())
}

fn texts(value: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    Ok(serde_json::from_value(value.clone())?)
}
