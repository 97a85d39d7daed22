//! Converts Swagger 2.0 to `OpenAPI` 3.0.3. Builds a new document from the parts of the old document.

mod bodies;
mod convert;
mod parameters;
mod schemas;

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{
    aside,
    context::{Context, Object, Part, TARGET},
    lenient,
};
use crate::{
    diagnostic::Severity,
    openapi_model::{ObjectKind, walk_mut},
    pointer::{METHODS, Pointer, Token},
    references::References,
};
use convert::{Convert, MediaTypes, Old, take, text, typed};
use parameters::{Placed, bodies};

/// Keywords of Swagger 2.0 that `OpenAPI` 3.0 does not have.
const KEYWORDS: [&str; 10] = [
    "host",
    "basePath",
    "schemes",
    "consumes",
    "produces",
    "definitions",
    "parameters",
    "responses",
    "securityDefinitions",
    "schema",
];

pub(super) fn normalise(mut value: Value, context: &mut Context) -> Value {
    walk_mut(&mut value, &mut |kind, pointer, object| {
        let mut part = Part {
            context,
            pointer,
            object,
        };
        lenient::remove_null_keywords(kind, &mut part, |key| KEYWORDS.contains(&key));
    });
    let inner = inner_references(&value);
    let Value::Object(mut document) = value else {
        return value;
    };
    let old = Old::take(context, &mut document);
    let convert = Convert {
        old: &old,
        bodies_used: BTreeSet::new(),
        types_used: BTreeSet::new(),
        types_inherited: Vec::new(),
        context,
    };
    let mut value = Value::Object(convert.document(document));
    walk_mut(&mut value, &mut |kind, pointer, object| {
        let mut part = Part {
            context,
            pointer,
            object,
        };
        if kind.section().is_some() {
            if let Some(Value::String(target)) = part.get("$ref")
                && inner.contains(target)
            {
                let message = format!("`{target}` leads to a part that may move in OpenAPI 3.0");
                let fix =
                    "move the target to the definitions, parameters or responses, and refer to it there";
                part.report(Severity::Warning, "reference-place", "$ref", message, fix);
            }
            reference(&mut part);
        }
        match kind {
            ObjectKind::Schema => schemas::convert_schema(&mut part),
            ObjectKind::SecurityScheme => security_scheme(&mut part),
            _ => {}
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

impl Convert<'_> {
    fn document(mut self, mut old: Object) -> Object {
        let mut new = Object::new();
        new.insert("openapi".to_owned(), TARGET.into());
        self.moved("/openapi", "/swagger");
        old.shift_remove("swagger");
        take(&mut old, &mut new, &["info", "externalDocs"]);
        if let Some(servers) = self.servers() {
            new.insert("servers".to_owned(), servers);
        }
        take(&mut old, &mut new, &["tags", "security"]);
        let mut paths = old.shift_remove("paths").unwrap_or_else(|| json!({}));
        for (path, item) in paths.as_object_mut().into_iter().flatten() {
            if let Value::Object(item) = item
                && !path.starts_with("x-")
            {
                self.path_item(item, &Pointer::from_static("/paths").with_trailing_token(path));
            }
        }
        new.insert("paths".to_owned(), paths);
        let components = self.components(&mut old);
        if !components.is_empty() {
            new.insert("components".to_owned(), Value::Object(components));
        }
        self.copy_inherited_types(&mut new);
        for key in ["consumes", "produces"] {
            let used = self.types_used.contains(key);
            self.types_are_read(&mut old, key, Pointer::root(), used);
        }
        for key in ["servers", "components"] {
            if new.contains_key(key) {
                self.mixed(&mut old, key, Pointer::root());
            }
        }
        // The rest are extensions, and keys that the stage `lint` will report.
        new.extend(old);
        new
    }

    fn servers(&mut self) -> Option<Value> {
        let Old { host, schemes, .. } = self.old;
        let mut base = self.old.base_path.trim_end_matches('/').to_owned();
        if !base.is_empty() && !base.starts_with('/') {
            base.insert(0, '/');
        }
        if host.is_empty() {
            let message = "the document names no host: the client's base URL has to be set by hand";
            let fix = "add the server in an overlay";
            self.report(Severity::Notice, "server", "", message, fix);
            if base.is_empty() {
                return None;
            }
            self.moved("/servers", "/basePath");
            return Some(json!([{ "url": base }]));
        }
        if host.contains("://") {
            let message = format!("`{host}` is not a host: it must not have a scheme");
            let fix = "write the scheme into `schemes`";
            self.report(Severity::Error, "server", "/host", message, fix);
        }
        if let Some(scheme) = schemes.first()
            && !["https", "http"].contains(&scheme.as_str())
        {
            let message = format!("the client calls by https and http, not by `{scheme}`");
            let fix = "add the server in an overlay";
            self.report(Severity::Warning, "schemes", "/schemes", message, fix);
        }
        self.moved("/servers", "/host");
        let url = |scheme| json!({ "url": format!("{scheme}://{host}{base}") });
        Some(schemes.iter().map(url).collect())
    }

    fn components(&mut self, old: &mut Object) -> Object {
        let mut responses = Object::new();
        for (name, response) in &self.old.responses {
            let new = Pointer::from_static("/components/responses").with_trailing_token(name);
            let from = Pointer::from_static("/responses").with_trailing_token(name);
            self.moved(&new, &from);
            let response = self.response(response.clone(), &new, &from, &self.old.produces);
            if self.old.produces.are_of(&response) {
                self.types_used.insert("produces");
            }
            responses.insert(name.clone(), response);
        }
        let mut parameters = Object::new();
        for (name, parameter) in &self.old.parameters {
            let place = parameter
                .as_object()
                .map_or("", |parameter| text(parameter, "in"));
            // Body parameters are converted with their operations, because the operations state the content
            // types.
            let from = Pointer::from_static("/parameters").with_trailing_token(name);
            if !matches!(place, "body" | "formData") {
                let new = Pointer::from_static("/components/parameters").with_trailing_token(name);
                parameters.insert(name.clone(), self.parameter(parameter.clone(), &new, &from));
            } else if !self.bodies_used.contains(&from) {
                let message = "no operation takes this parameter: it is left out";
                let fix = "nothing to do unless an operation should have it";
                self.report(Severity::Notice, "unused-body", &from, message, fix);
            }
        }
        let schemas = self.section(old, "definitions", "/components/schemas");
        let security = self.section(old, "securityDefinitions", "/components/securitySchemes");
        let sections = [
            ("schemas", schemas),
            ("responses", responses),
            ("parameters", parameters),
            ("securitySchemes", security),
        ];
        let sections = sections.into_iter().filter(|(_, section)| !section.is_empty());
        sections
            .map(|(key, section)| (key.to_owned(), Value::Object(section)))
            .collect()
    }

    /// Removes a section from the old document and returns it. Its members move to the place `new` unchanged.
    fn section(&mut self, old: &mut Object, key: &str, new: &str) -> Object {
        let place = Pointer::root().with_trailing_token(key);
        let section = old.shift_remove(key);
        self.moved(new, &place);
        typed(self.context, section, &place, "an object")
    }

    fn path_item(&mut self, item: &mut Object, place: &Pointer) {
        let shared = take_list(item);
        let list = place.with_trailing_token("parameters");
        let shared_bodies = bodies(&shared, &list, &self.old.parameters);
        for (method, operation) in item.iter_mut() {
            if let Value::Object(operation) = operation
                && METHODS.contains(&method.as_str())
            {
                self.operation(operation, &place.with_trailing_token(method), &shared_bodies);
            }
        }
        let parameters = self.parameter_list(&shared, &list);
        put_list(item, parameters);
    }

    fn operation(&mut self, operation: &mut Object, place: &Pointer, shared_bodies: &[Placed<'_>]) {
        let own_consumes = MediaTypes::of(self.context, operation, "consumes", place);
        let consumes = own_consumes.as_ref().unwrap_or(&self.old.consumes);
        let own_produces = MediaTypes::of(self.context, operation, "produces", place);
        let produces = own_produces.as_ref().unwrap_or(&self.old.produces);
        if let Some(schemes) = operation.get("schemes") {
            let list = place.with_trailing_token("schemes");
            let own: Vec<String> = typed(self.context, Some(schemes.clone()), &list, "a list of strings");
            let default = self.old.schemes.first();
            if !own.is_empty() && !default.is_some_and(|default| own.contains(default)) {
                let message = "the operation has schemes of its own, which are not used";
                let fix = "call it with a base URL of that scheme";
                self.report(Severity::Notice, "schemes", list, message, fix);
            }
            aside::keep_aside(operation, "schemes");
        }
        let parameters = take_list(operation);
        let list = place.with_trailing_token("parameters");
        let mut bodies = bodies(&parameters, &list, &self.old.parameters);
        // A body parameter of the operation overrides one of the path with the same `in` and the same name.
        // For `in: body`, the name does not matter.
        let own = bodies.len();
        for shared in shared_bodies {
            let mut own = bodies.iter().take(own);
            let is_overridden = own.any(|own| {
                own.text("in") == shared.text("in")
                    && (own.text("in") == "body" || own.text("name") == shared.text("name"))
            });
            if !is_overridden {
                bodies.push(shared.clone());
            }
        }
        self.bodies_used
            .extend(bodies.iter().map(|body| body.place.clone()));
        let converted = self.parameter_list(&parameters, &list);
        put_list(operation, converted);
        let (mut consumes_used, mut produces_used) = (false, false);
        if let Some(body) = self.request_body(&bodies, &place.with_trailing_token("requestBody"), consumes) {
            self.mixed(operation, "requestBody", place);
            consumes_used = consumes.are_of(&body);
            operation.insert("requestBody".to_owned(), body);
        }
        if let Some(Value::Object(responses)) = operation.get_mut("responses") {
            let place = place.with_trailing_token("responses");
            for (status, response) in responses
                .iter_mut()
                .filter(|(status, _)| !status.starts_with("x-"))
            {
                let place = place.with_trailing_token(status);
                *response = self.response(std::mem::take(response), &place, &place, produces);
                // A shared response has the media types of the document.
                let shared = self.shared_response(response);
                let has_content = shared.is_some_and(|(_, shared)| shared.get("schema").is_some());
                produces_used |= has_content && produces.types == self.old.produces.types;
                produces_used |= produces.are_of(response);
            }
        }
        let has_request_body = operation.contains_key("requestBody");
        let has_response_body = self.has_response_body(operation);
        for (key, own, used, has_body) in [
            ("consumes", own_consumes, consumes_used, has_request_body),
            ("produces", own_produces, produces_used, has_response_body),
        ] {
            if own.is_some() {
                self.types_are_read(operation, key, place, used);
            } else if used {
                self.types_used.insert(key);
            } else if has_body {
                self.types_inherited.push((key, place.to_buf()));
            }
        }
    }

    /// Checks whether a response of an operation has a body. Examples also show that there is one.
    fn has_response_body(&self, operation: &Object) -> bool {
        let responses = operation.get("responses").and_then(Value::as_object);
        responses.into_iter().flatten().any(|(_, response)| {
            let shared = self.shared_response(response).map(|(_, shared)| shared);
            let has = |part: &Value| {
                let mut keys = ["content", "schema", "examples", "x-examples"].into_iter();
                keys.any(|key| part.get(key).is_some())
            };
            has(response) || shared.is_some_and(has)
        })
    }
}

/// Removes the items from the list of parameters and returns them. A value that is not a list stays
/// unchanged.
fn take_list(object: &mut Object) -> Vec<Value> {
    match object.get_mut("parameters") {
        Some(Value::Array(list)) => std::mem::take(list),
        _ => Vec::new(),
    }
}

/// Puts parameters back into an object. Removes the list if it is empty.
fn put_list(object: &mut Object, parameters: Vec<Value>) {
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    } else if object.get("parameters").is_some_and(Value::is_array) {
        object.shift_remove("parameters");
    }
}

fn security_scheme(scheme: &mut Part<'_>) {
    if scheme.is("type", "basic") {
        scheme.set("type", "http");
        scheme.set("scheme", "basic");
    } else if scheme.is("type", "oauth2") && !scheme.contains_key("flows") {
        let name = match scheme.shift_remove("flow").as_ref().and_then(Value::as_str) {
            Some("application") => "clientCredentials",
            Some("accessCode") => "authorizationCode",
            Some("password") => "password",
            Some("implicit") => "implicit",
            _ => {
                scheme.report(
                    Severity::Warning,
                    "oauth-flow",
                    "flow",
                    "the flow is none of `implicit`, `password`, `application` and `accessCode`: it is read \
                     as `implicit`",
                    "write the flow that the service has; the client's calls do not depend on it",
                );
                "implicit"
            }
        };
        let mut flow = Object::new();
        take(scheme, &mut flow, &["authorizationUrl", "tokenUrl", "scopes"]);
        flow.entry("scopes").or_insert_with(|| json!({}));
        scheme.set("flows", json!({ name: flow }));
    }
}
