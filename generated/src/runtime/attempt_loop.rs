//! The attempt loop: repeats the request of one call until the call succeeds, fails permanently or runs out
//! of time.
//!
//! Each attempt gets the access token, waits for the rate limiter and sends the request. After a failure, the
//! loop either renews the token and retries, or waits and retries, or gives up. Directly before a retry, the
//! loop runs the repeat check of the call, if there is one. If the call creates an asset and its result is
//! unknown at the end, the asset is read back.

use super::{
    auth::{BearerToken, Redactor, RenewalOutcome, rejects_the_token},
    client::Client,
    creatable::ReadBackOutcome,
    error::{AttemptStats, Error, ErrorKind, TimeLimit, message, response_snapshot},
    prepared_request::{Authorization, CallOptions, PreparedRequest},
    rate_limit::Permit,
    received_response::ReceivedResponse,
    response_body::read_body,
    retry::{self, RetryDecision, RetryPolicy},
    trace::{CallSpan, CallSummary},
};
use bytes::{Buf as _, Bytes};
use futures_util::future::{Either, select};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::SecretString;
use std::{future::pending, pin::pin, sync::Arc, time::Duration};
use tokio::time::{Instant, timeout_at};

/// Runs the attempt loop of one call, and records the tracing span of the call.
pub(crate) async fn execute(client: &Client, request: &PreparedRequest) -> Result<ReceivedResponse, Error> {
    let span = CallSpan::new(&request.target);
    let mut execution = Execution::new(client, request, &span);
    let result = span
        .follow(async {
            match execution.run().await {
                Ok(received) => Ok(received),
                // Boxed to keep the future of every call small. Few calls read an asset back.
                Err(failure) => Box::pin(execution.read_back(failure)).await,
            }
        })
        .await;
    let (stats, waited) = (execution.stats(), execution.waited);
    let result = result
        .map(|mut received| {
            received.stats = stats;
            received
        })
        .map_err(|failure| {
            let error = Error::after(Some(&request.target), failure.kind, stats, failure.note);
            error.with_asset_id(request.asset_id())
        });
    span.end(&CallSummary {
        status: match &result {
            Ok(received) => Some(received.status),
            Err(error) => error.status(),
        },
        request_id: &|| match &result {
            Ok(received) => response_snapshot::request_id(&received.headers, &received.redactor),
            Err(error) => error.request_id().map(str::to_owned),
        },
        attempts: stats.attempts,
        waited,
        elapsed: stats.elapsed,
        error: result.as_ref().err(),
    });
    result
}

/// Final failure of a call, with an optional note that is appended to the text of the error.
struct CallFailure {
    kind: ErrorKind,
    note: Option<String>,
}

impl CallFailure {
    fn with_note(kind: ErrorKind, note: &str) -> Self {
        let note = Some(note.to_owned());
        Self { kind, note }
    }
}

impl From<ErrorKind> for CallFailure {
    fn from(kind: ErrorKind) -> Self {
        Self { kind, note: None }
    }
}

/// Progress of one call.
struct Execution<'a> {
    client: &'a Client,
    request: &'a PreparedRequest,
    span: &'a CallSpan,
    started: Instant,
    /// Time limit of the whole call.
    limit: Duration,
    /// Time at which the last attempt must end. If the call creates an asset, the time between this deadline
    /// and the end of the time limit is reserved for reading the asset back.
    deadline: Instant,
    attempts: u32,
    waited: Duration,
    may_have_been_applied: bool,
    /// Permission from the rate limiter to send the current attempt.
    permit: Permit,
    /// True if the program set the `Authorization` header of the current attempt.
    foreign_authorization: bool,
}

impl<'a> Execution<'a> {
    fn new(client: &'a Client, request: &'a PreparedRequest, span: &'a CallSpan) -> Self {
        let started = Instant::now();
        let limit = request.options.timeout.unwrap_or(client.settings().timeout);
        let reserve = match request.read_back {
            Some(_) => (limit / 5).min(client.settings().attempt_timeout),
            None => Duration::ZERO,
        };
        Self {
            client,
            request,
            span,
            started,
            limit,
            deadline: later(started, limit.saturating_sub(reserve)),
            attempts: 0,
            waited: Duration::ZERO,
            may_have_been_applied: false,
            permit: Permit::default(),
            foreign_authorization: false,
        }
    }

    fn stats(&self) -> AttemptStats {
        AttemptStats {
            attempts: self.attempts,
            elapsed: self.started.elapsed(),
            may_have_been_applied: self.may_have_been_applied,
        }
    }

