//! Request bodies, which are parameters in Swagger 2.0, and responses.

use serde_json::{Value, json};

use super::{
    convert::{CONSUMES, Convert, MediaTypes, shared_name},
    parameters::Placed,
};
use crate::{
    diagnostic::Severity,
    media::JSON,
    normalise::{aside, context::Object},
    pointer::{Pointer, PointerBuf},
};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

impl Convert<'_> {
    pub(super) fn request_body(
        &mut self,
        bodies: &[Placed<'_>],
        new: &Pointer,
        consumes: &MediaTypes,
    ) -> Option<Value> {
        if let Some(body) = bodies.iter().find(|body| body.place_name() == "body") {
            if let Some(form) = bodies.iter().find(|form| form.place_name() == "formData") {
                self.report(
                    Severity::Error,
                    "body-and-form",
                    &form.place,
                    "an operation has either a body or form parameters, this one has both",
                    "remove one of them",
                );
            }
            if let Some(second) = bodies.iter().filter(|body| body.place_name() == "body").nth(1) {
                self.report(
                    Severity::Error,
                    "second-body",
                    &second.place,
                    "an operation has one body, this one has another before it",
                    "remove one of them, or make them one object in an overlay",
                );
            }
            return Some(self.json_body(body, new, consumes));
        }
        Some(self.form(bodies.first()?, bodies, new, consumes))
    }

    /// Converts form parameters, the first of which is `first`, to a body.
    fn form(
        &mut self,
        first: &Placed<'_>,
        bodies: &[Placed<'_>],
        new: &Pointer,
        consumes: &MediaTypes,
    ) -> Value {
        self.moved(new, &first.place);
        let types = self.form_types(first, bodies, consumes);
        let mut properties = Object::new();
        let mut required = Vec::new();
        let mut content = Object::new();
        for body in bodies {
            let Some(name) = body.parameter.get("name").and_then(Value::as_str) else {
                self.report(
                    Severity::Error,
                    "form-name",
                    &body.place,
                    "a form parameter needs a `name` that is a string",
                    "give it one in an overlay",
                );
                continue;
            };
            if properties.contains_key(name) {
                self.report(
                    Severity::Error,
                    "form-name",
                    &body.place,
                    format!("a second form parameter `{name}`"),
                    "remove one of them in an overlay",
                );
            }
            let mut property = self.form_field(body);
            match property.shift_remove("required") {
                Some(Value::Bool(true)) => required.push(Value::from(name)),
                Some(Value::Bool(false)) | None => {}
                Some(_) => {
                    let place = body.place.with_trailing_token("required");
                    let fix = "write a value that the Swagger 2.0 specification allows";
                    let message = "expected true or false";
                    self.report(Severity::Error, "structure", &place, message, fix);
                }
            }
            properties.insert(name.to_owned(), Value::Object(property));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        let any_required = !required.is_empty();
        if let (true, Some(schema)) = (any_required, schema.as_object_mut()) {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        for media_type in types {
            let place = new.with_trailing_token("content").with_trailing_token(media_type);
            let place = place
                .with_trailing_token("schema")
                .with_trailing_token("properties");
            for body in bodies {
                if let Some(name) = body.parameter.get("name").and_then(Value::as_str) {
                    self.moved(place.with_trailing_token(name), &body.place);
                }
            }
            content.insert(media_type.to_owned(), json!({ "schema": schema }));
        }
        json!({ "required": any_required, "content": content })
    }

    fn form_types<'t>(
        &mut self,
        first: &Placed<'_>,
        bodies: &[Placed<'_>],
        consumes: &'t MediaTypes,
    ) -> Vec<&'t str> {
        let has_file = bodies
            .iter()
            .any(|body| body.parameter.get("type").is_some_and(|kind| kind == "file"));
        let mut types: Vec<&str> = consumes
            .types
            .iter()
            .map(String::as_str)
            .filter(|media_type| [FORM, MULTIPART].contains(media_type))
            .collect();
        if types.is_empty() || has_file {
            types = vec![if has_file { MULTIPART } else { FORM }];
        }
        let others: Vec<&str> = consumes
            .types
            .iter()
            .map(String::as_str)
            .filter(|media_type| !types.contains(media_type))
            .collect();
        if !others.is_empty() {
            self.report(
                Severity::Notice,
                "form-type",
                if consumes.place == CONSUMES {
                    &first.place
                } else {
                    &consumes.place
                },
                format!(
                    "form parameters are sent as {}, not as {}, which the operation consumes",
                    types.join(" or "),
                    others.join(" or ")
                ),
                "make them one body parameter in an overlay if the service takes an object",
            );
        }
        types
    }

    /// Returns the schema of a form parameter; `required` stays in the schema.
    fn form_field(&mut self, body: &Placed<'_>) -> Object {
        let mut property = body.parameter.clone();
        for key in ["name", "in"] {
            property.shift_remove(key);
        }
        if aside::keep_aside(&mut property, "allowEmptyValue") {
            self.report(
                Severity::Notice,
                "empty-value",
                body.place.with_trailing_token("allowEmptyValue"),
                "OpenAPI 3.0 cannot express that a field of a form may be empty",
                "nothing to do",
            );
        }
        // `OpenAPI` 3.0 repeats the field, like `multi`.
        let joined = property.get("type").is_some_and(|kind| kind == "array")
            && property
                .get("collectionFormat")
                .is_none_or(|format| format != "multi");
        aside::keep_aside(&mut property, "collectionFormat");
        if joined {
            self.report(
                Severity::Warning,
                "collection-format",
                body.place.with_trailing_token("collectionFormat"),
                "OpenAPI 3.0 cannot express how a list in a form is joined",
                "make the field a string in an overlay and join the items",
            );
        }
        property
    }

    fn json_body(&mut self, body: &Placed<'_>, new: &Pointer, consumes: &MediaTypes) -> Value {
        self.moved(new, &body.place);
        let mut result = Object::new();
        for (key, value) in body.parameter {
            match key.as_str() {
                "name" => {
                    result.insert("x-name".to_owned(), value.clone());
                }
                "in" | "schema" => {}
                _ => {
                    result.insert(key.clone(), value.clone());
                }
            }
        }
        let place = new.with_trailing_token("content");
        let types = if consumes.types.is_empty() {
            vec![JSON.to_owned()]
        } else {
            self.moved(place.clone(), &consumes.place);
            consumes.types.clone()
        };
        let mut content = Object::new();
        for media_type in types {
            let mut media = Object::new();
            if let Some(schema) = body.parameter.get("schema") {
                let place = place.with_trailing_token(&media_type);
                self.moved(
                    place.with_trailing_token("schema"),
                    body.place.with_trailing_token("schema"),
                );
                media.insert("schema".to_owned(), schema.clone());
            }
            content.insert(media_type, Value::Object(media));
        }
        result.insert("content".to_owned(), Value::Object(content));
        Value::Object(result)
    }

    pub(super) fn response(
        &mut self,
        response: Value,
        new: &Pointer,
        old: &Pointer,
        produces: &MediaTypes,
    ) -> Value {
        let Value::Object(mut response) = response else {
            return response;
        };
        if response.get("$ref").is_some_and(Value::is_string) {
            // The content types are those of the operation. The reference stays if the document has the same
            // content types.
            let response = Value::Object(response);
            if let Some((from, shared)) = self.shared_response(&response)
                && produces.types != self.produces.types
                && shared.get("schema").is_some()
            {
                let shared = shared.clone();
                self.moved(new, &from);
                return self.response(shared, new, &from, produces);
            }
            return response;
        }
        if let Some(Value::Object(headers)) = response.get_mut("headers") {
            let new = new.with_trailing_token("headers");
            self.headers(headers, &new, &old.with_trailing_token("headers"));
        }
        let mut examples = response.shift_remove("examples");
        if let Some(schema) = response.shift_remove("schema") {
            self.mixed(&mut response, "content", old);
            let is_file = schema.get("type").is_some_and(|kind| kind == "file");
            let types = match produces.types.as_slice() {
                [] => vec![if is_file { "application/octet-stream" } else { JSON }.to_owned()],
                types => {
                    self.moved(new.with_trailing_token("content"), &produces.place);
                    types.to_vec()
                }
            };
            let mut content = Object::new();
            for media_type in types {
                let place = new
                    .with_trailing_token("content")
                    .with_trailing_token(&media_type);
                self.moved(
                    place.with_trailing_token("schema"),
                    old.with_trailing_token("schema"),
                );
                let mut media = Object::new();
                media.insert("schema".to_owned(), schema.clone());
                let example = examples
                    .as_mut()
                    .and_then(Value::as_object_mut)
                    .and_then(|examples| examples.shift_remove(&media_type));
                if let Some(example) = example {
                    self.moved(
                        place.with_trailing_token("example"),
                        old.with_trailing_token("examples")
                            .with_trailing_token(&media_type),
                    );
                    media.insert("example".to_owned(), example);
                }
                content.insert(media_type, Value::Object(media));
            }
            response.insert("content".to_owned(), Value::Object(content));
        }
        // Examples of media types that the response does not have.
        if let Some(examples) = examples.filter(|examples| *examples != json!({})) {
            response.insert("examples".to_owned(), examples);
            aside::keep_aside(&mut response, "examples");
            self.report(
                Severity::Notice,
                "examples",
                old.with_trailing_token("examples"),
                "an example of a media type that the response does not have is not shown",
                "nothing to do; the original is kept under `x-examples`",
            );
        }
        Value::Object(response)
    }

    /// Returns the shared response to which a reference leads, and the place of that response; `None` if the
    /// target is itself a reference.
    pub(super) fn shared_response(&self, response: &Value) -> Option<(PointerBuf, &Value)> {
        let target = response.get("$ref")?.as_str()?;
        let name = shared_name(target, "responses")?;
        let shared = self.responses.get(&name)?;
        let is_reference = shared
            .as_object()
            .is_some_and(|shared| shared.contains_key("$ref"));
        (!is_reference).then(|| {
            (
                Pointer::from_static("/responses").with_trailing_token(&name),
                shared,
            )
        })
    }

    fn headers(&mut self, headers: &mut Object, new: &Pointer, old: &Pointer) {
        for (name, header) in headers {
            let Value::Object(header) = header else {
                continue;
            };
            let old = old.with_trailing_token(name);
            let format = header.get("collectionFormat");
            if format.is_some_and(|format| format != "csv") {
                self.report(
                    Severity::Warning,
                    "collection-format",
                    old.with_trailing_token("collectionFormat"),
                    "OpenAPI 3.0 cannot express a list in a header that is not joined by commas",
                    "make it a string in an overlay",
                );
            }
            aside::keep_aside(header, "collectionFormat");
            self.value_schema(header, &new.with_trailing_token(name), &old);
        }
    }
}
