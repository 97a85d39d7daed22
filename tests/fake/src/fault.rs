//! Faults between the service and the client.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{self, InvalidHeaderValue},
};
use serde_json::{Value, json};

use crate::{
    clock::later,
    responses::{json_response, response},
};

/// Fault that affects one request. Each variant documents whether the fake applies the request. Often,
/// the client cannot find out whether it was applied.
///
/// [`Fault::all`] returns a list of faults, for tests that iterate over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection is refused. The request is not applied. On a socket, the kernel has already accepted
    /// the connection when the fake sees the request, so the fake resets the connection. To refuse
    /// connections on a socket, use [`Server::refuse_connections`](crate::Server::refuse_connections).
    RefuseConnection,
    /// The connection hangs before the request can be sent. The request is not applied. On a socket, the
    /// response never comes, as with [`Fault::StallHeaders`].
    StallConnect,
    /// The connection is reset before the request has been read. The request is not applied.
    ResetBeforeReading,
    /// The connection is reset after the request has been read. The request is not applied.
    ResetAfterReading,
    /// The connection is reset after the request has been applied, without a response.
    ResetAfterApplying,
    /// The connection is reset in the middle of the response body. The request is applied.
    ResetInBody,
    /// The connection is closed properly (not reset), but without a response.
    CloseWithoutAnswer {
        /// `true` if the request is applied.
        applied: bool,
    },
    /// The connection is closed properly (not reset), but in the middle of the response body. The request is
    /// applied.
    CloseInBody,
    /// The response never comes.
    StallHeaders {
        /// `true` if the request is applied.
        applied: bool,
    },
    /// The response stops in the middle of its body, and the connection stays open. The request is applied.
    StallBody,
    /// The body is truncated JSON in a complete HTTP message. The request is applied.
    TruncatedJson,
    /// The body is JSON of a type that no operation returns (a string). The request is applied.
    WrongJson,
    /// The response has status 200 and an HTML page, such as a login or maintenance page.
    Html {
        /// `true` if the request is applied.
        applied: bool,
    },
    /// The response has `content-encoding: gzip`, but its body is not gzip. The request is applied.
    GzipGarbage,
    /// The body is correct, but trailing white space extends it to this size. The request is applied.
    Oversized {
        /// Size of the body in bytes.
        bytes: usize,
    },
    /// The body is correct, but its content type is `text/plain`. The request is applied.
    WrongContentType,
    /// The body is correct, but its content type is `text/html`. The request is applied.
    HtmlContentType,
    /// The body is correct, but has a byte order mark before it. The request is applied.
    ByteOrderMark,
    /// The response has status 200 and an object that reports an error.
    ReportedError {
        /// `true` if the request is applied.
        applied: bool,
    },
    /// The response is an error of the service or of a gateway.
    Status {
        /// Status code.
        status: u16,
        /// `Retry-After` header of the response.
        retry_after: RetryAfter,
        /// `true` if the request is applied.
        applied: bool,
    },
    /// A gateway responds instead of the service, with an HTML page of nginx or with the text of Kubernetes'
    /// default backend; see `page`. The request is not applied.
    Gateway {
        /// Status code, such as 404 or 502.
        status: u16,
        /// `false` if the body of a 404 is the text of Kubernetes' default backend. Responses with another
        /// status always have the page of nginx.
        page: bool,
    },
    /// The response has status 200 and the given body, as if a gateway had sent the response to a different
    /// request. The request that gets this fault is not applied.
    Repeated {
        /// JSON body of the response.
        body: String,
    },
    /// The response is a redirect. The request is not applied.
    Redirect {
        /// Status code, such as 302 or 307.
        status: u16,
        /// `Location` header of the response.
        location: String,
    },
    /// The response is a 401, but the token stays valid. The request is not applied.
    Unauthorized,
    /// The access token expires when the request arrives, and the response reports an expired token. The
    /// request is not applied.
    ExpireToken,
    /// Each row of a list is repeated. The request is applied.
    DuplicateRows,
    /// The rows of a list come in reverse order. The request is applied.
    ReverseRows,
}

