//! A line to one registry: who we are there, what we asked permission for, and the answers.

mod authorization;
mod notices;

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderMap;
use http::{Client, Repeat, Request, Response, StatusCode, Url, body_within};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::Error;
use crate::credentials::Login;
use crate::error::Problem;

use authorization::Authorization;
pub(crate) use authorization::Manners;
pub(crate) use notices::Notices;

/// No honest error or token is longer, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;
/// A small answer that breaks off is asked for this often.
const ATTEMPTS: u32 = 4;

/// A line to one registry for a fixed set of permissions.
#[derive(Debug)]
pub(crate) struct Connection {
    client: Client,
    host: String,
    base: Url,
    login: Option<Login>,
    scopes: Vec<String>,
    /// What other lines to this registry have learned already.
    manners: Arc<Manners>,
    notices: Notices,
    state: Mutex<Authorization>,
}

impl Connection {
    pub(crate) fn new(
        client: Client,
        host: &str,
        base: Url,
        login: Option<Login>,
        scopes: Vec<String>,
        manners: Arc<Manners>,
        notices: Notices,
    ) -> Self {
        let state = Mutex::new(Authorization::Unknown);
        Self { client, host: host.to_owned(), base, login, scopes, manners, notices, state }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The URL of a path below `/v2/`.
    pub(crate) fn url(&self, path: &str) -> Result<Url, Error> {
        self.base.join(path).map_err(|error| self.fault("make a URL", format!("has no path {path}: {error}")))
    }

    /// An error about what the registry did.
    pub(crate) fn fault(&self, action: &str, fault: impl Into<String>) -> Error {
        Error::Protocol { action: action.to_owned(), host: self.host.clone(), fault: fault.into() }
    }

    /// Sends a request with the authorization this registry wants. `action` says in errors what was attempted.
    pub(crate) async fn send(
        &self,
        request: Request,
        repeat: Repeat,
        action: &str,
    ) -> Result<Response, Error> {
        let response = self.send_authorized(request, repeat, action).await?;
        self.notices.show(&self.host, response.headers());
        Ok(response)
    }

    /// Sends a request that changes nothing and reads the whole answer, anew when it breaks off on its way.
    pub(crate) async fn fetch(&self, request: Request, limit: usize, action: &str) -> Result<Answer, Error> {
        let mut attempt = 1;
        loop {
            let again = request
                .try_clone()
                .ok_or_else(|| self.fault(action, "was asked with a body that is gone"))?;
            let response = self.send(again, Repeat::Safe, action).await?;
            let (status, headers, url) =
                (response.status(), response.headers().clone(), response.url().clone());
            match body_within(response, limit).await {
                Ok(body) => return Ok(Answer { status, headers, url, body }),
                Err(error @ http::Error::BrokeOff { .. }) if attempt < ATTEMPTS => {
                    tracing::debug!("{error}; asking again");
                    attempt += 1;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn unauthorized(&self, action: &str, reason: impl Into<String>) -> Error {
        Error::Unauthorized {
            action: action.to_owned(),
            host: self.host.clone(),
            reason: reason.into(),
            credentials: self.login.as_ref().map(|login| login.place.clone()),
        }
    }

    /// The error an answer stands for, with what its body says.
    pub(crate) async fn error(&self, response: Response, action: &str) -> Error {
        let status = response.status();
        // The status tells enough when the body cannot be read.
        let body = body_within(response, ANSWER_LIMIT).await.unwrap_or_default();
        self.refusal(status, &body, action)
    }

    /// The error a status and a body stand for.
    pub(crate) fn refusal(&self, status: StatusCode, body: &[u8], action: &str) -> Error {
        let problems = serde_json::from_slice(body).map(|Problems { errors }| errors).unwrap_or_default();
        if status == StatusCode::UNAUTHORIZED {
            return self.unauthorized(action, "the registry does not accept us");
        }
        Error::Answer { action: action.to_owned(), host: self.host.clone(), status, problems }
    }
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) url: Url,
    pub(crate) body: Bytes,
}

#[derive(Deserialize)]
struct Problems {
    #[serde(default)]
    errors: Vec<Problem>,
}
