//! Converts Swagger 2.0 to `OpenAPI` 3.0.3: a new document from the parts of the old one.

mod bodies;
mod convert;
mod parameters;
mod schemas;

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    aside,
    context::{Context, Object, TARGET},
};
use crate::{
    diagnostic::Severity,
    openapi_model::{self, ObjectKind},
    pointer::{METHODS, Pointer, Token},
    references::References,
};
use convert::{CONSUMES, Convert, MediaTypes, misfit, texts};
use parameters::{Placed, bodies};

pub(super) fn normalise(value: Value, context: &mut Context) -> Value {
    let inner = inner_references(&value);
    let Value::Object(mut old) = value else {
        return value;
    };
    let before = context.provenance.clone();
    let convert = Convert {
        consumes: MediaTypes::new(context, old.get("consumes"), CONSUMES),
        produces: MediaTypes::new(context, old.get("produces"), Pointer::from_static("/produces")),
        schemes: schemes(context, old.get("schemes")),
        parameters: take(context, &mut old, "parameters"),
        responses: take(context, &mut old, "responses"),
        host: text(context, &old, "host").filter(|host| !host.is_empty()),
        base_path: text(context, &old, "basePath").unwrap_or_default(),
        bodies_used: BTreeSet::new(),
        types_used: BTreeSet::new(),
        before,
        context,
    };
    let mut value = Value::Object(convert.document(old));
    openapi_model::walk_mut(&mut value, &mut |kind, pointer, object| {
        if kind.section().is_some() {
            if let Some(Value::String(target)) = object.get("$ref")
                && inner.contains(target)
            {
                context.report(
                    Severity::Warning,
                    "reference-place",
                    pointer.with_trailing_token("$ref"),
                    format!("`{target}` leads to a part that may move in OpenAPI 3.0"),
                    "move the target to the definitions, parameters or responses, and refer to it there",
                );
            }
            reference(object);
        }
        if kind == ObjectKind::Schema {
            schemas::convert_schema(context, pointer, object);
        }
    });
    value
}

/// Lists the references that lead to anything other than a shared schema, parameter or response.
fn inner_references(document: &Value) -> BTreeSet<String> {
    let references = References::new(document);
    let inner = references.all().iter().filter(|reference| {
        references.target(reference).is_some_and(|target| {
            let section = target.pointer.front();
            match section.as_ref().map(Token::encoded) {
                Some("definitions") => false,
                Some("parameters" | "responses") => target.pointer.count() > 2,
                _ => true,
            }
        })
    });
    inner.map(|reference| reference.written.to_owned()).collect()
}

/// Redirects a reference to the new place of its target.
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

/// Takes a section out of the document; returns an empty section if it is missing.
fn take(context: &mut Context, document: &mut Object, key: &str) -> Object {
    match document.shift_remove(key) {
        Some(Value::Object(section)) => section,
        Some(_) => {
            misfit(context, &Pointer::root().with_trailing_token(key), "an object");
            Object::new()
        }
        None => Object::new(),
    }
}

/// Returns a member of the document that is a string.
fn text(context: &mut Context, document: &Object, key: &str) -> Option<String> {
    let value = document.get(key)?;
    let text = value.as_str().map(str::to_owned);
    if text.is_none() {
        misfit(context, &Pointer::root().with_trailing_token(key), "a string");
    }
    text
}

/// Returns the schemes of the document, the safest first: the first server is the default.
fn schemes(context: &mut Context, list: Option<&Value>) -> Vec<String> {
    let mut schemes = texts(context, list, Pointer::from_static("/schemes"));
    if schemes.is_empty() {
        schemes.push("https".to_owned());
    }
    schemes.sort_by_key(|scheme| (scheme != "https", scheme != "http"));
    schemes
}

