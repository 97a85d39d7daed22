//! Schemas of the document, for parameters, bodies and responses.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::schema_check::{self, SchemaError};

/// Maximum depth of nested schemas in samples and lists of properties.
const DEPTH: usize = 8;

/// Part of the request that contains a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    Query,
    Path,
    Header,
}

/// Notation of a parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// The parameter contains the text itself.
    Text,
    /// The parameter contains JSON, such as a number or a boolean.
    Json,
    /// The parameter contains values that are separated by commas.
    Commas,
    /// The parameter occurs once per value.
    Repeated,
}

/// Parameter of an operation.
#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) required: bool,
    pub(crate) notation: Notation,
    pub(crate) validator: Validator,
}

#[derive(Debug)]
pub(crate) struct RequestBody {
    pub(crate) required: bool,
    pub(crate) validator: Validator,
}

/// Schema with the document that contains the targets of its references.
#[derive(Debug)]
pub(crate) struct Validator {
    schema: Value,
    document: Arc<Value>,
}

impl Validator {
    /// Checks a value against the schema, and returns the violations.
    pub(crate) fn errors(&self, value: &Value) -> Vec<SchemaError> {
        schema_check::errors(&self.document, &self.schema, value)
    }

    pub(crate) fn accepts(&self, value: &Value) -> bool {
        self.errors(value).is_empty()
    }
}

/// Schema that accepts every value.
static ANYTHING: Value = Value::Bool(true);

pub(crate) struct Schemas<'d> {
    root: &'d Value,
    /// Copy of the document, which validators share.
    document: Arc<Value>,
}

/// Property of an object schema.
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) default: Option<Value>,
    /// Valid value of the property, if the property is required.
    pub(crate) required: Option<Value>,
    pub(crate) read_only: bool,
}

impl<'d> Schemas<'d> {
    pub(crate) fn new(root: &'d Value) -> Self {
        Self {
            root,
            document: Arc::new(root.clone()),
        }
    }

    /// Follows the `$ref` of a value until it reaches a value without one. Also follows an `allOf` with a
    /// single member.
    pub(crate) fn resolve(&self, mut value: &'d Value) -> &'d Value {
        for _ in 0..32 {
            let only = match value.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
                Some([part]) if value.get("properties").is_none() => Some(part),
                _ => None,
            };
            let target = value
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix('#'))
                .and_then(|pointer| self.root.pointer(pointer));
            match target.or(only) {
                Some(next) => value = next,
                None => break,
            }
        }
        value
    }

    pub(crate) fn validator(&self, schema: &Value) -> Validator {
        Validator {
            schema: schema.clone(),
            document: Arc::clone(&self.document),
        }
    }

    /// Returns the parameters of an operation. The operation's own parameters take precedence over the
    /// parameters of its path.
    pub(crate) fn parameters(&self, item: &'d Value, operation: &'d Value) -> Vec<Parameter> {
        let lists = [operation, item]
            .into_iter()
            .filter_map(|holder| holder.get("parameters").and_then(Value::as_array));
        let mut parameters: Vec<Parameter> = Vec::new();
        for parameter in lists.flatten().map(|parameter| self.resolve(parameter)) {
            let location = match parameter.get("in").and_then(Value::as_str) {
                Some("query") => Location::Query,
                Some("path") => Location::Path,
                Some("header") => Location::Header,
                _ => continue,
            };
            let name = text_of(parameter, "name");
            if parameters
                .iter()
                .any(|known| known.name == name && known.location == location)
            {
                continue;
            }
            let schema = parameter.get("schema").unwrap_or(&ANYTHING);
            parameters.push(Parameter {
                name,
                location,
                required: is_true(parameter, "required"),
                notation: self.notation(parameter, schema),
                validator: self.validator(schema),
            });
        }
        parameters
    }

    fn notation(&self, parameter: &Value, schema: &'d Value) -> Notation {
        match self.resolve(schema).get("type").and_then(Value::as_str) {
            None | Some("string") => Notation::Text,
            Some("array") => {
                let in_query = parameter.get("in").and_then(Value::as_str) == Some("query");
                let explode = parameter.get("explode").and_then(Value::as_bool);
                if in_query && explode != Some(false) {
                    Notation::Repeated
                } else {
                    Notation::Commas
                }
            }
            Some(_) => Notation::Json,
        }
    }

    pub(crate) fn body(&self, operation: &'d Value) -> Option<RequestBody> {
        let body = self.resolve(operation.get("requestBody")?);
        Some(RequestBody {
            required: is_true(body, "required"),
            validator: self.validator(json_content(body).unwrap_or(&ANYTHING)),
        })
    }

    /// Returns the schema of an operation's request body.
    pub(crate) fn body_schema(&self, operation: &'d Value) -> Option<&'d Value> {
        json_content(self.resolve(operation.get("requestBody")?)).map(|schema| self.resolve(schema))
    }

    /// Returns the schema of an operation's successful response.
    pub(crate) fn answer(&self, operation: &'d Value) -> Option<&'d Value> {
        let responses = operation.get("responses")?.as_object()?;
        let success = responses.iter().find(|(status, _)| status.starts_with('2'));
        let (_, response) = success.or_else(|| responses.iter().find(|(status, _)| *status == "default"))?;
        json_content(self.resolve(response)).map(|schema| self.resolve(schema))
    }

    /// Returns the properties of an object schema. Properties of `allOf` members come first.
    pub(crate) fn properties(&self, schema: &'d Value) -> Vec<Property> {
        self.properties_to(schema, DEPTH)
    }

    fn properties_to(&self, schema: &'d Value, depth: usize) -> Vec<Property> {
        let schema = self.resolve(schema);
        let Some(depth) = depth.checked_sub(1) else {
            return Vec::new();
        };
        let mut all: Vec<Property> = elements(schema, "allOf")
            .flat_map(|member| self.properties_to(member, depth))
            .collect();
        let own = schema.get("properties").and_then(Value::as_object);
        for (name, property) in own.into_iter().flatten() {
            let resolved = self.resolve(property);
            let is_required = elements(schema, "required").any(|required| required == name.as_str());
            all.push(Property {
                name: name.clone(),
                default: property
                    .get("default")
                    .or_else(|| resolved.get("default"))
                    .cloned(),
                required: is_required.then(|| self.sample_to(property, depth)),
                read_only: is_true(property, "readOnly") || is_true(resolved, "readOnly"),
            });
        }
        // The schema may require a property that a member of `allOf` defines.
        for name in elements(schema, "required").filter_map(Value::as_str) {
            if let Some(property) = all.iter_mut().find(|property| property.name == name) {
                property.required.get_or_insert_with(|| Value::from(""));
            }
        }
        all
    }

    /// Returns the schema of a property of an object schema.
    pub(crate) fn property(&self, schema: &'d Value, name: &str) -> Option<&'d Value> {
        let schema = self.resolve(schema);
        let own = schema
            .get("properties")
            .and_then(|properties| properties.get(name));
        let inherited = || elements(schema, "allOf").find_map(|member| self.property(member, name));
        own.map(|property| self.resolve(property)).or_else(inherited)
    }

    /// Returns a value that the schema accepts, with only the required properties.
    pub(crate) fn sample(&self, schema: &'d Value) -> Value {
        self.sample_to(schema, DEPTH)
    }

    fn sample_to(&self, schema: &'d Value, depth: usize) -> Value {
        let schema = self.resolve(schema);
        let Some(depth) = depth.checked_sub(1) else {
            return Value::Null;
        };
        let known = ["default", "example"].into_iter().find_map(|key| schema.get(key));
        if let Some(value) = known.or_else(|| elements(schema, "enum").next()) {
            return value.clone();
        }
        if let Some(choice) = ["oneOf", "anyOf"]
            .into_iter()
            .find_map(|key| elements(schema, key).next())
        {
            return self.sample_to(choice, depth);
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("string") => sample_text(schema),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| json!(0)),
            Some("boolean") => json!(false),
            Some("array") => {
                let count = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0).min(8);
                let items = schema.get("items").unwrap_or(&ANYTHING);
                (0..count).map(|_| self.sample_to(items, depth)).collect()
            }
            _ => {
                let required = self.properties_to(schema, depth).into_iter();
                let required = required.filter_map(|property| Some((property.name, property.required?)));
                Value::Object(required.collect())
            }
        }
    }

    /// Returns true if a schema describes a list of texts.
    pub(crate) fn is_text_list(&self, schema: &'d Value) -> bool {
        let items = self.resolve(schema).get("items");
        items.is_some_and(|items| self.is_text(items))
    }

    pub(crate) fn is_text(&self, schema: &'d Value) -> bool {
        self.resolve(schema).get("type").and_then(Value::as_str) == Some("string")
    }
}

