//! Functions that send requests to the fake without sockets.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests, shared by files each of which uses its part"
)]

use bytes::Bytes;
use funnelflux_fake::{Document, Fake, Interruption, Outcome};
use http::{HeaderMap, Request};
use serde_json::Value;

/// Runs a future to completion. The future must not wait for anything.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Response with its body as text.
#[derive(Debug)]
pub struct TextResponse {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl TextResponse {
    /// Returns the body as JSON. The embedded document may require more properties of offer sources than the
    /// vendor's documentation page does. These additional properties are removed.
    pub fn json(&self) -> Value {
        let mut value = serde_json::from_str(&self.text);
        if let Ok(value) = &mut value {
            let required = Document::embedded().sample("Offer Sources", "", "").unwrap();
            let of_page = ["idOfferSource", "offerSourceName", "status"];
            let required = required.as_object().unwrap().keys();
            let others: Vec<&str> = required
                .map(String::as_str)
                .filter(|name| !of_page.contains(name))
                .collect();
            let rows = match value {
                Value::Array(rows) => rows.as_mut_slice(),
                value => std::slice::from_mut(value),
            };
            for row in rows.iter_mut().filter_map(Value::as_object_mut) {
                row.retain(|name, _| !others.contains(&name.as_str()));
            }
        }
        value.unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    /// Returns the values of one property in all rows.
    pub fn each(&self, property: &str) -> Vec<String> {
        let rows = self.json();
        rows.as_array()
            .unwrap()
            .iter()
            .map(|row| row[property].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Returns a request for an operation, such as `PUT /offersource/save/`, with a valid token.
pub fn request(fake: &Fake, operation: &str, body: Option<&Value>) -> Request<Bytes> {
    let (method, path) = operation.split_once(' ').unwrap();
    let builder = Request::builder()
        .method(method)
        .uri(format!("https://api.funnelflux.pro/v1{path}"))
        .header("authorization", format!("Bearer {}", fake.access_token()));
    match body {
        Some(body) => builder
            .header("content-type", "application/json")
            .body(body.to_string().into()),
        None => builder.body(Bytes::new()),
    }
    .unwrap()
}

pub fn send(fake: &Fake, request: Request<Bytes>) -> TextResponse {
    match now(fake.handle(request)) {
        Outcome::Response(response) => {
            let (head, body) = response.into_parts();
            TextResponse {
                status: head.status.as_u16(),
                headers: head.headers,
                text: String::from_utf8_lossy(&body).into_owned(),
            }
        }
        Outcome::Fault(fault) => panic!("an unexpected fault: {fault:?}"),
    }
}

pub fn broken(fake: &Fake, request: Request<Bytes>) -> Interruption {
    match now(fake.handle(request)) {
        Outcome::Response(response) => panic!("a fault was expected: {response:?}"),
        Outcome::Fault(fault) => fault,
    }
}

/// Sends a request without a body.
pub fn get(fake: &Fake, operation: &str) -> TextResponse {
    send(fake, request(fake, operation, None))
}

/// Sends a request with a body.
pub fn call(fake: &Fake, operation: &str, body: &Value) -> TextResponse {
    send(fake, request(fake, operation, Some(body)))
}

/// Returns an account with three offer sources (one of them archived), four pages and a category.
pub fn account(settings: funnelflux_fake::Settings) -> Fake {
    let fake = Fake::new(settings);
    for id in ["a", "b", "c"] {
        fake.seed_offer_source(id);
    }
    fake.set("offersource", "c", "status", "archived");
    for (page, parent) in [("a1", "a"), ("a2", "a"), ("b1", "b"), ("lone", "")] {
        fake.seed_page(page, parent);
    }
    fake.seed_category("cat", "Networks");
    fake
}

/// Returns the status of an offer source.
pub fn status(fake: &Fake, id: &str) -> String {
    fake.state().offer_source(id).unwrap().status.to_string()
}

/// Returns the status and the parent of a page.
pub fn page(fake: &Fake, id: &str) -> (String, String) {
    let state = fake.state();
    let page = state.page(id).unwrap();
    (page.status.to_string(), page.parent.clone().unwrap_or_default())
}
