//! One call from its first try to its last: the token, the limiter, the try, the renewal, the retry, and the reading back.

use super::{
    auth::{Bearer, Renewed, Secrets},
    client::Client,
    create::{ReadBack, Settled},
    error::{Effort, Error, Kind, Limit, message, reply},
    operation::{Repeat, Target},
    retry::{self, Next, RetryPolicy},
    trace::{CallSpan, Summary},
    transport::{TransportError, TransportErrorKind},
};
use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::SecretString;
use std::{future::pending, pin::pin, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

/// A request that is ready to be sent, as often as need be.
pub(crate) struct Outgoing {
    pub(crate) target: Target,
    /// The query, encoded, without the question mark.
    pub(crate) query: String,
    pub(crate) body: Option<Bytes>,
    pub(crate) options: Options,
    pub(crate) authorization: Authorization,
    /// Bodies hold tokens and are shown to nobody.
    pub(crate) confidential: bool,
    /// The answer may be anything, a page included.
    pub(crate) any_content: bool,
    pub(crate) read_back: Option<ReadBack>,
}

/// What a caller asks of one call beyond its arguments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) try_timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) headers: HeaderMap,
    /// Once it says so, the request is not sent again.
    pub(crate) stop: Option<watch::Receiver<bool>>,
}

/// Whose token a request carries.
pub(crate) enum Authorization {
    /// The client's, renewed where need be.
    Session,
    /// This one, as it is.
    Token(Arc<Bearer>),
}

impl Outgoing {
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            query: String::new(),
            body: None,
            options: Options::default(),
            authorization: Authorization::Session,
            confidential: false,
            any_content: false,
            read_back: None,
        }
    }

    fn writes(&self) -> bool {
        self.target.repeat != Repeat::Read
    }

    /// The ID under which something is to be created.
    fn asset_id(&self) -> Option<String> {
        self.read_back?.asset_id(self.body.as_ref()?)
    }
}

/// A success.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    effort: Effort,
    secrets: Secrets,
    /// What arrived holds tokens that are no known secrets yet; no error keeps any of it.
    confidential: bool,
}

impl Received {
    pub(crate) fn tries(&self) -> u32 {
        self.effort.tries
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.effort.elapsed
    }

    /// What an error keeps of this answer.
    fn reply(&self, retry_after: Option<Duration>) -> reply::Reply {
        let nothing = Bytes::new();
        let body = if self.confidential { &nothing } else { &self.body };
        reply::Reply::new(self.status, &self.headers, body, retry_after, &self.secrets)
    }

    /// The error of a success that turns out to be none.
    pub(crate) fn fail(&self, outgoing: &Outgoing, kind: Kind) -> Error {
        let mut effort = self.effort;
        effort.may_have_been_applied |= outgoing.writes() && kind.may_have_been_applied();
        Error::after(Some(&outgoing.target), kind, effort, None)
    }

    /// Why the body does not fit.
    pub(crate) fn misfit(&self, path: &str, source: Option<serde_json::Error>) -> Kind {
        let reason = match &source {
            _ if self.body.is_empty() => "the body is empty".to_owned(),
            Some(error) => error.to_string(),
            None => "it is not what was expected".to_owned(),
        };
        let clean = self.secrets.blot_out(reason.as_bytes());
        Kind::Decode {
            reply: self.reply(None).into(),
            // Its names are those of the answer, which may be anything.
            path: self.secrets.clean(path).into_owned(),
            source: source.filter(|_| clean.is_none()),
            reason: clean.map_or(reason, |clean| String::from_utf8_lossy(&clean).into_owned()),
        }
    }
}

/// Carries a call through to its end.
pub(crate) async fn exchange(client: &Client, outgoing: &Outgoing) -> Result<Received, Error> {
    let span = CallSpan::new(&outgoing.target);
    let mut course = Course::new(client, outgoing, &span);
    let outcome = span
        .follow(async {
            match course.run().await {
                Ok(received) => Ok(received),
                // Boxed, as all that few calls need: so every call is smaller.
                Err(failure) => Box::pin(course.settle(failure)).await,
            }
        })
        .await;
    let (effort, waited) = (course.effort(), course.waited);
    let outcome = outcome
        .map(|mut received| {
            received.effort = effort;
            received
        })
        .map_err(|(kind, note)| {
            let error = Error::after(Some(&outgoing.target), kind, effort, note);
            error.about(outgoing.asset_id())
        });
    let status = match &outcome {
        Ok(received) => Some(received.status),
        Err(error) => error.status(),
    };
    span.end(&Summary {
        status,
        request_id: &|| match &outcome {
            Ok(received) => reply::request_id(&received.headers, &received.secrets),
            Err(error) => error.request_id().map(str::to_owned),
        },
        tries: effort.tries,
        waited,
        elapsed: effort.elapsed,
        error: outcome.as_ref().err().map(|error| error as _),
    });
    outcome
}

