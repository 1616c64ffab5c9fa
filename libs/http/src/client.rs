//! Sends a request until it is answered, or there is no point in trying again.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use contract::redact::redact;
use reqwest::header::RETRY_AFTER;
use reqwest::{Request, Response, StatusCode, Url};

use crate::error::root_cause;
use crate::limit::{AtATime, Limits};
use crate::proxy::Proxies;
use crate::retry::{is_temporary, retry_after, was_not_done};
use crate::tls::ClientCertificate;
use crate::{Error, Policy, Repeat, proxy, redirect, tls};

/// How long a silent connection is kept waiting for. Long uploads and downloads go on as long as bytes move.
const SILENCE: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(15);

/// How the client is set up.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The User-Agent, `pypelines-TOOL/VERSION`.
    pub user_agent: String,
    /// A PEM file of certificates to trust besides the system's.
    pub ca_cert: Option<PathBuf>,
    /// A PEM file with our own certificate, for servers that ask for one.
    pub client_cert: Option<PathBuf>,
    /// The PEM file of its private key; none when that stands in the same file.
    pub client_key: Option<PathBuf>,
    /// When to try again.
    pub policy: Policy,
    /// How many requests one server gets at a time.
    pub at_a_time: AtATime,
    /// Is HTTP/2 offered? Only where the feature `http2` is on; a tool that does not want it does not offer it either when
    /// it is built into one program with a tool that does.
    pub http2: bool,
}

/// The HTTP client. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    inner: reqwest::Client,
    policy: Policy,
    limits: Limits,
    certificate: Arc<ClientCertificate>,
    proxies: Proxies,
}

impl Client {
    /// A client with these options.
    ///
    /// # Errors
    /// When the certificates cannot be read.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let (config, certificate) = tls::config(options)?;
        let (builder, proxies) = proxy::add(reqwest::Client::builder(), |name| std::env::var(name).ok())?;
        let inner = builder
            .tls_backend_preconfigured(config)
            .user_agent(&options.user_agent)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(redirect::policy())
            .build()
            .map_err(|error| Error::Setup { source: error.into() })?;
        let limits = Limits::new(options.at_a_time);
        Ok(Self { inner, policy: options.policy.clone(), limits, certificate, proxies })
    }

    /// Sends `request` until an answer comes that is worth having, by the retry table. Every answer is returned,
    /// whatever its status; so is a temporary one, when it is still there after the last attempt.
    ///
    /// A body that is a stream cannot be sent twice: such a request is tried once.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn send(&self, request: Request, repeat: Repeat) -> Result<Response, Error> {
        let begun = Instant::now();
        let limit = self.limits.of(request.url());
        let mut request = request;
        let mut attempt = 1;
        loop {
            let next = request.try_clone();
            let (method, url) = (request.method().clone(), Box::new(request.url().clone()));
            let permit = limit.acquire().await;
            let answer = self.execute(request, next.is_some(), begun).await;
            drop(permit);
            let Ok(answer) = answer else {
                let (proxy, seconds) = (self.proxies.on_the_way_to(&url), self.policy.deadline.as_secs());
                return Err(Error::TooLate { method, url, proxy, seconds });
            };
            let (reason, asked) = match &answer {
                Ok(response) if !worth_repeating(response, repeat) => {
                    limit.went_well();
                    return self.note(&method, &url, answer, attempt);
                }
                Ok(response) => (response.status().to_string(), asked_wait(response)),
                Err(error) if !error_worth_repeating(error, repeat) => {
                    return self.note(&method, &url, answer, attempt);
                }
                Err(error) => (root_cause(error), None),
            };
            let wait = self.policy.wait(attempt, begun.elapsed(), asked, fastrand::f64());
            if answer.as_ref().is_ok_and(|response| response.status() == StatusCode::TOO_MANY_REQUESTS) {
                limit.too_many(wait.unwrap_or_default());
            }
            let (Some(again), Some(wait)) = (next, wait) else {
                return self.note(&method, &url, answer, attempt);
            };
            tracing::debug!(
                "{method} {} failed ({reason}); attempt {} in {:.1} s",
                redact(url.as_str()),
                attempt + 1,
                wait.as_secs_f64()
            );
            tokio::time::sleep(wait).await;
            request = again;
            attempt += 1;
        }
    }

    /// Sends a request that may be repeated and reads the whole answer of at most `limit` bytes, anew when it breaks
    /// off on its way.
    ///
    /// # Errors
    /// When no whole answer came.
    pub async fn fetch(&self, request: Request, limit: usize) -> Result<(StatusCode, Bytes), Error> {
        let mut request = request;
        let mut attempt = 1;
        loop {
            let next = request.try_clone();
            let response = self.send(request, Repeat::Safe).await?;
            let status = response.status();
            match (body_within(response, limit).await, next) {
                (Err(error @ Error::BrokeOff { .. }), Some(again)) if attempt < self.policy.attempts => {
                    tracing::debug!("{error}; asking again");
                    request = again;
                    attempt += 1;
                }
                (result, _) => return result.map(|body| (status, body)),
            }
        }
    }

    /// Tells of the outcome.
    fn note(
        &self,
        method: &reqwest::Method,
        url: &Url,
        answer: Result<Response, reqwest::Error>,
        attempts: u32,
    ) -> Result<Response, Error> {
        match answer {
            Ok(response) => {
                tracing::debug!("{method} {} -> {}", redact(url.as_str()), response.status());
                Ok(response)
            }
            Err(error) => Err(Error::NoAnswer {
                method: method.clone(),
                url: Box::new(url.clone()),
                attempts,
                proxy: self.proxies.on_the_way_to(url),
                asked_for_certificate: url.scheme() == "https" && self.certificate.was_asked_for(),
                source: error.without_url(),
            }),
        }
    }

    /// Sends a request once, within what is left of its time. A stream takes as long as it takes; the silence limit
    /// watches over it.
    async fn execute(
        &self,
        request: Request,
        bounded: bool,
        begun: Instant,
    ) -> Result<Result<Response, reqwest::Error>, tokio::time::error::Elapsed> {
        if !bounded {
            return Ok(redirect::execute(&self.inner, request).await);
        }
        let left = self.policy.deadline.saturating_sub(begun.elapsed());
        tokio::time::timeout(left, redirect::execute(&self.inner, request)).await
    }
}

