//! `trigger`: starts the pipelines of the environments.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, Secret};
use forge::{Pipeline, start_pipeline, trigger_address};
use futures_util::future::join_all;
use http::{Client, NetworkArgs, Url};
use serde::Deserialize;
use serde_json::Value;
use tracing::{error, info};

use crate::cli::{Starting, Trigger};
use crate::destination::{client, variable};
use crate::output;
use crate::trouble::Trouble;

const FORM: &str = "expected such as [{\"name\": \"dev\", \"url\": \"https://gitlab.example.com/team/dev\", \"secret\": \"DEV_TRIGGER_TOKEN\"}]";
/// Nobody gives a variable a longer name, in bytes.
const LONGEST_NAME: usize = 64;

/// A project as the list has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProjectRecord {
    name: String,
    url: String,
    secret: String,
    #[serde(default, rename = "ref")]
    git_ref: Option<String>,
}

/// A project whose pipeline is started.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) trigger: Url,
    pub(crate) git_ref: String,
    token: Secret,
}

/// A pipeline that was started, or why it was not.
pub(crate) struct Started {
    pub(crate) project: String,
    pub(crate) result: Result<Pipeline, Trouble>,
}

pub(crate) async fn trigger(args: &Trigger, out: &mut dyn Write) -> Result<Exit, Failure> {
    let environments = Environments::read(&args.starting)?;
    environments.start(&args.network, args.dry_run.dry_run, args.format.format, out).await?;
    Ok(Exit::Done)
}

/// What is to be started. All of it is in order.
pub(crate) struct Environments {
    projects: Vec<Project>,
    variables: Vec<(String, String)>,
}

impl Environments {
    /// Checks everything, before the first one is started.
    pub(crate) fn read(starting: &Starting) -> Result<Self, Failure> {
        let projects = projects(starting.projects.as_deref())?;
        let mut variables = pairs(&starting.variables)?;
        variables.extend(starting.message.as_ref().map(|message| ("CD_MESSAGE".to_owned(), message.clone())));
        Ok(Self { projects, variables })
    }

    /// Starts them all, at the same time.
    pub(crate) async fn start(
        &self,
        network: &NetworkArgs,
        dry_run: bool,
        format: Format,
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        if dry_run {
            for Project { name, git_ref, trigger, .. } in &self.projects {
                info!("dry run: {name}: would start a pipeline of {git_ref} at {trigger}");
            }
            return Ok(());
        }
        let client = client(network)?;
        let started =
            join_all(self.projects.iter().map(|project| one(&client, project, &self.variables))).await;
        output::started(&started, format, out)?;
        let failed = |started: &Started| {
            let trouble = started.result.as_ref().err()?.clone();
            Some(trouble.at(&started.project))
        };
        told(started.iter().filter_map(failed).collect())
    }
}

/// All troubles, the last of them as the error.
fn told(mut troubles: Vec<Trouble>) -> Result<(), Failure> {
    let Some(last) = troubles.pop() else { return Ok(()) };
    troubles.iter().for_each(|trouble| error!("{trouble}"));
    Err(last.into())
}

async fn one(client: &Client, project: &Project, variables: &[(String, String)]) -> Started {
    let Project { name, trigger, git_ref, token } = project;
    let result = start_pipeline(client, trigger, git_ref, token, variables).await;
    if let Ok(pipeline) = &result {
        info!("{name}: a pipeline of {git_ref} is started: {}", pipeline.web_url);
    }
    Started { project: name.clone(), result: result.map_err(|error| Trouble::of(&error)) }
}

/// Reads the list; the tokens come from the variables that it names. Every entry that is wrong is told.
fn projects(list: Option<&str>) -> Result<Vec<Project>, Failure> {
    let list = list.ok_or_else(|| {
        Failure::usage("no projects are named").hint(format!("set PROJECTS, or --projects: {FORM}"))
    })?;
    let entries: Vec<Value> = serde_json::from_str(list).map_err(|error| {
        Failure::usage("the list of projects is not understood").because(error).hint(FORM)
    })?;
    if entries.is_empty() {
        return Err(Failure::usage("the list of projects is empty").hint(FORM));
    }
    let server = variable("CI_SERVER_URL");
    let (mut projects, mut troubles) = (Vec::new(), Vec::new());
    for (index, entry) in entries.into_iter().enumerate() {
        match project(entry, server.as_deref()) {
            Ok(project) => projects.push(project),
            Err(trouble) => troubles.push(trouble.at(format_args!("project {} of the list", index + 1))),
        }
    }
    told(troubles)?;
    Ok(projects)
}

fn project(entry: Value, server: Option<&str>) -> Result<Project, Trouble> {
    let ProjectRecord { name, url, secret, git_ref } = serde_json::from_value(entry)
        .map_err(|error| Trouble::usage(format!("it is not understood: {error}")).hint(FORM))?;
    let address = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let address = address
        .ok_or_else(|| Trouble::usage(format!("the url of {name} is no http(s) address")).hint(FORM))?;
    if !address.username().is_empty() || address.password().is_some() {
        return Err(Trouble::usage(format!("there are credentials in the url of {name}"))
            .hint("the token belongs into the variable that secret names"));
    }
    let token = variable(&secret).ok_or_else(|| {
        Trouble::usage(match shown(&secret) {
            Some(secret) => {
                format!("the variable {secret} is not set, which holds the trigger token of {name}")
            }
            None => format!("the variable that the secret of {name} names is not set"),
        })
        .hint("secret is the name of a variable, not the token itself")
    })?;
    let git_ref = git_ref.unwrap_or_else(|| "main".into());
    if name.is_empty() || git_ref.is_empty() {
        return Err(Trouble::usage("its name or its ref is empty").hint(FORM));
    }
    Ok(Project { trigger: trigger_address(&address, server), name, git_ref, token: Secret::new(&token) })
}

/// The name of a variable, if it looks like one: it may be a token that somebody has put there by mistake.
pub(crate) fn shown(name: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    (!name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(is_part)).then_some(name)
}

/// `NAME=VALUE`
pub(crate) fn pairs(texts: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let split = |text: &String| {
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
        pair.ok_or_else(|| {
            Failure::usage(format!("the variable '{text}' is no NAME=VALUE"))
                .hint("expected such as --variable environment=dev")
        })
    };
    texts.iter().map(split).collect()
}
