//! Converts request bodies and responses. Swagger 2.0 describes a request body by parameters: one body
//! parameter, or several form parameters.

use serde_json::{Value, json};

use super::{
    convert::{CONSUMES, Convert, MISFIT, MediaTypes, shared_name},
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

impl<'a> Convert<'a> {
    pub(super) fn request_body(
        &mut self,
        bodies: &[Placed<'_>],
        new: &Pointer,
        consumes: &MediaTypes,
    ) -> Option<Value> {
        let first = bodies.first()?;
        let whole = bodies.iter().find(|body| body.is_whole());
        Some(match (whole, bodies.get(1)) {
            (None, _) => self.form(first, bodies, new, consumes),
            (Some(body), None) => self.json_body(body, new, consumes),
            (Some(_), Some(second)) => {
                let message =
                    "an operation has one body or form parameters: all of these become fields of a form";
                let fix = "remove the others, or make them one object in an overlay";
                self.report(Severity::Warning, "several-bodies", &second.place, message, fix);
                self.form(first, bodies, new, consumes)
            }
        })
    }

    /// Converts form parameters to a body. `first` is the first of these parameters.
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
        for body in bodies {
            let Some(name) = body.parameter.get("name").and_then(Value::as_str) else {
                let message = "a form parameter needs a `name` that is a string";
                let fix = "give it one in an overlay";
                self.report(Severity::Warning, "form-name", &body.place, message, fix);
                continue;
            };
            if properties.contains_key(name) {
                let message = format!("a second form parameter `{name}`");
                let fix = "remove one of them in an overlay";
                self.report(Severity::Warning, "form-name", &body.place, message, fix);
            }
            let mut property = self.form_field(body);
            match property.shift_remove("required") {
                Some(Value::Bool(true)) => required.push(Value::from(name)),
                Some(Value::Bool(false)) | None => {}
                Some(_) => {
                    let place = body.place.with_trailing_token("required");
                    let message = "expected true or false";
                    self.report(Severity::Warning, "structure", place, message, MISFIT);
                }
            }
            properties.insert(name.to_owned(), Value::Object(property));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        let any_required = !required.is_empty();
        if let (true, Some(schema)) = (any_required, schema.as_object_mut()) {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        let content = self.content(&types, FORM, new, Some(&schema), &first.place);
        for media_type in content.keys() {
            for body in bodies {
                let tokens = ["content", media_type, "schema", "properties", body.text("name")];
                self.moved(new.concat(&PointerBuf::from_tokens(tokens)), &body.place);
            }
        }
        json!({ "required": any_required, "content": content })
    }

    /// Returns the `content` of the body or response at `new`. Each media type gets the same `schema`, whose
    /// place in the old document is recorded as `old`.
    fn content(
        &mut self,
        types: &MediaTypes,
        default: &str,
        new: &Pointer,
        schema: Option<&Value>,
        old: &Pointer,
    ) -> Object {
        let place = new.with_trailing_token("content");
        let default = [default.to_owned()];
        let types = if types.types.is_empty() {
            &default[..]
        } else {
            self.moved(&place, &types.place);
            &types.types
        };
        let mut content = Object::new();
        for media_type in types {
            let place = place.with_trailing_token(media_type);
            self.moved(place.with_trailing_token("schema"), old);
            let media = schema.map_or_else(|| json!({}), |schema| json!({ "schema": schema }));
            content.insert(media_type.clone(), media);
        }
        content
    }

    fn form_types(&mut self, first: &Placed<'_>, bodies: &[Placed<'_>], consumes: &MediaTypes) -> MediaTypes {
        let has_file = bodies.iter().any(|body| body.text("type") == "file");
        let all = consumes.types.iter().map(String::as_str);
        let is_form = |media_type: &&str| [FORM, MULTIPART].contains(media_type);
        let mut types: Vec<&str> = all.clone().filter(is_form).collect();
        if types.is_empty() || has_file {
            types = vec![if has_file { MULTIPART } else { FORM }];
        }
        let others: Vec<&str> = all.filter(|media_type| !types.contains(media_type)).collect();
        if !others.is_empty() {
            let is_own = consumes.place != CONSUMES;
            let place = if is_own { &consumes.place } else { &first.place };
            let (sent, others) = (types.join(" or "), others.join(" or "));
            let message =
                format!("form parameters are sent as {sent}, not as {others}, which the operation consumes");
            let fix = "make them one body parameter in an overlay if the service takes an object";
            self.report(Severity::Notice, "form-type", place, message, fix);
        }
        MediaTypes {
            types: types.into_iter().map(str::to_owned).collect(),
            place: first.place.clone(),
        }
    }

    /// Returns the schema of a form parameter. The caller must remove the flag `required` of the parameter
    /// from the schema.
    fn form_field(&mut self, body: &Placed<'_>) -> Object {
        let mut property = body.parameter.clone();
        for key in ["name", "in"] {
            property.shift_remove(key);
        }
        if body.is_whole()
            && let Some(schema) = property.shift_remove("schema")
        {
            property.insert("allOf".to_owned(), json!([schema]));
        }
        if aside::keep_aside(&mut property, "allowEmptyValue").is_some() {
            let place = body.place.with_trailing_token("allowEmptyValue");
            let message = "OpenAPI 3.0 cannot express that a field of a form may be empty";
            let fix = "nothing to do";
            self.report(Severity::Notice, "empty-value", place, message, fix);
        }
        // `OpenAPI` 3.0 repeats the field for each item, as the format `multi` does.
        let joined = body.text("type") == "array"
            && property
                .get("collectionFormat")
                .is_none_or(|format| format != "multi");
        aside::keep_aside(&mut property, "collectionFormat");
        if joined {
            let place = body.place.with_trailing_token("collectionFormat");
            let message = "OpenAPI 3.0 cannot express how a list in a form is joined";
            let fix = "make the field a string in an overlay and join the items";
            self.report(Severity::Warning, "collection-format", place, message, fix);
        }
        property
    }

    fn json_body(&mut self, body: &Placed<'_>, new: &Pointer, consumes: &MediaTypes) -> Value {
        self.moved(new, &body.place);
        let mut result = body.parameter.clone();
        if let Some(name) = result.shift_remove("name") {
            result.shift_insert(0, "x-name".to_owned(), name);
        }
        for key in ["in", "schema"] {
            result.shift_remove(key);
        }
        let from = body.place.with_trailing_token("schema");
        let content = self.content(consumes, JSON, new, body.parameter.get("schema"), &from);
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
            // The shared response has the content types of the whole document. If the operation has other
            // content types, a converted copy of the response replaces the reference.
            let response = Value::Object(response);
            if let Some((from, shared)) = self.shared_response(&response)
                && produces.types != self.old.produces.types
                && shared.get("schema").is_some()
            {
                self.moved(new, &from);
                return self.response(shared.clone(), new, &from, produces);
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
            let default = if is_file { "application/octet-stream" } else { JSON };
            let from = old.with_trailing_token("schema");
            let mut content = self.content(produces, default, new, Some(&schema), &from);
            let mut examples = examples.as_mut().and_then(Value::as_object_mut);
            for (media_type, media) in &mut content {
                let examples = examples.as_mut();
                let example = examples.and_then(|examples| examples.shift_remove(media_type));
                if let Some((example, media)) = example.zip(media.as_object_mut()) {
                    let place = new.concat(&PointerBuf::from_tokens(["content", media_type, "example"]));
                    self.moved(
                        place,
                        old.concat(&PointerBuf::from_tokens(["examples", media_type])),
                    );
                    media.insert("example".to_owned(), example);
                }
            }
            response.insert("content".to_owned(), Value::Object(content));
        }
        // The remaining examples belong to media types that the response does not have.
        if let Some(examples) = examples.filter(|examples| *examples != json!({})) {
            response.insert("examples".to_owned(), examples);
            aside::keep_aside(&mut response, "examples");
            let place = old.with_trailing_token("examples");
            let message = "an example of a media type that the response does not have is not shown";
            let fix = "nothing to do; the original is kept under `x-examples`";
            self.report(Severity::Notice, "examples", place, message, fix);
        }
        Value::Object(response)
    }

    /// Returns the shared response that a reference leads to, and the place of that response. Returns `None`
    /// if the target is itself a reference.
    pub(super) fn shared_response(&self, response: &Value) -> Option<(PointerBuf, &'a Value)> {
        let name = shared_name(response.get("$ref")?.as_str()?, "responses")?;
        let shared = self.old.responses.get(&name)?;
        let place = Pointer::from_static("/responses").with_trailing_token(name);
        shared.get("$ref").is_none().then_some((place, shared))
    }

    fn headers(&mut self, headers: &mut Object, new: &Pointer, old: &Pointer) {
        for (name, header) in headers {
            let Value::Object(header) = header else {
                continue;
            };
            let old = old.with_trailing_token(name);
            let format = header.get("collectionFormat");
            if format.is_some_and(|format| format != "csv") {
                let place = old.with_trailing_token("collectionFormat");
                let message = "OpenAPI 3.0 cannot express a list in a header that is not joined by commas";
                let fix = "make it a string in an overlay";
                self.report(Severity::Warning, "collection-format", place, message, fix);
            }
            aside::keep_aside(header, "collectionFormat");
            self.value_schema(header, &new.with_trailing_token(name), &old);
        }
    }
}
