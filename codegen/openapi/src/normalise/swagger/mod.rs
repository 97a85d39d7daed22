//! Swagger 2.0 to `OpenAPI` 3.0.3: a new document out of the parts of the old one.

mod bodies;
mod parameters;

use std::collections::BTreeSet;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use parameters::{Placed, placed};

use super::{Object, TARGET, Work, schemas};
use crate::{
    diagnostic::{Diagnostic, Severity, Stage},
    document::Provenance,
    openapi_model::{self, Kind},
    pointer::{self, METHODS},
    references,
};

pub(super) fn normalise(value: Value, work: &mut Work) -> Value {
    let inner = inner_references(&value);
    let Value::Object(mut old) = value else {
        return value;
    };
    let before = work.provenance.clone();
    let convert = Convert {
        consumes: MediaTypes::new(work, old.get("consumes"), CONSUMES),
        produces: MediaTypes::new(work, old.get("produces"), "/produces"),
        schemes: schemes(work, old.get("schemes")),
        parameters: take(work, &mut old, "parameters"),
        responses: take(work, &mut old, "responses"),
        host: text(work, &old, "host").filter(|host| !host.is_empty()),
        base_path: text(work, &old, "basePath").unwrap_or_default(),
        bodies_used: BTreeSet::new(),
        types_used: BTreeSet::new(),
        before,
        work,
    };
    let mut value = Value::Object(convert.document(old));
    openapi_model::walk_mut(&mut value, &mut |kind, pointer, object| {
        if kind.section().is_some() {
            if let Some(Value::String(target)) = object.get("$ref")
                && inner.contains(target)
            {
                work.report(
                    Severity::Warning,
                    "reference-place",
                    pointer::join(pointer, "$ref"),
                    format!("`{target}` leads to what may stand elsewhere in OpenAPI 3.0"),
                    "move what it refers to into the definitions, parameters or responses and refer to it there",
                );
            }
            reference(object);
        }
        if kind == Kind::Schema {
            schemas::swagger(work, pointer, object);
        }
    });
    value
}

/// The references that lead somewhere, but not to a schema, parameter or response of the document.
fn inner_references(document: &Value) -> BTreeSet<String> {
    let mut targets = Vec::new();
    references::collect(document, &mut targets);
    targets
        .into_iter()
        .filter(|target| {
            let mut tokens = pointer::tokens(target);
            match tokens.next().as_deref() {
                Some("definitions") => false,
                Some("parameters" | "responses") => tokens.nth(1).is_some(),
                _ => true,
            }
        })
        .filter(|target| document.pointer(target).is_some())
        .map(|target| format!("#{target}"))
        .collect()
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

/// A section of the document, out of it; an empty one if there is none.
fn take(work: &mut Work, document: &mut Object, key: &str) -> Object {
    match document.shift_remove(key) {
        Some(Value::Object(section)) => section,
        Some(_) => {
            misfit(work, &pointer::join("", key), "an object");
            Object::new()
        }
        None => Object::new(),
    }
}

/// The strings of a list, such as `consumes`; none if there is no list.
fn texts(work: &mut Work, list: Option<&Value>, place: &str) -> Vec<String> {
    let strings: Option<Vec<String>> = match list {
        None => Some(Vec::new()),
        Some(Value::Array(list)) => list.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Some(_) => None,
    };
    strings.unwrap_or_else(|| {
        misfit(work, place, "a list of strings");
        Vec::new()
    })
}

/// The string that a member of the document is.
fn text(work: &mut Work, document: &Object, key: &str) -> Option<String> {
    let value = document.get(key)?;
    let text = value.as_str().map(str::to_owned);
    if text.is_none() {
        misfit(work, &pointer::join("", key), "a string");
    }
    text
}

/// What is no longer there when lint looks.
fn misfit(work: &mut Work, place: &str, wanted: &str) {
    let help = "write what the Swagger 2.0 specification wants there";
    let message = format!("here has to be {wanted}");
    work.report(Severity::Error, "structure", place, message, help);
}

/// The schemes of the document, the safer one first: the first server is the default.
fn schemes(work: &mut Work, list: Option<&Value>) -> Vec<String> {
    let mut schemes = texts(work, list, "/schemes");
    if schemes.is_empty() {
        schemes.push("https".to_owned());
    }
    schemes.sort_by_key(|scheme| (scheme != "https", scheme != "http"));
    schemes
}

/// Where the document says what all operations consume.
const CONSUMES: &str = "/consumes";

/// Media types that a list says, and where it stands.
#[derive(Clone)]
struct MediaTypes {
    types: Vec<String>,
    place: String,
}

impl MediaTypes {
    fn new(work: &mut Work, list: Option<&Value>, place: &str) -> Self {
        Self {
            types: texts(work, list, place),
            place: place.to_owned(),
        }
    }

    /// Whether these are the media types of the content of a body or response.
    fn are_of(&self, holder: &Value) -> bool {
        let content = holder.get("content").and_then(Value::as_object);
        content.is_some_and(|content| content.keys().eq(&self.types))
    }
}

struct Convert<'a> {
    consumes: MediaTypes,
    produces: MediaTypes,
    schemes: Vec<String>,
    parameters: Object,
    responses: Object,
    host: Option<String>,
    base_path: String,
    /// The places of the shared parameters that became bodies of operations.
    bodies_used: BTreeSet<String>,
    /// Which of the document's `consumes` and `produces` became the content of something.
    types_used: BTreeSet<&'static str>,
    /// Where the parts of the old document come from.
    before: Provenance,
    work: &'a mut Work,
}

