//! Decoding of responses.

use crate::runtime::{error::ErrorKind, received_response::ReceivedResponse};
use crate::values::exact_json;
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use std::borrow::Cow;

/// A row of a list.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The row for display. Numbers that a [`Value`] would round are strings.
    pub(crate) value: Value,
    /// True if no number in `value` had to become a string.
    pub(crate) is_exact: bool,
    /// JSON text of the row, with all digits of its numbers.
    pub(crate) text: Box<RawValue>,
}

impl Row {
    pub(crate) fn new(text: Box<RawValue>) -> Self {
        let shown = exact_json::with_quoted_numbers(text.get());
        Self {
            value: serde_json::from_str(&shown).unwrap_or_else(|_| Value::from(text.get())),
            is_exact: matches!(shown, Cow::Borrowed(_)),
            text,
        }
    }
}

pub(super) fn decode_json<T: DeserializeOwned>(received: &ReceivedResponse) -> Result<T, ErrorKind> {
    serde_json::from_slice(&received.body).map_err(|error| decode_error::<T>(received, &error))
}

/// Finds the path of a decoding error by decoding again. Tracking the path in every response would be slow.
#[cold]
fn decode_error<T: DeserializeOwned>(received: &ReceivedResponse, error: &serde_json::Error) -> ErrorKind {
    let mut deserializer = serde_json::Deserializer::from_slice(&received.body);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => received.decode_error(&error.path().to_string(), error.inner()),
        // The value decodes, so the error is in the text after the value.
        Ok(_) => received.decode_error(".", error),
    }
}
