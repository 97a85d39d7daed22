//! Calls under construction, whose arguments the generated methods set.

use super::{Call, ListPlace, decode::decode_json};
use crate::runtime::{
    client::Client,
    creatable::ReadBack,
    error::ErrorKind,
    operation::{Operation, Repeat, RequestTarget},
    prepared_request::PreparedRequest,
    received_response::ReceivedResponse,
};
use crate::values::exact_json::first_repeated;
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fmt::{self, Write as _},
    marker::PhantomData,
};

/// All characters except the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Error message for a call that a read-only client refuses.
const READ_ONLY: &str = "this client only reads, and the operation could change something";

/// A call under construction, whose arguments a generated method sets.
pub(crate) struct UnsentCall {
    pub(super) client: Client,
    pub(super) request: PreparedRequest,
    /// Location of the rows in the response, for operations that return a list.
    pub(super) list_place: ListPlace,
    /// Reason why the call must not be sent, such as an invalid argument.
    pub(super) problem: Option<ErrorKind>,
    /// True if the body may be omitted. A deletion without a body needs the ID in the query or in the path.
    has_optional_body: bool,
    /// True if a path parameter was set.
    has_path_parameter: bool,
}

impl UnsentCall {
    pub(crate) fn new(client: Client, operation: &'static Operation) -> Self {
        let mut unsent = Self::for_target(client, RequestTarget::from(operation));
        unsent.request.read_back = ReadBack::for_operation(operation);
        unsent
    }

    pub(crate) fn for_target(client: Client, target: RequestTarget) -> Self {
        // The call is refused here, because a caller could later use `repeat` to mark any request as a read.
        let is_refused = client.settings().read_only && target.repeat != Repeat::Read;
        let refusal = || ErrorKind::Argument(READ_ONLY.to_owned());
        Self {
            client,
            request: PreparedRequest::new(target),
            list_place: ListPlace::default(),
            problem: is_refused.then(refusal),
            has_optional_body: false,
            has_path_parameter: false,
        }
    }

    pub(crate) fn target(&self) -> &RequestTarget {
        &self.request.target
    }

    /// Sets whether the call may be sent again.
    pub(crate) fn repeat(mut self, repeat: Repeat) -> Self {
        self.request.target.repeat = repeat;
        self
    }

    /// Makes the call fail with `problem`, without sending a request. Keeps an earlier problem, if any.
    pub(crate) fn invalid(mut self, problem: ErrorKind) -> Self {
        self.problem.get_or_insert(problem);
        self
    }

