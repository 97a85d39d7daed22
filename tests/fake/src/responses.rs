//! Successful HTTP responses, with assets and rows in the form that the settings specify.

use std::fmt;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, DATE},
};
use serde_json::{Map, Value, json};

use crate::{
    document::Api,
    resource::{self, Resource},
    schemas::{Property, Schemas},
    settings::{AbsentProperty, EmptyList, Settings, SuccessBody, SuccessStatus},
    state::{Asset, State},
};

/// Place at which a request violates the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Part of the request: `query`, `path`, `header` or `body`.
    pub part: &'static str,
    /// Name of the parameter or header. For a body, it is the JSON pointer to the value, which is empty for
    /// the whole body.
    pub name: String,
    /// Description of the violation.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.part, self.name.as_str()) {
            (part, "") => write!(formatter, "{part}: {}", self.message),
            (part, name) => write!(formatter, "{part} {name}: {}", self.message),
        }
    }
}

/// Result of a request that succeeds.
#[derive(Debug)]
pub(crate) enum Success {
    /// The operation read one value.
    Read(Value),
    /// The operation read a list.
    List(Vec<Value>),
    /// The operation changed something, and its response body is documented.
    Changed(Value),
    /// The operation changed something, and no response body is documented.
    Done,
}

/// Response body that the document states for an operation.
#[derive(Debug)]
pub(crate) enum ResponseShape {
    /// The document states no response body.
    Nothing,
    /// The response body is a single value.
    Value {
        /// Example of the value.
        sample: Value,
        /// Properties of the value. An entry has the name of a property, and the names of its members.
        properties: Vec<(String, Vec<String>)>,
    },
    /// The response body is a list. If the list is inside of an object, the variant contains the names of the
    /// properties that lead to the list, and an example of the object.
    List(Option<(Vec<String>, Value)>),
}

impl ResponseShape {
    /// Reads the documented response of an operation. `id` is the name of the ID property in the rows of a
    /// list.
    pub(crate) fn of<'d>(schemas: &Schemas<'d>, operation: &'d Value, id: &str) -> Self {
        let Some(schema) = schemas.answer(operation) else {
            return Self::Nothing;
        };
        match resource::rows(schemas, schema, id) {
            Some((_, path)) if path.is_empty() => Self::List(None),
            Some((_, path)) => {
                let whole = sample_with_list(schemas, schema, &path);
                Self::List(Some((path, whole)))
            }
            None => {
                let names = |schema| {
                    schemas
                        .properties(schema)
                        .into_iter()
                        .map(|property| property.name)
                };
                let inside = |name: &str| {
                    schemas
                        .property(schema, name)
                        .into_iter()
                        .flat_map(names)
                        .collect()
                };
                let properties = names(schema).map(|name| (name.clone(), inside(&name)));
                Self::Value {
                    sample: schemas.sample(schema),
                    properties: properties.collect(),
                }
            }
        }
    }

    /// Returns the name of the documented property whose value is an object that contains `property`. Returns
    /// `None` if there are several such properties, or if the response itself contains `property`.
    fn wrapper(&self, property: &str) -> Option<&str> {
        let Self::Value { properties, .. } = self else {
            return None;
        };
        let is_inside = |(_, inside): &&(String, Vec<String>)| inside.iter().any(|name| name == property);
        let mut found = properties.iter().filter(is_inside);
        let (first, second) = (found.next(), found.next());
        let is_unique = second.is_none() && !self.has(property);
        first.filter(|_| is_unique).map(|(name, _)| name.as_str())
    }

    fn has(&self, property: &str) -> bool {
        match self {
            Self::Value { properties, .. } => properties.iter().any(|(name, _)| name == property),
            Self::Nothing | Self::List(_) => false,
        }
    }

    /// Puts a value into the documented object, under the name that `wrapper` returns. If `wrapper` returns
    /// `None`, returns the value unchanged.
    fn wrapped(&self, value: Value, property: &str) -> Value {
        match (self, self.wrapper(property)) {
            (Self::Value { sample, .. }, Some(name)) => {
                let mut whole = sample.as_object().cloned().unwrap_or_default();
                whole.insert(name.to_owned(), value);
                Value::Object(whole)
            }
            _ => value,
        }
    }

    /// Returns true if the response is an asset of this kind.
    pub(crate) fn is_asset(&self, resource: &Resource) -> bool {
        self.has(&resource.id) || self.wrapper(&resource.id).is_some()
    }
}

