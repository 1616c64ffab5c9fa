//! The way of one request: what goes wrong with it, who may pass, what the registry answers, what becomes of the answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LINK, LOCATION,
    TRANSFER_ENCODING,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use reqwest::Url;
use tokio::sync::mpsc::UnboundedSender;

use super::body::{self, Body, Broken, Pieces};
use super::fault::{self, Answer, Cut, Fault, Location, Rules};
use super::log::Log;
use super::referrers::{Lists, Target};
use super::socket::ResetSwitch;
use super::token::Guard;

/// The parameter without which the storage answers nobody; it stands for a signed URL.
const SIGNATURE: &str = "signature=testkit";
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

/// What all connections share.
pub(super) struct Forward {
    pub(super) client: reqwest::Client,
    pub(super) upstream: String,
    pub(super) delay: Duration,
    pub(super) log: Arc<Log>,
    pub(super) rules: Arc<Rules>,
    pub(super) guard: Option<Guard>,
    /// Who refers to whom, if the registry is to know that.
    pub(super) referrers: Option<Lists>,
    /// Where blobs are redirected to.
    pub(super) storage: Option<String>,
    /// Takes the server down.
    pub(super) down: UnboundedSender<Duration>,
}

/// A request, as far as it matters here.
struct Asked {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Option<Pieces>,
    length: u64,
}

impl Asked {
    fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION)?.to_str().ok()
    }

    /// Reads so much of the body.
    async fn read(&mut self, bytes: u64) -> Bytes {
        let mut read = Vec::new();
        while let Some(body) = &mut self.body
            && (read.len() as u64) < bytes
            && let Some(Ok(piece)) = body.next().await
        {
            read.extend_from_slice(&piece);
        }
        read.into()
    }

    fn is_mount(&self) -> bool {
        self.method == Method::POST && self.target.contains("mount=")
    }

    fn is_blob(&self) -> bool {
        self.method == Method::GET && self.target.contains("/blobs/") && !self.target.contains("/uploads/")
    }
}

/// An answer being put together.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    pieces: Pieces,
}

impl Reply {
    fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let status = StatusCode::from_u16(status).unwrap_or_else(|error| panic!("status {status}: {error}"));
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, HeaderValue::from(body.len()))]);
        Self { status, headers, pieces: body::whole(body) }
    }

    fn with(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.insert(name, header(value));
        self
    }

    fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, body.to_string()).with(CONTENT_TYPE, "application/json")
    }

    fn canned(answer: &Answer) -> Self {
        let reply = Self::new(answer.status, answer.body.clone());
        let headers = answer.headers.iter();
        headers.fold(reply, |reply, (name, value)| reply.with(HeaderName::from_static(name), &value.text()))
    }

    fn length(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }
}

fn header(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|error| panic!("no header value: {value:?}: {error}"))
}

