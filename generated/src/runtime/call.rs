//! A call: an operation with its arguments and options, sent when it is awaited.

use super::{
    client::Client,
    create::ReadBack,
    error::{Error, Kind},
    exchange::{Outgoing, Received, exchange},
    operation::{Operation, Repeat, Target},
    response::Response,
    retry::RetryPolicy,
    transport::BoxFuture,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::{self, Write as _},
    future::IntoFuture,
    time::Duration,
};
use tokio::sync::watch;

/// Everything but what RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A call whose arguments are being put together by a generated method.
pub(crate) struct UnsentCall {
    client: Client,
    outgoing: Outgoing,
    /// The first thing that was wrong with the arguments.
    problem: Option<Kind>,
    /// Whether a body that may be left out was.
    without_body: bool,
}

impl UnsentCall {
    pub(crate) fn new(client: Client, operation: &'static Operation) -> Self {
        let mut unsent = Self::to(client, Target::from(operation));
        unsent.outgoing.read_back = ReadBack::of(operation);
        unsent
    }

    pub(crate) fn to(client: Client, target: Target) -> Self {
        Self {
            client,
            outgoing: Outgoing::new(target),
            problem: None,
            without_body: false,
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.outgoing.target
    }

    /// Whether the call may be sent again.
    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.outgoing.target.repeat = repeat;
        self
    }

    /// The call cannot be sent.
    pub(crate) fn wrong(mut self, problem: Kind) -> Self {
        self.problem.get_or_insert(problem);
        self
    }

    /// A query parameter.
    pub(crate) fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        let query = &mut self.outgoing.query;
        if query.is_empty() {
            // Room for what most calls ask.
            query.reserve(64);
        } else {
            query.push('&');
        }
        let mut encoded = Encoded(query);
        // Text takes whatever is written to it.
        let _ = write!(encoded, "{name}");
        encoded.0.push('=');
        let _ = write!(encoded, "{value}");
        self
    }

    /// A query parameter that may be left out.
    pub(crate) fn query_optional(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// A query parameter that holds a list, separated by commas.
    pub(crate) fn query_list(self, name: &str, values: &[impl AsRef<str>]) -> Self {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        let problem = if values.is_empty() {
            // On the wire it would be a list of one empty ID.
            Some(format!("{name} is an empty list: there is nothing to ask for"))
        } else if values.contains(&"") {
            Some(format!("{name} is a list with an empty entry"))
        } else {
            values
                .iter()
                .find(|value| value.contains(','))
                .map(|odd| format!("{name} is a list separated by commas, and {odd:?} holds one itself"))
        };
        if let Some(problem) = problem {
            return self.wrong(Kind::Argument(problem));
        }
        self.query(name, values.join(","))
    }

    /// The request body, as JSON.
    pub(crate) fn body(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = match serde_json::to_vec(body) {
            Ok(body) => Bytes::from(body),
            Err(error) => return self.wrong(Kind::Encode(error)),
        };
        let problem = self
            .outgoing
            .read_back
            .as_ref()
            .and_then(|create| create.check(&body));
        self.outgoing.body = Some(body);
        match problem {
            Some(problem) => self.wrong(problem),
            None => self,
        }
    }

    /// A request body that may be left out; then no body and no content type are sent.
    pub(crate) fn body_optional(mut self, body: Option<&impl Serialize>) -> Self {
        self.without_body = body.is_none();
        match body {
            Some(body) => self.body(body),
            None => self,
        }
    }

    /// The response is JSON.
    pub(crate) fn json<T: DeserializeOwned + 'static>(self) -> Call<T> {
        self.decode(decode_json)
    }

    /// The response is a JSON array; `null` is the empty one.
    pub(crate) fn list<T: DeserializeOwned + 'static>(self) -> Call<Vec<T>> {
        self.decode(|received| Ok(decode_json::<Option<Vec<T>>>(received)?.unwrap_or_default()))
    }

    /// The response carries nothing; whatever it carries all the same is passed over, unless it is a page.
    pub(crate) fn empty(self) -> Call<()> {
        let unsent = match self.names_nothing() {
            Some(problem) => self.wrong(Kind::Argument(problem.to_owned())),
            None => self,
        };
        unsent.decode(|_| Ok(()))
    }

    /// What is wrong with a deletion of nothing: what the service would make of it is not documented, and might be everything.
    fn names_nothing(&self) -> Option<&'static str> {
        let Outgoing { target, query, .. } = &self.outgoing;
        let named = query.split('&').any(|pair| {
            let value = pair.split_once('=').map(|(_, value)| value);
            value.is_some_and(|value| !value.is_empty())
        });
        let nothing = target.method == http::Method::DELETE && self.without_body && !named;
        nothing.then_some("what is to be deleted is empty: it names neither an ID nor a list of IDs")
    }

    /// The response may be anything.
    pub(crate) fn bytes(mut self) -> Call<Bytes> {
        self.outgoing.any_content = true;
        self.decode(|received| Ok(received.body.clone()))
    }

    fn decode<T>(self, decode: impl FnOnce(&Received) -> Result<T, Kind> + Send + 'static) -> Call<T> {
        Call {
            unsent: self,
            decode: Box::new(decode),
        }
    }
}