impl Success {
    /// Converts the result into a response of the documented shape. `resource` is the kind of asset of the
    /// operation, or `None` if the kind is unknown.
    pub(crate) fn into_response(
        self,
        settings: &Settings,
        shape: &ResponseShape,
        resource: Option<&Resource>,
    ) -> Response<Bytes> {
        match self {
            Self::Read(value) => {
                let id = resource.map_or("", |resource| resource.id.as_str());
                json_response(200, &shape.wrapped(value, id))
            }
            Self::List(rows) => {
                let count = rows.len();
                let rows = if rows.is_empty() && settings.empty_list == EmptyList::Null {
                    Value::Null
                } else {
                    Value::Array(rows)
                };
                match shape {
                    ResponseShape::List(Some((path, sample))) => {
                        let mut whole = sample.clone();
                        insert_rows(&mut whole, path, rows, count);
                        json_response(200, &whole)
                    }
                    _ => json_response(200, &rows),
                }
            }
            Self::Changed(value) => json_response(
                if settings.success_status == SuccessStatus::Created {
                    201
                } else {
                    200
                },
                &value,
            ),
            Self::Done => {
                let documented = match shape {
                    ResponseShape::Nothing => None,
                    ResponseShape::Value { sample, .. } | ResponseShape::List(Some((_, sample))) => {
                        Some(sample.clone())
                    }
                    ResponseShape::List(None) => Some(json!([])),
                };
                if let Some(documented) = documented {
                    return json_response(200, &documented);
                }
                let status = match settings.success_status {
                    SuccessStatus::Ok => 200,
                    SuccessStatus::Created => 201,
                    SuccessStatus::NoContent => return response(204, "", Bytes::new()),
                };
                match settings.success_body {
                    SuccessBody::Nothing => response(status, "", Bytes::new()),
                    SuccessBody::EmptyObject => json_response(status, &json!({})),
                    SuccessBody::Null => json_response(status, &Value::Null),
                    SuccessBody::Message => json_response(status, &json!({ "message": "done" })),
                }
            }
        }
    }
}

/// Returns an example of an object that contains an empty list at this path.
fn sample_with_list<'d>(schemas: &Schemas<'d>, schema: &'d Value, path: &[String]) -> Value {
    let mut whole = schemas.sample(schema);
    let [first, rest @ ..] = path else {
        return json!([]);
    };
    if let (Some(object), Some(property)) = (whole.as_object_mut(), schemas.property(schema, first)) {
        object.insert(first.clone(), sample_with_list(schemas, property, rest));
    }
    whole
}

/// Puts rows into an object. If the object has a property for the number of rows, sets this property.
fn insert_rows(whole: &mut Value, path: &[String], rows: Value, count: usize) {
    let (Value::Object(object), [first, rest @ ..]) = (&mut *whole, path) else {
        *whole = rows;
        return;
    };
    for name in ["total", "count", "totalCount"] {
        if let Some(Value::Number(number)) = object.get_mut(name) {
            *number = count.into();
        }
    }
    if let Some(inner) = object.get_mut(first) {
        insert_rows(inner, rest, rows, count);
    }
}

/// Marks a stored string that responses show as a number, without quotes. It is the first character of the
/// string.
const NUMBER: char = '\u{1}';

/// Returns a value that the fake writes into responses as exactly this number, such as
/// `18446744073709551616`.
///
/// Use such a value only for properties that the document does not describe, because the fake stores it as a
/// string. If a request contains such a number, `serde_json` rounds the number before the fake stores it.
/// Only [`LogEntry::body`](crate::LogEntry::body) contains the request as it was sent.
///
/// ```
/// use funnelflux_fake::{Fake, number};
///
/// let fake = Fake::default();
/// fake.seed_offer_source("2nIemJxCKbFX");
/// assert!(fake.set("offersource", "2nIemJxCKbFX", "rank", number("1e999")));
/// ```
#[must_use]
pub fn number(text: &str) -> Value {
    Value::from(format!("{NUMBER}{text}"))
}