impl Forward {
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
        switch: &ResetSwitch,
    ) -> Result<Response<Body>, Broken> {
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned();
        let mut arrival = self.log.arrive(request.method().to_string(), target.clone(), request.headers());
        let faults = self.rules.strike(request.method().as_str(), &target);
        if !faults.is_empty() {
            arrival.note_fault();
        }
        if let Some(time) = faults.iter().find_map(Fault::down) {
            // Logged before the client can know.
            drop(arrival);
            self.down.send(time).map_err(Broken::by)?;
            // Until this connection is closed with all the others.
            return std::future::pending().await;
        }
        let bytes = arrival.bytes();
        let mut asked = asked(request, target, bytes.up);
        tokio::time::sleep(self.delay).await;
        let canned = self.before(&mut asked, &faults, switch).await?;
        let head = (asked.method.clone(), asked.target.clone());
        let host = asked.headers.get(HOST).cloned();
        let reply = match canned {
            Some(answer) => {
                asked.read(u64::MAX).await;
                Reply::canned(&answer)
            }
            None => self.reply(asked).await,
        };
        let base = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or(&self.upstream);
        let base = Url::parse(&format!("http://{base}{}", head.1)).map_err(Broken::by)?;
        let reply = behind(reply, &faults, &head.0, &base, switch).await?;
        let mut response = Response::new(());
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        let in_flight = arrival.answered(reply.status.as_u16());
        Ok(response.map(|()| body::body(body::counted(reply.pieces, bytes.down), in_flight)))
    }

    /// What goes wrong before a request is passed on; perhaps there is an answer already.
    async fn before(
        &self,
        asked: &mut Asked,
        faults: &[Fault],
        switch: &ResetSwitch,
    ) -> Result<Option<Answer>, Broken> {
        let mut canned = None;
        for fault in faults {
            match fault {
                Fault::ResetRequest => {
                    asked.read(asked.length.div_ceil(2)).await;
                    switch.set();
                    return Err(Broken::by("reset, as the fault wants it"));
                }
                Fault::Answer(answer) => canned = Some(answer.clone()),
                Fault::Hold(time) => tokio::time::sleep(*time).await,
                Fault::FlipRequest => asked.body = asked.body.take().map(body::flipped),
                Fault::ExpireToken => {
                    if let Some(guard) = &self.guard {
                        guard.expire(asked.authorization());
                    }
                }
                Fault::RefuseToken => canned = self.refusal(asked).or(canned),
                Fault::OpenInsteadOfMount if asked.is_mount() => {
                    asked.target = asked.target.split('?').next().unwrap_or_default().to_owned();
                }
                _ => {}
            }
        }
        Ok(canned)
    }

    fn refusal(&self, asked: &Asked) -> Option<Answer> {
        let challenge = self.guard.as_ref()?.refuse(asked.method.as_str(), &asked.target);
        Some(unauthorized(challenge))
    }

    async fn reply(&self, mut asked: Asked) -> Reply {
        if asked.target.starts_with("/storage/") {
            return self.stored(asked).await;
        }
        if let Some(guard) = &self.guard {
            let method = asked.method.to_string();
            if asked.target.split('?').next() == Some("/token") {
                let form = asked.read(u64::MAX).await;
                let (status, body) = guard.issue(&method, &asked.target, asked.authorization(), &form);
                return Reply::json(status, &body);
            }
            if let Err(challenge) = guard.check(&method, &asked.target, asked.authorization()) {
                asked.read(u64::MAX).await;
                return Reply::canned(&unauthorized(challenge));
            }
            // The registry behind knows nothing of our tokens.
            asked.headers.remove(AUTHORIZATION);
        }
        match &self.storage {
            Some(storage) if asked.is_blob() => {
                let location = format!("http://{storage}/storage{}?{SIGNATURE}", asked.target);
                Reply::new(307, "").with(LOCATION, &location)
            }
            _ => match &self.referrers {
                Some(lists) => self.refer(lists, asked).await,
                None => self.pass_on(asked).await,
            },
        }
    }

    /// As a registry does that knows who refers to whom, or that takes the tag of a list for a digest.
    async fn refer(&self, lists: &Lists, mut asked: Asked) -> Reply {
        let (method, target) = (asked.method.clone(), asked.target.clone());
        let reading = method == Method::GET || method == Method::HEAD;
        match Target::of(&target) {
            Target::Referrers { .. } if reading => match lists.list(&target) {
                Some(list) => {
                    let reply = Reply::json(list.status, &list.body).with(CONTENT_TYPE, list.content_type);
                    let link = list.link.iter().map(|link| (LINK, link.as_str()));
                    let filters = list.filters.iter().map(|filters| (FILTERS_APPLIED, *filters));
                    link.chain(filters).fold(reply, |reply, (name, value)| reply.with(name, value))
                }
                None => self.pass_on(asked).await,
            },
            Target::Manifest { name, reference } if reading => {
                if let Some(digest) = lists.digest_of(reference) {
                    let headers = asked.headers.clone();
                    let target = format!("/v2/{name}/manifests/{digest}");
                    let image = Asked { method, target, headers, body: None, length: 0 };
                    let reply = self.pass_on(image).await;
                    if reply.status != StatusCode::NOT_FOUND {
                        return reply;
                    }
                }
                self.pass_on(asked).await
            }
            Target::Manifest { name, .. } if method == Method::PUT && lists.is_native() => {
                let manifest = asked.read(u64::MAX).await;
                asked.body = Some(body::whole(manifest.clone()));
                let reply = self.pass_on(asked).await;
                let subject = (reply.status == StatusCode::CREATED).then(|| lists.accept(name, &manifest));
                match subject.flatten() {
                    Some(subject) => reply.with(OCI_SUBJECT, &subject),
                    None => reply,
                }
            }
            Target::Manifest { name, reference } if method == Method::DELETE => {
                let reply = self.pass_on(asked).await;
                if reply.status == StatusCode::ACCEPTED {
                    lists.forget(name, reference);
                }
                reply
            }
            _ => self.pass_on(asked).await,
        }
    }

    /// As object storage does: who has a signed URL and an Authorization header is refused.
    async fn stored(&self, mut asked: Asked) -> Reply {
        let Some((target, SIGNATURE)) = asked.target.split_once('?') else {
            return Reply::new(403, "this URL is not signed");
        };
        if asked.authorization().is_some() {
            return Reply::new(400, "only one way to authenticate is allowed");
        }
        asked.target = target.trim_start_matches("/storage").to_owned();
        self.pass_on(asked).await
    }

    /// The Host header stays as it came, so that the registry's Location headers lead back through the proxy.
    async fn pass_on(&self, asked: Asked) -> Reply {
        let url = format!("http://{}{}", self.upstream, asked.target);
        let mut headers = asked.headers;
        headers.remove(CONNECTION);
        headers.remove(TRANSFER_ENCODING);
        let mut sent = self.client.request(asked.method, url).headers(headers);
        if let Some(body) = asked.body {
            sent = sent.body(reqwest::Body::wrap_stream(body));
        }
        let answer = match sent.send().await {
            Ok(answer) => answer,
            Err(error) => return Reply::new(502, format!("the proxy got no answer: {error}")),
        };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(CONNECTION);
        headers.remove(TRANSFER_ENCODING);
        let pieces = answer.bytes_stream().map(|piece| piece.map_err(Broken::by)).boxed();
        Reply { status, headers, pieces }
    }
}

