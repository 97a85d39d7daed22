//! The API that the fake serves: operations, parameters, schemas and resources, read from the OpenAPI
//! document once per process.
//!
//! Resources are found by the vendor's path pattern `/{segment}/{verb}/`, where the verb is a [`Verb`]. The
//! parameter of find by ID names the ID property. A document with more groups makes a fake that serves more
//! groups.

use std::{collections::HashMap, sync::LazyLock};

use http::Method;
use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    asset_kinds::{self, storage_segment},
    schemas::{Parameter, RequestBody, Resource, ResponseKind, Schemas},
    verb::{self, Read, Verb, Write},
};

/// The text of the document, by which requests are validated.
const TEXT: &str = include_str!("../effective.json");

/// The parsed document. All fakes of a process share its compiled validators.
pub(crate) static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the document is part of the program, and a test reads it"
    )]
    let root: Value = serde_json::from_str(TEXT).expect("the effective document is JSON");
    Document::read(&root)
});

#[derive(Debug)]
pub(crate) struct Document {
    /// Path of the server URL, such as `/v1`.
    pub(crate) base_path: String,
    operations: HashMap<String, Vec<Operation>>,
    pub(crate) resources: IndexMap<String, Resource>,
}

#[derive(Debug)]
pub(crate) struct Operation {
    /// Method and path, such as `PUT /offersource/archive/`.
    pub(crate) key: String,
    pub(crate) method: Method,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RequestBody>,
    /// The resource and the verb. `None` if the path does not match the pattern, or if the document does not
    /// state the ID property of the assets.
    pub(crate) meaning: Option<(String, Verb)>,
    /// The kind of response.
    pub(crate) answer: ResponseKind,
}

/// HTTP methods in use. A path item also has keys that are not methods.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::PATCH,
];

/// Destination of a method and path.
pub(crate) enum Route<'d> {
    Operation(&'d Operation),
    /// The path exists, but only with these other methods.
    OtherMethods(Vec<&'d Method>),
    /// This path exists, with a trailing slash.
    LacksSlash(String),
    Nothing,
}

impl Document {
    fn read(root: &Value) -> Self {
        let schemas = Schemas::new(root);
        let mut operations: HashMap<String, Vec<Operation>> = HashMap::new();
        let mut found: IndexMap<String, Vec<(Verb, &Value)>> = IndexMap::new();
        for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for method in METHODS {
                let Some(operation) = item.get(method.as_str().to_lowercase()) else {
                    continue;
                };
                let meaning = verb::parse(&method, path)
                    .map(|(segment, verb)| (storage_segment(segment).to_owned(), verb));
                if let Some((segment, verb)) = &meaning {
                    found.entry(segment.clone()).or_default().push((*verb, operation));
                }
                operations.entry(path.clone()).or_default().push(Operation {
                    key: format!("{method} {path}"),
                    method,
                    parameters: schemas.parameters(item, operation),
                    body: schemas.body(operation),
                    meaning,
                    answer: schemas.shape(operation),
                });
            }
        }
        // Assets without a known ID property cannot be stored.
        found.retain(|segment, verbs| {
            let names_id = |(verb, _): &(Verb, _)| {
                matches!(verb, Verb::Read(Read::FindById) | Verb::Write(Write::Duplicate))
            };
            verbs.iter().any(names_id) || asset_kinds::KINDS.iter().any(|kind| kind.segment == segment)
        });
        for operation in operations.values_mut().flatten() {
            let is_kept = operation
                .meaning
                .as_ref()
                .is_some_and(|(segment, _)| found.contains_key(segment));
            if !is_kept {
                operation.meaning = None;
            }
        }
        let mut resources: IndexMap<String, Resource> = found
            .into_iter()
            .map(|(segment, verbs)| (segment.clone(), schemas.resource(segment, &verbs)))
            .collect();
        for kind in asset_kinds::KINDS {
            resources
                .entry(kind.segment.to_owned())
                .or_insert_with(|| Resource::without_document(kind));
        }
        Self {
            base_path: base_path(root),
            operations,
            resources,
        }
    }

    pub(crate) fn route(&self, method: &Method, path: &str) -> Route<'_> {
        let Some(operations) = self.operations.get(path) else {
            let slashed = format!("{path}/");
            return if self.operations.contains_key(&slashed) {
                Route::LacksSlash(slashed)
            } else {
                Route::Nothing
            };
        };
        match operations.iter().find(|operation| operation.method == *method) {
            Some(operation) => Route::Operation(operation),
            None => Route::OtherMethods(operations.iter().map(|operation| &operation.method).collect()),
        }
    }

    /// All operations, sorted, for tests and faults that iterate over them.
    pub(crate) fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self
            .operations
            .values()
            .flatten()
            .map(|operation| operation.key.as_str())
            .collect();
        keys.sort_unstable();
        keys
    }

    /// Returns true if an operation such as `GET /page/list/` reads or changes the state; `None` if the
    /// document lacks the operation.
    pub(crate) fn simulates(&self, key: &str) -> Option<bool> {
        let mut all = self.operations.values().flatten();
        let operation = all.find(|operation| operation.key == key)?;
        Some(operation.meaning.is_some())
    }

    pub(crate) fn resource(&self, segment: &str) -> Option<&Resource> {
        self.resources.get(storage_segment(segment))
    }
}

fn base_path(root: &Value) -> String {
    let url = root
        .pointer("/servers/0/url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme
        .find('/')
        .and_then(|start| after_scheme.get(start..))
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::verb::VERBS;

    #[test]
    fn offer_sources_are_found_by_the_pattern() {
        let resource = DOCUMENT.resource("offersource").unwrap();
        assert_eq!(
            (
                resource.id.as_str(),
                resource.name.as_str(),
                resource.ids.as_str()
            ),
            ("idOfferSource", "offerSourceName", "idOfferSources")
        );
        assert_eq!(
            resource.slim.as_deref().unwrap(),
            [
                "idOfferSource",
                "offerSourceName",
                "status",
                "idCategory",
                "categoryName"
            ]
        );
        assert_eq!(resource.default_of("status"), Some(&json!("active")));
        assert_eq!(resource.default_of("postbackSubId"), Some(&json!("")));
        assert_eq!(DOCUMENT.base_path, "/v1");
    }

    #[test]
    fn every_operation_of_the_pattern_has_its_meaning() {
        let verb_of = |key: &str| {
            DOCUMENT
                .operations
                .values()
                .flatten()
                .find(|operation| operation.key == key)
                .and_then(|operation| operation.meaning.clone())
        };
        for (method, suffix, verb) in VERBS {
            let segment = match verb {
                Verb::Read(Read::FindByName) => "logicscript",
                Verb::Read(Read::FindByType) => "funnel",
                _ => "offersource",
            };
            assert_eq!(
                verb_of(&format!("{method} /{segment}/{suffix}")),
                Some((segment.to_owned(), *verb))
            );
        }
        // A second listing returns the same assets. Operations that the vendor does not describe have no
        // verb.
        assert_eq!(verb_of("GET /campaign/list/").unwrap().0, "funnelgroup");
        assert_eq!(verb_of("GET /integration/list/"), None);
        assert_eq!(verb_of("PUT /funnel/move/"), None);
    }

    #[test]
    fn all_schemas_compile() {
        for operation in DOCUMENT.operations.values().flatten() {
            for parameter in &operation.parameters {
                parameter.validator.get();
            }
            if let Some(body) = &operation.body {
                body.validator.get();
            }
        }
        for resource in DOCUMENT.resources.values() {
            if let Some(validator) = &resource.validator {
                validator.get();
            }
        }
    }
}
