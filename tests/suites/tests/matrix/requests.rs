//! A valid request for each operation, made from the document alone, and a server on which it can be carried out.

use crate::expectation::Promise;
use funnelflux::operations::{GROUPS, Operation, Repeat};
use funnelflux_fake::{Fake, Settings};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The ID of the asset of each kind that exists.
pub(crate) const OLD: &str = "2nIemJxCKbFX";
/// The ID of one more offer source.
pub(crate) const SECOND: &str = "2nIemJxCKbF0";
/// The ID under which a create makes one.
pub(crate) const NEW: &str = "2nIemJxCKbFY";

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../spec/effective.json")).unwrap());

/// What an operation returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
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
    pub(crate) answer: Answer,
}

impl Request {
    /// Method and path, as the fake calls the operation.
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

    /// What is promised of the operation, by its method and path (and not by what the generated table says, which is compared).
    pub(crate) fn promise(&self) -> Promise {
        let method = self.operation.method.as_str();
        let verb = self.operation.path.trim_end_matches('/').rsplit('/').next();
        let repeat = match (method, verb, self.segment()) {
            ("GET", ..) => Repeat::Read,
            ("PUT" | "DELETE", ..) => Repeat::Idempotent,
            // API keys are made by the service; of the older listing of funnel groups the ID is another resource's.
            ("POST", Some("save"), "integration" | "campaign") => Repeat::Never,
            ("POST", Some("save"), _) => Repeat::ClientId,
            _ => Repeat::Never,
        };
        Promise {
            repeat,
            data: self.answer != Answer::Nothing,
        }
    }
}

/// A request for every operation.
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
            body.insert("entries".to_owned(), json!([OLD]));
        }
        if operation.repeat == Repeat::ClientId || operation.id == "create_campaign" {
            // Of what is created, its own ID comes first.
            let own = body.keys().find(|name| is_id(name)).cloned().unwrap();
            body.insert(own, Value::from(NEW));
        }
        if operation.path.ends_with("/save/") && operation.method == http::Method::PUT {
            // So that saving changes something.
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
        answer: match resolve(answer) {
            Value::Null => Answer::Nothing,
            schema if schema["items"].is_null() => Answer::Object,
            _ => Answer::List,
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

/// The plainest value that a schema allows.
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
        Some("string") if is_id(name) || name == "entries" => Value::from(OLD),
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

/// The segments of the assets that an operation may touch: its own, those that are kept under another name, its children, and
/// categories.
pub(crate) fn near(segment: &str) -> impl Iterator<Item = &str> {
    ["category", "page", "funnelgroup", "pagegroup"]
        .into_iter()
        .filter(move |other| *other != segment)
        .chain([segment])
}

/// A server with one asset of each kind that the operation may touch.
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
        // What a text stands for that the document does not explain is nobody's category.
        unknown_category: None,
        ..Settings::default()
    });
    for (segment, body) in &*ASSETS {
        if near(request.segment()).any(|near| near == segment) {
            fake.seed(segment, body.clone());
        }
    }
    // Two rows can be told from their reverse.
    if request.is_documented() {
        fake.seed_offer_source(SECOND);
    }
    fake
}