fn asked(request: Request<Incoming>, target: String, up: Arc<std::sync::atomic::AtomicU64>) -> Asked {
    let (parts, body) = request.into_parts();
    let has_body = !body.is_end_stream();
    let length = body.size_hint().exact().unwrap_or_default();
    let pieces = body.into_data_stream().map(|piece| piece.map_err(Broken::by));
    let body = has_body.then(|| body::counted(pieces, up));
    Asked { method: parts.method, target, headers: parts.headers, body, length }
}

fn unauthorized(challenge: String) -> Answer {
    let challenge = fault::HeaderValue::Text(challenge);
    Answer::error(401, "UNAUTHORIZED", "authentication required").header("www-authenticate", challenge)
}

/// What goes wrong with an answer.
async fn behind(
    mut reply: Reply,
    faults: &[Fault],
    method: &Method,
    base: &Url,
    switch: &ResetSwitch,
) -> Result<Reply, Broken> {
    for fault in faults {
        match fault {
            Fault::HoldAnswer(time) => tokio::time::sleep(*time).await,
            Fault::FlipAnswer => reply.pieces = body::flipped(reply.pieces),
            Fault::ReplaceHeader(name, value) => {
                if let Some(known) = reply.headers.get_mut(*name) {
                    *known = header(value);
                }
            }
            Fault::AddHeader(name, value) => {
                reply.headers.append(*name, header(value));
            }
            Fault::RemoveHeader(name) => drop(reply.headers.remove(*name)),
            Fault::Location(form) => write_location(&mut reply.headers, *form, base),
            Fault::LoseAnswer => {
                switch.set();
                return Err(Broken::by("lost, as the fault wants it"));
            }
            Fault::LocationAt(address) => move_location(&mut reply.headers, address, base),
            Fault::ResetAnswer(cut) => reply = reset(reply, *cut, method, switch)?,
            Fault::Truncate(cut) if method != Method::HEAD => {
                if reply.length() == Some(0) {
                    reply.headers.insert(CONTENT_LENGTH, HeaderValue::from(1));
                }
                let after = cut.of(reply.length());
                reply.pieces = body::cut(reply.pieces, after, None);
            }
            _ => {}
        }
    }
    Ok(reply)
}

fn reset(mut reply: Reply, cut: Cut, method: &Method, switch: &ResetSwitch) -> Result<Reply, Broken> {
    if method == Method::HEAD || reply.length() == Some(0) {
        switch.set();
        return Err(Broken::by("reset, as the fault wants it"));
    }
    let after = cut.of(reply.length());
    reply.pieces = body::cut(reply.pieces, after, Some(switch.clone()));
    Ok(reply)
}

fn location(headers: &HeaderMap, base: &Url) -> Option<Url> {
    base.join(headers.get(LOCATION)?.to_str().ok()?).ok()
}

fn move_location(headers: &mut HeaderMap, address: &str, base: &Url) {
    if let Some(url) = location(headers, base) {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        headers.insert(LOCATION, header(&format!("http://{address}{}{query}", url.path())));
    }
}

fn write_location(headers: &mut HeaderMap, form: Location, base: &Url) {
    let Some(mut url) = location(headers, base) else {
        return;
    };
    let path = |url: &Url| {
        format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default())
    };
    let text = match form {
        Location::Absent => {
            headers.remove(LOCATION);
            return;
        }
        Location::Absolute => url.to_string(),
        Location::Path => path(&url),
        Location::Relative => {
            let folder = base.path().rfind('/').map_or("/", |end| &base.path()[..=end]);
            path(&url).trim_start_matches(folder).to_owned()
        }
        Location::Query(parameter) => {
            let query = url.query().map_or_else(String::new, |query| format!("{query}&"));
            url.set_query(Some(&format!("{query}{parameter}")));
            url.to_string()
        }
    };
    headers.insert(LOCATION, header(&text));
}