impl Convert<'_> {
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
        if let Some(servers) = self.servers() {
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
        for key in ["schemes", "host", "basePath"] {
            old.shift_remove(key);
        }
        for key in ["consumes", "produces"] {
            let used = self.types_used.contains(key);
            self.types_are_read(&mut old, key, Pointer::root(), used);
        }
        for key in ["servers", "components"] {
            if new.contains_key(key) {
                self.mixed(&mut old, key, Pointer::root());
            }
        }
        // Extensions, and keys that lint will report.
        new.extend(old);
        new
    }

    fn servers(&mut self) -> Option<Value> {
        let mut base = self.base_path.trim_end_matches('/').to_owned();
        if !base.is_empty() && !base.starts_with('/') {
            base.insert(0, '/');
        }
        let Some(host) = self.host.clone() else {
            self.context.report(
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
        if host.contains("://") {
            self.context.report(
                Severity::Error,
                "server",
                "/host",
                format!("`{host}` is not a host: it must not have a scheme"),
                "write the scheme into `schemes`",
            );
        }
        if let Some(scheme) = self.schemes.first()
            && !["https", "http"].contains(&scheme.as_str())
        {
            self.report(
                Severity::Warning,
                "schemes",
                "/schemes",
                format!("the client calls by https and http, not by `{scheme}`"),
                "add the server in an overlay",
            );
        }
        self.moved("/servers".to_owned(), "/host");
        let servers: Vec<Value> = self
            .schemes
            .iter()
            .map(|scheme| json!({ "url": format!("{scheme}://{host}{base}") }))
            .collect();
        Some(Value::Array(servers))
    }

    fn components(&mut self, old: &mut Object) -> Object {
        let mut components = Object::new();
        let definitions = take(self.context, old, "definitions");
        if !definitions.is_empty() {
            self.moved("/components/schemas".to_owned(), "/definitions");
            components.insert("schemas".to_owned(), Value::Object(definitions));
        }
        let mut responses = Object::new();
        for (name, response) in self.responses.clone() {
            let new = Pointer::from_static("/components/responses").with_trailing_token(&name);
            let from = Pointer::from_static("/responses").with_trailing_token(&name);
            self.moved(new.clone(), &from);
            let produces = self.produces.clone();
            let response = self.response(response, &new, &from, &produces);
            if produces.are_of(&response) {
                self.types_used.insert("produces");
            }
            responses.insert(name, response);
        }
        if !responses.is_empty() {
            components.insert("responses".to_owned(), Value::Object(responses));
        }
        let mut parameters = Object::new();
        for (name, parameter) in self.parameters.clone() {
            let place = parameter.get("in").and_then(Value::as_str).unwrap_or_default();
            // Bodies belong to the operations, like their content types.
            let from = Pointer::from_static("/parameters").with_trailing_token(&name);
            if !matches!(place, "body" | "formData") {
                let new = Pointer::from_static("/components/parameters").with_trailing_token(&name);
                parameters.insert(name, self.parameter(parameter, &new, &from));
            } else if !self.bodies_used.contains(&from) {
                self.report(
                    Severity::Notice,
                    "unused-body",
                    &from,
                    "no operation takes this parameter: it is left out",
                    "nothing to do unless an operation should have it",
                );
            }
        }
        if !parameters.is_empty() {
            components.insert("parameters".to_owned(), Value::Object(parameters));
        }
        let schemes = take(self.context, old, "securityDefinitions");
        if !schemes.is_empty() {
            self.moved("/components/securitySchemes".to_owned(), "/securityDefinitions");
            let schemes: Object = schemes
                .into_iter()
                .map(|(name, scheme)| {
                    let place =
                        Pointer::from_static("/components/securitySchemes").with_trailing_token(&name);
                    (name, security_scheme(self.context, scheme, &place))
                })
                .collect();
            components.insert("securitySchemes".to_owned(), Value::Object(schemes));
        }
        components
    }

    fn paths(&mut self, paths: Object) -> Object {
        paths
            .into_iter()
            .map(|(path, item)| {
                let place = Pointer::from_static("/paths").with_trailing_token(&path);
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

    fn path_item(&mut self, mut item: Object, place: &Pointer) -> Object {
        let shared = take_list(&mut item);
        let list = place.with_trailing_token("parameters");
        let global = self.parameters.clone();
        let shared_bodies = bodies(&shared, &list, &global);
        for (method, operation) in &mut item {
            if let Value::Object(operation) = operation
                && METHODS.contains(&method.as_str())
            {
                let place = place.with_trailing_token(method);
                self.operation(operation, &place, &shared_bodies, &global);
            }
        }
        let parameters = self.parameter_list(&shared, &list, &global);
        put_list(&mut item, parameters);
        item
    }

    fn operation(
        &mut self,
        operation: &mut Object,
        place: &Pointer,
        shared_bodies: &[Placed<'_>],
        global: &Object,
    ) {
        let own_consumes = self.own_types(operation, "consumes", place);
        let consumes = own_consumes.clone().unwrap_or_else(|| self.consumes.clone());
        let own_produces = self.own_types(operation, "produces", place);
        let produces = own_produces.clone().unwrap_or_else(|| self.produces.clone());
        if let Some(schemes) = operation.get("schemes") {
            let list = place.with_trailing_token("schemes");
            let own = texts(self.context, Some(schemes), &list);
            let default = self.schemes.first();
            if !own.is_empty() && !default.is_some_and(|default| own.contains(default)) {
                self.context.report(
                    Severity::Notice,
                    "schemes",
                    list,
                    "the operation has schemes of its own, which are not used",
                    "call it with a base URL of that scheme",
                );
            }
            aside::keep_aside(operation, "schemes");
        }
        let parameters = take_list(operation);
        let list = place.with_trailing_token("parameters");
        let mut bodies = bodies(&parameters, &list, global);
        // The operation overrides a body of the path by kind and name.
        for shared in shared_bodies {
            let overridden = bodies.iter().any(|own| {
                own.place_name() == shared.place_name()
                    && (own.place_name() == "body" || own.name() == shared.name())
            });
            if !overridden {
                bodies.push(shared.clone());
            }
        }
        self.bodies_used
            .extend(bodies.iter().map(|body| body.place.clone()));
        let converted = self.parameter_list(&parameters, &list, global);
        put_list(operation, converted);
        let mut used = Vec::new();
        if let Some(body) = self.request_body(&bodies, &place.with_trailing_token("requestBody"), &consumes) {
            self.mixed(operation, "requestBody", place);
            if consumes.are_of(&body) {
                used.push("consumes");
            }
            operation.insert("requestBody".to_owned(), body);
        }
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            let place = place.with_trailing_token("responses");
            for (status, response) in responses
                .iter_mut()
                .filter(|(status, _)| !status.starts_with("x-"))
            {
                let place = place.with_trailing_token(status);
                let old = std::mem::take(response);
                *response = self.response(old, &place, &place, &produces);
                // A shared response has the media types of the document.
                let of_shared = self.shared_response(response).is_some_and(|(_, shared)| {
                    shared.get("schema").is_some() && produces.types == self.produces.types
                });
                if of_shared || produces.are_of(response) {
                    used.push("produces");
                }
            }
        }
        for (key, own) in [("consumes", own_consumes), ("produces", own_produces)] {
            let used = used.contains(&key);
            if own.is_some() {
                self.types_are_read(operation, key, place, used);
            } else if used {
                self.types_used.insert(key);
            }
        }
    }
}

/// Takes the list of parameters; a value that is no list stays.
fn take_list(object: &mut Object) -> Vec<Value> {
    match object.get_mut("parameters") {
        Some(Value::Array(list)) => std::mem::take(list),
        _ => Vec::new(),
    }
}

/// Puts parameters back; an empty list is removed.
fn put_list(object: &mut Object, parameters: Vec<Value>) {
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    } else if object.get("parameters").is_some_and(Value::is_array) {
        object.shift_remove("parameters");
    }
}

fn security_scheme(context: &mut Context, scheme: Value, place: &Pointer) -> Value {
    let Value::Object(mut scheme) = scheme else {
        return scheme;
    };
    match scheme.get("type").and_then(Value::as_str) {
        Some("basic") => {
            scheme.insert("type".to_owned(), "http".into());
            scheme.insert("scheme".to_owned(), "basic".into());
        }
        Some("oauth2") if !scheme.contains_key("flows") => {
            let name = match scheme.shift_remove("flow").as_ref().and_then(Value::as_str) {
                Some("application") => "clientCredentials",
                Some("accessCode") => "authorizationCode",
                Some("password") => "password",
                Some("implicit") => "implicit",
                _ => {
                    context.report(
                        Severity::Warning,
                        "oauth-flow",
                        place.with_trailing_token("flow"),
                        "the flow is none of `implicit`, `password`, `application` and `accessCode`: it is \
                         read as `implicit`",
                        "write the flow that the service has; the client's calls do not depend on it",
                    );
                    "implicit"
                }
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
