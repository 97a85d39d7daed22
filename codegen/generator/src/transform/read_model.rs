//! Reads the model from the document after all rules have been applied.

use serde_json::Value;

use crate::{json::Json as _, method_names::Vocabulary, naming};
use funnelflux_openapi::{
    Diagnostics, Document, Stage, media,
    operations::{self, operations},
    pointer::Pointer,
    references,
};

use super::{
    api_model::{ApiModel, Argument, ArgumentKind, IdType, OpenEnum, Operation, RequestBody, Response, Tag},
    component, descriptions, evidence, id_types, idempotency,
    origins::Origins,
    responses, schema_kind, secrets,
};

/// Reads the model. Reports parts that the model does not support.
pub(super) fn read(
    mut document: Value,
    vocabulary: Vocabulary,
    origins: Origins,
    source: &Document,
    diagnostics: &mut Diagnostics,
) -> ApiModel {
    let tags = document.items("tags");
    let mut tags: Vec<Tag> = tags.map(|value| tag(text(value, "name"), value)).collect();
    let mut models = Vec::new();
    for operation in operations(&document) {
        let reader = OperationReader {
            document: &document,
            vocabulary: &vocabulary,
            source,
            operation,
            diagnostics,
        };
        models.extend(reader.read());
    }
    for operation in &mut models {
        // Tags that differ only in case or punctuation have the same module, so they are one group.
        let module = naming::module(&operation.tag);
        match tags.iter().find(|tag| tag.module == module) {
            Some(tag) => operation.tag.clone_from(&tag.name),
            None => tags.push(tag(operation.tag.clone(), &Value::Null)),
        }
    }
    let rank = |name: &str| tags.iter().position(|tag| tag.name == name);
    models.sort_by(|left, right| {
        (rank(&left.tag), left.words.order()).cmp(&(rank(&right.tag), right.words.order()))
    });
    tags.retain(|tag| models.iter().any(|operation| operation.tag == tag.name));
    let (mut enums, mut ids, mut secret) = (Vec::new(), Vec::new(), None);
    for (name, component) in component::all(&document) {
        if let Some(values) = schema_kind::string_enum(component) {
            enums.push(OpenEnum {
                name: naming::type_name(name),
                documentation: text(component, "description"),
                values: values.into_iter().map(str::to_owned).collect(),
            });
        } else if component.get(id_types::ID_TYPE).is_some() {
            ids.push(IdType {
                name: name.clone(),
                documentation: text(component, "description"),
            });
        } else if component.get(secrets::SECRET).is_some() {
            secret = Some(secrets::SECRET_TYPE);
        }
    }
    enums.sort_by(|left, right| left.name.cmp(&right.name));
    ids.sort_by(|left, right| left.name.cmp(&right.name));
    let inferred_fields = evidence::inferred_properties(&document);
    descriptions::drop_of_operations(&mut document);
    ApiModel {
        inferred_fields,
        document,
        vocabulary,
        tags,
        operations: models,
        enums,
        ids,
        secret,
        origins,
    }
}

fn text(value: &Value, key: &str) -> String {
    value.text(key).unwrap_or_default().to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn tag(name: String, value: &Value) -> Tag {
    Tag {
        module: naming::module(&name),
        documentation: descriptions::of_tag(&name, value),
        description: descriptions::description(value),
        feature: naming::feature(&name),
        inferred: value.is_true("x-undocumented"),
        name,
    }
}

/// Maximum length of the name of a module, in bytes. File systems allow 255 bytes for the name of a file.
const MODULE_LENGTH: usize = 200;

struct OperationReader<'a> {
    document: &'a Value,
    vocabulary: &'a Vocabulary,
    source: &'a Document,
    operation: operations::Operation<'a>,
    diagnostics: &'a mut Diagnostics,
}