/// Creates a JSON response.
pub(crate) fn json_response(status: u16, value: &Value) -> Response<Bytes> {
    let text = value.to_string();
    let mut parts = text.split("\"\\u0001");
    let mut body = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once('"').unwrap_or((part, ""));
        body.extend([number, rest]);
    }
    response(status, "application/json", body.into())
}

/// Creates a response. An empty `content_type` sets no `Content-Type` header.
pub(crate) fn response(status: u16, content_type: &'static str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !content_type.is_empty() {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// Adds the headers that every response has.
pub(crate) fn common_headers(
    headers: &mut HeaderMap,
    settings: &Settings,
    now: std::time::SystemTime,
    number: u64,
) {
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        headers.insert(DATE, date);
    }
    let name = settings
        .request_id_header
        .as_ref()
        .map(|name| HeaderName::from_bytes(name.as_bytes()));
    if let (Some(Ok(name)), Ok(value)) = (name, HeaderValue::from_str(&format!("fake-{number:08}"))) {
        headers.insert(name, value);
    }
}

/// Returns an asset in its full form, as in the response of *find by ID*.
pub(crate) fn full(resource: &Resource, asset: &Asset, settings: &Settings) -> Value {
    let mut row = asset.body.clone();
    for managed in &resource.server_managed {
        managed.mask(&mut row);
    }
    for property in &resource.properties {
        if let Some(value) = absent_value(property, settings) {
            row.entry(&property.name).or_insert(value);
        }
    }
    add_unknown_fields(&mut row, settings);
    Value::Object(row)
}

/// Returns the value that a response contains for a property that the asset lacks. A required property is
/// never left out.
fn absent_value(property: &Property, settings: &Settings) -> Option<Value> {
    let required = || property.required.clone();
    match settings.absent {
        AbsentProperty::Default => property.default.clone().or_else(required),
        AbsentProperty::Null => required().or(Some(Value::Null)),
        AbsentProperty::LeftOut => required(),
    }
}

/// Returns an asset in its slim form, as in a list.
pub(crate) fn slim(
    resource: &Resource,
    asset: &Asset,
    api: &Api,
    state: &State,
    settings: &Settings,
) -> Value {
    let Some(properties) = &resource.slim else {
        return full(resource, asset, settings);
    };
    let mut row = Map::new();
    let categories = api.categories();
    for property in properties {
        let name = property.name.as_str();
        let is_category_name =
            !asset.category.is_empty() && categories.is_some_and(|categories| categories.name == name);
        let value = if name == "status" {
            Some(Value::from(asset.status.as_str()))
        } else if is_category_name {
            let category = categories.and_then(|categories| state.asset(&categories.key, &asset.category));
            category.map(|category| Value::from(category.name.as_str()))
        } else {
            let nested = resource.nested(name, &asset.body);
            nested.or_else(|| asset.body.get(name).cloned())
        };
        let default = resource
            .default_of(name)
            .filter(|_| settings.absent == AbsentProperty::Default);
        let value = value
            .or_else(|| default.cloned())
            .or_else(|| absent_value(property, settings));
        row.extend(value.map(|value| (property.name.clone(), value)));
    }
    add_unknown_fields(&mut row, settings);
    Value::Object(row)
}

/// Adds undocumented properties to an object if the settings request this.
pub(crate) fn add_unknown_fields(row: &mut Map<String, Value>, settings: &Settings) {
    if settings.unknown_fields {
        if let Some(Value::Object(meta)) = row.get_mut("meta") {
            meta.entry("fieldOfTomorrow").or_insert_with(|| json!([1, null]));
        }
        row.entry("fieldOfTomorrow")
            .or_insert_with(|| json!({ "nested": { "deep": true }, "nothing": null }));
    }
}

/// Puts unexpected values into the first row of a list if the settings request this.
pub(crate) fn add_unexpected_values(resource: &Resource, rows: &mut [Value], settings: &Settings) {
    let Some(Value::Object(row)) = rows.first_mut() else {
        return;
    };
    if let Some(status) = &settings.unknown_status {
        row.insert("status".to_owned(), Value::from(status.as_str()));
    }
    if let (Some(length), Some(Value::String(name))) = (settings.long_names, row.get_mut(&resource.name)) {
        let missing = length.saturating_sub(name.chars().count());
        name.extend(std::iter::repeat_n('x', missing));
    }
}
