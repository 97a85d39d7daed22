//! The API as the fake knows it: operations, parameters, schemas and resources, read from the OpenAPI
//! document once per process.
//!
//! Resources are found by the vendor's path pattern `/{segment}/{verb}/`, where the verb is a [`Verb`]. The
//! parameter of find by ID names the ID property. A document with more groups makes a fake that serves more
//! groups.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, OnceLock},
};

use http::Method;
use indexmap::IndexMap;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::asset_kinds;

/// The text of the document, the only source of validity.
const TEXT: &str = include_str!("../../../spec/effective.json");

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
    /// The resource and the verb. `None` if the document does not define them: the path is outside of the
    /// pattern, or not even the ID of the asset is known.
    pub(crate) meaning: Option<(String, Verb)>,
    /// The kind of response.
    pub(crate) answer: ResponseKind,
}

/// Kind of response that an operation documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseKind {
    Nothing,
    Object,
    List,
}

/// A query parameter. The API has no other parameters.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) required: bool,
    /// `true` if the value is a string. Other values are parsed as JSON (a number, a boolean) before
    /// validation.
    pub(crate) text: bool,
    pub(crate) validator: LazyValidator,
}

#[derive(Debug)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    pub(crate) validator: LazyValidator,
}

/// A schema that is compiled on first use. A process uses few of the schemas, and compiling all takes
/// seconds.
#[derive(Debug)]
pub(crate) struct LazyValidator {
    schema: Value,
    components: Arc<Value>,
    compiled: OnceLock<Validator>,
}

impl LazyValidator {
    pub(crate) fn get(&self) -> &Validator {
        self.compiled.get_or_init(|| {
            // OpenAPI 3.0 schemas are JSON Schema draft 4 (exclusive bounds are booleans), except for
            // `nullable`. Draft 4 has no boolean schemas.
            let schema = if self.schema == ANYTHING {
                json!({})
            } else {
                json!({ "allOf": [nullable_to_type(&self.schema)], "components": *self.components })
            };
            #[expect(
                clippy::expect_used,
                reason = "the document is part of the program, and a test compiles all of it"
            )]
            jsonschema::options()
                .with_draft(Draft::Draft4)
                .build(&schema)
                .expect("the schemas of the effective document compile")
        })
    }
}

/// The action of an operation, from its method and the end of its path, by the vendor's pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Read(Read),
    Write(Write),
}

/// The operations that read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    List,
    FindById,
    FindByIds,
    FindByStatus,
    FindByCategory,
    FindByName,
    FindByType,
}

/// The operations that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    Save,
    Create,
    Duplicate,
    Delete,
    Archive,
    Unarchive,
    MoveCategory,
}

/// HTTP methods in use. A path item also has keys that are not methods.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::PATCH,
];

const VERBS: &[(Method, &str, Verb)] = &[
    (Method::GET, "list/", Verb::Read(Read::List)),
    (Method::GET, "find/byName/", Verb::Read(Read::FindByName)),
    (Method::GET, "find/byType/", Verb::Read(Read::FindByType)),
    (Method::GET, "find/byId/", Verb::Read(Read::FindById)),
    (Method::GET, "find/byIds/", Verb::Read(Read::FindByIds)),
    (Method::GET, "find/byStatus/", Verb::Read(Read::FindByStatus)),
    (Method::GET, "find/byCategory/", Verb::Read(Read::FindByCategory)),
    (Method::PUT, "save/", Verb::Write(Write::Save)),
    (Method::POST, "save/", Verb::Write(Write::Create)),
    (Method::POST, "duplicate/", Verb::Write(Write::Duplicate)),
    (Method::DELETE, "delete/", Verb::Write(Write::Delete)),
    (Method::PUT, "archive/", Verb::Write(Write::Archive)),
    (Method::PUT, "unarchive/", Verb::Write(Write::Unarchive)),
    (Method::PUT, "move-category/", Verb::Write(Write::MoveCategory)),
];

/// A kind of asset.
#[derive(Debug)]
pub(crate) struct Resource {
    /// First segment of its paths, such as `offersource`.
    pub(crate) segment: String,
    /// Property that holds the ID, such as `idOfferSource`.
    pub(crate) id: String,
    /// Property that holds the name, such as `offerSourceName`.
    pub(crate) name: String,
    /// Parameter of find by ID list, such as `idOfferSources`.
    pub(crate) ids: String,
    /// The documented properties of the full object, in order, with their defaults.
    pub(crate) properties: Vec<(String, Option<Value>)>,
    /// The properties of the slim object that lists return. `None` if lists return the full object.
    pub(crate) slim: Option<Vec<String>>,
    /// Validator for full objects. `None` for a kind that the document lacks.
    pub(crate) validator: Option<LazyValidator>,
}