/// The `Retry-After` header of a [`Fault::Status`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryAfter {
    /// The header is absent.
    Absent,
    /// The header contains a number of seconds.
    Seconds(u64),
    /// The header contains an HTTP date, which is this long after the fake's current time.
    Date(Duration),
    /// The header contains this text.
    Text(String),
}

/// Behaviour of a broken connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Break {
    /// The connection is refused.
    Refused,
    /// The connection is reset.
    Reset,
    /// The connection is closed properly (not reset), but too early.
    Closed,
    /// The connection stays open without further data. Without a socket, the client's transport waits until
    /// its own timeout. On a socket, the fake waits until the client closes the connection.
    Stalled,
}

/// Progress of a request when its connection broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The connection was not established yet.
    Connect,
    /// The connection was established, but the request was not read.
    Request,
    /// The request was read, but nothing of the response was sent.
    Headers,
    /// The head of the response and a part of its body were sent.
    Body,
}

/// Result of a request.
#[derive(Debug)]
pub enum Outcome {
    /// The result is a complete HTTP response. If a fault was injected, the response may be wrong.
    Response(Response<Bytes>),
    /// The connection breaks or hangs. The transport must simulate that.
    Fault(Interruption),
}

/// Fault that the transport or socket must perform, because an HTTP response cannot express it.
#[derive(Debug)]
pub struct Interruption {
    /// Behaviour of the broken connection.
    pub how: Break,
    /// The stage at which the connection breaks.
    pub stage: Stage,
    /// `true` if the fake applied the request. The client does not receive this information.
    pub applied: bool,
    /// Part of the response that arrives at the client, for [`Stage::Body`]. It consists of the head, with
    /// the `content-length` of the whole body, and the first part of the body.
    pub partial: Option<Response<Bytes>>,
}

/// Size of the body of [`Fault::Oversized`] in [`Fault::all`].
const OVERSIZED: usize = 64 * 1024 * 1024;

