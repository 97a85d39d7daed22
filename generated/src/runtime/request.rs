//! Requests to any path, with the same behaviour as the generated calls.

use super::{
    call::{Call, UnsentCall},
    client::Client,
    error::ErrorKind,
    operation::{Operation, ParameterPlace, Repeat, RequestBody, RequestTarget},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt};

impl Client {
    /// Starts a request to a path for which the client has no method. Tokens and errors are handled as in
    /// every other call.
    ///
    /// The path is relative to the base URL and begins with a slash. GET and HEAD are retried like other
    /// reads. A request with any other method is sent again only if the service cannot have received it, or
    /// if [`Request::repeat`] allows that.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::http::Method;
    ///
    /// let sources: serde_json::Value = client
    ///     .request(Method::GET, "/trafficsource/list/")
    ///     .query("status", "active")
    ///     .json()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn request(&self, method: http::Method, path: impl Into<String>) -> Request {
        let path = path.into();
        let repeat = match method {
            http::Method::GET | http::Method::HEAD => Repeat::Read,
            _ => Repeat::Never,
        };
        let problem = path_problem(&path);
        let target = RequestTarget {
            id: "request",
            method,
            path: Cow::Owned(path),
            repeat,
        };
        let unsent = UnsentCall::for_target(self.clone(), target);
        Request::new(match problem {
            Some(problem) => unsent.invalid(ErrorKind::Argument(problem.to_owned())),
            None => unsent,
        })
    }

    /// Starts a request of an operation that is chosen at run time, such as one of
    /// [`operations::GROUPS`](crate::operations::GROUPS). The request is retried like a call of the generated
    /// method for this operation.
    ///
    /// The call fails, and nothing is sent, if a required parameter or body is missing, or if a deletion has
    /// no ID. It also fails if the operation [requires an
    /// acknowledgement](Operation::requires_acknowledgement) that the request lacks.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::operations::{GROUPS, Operation};
    ///
    /// let mut operations = GROUPS.iter().copied().flatten();
    /// if let Some(&operation) = operations.find(|operation| operation.id == "list_offer_sources") {
    ///     let call = client.operation(operation).parameter("status", "active");
    ///     let sources: serde_json::Value = call.json().await?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn operation(&self, operation: &'static Operation) -> Request {
        Request {
            operation: Some(operation),
            ..Request::new(UnsentCall::new(self.clone(), operation))
        }
    }
}

fn path_problem(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        Some("the path must begin with a slash, because it is appended to the base URL")
    } else if path.contains(['?', '#']) {
        Some("the path must not contain a query; use Request::query")
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        Some("the path must not contain the segments . or ..")
    } else {
        None
    }
}

/// A request to any path or operation, started by [`Client::request`] or [`Client::operation`].
#[must_use = "a request does nothing until its call is awaited"]
pub struct Request {
    unsent: UnsentCall,
    operation: Option<&'static Operation>,
    /// Names of the parameters that have been set.
    parameters: Vec<&'static str>,
    has_body: bool,
    is_acknowledged: bool,
}

impl Request {
    const fn new(unsent: UnsentCall) -> Self {
        Self {
            unsent,
            operation: None,
            parameters: Vec::new(),
            has_body: false,
            is_acknowledged: false,
        }
    }

    fn map(self, change: impl FnOnce(UnsentCall) -> UnsentCall) -> Self {
        Self {
            unsent: change(self.unsent),
            ..self
        }
    }

    /// Adds a query parameter, and percent-encodes its name and value.
    pub fn query(self, name: &str, value: impl fmt::Display) -> Self {
        self.map(|unsent| unsent.query(name, value))
    }