impl OperationReader<'_> {
    fn read(mut self) -> Option<Operation> {
        let value = self.operation.value;
        let Some(words) = self.vocabulary.operation(&self.operation.pointer).cloned() else {
            let message = "the operation has no tag".to_owned();
            let fix = "add a tag in an overlay: the generated code is grouped by tag";
            self.error("no-tag", &self.operation.pointer.clone(), message, fix);
            return None;
        };
        self.check_tag(&words.tag)?;
        let parameters = value.items("parameters");
        let arguments = parameters.filter_map(|parameter| self.argument(parameter));
        let mut arguments: Vec<Argument> = arguments.collect();
        // Arguments are sorted by name. Otherwise, a document in another order could silently swap arguments
        // of the same type.
        let in_path = |name: &str| self.operation.path.find(&format!("{{{name}}}"));
        let rank = |argument: &Argument| match argument.kind {
            ArgumentKind::Path => (false, in_path(&argument.name)),
            _ => (!argument.required, Some(usize::MAX)),
        };
        arguments.sort_by(|left, right| (rank(left), &left.name).cmp(&(rank(right), &right.name)));
        let raw_body = value.get(responses::RAW_BODY);
        let request_body = match value.get("requestBody").or(raw_body) {
            None => RequestBody::None,
            Some(body) if body.is_true("required") => RequestBody::Required,
            Some(_) => RequestBody::Optional,
        };
        let mut model = Operation {
            pointer: self.operation.pointer.clone(),
            documentation: String::new(),
            summary: one_line(&text(value, "summary")),
            repeat: idempotency::repeat(&self.operation, &words, self.vocabulary, self.document),
            requires_acknowledgement: idempotency::requires_acknowledgement(&self.operation, &words.verb),
            method: self.operation.method.to_ascii_uppercase(),
            path: self.operation.path.to_owned(),
            tag: words.tag.clone(),
            words,
            arguments,
            request_body,
            raw_body: raw_body.map(|body| text(body, responses::RAW)),
            json_type: value
                .get("requestBody")
                .and_then(|body| body.text(responses::JSON_TYPE))
                .map(str::to_owned),
            response: self.response(),
        };
        model.documentation = descriptions::of_operation(&model, value);
        Some(model)
    }

    fn error(&mut self, code: &'static str, at: &Pointer, message: String, fix: &str) {
        let error = self.source.error(Stage::Transform, code, at, message);
        self.diagnostics.push(error.fix(fix));
    }

    /// Reports an error in a parameter. Rules have moved parameters, so the error is located at the parameter
    /// that has the same name and the same `in` in the source document.
    fn parameter_error(&mut self, code: &'static str, parameter: &Value, message: String, fix: &str) {
        let key = |parameter: &Value| (parameter.get("name").cloned(), parameter.get("in").cloned());
        let pointer = &self.operation.pointer;
        let operation = self.source.get(pointer).map(|value| operations::Operation {
            pointer: pointer.clone(),
            value,
            ..self.operation
        });
        let listed = operation.map(|operation| references::parameters(self.source.value(), &operation));
        let mut listed = listed.into_iter().flatten();
        let found = listed.find(|(_, listed)| key(listed) == key(parameter));
        let pointer = found.map_or_else(|| pointer.clone(), |(pointer, _)| pointer);
        self.error(code, &pointer, message, fix);
    }

    fn argument(&mut self, parameter: &Value) -> Option<Argument> {
        let name = text(parameter, "name");
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        let place = text(parameter, "in");
        let items = schema.get("items");
        let items = items.filter(|_| schema_kind::has_type(schema, "array"));
        let kind = match (place.as_str(), items) {
            ("path", None) => ArgumentKind::Path,
            ("header", None) => ArgumentKind::Header,
            ("query", None) => ArgumentKind::Single,
            ("query", Some(_)) if parameter.get("explode") == Some(&Value::Bool(false)) => {
                ArgumentKind::CommaSeparated
            }
            ("query", Some(_)) => ArgumentKind::Repeated,
            _ => {
                let message = format!("the parameter `{name}` in {place} is unsupported");
                let fix = "remove the parameter in an overlay";
                self.parameter_error("parameter-place", parameter, message, fix);
                return None;
            }
        };
        if !self.is_single_value(items.unwrap_or(schema)) {
            let message = format!("the parameter `{name}` is neither a single value nor a list of such");
            let fix = "make it a string, a number or a boolean in an overlay";
            self.parameter_error("parameter-type", parameter, message, fix);
            return None;
        }
        Some(Argument {
            required: parameter.is_true("required"),
            name,
            kind,
        })
    }

    fn response(&self) -> Response {
        let response = self.operation.value.pointer("/responses/2XX");
        let raw = response.and_then(|response| response.get(responses::RAW)?.as_str());
        match raw {
            Some(raw) if media::is_text(raw) => Response::Text(raw.to_owned()),
            Some(raw) => Response::Bytes(raw.to_owned()),
            None if response.is_some_and(|response| response.is_true(responses::MAY_BE_EMPTY)) => {
                Response::Optional
            }
            None => Response::Documented,
        }
    }

    /// Returns `true` for the schema of a string, a number, a boolean, an enumeration or an ID.
    fn is_single_value(&self, schema: &Value) -> bool {
        let Some(name) = component::referenced(schema) else {
            return schema_kind::is_simple(schema);
        };
        let component = component::get(self.document, &name);
        component.is_some_and(|component| schema_kind::has_type(component, "string"))
    }

    /// Reports a tag from which no module name can be derived.
    fn check_tag(&mut self, tag: &str) -> Option<()> {
        let problem = if tag.contains(char::is_control) {
            "the tag holds a line break or another control character"
        } else if naming::module(tag).is_empty() {
            "the tag has no letter or digit, so no module can be named after it"
        } else if naming::module(tag).len() > MODULE_LENGTH {
            "the tag is too long, so no file can be named after it"
        } else {
            return Some(());
        };
        let tags = self.operation.pointer.with_trailing_token("tags");
        let fix = "set another tag in an overlay: the generated code is grouped by tag";
        self.error("tag-name", &tags.with_trailing_token(0), problem.to_owned(), fix);
        None
    }
}
