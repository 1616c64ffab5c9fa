//! How a line learns what its registry wants to see, and keeps it fresh.
//!
//! The first request of a run to a registry goes alone and without authorization: its answer tells all lines how this
//! registry wants to be asked. From then on no request is sent that would be refused, as far as we can know.

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use http::{Method, Repeat, Request, Response, StatusCode};
use tokio::sync::Mutex;

use super::{ANSWER_LIMIT, Connection};
use crate::Error;
use crate::auth::{Challenge, Token, TokenServer};

/// How a registry wants to be asked: nothing while that is unknown, no challenges when it answers anybody. Who finds
/// nothing keeps the lock until there is an answer, so that not every line runs into the same 401.
pub(crate) type Manners = Mutex<Option<Vec<Challenge>>>;

/// What a line knows.
#[derive(Debug)]
pub(super) enum Authorization {
    /// Nothing was asked yet.
    Unknown,
    /// The registry answers without any; whether it also takes writes that way is to be seen.
    Open { writes: bool },
    /// The registry wants this.
    Ticket(Ticket),
}

/// A header, where it came from, and when to replace it.
#[derive(Debug)]
pub(super) struct Ticket {
    header: HeaderValue,
    challenges: Vec<Challenge>,
    stale_at: Option<Instant>,
}

impl Ticket {
    fn is_stale(&self) -> bool {
        self.stale_at.is_some_and(|time| Instant::now() >= time)
    }
}

