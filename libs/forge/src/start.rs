//! Starts what runs elsewhere: pipelines of GitLab by a trigger token
//! (<https://docs.gitlab.com/ci/triggers/>), workflows of GitHub
//! (<https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event>).

use contract::Secret;
use contract::redact::redact;
use http::{Client, Method, Repeat, Request, StatusCode, Url, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded::Serializer;

use crate::{Error, gitlab};

const LIMIT: usize = 1024 * 1024;

/// A pipeline that was started.
#[derive(Clone, Debug, Deserialize)]
pub struct Pipeline {
    /// Its number.
    pub id: u64,
    /// Where people find it.
    #[serde(default)]
    pub web_url: String,
}

/// The address at which pipelines of a GitLab project are started: of its address on the web, of its API, or of its
/// trigger, which is left as it is. `server` is where `CI_SERVER_URL` says that GitLab is, which may be below a path.
pub fn trigger_address(project: &Url, server: Option<&str>) -> Url {
    if project.path().trim_end_matches('/').ends_with("/trigger/pipeline") {
        return project.clone();
    }
    let mut url = match project.path().contains("/api/v4/projects/") {
        true => project.clone(),
        false => gitlab::project_api(project, server),
    };
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().extend(["trigger", "pipeline"]);
    }
    url
}

/// Starts a pipeline. It is sent once, unless the server certainly did nothing: a pipeline that runs twice may deploy
/// twice.
///
/// # Errors
/// When the server does not start it.
pub async fn start_pipeline(
    client: &Client,
    trigger: &Url,
    git_ref: &str,
    token: &Secret,
    variables: &[(String, String)],
) -> Result<Pipeline, Error> {
    let mut form = Serializer::new(String::new());
    form.append_pair("token", token.expose()).append_pair("ref", git_ref);
    for (name, value) in variables {
        form.append_pair(&format!("variables[{name}]"), value);
    }
    let mut request = Request::new(Method::POST, trigger.clone());
    let kind = header::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    *request.body_mut() = Some(form.finish().into());
    let what = format!("start a pipeline of {} at {}", git_ref, redact(trigger.as_str()));
    let (status, body) = send(client, request, &what).await?;
    if status.is_success() {
        return serde_json::from_slice(&body).map_err(|source| Error::NotUnderstood {
            what,
            server: gitlab::SERVER,
            source,
        });
    }
    let hint = match status.as_u16() {
        404 => "check the address and that the trigger token is one of that project",
        401 | 403 => "check the trigger token, and that its owner may run pipelines on that branch",
        400 => "check the branch, and that its .gitlab-ci.yml makes a pipeline of triggers",
        429 => "the server limits how much may be asked; run it again later",
        500.. => "the server has trouble; look whether the pipeline runs before you start it again",
        _ => "look at the project's pipelines",
    };
    let said = gitlab::said_of(status, &body);
    Err(Error::Refused { what, server: gitlab::SERVER, status, said, hint: Some(hint.into()) })
}

/// A workflow of a repository on GitHub.
#[derive(Clone, Debug)]
pub struct Workflow<'w> {
    /// The API, `https://api.github.com`.
    pub api: &'w Url,
    /// `OWNER/NAME`
    pub repository: &'w str,
    /// Its file, `image-track.yml`.
    pub file: &'w str,
    /// The branch it runs on.
    pub git_ref: &'w str,
}

/// Starts a workflow that has `workflow_dispatch`.
///
/// # Errors
/// When GitHub does not start it.
pub async fn start_workflow(
    client: &Client,
    workflow: &Workflow<'_>,
    token: &Secret,
    inputs: &[(String, String)],
) -> Result<(), Error> {
    let Workflow { api, repository, file, git_ref } = workflow;
    let mut url = (*api).clone();
    if let Ok(mut parts) = url.path_segments_mut() {
        parts.pop_if_empty().push("repos").extend(repository.split('/'));
        parts.extend(["actions", "workflows", file, "dispatches"]);
    }
    let inputs: Map<String, Value> =
        inputs.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    let mut request = Request::new(Method::POST, url);
    let headers = request.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(header::ACCEPT, header::HeaderValue::from_static("application/vnd.github+json"));
    headers.insert("x-github-api-version", header::HeaderValue::from_static("2022-11-28"));
    if let Ok(mut value) = header::HeaderValue::from_str(&format!("Bearer {}", token.expose())) {
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    *request.body_mut() = Some(json!({ "ref": git_ref, "inputs": inputs }).to_string().into());
    let what = format!("start the workflow {file} of {repository} on {git_ref}");
    let (status, body) = send(client, request, &what).await?;
    if status.is_success() {
        return Ok(());
    }
    let hint = match status.as_u16() {
        401 => "the token is not valid, or has expired",
        403 => "the token needs the right to write actions of that repository",
        404 => "check the repository and the workflow's file; what the token may not see is not there either",
        422 => "check the branch, and that the workflow has workflow_dispatch with these inputs",
        429 => "GitHub limits how much may be asked; run it again later",
        _ => "look at the repository's actions",
    };
    let said = crate::github::said_of(&body);
    Err(Error::Refused { what, server: crate::github::SERVER, status, said, hint: Some(hint.into()) })
}

async fn send(client: &Client, request: Request, what: &str) -> Result<(StatusCode, bytes::Bytes), Error> {
    let sent = client.send(request, Repeat::Unsafe).await;
    let response = sent.map_err(|source| Error::NoAnswer { what: what.to_owned(), source })?;
    let status = response.status();
    let body = http::body_within(response, LIMIT).await;
    Ok((status, body.map_err(|source| Error::NoAnswer { what: what.to_owned(), source })?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_named_by_any_of_its_addresses() {
        let table = [
            ("https://h/team/env", None, "https://h/api/v4/projects/team%2Fenv/trigger/pipeline"),
            (
                "https://h/gitlab/team/env",
                Some("https://h/gitlab"),
                "https://h/gitlab/api/v4/projects/team%2Fenv/trigger/pipeline",
            ),
            ("https://h/api/v4/projects/7", None, "https://h/api/v4/projects/7/trigger/pipeline"),
            (
                "https://h/api/v4/projects/7/trigger/pipeline",
                None,
                "https://h/api/v4/projects/7/trigger/pipeline",
            ),
        ];
        for (project, server, expected) in table {
            assert_eq!(trigger_address(&Url::parse(project).unwrap(), server).as_str(), expected);
        }
    }
}
