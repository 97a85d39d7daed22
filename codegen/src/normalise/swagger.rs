//! Swagger 2.0 to `OpenAPI` 3.0.3: a new document out of the parts of the old one.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Object, TARGET, Work, schemas};
use crate::{
    document::Provenance,
    finding::Severity,
    media::JSON,
    pointer::{self, METHODS},
    shape::{self, Kind},
};

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// Keys of a parameter or header that describe its value. The others describe the parameter.
const VALUE_KEYS: &[&str] = &[
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
    "example",
];

pub(super) fn normalise(value: Value, work: &mut Work) -> Value {
    let Value::Object(mut old) = value else {
        return value;
    };
    let before = work.provenance.clone();
    work.provenance = before.fresh();
    let convert = Convert {
        consumes: media_types(old.get("consumes")),
        produces: media_types(old.get("produces")),
        parameters: take(&mut old, "parameters"),
        responses: take(&mut old, "responses"),
        host: old.get("host").and_then(Value::as_str).map(str::to_owned),
        base_path: old
            .get("basePath")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        before,
        work,
    };
    let mut value = Value::Object(convert.document(old));
    shape::walk_mut(&mut value, &mut |kind, pointer, object| {
        if kind.section().is_some() || kind == Kind::PathItem {
            reference(object);
        }
        if kind == Kind::Schema {
            schemas::swagger(work, pointer, object);
        }
    });
    value
}

/// Leads a reference to where its target is now.
fn reference(object: &mut Object) {
    let Some(Value::String(target)) = object.get_mut("$ref") else {
        return;
    };
    let plain = percent_decode_str(target).decode_utf8_lossy();
    for (old, new) in [
        ("#/definitions/", "schemas"),
        ("#/parameters/", "parameters"),
        ("#/responses/", "responses"),
    ] {
        if let Some(name) = plain.strip_prefix(old) {
            *target = format!("#/components/{new}/{name}");
            return;
        }
    }
}

fn take(object: &mut Object, key: &str) -> Object {
    match object.shift_remove(key) {
        Some(Value::Object(section)) => section,
        Some(other) => {
            // Not what it has to be: lint says so at its place.
            object.insert(key.to_owned(), other);
            Object::new()
        }
        None => Object::new(),
    }
}

/// The media types of `consumes` or `produces`; none if there are none.
fn media_types(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

struct Convert<'a> {
    consumes: Vec<String>,
    produces: Vec<String>,
    parameters: Object,
    responses: Object,
    host: Option<String>,
    base_path: String,
    /// Where the parts of the old document come from.
    before: Provenance,
    work: &'a mut Work,
}

/// A parameter and where it stands in the old document.
struct Placed<'a> {
    place: String,
    parameter: &'a Object,
}

