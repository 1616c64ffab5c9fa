//! `notify`: starts the tracking workflow or pipeline of repositories of manifests.

use contract::{Exit, Failure, Secret};
use forge::{Workflow, start_pipeline, start_workflow, trigger_address};
use http::Url;
use tracing::info;

use crate::cli::Notify;
use crate::destination::{client, variable};
use crate::manifest::ForgeKind;
use crate::trigger::{pairs, shown};

/// A repository of manifests, and the variable that holds a token for it.
#[derive(Debug, PartialEq, Eq)]
struct Repository {
    kind: ForgeKind,
    /// The server on the web, if it is not the usual one.
    server: Option<Url>,
    path: String,
    variable: String,
}

pub(crate) async fn notify(args: &Notify) -> Result<Exit, Failure> {
    let default = default_kind();
    let repositories =
        args.repositories.iter().map(|text| parse(text, default)).collect::<Result<Vec<_>, _>>()?;
    let inputs = pairs(&args.variables)?;
    // All of them, before the first one is told.
    let mut all = Vec::new();
    for repository in &repositories {
        let token = variable(&repository.variable).ok_or_else(|| {
            let path = &repository.path;
            Failure::usage(match shown(&repository.variable) {
                Some(name) => format!("the variable {name} is not set, which holds the token for {path}"),
                None => format!("the variable that is named for the token for {path} is not set"),
            })
            .hint("behind the colon stands the name of a variable, not the token itself")
        })?;
        all.push((repository, Secret::new(&token)));
    }
    let client = client(&args.network)?;
    for (repository, token) in &all {
        let Repository { kind, path, .. } = repository;
        match kind {
            _ if args.dry_run.dry_run => info!("dry run: {path}: would be started on {}", args.on),
            ForgeKind::Github => {
                let api = repository.github_api()?;
                let workflow =
                    Workflow { api: &api, repository: path, file: &args.workflow, git_ref: &args.on };
                start_workflow(&client, &workflow, token, &inputs).await?;
                info!("{path}: {} is started", args.workflow);
            }
            ForgeKind::Gitlab => {
                let trigger = repository.gitlab_trigger()?;
                let pipeline = start_pipeline(&client, &trigger, &args.on, token, &inputs).await?;
                info!("{path}: {} is started", pipeline.web_url);
            }
        }
    }
    Ok(Exit::Done)
}

/// Where this runs, or GitHub.
fn default_kind() -> ForgeKind {
    let in_gitlab = variable("GITLAB_CI").or_else(|| variable("CI_API_V4_URL")).is_some();
    if in_gitlab && variable("GITHUB_ACTIONS").is_none() { ForgeKind::Gitlab } else { ForgeKind::Github }
}

/// `[github:|gitlab:]ORG/REPO:VARIABLE`, or `https://HOST/GROUP/PROJECT:VARIABLE`.
fn parse(text: &str, default: ForgeKind) -> Result<Repository, Failure> {
    // Behind the colon may be a token, by mistake.
    let before = text.rsplit_once(':').map_or(text, |(place, _)| place);
    let wrong = |reason: &str| {
        Failure::usage(format!("'{before}:…' names no repository and variable: {reason}"))
            .hint("expected ORG/REPO:TOKEN-VARIABLE, such as team/profile:PROFILE_TOKEN")
    };
    let (place, name) = text.rsplit_once(':').ok_or_else(|| wrong("the variable is missing"))?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong("behind the last colon stands the name of a variable"));
    }
    let (kind, place) = match place.split_once(':') {
        Some(("github", place)) => (Some(ForgeKind::Github), place),
        Some(("gitlab", place)) => (Some(ForgeKind::Gitlab), place),
        _ => (None, place),
    };
    let (server, path) = match Url::parse(place) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => {
            let path = url.path().trim_matches('/').trim_end_matches(".git").to_owned();
            (Some(url), path)
        }
        _ => (None, place.to_owned()),
    };
    let is_github = server.as_ref().is_some_and(|url| url.host_str() == Some("github.com"));
    let kind = kind.unwrap_or(match &server {
        Some(_) if is_github => ForgeKind::Github,
        Some(_) => ForgeKind::Gitlab,
        None => default,
    });
    let parts = path.split('/').count();
    if parts < 2 || (kind == ForgeKind::Github && parts > 2) || path.split('/').any(str::is_empty) {
        return Err(wrong("the repository is ORG/REPO"));
    }
    Ok(Repository { kind, server: server.filter(|_| !is_github), path, variable: name.to_owned() })
}

impl Repository {
    fn github_api(&self) -> Result<Url, Failure> {
        let address = match &self.server {
            Some(server) => {
                let mut api = server.clone();
                api.set_path("/api/v3");
                return Ok(api);
            }
            None => variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".into()),
        };
        Url::parse(&address).map_err(|_| {
            Failure::usage(format!("GITHUB_API_URL is '{address}', which is no address"))
                .hint("it is such as https://api.github.com")
        })
    }

    fn gitlab_trigger(&self) -> Result<Url, Failure> {
        let server = variable("CI_SERVER_URL");
        let address = match &self.server {
            Some(address) => address.clone(),
            None => {
                let server = server.as_deref().unwrap_or("https://gitlab.com").trim_end_matches('/');
                Url::parse(&format!("{server}/{}", self.path)).map_err(|_| {
                    Failure::usage(format!("CI_SERVER_URL is '{server}', which is no address"))
                        .hint("it is such as https://gitlab.com")
                })?
            }
        };
        Ok(trigger_address(&address, server.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_with_the_variable_of_its_token() {
        let (github, gitlab) = (ForgeKind::Github, ForgeKind::Gitlab);
        let table = [
            ("team/profile:TOKEN", github, None, "team/profile"),
            ("gitlab:team/sub/profile:TOKEN", gitlab, None, "team/sub/profile"),
            ("https://github.com/team/profile:TOKEN", github, None, "team/profile"),
            (
                "https://git.example/team/profile:TOKEN",
                gitlab,
                Some("https://git.example/team/profile"),
                "team/profile",
            ),
            (
                "github:https://git.example/team/profile:TOKEN",
                github,
                Some("https://git.example/team/profile"),
                "team/profile",
            ),
        ];
        for (text, kind, server, path) in table {
            let found = parse(text, github).unwrap();
            let found = (found.kind, found.server.map(String::from), found.path, found.variable);
            assert_eq!(
                found,
                (kind, server.map(str::to_owned), path.to_owned(), "TOKEN".to_owned()),
                "{text}"
            );
        }
        for text in
            ["team/profile", "team/profile:", "team:TOKEN", "a/b/c:TOKEN", "team/p:a-b", "https://h/x"]
        {
            assert!(parse(text, github).is_err(), "{text}");
        }
    }
}