/// Destination of a method and path.
pub(crate) enum Route<'d> {
    Operation(&'d Operation),
    /// The path exists, with these other methods.
    OtherMethods(Vec<&'d Method>),
    /// The path exists with a trailing slash.
    LacksSlash(String),
    Nothing,
}

impl Document {
    fn read(root: &Value) -> Self {
        let components = root.get("components").cloned().unwrap_or_default();
        let schemas = Schemas {
            root,
            components: Arc::new(nullable_to_type(&components)),
        };
        let mut operations: HashMap<String, Vec<Operation>> = HashMap::new();
        let mut found: IndexMap<String, Vec<(Verb, &Value)>> = IndexMap::new();
        for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
            for method in METHODS {
                let Some(operation) = item.get(method.as_str().to_lowercase()) else {
                    continue;
                };
                let meaning = meaning(&method, path);
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

    /// Returns whether an operation (`GET /page/list/`) reads or changes the state. `None` if the document
    /// lacks it.
    pub(crate) fn simulates(&self, key: &str) -> Option<bool> {
        let mut all = self.operations.values().flatten();
        let operation = all.find(|operation| operation.key == key)?;
        Some(operation.meaning.is_some())
    }

    pub(crate) fn resource(&self, segment: &str) -> Option<&Resource> {
        self.resources.get(asset_kinds::storage_segment(segment))
    }
}

impl Resource {
    /// A kind that has state before the document describes it.
    fn without_document(kind: &asset_kinds::AssetKind) -> Self {
        Self {
            segment: kind.segment.to_owned(),
            id: kind.id.to_owned(),
            name: kind.name.to_owned(),
            ids: format!("{}s", kind.id),
            properties: vec![
                ("status".to_owned(), Some(json!("active"))),
                ("idCategory".to_owned(), Some(json!(""))),
            ],
            slim: None,
            validator: None,
        }
    }

    /// The documented default of a property.
    pub(crate) fn default_of(&self, property: &str) -> Option<&Value> {
        self.properties
            .iter()
            .find(|(name, _)| name == property)
            .and_then(|(_, default)| default.as_ref())
    }

    /// Returns whether assets of this kind have a category. On a category the property is its own ID.
    pub(crate) fn has_category(&self) -> bool {
        self.id != asset_kinds::CATEGORY_PROPERTY && self.has(asset_kinds::CATEGORY_PROPERTY)
    }

    pub(crate) fn has(&self, property: &str) -> bool {
        self.properties.iter().any(|(name, _)| name == property)
    }
}

fn meaning(method: &Method, path: &str) -> Option<(String, Verb)> {
    let (segment, rest) = path.strip_prefix('/')?.split_once('/')?;
    let (.., verb) = VERBS
        .iter()
        .find(|(verb_method, suffix, _)| verb_method == method && *suffix == rest)?;
    Some((asset_kinds::storage_segment(segment).to_owned(), *verb))
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

/// The schema that accepts every value.
static ANYTHING: Value = Value::Bool(true);

struct Schemas<'d> {
    root: &'d Value,
    /// The components, converted to JSON Schema.
    components: Arc<Value>,
}

impl<'d> Schemas<'d> {
    /// Follows the `$ref`s of a value.
    fn resolve(&self, mut value: &'d Value) -> &'d Value {
        for _ in 0..32 {
            let Some(target) = value
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix('#'))
            else {
                break;
            };
            let Some(next) = self.root.pointer(target) else {
                break;
            };
            value = next;
        }
        value
    }

    fn validator(&self, schema: &Value) -> LazyValidator {
        LazyValidator {
            schema: schema.clone(),
            components: Arc::clone(&self.components),
            compiled: OnceLock::new(),
        }
    }

    fn parameters(&self, item: &'d Value, operation: &'d Value) -> Vec<Parameter> {
        let lists = [item, operation]
            .into_iter()
            .filter_map(|holder| holder.get("parameters").and_then(Value::as_array));
        lists
            .flatten()
            .map(|parameter| self.resolve(parameter))
            .filter(|parameter| parameter.get("in").and_then(Value::as_str) == Some("query"))
            .map(|parameter| {
                let schema = parameter.get("schema").unwrap_or(&ANYTHING);
                let kind = self.resolve(schema).get("type").and_then(Value::as_str);
                Parameter {
                    name: text_of(parameter, "name"),
                    required: parameter
                        .get("required")
                        .and_then(Value::as_bool)
                        .unwrap_or(false),
                    text: kind.is_none_or(|kind| kind == "string"),
                    validator: self.validator(schema),
                }
            })
            .collect()
    }

    fn body(&self, operation: &'d Value) -> Option<RequestBody> {
        let body = self.resolve(operation.get("requestBody")?);
        Some(RequestBody {
            required: body.get("required").and_then(Value::as_bool).unwrap_or(false),
            validator: self.validator(
                body.pointer("/content/application~1json/schema")
                    .unwrap_or(&ANYTHING),
            ),
        })
    }

    /// The schema of an operation's successful response.
    fn answer(&self, operation: &'d Value) -> Option<&'d Value> {
        let responses = operation.get("responses")?.as_object()?;
        let (_, response) = responses.iter().find(|(status, _)| status.starts_with('2'))?;
        self.resolve(response)
            .pointer("/content/application~1json/schema")
    }

    fn shape(&self, operation: &'d Value) -> ResponseKind {
        match self.answer(operation).map(|schema| self.resolve(schema)) {
            None => ResponseKind::Nothing,
            Some(schema) if schema.get("items").is_some() => ResponseKind::List,
            Some(_) => ResponseKind::Object,
        }
    }

    fn resource(&self, segment: String, verbs: &[(Verb, &'d Value)]) -> Resource {
        let operation_for = |wanted: Verb| {
            verbs
                .iter()
                .find(|(verb, _)| *verb == wanted)
                .map(|(_, operation)| *operation)
        };
        let first_parameter = |verb: Verb| {
            let parameter = self.resolve(operation_for(verb)?.pointer("/parameters/0")?);
            parameter.get("name").and_then(Value::as_str).map(str::to_owned)
        };
        let known = asset_kinds::KINDS.iter().find(|kind| kind.segment == segment);
        let id = first_parameter(Verb::Read(Read::FindById))
            .or_else(|| first_parameter(Verb::Write(Write::Duplicate)))
            .or_else(|| known.map(|kind| kind.id.to_owned()))
            .unwrap_or_else(|| "id".to_owned());
        // The response of find by ID describes the asset most fully; the body of save is second best.
        let full = operation_for(Verb::Read(Read::FindById))
            .and_then(|operation| self.answer(operation))
            .or_else(|| {
                operation_for(Verb::Write(Write::Save))
                    .or_else(|| operation_for(Verb::Write(Write::Create)))?
                    .pointer("/requestBody/content/application~1json/schema")
            });
        let properties = full.map(|schema| self.properties(schema)).unwrap_or_default();
        let name = name_property(&id, &properties)
            .or_else(|| known.map(|kind| kind.name.to_owned()))
            .unwrap_or_else(|| "name".to_owned());
        let row = operation_for(Verb::Read(Read::List))
            .and_then(|operation| self.answer(operation))
            .and_then(|list| self.resolve(list).get("items"));
        let slim = row
            .filter(|row| full != Some(*row))
            .map(|row| self.properties(row).into_iter().map(|(name, _)| name).collect());
        Resource {
            ids: first_parameter(Verb::Read(Read::FindByIds)).unwrap_or_else(|| format!("{id}s")),
            validator: full.map(|schema| self.validator(schema)),
            segment,
            id,
            name,
            properties,
            slim,
        }
    }

    /// The properties of an object schema with their defaults. Those of `allOf` members come first.
    fn properties(&self, schema: &'d Value) -> Vec<(String, Option<Value>)> {
        let schema = self.resolve(schema);
        let mut all: Vec<(String, Option<Value>)> = schema
            .get("allOf")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .flat_map(|member| self.properties(member))
            .collect();
        for (name, property) in schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            all.push((
                name.clone(),
                property
                    .get("default")
                    .or_else(|| self.resolve(property).get("default"))
                    .cloned(),
            ));
        }
        all
    }
}

/// `offerSourceName` for `idOfferSource`; otherwise the first property that ends in `Name`.
fn name_property(id: &str, properties: &[(String, Option<Value>)]) -> Option<String> {
    let kind = id.strip_prefix("id")?;
    let wanted = format!("{kind}Name");
    properties
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&wanted))
        .or_else(|| properties.iter().find(|(name, _)| name.ends_with("Name")))
        .map(|(name, _)| name.clone())
}

/// Rewrites OpenAPI's `nullable: true` as a JSON Schema type list.
fn nullable_to_type(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: Map<String, Value> = object
                .iter()
                .map(|(key, value)| (key.clone(), nullable_to_type(value)))
                .collect();
            if object.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(kind) = object.get("type").filter(|kind| kind.is_string()).cloned() {
                    object.insert("type".to_owned(), json!([kind, "null"]));
                }
                if let Some(Value::Array(values)) = object.get_mut("enum") {
                    values.push(Value::Null);
                }
            }
            Value::Object(object)
        }
        Value::Array(items) => Value::Array(items.iter().map(nullable_to_type).collect()),
        scalar => scalar.clone(),
    }
}

fn text_of(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        // A second listing returns the same assets. An operation that the vendor does not describe has no
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

    #[test]
    fn nullable_becomes_a_type() {
        let schema = json!({ "properties": { "a": { "type": "string", "nullable": true, "enum": ["x"] } } });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft4)
            .build(&nullable_to_type(&schema))
            .unwrap();
        assert!(
            validator.is_valid(&json!({ "a": null }))
                && validator.is_valid(&json!({ "a": "x" }))
                && !validator.is_valid(&json!({ "a": "y" }))
        );
    }
}
