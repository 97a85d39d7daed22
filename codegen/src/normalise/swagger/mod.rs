//! Swagger 2.0 to `OpenAPI` 3.0.3: a new document out of the parts of the old one.

mod bodies;
mod parameters;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use parameters::{Placed, placed};

use super::{Object, TARGET, Work, schemas};
use crate::{
    document::Provenance,
    finding::Severity,
    pointer::{self, METHODS},
    shape::{self, Kind},
};

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
