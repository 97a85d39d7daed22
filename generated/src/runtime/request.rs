//! Requests to any path, with the same behaviour as the generated calls.

use super::{
    call::{Call, UnsentCall},
    client::Client,
    error::ErrorKind,
    operation::{Repeat, RequestTarget},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt};

impl Client {
    /// Starts a request to a path for which the client has no method, with the token, retries and errors of
    /// every other call.
    ///
    /// The path is relative to the base URL and begins with a slash. GET and HEAD are retried like other
    /// reads; any other method is sent once, unless [`Request::repeat`] allows a retry.
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
        Request(match problem {
            Some(problem) => unsent.invalid(ErrorKind::Argument(problem.to_owned())),
            None => unsent,
        })
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

/// A request to any path, started by [`Client::request`].
#[must_use = "a request does nothing until its call is awaited"]
pub struct Request(UnsentCall);

impl Request {
    /// Adds a query parameter, percent-encoded.
    pub fn query(self, name: &str, value: impl fmt::Display) -> Self {
        Self(self.0.query(name, value))
    }

    /// Sets the JSON request body.
    pub fn body(self, body: &(impl Serialize + ?Sized)) -> Self {
        Self(self.0.body(body))
    }

    /// Sets whether the request may be sent again. Default: only for GET and HEAD.
    pub fn repeat(self, repeat: Repeat) -> Self {
        Self(self.0.repeat(repeat))
    }

    /// Expects a JSON response.
    pub fn json<T: DeserializeOwned + 'static>(self) -> Call<T> {
        self.0.json()
    }

    /// Expects no content, and ignores any content.
    pub fn empty(self) -> Call<()> {
        self.0.empty()
    }

    /// Returns the response body unchanged, whatever its content type.
    pub fn bytes(self) -> Call<Bytes> {
        self.0.bytes()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request to {}", self.0.target())
    }
}