    async fn run(&mut self) -> Result<ReceivedResponse, CallFailure> {
        let policy = self.policy();
        let mut token_confirmed = false;
        let mut last_failure = None;
        loop {
            let mut token = self.token().await?;
            if let Some(limiter) = self.client.limiter() {
                self.permit = self.before_deadline(limiter.ready()).await?;
            }
            // The check is the last step before the attempt, because the waits above may be long.
            if let Some(failure) = last_failure.take() {
                if !Box::pin(self.may_repeat()).await {
                    let note =
                        "not sent again, because the asset was changed in the meantime or cannot be read";
                    return Err(CallFailure::with_note(failure, note));
                }
                // The read in the check may have renewed the token, so the current token is taken. If no
                // renewal is due, this line does not wait.
                token = self.token().await?;
            }
            let failure = match self.attempt(token.as_deref()).await {
                Ok(received) => {
                    self.client.budget().success();
                    return Ok(received);
                }
                Err(failure) => failure,
            };
            if self.request.writes() {
                self.may_have_been_applied |= failure.may_have_been_applied();
            }
            if rejects_the_token(&failure) && self.foreign_authorization {
                let note = "the Authorization header came from the call or a hook, so nothing was renewed";
                return Err(CallFailure::with_note(failure, note));
            }
            if rejects_the_token(&failure) && matches!(self.request.authorization, Authorization::Client) {
                let renewal = Box::pin(self.renew(token.as_deref(), token_confirmed, failure)).await?;
                token_confirmed = renewal == RenewalOutcome::Confirmed;
                last_failure = Some(ErrorKind::TokenReplaced);
                continue;
            }
            if matches!(
                failure,
                ErrorKind::Timeout {
                    limit: TimeLimit::Call,
                    ..
                }
            ) {
                return Err(failure.into());
            }
            let repeat = self.request.target.repeat;
            let wait = match policy.decide(repeat, self.attempts, &failure, &mut fastrand::Rng::new()) {
                RetryDecision::RetryAfter(wait) => wait,
                RetryDecision::GiveUp(None) => return Err(failure.into()),
                RetryDecision::GiveUp(Some(note)) => return Err(CallFailure::with_note(failure, note)),
            };
            if wait >= self.deadline.saturating_duration_since(Instant::now()) {
                return Err(CallFailure::with_note(
                    failure,
                    "no time left for another attempt",
                ));
            }
            if !self.client.budget().take() {
                let note = "not sent again, because the retry budget is used up";
                return Err(CallFailure::with_note(failure, note));
            }
            self.span.retry(self.attempts, &failure, wait);
            if !Box::pin(self.pause(wait)).await {
                return Err(CallFailure::with_note(
                    failure,
                    "not sent again, because the job was stopped",
                ));
            }
            self.waited += wait;
            last_failure = Some(failure);
        }
    }

    /// Runs the repeat check of the call, if there is one, and returns its result. If the check exceeds the
    /// deadline, returns false.
    async fn may_repeat(&self) -> bool {
        match &self.request.options.repeat_check {
            Some(check) => self.before_deadline((check.0)()).await.unwrap_or(false),
            None => true,
        }
    }