impl Fault {
    /// Creates a fault with this status and without `Retry-After`. The request is not applied.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Status {
            status,
            retry_after: RetryAfter::Absent,
            applied: false,
        }
    }

    /// Creates a fault with status 429 and a `Retry-After`. The request is not applied.
    #[must_use]
    pub fn too_many_requests(retry_after: RetryAfter) -> Self {
        Self::Status {
            status: 429,
            retry_after,
            applied: false,
        }
    }

    /// Returns all faults, with the statuses and values of `Retry-After` that matter to a client.
    /// [`Fault::Gateway`] and [`Fault::Repeated`] are not included, because their meaning depends on the
    /// operation.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let year = 365 * 24 * 60 * 60;
        let status = |status, retry_after, applied| Self::Status {
            status,
            retry_after,
            applied,
        };
        vec![
            Self::RefuseConnection,
            Self::StallConnect,
            Self::ResetBeforeReading,
            Self::ResetAfterReading,
            Self::ResetAfterApplying,
            Self::ResetInBody,
            Self::CloseWithoutAnswer { applied: false },
            Self::CloseWithoutAnswer { applied: true },
            Self::CloseInBody,
            Self::StallHeaders { applied: false },
            Self::StallHeaders { applied: true },
            Self::StallBody,
            Self::TruncatedJson,
            Self::WrongJson,
            Self::Html { applied: false },
            Self::Html { applied: true },
            Self::GzipGarbage,
            Self::Oversized { bytes: OVERSIZED },
            Self::WrongContentType,
            Self::HtmlContentType,
            Self::ByteOrderMark,
            Self::ReportedError { applied: false },
            Self::ReportedError { applied: true },
            Self::too_many_requests(RetryAfter::Absent),
            Self::too_many_requests(RetryAfter::Seconds(2)),
            Self::too_many_requests(RetryAfter::Date(Duration::from_secs(2))),
            Self::too_many_requests(RetryAfter::Text("in a while".to_owned())),
            Self::too_many_requests(RetryAfter::Seconds(year)),
            status(500, RetryAfter::Absent, false),
            status(500, RetryAfter::Absent, true),
            status(502, RetryAfter::Absent, false),
            status(502, RetryAfter::Absent, true),
            status(503, RetryAfter::Absent, false),
            status(503, RetryAfter::Seconds(2), false),
            status(503, RetryAfter::Absent, true),
            status(504, RetryAfter::Absent, false),
            status(504, RetryAfter::Absent, true),
            Self::Redirect {
                status: 302,
                location: "https://login.example/".to_owned(),
            },
            Self::Redirect {
                status: 307,
                location: "https://elsewhere.example/v1/".to_owned(),
            },
            Self::Unauthorized,
            Self::ExpireToken,
            Self::DuplicateRows,
            Self::ReverseRows,
        ]
    }

    /// Returns true if a request with this fault is applied to the state.
    #[must_use]
    pub fn applies(&self) -> bool {
        match self {
            Self::RefuseConnection
            | Self::StallConnect
            | Self::ResetBeforeReading
            | Self::ResetAfterReading
            | Self::Gateway { .. }
            | Self::Repeated { .. }
            | Self::Redirect { .. }
            | Self::Unauthorized
            | Self::ExpireToken => false,
            Self::ResetAfterApplying
            | Self::ResetInBody
            | Self::CloseInBody
            | Self::StallBody
            | Self::TruncatedJson
            | Self::WrongJson
            | Self::GzipGarbage
            | Self::Oversized { .. }
            | Self::WrongContentType
            | Self::HtmlContentType
            | Self::ByteOrderMark
            | Self::DuplicateRows
            | Self::ReverseRows => true,
            Self::CloseWithoutAnswer { applied }
            | Self::StallHeaders { applied }
            | Self::Html { applied }
            | Self::ReportedError { applied }
            | Self::Status { applied, .. } => *applied,
        }
    }

    /// Returns the behaviour of the broken connection, and the stage at which it breaks. Returns `None` if
    /// the result of the fault is a complete HTTP response.
    #[must_use]
    pub fn breaks(&self) -> Option<(Break, Stage)> {
        match self {
            Self::RefuseConnection => Some((Break::Refused, Stage::Connect)),
            Self::StallConnect => Some((Break::Stalled, Stage::Connect)),
            Self::ResetBeforeReading => Some((Break::Reset, Stage::Request)),
            Self::ResetAfterReading | Self::ResetAfterApplying => Some((Break::Reset, Stage::Headers)),
            Self::CloseWithoutAnswer { .. } => Some((Break::Closed, Stage::Headers)),
            Self::StallHeaders { .. } => Some((Break::Stalled, Stage::Headers)),
            Self::ResetInBody => Some((Break::Reset, Stage::Body)),
            Self::CloseInBody => Some((Break::Closed, Stage::Body)),
            Self::StallBody => Some((Break::Stalled, Stage::Body)),
            _ => None,
        }
    }

    /// Replaces the correct response by what the client sees under the fault. If the request does not reach
    /// the service, `answered` is an empty response with status 200.
    pub(crate) fn act(&self, answered: Response<Bytes>, applied: bool, now: SystemTime) -> Outcome {
        match self.breaks() {
            Some((how, stage)) => {
                let partial = (stage == Stage::Body).then(|| first_half(answered));
                Outcome::Fault(Interruption {
                    how,
                    stage,
                    applied,
                    partial,
                })
            }
            None => Outcome::Response(self.spoil(answered, now)),
        }
    }

    /// Replaces the correct response by the response of the fault.
    fn spoil(&self, answered: Response<Bytes>, now: SystemTime) -> Response<Bytes> {
        match self {
            Self::TruncatedJson => {
                let (parts, body) = with_body(answered).into_parts();
                Response::from_parts(parts, body.slice(..body.len() / 2))
            }
            Self::WrongJson => json_response(200, &json!("not what this operation returns")),
            Self::Html { .. } => response(200, "text/html; charset=utf-8", Bytes::from_static(HTML)),
            Self::GzipGarbage => {
                let garbage = Bytes::from_static(b"\x1f\x8b\x08\x00 not a deflate stream");
                with_header(
                    response(200, "application/json", garbage),
                    header::CONTENT_ENCODING,
                    Ok(HeaderValue::from_static("gzip")),
                )
            }
            Self::Oversized { bytes } => {
                let (parts, body) = with_body(answered).into_parts();
                let mut padded = body.to_vec();
                padded.resize(padded.len().max(*bytes), b' ');
                Response::from_parts(parts, padded.into())
            }
            Self::WrongContentType => with_header(
                answered,
                header::CONTENT_TYPE,
                Ok(HeaderValue::from_static("text/plain")),
            ),
            Self::HtmlContentType => with_header(
                answered,
                header::CONTENT_TYPE,
                Ok(HeaderValue::from_static("text/html; charset=utf-8")),
            ),
            Self::ByteOrderMark => answered.map(|body| [b"\xef\xbb\xbf", &*body].concat().into()),
            Self::ReportedError { .. } => json_response(
                200,
                &json!({ "error": "denied", "error_description": "a fault that a test asked for" }),
            ),
            Self::Status {
                status, retry_after, ..
            } => {
                let failed = json_response(
                    *status,
                    &json!({ "error": "fault", "error_description": "a fault that a test asked for" }),
                );
                match retry_after.value(now) {
                    Some(value) => with_header(failed, header::RETRY_AFTER, Ok(value)),
                    None => failed,
                }
            }
            Self::Gateway {
                status: 404,
                page: false,
            } => response(
                404,
                "text/plain; charset=utf-8",
                Bytes::from_static(b"default backend - 404"),
            ),
            Self::Gateway { status, .. } => {
                let title = StatusCode::from_u16(*status).map(|status| status.to_string());
                let title = title.unwrap_or_else(|_| status.to_string());
                let page = format!(
                    "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n\
                     <center><h1>{title}</h1></center>\r\n\
                     <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
                );
                response(*status, "text/html", page.into())
            }
            Self::Repeated { body } => response(200, "application/json", body.clone().into()),
            Self::Redirect { status, location } => with_header(
                response(*status, "", Bytes::new()),
                header::LOCATION,
                HeaderValue::from_str(location),
            ),
            Self::Unauthorized => json_response(
                401,
                &json!({ "error": "invalid_token", "error_description": "refused this once" }),
            ),
            Self::DuplicateRows => rows(answered, |rows| {
                rows.into_iter().flat_map(|row| [row.clone(), row]).collect()
            }),
            Self::ReverseRows => rows(answered, |rows| rows.into_iter().rev().collect()),
            // `ExpireToken` has already taken effect. The remaining faults break the connection, and are not
            // handled here.
            _ => answered,
        }
    }
}

