//! Calls. A call is an operation with its arguments and options, and is sent when it is awaited.

mod decode;
mod rows;
mod unsent;

pub(crate) use decode::Row;
pub(crate) use rows::ListPlace;
pub(crate) use unsent::UnsentCall;

use super::{
    acknowledgement::{Documented, EvidenceState, Inferred, Sendable},
    attempt_loop::execute,
    attempt_time::LastAttempt,
    error::{Error, ErrorKind},
    prepared_request::RepeatCheck,
    received_response::ReceivedResponse,
    response::Response,
    retry::RetryPolicy,
    transport::BoxFuture,
};
use http::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::{fmt, future::IntoFuture, marker::PhantomData, sync::Arc, time::Duration};
use tokio::sync::watch;

/// A call that is ready to be sent: await it, or set options first.
///
/// Awaiting the call returns the decoded value; [`response`](Self::response) returns the status and the
/// headers as well. Options apply to this call only; [`ClientBuilder`](crate::ClientBuilder) sets the
/// defaults.
///
/// ```no_run
/// use funnelflux::{Client, RetryPolicy, types::StatusFilter};
/// use std::time::Duration;
///
/// # async fn example(client: Client) -> Result<(), funnelflux::Error> {
/// let active = client
///     .list_offer_sources(StatusFilter::Active, None)
///     .timeout(Duration::from_secs(20))
///     .retry(RetryPolicy::none())
///     .header("x-trace", "4711")
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T, E = Documented> {
    unsent: UnsentCall,
    decode: Decode<T>,
    evidence: PhantomData<E>,
}

/// Decodes a response into a value.
type Decode<T> = Box<dyn FnOnce(&ReceivedResponse) -> Result<T, ErrorKind> + Send>;

impl<T, E> Call<T, E> {
    /// Sets the time limit of the whole call, including all attempts and waits.
    ///
    /// Default: [`ClientBuilder::timeout`](crate::ClientBuilder::timeout), 5 min.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.unsent.request.options.timeout = Some(timeout);
        self
    }

    /// Sets the time limit of one attempt, including the whole response body.
    ///
    /// Default: [`ClientBuilder::attempt_timeout`](crate::ClientBuilder::attempt_timeout), 60 s.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.unsent.request.options.attempt_timeout = Some(timeout);
        self
    }

    /// Sets the retry policy. Default: [`ClientBuilder::retry`](crate::ClientBuilder::retry).
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.unsent.request.options.retry = Some(policy);
        self
    }

    /// Adds a header. It replaces the client's own header of the same name, if there is one. If the name or
    /// the value is invalid, the call fails.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        if let (Ok(name), Ok(mut value)) = (name.try_into(), value.try_into()) {
            if name == http::header::AUTHORIZATION {
                value.set_sensitive(true);
            }
            self.unsent.request.options.headers.insert(name, value);
        } else {
            // The message omits the value, which may be a secret.
            let problem = "a header of this call has an invalid name or value";
            self.unsent = self.unsent.invalid(ErrorKind::Argument(problem.to_owned()));
        }
        self
    }

    /// Sends the call and returns the value with status, headers and number of attempts.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::types::StatusFilter;
    ///
    /// let response = client.list_offer_sources(StatusFilter::All, None).response().await?;
    /// let date = response.headers.get("date");
    /// println!("{} after {} attempts: {date:?}", response.status, response.attempts);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Returns an error if no successful response arrives, or if its body cannot be decoded.
    pub async fn response(mut self) -> Result<Response<T>, Error>
    where
        E: Sendable,
    {
        let received = self.send().await?;
        let value = self.value(&received)?;
        Ok(Response {
            attempts: received.attempts(),
            elapsed: received.elapsed(),
            status: received.status,
            headers: received.headers,
            value,
        })
    }

    // Borrows the call, because moving it would make the future of every call larger.
    async fn send(&mut self) -> Result<ReceivedResponse, Error> {
        let problem = self.unsent.problem.take();
        let UnsentCall { client, request, .. } = &self.unsent;
        if let Some(problem) = problem {
            return Err(Error::new(Some(&request.target), problem));
        }
        let _call = client.call_counter().begin();
        execute(client, request).await
    }

    fn value(self, received: &ReceivedResponse) -> Result<T, Error> {
        (self.decode)(received).map_err(|kind| received.fail(&self.unsent.request, kind))
    }
}

impl<T> Call<T> {
    /// Prevents further attempts once `stop` is true. An attempt that has begun is completed.
    pub(crate) fn stop_with(mut self, stop: watch::Receiver<bool>) -> Self {
        self.unsent.request.options.stop = Some(stop);
        self
    }