impl Connection {
    /// Sends a request with what the registry wants to see, and once more when that was not it.
    pub(super) async fn send_authorized(
        &self,
        request: Request,
        repeat: Repeat,
        action: &str,
    ) -> Result<Response, Error> {
        let replay = request.try_clone();
        let (response, used) = self.send_once(request, repeat, action).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let Some(again) = replay else { return Err(self.error(response, action).await) };
        let header = self.renew(&response, used.as_ref(), action).await?;
        let response = self.client.send(self.with(again, Some(&header)), repeat).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            return Err(self.unauthorized(action, "the registry does not accept us"));
        }
        Ok(response)
    }

    /// Returns the answer and the header the request was sent with.
    async fn send_once(
        &self,
        request: Request,
        repeat: Repeat,
        action: &str,
    ) -> Result<(Response, Option<HeaderValue>), Error> {
        let mut state = self.state.lock().await;
        self.freshen(&mut state, action).await;
        let writes = is_write(&request);
        let header = match &*state {
            Authorization::Ticket(ticket) => Some(ticket.header.clone()),
            // Many let everybody read and want a login for the rest. One of many writes finds out, and only where it
            // could make a difference.
            Authorization::Open { writes: known } if *known || !writes || self.login.is_none() => None,
            Authorization::Open { .. } | Authorization::Unknown => {
                let response = self.first(&mut state, request, repeat, action).await?;
                return Ok((response, None));
            }
        };
        drop(state);
        Ok((self.client.send(self.with(request, header.as_ref()), repeat).await?, header))
    }

    /// Sends a request without authorization, and learns from its answer while all others wait.
    async fn first(
        &self,
        state: &mut Authorization,
        request: Request,
        repeat: Repeat,
        action: &str,
    ) -> Result<Response, Error> {
        let writes = is_write(&request);
        let mut manners = self.manners.lock().await;
        let response = self.client.send(request, repeat).await?;
        let challenges = challenges(&response);
        if manners.is_none() || !challenges.is_empty() {
            *manners = Some(challenges.clone());
        }
        drop(manners);
        *state = if response.status() == StatusCode::UNAUTHORIZED {
            Authorization::Ticket(self.ticket(&challenges, action).await?)
        } else {
            Authorization::Open { writes }
        };
        Ok(response)
    }

    /// Uses what other lines have learned, and replaces a token before it expires: who streams a blob cannot try twice.
    /// What does not come about here is told by the registry's own answer.
    async fn freshen(&self, state: &mut Authorization, action: &str) {
        let challenges = match state {
            Authorization::Unknown => match &*self.manners.lock().await {
                Some(challenges) if !challenges.is_empty() => challenges.clone(),
                Some(_) if self.login.is_none() => {
                    *state = Authorization::Open { writes: false };
                    return;
                }
                // What one repository answers to anybody, another may not.
                _ => return,
            },
            Authorization::Ticket(ticket) if ticket.is_stale() => ticket.challenges.clone(),
            _ => return,
        };
        match self.ticket(&challenges, action).await {
            Ok(ticket) => *state = Authorization::Ticket(ticket),
            Err(error) => tracing::debug!("no authorization for {} in advance: {error}", self.host),
        }
    }

    /// Only the registry itself gets our authorization, not the storage it may send us to.
    fn with(&self, mut request: Request, header: Option<&HeaderValue>) -> Request {
        if let Some(header) = header
            && request.url().origin() == self.base.origin()
        {
            request.headers_mut().insert(AUTHORIZATION, header.clone());
        }
        request
    }

    /// Answers a challenge. Of many requests that were refused with one header, the first fetches a new one.
    async fn renew(
        &self,
        refused: &Response,
        used: Option<&HeaderValue>,
        action: &str,
    ) -> Result<HeaderValue, Error> {
        let mut state = self.state.lock().await;
        if let Authorization::Ticket(current) = &*state
            && Some(&current.header) != used
        {
            return Ok(current.header.clone());
        }
        let ticket = self.ticket(&challenges(refused), action).await?;
        let header = ticket.header.clone();
        *state = Authorization::Ticket(ticket);
        Ok(header)
    }

    /// What the registry wants to see, by its challenges.
    async fn ticket(&self, challenges: &[Challenge], action: &str) -> Result<Ticket, Error> {
        let with_scheme = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme == scheme);
        let (header, stale_at) = if let Some(bearer) = with_scheme("bearer") {
            self.bearer(bearer, action).await?
        } else if with_scheme("basic").is_some() {
            let reason = match &self.login {
                None => "the registry wants a login",
                Some(_) => "the registry wants a password, and there is only an identity token",
            };
            (self.basic().ok_or_else(|| self.unauthorized(action, reason))?, None)
        } else {
            return Err(self.unauthorized(action, "the registry answers 401 without a usable challenge"));
        };
        Ok(Ticket { header, challenges: challenges.to_vec(), stale_at })
    }

    fn basic(&self) -> Option<HeaderValue> {
        let login = self.login.as_ref()?;
        basic(&login.user, login.password.as_ref()?.expose())
    }

    /// One token for all scopes of this line.
    async fn bearer(
        &self,
        challenge: &Challenge,
        action: &str,
    ) -> Result<(HeaderValue, Option<Instant>), Error> {
        let server = TokenServer::of(challenge, &self.base).map_err(|fault| self.fault(action, fault))?;
        // Several scopes may stand in one parameter.
        let wanted = challenge.parameter("scope").unwrap_or_default().split(' ');
        let wanted = wanted.filter(|scope| !scope.is_empty() && !self.covers(scope)).map(str::to_owned);
        let scopes: Vec<_> = self.scopes.iter().cloned().chain(wanted).collect();
        let (status, body) = self.ask(&server, &scopes).await?;
        if !status.is_success() {
            return Err(self.unauthorized(action, format!("the token server answers {status}")));
        }
        let token = Token::parse(&body);
        let header = token.as_ref().and_then(|token| sensitive(&format!("Bearer {}", token.text.expose())));
        let header =
            header.ok_or_else(|| self.fault(action, "has a token server that answers without a token"))?;
        Ok((header, token.and_then(|token| token.stale_at(Instant::now()))))
    }

    /// Asks a token server, in the way our credentials want it.
    async fn ask(
        &self,
        server: &TokenServer,
        scopes: &[String],
    ) -> Result<(StatusCode, bytes::Bytes), Error> {
        let identity = self.login.as_ref().and_then(|login| Some((&login.user, login.identity.as_ref()?)));
        let Some((user, identity)) = identity else {
            return Ok(self.client.fetch(server.by_query(scopes, self.basic()), ANSWER_LIMIT).await?);
        };
        let (status, body) = self.client.fetch(server.by_form(scopes, identity), ANSWER_LIMIT).await?;
        if !matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
            return Ok((status, body));
        }
        tracing::debug!("the token server of {} knows no OAuth 2 ({status})", self.host);
        // Such servers take the identity token for a password, if they take it at all.
        let basic = self.basic().or_else(|| basic(user, identity.expose()));
        Ok(self.client.fetch(server.by_query(scopes, basic), ANSWER_LIMIT).await?)
    }

    /// Is this scope among those we ask for anyway?
    fn covers(&self, scope: &str) -> bool {
        let Some((repository, actions)) = scope.rsplit_once(':') else {
            return false;
        };
        self.scopes.iter().filter_map(|own| own.rsplit_once(':')).any(|(own, allowed)| {
            own == repository
                && actions.split(',').all(|action| allowed.split(',').any(|known| known == action))
        })
    }
}

fn is_write(request: &Request) -> bool {
    !matches!(*request.method(), Method::GET | Method::HEAD)
}

/// What an answer wants to see; nothing when it is content.
fn challenges(response: &Response) -> Vec<Challenge> {
    if response.status() != StatusCode::UNAUTHORIZED {
        return Vec::new();
    }
    let values = response.headers().get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(Challenge::parse).collect()
}

fn basic(user: &str, password: &str) -> Option<HeaderValue> {
    sensitive(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(text).ok()?;
    header.set_sensitive(true);
    Some(header)
}