/// Why a call ends, and what else is to be said about it.
type Failure = (Kind, Option<String>);

struct Course<'a> {
    client: &'a Client,
    outgoing: &'a Outgoing,
    span: &'a CallSpan,
    started: Instant,
    /// Length of the whole call.
    limit: Duration,
    /// When no try may last any longer. A create keeps the rest of its time for reading back.
    deadline: Instant,
    tries: u32,
    waited: Duration,
    may_have_been_applied: bool,
}

impl<'a> Course<'a> {
    fn new(client: &'a Client, outgoing: &'a Outgoing, span: &'a CallSpan) -> Self {
        let started = Instant::now();
        let limit = outgoing.options.timeout.unwrap_or(client.settings().timeout);
        let reserve = match outgoing.read_back {
            Some(_) => (limit / 5).min(client.settings().try_timeout),
            None => Duration::ZERO,
        };
        Self {
            client,
            outgoing,
            span,
            started,
            limit,
            deadline: later(started, limit.saturating_sub(reserve)),
            tries: 0,
            waited: Duration::ZERO,
            may_have_been_applied: false,
        }
    }

    fn effort(&self) -> Effort {
        Effort {
            tries: self.tries,
            elapsed: self.started.elapsed(),
            may_have_been_applied: self.may_have_been_applied,
        }
    }

    async fn run(&mut self) -> Result<Received, Failure> {
        let policy = self.outgoing.options.retry.as_ref();
        let policy = policy.unwrap_or(&self.client.settings().retry);
        let mut confirmed = false;
        loop {
            let token = self.token().await.map_err(|kind| (kind, None))?;
            if let Some(limiter) = self.client.limiter() {
                self.in_time(limiter.ready()).await.map_err(|kind| (kind, None))?;
            }
            let failure = match self.attempt(token.as_deref()).await {
                Ok(received) => {
                    self.client.budget().success();
                    return Ok(received);
                }
                Err(failure) => failure,
            };
            if self.outgoing.writes() {
                self.may_have_been_applied |= failure.may_have_been_applied();
            }
            if rejects_the_token(&failure) && matches!(self.outgoing.authorization, Authorization::Session) {
                let renewed = Box::pin(self.renew(token.as_deref(), confirmed, failure)).await?;
                confirmed = renewed == Renewed::Confirmed;
                continue;
            }
            if matches!(
                failure,
                Kind::Timeout {
                    limit: Limit::Call,
                    ..
                }
            ) {
                return Err((failure, None));
            }
            let wait = match policy.next(
                self.outgoing.target.repeat,
                self.tries,
                &failure,
                &mut fastrand::Rng::new(),
            ) {
                Next::Wait(wait) => wait,
                Next::Stop(note) => return Err((failure, note.map(str::to_owned))),
            };
            if wait >= self.deadline.saturating_duration_since(Instant::now()) {
                return Err((failure, Some("no time left for another try".to_owned())));
            }
            if !self.client.budget().take() {
                return Err((
                    failure,
                    Some("not sent again, because the retry budget is used up".to_owned()),
                ));
            }
            self.span.retry(self.tries, &failure, wait);
            if !Box::pin(self.pause(wait)).await {
                let note = "not sent again, because it was told to stop";
                return Err((failure, Some(note.to_owned())));
            }
            self.waited += wait;
        }
    }