fn sample_text(schema: &Value) -> Value {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("date-time") => "2024-01-01T00:00:00Z",
        Some("date") => "2024-01-01",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        Some("uri" | "url") => "https://example.com/",
        Some("email") => "somebody@example.com",
        Some("ipv4") => "127.0.0.1",
        _ => "",
    };
    let length = schema
        .get("minLength")
        .and_then(Value::as_u64)
        .unwrap_or(0)
        .min(1024);
    let missing = usize::try_from(length).unwrap_or(0).saturating_sub(text.len());
    Value::from(format!("{text}{}", "x".repeat(missing)))
}

/// Returns the schema of the first entry in `content` with a JSON media type. The JSON media types are
/// `application/json`, types that end in `+json`, and `*/*`.
fn json_content(holder: &Value) -> Option<&Value> {
    let content = holder.get("content")?.as_object()?;
    let is_json = |media: &str| {
        let essence = media.split(';').next().unwrap_or(media).trim();
        essence == "application/json" || essence.ends_with("+json") || essence == "*/*"
    };
    let (_, media) = content.iter().find(|(media, _)| is_json(media))?;
    media.get("schema")
}

/// Returns the elements of the list that an object contains under `key`.
pub(crate) fn elements<'v>(object: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    object.get(key).and_then(Value::as_array).into_iter().flatten()
}

pub(crate) fn is_true(object: &Value, key: &str) -> bool {
    object.get(key).and_then(Value::as_bool).unwrap_or(false)
}

pub(crate) fn text_of(value: &Value, key: &str) -> String {
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
    fn samples_are_valid() {
        let root = json!({ "components": { "schemas": { "Asset": {
            "type": "object", "required": ["id", "at", "kind", "size", "tags", "part"],
            "properties": {
                "id": { "type": "string", "minLength": 3 }, "at": { "type": "string", "format": "date-time" },
                "kind": { "enum": ["a", "b"] }, "size": { "type": "integer", "minimum": 2 },
                "tags": { "type": "array", "minItems": 1, "items": { "type": "boolean" } },
                "part": {
                    "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } },
                },
                "other": { "type": "string" },
            },
        } } } });
        let schemas = Schemas::new(&root);
        let schema = &root["components"]["schemas"]["Asset"];
        let sample = schemas.sample(schema);
        assert_eq!(schemas.validator(schema).errors(&sample), []);
        assert_eq!(sample.get("other"), None);
    }
}
