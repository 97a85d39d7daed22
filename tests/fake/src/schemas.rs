//! Schemas of the document: parameters, bodies, responses and resources, converted to JSON Schema.

use std::sync::{Arc, OnceLock};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::{
    asset_kinds::{self, AssetKind},
    verb::{Read, Verb, Write},
};

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
    /// `true` if the value is a string. Other values, such as numbers, are parsed as JSON before validation.
    pub(crate) text: bool,
    pub(crate) validator: LazyValidator,
}

#[derive(Debug)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    pub(crate) validator: LazyValidator,
}

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
    /// Validator for full objects; `None` for a kind that the document lacks.
    pub(crate) validator: Option<LazyValidator>,
}

impl Resource {
    /// Creates a kind of asset that the document does not describe.
    pub(crate) fn without_document(kind: &AssetKind) -> Self {
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

    /// Returns true if assets of this kind have a category. A category itself has none: there, the property
    /// is its own ID.
    pub(crate) fn has_category(&self) -> bool {
        self.id != asset_kinds::CATEGORY_PROPERTY && self.has(asset_kinds::CATEGORY_PROPERTY)
    }

    pub(crate) fn has(&self, property: &str) -> bool {
        self.properties.iter().any(|(name, _)| name == property)
    }
}

/// A schema that is compiled on first use. A process uses only a few schemas, and compiling all of them takes
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

/// The schema that accepts every value.
static ANYTHING: Value = Value::Bool(true);

pub(crate) struct Schemas<'d> {
    root: &'d Value,
    /// The components, converted to JSON Schema.
    components: Arc<Value>,
}

impl<'d> Schemas<'d> {
    pub(crate) fn new(root: &'d Value) -> Self {
        let components = root.get("components").cloned().unwrap_or_default();
        Self {
            root,
            components: Arc::new(nullable_to_type(&components)),
        }
    }

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

    pub(crate) fn parameters(&self, item: &'d Value, operation: &'d Value) -> Vec<Parameter> {
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

    pub(crate) fn body(&self, operation: &'d Value) -> Option<RequestBody> {
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

    pub(crate) fn shape(&self, operation: &'d Value) -> ResponseKind {
        match self.answer(operation).map(|schema| self.resolve(schema)) {
            None => ResponseKind::Nothing,
            Some(schema) if schema.get("items").is_some() => ResponseKind::List,
            Some(_) => ResponseKind::Object,
        }
    }

    pub(crate) fn resource(&self, segment: String, verbs: &[(Verb, &'d Value)]) -> Resource {
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
        // The response of find by ID describes the asset most completely. If it is not documented, the body
        // of save is used.
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

    /// The properties of an object schema with their defaults. Properties of `allOf` members come first.
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
