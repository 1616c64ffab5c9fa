//! One request to GitLab's REST API, and what its answer means.

use bytes::Bytes;
use contract::Secret;
use http::{Client, Method, Repeat, Request, StatusCode, Url, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::said::{Said, said};
use crate::Error;
use crate::page_of_html::page_of_html;
use crate::plan::Plan;

/// What a person calls this server.
pub(crate) const SERVER: &str = "GitLab";
/// The longest answer that is read: GitLab's longest release has a million characters, and a page has a hundred.
const LONGEST: usize = 512 * 1024 * 1024;
const PER_PAGE: usize = 100;

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Read,
    Release,
    Package,
    Badge,
    Wiki,
    /// Branches, commits, merge requests.
    Code,
}

/// A project and how to speak to its server.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    /// `https://HOST/api/v4/projects/ID`, the place of all that is asked for.
    pub(crate) project: Url,
    /// As people name it.
    pub(crate) name: String,
    pub(crate) job_token: Option<Secret>,
    pub(crate) personal_token: Option<Secret>,
    pub(crate) plan: Option<Plan>,
}

/// A request.
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// Parts of the path below the project.
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a [(&'a str, &'a str)],
    pub(crate) body: Body,
    pub(crate) right: Right,
    /// For messages: `create the release 1.0.0 of team/app`.
    pub(crate) what: String,
}

pub(crate) enum Body {
    None,
    Json(Value),
    File(Bytes),
}

/// A file that was asked for.
pub(crate) enum FileThere {
    No,
    Whole(Bytes),
    /// It is there, and longer than whoever asks wants to read.
    Longer,
}

/// What came back: an answer that is no error, or one that its caller knows what to do with.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    what: String,
}

impl Right {
    fn of_role(self) -> &'static str {
        match self {
            Self::Read => "the Reporter role or more",
            Self::Release | Self::Package | Self::Wiki | Self::Code => "the Developer role or more",
            Self::Badge => "the Maintainer role",
        }
    }

    /// What a job's own token may do (<https://docs.gitlab.com/ci/jobs/ci_job_token/>).
    fn is_of_jobs(self) -> bool {
        matches!(self, Self::Read | Self::Release | Self::Package)
    }
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|source| Error::NotUnderstood {
            what: self.what.clone(),
            server: SERVER,
            source,
        })
    }

    /// What GitLab said, in one line.
    pub(crate) fn said(&self) -> String {
        said(self.status, &self.body).text
    }
}

