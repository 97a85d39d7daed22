//! A call: an operation with its arguments and options, sent when it is awaited.

use super::client::Client;
use super::error::{Error, Kind};
use super::operation::Operation;
use super::response::Response;
use super::transport::BoxFuture;
use bytes::Bytes;
use secrecy::ExposeSecret as _;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, future::IntoFuture};

/// A call whose arguments are being put together by a generated method.
pub(crate) struct UnsentCall {
    client: Client,
    operation: &'static Operation,
    query: Vec<(&'static str, String)>,
    body: Result<Option<Bytes>, Error>,
}

impl UnsentCall {
    pub(crate) fn new(client: Client, operation: &'static Operation) -> Self {
        Self {
            client,
            operation,
            query: Vec::new(),
            body: Ok(None),
        }
    }

    /// A query parameter.
    pub(crate) fn query(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// A query parameter that may be left out.
    pub(crate) fn query_optional(
        self,
        name: &'static str,
        value: Option<impl fmt::Display>,
    ) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// A query parameter that holds a list, separated by commas.
    pub(crate) fn query_list(mut self, name: &'static str, values: &[impl AsRef<str>]) -> Self {
        let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
        self.query.push((name, values.join(",")));
        self
    }

    /// The request body, as JSON.
    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body)
            .map(|body| Some(Bytes::from(body)))
            .map_err(|error| Error::new(Some(self.operation), Kind::Encode(error)));
        self
    }

    /// A request body that may be left out; then no body and no content type are sent.
    pub(crate) fn body_optional(self, body: Option<&impl Serialize>) -> Self {
        match body {
            Some(body) => self.body(body),
            None => self,
        }
    }

    /// The response is JSON.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Call<T> {
        Call {
            unsent: self,
            decode: decode_json,
        }
    }

    /// The response is a JSON array; `null` is the empty one.
    pub(crate) fn list<T: DeserializeOwned>(self) -> Call<Vec<T>> {
        Call {
            unsent: self,
            decode: |operation, body| {
                Ok(decode_json::<Option<Vec<T>>>(operation, body)?.unwrap_or_default())
            },
        }
    }

    /// The response carries nothing.
    pub(crate) fn empty(self) -> Call<()> {
        Call {
            unsent: self,
            decode: |_, _| Ok(()),
        }
    }
}

fn decode_json<T: DeserializeOwned>(
    operation: &'static Operation,
    body: &Bytes,
) -> Result<T, Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        Error::new(
            Some(operation),
            Kind::Decode {
                path: error.path().to_string(),
                source: error.into_inner(),
            },
        )
    })
}

/// A call, ready to be sent: await it, or set options first.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    unsent: UnsentCall,
    decode: fn(&'static Operation, &Bytes) -> Result<T, Error>,
}

impl<T> Call<T> {
    /// Sends the call and returns the value with the status and the headers.
    ///
    /// # Errors
    /// When the service does not answer with a success that can be decoded.
    pub async fn response(self) -> Result<Response<T>, Error> {
        let UnsentCall {
            client,
            operation,
            query,
            body,
        } = self.unsent;
        let body = body?;
        let shared = &*client.0;
        let mut url = format!("{}{}", shared.base_url, operation.path);
        for (index, (name, value)) in query.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.extend(percent_encode(value));
        }
        let mut request = http::Request::builder()
            .method(operation.method.clone())
            .uri(url)
            .header(http::header::ACCEPT, "application/json");
        if let Some(token) = &shared.token {
            let mut value =
                http::HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).map_err(
                    |error| Error::new(Some(operation), Kind::Configuration(error.to_string())),
                )?;
            value.set_sensitive(true);
            request = request.header(http::header::AUTHORIZATION, value);
        }
        if body.is_some() {
            request = request.header(http::header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(body.unwrap_or_default())
            .map_err(|error| Error::new(Some(operation), Kind::Configuration(error.to_string())))?;
        let response = shared
            .transport
            .send(request)
            .await
            .map_err(|error| Error::new(Some(operation), Kind::Transport(error)))?;
        let (head, mut body) = response.into_parts();
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            bytes.extend_from_slice(
                &piece.map_err(|error| Error::new(Some(operation), Kind::Transport(error)))?,
            );
        }
        let bytes = Bytes::from(bytes);
        if !head.status.is_success() {
            return Err(Error::new(
                Some(operation),
                Kind::Status(head.status, bytes),
            ));
        }
        let value = (self.decode)(operation, &bytes)?;
        Ok(Response {
            status: head.status,
            headers: head.headers,
            value,
        })
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(self.response().await?.value) })
    }
}

/// Percent-encodes everything but the characters that RFC 3986 calls unreserved.
fn percent_encode(value: &str) -> impl Iterator<Item = char> {
    value.bytes().flat_map(|byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let text = if plain {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        };
        text.chars().collect::<Vec<_>>()
    })
}
