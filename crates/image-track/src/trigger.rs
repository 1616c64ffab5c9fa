//! `trigger`: starts the pipelines of the environments.

use std::io::Write;

use contract::args::Format;
use contract::{Exit, Failure, Secret};
use forge::{Pipeline, start_pipeline, trigger_address};
use futures_util::future::join_all;
use http::{Client, NetworkArgs, Url};
use serde::Deserialize;
use tracing::{error, info};

use crate::cli::{Starting, Trigger};
use crate::destination::{client, variable};
use crate::output;
use crate::trouble::Trouble;

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
    start(&args.starting, &args.network, args.dry_run.dry_run, args.format.format, out).await
}

/// Starts them all, at the same time. Everything is checked before the first one is started.
pub(crate) async fn start(
    starting: &Starting,
    network: &NetworkArgs,
    dry_run: bool,
    format: Format,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let projects = projects(starting.projects.as_deref())?;
    let mut variables = pairs(&starting.variables)?;
    variables.extend(starting.message.as_ref().map(|message| ("CD_MESSAGE".to_owned(), message.clone())));
    if dry_run {
        for project in &projects {
            info!(
                "dry run: {}: would start a pipeline of {} at {}",
                project.name, project.git_ref, project.trigger
            );
        }
        return Ok(Exit::Done);
    }
    let client = client(network)?;
    let started = join_all(projects.iter().map(|project| one(&client, project, &variables))).await;
    output::started(&started, format, out)?;
    let failures: Vec<(&str, &Trouble)> = started
        .iter()
        .filter_map(|started| Some((started.project.as_str(), started.result.as_ref().err()?)))
        .collect();
    let Some(((name, last), before)) = failures.split_last() else { return Ok(Exit::Done) };
    before.iter().for_each(|(name, trouble)| error!("{name}: {trouble}"));
    let failure = Failure::failed(format!("{name}: {last}"));
    Err(match &last.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    })
}

async fn one(client: &Client, project: &Project, variables: &[(String, String)]) -> Started {
    let Project { name, trigger, git_ref, token } = project;
    let result = start_pipeline(client, trigger, git_ref, token, variables).await;
    Started { project: name.clone(), result: result.map_err(|error| Trouble::of(&error)) }
}

/// Reads the list; the tokens come from the variables that it names.
fn projects(list: Option<&str>) -> Result<Vec<Project>, Failure> {
    const FORM: &str = "expected such as [{\"name\": \"dev\", \"url\": \"https://gitlab.example.com/team/dev\", \"secret\": \"DEV_TRIGGER_TOKEN\"}]";
    let list = list.ok_or_else(|| {
        Failure::usage("no projects are named").hint(format!("set PROJECTS, or --projects: {FORM}"))
    })?;
    let records: Vec<ProjectRecord> = serde_json::from_str(list).map_err(|error| {
        Failure::usage("the list of projects is not understood").because(error).hint(FORM)
    })?;
    if records.is_empty() {
        return Err(Failure::usage("the list of projects is empty").hint(FORM));
    }
    let server = variable("CI_SERVER_URL");
    let open = |record: ProjectRecord| {
        let ProjectRecord { name, url, secret, git_ref } = record;
        let address = Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let address = address.ok_or_else(|| {
            Failure::usage(format!("the url of the project {name} is no http(s) address")).hint(FORM)
        })?;
        let token = variable(&secret).ok_or_else(|| {
            Failure::usage(format!(
                "the variable {secret} is not set, which holds the trigger token of {name}"
            ))
            .hint("secret is the name of a variable, not the token itself")
        })?;
        let trigger = trigger_address(&address, server.as_deref());
        let git_ref = git_ref.unwrap_or_else(|| "main".into());
        Ok(Project { name, trigger, git_ref, token: Secret::new(&token) })
    };
    records.into_iter().map(open).collect()
}

/// `NAME=VALUE`
pub(crate) fn pairs(texts: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let split = |text: &String| {
        let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let pair = pair.map(|(name, value)| (name.to_owned(), value.to_owned()));
        pair.ok_or_else(|| Failure::usage(format!("'{text}' is no NAME=VALUE")))
    };
    texts.iter().map(split).collect()
}