    /// Waits, unless the call is told to stop; whether it may go on.
    async fn pause(&self, wait: Duration) -> bool {
        let over = tokio::time::sleep(wait);
        let Some(mut stop) = self.outgoing.options.stop.clone() else {
            over.await;
            return true;
        };
        let told = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                // Nobody is left to say so.
                pending::<()>().await;
            }
        };
        matches!(select(pin!(told), pin!(over)).await, Either::Right(_))
    }

    /// Waits for something, but not beyond the end of the call's time.
    async fn in_time<F: Future>(&self, future: F) -> Result<F::Output, Kind> {
        timeout_at(self.deadline, future)
            .await
            .map_err(|_| Kind::Timeout {
                limit: Limit::Call,
                after: self.limit,
            })
    }

    async fn token(&self) -> Result<Option<Arc<Bearer>>, Kind> {
        match (&self.outgoing.authorization, self.client.session()) {
            (Authorization::Token(token), _) => Ok(Some(Arc::clone(token))),
            (Authorization::Session, Some(session)) => {
                self.in_time(session.token(self.client)).await?.map(Some)
            }
            (Authorization::Session, None) => Ok(None),
        }
    }

    /// After the service refused the token: gets another one, once.
    async fn renew(
        &self,
        token: Option<&Bearer>,
        confirmed: bool,
        failure: Kind,
    ) -> Result<Renewed, Failure> {
        let login = |reason: &str, failure: Kind| {
            let cause = Error::new(Some(&self.outgoing.target), failure);
            let kind = Kind::Login {
                reason: reason.to_owned(),
                cause: Some(cause),
            };
            Err((kind, None))
        };
        let (Some(session), Some(token)) = (self.client.session(), token) else {
            return login(
                "the service wants an access token, and the client has none",
                failure,
            );
        };
        if confirmed && failure.status() == Some(StatusCode::BAD_REQUEST) {
            // It was not the token: the service means the request itself.
            return Err((failure, None));
        }
        if confirmed {
            return login(
                "the service refuses the access token that it has just confirmed",
                failure,
            );
        }
        match self.in_time(session.renew(self.client, token)).await {
            Ok(Ok(renewed)) => Ok(renewed),
            // What the service said about the token is the better reason when nothing else was asked.
            Ok(Err(Kind::Login { reason, cause: None })) => login(&reason, failure),
            Ok(Err(kind)) | Err(kind) => Err((kind, None)),
        }
    }

    /// Sends the request once and reads the whole answer.
    async fn attempt(&mut self, token: Option<&Bearer>) -> Result<Received, Kind> {
        let outgoing = self.outgoing;
        let (request, secrets) = self.request(token)?;
        self.tries += 1;
        let began = Instant::now();
        let length = outgoing
            .options
            .try_timeout
            .unwrap_or(self.client.settings().try_timeout);
        let end = later(began, length);
        let outcome = match timeout_at(end.min(self.deadline), self.receive(request, secrets)).await {
            Ok(outcome) => outcome,
            Err(_) if end < self.deadline => Err(Kind::Timeout {
                limit: Limit::Try,
                after: length,
            }),
            Err(_) => Err(Kind::Timeout {
                limit: Limit::Call,
                after: self.limit,
            }),
        };
        let answer = outcome
            .as_ref()
            .ok()
            .map(|received| (received.status, &received.headers));
        let body = outcome.as_ref().ok().map(|received| &received.body);
        let body = body.filter(|_| !outgoing.confidential);
        self.client
            .hooks()
            .after(&outgoing.target, self.tries, began.elapsed(), answer, body);
        self.judge(outcome?)
    }

    /// Tells success from failure.
    fn judge(&self, received: Received) -> Result<Received, Kind> {
        let content_type = received.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|kind| kind.to_str().ok());
        if received.status.is_success() {
            if let Some(limiter) = self.client.limiter() {
                limiter.success();
            }
            if !self.outgoing.any_content && message::is_html(content_type, &received.body) {
                return Err(Kind::Page(received.reply(None).into()));
            }
            return Ok(received);
        }
        let retry_after = retry::retry_after(&received.headers, self.client.now());
        if received.status == StatusCode::TOO_MANY_REQUESTS
            && let Some(limiter) = self.client.limiter()
        {
            limiter.limited(retry_after);
        }
        Err(Kind::Status(received.reply(retry_after).into()))
    }

    /// The request, and what no error about it may show: also the token that the caller or a hook gave instead of this one.
    fn request(&self, token: Option<&Bearer>) -> Result<(http::Request<Bytes>, Secrets), Kind> {
        let outgoing = self.outgoing;
        let settings = self.client.settings();
        let question = if outgoing.query.is_empty() { "" } else { "?" };
        let (path, query) = (&*outgoing.target.path, &*outgoing.query);
        let address = [&*settings.base_url, path, question, query].concat();
        let length = address.len();
        let uri = http::Uri::try_from(address).map_err(|error| {
            Kind::Argument(format!(
                "the address, {length} bytes long, cannot be sent: {error}"
            ))
        })?;
        // Room for those below and some more.
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, settings.user_agent.clone());
        if outgoing.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &outgoing.options.headers {
            headers.insert(name, value.clone());
        }
        let shown = outgoing.body.as_ref().filter(|_| !outgoing.confidential);
        self.client
            .hooks()
            .before(&outgoing.target, self.tries + 1, &uri, &mut headers, shown);
        let mut secrets = token.map(Bearer::secrets).unwrap_or_default();
        if let Some(other) = headers.get_mut(header::AUTHORIZATION) {
            other.set_sensitive(true);
            let text = String::from_utf8_lossy(other.as_bytes());
            let bare = text.split_once(' ').map_or(&*text, |(_, token)| token);
            secrets = secrets.and(SecretString::from(bare.trim()));
        } else if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, token.header()?);
        }
        let mut request = http::Request::new(outgoing.body.clone().unwrap_or_default());
        *request.method_mut() = outgoing.target.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok((request, secrets))
    }

    async fn receive(&self, request: http::Request<Bytes>, secrets: Secrets) -> Result<Received, Kind> {
        let response = self
            .client
            .transport()
            .send(request)
            .await
            .map_err(Kind::Transport)?;
        let (head, mut pieces) = response.into_parts();
        let limit = self.client.settings().max_response_bytes;
        // Most bodies are one piece, which is then not copied.
        let (mut first, mut joined) = (Bytes::new(), Vec::new());
        let mut length = 0;
        while let Some(piece) = pieces.next().await {
            match (piece, head.status.is_success()) {
                (Ok(piece), true) if length + piece.len() > limit => {
                    return Err(Kind::TooLarge {
                        status: head.status,
                        limit,
                    });
                }
                (Ok(piece), _) => {
                    if length == 0 {
                        first = piece;
                    } else {
                        if joined.is_empty() {
                            joined.extend_from_slice(&first);
                        }
                        joined.extend_from_slice(&piece);
                    }
                    length = joined.len().max(first.len());
                }
                (Err(error), true) => return Err(interrupted(error)),
                // A refusal counts although its text is cut.
                (Err(_), false) => break,
            }
            // Twice what is kept, so that a secret across the cut is whole.
            if !head.status.is_success() && length >= 2 * reply::BODY_BYTES {
                break;
            }
        }
        let body = if joined.is_empty() { first } else { joined.into() };
        Ok(Received {
            status: head.status,
            headers: head.headers,
            body,
            effort: Effort::default(),
            secrets,
            confidential: self.outgoing.confidential && head.status.is_success(),
        })
    }

    /// Where a create may have been applied: looks whether it was.
    async fn settle(&self, (kind, note): Failure) -> Result<Received, Failure> {
        let left = self.limit.saturating_sub(self.started.elapsed());
        let Some(read_back) = self
            .outgoing
            .read_back
            .as_ref()
            .filter(|_| self.may_have_been_applied)
        else {
            return Err((kind, note));
        };
        if left.is_zero() {
            return Err((kind, note));
        }
        let options = Options {
            timeout: Some(left),
            ..self.outgoing.options.clone()
        };
        let body = self.outgoing.body.as_ref();
        match read_back.look(self.client, body, options).await {
            Settled::Applied(received) => Ok(received),
            Settled::Open(what) => {
                let note = note.map_or(what.clone(), |note| format!("{note}, {what}"));
                Err((kind, Some(note)))
            }
        }
    }
}

