//! HTTP responses: errors in the configured format, rows as the settings present them, and successes.

use std::fmt;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, DATE},
};
use serde_json::{Map, Value, json};

use crate::{
    asset_kinds,
    schemas::Resource,
    settings::{AbsentProperty, EmptyList, Settings, SuccessBody, SuccessStatus},
    state::{Asset, State},
};

/// One violation of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Part of the request: `query`, `header` or `body`.
    pub part: &'static str,
    /// Name of the parameter or header. For a body, the JSON pointer of the value (empty: the whole body).
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

/// The result of a request that succeeds.
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

impl Success {
    pub(crate) fn into_response(self, settings: &Settings) -> Response<Bytes> {
        match self {
            Self::Read(value) => json_response(200, &value),
            Self::List(rows) if rows.is_empty() && settings.empty_list == EmptyList::Null => {
                json_response(200, &Value::Null)
            }
            Self::List(rows) => json_response(200, &Value::Array(rows)),
            Self::Changed(value) => json_response(
                if settings.success_status == SuccessStatus::Created {
                    201
                } else {
                    200
                },
                &value,
            ),
            Self::Done => {
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

/// A JSON response.
pub(crate) fn json_response(status: u16, value: &Value) -> Response<Bytes> {
    response(status, "application/json", value.to_string().into())
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

/// An asset in its full form, as find by ID returns it.
pub(crate) fn full(resource: &Resource, asset: &Asset, settings: &Settings) -> Value {
    let mut row = asset.body.clone();
    asset_kinds::mask_secrets(&resource.segment, &mut row);
    for (property, default) in &resource.properties {
        match (settings.absent, default) {
            (AbsentProperty::Default, Some(default)) => {
                row.entry(property).or_insert_with(|| default.clone());
            }
            (AbsentProperty::Null, _) => {
                row.entry(property).or_insert(Value::Null);
            }
            _ => {}
        }
    }
    add_unknown_fields(&mut row, settings);
    Value::Object(row)
}

/// An asset in its slim form, as lists return it.
pub(crate) fn slim(resource: &Resource, asset: &Asset, state: &State, settings: &Settings) -> Value {
    let Some(properties) = &resource.slim else {
        return full(resource, asset, settings);
    };
    let mut row = Map::new();
    for property in properties {
        let default = resource
            .default_of(property)
            .filter(|_| settings.absent == AbsentProperty::Default);
        let value = if property == "status" {
            Some(Value::from(asset.status.as_str()))
        } else if property == "categoryName" && !asset.category.is_empty() {
            let category = state.category(&asset.category);
            category.map(|category| Value::from(category.name.as_str()))
        } else {
            let derived = asset_kinds::slim_only_property(&resource.segment, property, &asset.body);
            derived.or_else(|| asset.body.get(property).or(default).cloned())
        };
        match value {
            Some(value) => drop(row.insert(property.clone(), value)),
            None if settings.absent == AbsentProperty::Null => {
                drop(row.insert(property.clone(), Value::Null));
            }
            None => {}
        }
    }
    add_unknown_fields(&mut row, settings);
    Value::Object(row)
}

/// Adds undocumented properties if the settings ask for them.
pub(crate) fn add_unknown_fields(row: &mut Map<String, Value>, settings: &Settings) {
    if settings.unknown_fields {
        if let Some(Value::Object(meta)) = row.get_mut("meta") {
            meta.entry("fieldOfTomorrow").or_insert_with(|| json!([1, null]));
        }
        row.entry("fieldOfTomorrow")
            .or_insert_with(|| json!({ "nested": { "deep": true }, "nothing": null }));
    }
}

/// Puts unexpected values into the first row of a list if the settings ask for them.
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