    /// Adds a query parameter.
    pub(crate) fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        let query = &mut self.request.query;
        if query.is_empty() {
            // Capacity for the parameters of most calls.
            query.reserve(64);
        } else {
            query.push('&');
        }
        let mut encoded = QueryEncoder(query);
        // Writing to a string cannot fail.
        let _ = write!(encoded, "{name}");
        encoded.0.push('=');
        let _ = write!(encoded, "{value}");
        self
    }

    /// Adds a query parameter with a comma-separated list.
    pub(crate) fn query_list(self, name: &str, values: &[impl fmt::Display]) -> Self {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        let problem = if values.is_empty() {
            // On the wire, an empty list would be a list with one empty ID.
            Some(format!("{name} is an empty list"))
        } else if values.iter().any(String::is_empty) {
            Some(format!("{name} contains an empty entry"))
        } else {
            values.iter().find(|value| value.contains(',')).map(|value| {
                format!("{name} is a comma-separated list, but its entry {value:?} contains a comma")
            })
        };
        if let Some(problem) = problem {
            return self.invalid(ErrorKind::Argument(problem));
        }
        self.query(name, values.join(","))
    }

    /// Sets the JSON request body.
    pub(crate) fn body(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        let body = match serde_json::to_vec(body) {
            Ok(body) => Bytes::from(body),
            Err(error) => return self.invalid(ErrorKind::Encode(error)),
        };
        // The types of this crate write each name once, but the program may pass another type.
        let repeated = str::from_utf8(&body).ok().and_then(first_repeated).map(|found| {
            ErrorKind::Argument(format!(
                "the request body has the key {:?} twice; fix: write each key of an object once",
                found.name
            ))
        });
        let read_back = self.request.read_back.as_ref();
        let problem = repeated.or_else(|| read_back?.check_id(&body));
        self.request.body = Some(body);
        match problem {
            Some(problem) => self.invalid(problem),
            None => self,
        }
    }

    /// Sets an optional request body. If `body` is `None`, neither a body nor a content type is sent.
    pub(crate) fn body_optional(mut self, body: Option<&(impl Serialize + ?Sized)>) -> Self {
        self.has_optional_body = true;
        match body {
            Some(body) => self.body(body),
            None => self,
        }
    }

    /// Expects a JSON response.
    pub(crate) fn json<T: DeserializeOwned + 'static>(self) -> Call<T> {
        self.decode(decode_json)
    }

    /// Expects a JSON array; `null` counts as empty.
    #[allow(dead_code, reason = "the document decides which responses there are")]
    pub(crate) fn list<T: DeserializeOwned + 'static>(self) -> Call<Vec<T>> {
        self.decode(|received| Ok(decode_json::<Option<Vec<T>>>(received)?.unwrap_or_default()))
    }

    /// Expects a list inside of an object.
    #[allow(
        dead_code,
        reason = "the document decides whether lists are inside of objects"
    )]
    pub(crate) fn list_in<T: DeserializeOwned + 'static>(mut self, place: ListPlace) -> Call<Vec<T>> {
        self.list_place = place;
        self.decode(move |received| place.decoded(received))
    }

    /// Expects no content. Other content is ignored, but the call fails if the response is an HTML page or
    /// reports an error.
    pub(crate) fn empty(self) -> Call<()> {
        let mut unsent = match self.empty_deletion(self.has_optional_body) {
            Some(problem) => self.invalid(ErrorKind::Argument(problem.to_owned())),
            None => self,
        };
        unsent.request.no_content = true;
        unsent.decode(|_| Ok(()))
    }

    /// Returns a problem if this is a deletion without an ID. It is not documented whether such a request
    /// deletes everything. If `may_lack_body` is true, an absent body counts as a body without an ID.
    pub(crate) fn empty_deletion(&self, may_lack_body: bool) -> Option<&'static str> {
        let PreparedRequest {
            target, query, body, ..
        } = &self.request;
        let has_id = query.split('&').any(|pair| {
            let value = pair.split_once('=').map(|(_, value)| value);
            value.is_some_and(|value| !value.is_empty())
        });
        let lists_nothing = || body.as_deref().map_or(may_lack_body, names_nothing);
        let is_empty =
            target.method == http::Method::DELETE && !has_id && !self.has_path_parameter && lists_nothing();
        is_empty.then_some("nothing to delete: the ID and the list of IDs are empty")
    }

    /// Returns the body of a successful response with any content type.
    pub(crate) fn bytes(mut self) -> Call<Bytes> {
        self.request.any_content = true;
        self.decode(|received| Ok(received.body.clone()))
    }

    pub(super) fn decode<T>(
        self,
        decode: impl FnOnce(&ReceivedResponse) -> Result<T, ErrorKind> + Send + 'static,
    ) -> Call<T> {
        Call {
            unsent: self,
            decode: Box::new(decode),
            evidence: PhantomData,
        }
    }
}

/// Returns true if the body of a deletion has a list `entries` that names no ID: the list is empty or
/// contains only empty strings.
fn names_nothing(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Entries {
        #[serde(default)]
        entries: Option<Vec<String>>,
    }
    // Other bodies are left for the service to validate.
    serde_json::from_slice::<Entries>(body)
        .is_ok_and(|body| body.entries.is_some_and(|ids| ids.iter().all(String::is_empty)))
}