    /// Sets a parameter of the operation, whether its place is the path, a header or the query.
    ///
    /// If the parameter is a comma-separated list, pass the whole list as one value. If the parameter is
    /// repeated for each entry of a list, call this method once for each entry. If the operation has no
    /// parameter with this name, the request fails.
    pub fn parameter(mut self, name: &str, value: impl fmt::Display) -> Self {
        let parameters = self.operation.map_or(&[][..], |operation| operation.parameters);
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            let problem = format!("{} has no parameter {name:?}", self.unsent.target());
            return self.map(|unsent| unsent.invalid(ErrorKind::Argument(problem)));
        };
        self.parameters.push(parameter.name);
        self.map(|unsent| match parameter.place {
            ParameterPlace::Path => unsent.path(name, value),
            ParameterPlace::Header => unsent.header(name, value),
            ParameterPlace::Query | ParameterPlace::QueryList | ParameterPlace::QueryRepeated => {
                unsent.query(name, value)
            }
        })
    }

    /// Sets the JSON request body.
    pub fn body(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.has_body = true;
        self.map(|unsent| unsent.body(body))
    }

    /// Sets whether the request may be sent again. The default for [`Client::operation`] is the operation's
    /// [`Operation::repeat`]. The default for [`Client::request`] is [`Repeat::Read`] for GET and HEAD, and
    /// [`Repeat::Never`] for other methods.
    pub fn repeat(self, repeat: Repeat) -> Self {
        self.map(|unsent| unsent.repeat(repeat))
    }

    /// Acknowledges that a destructive operation is inferred, not documented.
    pub fn acknowledge_inferred(mut self) -> Self {
        self.is_acknowledged = true;
        self
    }

    /// Expects a JSON response.
    pub fn json<T: DeserializeOwned + 'static>(self) -> Call<T> {
        self.checked().json()
    }

    /// Expects no content. Other content is ignored, but the call fails if the response is an HTML page or
    /// reports an error.
    pub fn empty(self) -> Call<()> {
        self.checked().empty()
    }

    /// Returns the response body unchanged. The response may have any content type.
    pub fn bytes(self) -> Call<Bytes> {
        self.checked().bytes()
    }

    fn checked(self) -> UnsentCall {
        match self.operation.and_then(|operation| self.problem(operation)) {
            Some(problem) => self.unsent.invalid(ErrorKind::Argument(problem)),
            None => self.unsent,
        }
    }

    fn problem(&self, operation: &Operation) -> Option<String> {
        if operation.requires_acknowledgement && !self.is_acknowledged {
            return Some(
                "the operation is inferred and destroys data; fix: call acknowledge_inferred()".to_owned(),
            );
        }
        let required = operation.parameters.iter().filter(|parameter| parameter.required);
        let mut missing = required.filter(|parameter| !self.parameters.contains(&parameter.name));
        if let Some(parameter) = missing.next() {
            return Some(format!("the required parameter {:?} is missing", parameter.name));
        }
        if operation.request_body == RequestBody::Required && !self.has_body {
            return Some("the required body is missing".to_owned());
        }
        let may_lack_body = operation.request_body == RequestBody::Optional && !self.has_body;
        self.unsent.empty_deletion(may_lack_body).map(str::to_owned)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request to {}", self.unsent.target())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::operation::Parameter;

    static DELETE: Operation = Operation {
        id: "delete",
        method: http::Method::DELETE,
        path: "/owners/{owner}/things/",
        tag: "Things",
        summary: "",
        repeat: Repeat::Idempotent,
        request_body: RequestBody::Optional,
        parameters: &[Parameter::path("owner", true), Parameter::query("id", false)],
        requires_acknowledgement: true,
    };

    fn request() -> Request {
        let client = Client::builder().base_url("http://example.com").build().unwrap();
        client.operation(&DELETE)
    }

    #[test]
    fn an_incomplete_request_of_an_operation_is_not_sent() {
        let acknowledged = || request().acknowledge_inferred();
        let owned = || acknowledged().parameter("owner", "me");
        for (request, problem) in [
            (
                request().parameter("owner", "me").parameter("id", "a"),
                Some("inferred"),
            ),
            (acknowledged().parameter("id", "a"), Some("\"owner\" is missing")),
            // The path parameter identifies what is deleted, so the request needs no ID.
            (owned(), None),
            (owned().parameter("id", "a"), None),
        ] {
            let found = request.problem(&DELETE);
            assert_eq!(found.is_some(), problem.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(problem.unwrap_or_default()));
        }
    }

    #[tokio::test]
    async fn an_unknown_parameter_fails_the_call() {
        let call = request()
            .acknowledge_inferred()
            .parameter("owner", "me")
            .parameter("di", "a");
        let error = call.bytes().await.unwrap_err().to_string();
        assert!(error.contains("no parameter \"di\""), "{error}");
    }

    #[tokio::test]
    async fn a_read_only_client_sends_reads_only() {
        use crate::transport::{TransportError, TransportErrorKind, from_fn};
        use std::sync::{Arc, Mutex};
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&seen);
        let transport = from_fn(move |request| {
            log.lock()
                .unwrap()
                .push(format!("{} {}", request.method(), request.uri().path()));
            let error = TransportError::new(TransportErrorKind::Interrupted, "closed");
            async { Err::<http::Response<Bytes>, _>(error) }
        });
        let client = Client::builder()
            .base_url("https://example.com")
            .retry(crate::RetryPolicy::new().max_attempts(1))
            .transport(transport)
            .read_only()
            .build()
            .unwrap();
        let derived = client.with_credentials(crate::Credentials::new("token")).unwrap();
        let operations = || crate::operations::GROUPS.iter().copied().flatten().copied();
        for client in [client, derived] {
            for operation in operations() {
                let mut request = client.operation(operation).acknowledge_inferred();
                for parameter in operation.parameters {
                    request = request.parameter(parameter.name, "1");
                }
                if operation.request_body != RequestBody::None {
                    request = request.body(&["1"]);
                }
                let error = request
                    .repeat(Repeat::Read)
                    .bytes()
                    .await
                    .unwrap_err()
                    .to_string();
                assert_eq!(
                    error.contains("this client only reads"),
                    operation.repeat != Repeat::Read,
                    "{error}"
                );
            }
            for method in [
                http::Method::POST,
                http::Method::PUT,
                http::Method::PATCH,
                http::Method::DELETE,
            ] {
                let request = client
                    .request(method, "/page/find/byIds/")
                    .query("id", 1)
                    .repeat(Repeat::Read);
                assert!(
                    request
                        .bytes()
                        .await
                        .unwrap_err()
                        .to_string()
                        .contains("this client only reads")
                );
            }
            let reads: Vec<String> = operations()
                .filter(|operation| operation.repeat == Repeat::Read)
                .map(|operation| format!("{} {}", operation.method, operation.path))
                .collect();
            assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), reads);
        }
    }
}
