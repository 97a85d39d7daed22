//! The escape hatch: a request to any path, with everything that a call has.

use super::{
    call::{Call, UnsentCall},
    client::Client,
    error::Kind,
    operation::{Repeat, Target},
};
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use std::{borrow::Cow, fmt};

impl Client {
    /// A request to a path that this crate has no method for, with the token, the retries and the errors of every other call.
    ///
    /// The path is below the base URL and begins with a slash. A GET is repeated like every reading call; anything else is sent once,
    /// unless [`Request::repeat`] says that it may be repeated.
    ///
    /// ```no_run
    /// # async fn example(client: funnelflux::Client) -> Result<(), funnelflux::Error> {
    /// use funnelflux::http::Method;
    ///
    /// let sources: serde_json::Value = client
    ///     .request(Method::GET, "/trafficsource/list/") // a guess: the documentation at hand does not print this path
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
        let target = Target {
            id: "request",
            method,
            path: Cow::Owned(path),
            repeat,
        };
        let unsent = UnsentCall::to(self.clone(), target);
        Request(match problem {
            Some(problem) => unsent.wrong(Kind::Argument(problem.to_owned())),
            None => unsent,
        })
    }
}

fn path_problem(path: &str) -> Option<&'static str> {
    if !path.starts_with('/') {
        Some("the path must begin with a slash; it is appended to the base URL")
    } else if path.contains(['?', '#']) {
        Some("the path must hold no query; use Request::query")
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        Some("the path must not hold . or .. as a segment")
    } else {
        None
    }
}

/// A request to a path of your own, as [`Client::request`] begins it.
#[must_use = "a request does nothing until its call is awaited"]
pub struct Request(UnsentCall);

impl Request {
    /// A query parameter; it is encoded as needed.
    pub fn query(self, name: &str, value: impl fmt::Display) -> Self {
        Self(self.0.query(name, value))
    }

    /// The request body, written as JSON.
    pub fn body(self, body: &(impl Serialize + ?Sized)) -> Self {
        Self(self.0.body(body))
    }

    /// Whether the request may be sent again when the first answer is not known. Default: a GET or HEAD may, nothing else.
    pub fn repeat(self, repeat: Repeat) -> Self {
        Self(self.0.repeat(repeat))
    }

    /// The call, with an answer in JSON.
    pub fn json<T: DeserializeOwned + 'static>(self) -> Call<T> {
        self.0.json()
    }

    /// The call, with an answer that carries nothing of interest.
    pub fn empty(self) -> Call<()> {
        self.0.empty()
    }

    /// The call, with an answer of any kind, as it came; also an HTML page.
    pub fn bytes(self) -> Call<Bytes> {
        self.0.bytes()
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Request to {}", self.0.target())
    }
}