const HTML: &[u8] =
    b"<!doctype html><html><head><title>Log in</title></head><body><h1>Please log in</h1></body></html>";

/// Replaces an empty body by a body that a proxy might send, because an empty body cannot be truncated.
fn or_made_up(body: Bytes) -> Bytes {
    if body.is_empty() {
        Bytes::from_static(b"{\"message\": \"done\"}")
    } else {
        body
    }
}

/// Adds a body to a response without a body.
fn with_body(answered: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = answered.into_parts();
    if parts.status == StatusCode::NO_CONTENT {
        parts.status = StatusCode::OK;
    }
    parts
        .headers
        .entry(header::CONTENT_TYPE)
        .or_insert(HeaderValue::from_static("application/json"));
    Response::from_parts(parts, or_made_up(body))
}

/// Returns the head of a response, with the length of the whole body, and the first half of the body.
fn first_half(answered: Response<Bytes>) -> Response<Bytes> {
    let (mut parts, body) = with_body(answered).into_parts();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(parts, body.slice(..body.len() / 2))
}

fn with_header(
    mut response: Response<Bytes>,
    name: HeaderName,
    value: Result<HeaderValue, InvalidHeaderValue>,
) -> Response<Bytes> {
    if let Ok(value) = value {
        response.headers_mut().insert(name, value);
    }
    response
}