    /// Records the time of the last attempt in `last_attempt`.
    pub(crate) fn record_in(mut self, last_attempt: LastAttempt) -> Self {
        self.unsent.request.options.last_attempt = Some(last_attempt);
        self
    }

    /// Runs `check` directly before each further attempt. If `check` returns false, there is no further
    /// attempt.
    ///
    /// A save that was computed from a read needs this check. If the first attempt fails, somebody may edit
    /// the asset before the next attempt, which would silently undo the edit. The check is needed even if the
    /// service has certainly not applied the first attempt.
    pub(crate) fn repeat_if<F>(mut self, check: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = bool> + Send + 'static,
    {
        let check = move || -> BoxFuture<'static, bool> { Box::pin(check()) };
        self.unsent.request.options.repeat_check = Some(RepeatCheck(Arc::new(check)));
        self
    }

    /// Makes the call fail with `problem`, without sending a request. Replaces an earlier problem.
    pub(crate) fn invalid(mut self, problem: ErrorKind) -> Self {
        // An earlier problem is a result of this one: if no ID could be generated, the ID is also invalid.
        self.unsent.problem = Some(problem);
        self
    }

    /// Replaces the decoding of a list: `read` receives the rows undecoded. If `read` returns an error, the
    /// call fails. The text of the error states why the rows cannot be the response to this call.
    pub(crate) fn rows<U>(
        self,
        read: impl FnOnce(Vec<Row>) -> Result<U, String> + Send + 'static,
    ) -> Call<U> {
        let place = self.unsent.list_place;
        self.unsent.decode(move |received| {
            read(place.rows(received)?).map_err(|reason| received.unusable(".", reason))
        })
    }

    /// Returns the JSON text of each row of a list, instead of decoding the rows.
    pub(crate) fn row_texts(self) -> Call<Vec<Box<RawValue>>> {
        let place = self.unsent.list_place;
        self.unsent.decode(move |received| place.texts(received))
    }

    /// Decodes the response as a list that is nested in an object. This replaces the call's own decoding.
    #[allow(
        dead_code,
        reason = "the document decides whether lists are inside of objects"
    )]
    pub(crate) fn list_in<U: DeserializeOwned + 'static>(self, place: ListPlace) -> Call<Vec<U>> {
        self.unsent.list_in(place)
    }

    /// Returns the response as JSON text, instead of decoding it.
    pub(crate) fn raw_json(self) -> Call<Box<RawValue>> {
        self.unsent.json()
    }

    /// Applies `change` to the decoded value of the call. If `change` returns an error, the call fails. The
    /// text of the error states why the value cannot be the response to this call.
    pub(crate) fn try_map<U>(self, change: impl FnOnce(T) -> Result<U, String> + Send + 'static) -> Call<U>
    where
        T: 'static,
    {
        let decode = self.decode;
        self.unsent.decode(move |received| {
            change(decode(received)?).map_err(|reason| received.unusable(".", reason))
        })
    }

    /// Applies `change` to the decoded value of the call.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Call<U>
    where
        T: 'static,
    {
        let decode = self.decode;
        self.unsent.decode(move |received| decode(received).map(change))
    }
}

impl<T, E: EvidenceState> Call<T, E> {
    /// Changes the type parameter that states whether the call is documented or inferred.
    fn with_evidence<F: EvidenceState>(self) -> Call<T, F> {
        Call {
            unsent: self.unsent,
            decode: self.decode,
            evidence: PhantomData,
        }
    }
}

impl<T> Call<T> {
    /// Marks the call as inferred. The generated methods of inferred operations use this function.
    #[allow(dead_code, reason = "the vendor may document all operations")]
    pub(crate) fn inferred(self) -> Call<T, Inferred> {
        self.with_evidence()
    }

    /// Does nothing, because the operation is documented.
    #[deprecated(note = "the operation is documented now; remove the call of `acknowledge_inferred`")]
    pub fn acknowledge_inferred(self) -> Self {
        self
    }
}

impl<T> Call<T, Inferred> {
    /// Acknowledges that the operation is inferred, not documented. Without the acknowledgement, the call
    /// cannot be sent.
    ///
    /// Once the vendor documents the operation, the acknowledgement has no effect and may be removed.
    pub fn acknowledge_inferred(self) -> Call<T> {
        self.with_evidence()
    }
}

impl<T, E> fmt::Debug for Call<T, E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Call to {}", self.unsent.request.target)
    }
}

// If a call cannot be awaited, the compiler shows the following lines in its error.
impl<T: Send + 'static, E> IntoFuture for Call<T, E>
where
    // fix: call `.acknowledge_inferred()` before `.await`, because this operation is inferred
    E: Sendable,
{
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let received = self.send().await?;
            self.value(&received)
        })
    }
}