    fn policy(&self) -> &'a RetryPolicy {
        let policy = self.request.options.retry.as_ref();
        policy.unwrap_or(&self.client.settings().retry)
    }

    /// Waits for the duration `wait`, then returns true. Returns false as soon as the call is stopped.
    async fn pause(&self, wait: Duration) -> bool {
        let elapsed = tokio::time::sleep(wait);
        let Some(mut stop) = self.request.options.stop.clone() else {
            elapsed.await;
            return true;
        };
        let stopped = async {
            if stop.wait_for(|stop| *stop).await.is_err() {
                // The sender was dropped, so nobody can stop the call.
                pending::<()>().await;
            }
        };
        matches!(select(pin!(stopped), pin!(elapsed)).await, Either::Right(_))
    }

    /// Awaits `future`, at most until the deadline.
    async fn before_deadline<F: Future>(&self, future: F) -> Result<F::Output, ErrorKind> {
        timeout_at(self.deadline, future)
            .await
            .map_err(|_| ErrorKind::Timeout {
                limit: TimeLimit::Call,
                after: self.limit,
            })
    }

    async fn token(&self) -> Result<Option<Arc<BearerToken>>, ErrorKind> {
        match (&self.request.authorization, self.client.token_manager()) {
            (Authorization::Fixed(token), _) => Ok(Some(Arc::clone(token))),
            // The call sets its own `Authorization` header, so the client's token is not needed.
            _ if self.request.options.headers.contains_key(header::AUTHORIZATION) => Ok(None),
            (Authorization::Client, Some(token_manager)) => self
                .before_deadline(token_manager.token(self.client))
                .await?
                .map(Some),
            (Authorization::Client, None) => Ok(None),
        }
    }

    /// Replaces the token that the service rejected.
    ///
    /// `confirmed` is true if the service issued or confirmed this token earlier in this call.
    async fn renew(
        &self,
        token: Option<&BearerToken>,
        confirmed: bool,
        failure: ErrorKind,
    ) -> Result<RenewalOutcome, CallFailure> {
        let login = |reason: &str, failure: ErrorKind| {
            let cause = Error::new(Some(&self.request.target), failure);
            let kind = ErrorKind::Login {
                reason: reason.to_owned(),
                cause: Some(cause),
            };
            Err(kind.into())
        };
        let (Some(token_manager), Some(token)) = (self.client.token_manager(), token) else {
            return login(
                "the service requires an access token, and the client has none",
                failure,
            );
        };
        if confirmed && failure.status() == Some(StatusCode::BAD_REQUEST) {
            // The token is valid, so the 400 concerns the request itself.
            return Err(failure.into());
        }
        if confirmed {
            return login(
                "the service rejects the access token that it has just confirmed",
                failure,
            );
        }
        match self
            .before_deadline(token_manager.renew(self.client, token))
            .await
        {
            Ok(Ok(renewal)) => Ok(renewal),
            // No renewal was sent, so the rejection of the token is the better cause.
            Ok(Err(ErrorKind::Login { reason, cause: None })) => login(&reason, failure),
            Ok(Err(kind)) | Err(kind) => Err(kind.into()),
        }
    }

    /// Sends the request once and reads the whole response.
    async fn attempt(&mut self, token: Option<&BearerToken>) -> Result<ReceivedResponse, ErrorKind> {
        #[cfg_attr(
            not(feature = "traceparent"),
            expect(unused_mut, reason = "gets a header with the feature")
        )]
        let (mut http_request, redactor, foreign_authorization) = self.http_request(token)?;
        self.foreign_authorization = foreign_authorization;
        self.attempts += 1;
        let (began, sent) = (Instant::now(), self.client.now());
        let request = self.request;
        let default = self.client.settings().attempt_timeout;
        let length = request.options.attempt_timeout.unwrap_or(default);
        let end = later(began, length);
        let span = self
            .span
            .attempt(&request.target, http_request.uri(), self.attempts);
        #[cfg(feature = "traceparent")]
        span.propagate(http_request.headers_mut());
        let received = pin!(span.follow(self.receive(http_request, redactor, length)));
        let result = match timeout_at(end.min(self.deadline), received).await {
            Ok(result) => result,
            Err(_) if end < self.deadline => Err(ErrorKind::Timeout {
                limit: TimeLimit::Attempt,
                after: length,
            }),
            Err(_) => Err(ErrorKind::Timeout {
                limit: TimeLimit::Call,
                after: self.limit,
            }),
        };
        if let Some(last_attempt) = &request.options.last_attempt {
            last_attempt.record(sent, self.client.now());
        }
        let received = result.as_ref().ok();
        let head = received.map(|received| (received.status, &received.headers));
        let body = received.map(|received| &received.body);
        let body = body.filter(|_| !request.confidential);
        self.client
            .hooks()
            .after(&request.target, self.attempts, began.elapsed(), head, body);
        let status = received.map(|received| received.status);
        let result = result.and_then(|received| self.classify(received));
        span.end(status, result.as_ref().err());
        result
    }

    /// Decides by status and content whether a response is a success.
    fn classify(&self, mut received: ReceivedResponse) -> Result<ReceivedResponse, ErrorKind> {
        let retry_after = if received.status.is_success() {
            None
        } else {
            retry::retry_after(&received.headers, self.client.now())
        };
        match (self.client.limiter(), received.status) {
            (Some(limiter), StatusCode::TOO_MANY_REQUESTS) => limiter.refused(self.permit, retry_after),
            // A server error of the service or of a gateway reveals nothing about the rate limit.
            (Some(limiter), status) if !status.is_server_error() => limiter.accepted(self.permit),
            _ => {}
        }
        let content_type = received.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|kind| kind.to_str().ok());
        if received.status.is_success() {
            if self.request.any_content {
                return Ok(received);
            }
            if message::is_html(content_type, &received.body) {
                return Err(ErrorKind::Page(received.snapshot(None).into()));
            }
            if received.body.starts_with(message::BYTE_ORDER_MARK) {
                received.body.advance(message::BYTE_ORDER_MARK.len());
            }
            if let Some(error) = message::reported_error(&received.body)
                && (self.request.no_content || error.is_alone)
            {
                return Err(received.unusable(".", error.text));
            }
            return Ok(received);
        }
        let mut response = received.snapshot(retry_after);
        response.transient = self.policy().retries(received.status);
        Err(ErrorKind::Status(response.into()))
    }

    /// Builds the HTTP request, and a [`Redactor`] for the tokens in the request. The returned flag is true
    /// if the call or a hook has set the `Authorization` header.
    ///
    /// A token that the caller or a hook sets replaces the client's token and is redacted as well.
    fn http_request(
        &self,
        token: Option<&BearerToken>,
    ) -> Result<(http::Request<Bytes>, Redactor, bool), ErrorKind> {
        let request = self.request;
        let settings = self.client.settings();
        let separator = if request.query.is_empty() { "" } else { "?" };
        let (path, query) = (&*request.target.path, &*request.query);
        let url = [&*settings.base_url, path, separator, query].concat();
        let length = url.len();
        let uri = http::Uri::try_from(url).map_err(|error| {
            ErrorKind::Argument(format!("the URL, {length} bytes long, cannot be sent: {error}"))
        })?;
        // The capacity suffices for the headers below and two more. A larger map takes longer to allocate.
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, settings.user_agent.clone());
        if request.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &request.options.headers {
            headers.insert(name, value.clone());
        }
        let visible_body = request.body.as_ref().filter(|_| !request.confidential);
        self.client.hooks().before(
            &request.target,
            self.attempts + 1,
            &uri,
            &mut headers,
            visible_body,
        );
        let mut redactor = token.map(BearerToken::redactor).unwrap_or_default();
        // A renewal always carries the token that it renews.
        let may_be_foreign = matches!(request.authorization, Authorization::Client);
        let replacement = headers.get_mut(header::AUTHORIZATION).filter(|_| may_be_foreign);
        let foreign_authorization = replacement.is_some();
        if let Some(replacement) = replacement {
            replacement.set_sensitive(true);
            let text = String::from_utf8_lossy(replacement.as_bytes());
            let token = text.split_once(' ').map_or(&*text, |(_, token)| token);
            redactor = redactor.and(SecretString::from(token.trim()));
        } else if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, token.header()?);
        }
        let mut http_request = http::Request::new(request.body.clone().unwrap_or_default());
        *http_request.method_mut() = request.target.method.clone();
        *http_request.uri_mut() = uri;
        *http_request.headers_mut() = headers;
        Ok((http_request, redactor, foreign_authorization))
    }

    async fn receive(
        &self,
        request: http::Request<Bytes>,
        redactor: Redactor,
        attempt_timeout: Duration,
    ) -> Result<ReceivedResponse, ErrorKind> {
        let redact = |error| match error {
            ErrorKind::Transport(error) => ErrorKind::Transport(error.redact(&redactor)),
            other => other,
        };
        let response = self
            .client
            .transport()
            .send(request)
            .await
            .map_err(|error| redact(ErrorKind::Transport(error)))?;
        let (head, chunks) = response.into_parts();
        let limit = self.client.settings().max_response_bytes;
        let body = read_body(head.status, chunks, limit, attempt_timeout)
            .await
            .map_err(redact)?;
        Ok(ReceivedResponse {
            status: head.status,
            headers: head.headers,
            body,
            stats: AttemptStats::default(),
            redactor,
            confidential: self.request.confidential && head.status.is_success(),
        })
    }

    /// Reads the asset back if the service may have created it. If the asset exists and equals the asset that
    /// was sent, the call succeeds.
    async fn read_back(&self, failure: CallFailure) -> Result<ReceivedResponse, CallFailure> {
        let remaining = self.limit.saturating_sub(self.started.elapsed());
        let read_back = match &self.request.read_back {
            Some(read_back) if self.may_have_been_applied && !remaining.is_zero() => read_back,
            _ => return Err(failure),
        };
        let options = CallOptions {
            timeout: Some(remaining),
            ..self.request.options.clone()
        };
        let body = self.request.body.as_ref();
        match read_back.execute(self.client, body, options).await {
            ReadBackOutcome::Applied(received) => Ok(received),
            ReadBackOutcome::Unknown(reason) => Err(CallFailure {
                kind: failure.kind,
                note: Some(match failure.note {
                    Some(note) => format!("{note}, {reason}"),
                    None => reason,
                }),
            }),
        }
    }
}

pub(super) fn later(start: Instant, length: Duration) -> Instant {
    // Capped at a year, so that no clock overflows.
    let length = length.min(Duration::from_hours(365 * 24));
    start.checked_add(length).unwrap_or(start)
}