/// A query to which text is written encoded where it is reserved; most names and values hold nothing of it.
struct Encoded<'q>(&'q mut String);

impl fmt::Write for Encoded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if text.bytes().all(is_plain) {
            self.0.push_str(text);
        } else {
            self.0.extend(utf8_percent_encode(text, RESERVED));
        }
        Ok(())
    }
}

fn decode_json<T: DeserializeOwned>(received: &Received) -> Result<T, Kind> {
    serde_json::from_slice(&received.body).map_err(|error| misfit::<T>(received, error))
}

/// Why the body does not fit, and where. Keeping track of the place doubles the work of decoding, so it is done only for a body that
/// is known not to fit: it is decoded again.
#[cold]
fn misfit<T: DeserializeOwned>(received: &Received, error: serde_json::Error) -> Kind {
    let mut deserializer = serde_json::Deserializer::from_slice(&received.body);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => received.misfit(&error.path().to_string(), Some(error.into_inner())),
        // The value fits, and something follows it.
        Ok(_) => received.misfit(".", Some(error)),
    }
}

/// A call, ready to be sent: await it, or set options first.
///
/// Awaiting gives the value; [`response`](Self::response) gives the status and the headers with it. What is set here holds for this call
/// only, everything else is as the [`ClientBuilder`](crate::ClientBuilder) says.
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
pub struct Call<T> {
    unsent: UnsentCall,
    decode: Decode<T>,
}

/// Turns an answer into a value.
type Decode<T> = Box<dyn FnOnce(&Received) -> Result<T, Kind> + Send>;

impl<T> Call<T> {
    /// How long the call may take, with all tries and waits. Default: [`ClientBuilder::timeout`](crate::ClientBuilder::timeout), 5 min.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.unsent.outgoing.options.timeout = Some(timeout);
        self
    }

    /// How long one try may take, the whole body included. Default: [`ClientBuilder::try_timeout`](crate::ClientBuilder::try_timeout),
    /// 60 s.
    pub fn try_timeout(mut self, timeout: Duration) -> Self {
        self.unsent.outgoing.options.try_timeout = Some(timeout);
        self
    }

    /// When the call is tried again. Default: [`ClientBuilder::retry`](crate::ClientBuilder::retry).
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.unsent.outgoing.options.retry = Some(policy);
        self
    }

    /// A header more; one that the client sets itself is replaced. A name or value that cannot be sent fails the call.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        if let (Ok(name), Ok(mut value)) = (name.try_into(), value.try_into()) {
            if name == http::header::AUTHORIZATION {
                value.set_sensitive(true);
            }
            self.unsent.outgoing.options.headers.insert(name, value);
        } else {
            // It is not shown: the value may be a secret.
            let problem = "a header of this call has a name or a value that cannot be sent";
            self.unsent = self.unsent.wrong(Kind::Argument(problem.to_owned()));
        }
        self
    }

    /// Sends the call and returns the value with the status, the headers and the number of tries.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::types::StatusFilter;
    ///
    /// let response = client.list_offer_sources(StatusFilter::All, None).response().await?;
    /// println!("{} after {} tries: {:?}", response.status, response.tries, response.headers.get("date"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// When the service does not answer with a success that can be decoded.
    pub async fn response(self) -> Result<Response<T>, Error> {
        let (received, value) = self.send().await?;
        Ok(Response {
            tries: received.tries(),
            elapsed: received.elapsed(),
            status: received.status,
            headers: received.headers,
            value,
        })
    }

    async fn send(mut self) -> Result<(Received, T), Error> {
        let problem = self.unsent.problem.take();
        // Where they are: copies of them would make the future of every call larger.
        let UnsentCall { client, outgoing, .. } = &self.unsent;
        if let Some(problem) = problem {
            return Err(Error::new(Some(&outgoing.target), problem));
        }
        let received = exchange(client, outgoing).await?;
        let value = (self.decode)(&received).map_err(|kind| received.fail(outgoing, kind))?;
        Ok((received, value))
    }

    /// Once `stop` says so, the call is not sent again; what was sent is waited for.
    pub(crate) fn stop_with(mut self, stop: watch::Receiver<bool>) -> Self {
        self.unsent.outgoing.options.stop = Some(stop);
        self
    }

    /// The call cannot be sent.
    pub(crate) fn wrong(mut self, problem: Kind) -> Self {
        // It comes before what followed from it.
        self.unsent.problem = Some(problem);
        self
    }

    /// The same call with another value.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> Call<U>
    where
        T: 'static,
    {
        let decode = self.decode;
        self.unsent.decode(move |received| decode(received).map(change))
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Call to {}", self.unsent.outgoing.target)
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.send().await?.1) })
    }
}
