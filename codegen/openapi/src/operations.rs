//! Operations of a document.

use std::fmt;

use serde_json::Value;

use crate::pointer::{METHODS, Pointer, PointerBuf};

/// An operation and its place.
#[derive(Clone, Debug)]
pub struct Operation<'a> {
    /// Method in lower case, as the document writes it.
    pub method: &'a str,
    /// Path template.
    pub path: &'a str,
    /// Pointer to the operation.
    pub pointer: PointerBuf,
    /// The operation itself.
    pub value: &'a Value,
}

impl<'a> Operation<'a> {
    /// Returns the first tag.
    pub fn tag(&self) -> Option<&'a str> {
        self.value.pointer("/tags/0")?.as_str()
    }

    /// Returns the summary; empty if it is absent.
    pub fn title(&self) -> &'a str {
        let title = self.value.get("summary").and_then(Value::as_str);
        title.unwrap_or_default()
    }
}

impl fmt::Display for Operation<'_> {
    /// Prints method and path, such as `PUT /offersource/save/`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method.to_ascii_uppercase(), self.path)
    }
}

/// Lists all operations in the order of the document.
pub fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    let paths = document.get("paths").into_iter();
    paths.flat_map(|paths| operations_in(Pointer::from_static("/paths"), paths))
}

/// Lists the operations of the paths at `pointer`.
pub fn operations_in<'a>(pointer: &Pointer, paths: &'a Value) -> impl Iterator<Item = Operation<'a>> {
    let paths = paths.as_object().into_iter().flatten();
    let paths = paths.filter(|(path, _)| !path.starts_with("x-"));
    paths.flat_map(move |(path, item)| {
        let members = item.as_object().into_iter().flatten();
        let members = members.filter(|(key, _)| METHODS.contains(&key.as_str()));
        let pointer = pointer.with_trailing_token(path);
        members.map(move |(method, value)| Operation {
            method,
            path,
            pointer: pointer.with_trailing_token(method),
            value,
        })
    })
}

/// The two messages of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The request, which the client sends.
    Request,
    /// The response, which the service sends.
    Response,
}

impl Direction {
    /// Returns the direction of a part of an operation; `None` for a part outside the request and the
    /// responses, such as a callback.
    pub fn of(part: &Pointer) -> Option<Self> {
        match part.front()?.encoded() {
            "parameters" | "requestBody" => Some(Self::Request),
            "responses" => Some(Self::Response),
            _ => None,
        }
    }
}
