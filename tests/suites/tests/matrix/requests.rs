//! A valid request for each operation, derived from the document, and a server that accepts it.

use crate::expectation::Guarantees;
use funnelflux::operations::{GROUPS, Operation, Repeat};
use funnelflux_fake::{Fake, Settings};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// ID of the existing asset of each kind.
pub(crate) const EXISTING_ID: &str = "2nIemJxCKbFX";
/// ID of a second offer source.
pub(crate) const SECOND_ID: &str = "2nIemJxCKbF0";
/// ID of a created asset.
pub(crate) const NEW_ID: &str = "2nIemJxCKbFY";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../spec/effective.json")).unwrap());

/// Kind of response of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    Nothing,
    Object,
    List,
}

/// An operation with arguments.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) operation: &'static Operation,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) response: ResponseKind,
}

impl Request {
    /// Method and path, as the fake names the operation.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.operation.method, self.operation.path)
    }

    /// First segment of the path.
    pub(crate) fn segment(&self) -> &'static str {
        self.operation.path.split('/').nth(1).unwrap()
    }

    pub(crate) fn is_documented(&self) -> bool {
        self.segment() == "offersource"
    }

    /// Guarantees of the operation, derived from its method and path. The generated table is compared with
    /// them.
    pub(crate) fn guarantees(&self) -> Guarantees {
        let method = self.operation.method.as_str();
        let verb = self.operation.path.trim_end_matches('/').rsplit('/').next();
        let repeat = match (method, verb, self.segment()) {
            ("GET", ..) => Repeat::Read,
            ("PUT" | "DELETE", ..) => Repeat::Idempotent,
            // These creates cannot be repeated. The service generates API keys. In the older listing of
            // funnel groups, the ID belongs to another resource.
            ("POST", Some("save"), "integration" | "campaign") => Repeat::Never,
            ("POST", Some("save"), _) => Repeat::ClientId,
            _ => Repeat::Never,
        };
        Guarantees {
            repeat,
            returns_data: self.response != ResponseKind::Nothing,
        }
    }
}

/// Creates a request for every operation.
pub(crate) fn all() -> Vec<Request> {
    GROUPS
        .iter()
        .copied()
        .flatten()
        .map(|operation| request(operation))
        .collect()
}

fn request(operation: &'static Operation) -> Request {
    let method = operation.method.as_str().to_lowercase();
    let described = &DOCUMENT["paths"][operation.path][&method];
    let is_delete = method == "delete";
    let parameters = described["parameters"]
        .as_array()
        .into_iter()
        .flatten()
        .map(resolve);
    let query = parameters
        .filter(|parameter| parameter["required"] == true)
        .map(|parameter| {
            let name = parameter["name"].as_str().unwrap();
            let value = sample(name, &parameter["schema"]);
            (
                name.to_owned(),
                value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            )
        })
        .collect();
    let body = &resolve(&described["requestBody"])["content"]["application/json"]["schema"];
    let mut body = (!body.is_null()).then(|| sample("", body));
    if let Some(Value::Object(body)) = &mut body {
        if is_delete && body.is_empty() {
            body.insert("entries".to_owned(), json!([EXISTING_ID]));
        }
        if operation.repeat == Repeat::ClientId || operation.id == "create_campaign" {
            // The first ID property is the ID of the created asset.
            let own = body.keys().find(|name| is_id(name)).cloned().unwrap();
            body.insert(own, Value::from(NEW_ID));
        }
        if operation.path.ends_with("/save/") && operation.method == http::Method::PUT {
            // This makes the save change something.
            let name = body.keys().find(|name| name.ends_with("Name")).cloned();
            name.map(|name| body.insert(name, Value::from("changed")));
        }
    }
    let answer = described["responses"]
        .as_object()
        .unwrap()
        .iter()
        .find(|(status, _)| status.starts_with('2'))
        .map(|(_, response)| &resolve(response)["content"]["application/json"]["schema"])
        .unwrap();
    Request {
        operation,
        query,
        body,
        response: match resolve(answer) {
            Value::Null => ResponseKind::Nothing,
            schema if schema["items"].is_null() => ResponseKind::Object,
            _ => ResponseKind::List,
        },
    }
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => resolve(DOCUMENT.pointer(&reference[1..]).unwrap()),
        None => value,
    }
}

fn is_id(name: &str) -> bool {
    name.strip_prefix("id")
        .is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()))
}

/// The simplest value that a schema allows.
fn sample(name: &str, schema: &'static Value) -> Value {
    let schema = resolve(schema);
    if let Some(values) = schema["enum"].as_array() {
        return values[0].clone();
    }
    if let Some(members) = schema["allOf"].as_array() {
        let mut all = Map::new();
        for member in members {
            if let Value::Object(member) = sample(name, member) {
                all.extend(member);
            }
        }
        return Value::Object(all);
    }
    match schema["type"].as_str() {
        Some("array") => json!([sample(name, &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("string") if is_id(name) || name == "entries" => Value::from(EXISTING_ID),
        Some("string") => Value::from("text"),
        _ => {
            let required = schema["required"].as_array().into_iter().flatten();
            let members = required.map(|name| {
                let name = name.as_str().unwrap();
                (name.to_owned(), sample(name, &schema["properties"][name]))
            });
            Value::Object(members.collect())
        }
    }
}

/// Segments of the assets that an operation may change: its own segment, the segment of a second listing, the
/// segments of children, and `category`.
pub(crate) fn related_segments(segment: &str) -> impl Iterator<Item = &str> {
    ["category", "page", "funnelgroup", "pagegroup"]
        .into_iter()
        .filter(move |related| *related != segment)
        .chain([segment])
}

/// Creates a server with one asset of each kind that the operation may change.
pub(crate) fn server(request: &Request) -> Fake {
    static ASSETS: LazyLock<Vec<(String, Value)>> = LazyLock::new(|| {
        let saves = all().into_iter().filter(|request| {
            request.operation.method == http::Method::PUT && request.operation.path.ends_with("/save/")
        });
        saves
            .filter_map(|request| Some((request.segment().to_owned(), request.body?)))
            .map(|(segment, mut body)| {
                let name = body
                    .as_object()
                    .unwrap()
                    .keys()
                    .find(|name| name.ends_with("Name"))
                    .cloned();
                if let Some(name) = name {
                    body[name] = Value::from("before");
                }
                (segment, body)
            })
            .collect()
    });
    let fake = Fake::new(Settings {
        // Text properties that the document does not describe can contain any category.
        unknown_category: None,
        ..Settings::default()
    });
    for (segment, body) in &*ASSETS {
        if related_segments(request.segment()).any(|related_segments| related_segments == segment) {
            fake.seed(segment, body.clone());
        }
    }
    // Two rows are necessary to show a reversed order.
    if request.is_documented() {
        fake.seed_offer_source(SECOND_ID);
    }
    fake
}
