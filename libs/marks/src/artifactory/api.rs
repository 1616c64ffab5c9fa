//! Artifactory's own API: searches, properties, repositories.

use std::env;

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Client, Method, Request, StatusCode, Url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use registry::Registries;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::aql::{self, Found, Item};
use super::location::parent_host;
use super::login::{Login, is_trusted};
use crate::Error;
use crate::args::MarksArgs;

/// A search over many thousands of images; no honest answer is longer, in bytes.
const LIMIT: usize = 512 * 1024 * 1024;
/// What an unknown server says is cut to this many characters.
const QUOTE: usize = 200;

/// A line to Artifactory's API.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    base: Url,
    login: Option<Login>,
}

/// What Artifactory tells of a repository.
#[derive(Debug, Deserialize)]
pub(super) struct Repository {
    /// Where a virtual repository puts what is pushed to it.
    #[serde(rename = "defaultDeploymentRepo")]
    pub(super) deploys_to: Option<String>,
}

impl Api {
    /// The API of the Artifactory whose registry is `host`. Nothing is sent yet.
    pub(super) fn new(
        host: &str,
        path: &str,
        key: &str,
        registries: &Registries,
        args: &MarksArgs,
    ) -> Result<Self, Error> {
        let base = match &args.keeping.artifactory_url {
            Some(url) => url.clone(),
            None => {
                let parent = parent_host(host, key);
                let mut root = registries.root(parent.as_deref().unwrap_or(host))?;
                root.set_path("/artifactory");
                root
            }
        };
        let own = authority(&base);
        let named = env::var("ARTIFACTORY_HOST").unwrap_or_default();
        let trusted = args.keeping.artifactory_url.is_some() || is_trusted(&named, &[host, &own]);
        let told = if trusted { Login::collect(|name| env::var(name).ok()) } else { None };
        let login = told.or_else(|| {
            let same = registries.login(&own, path).or_else(|| registries.login(host, path));
            same.map(Login::of_registry)
        });
        match &login {
            Some(login) => tracing::debug!("credentials for {own}: {}", login.place),
            None => tracing::debug!("no credentials for {own}"),
        }
        Ok(Self { client: registries.client().clone(), base, login })
    }

    pub(super) fn url(&self) -> &Url {
        &self.base
    }

    /// All files that a query finds, with these fields besides where they are.
    pub(super) async fn search(
        &self,
        criteria: &Json,
        fields: &[&str],
        action: &str,
    ) -> Result<Vec<Item>, Error> {
        let query = aql::query(criteria, fields)?;
        tracing::debug!("{query}");
        let mut request = self.request(Method::POST, &["api", "search", "aql"]);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
        *request.body_mut() = Some(query.into());
        let (status, body) = self.client.fetch(request, LIMIT).await?;
        if status != StatusCode::OK {
            return Err(self.refusal(status, &body, action));
        }
        let found: Found = serde_json::from_slice(&body)
            .map_err(|error| self.not_the_api(action, format!("a search brings no results but {error}")))?;
        match found.range.trimmed() {
            Some(notification) => Err(Error::Trimmed { action: action.to_owned(), notification }),
            None => Ok(found.results),
        }
    }

    /// Sets and, where the value is null, removes properties of a file. The value needs no escaping this way.
    pub(super) async fn patch(
        &self,
        item: &Item,
        props: Map<String, Json>,
        action: &str,
    ) -> Result<(), Error> {
        let mut request = self.request(Method::PATCH, &segments(&["api", "metadata"], item));
        request.url_mut().set_query(Some("recursiveProperties=0&atomicProperties=0"));
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(json!({ "props": props }).to_string().into());
        self.carry_out(request, action).await
    }

    /// Sets properties of a file, the older way.
    pub(super) async fn set(
        &self,
        item: &Item,
        properties: &[(&str, &str)],
        action: &str,
    ) -> Result<(), Error> {
        let pairs: Vec<_> =
            properties.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
        self.properties(Method::PUT, item, &pairs.join(";"), action).await
    }

    /// Removes properties of a file, the older way.
    pub(super) async fn delete(&self, item: &Item, keys: &[&str], action: &str) -> Result<(), Error> {
        self.properties(Method::DELETE, item, &keys.join(","), action).await
    }