fn rows(answered: Response<Bytes>, change: impl FnOnce(Vec<Value>) -> Vec<Value>) -> Response<Bytes> {
    let (parts, body) = answered.into_parts();
    let body = match serde_json::from_slice(&body) {
        Ok(Value::Array(rows)) => Value::Array(change(rows)).to_string().into(),
        _ => body,
    };
    Response::from_parts(parts, body)
}

impl RetryAfter {
    fn value(&self, now: SystemTime) -> Option<HeaderValue> {
        match self {
            Self::Absent => None,
            Self::Seconds(seconds) => Some(HeaderValue::from(*seconds)),
            Self::Date(from_now) => {
                HeaderValue::from_str(&httpdate::fmt_http_date(later(now, *from_now))).ok()
            }
            Self::Text(text) => HeaderValue::from_str(text).ok(),
        }
    }
}

impl fmt::Display for Fault {
    /// Writes a short name of the fault, for the rows of a table. Equal faults have the same name.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let suffix = |applied: &bool| if *applied { " (applied)" } else { "" };
        match self {
            Self::RefuseConnection => formatter.write_str("connection refused"),
            Self::StallConnect => formatter.write_str("stall at connect"),
            Self::ResetBeforeReading => formatter.write_str("reset before reading"),
            Self::ResetAfterReading => formatter.write_str("reset after reading"),
            Self::ResetAfterApplying => formatter.write_str("reset after applying"),
            Self::ResetInBody => formatter.write_str("reset in body"),
            Self::CloseWithoutAnswer { applied } => {
                write!(formatter, "close without answer{}", suffix(applied))
            }
            Self::CloseInBody => formatter.write_str("close in body"),
            Self::StallHeaders { applied } => {
                write!(formatter, "stall before headers{}", suffix(applied))
            }
            Self::StallBody => formatter.write_str("stall in body"),
            Self::TruncatedJson => formatter.write_str("truncated JSON"),
            Self::WrongJson => formatter.write_str("wrong JSON"),
            Self::Html { applied } => write!(formatter, "HTML with 200{}", suffix(applied)),
            Self::GzipGarbage => formatter.write_str("gzip garbage"),
            Self::Oversized { bytes } => write!(formatter, "oversized body of {bytes} bytes"),
            Self::WrongContentType => formatter.write_str("wrong content type"),
            Self::HtmlContentType => formatter.write_str("content type of HTML"),
            Self::ByteOrderMark => formatter.write_str("byte order mark"),
            Self::ReportedError { applied } => write!(formatter, "error with 200{}", suffix(applied)),
            Self::Status {
                status,
                retry_after,
                applied,
            } => write!(formatter, "{status}{retry_after}{}", suffix(applied)),
            Self::Gateway { status, page } => {
                let kind = if *page { "page" } else { "text" };
                write!(formatter, "{status} of a gateway ({kind})")
            }
            Self::Repeated { .. } => formatter.write_str("answer of another request"),
            Self::Redirect { status, .. } => write!(formatter, "redirect {status} to another host"),
            Self::Unauthorized => formatter.write_str("401 once"),
            Self::ExpireToken => formatter.write_str("token expires"),
            Self::DuplicateRows => formatter.write_str("rows twice"),
            Self::ReverseRows => formatter.write_str("rows reversed"),
        }
    }
}

impl fmt::Display for RetryAfter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => Ok(()),
            Self::Seconds(seconds) => write!(formatter, " with Retry-After: {seconds}"),
            Self::Date(from_now) => write!(formatter, " with Retry-After: date in {} s", from_now.as_secs()),
            Self::Text(text) => write!(formatter, " with Retry-After: {text:?}"),
        }
    }
}