impl Convert<'_> {
    fn moved(&mut self, new: String, old: &str) {
        self.work.provenance.put(new, self.before.place(old));
    }

    fn document(mut self, mut old: Object) -> Object {
        let mut new = Object::new();
        new.insert("openapi".to_owned(), TARGET.into());
        self.moved("/openapi".to_owned(), "/swagger");
        old.shift_remove("swagger");
        for key in ["info", "externalDocs"] {
            if let Some(value) = old.shift_remove(key) {
                new.insert(key.to_owned(), value);
            }
        }
        if let Some(servers) = self.servers(old.get("schemes"), "/schemes") {
            new.insert("servers".to_owned(), servers);
        }
        for key in ["tags", "security"] {
            if let Some(value) = old.shift_remove(key) {
                new.insert(key.to_owned(), value);
            }
        }
        let paths = match old.shift_remove("paths") {
            Some(Value::Object(paths)) => Value::Object(self.paths(paths)),
            Some(other) => other,
            None => json!({}),
        };
        new.insert("paths".to_owned(), paths);
        let components = self.components(&mut old);
        if !components.is_empty() {
            new.insert("components".to_owned(), Value::Object(components));
        }
        for key in ["consumes", "produces", "schemes", "host", "basePath"] {
            old.shift_remove(key);
        }
        // Extensions, and keys that lint will report.
        new.extend(old);
        new
    }

    fn servers(&mut self, schemes: Option<&Value>, place: &str) -> Option<Value> {
        let base = self.base_path.trim_end_matches('/').to_owned();
        let Some(host) = self.host.clone() else {
            self.work.report(
                Severity::Notice,
                "server",
                "",
                "the document names no host: the client's base URL has to be set by hand",
                "add the server in an overlay",
            );
            if base.is_empty() {
                return None;
            }
            self.moved("/servers".to_owned(), "/basePath");
            return Some(json!([{ "url": base }]));
        };
        let mut schemes: Vec<&str> = schemes
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if schemes.is_empty() {
            schemes.push("https");
        }
        // The safer one first: the first server is the default.
        schemes.sort_by_key(|scheme| (*scheme != "https", *scheme != "http"));
        self.moved(
            "/servers".to_owned(),
            if place == "/schemes" { "/host" } else { place },
        );
        let servers: Vec<Value> = schemes
            .iter()
            .map(|scheme| json!({ "url": format!("{scheme}://{host}{base}") }))
            .collect();
        Some(Value::Array(servers))
    }

    fn components(&mut self, old: &mut Object) -> Object {
        let mut components = Object::new();
        let definitions = take(old, "definitions");
        if !definitions.is_empty() {
            self.moved("/components/schemas".to_owned(), "/definitions");
            components.insert("schemas".to_owned(), Value::Object(definitions));
        }
        let mut responses = Object::new();
        for (name, response) in self.responses.clone() {
            let new = pointer::join("/components/responses", &name);
            let from = pointer::join("/responses", &name);
            self.moved(new.clone(), &from);
            let produces = self.produces.clone();
            responses.insert(name, self.response(response, &new, &from, &produces));
        }
        if !responses.is_empty() {
            components.insert("responses".to_owned(), Value::Object(responses));
        }
        let mut parameters = Object::new();
        for (name, parameter) in self.parameters.clone() {
            let place = parameter
                .get("in")
                .and_then(Value::as_str)
                .unwrap_or_default();
            // Bodies stand in the operations: their content types do too.
            if !matches!(place, "body" | "formData") {
                let new = pointer::join("/components/parameters", &name);
                let from = pointer::join("/parameters", &name);
                parameters.insert(name, self.parameter(parameter, &new, &from));
            }
        }
        if !parameters.is_empty() {
            components.insert("parameters".to_owned(), Value::Object(parameters));
        }
        let schemes = take(old, "securityDefinitions");
        if !schemes.is_empty() {
            self.moved(
                "/components/securitySchemes".to_owned(),
                "/securityDefinitions",
            );
            let schemes: Object = schemes
                .into_iter()
                .map(|(name, scheme)| (name, security_scheme(scheme)))
                .collect();
            components.insert("securitySchemes".to_owned(), Value::Object(schemes));
        }
        components
    }

    fn paths(&mut self, paths: Object) -> Object {
        paths
            .into_iter()
            .map(|(path, item)| {
                let place = pointer::join("/paths", &path);
                let item = match item {
                    Value::Object(item) if !path.starts_with("x-") => {
                        Value::Object(self.path_item(item, &place))
                    }
                    other => other,
                };
                (path, item)
            })
            .collect()
    }

    fn path_item(&mut self, mut item: Object, place: &str) -> Object {
        let shared = match item.get_mut("parameters").map(std::mem::take) {
            Some(Value::Array(shared)) => shared,
            Some(other) => {
                item.insert("parameters".to_owned(), other);
                Vec::new()
            }
            None => Vec::new(),
        };
        let list = pointer::join(place, "parameters");
        let global = self.parameters.clone();
        let shared_bodies: Vec<Placed<'_>> = placed(&shared, &list, &global)
            .into_iter()
            .filter(Placed::is_body)
            .collect();
        for (method, operation) in &mut item {
            if let Value::Object(operation) = operation
                && METHODS.contains(&method.as_str())
            {
                let place = pointer::join(place, method);
                self.operation(operation, &place, &shared_bodies, &global);
            }
        }
        let parameters = self.parameter_list(&shared, &list, &list, &global);
        put_list(&mut item, parameters);
        item
    }

    fn operation(
        &mut self,
        operation: &mut Object,
        place: &str,
        shared_bodies: &[Placed<'_>],
        global: &Object,
    ) {
        let consumes = operation
            .shift_remove("consumes")
            .map_or_else(|| self.consumes.clone(), |list| media_types(Some(&list)));
        let produces = operation
            .shift_remove("produces")
            .map_or_else(|| self.produces.clone(), |list| media_types(Some(&list)));
        if let Some(schemes) = operation.shift_remove("schemes") {
            let only_known = schemes.as_array().is_some_and(|list| {
                list.iter()
                    .all(|scheme| scheme == "https" || scheme == "http")
            });
            if !only_known {
                self.work.report(
                    Severity::Notice,
                    "schemes",
                    place,
                    "the operation has schemes of its own, which are not used",
                    "call it with a base URL of that scheme",
                );
            }
            operation.insert("x-schemes".to_owned(), schemes);
        }
        let parameters = match operation.get_mut("parameters").map(std::mem::take) {
            Some(Value::Array(parameters)) => parameters,
            Some(other) => {
                operation.insert("parameters".to_owned(), other);
                Vec::new()
            }
            None => Vec::new(),
        };
        let list = pointer::join(place, "parameters");
        let mut bodies: Vec<Placed<'_>> = placed(&parameters, &list, global)
            .into_iter()
            .filter(Placed::is_body)
            .collect();
        // A body of the path counts where the operation has none of that kind and name.
        for shared in shared_bodies {
            let overridden = bodies
                .iter()
                .any(|own| own.place_name() == "body" || own.name() == shared.name());
            if !overridden {
                bodies.push(Placed {
                    place: shared.place.clone(),
                    parameter: shared.parameter,
                });
            }
        }
        let converted = self.parameter_list(&parameters, &list, &list, global);
        put_list(operation, converted);
        if let Some(body) =
            self.request_body(&bodies, &pointer::join(place, "requestBody"), &consumes)
        {
            operation.insert("requestBody".to_owned(), body);
        }
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            let place = pointer::join(place, "responses");
            for (status, response) in responses
                .iter_mut()
                .filter(|(status, _)| !status.starts_with("x-"))
            {
                let place = pointer::join(&place, status);
                let old = std::mem::take(response);
                *response = self.response(old, &place, &place, &produces);
            }
        }
    }

    /// The parameters of a list that are no bodies.
    fn parameter_list(
        &mut self,
        list: &[Value],
        new: &str,
        old: &str,
        global: &Object,
    ) -> Vec<Value> {
        let mut converted = Vec::new();
        for (index, parameter) in list.iter().enumerate() {
            let from = pointer::item(old, index);
            let body =
                placed_one(parameter, from.clone(), global).is_some_and(|placed| placed.is_body());
            if body {
                continue;
            }
            let place = pointer::item(new, converted.len());
            converted.push(self.parameter(parameter.clone(), &place, &from));
        }
        converted
    }

    fn parameter(&mut self, parameter: Value, new: &str, old: &str) -> Value {
        self.moved(new.to_owned(), old);
        let Value::Object(mut parameter) = parameter else {
            return parameter;
        };
        if parameter.contains_key("$ref") && !parameter.contains_key("in") {
            return Value::Object(parameter);
        }
        let place = parameter
            .get("in")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        self.collection_format(&mut parameter, &place, new);
        self.value_schema(&mut parameter, new, old);
        Value::Object(parameter)
    }

    /// Moves what describes a value into a schema.
    fn value_schema(&mut self, holder: &mut Object, new: &str, old: &str) {
        let mut schema = Object::new();
        for key in VALUE_KEYS.iter().chain(&["$ref"]) {
            if let Some(value) = holder.shift_remove(*key) {
                schema.insert((*key).to_owned(), value);
            }
        }
        // Lists in lists have delimiters too, which only Swagger 2.0 knows.
        let mut items = schema.get_mut("items").and_then(Value::as_object_mut);
        while let Some(inner) = items {
            schemas::keep_aside(inner, "collectionFormat");
            items = inner.get_mut("items").and_then(Value::as_object_mut);
        }
        // Some documents write a schema where only `type` is allowed; it says what is meant.
        if !holder.contains_key("schema") {
            self.moved(pointer::join(new, "schema"), old);
            holder.insert("schema".to_owned(), Value::Object(schema));
        }
    }

    fn collection_format(&mut self, parameter: &mut Object, place: &str, new: &str) {
        let format = parameter.shift_remove("collectionFormat");
        if parameter.get("type").is_none_or(|kind| kind != "array") {
            return;
        }
        let format = format.as_ref().and_then(Value::as_str).unwrap_or("csv");
        let (style, explode) = match (place, format) {
            ("query", "multi") => ("form", true),
            ("query", "csv") => ("form", false),
            ("query", "ssv") => ("spaceDelimited", false),
            ("query", "pipes") => ("pipeDelimited", false),
            ("path" | "header", "csv") => ("simple", false),
            _ => {
                self.work.report(
                    Severity::Error,
                    "collection-format",
                    new,
                    format!("the collection format `{format}` of a {place} parameter cannot be expressed in OpenAPI 3.0"),
                    "make the parameter a string",
                );
                return;
            }
        };
        parameter.insert("style".to_owned(), style.into());
        parameter.insert("explode".to_owned(), explode.into());
    }

    fn request_body(
        &mut self,
        bodies: &[Placed<'_>],
        new: &str,
        consumes: &[String],
    ) -> Option<Value> {
        if let Some(body) = bodies.iter().find(|body| body.place_name() == "body") {
            if let Some(form) = bodies.iter().find(|form| form.place_name() == "formData") {
                self.work.report(
                    Severity::Error,
                    "body-and-form",
                    form.place.clone(),
                    "an operation has either a body or form parameters, this one has both",
                    "remove one of them",
                );
            }
            return Some(self.json_body(body, new, consumes));
        }
        let first = bodies.first()?;
        self.moved(new.to_owned(), &first.place);
        let has_file = bodies.iter().any(|body| {
            body.parameter
                .get("type")
                .is_some_and(|kind| kind == "file")
        });
        let mut types: Vec<&str> = consumes
            .iter()
            .map(String::as_str)
            .filter(|media_type| [FORM, MULTIPART].contains(media_type))
            .collect();
        if types.is_empty() || has_file {
            types = vec![if has_file { MULTIPART } else { FORM }];
        }
        let mut properties = Object::new();
        let mut required = Vec::new();
        let mut content = Object::new();
        for body in bodies {
            let Some(name) = body.parameter.get("name").and_then(Value::as_str) else {
                continue;
            };
            let mut property = body.parameter.clone();
            for key in ["name", "in", "allowEmptyValue"] {
                property.shift_remove(key);
            }
            if property.shift_remove("required") == Some(Value::Bool(true)) {
                required.push(Value::from(name));
            }
            if property.contains_key("collectionFormat") {
                schemas::keep_aside(&mut property, "collectionFormat");
                self.work.report(
                    Severity::Warning,
                    "collection-format",
                    body.place.clone(),
                    "how a list in a form is joined is not expressed",
                    "make the field a string in an overlay and join the items",
                );
            }
            properties.insert(name.to_owned(), Value::Object(property));
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        let any_required = !required.is_empty();
        if let (true, Some(schema)) = (any_required, schema.as_object_mut()) {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        for media_type in types {
            let place = pointer::join(&pointer::join(new, "content"), media_type);
            let place = format!("{place}/schema/properties");
            for body in bodies {
                if let Some(name) = body.parameter.get("name").and_then(Value::as_str) {
                    self.moved(pointer::join(&place, name), &body.place);
                }
            }
            content.insert(media_type.to_owned(), json!({ "schema": schema }));
        }
        Some(json!({ "required": any_required, "content": content }))
    }

    fn json_body(&mut self, body: &Placed<'_>, new: &str, consumes: &[String]) -> Value {
        self.moved(new.to_owned(), &body.place);
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
        let types = if consumes.is_empty() {
            vec![JSON.to_owned()]
        } else {
            consumes.to_vec()
        };
        let mut content = Object::new();
        for media_type in types {
            let mut media = Object::new();
            if let Some(schema) = body.parameter.get("schema") {
                let place = pointer::join(&pointer::join(new, "content"), &media_type);
                self.moved(format!("{place}/schema"), &format!("{}/schema", body.place));
                media.insert("schema".to_owned(), schema.clone());
            }
            content.insert(media_type, Value::Object(media));
        }
        result.insert("content".to_owned(), Value::Object(content));
        Value::Object(result)
    }

    fn response(&mut self, response: Value, new: &str, old: &str, produces: &[String]) -> Value {
        let Value::Object(mut response) = response else {
            return response;
        };
        if let Some(target) = response.get("$ref").and_then(Value::as_str) {
            // The content types are those of the operation; where they are the document's, the reference stands.
            let name = target
                .strip_prefix("#/responses/")
                .map(|name| pointer::unescape(name).into_owned());
            let shared = name
                .as_ref()
                .and_then(|name| self.responses.get(name))
                .filter(|shared| {
                    !shared
                        .as_object()
                        .is_some_and(|shared| shared.contains_key("$ref"))
                });
            if let (Some(name), Some(shared)) = (&name, shared)
                && produces != self.produces
                && shared.get("schema").is_some()
            {
                let from = pointer::join("/responses", name);
                let shared = shared.clone();
                self.moved(new.to_owned(), &from);
                return self.response(shared, new, &from, produces);
            }
            return Value::Object(response);
        }
        if let Some(Value::Object(headers)) = response.get_mut("headers") {
            let headers_place = pointer::join(new, "headers");
            let headers_old = pointer::join(old, "headers");
            for (name, header) in headers {
                if let Value::Object(header) = header {
                    header.shift_remove("collectionFormat");
                    self.value_schema(
                        header,
                        &pointer::join(&headers_place, name),
                        &pointer::join(&headers_old, name),
                    );
                }
            }
        }
        let examples = response.shift_remove("examples");
        if let Some(schema) = response.shift_remove("schema") {
            let is_file = schema.get("type").is_some_and(|kind| kind == "file");
            let types = match produces {
                [] => vec![
                    if is_file {
                        "application/octet-stream"
                    } else {
                        JSON
                    }
                    .to_owned(),
                ],
                types => types.to_vec(),
            };
            let mut content = Object::new();
            for media_type in types {
                let place = pointer::join(&pointer::join(new, "content"), &media_type);
                self.moved(format!("{place}/schema"), &format!("{old}/schema"));
                let mut media = Object::new();
                media.insert("schema".to_owned(), schema.clone());
                if let Some(example) = examples
                    .as_ref()
                    .and_then(|examples| examples.get(&media_type))
                {
                    self.moved(
                        format!("{place}/example"),
                        &pointer::join(&pointer::join(old, "examples"), &media_type),
                    );
                    media.insert("example".to_owned(), example.clone());
                }
                content.insert(media_type, Value::Object(media));
            }
            response.insert("content".to_owned(), Value::Object(content));
        } else if let Some(examples) = examples {
            response.insert("x-examples".to_owned(), examples);
        }
        Value::Object(response)
    }
}

impl Placed<'_> {
    fn place_name(&self) -> &str {
        self.parameter
            .get("in")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn name(&self) -> &str {
        self.parameter
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn is_body(&self) -> bool {
        matches!(self.place_name(), "body" | "formData")
    }
}

fn placed<'a>(list: &'a [Value], place: &str, global: &'a Object) -> Vec<Placed<'a>> {
    let list = list.iter().enumerate();
    list.filter_map(|(index, parameter)| placed_one(parameter, pointer::item(place, index), global))
        .collect()
}

/// A parameter, or the one of the document that it refers to.
fn placed_one<'a>(parameter: &'a Value, place: String, global: &'a Object) -> Option<Placed<'a>> {
    let object = parameter.as_object()?;
    let name = object
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|target| target.strip_prefix("#/parameters/"));
    match name {
        Some(name) if !object.contains_key("in") => {
            let name = pointer::unescape(name);
            let place = pointer::join("/parameters", &name);
            Some(Placed {
                place,
                parameter: global.get(&*name)?.as_object()?,
            })
        }
        _ => Some(Placed {
            place,
            parameter: object,
        }),
    }
}

/// Puts parameters where they were; an empty list goes.
fn put_list(object: &mut Object, parameters: Vec<Value>) {
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    } else if object.get("parameters").is_some_and(Value::is_null) {
        object.shift_remove("parameters");
    }
}

fn security_scheme(scheme: Value) -> Value {
    let Value::Object(mut scheme) = scheme else {
        return scheme;
    };
    match scheme.get("type").and_then(Value::as_str) {
        Some("basic") => {
            scheme.insert("type".to_owned(), "http".into());
            scheme.insert("scheme".to_owned(), "basic".into());
        }
        Some("oauth2") => {
            let name = match scheme.shift_remove("flow").as_ref().and_then(Value::as_str) {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some("password") => "password",
                _ => "implicit",
            };
            let mut flow = Object::new();
            for key in ["authorizationUrl", "tokenUrl", "scopes"] {
                if let Some(value) = scheme.shift_remove(key) {
                    flow.insert(key.to_owned(), value);
                }
            }
            flow.entry("scopes").or_insert_with(|| json!({}));
            scheme.insert("flows".to_owned(), json!({ name: flow }));
        }
        _ => {}
    }
    Value::Object(scheme)
}