    async fn properties(
        &self,
        method: Method,
        item: &Item,
        properties: &str,
        action: &str,
    ) -> Result<(), Error> {
        let mut request = self.request(method, &segments(&["api", "storage"], item));
        request.url_mut().set_query(Some(&format!("properties={properties}&recursive=0")));
        self.carry_out(request, action).await
    }

    /// What is known of a repository; none when there is no such repository.
    pub(super) async fn repository(&self, key: &str) -> Result<Option<Repository>, Error> {
        let action = format!("look up the repository {key}");
        let request = self.request(Method::GET, &["api", "repositories", key]);
        let (status, body) = self.client.fetch(request, LIMIT).await?;
        match status {
            StatusCode::OK => serde_json::from_slice(&body)
                .map(Some)
                .map_err(|error| self.not_the_api(&action, format!("a repository is {error}"))),
            // Versions differ in how they say that they do not know it.
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => Ok(None),
            status => Err(self.refusal(status, &body, &action)),
        }
    }

    /// Copies an image from the repository `key` to another one. Copying twice is copying once.
    pub(super) async fn promote(&self, key: &str, wanted: &Json, action: &str) -> Result<(), Error> {
        let mut request = self.request(Method::POST, &["api", "docker", key, "v2", "promote"]);
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        *request.body_mut() = Some(wanted.to_string().into());
        self.carry_out(request, action).await
    }

    fn request(&self, method: Method, segments: &[&str]) -> Request {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let mut request = Request::new(method, url);
        if let Some(login) = &self.login {
            login.apply(&mut request);
        }
        request
    }

    /// Setting a property twice is setting it once, so all of these may be repeated.
    async fn carry_out(&self, request: Request, action: &str) -> Result<(), Error> {
        let (status, body) = self.client.fetch(request, LIMIT).await?;
        if status.is_success() { Ok(()) } else { Err(self.refusal(status, &body, action)) }
    }

    fn refusal(&self, status: StatusCode, body: &[u8], action: &str) -> Error {
        if status == StatusCode::NOT_FOUND && serde_json::from_slice::<Json>(body).is_err() {
            return self.not_the_api(action, format!("it says {status} and {:?}", message(body)));
        }
        let host = authority(&self.base);
        Error::Api { action: action.to_owned(), host, status, message: message(body) }
    }

    fn not_the_api(&self, action: &str, reason: String) -> Error {
        Error::NotTheApi { action: action.to_owned(), url: self.base.to_string(), reason }
    }
}

fn segments<'a>(api: &[&'a str], item: &'a Item) -> Vec<&'a str> {
    let folders = item.path.split('/');
    api.iter().copied().chain([item.repo.as_str()]).chain(folders).chain([item.name.as_str()]).collect()
}

/// Separators of the older way have a backslash in front, and everything that is no letter or digit is encoded: an
/// encoded separator is one all the same.
fn escaped(value: &str) -> String {
    let mut text = String::new();
    for character in value.chars() {
        if matches!(character, ',' | '\\' | '|' | '=') {
            text.push('\\');
        }
        text.push(character);
    }
    utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// What an error says: Artifactory's form, else the beginning of the text.
fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problems {
        errors: Vec<Problem>,
    }
    #[derive(Deserialize)]
    struct Problem {
        #[serde(default)]
        message: String,
    }
    match serde_json::from_slice::<Problems>(body) {
        Ok(problems) => {
            let texts: Vec<_> = problems.errors.into_iter().map(|problem| problem.message).collect();
            texts.join("; ")
        }
        Err(_) => String::from_utf8_lossy(body).trim().chars().take(QUOTE).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_get_a_backslash_and_everything_is_encoded() {
        assert_eq!(escaped("a,b|c=d\\e f"), "a%5C%2Cb%5C%7Cc%5C%3Dd%5C%5Ce%20f");
        assert_eq!(escaped("é"), "%C3%A9");
    }

    #[test]
    fn an_error_is_artifactorys_own_words_or_the_beginning_of_what_came() {
        assert_eq!(
            message(br#"{"errors":[{"status":404,"message":"Unable to find item"}]}"#),
            "Unable to find item"
        );
        assert_eq!(message(b"<html>bad gateway"), "<html>bad gateway");
        assert_eq!(message(&b"x".repeat(1000)).len(), QUOTE);
    }
}