/// An answer that began and did not end was received, whatever the transport calls it.
fn interrupted(error: TransportError) -> Kind {
    Kind::Transport(match error.kind() {
        TransportErrorKind::Interrupted => error,
        _ => TransportError::new(TransportErrorKind::Interrupted, error),
    })
}

fn later(start: Instant, length: Duration) -> Instant {
    // A year is as good as for ever, and no clock overflows.
    let length = length.min(Duration::from_hours(365 * 24));
    start.checked_add(length).unwrap_or(start)
}

/// Whether the service refuses the token: 401, or a 400 that says so (documented: an expired token is answered with either).
fn rejects_the_token(failure: &Kind) -> bool {
    let Kind::Status(reply) = failure else {
        return false;
    };
    match reply.status {
        StatusCode::UNAUTHORIZED => true,
        StatusCode::BAD_REQUEST => {
            let text = reply.message.as_deref().unwrap_or_default().to_ascii_lowercase();
            let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
            // "Token" alone is a word of the product, too.
            says(&[
                "access token",
                "access_token",
                "invalid_token",
                "bearer",
                "jwt",
                "unauthorized",
                "unauthenticated",
            ]) || (says(&["token", "session", "credential", "login"]) && says(&["expired", "expires"]))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_400_counts_only_if_it_speaks_of_the_token() {
        let refusal = |status, body: &str| {
            let body = Bytes::from(body.to_owned());
            let headers = HeaderMap::new();
            let reply = reply::Reply::new(status, &headers, &body, None, &Secrets::default());
            Kind::Status(reply.into())
        };
        let bad = StatusCode::BAD_REQUEST;
        assert!(rejects_the_token(&refusal(StatusCode::UNAUTHORIZED, "")));
        for told in [
            "Invalid or expired access token",
            "the token has expired",
            r#"{"error":"invalid_token"}"#,
            "jwt malformed",
        ] {
            assert!(rejects_the_token(&refusal(bad, told)), "{told}");
        }
        for other in [
            "",
            "offerSourceName is too long",
            "unknown token {clickid} in postbackSubId",
        ] {
            assert!(!rejects_the_token(&refusal(bad, other)), "{other}");
        }
        assert!(!rejects_the_token(&refusal(
            StatusCode::FORBIDDEN,
            "token expired"
        )));
    }
}