/// Reads a whole answer of at most `limit` bytes.
///
/// # Errors
/// When it breaks off, or is longer.
pub async fn body_within(mut response: Response, limit: usize) -> Result<Bytes, Error> {
    let url = Box::new(response.url().clone());
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(Error::TooLong { url, limit }),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body.freeze()),
            Err(source) => {
                return Err(Error::BrokeOff { url, source: source.without_url() });
            }
        }
    }
}

/// Runs a tool's asynchronous work to its end, on this thread.
///
/// # Errors
/// When the runtime cannot start, which takes a system out of file descriptors.
pub fn run<F: Future>(work: F) -> Result<F::Output, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Setup { source: error.into() })?;
    Ok(runtime.block_on(work))
}

fn worth_repeating(response: &Response, repeat: Repeat) -> bool {
    let status = response.status();
    is_temporary(status) && (repeat == Repeat::Safe || was_not_done(status))
}

/// A connection that never came about has done nothing; of any other error nobody knows.
fn error_worth_repeating(error: &reqwest::Error, repeat: Repeat) -> bool {
    if error.is_builder() || error.is_redirect() || is_refusal_of_tls(error) {
        return false;
    }
    repeat == Repeat::Safe || error.is_connect()
}

/// Neither a certificate nor what a server understands gets better by asking again.
fn is_refusal_of_tls(error: &reqwest::Error) -> bool {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.into_iter().any(|cause| tls_error(cause).is_some())
}

/// rustls hides its error inside of I/O errors, whose source() steps over it.
fn tls_error<'a>(mut cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(hidden) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = hidden;
    }
    cause.downcast_ref()
}

fn asked_wait(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    retry_after(value, SystemTime::now())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn an_error_of_tls_is_found_however_deep_it_is_hidden() {
        let error = || rustls::Error::General("no".into());
        let once = io::Error::other(error());
        let twice = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error()));
        for cause in [&error() as &(dyn std::error::Error + 'static), &once, &twice] {
            assert_eq!(tls_error(cause), Some(&error()));
        }
        let others = [io::Error::other("reset"), io::ErrorKind::ConnectionReset.into()];
        assert!(others.iter().all(|cause| tls_error(cause).is_none()));
    }
}
