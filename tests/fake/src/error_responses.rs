//! Error responses in the format that the settings specify.

use std::fmt::Write as _;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::{
    resource::Resource,
    responses::{Violation, response},
    settings::{ErrorShape, Limit, Settings},
};

/// Error response to a request that fails as a whole or in part.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: u16,
    error: &'static str,
    description: String,
    pub(crate) violations: Vec<Violation>,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            error,
            description: description.into(),
            violations: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn invalid(violations: Vec<Violation>) -> Self {
        let count = violations.len();
        let description = format!(
            "the request violates the API document in {count} {}",
            if count == 1 { "place" } else { "places" }
        );
        Self {
            violations,
            ..Self::new(400, "invalid_request", description)
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn into_response(self, shape: ErrorShape) -> Response<Bytes> {
        let (content_type, body) = match shape {
            ErrorShape::Json => ("application/json", self.json()),
            ErrorShape::Text => ("text/plain; charset=utf-8", self.text()),
            ErrorShape::Html => ("text/html; charset=utf-8", self.html()),
            ErrorShape::Empty => ("", String::new()),
        };
        let mut response = response(self.status, content_type, body.into());
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }

    fn json(&self) -> String {
        let mut body = json!({ "error": self.error, "error_description": self.description });
        if let (false, Some(body)) = (self.violations.is_empty(), body.as_object_mut()) {
            let violations = self.violations.iter().map(|violation| {
                json!({ "in": violation.part, "name": violation.name, "message": violation.message })
            });
            body.insert("violations".to_owned(), violations.collect());
        }
        body.to_string()
    }

    fn text(&self) -> String {
        let mut text = self.description.clone();
        for violation in &self.violations {
            let _ = write!(text, "\n{violation}");
        }
        text
    }

    fn html(&self) -> String {
        let title = StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Error");
        let text = self
            .text()
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('\n', "<br>");
        format!(
            "<!doctype html><html><head><title>{title}</title></head>\
             <body><h1>{} {title}</h1><p>{text}</p></body></html>",
            self.status
        )
    }
}

/// Creates the refusal of a request that contains an unknown ID.
pub(crate) fn unknown_id(resource: &Resource, id: &str, settings: &Settings) -> Refusal {
    Refusal::new(
        settings.unknown_id_status,
        "not_found",
        format!("no asset with {} {id:?}", resource.id),
    )
}

/// Returns a refusal if a list exceeds the limit.
pub(crate) fn check_count(count: usize, limit: Option<Limit>) -> Result<(), Refusal> {
    match limit {
        Some(limit) if count > limit.max => Err(Refusal::new(
            limit.status,
            "too_many_entries",
            format!("{count} IDs in one call; at most {} are accepted", limit.max),
        )),
        _ => Ok(()),
    }
}