#[allow(dead_code, reason = "only some documents have such parameters and bodies")]
impl UnsentCall {
    /// Adds an optional query parameter.
    pub(crate) fn query_optional(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds an optional query parameter with a comma-separated list.
    pub(crate) fn query_list_optional(self, name: &str, values: Option<&[impl fmt::Display]>) -> Self {
        match values {
            Some(values) => self.query_list(name, values),
            None => self,
        }
    }

    /// Adds a query parameter once for each entry of a list.
    pub(crate) fn query_repeated(self, name: &str, values: &[impl fmt::Display]) -> Self {
        if values.is_empty() {
            // On the wire, an empty list would be no parameter at all.
            return self.invalid(ErrorKind::Argument(format!("{name} is an empty list")));
        }
        values.iter().fold(self, |call, value| call.query(name, value))
    }

    /// Adds an optional query parameter once for each entry of a list.
    pub(crate) fn query_repeated_optional(self, name: &str, values: Option<&[impl fmt::Display]>) -> Self {
        match values {
            Some(values) => self.query_repeated(name, values),
            None => self,
        }
    }

    /// Sets a path parameter, which is a segment or a part of a segment.
    pub(crate) fn path(mut self, name: &str, value: impl fmt::Display) -> Self {
        let value = value.to_string();
        // An empty segment or a dot segment would lead to another path.
        if matches!(value.as_str(), "" | "." | "..") {
            let problem = format!("{name} is {value:?}, which cannot be part of a path");
            return self.invalid(ErrorKind::Argument(problem));
        }
        let encoded = utf8_percent_encode(&value, RESERVED).to_string();
        let path = self.request.target.path.replace(&format!("{{{name}}}"), &encoded);
        self.request.target.path = path.into();
        self.has_path_parameter = true;
        self
    }

    /// Adds a header that the document lists as a parameter.
    pub(crate) fn header(mut self, name: &str, value: impl fmt::Display) -> Self {
        let value = HeaderValue::try_from(value.to_string());
        let (Ok(header), Ok(value)) = (HeaderName::try_from(name), value) else {
            return self.invalid(ErrorKind::Argument(format!("{name} is not a valid header")));
        };
        self.request.options.headers.insert(header, value);
        self
    }

    /// Adds an optional header that the document lists as a parameter.
    pub(crate) fn header_optional(self, name: &str, value: Option<impl fmt::Display>) -> Self {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Sets the content type of the request body, if there is one.
    pub(crate) fn content_type(self, content_type: &'static str) -> Self {
        if self.request.body.is_some() {
            self.header("content-type", content_type)
        } else {
            self
        }
    }

    /// Sets a request body that is not JSON.
    pub(crate) fn raw_body(mut self, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        self.request.body = Some(body.into());
        self.content_type(content_type)
    }

    /// Sets an optional request body that is not JSON.
    pub(crate) fn raw_body_optional(mut self, content_type: &'static str, body: Option<Bytes>) -> Self {
        self.has_optional_body = true;
        match body {
            Some(body) => self.raw_body(content_type, body),
            None => self,
        }
    }

    /// Expects a JSON response or an empty body.
    pub(crate) fn optional<T: DeserializeOwned + 'static>(self) -> Call<Option<T>> {
        self.decode(|received| match &*received.body {
            [] => Ok(None),
            _ => decode_json(received),
        })
    }

    /// Expects a text response.
    pub(crate) fn text(mut self, accept: &'static str) -> Call<String> {
        self.request.any_content = true;
        self.header("accept", accept)
            .decode(|received| Ok(String::from_utf8_lossy(&received.body).into_owned()))
    }

    /// Expects a response of bytes.
    pub(crate) fn raw(self, accept: &'static str) -> Call<Bytes> {
        self.header("accept", accept).bytes()
    }
}

/// Writes text to a query and percent-encodes reserved characters. Most texts contain none and are copied.
struct QueryEncoder<'q>(&'q mut String);

impl fmt::Write for QueryEncoder<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if text.bytes().all(is_unreserved) {
            self.0.push_str(text);
        } else {
            self.0.extend(utf8_percent_encode(text, RESERVED));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::operation::RequestBody;

    static DELETE: Operation = Operation {
        id: "delete",
        method: http::Method::DELETE,
        path: "/owners/{owner}/things/{id}/",
        tag: "Things",
        summary: "",
        repeat: Repeat::Idempotent,
        request_body: RequestBody::Optional,
        parameters: &[],
        requires_acknowledgement: false,
    };

    fn call() -> UnsentCall {
        UnsentCall::new(
            Client::builder().base_url("http://example.com").build().unwrap(),
            &DELETE,
        )
    }

    #[test]
    fn path_parameters_are_one_segment_each() {
        let call = call()
            .path("owner", "{id}")
            .path("id", "a/../b?")
            .body_optional(None::<&()>);
        assert_eq!(call.request.target.path, "/owners/%7Bid%7D/things/a%2F..%2Fb%3F/");
        assert!(call.empty_deletion(true).is_none());
        for value in ["", ".", ".."] {
            assert!(self::call().path("id", value).problem.is_some(), "{value:?}");
        }
    }

    #[test]
    fn lists_are_sent_in_each_style() {
        let call = call()
            .query_repeated("a", &[1, 2])
            .query_list("b", &["x", "y"])
            .query_repeated_optional("c", None::<&[bool]>);
        assert_eq!(call.request.query, "a=1&a=2&b=x%2Cy");
        assert!(call.query_repeated("d", &[] as &[i64]).problem.is_some());
    }

    #[test]
    fn headers_are_checked() {
        let call = call()
            .header("X-Reason", "because")
            .header_optional("X-None", None::<i64>);
        assert_eq!(call.request.options.headers["x-reason"], "because");
        assert!(call.problem.is_none());
        assert!(call.header("X-Reason", "a\nb").problem.is_some());
    }

    #[test]
    fn raw_bodies_have_their_media_type() {
        let call = call().raw_body("text/csv", "a,b");
        assert_eq!(call.request.body.as_deref(), Some(&b"a,b"[..]));
        assert_eq!(call.request.options.headers["content-type"], "text/csv");
    }

    #[test]
    fn json_bodies_of_another_media_type_have_it() {
        let content_type = "application/merge-patch+json";
        let send = |body: Option<&bool>| call().body_optional(body).content_type(content_type);
        let headers = send(Some(&true)).request.options.headers;
        assert_eq!(headers["content-type"], content_type);
        assert!(send(None).request.options.headers.is_empty());
    }
}
