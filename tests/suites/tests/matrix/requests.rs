//! Derives a valid request for each operation from the OpenAPI document, and creates a server for the
//! request.

use crate::expectation::Guarantees;
use funnelflux::operations::{GROUPS, Operation, Repeat};
use funnelflux_fake::{Document, Fake, Settings};
use funnelflux_suites::document::{content, effective, is_id, resolve, sample, sample_body, success};
use serde_json::Value;

pub(crate) use funnelflux_suites::document::EXISTING_ID;

/// ID of a second offer source.
pub(crate) const SECOND_ID: &str = "2nIemJxCKbF0";
/// ID of a created asset.
pub(crate) const NEW_ID: &str = "2nIemJxCKbFY";
/// The documented group.
const OFFER_SOURCES: &str = "Offer Sources";

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
    pub(crate) parameters: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    pub(crate) response: ResponseKind,
    /// `true` if the request saves an asset without changing it.
    pub(crate) saves_nothing: bool,
}

impl Request {
    /// Method and path, as the fake names the operation.
    pub(crate) fn key(&self) -> String {
        format!("{} {}", self.operation.method, self.operation.path)
    }

    /// The kind of assets that the operation reads or changes, if there is one.
    pub(crate) fn kind(&self) -> Option<&'static str> {
        Document::embedded().kind(&self.key())
    }

    /// Returns true if the vendor documents the operation today. The suite relies on later documents to
    /// describe such an operation in the same way.
    pub(crate) fn is_documented(&self) -> bool {
        self.operation.tag == OFFER_SOURCES
    }

    /// Returns true if the operation creates an asset.
    fn creates(&self) -> bool {
        let words = self.operation.id.split('_').next();
        self.operation.method == http::Method::POST && words == Some("create")
    }

    /// Guarantees of the operation, derived from its method and path. The suite checks that the generated
    /// table of operations contains the same guarantees.
    pub(crate) fn guarantees(&self) -> Guarantees {
        let repeat = match self.operation.method.as_str() {
            "GET" => Repeat::Read,
            "PUT" | "DELETE" => Repeat::Idempotent,
            // The client chooses the ID of an asset that it creates under the main path of the assets. Under
            // another path, the ID belongs to another resource.
            "POST" if self.creates() && self.is_under_main_path() => Repeat::ClientId,
            _ => Repeat::Never,
        };
        Guarantees {
            repeat,
            returns_data: self.response != ResponseKind::Nothing,
        }
    }

    fn is_under_main_path(&self) -> bool {
        let rest = self
            .kind()
            .and_then(|kind| self.operation.path.strip_prefix('/')?.strip_prefix(kind));
        rest.is_some_and(|rest| rest.starts_with('/') || rest.is_empty())
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
    let item = &effective()["paths"][operation.path];
    let described = &item[&method];
    let schema = content(&described["requestBody"]);
    let mut body = (!schema.is_null()).then(|| sample_body(schema));
    let all = [described, item].into_iter();
    let all = all.flat_map(|holder| holder["parameters"].as_array().into_iter().flatten().map(resolve));
    // A deletion without a body names the asset in a parameter.
    let names_by_parameter = method == "delete" && body.is_none();
    let parameters = all
        .filter(|parameter| parameter["required"] == true || names_by_parameter)
        .filter_map(|parameter| {
            let name = parameter["name"].as_str()?;
            let value = match sample(name, &parameter["schema"]) {
                Value::Array(mut list) if list.len() == 1 => list.remove(0),
                value => value,
            };
            Some((
                name,
                value.as_str().map_or_else(|| value.to_string(), str::to_owned),
            ))
        })
        .collect();
    let mut saves_nothing = false;
    if let Some(Value::Object(body)) = &mut body {
        let creates = method == "post" && operation.id.starts_with("create_");
        // The first ID property contains the ID of the created asset.
        if let (true, Some(own)) = (creates, body.keys().find(|name| is_id(name)).cloned()) {
            body.insert(own, Value::from(NEW_ID));
        }
        if method == "put" && operation.id.starts_with("save_") {
            // With a new name, the save changes something.
            let name = body
                .keys()
                .find(|name| name.ends_with("Name") || *name == "name")
                .cloned();
            saves_nothing = name.is_none();
            name.map(|name| body.insert(name, Value::from("changed")));
        }
    }
    let answer = success(described);
    Request {
        operation,
        parameters,
        body,
        response: match answer {
            Value::Null => ResponseKind::Nothing,
            schema if schema["items"].is_null() => ResponseKind::Object,
            _ => ResponseKind::List,
        },
        saves_nothing,
    }
}

/// Creates a server with one asset of each kind. If the operation is on offer sources, there are two offer
/// sources.
pub(crate) fn server(request: &Request) -> Fake {
    let fake = Fake::new(Settings {
        // A request may name a missing category, because `sample` does not recognise `parentId` as an ID.
        unknown_category: None,
        ..Settings::default()
    });
    for kind in Document::embedded().groups() {
        let asset = Document::embedded().sample(kind, EXISTING_ID, "before");
        fake.seed(kind, asset.unwrap_or_default());
    }
    // Two rows are needed to detect a reverse order.
    if request.is_documented() {
        fake.seed_offer_source(SECOND_ID);
    }
    fake
}
