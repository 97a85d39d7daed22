//! Locates failures of the generator's typed parser.

use openapiv3::{
    Components, Header, Info, MediaType, OpenAPI, Operation, Parameter, PathItem, ReferenceOr, RequestBody,
    Response, Responses, Schema, SecurityScheme, Server, Tag,
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use funnelflux_openapi::{
    openapi_model::{self, ObjectKind, Visitor},
    pointer::{Pointer, PointerBuf},
};

/// Returns the pointer to the innermost value that the parser rejects, and the message of the parser. Returns
/// `None` if the parser accepts the document.
///
/// The parser buffers values, so its errors have no position. To find the position, each object is parsed on
/// its own.
pub(super) fn failure(document: &Value) -> Option<(PointerBuf, String)> {
    let mut innermost = Innermost {
        pointer: PointerBuf::root(),
        kind: ObjectKind::Document,
        message: parse::<OpenAPI>(document)?,
    };
    openapi_model::walk(document, &mut innermost);
    let object = document.pointer(innermost.pointer.as_str())?.as_object()?;
    let is_cause = |key: &&String| {
        let mut without = object.clone();
        without.shift_remove(key.as_str());
        refusal(innermost.kind, &Value::Object(without)).is_none()
    };
    let key = object.keys().find(is_cause);
    let mut pointer = innermost.pointer;
    if let Some(key) = key {
        pointer.push_back(key);
    }
    Some((pointer, innermost.message))
}

struct Innermost {
    pointer: PointerBuf,
    kind: ObjectKind,
    message: String,
}

impl Visitor for Innermost {
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Map<String, Value>) {
        // Outer objects come first, so a rejected object inside the current result is nearer to the cause.
        if pointer.starts_with(&self.pointer)
            && let Some(message) = refusal(kind, &Value::Object(object.clone()))
        {
            *self = Self {
                pointer: pointer.to_buf(),
                kind,
                message,
            };
        }
    }
}

/// Returns the message of the parser if the parser rejects an object.
fn refusal(kind: ObjectKind, value: &Value) -> Option<String> {
    match kind {
        ObjectKind::Document => parse::<OpenAPI>(value),
        ObjectKind::Info => parse::<Info>(value),
        ObjectKind::Server => parse::<Server>(value),
        ObjectKind::Tag => parse::<Tag>(value),
        ObjectKind::PathItem => parse::<ReferenceOr<PathItem>>(value),
        ObjectKind::Operation => parse::<Operation>(value),
        ObjectKind::Parameter => parse::<ReferenceOr<Parameter>>(value),
        ObjectKind::Header => parse::<ReferenceOr<Header>>(value),
        ObjectKind::RequestBody => parse::<ReferenceOr<RequestBody>>(value),
        ObjectKind::MediaType => parse::<MediaType>(value),
        ObjectKind::Responses => parse::<Responses>(value),
        ObjectKind::Response => parse::<ReferenceOr<Response>>(value),
        ObjectKind::Schema => parse::<ReferenceOr<Schema>>(value),
        ObjectKind::Components => parse::<Components>(value),
        ObjectKind::SecurityScheme => parse::<ReferenceOr<SecurityScheme>>(value),
        _ => None,
    }
}

fn parse<T: DeserializeOwned>(value: &Value) -> Option<String> {
    T::deserialize(value).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests;