impl Api {
    /// The address of something below the project.
    pub(crate) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.project.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.extend(path);
        }
        url
    }

    /// Asks for one thing; none when it is not there, which is not the same as a project that is not there.
    pub(crate) async fn find(
        &self,
        path: &[&str],
        right: Right,
        what: &str,
    ) -> Result<Option<Answer>, Error> {
        let call = Call { method: Method::GET, path, query: &[], body: Body::None, right, what: what.into() };
        let answer = self.fetch(&call, LONGEST).await?;
        if answer.status == StatusCode::NOT_FOUND && is_absence(&answer.body) {
            return Ok(None);
        }
        self.accepted(&call, answer).map(Some)
    }

    /// Asks for a file of at most `limit` bytes.
    pub(crate) async fn find_file(
        &self,
        path: &[&str],
        limit: usize,
        what: &str,
    ) -> Result<FileThere, Error> {
        self.find_bytes(path, &[], Right::Package, limit, what).await
    }

    /// Asks for a file of the repository.
    pub(crate) async fn find_raw(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        limit: usize,
        what: &str,
    ) -> Result<FileThere, Error> {
        self.find_bytes(path, query, Right::Read, limit, what).await
    }

    async fn find_bytes(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        right: Right,
        limit: usize,
        what: &str,
    ) -> Result<FileThere, Error> {
        let call = Call { method: Method::GET, path, query, body: Body::None, right, what: what.into() };
        // An error of the server may be longer than the file.
        match self.fetch(&call, limit.max(64 * 1024)).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND && is_absence(&answer.body) => {
                Ok(FileThere::No)
            }
            Ok(answer) => match self.not_refused(&call, answer)?.body {
                body if body.len() > limit => Ok(FileThere::Longer),
                body => Ok(FileThere::Whole(body)),
            },
            Err(Error::NoAnswer { source: http::Error::TooLong { .. }, .. }) => Ok(FileThere::Longer),
            Err(error) => Err(error),
        }
    }

    /// Asks for all pages of a list.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        right: Right,
        what: &str,
    ) -> Result<Vec<T>, Error> {
        let per_page = PER_PAGE.to_string();
        let mut all = Vec::new();
        for page in 1.. {
            let page = page.to_string();
            let query = [query, &[("per_page", per_page.as_str()), ("page", page.as_str())]].concat();
            let call =
                Call { method: Method::GET, path, query: &query, body: Body::None, right, what: what.into() };
            let answer = self.fetch(&call, LONGEST).await?;
            let found: Vec<T> = self.accepted(&call, answer)?.json()?;
            let is_last = found.len() < PER_PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// Sends what changes something, unless it is only to be planned: then nothing comes back. `known` are the errors
    /// that the caller knows what to do with.
    pub(crate) async fn write(
        &self,
        call: Call<'_>,
        repeat: Repeat,
        known: &[u16],
    ) -> Result<Option<Answer>, Error> {
        if let Some(plan) = &self.plan {
            plan.note(&call.method, &self.with_query(&call), &call.body.shown());
            return Ok(None);
        }
        let request = self.request(&call)?;
        let sent = self.client.send(request, repeat).await;
        let response = sent.map_err(|source| Error::NoAnswer { what: call.what.clone(), source })?;
        let status = response.status();
        // What was carried out is carried out, also when its answer breaks off: whoever asks next will see.
        let body = http::body_within(response, LONGEST).await.unwrap_or_default();
        let answer = Answer { status, body, what: call.what.clone() };
        if known.contains(&status.as_u16()) {
            return Ok(Some(answer));
        }
        self.accepted(&call, answer).map(Some)
    }

    async fn fetch(&self, call: &Call<'_>, limit: usize) -> Result<Answer, Error> {
        let request = self.request(call)?;
        let fetched = self.client.fetch(request, limit).await;
        let (status, body) = fetched.map_err(|source| Error::NoAnswer { what: call.what.clone(), source })?;
        Ok(Answer { status, body, what: call.what.clone() })
    }

    fn with_query(&self, call: &Call<'_>) -> Url {
        let mut url = self.url(call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(call.query);
        }
        url
    }

    fn request(&self, call: &Call<'_>) -> Result<Request, Error> {
        let mut request = Request::new(call.method.clone(), self.with_query(call));
        let (name, token) = self.token(call)?;
        // A token with a line break in it is no header; the server will say that there is none.
        if let Ok(mut value) = header::HeaderValue::from_str(token.expose()) {
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        let (kind, body) = match &call.body {
            Body::None => return Ok(request),
            Body::Json(value) => ("application/json", Bytes::from(value.to_string())),
            Body::File(content) => ("application/octet-stream", content.clone()),
        };
        request.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
        *request.body_mut() = Some(http::Body::from(body));
        Ok(request)
    }

    fn token(&self, call: &Call<'_>) -> Result<(header::HeaderName, &Secret), Error> {
        let job = self.job_token.as_ref().filter(|_| call.right.is_of_jobs());
        let token = job.map(|token| (header::HeaderName::from_static("job-token"), token));
        let personal = || {
            let token = self.personal_token.as_ref();
            token.map(|token| (header::HeaderName::from_static("private-token"), token))
        };
        token.or_else(personal).ok_or_else(|| Error::NoToken {
            what: call.what.clone(),
            reason: match self.job_token {
                Some(_) => "a job's own token is not allowed to, and there is no other".into(),
                None => "there is no token".into(),
            },
            hint: wanted(call.right),
        })
    }

    /// Makes an error of an answer that is one, or that is not the API's.
    fn accepted(&self, call: &Call<'_>, answer: Answer) -> Result<Answer, Error> {
        let answer = self.not_refused(call, answer)?;
        match page_of_html(&answer.body) {
            Some(page) => Err(Error::NotTheApi { what: answer.what, server: SERVER, page }),
            None => Ok(answer),
        }
    }

    fn not_refused(&self, call: &Call<'_>, answer: Answer) -> Result<Answer, Error> {
        if answer.status.is_success() {
            return Ok(answer);
        }
        let told = said(answer.status, &answer.body);
        let hint = self.hint(call, answer.status, &told);
        let (what, status) = (answer.what, answer.status);
        Err(Error::Refused { what, server: SERVER, status, said: told.text, hint })
    }

    /// The error of an answer that its caller looked at first.
    pub(crate) fn refused(&self, verb: &str, thing: &str, answer: &Answer) -> Error {
        Error::Refused {
            what: format!("{verb} '{thing}' of {}", self.name),
            server: SERVER,
            status: answer.status,
            said: answer.said(),
            hint: None,
        }
    }

    fn hint(&self, call: &Call<'_>, status: StatusCode, told: &Said) -> Option<String> {
        let by_job = self.job_token.is_some() && call.right.is_of_jobs();
        let used = if by_job { "CI_JOB_TOKEN" } else { "the token" };
        match status.as_u16() {
            401 => Some(format!("{used} is not valid here, or has expired; {}", wanted(call.right))),
            403 => Some(format!("{used} lacks a right: {}", wanted(call.right))),
            404 if told.is_no_route => Some(
                "no such API address: check CI_API_V4_URL; a proxy that decodes %2F in paths makes this too, then CI_PROJECT_ID has to be the project's number".into(),
            ),
            404 => Some(format!("{} is not there, or {used} may not see it; {}", self.name, wanted(call.right))),
            400 if told.text.contains("Milestone") => {
                Some("make that milestone first, in the project or its group, or leave out --milestone".into())
            }
            400 | 422 if told.text.contains("invalid reference") => {
                Some("name a commit, branch or tag that was pushed".into())
            }
            413 => Some("it is larger than the server takes; an administrator can raise the limit".into()),
            429 => Some("the server limits how much may be asked; run it again later: what is done stays".into()),
            500.. => Some("the server has trouble; run it again later: what is done stays".into()),
            _ => None,
        }
    }
}

/// Which role and which variable something takes.
fn wanted(right: Right) -> String {
    let role = right.of_role();
    if right.is_of_jobs() {
        format!("CI_JOB_TOKEN, or in GITLAB_TOKEN an access token with the scope api, needs {role}")
    } else {
        format!("set GENERIC_GITLAB_TOKEN or GITLAB_TOKEN to an access token with the scope api and {role}")
    }
}

/// Whether a 404 is about the thing, not about its project or the address.
fn is_absence(body: &[u8]) -> bool {
    let told = said(StatusCode::NOT_FOUND, body);
    !told.is_no_route && !told.text.contains("Project Not Found")
}

impl Body {
    /// For `--dry-run`.
    fn shown(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Json(value) => value.to_string(),
            Self::File(content) => format!("({} bytes)", content.len()),
        }
    }
}