impl Convert<'_> {
    /// The media types that an operation lists itself.
    fn own_types(&mut self, operation: &Object, key: &str, place: &str) -> Option<MediaTypes> {
        let list = operation.get(key)?;
        let place = pointer::join(place, key);
        Some(MediaTypes::new(self.work, Some(list), &place))
    }

    /// Takes `consumes` or `produces` out of its holder; where it did not become the content of anything, it is kept
    /// aside, so that a comparison sees it.
    fn types_are_read(&mut self, holder: &mut Object, key: &str, place: &str, used: bool) {
        if used {
            holder.shift_remove(key);
        } else if holder.contains_key(key) {
            let aside = schemas::name_aside(holder, key);
            self.moved(pointer::join(place, &aside), &pointer::join(place, key));
            schemas::keep_aside(holder, key);
        }
    }

    fn moved(&mut self, new: String, old: &str) {
        self.work.provenance.put(new, self.before.place(old));
    }

    /// Reports on what stands at `place` in the old document; the new one may have something else there.
    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        place: &str,
        message: impl Into<String>,
        help: &str,
    ) {
        let diagnostic = Diagnostic::new(severity, Stage::Normalise, code, place, message).fix(help);
        let location = self.before.place(place).location();
        self.work.diagnostics.push(diagnostic.at(Some(location)));
    }

    /// Refuses a key of `OpenAPI` 3.0 where the keys of Swagger 2.0 say the same thing. `place` is that of its holder in
    /// the old document.
    fn mixed(&mut self, holder: &mut Object, key: &str, place: &str) {
        if !holder.contains_key(key) {
            return;
        }
        self.report(
            Severity::Error,
            "mixed-versions",
            &pointer::join(place, key),
            format!("`{key}` is of OpenAPI 3.0, and what Swagger 2.0 has for it stands here too"),
            "remove one of the two: which of them counts is not known",
        );
        schemas::keep_aside(holder, key);
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
            self.types_are_read(&mut old, key, "", used);
        }
        for key in ["servers", "components"] {
            if new.contains_key(key) {
                self.mixed(&mut old, key, "");
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
        if host.contains("://") {
            self.work.report(
                Severity::Error,
                "server",
                "/host",
                format!("`{host}` is no host: a scheme does not belong there"),
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
        let definitions = take(self.work, old, "definitions");
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
            // Bodies stand in the operations: their content types do too.
            let from = pointer::join("/parameters", &name);
            if !matches!(place, "body" | "formData") {
                let new = pointer::join("/components/parameters", &name);
                parameters.insert(name, self.parameter(parameter, &new, &from));
            } else if !self.bodies_used.contains(&from) {
                self.report(
                    Severity::Notice,
                    "unused-body",
                    &from,
                    "no operation takes this parameter: it is left out",
                    "nothing has to be done unless an operation should have it",
                );
            }
        }
        if !parameters.is_empty() {
            components.insert("parameters".to_owned(), Value::Object(parameters));
        }
        let schemes = take(self.work, old, "securityDefinitions");
        if !schemes.is_empty() {
            self.moved("/components/securitySchemes".to_owned(), "/securityDefinitions");
            let schemes: Object = schemes
                .into_iter()
                .map(|(name, scheme)| {
                    let place = pointer::join("/components/securitySchemes", &name);
                    (name, security_scheme(self.work, scheme, &place))
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
        let own_consumes = self.own_types(operation, "consumes", place);
        let consumes = own_consumes.clone().unwrap_or_else(|| self.consumes.clone());
        let own_produces = self.own_types(operation, "produces", place);
        let produces = own_produces.clone().unwrap_or_else(|| self.produces.clone());
        if let Some(schemes) = operation.get("schemes") {
            let list = pointer::join(place, "schemes");
            let own = texts(self.work, Some(schemes), &list);
            let default = self.schemes.first();
            if !own.is_empty() && !default.is_some_and(|default| own.contains(default)) {
                self.work.report(
                    Severity::Notice,
                    "schemes",
                    list,
                    "the operation has schemes of its own, which are not used",
                    "call it with a base URL of that scheme",
                );
            }
            schemas::keep_aside(operation, "schemes");
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
            let overridden = bodies.iter().any(|own| {
                own.place_name() == shared.place_name()
                    && (own.place_name() == "body" || own.name() == shared.name())
            });
            if !overridden {
                bodies.push(Placed {
                    place: shared.place.clone(),
                    parameter: shared.parameter,
                });
            }
        }
        self.bodies_used
            .extend(bodies.iter().map(|body| body.place.clone()));
        let converted = self.parameter_list(&parameters, &list, &list, global);
        put_list(operation, converted);
        let mut used = Vec::new();
        if let Some(body) = self.request_body(&bodies, &pointer::join(place, "requestBody"), &consumes) {
            self.mixed(operation, "requestBody", place);
            if consumes.are_of(&body) {
                used.push("consumes");
            }
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
                // What it refers to has the media types of the document.
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

/// Puts parameters where they were; an empty list goes.
fn put_list(object: &mut Object, parameters: Vec<Value>) {
    if !parameters.is_empty() {
        object.insert("parameters".to_owned(), Value::Array(parameters));
    } else if object.get("parameters").is_some_and(Value::is_null) {
        object.shift_remove("parameters");
    }
}

fn security_scheme(work: &mut Work, scheme: Value, place: &str) -> Value {
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
                    work.report(
                        Severity::Warning,
                        "oauth-flow",
                        pointer::join(place, "flow"),
                        "the flow is none of `implicit`, `password`, `application` and `accessCode`: it is read as \
                         `implicit`",
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
