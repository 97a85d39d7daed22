//! Operations: paths, parameters, bodies and responses.

use std::collections::HashMap;

use heck::ToSnakeCase as _;
use serde_json::Value;

use super::{
    linter::{Linter, Object, list},
    rules::{self, LintRule},
};
use funnelflux_openapi::{
    media::{has_no_body, json, raw},
    openapi_model::{self, ObjectKind},
    pointer::{METHODS, Pointer, PointerBuf},
};

/// Names of arguments and variables in every generated method.
const TAKEN: &[&str] = &["body", "header_map"];

/// Returns `true` for a character that a URL must not contain.
fn is_excluded(character: char) -> bool {
    character.is_control() || character.is_whitespace() || "\"<>\\^`|".contains(character)
}

struct Parameter<'a> {
    name: &'a str,
    place: &'a str,
    /// Pointer to the entry in the parameter list of the operation or path.
    listed: PointerBuf,
    /// Pointer to the definition.
    defined: PointerBuf,
    object: &'a Object,
}

impl<'a> Linter<'a> {
    pub(super) fn operations(&mut self) {
        let section = Pointer::from_static("/paths");
        let Some(paths) = self.object(section) else {
            return;
        };
        for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
            let item_pointer = section.with_trailing_token(path);
            let names = self.template(&item_pointer, path);
            let Some(item) = item.as_object() else {
                continue;
            };
            let shared = self.parameters(&item_pointer, item);
            self.inline_parameters(&shared);
            for (method, operation) in item
                .iter()
                .filter(|(method, _)| METHODS.contains(&method.as_str()))
            {
                let pointer = item_pointer.with_trailing_token(method);
                let Some(operation) = operation.as_object() else {
                    continue;
                };
                if openapi_model::is_reference(ObjectKind::Operation, operation) {
                    continue;
                }
                self.operation(&pointer, operation, &shared, names.as_deref());
            }
        }
        self.shared_parameters();
    }

    /// Returns the parameter names of a path, in order; `None` if the path is invalid.
    fn template(&mut self, pointer: &Pointer, path: &'a str) -> Option<Vec<&'a str>> {
        let mut wrong = None;
        if !path.starts_with('/') {
            wrong = Some("it must start with `/`");
        } else if path.contains("//") {
            wrong = Some("the generator reduces `//` to `/`");
        } else if path.contains(['?', '#']) {
            wrong = Some("a path cannot contain a query or fragment");
        } else if path.contains(is_excluded) {
            wrong = Some("it contains a character that must be percent-encoded");
        }
        let mut names = Vec::new();
        let mut rest = path;
        while let Some((_, after)) = rest.split_once('{') {
            match after.split_once('}') {
                Some((name, after)) if !name.is_empty() && !name.contains('{') => {
                    names.push(name);
                    rest = after;
                }
                _ => {
                    wrong = Some("its braces are unpaired");
                    break;
                }
            }
        }
        if let Some(wrong) = wrong {
            self.report(
                &rules::PATH_TEMPLATE,
                pointer,
                format!("the path `{path}` is invalid: {wrong}"),
            );
            return None;
        }
        Some(names)
    }

    fn parameters(&mut self, pointer: &Pointer, object: &'a Object) -> Vec<Parameter<'a>> {
        let place = pointer.with_trailing_token("parameters");
        list(object, "parameters")
            .enumerate()
            .filter_map(|(index, parameter)| {
                let listed = place.with_trailing_token(index);
                let (defined, object) = self.resolve_at(&listed, parameter)?;
                Some(Parameter {
                    name: object.get("name")?.as_str()?,
                    place: object.get("in")?.as_str()?,
                    listed,
                    defined,
                    object,
                })
            })
            .collect()
    }

    fn operation(
        &mut self,
        pointer: &Pointer,
        operation: &'a Object,
        shared: &[Parameter<'a>],
        names: Option<&[&str]>,
    ) {
        let own = self.parameters(pointer, operation);
        self.inline_parameters(&own);
        for list in [&own[..], shared] {
            for (index, parameter) in list.iter().enumerate() {
                let twin = list
                    .iter()
                    .take(index)
                    .any(|other| (other.name, other.place) == (parameter.name, parameter.place));
                if twin {
                    let message = format!(
                        "the {} parameter `{}` is listed twice",
                        parameter.place, parameter.name
                    );
                    self.report(&rules::DUPLICATE_PARAMETER, parameter.listed.clone(), message);
                }
            }
        }
        let is_own = |other: &Parameter<'_>| {
            own.iter()
                .any(|own| (own.name, own.place) == (other.name, other.place))
        };
        let all: Vec<&Parameter<'_>> = own
            .iter()
            .chain(shared.iter().filter(|other| !is_own(other)))
            .collect();
        let body = operation.get("requestBody");
        self.argument_names(pointer, &all, body.is_some());
        if let Some(names) = names {
            self.path_parameters(pointer, &all, names);
        }
        if let Some(body) = body {
            self.request(&pointer.with_trailing_token("requestBody"), body);
        }
        if let Some(responses) = operation.get("responses").and_then(Value::as_object) {
            self.responses(&pointer.with_trailing_token("responses"), responses);
        }
    }

    fn argument_names(&mut self, pointer: &Pointer, parameters: &[&Parameter<'_>], body: bool) {
        let mut seen: HashMap<String, &Parameter<'_>> = HashMap::new();
        for parameter in parameters {
            let argument = parameter.name.to_snake_case();
            if TAKEN.contains(&argument.as_str()) && (body || argument != "body") {
                let message = format!(
                    "the parameter `{}` becomes the argument `{argument}`, which every method has",
                    parameter.name
                );
                self.report(&rules::PARAMETER_NAME, parameter.listed.clone(), message);
            }
            match seen.get(&argument) {
                Some(first) if (first.name, first.place) != (parameter.name, parameter.place) => {
                    let message = format!(
                        "the parameters `{}` ({}) and `{}` ({}) both become the argument `{argument}`",
                        first.name, first.place, parameter.name, parameter.place
                    );
                    self.report(&rules::PARAMETER_NAME, pointer, message);
                }
                Some(_) => {}
                None => {
                    seen.insert(argument, parameter);
                }
            }
        }
    }

    fn path_parameters(&mut self, pointer: &Pointer, parameters: &[&Parameter<'_>], names: &[&str]) {
        for name in names {
            if !parameters
                .iter()
                .any(|parameter| parameter.place == "path" && parameter.name == *name)
            {
                self.report(
                    &rules::PATH_PARAMETER,
                    pointer,
                    format!("the path contains `{{{name}}}`, but no path parameter `{name}` is defined"),
                );
            }
        }
        for parameter in parameters.iter().filter(|parameter| parameter.place == "path") {
            if !names.contains(&parameter.name) {
                let message = format!(
                    "the path parameter `{}` does not occur in the path",
                    parameter.name
                );
                self.report(&rules::PATH_PARAMETER, parameter.listed.clone(), message);
            }
        }
    }

    /// Checks parameters that an operation or path defines itself, without a reference.
    fn inline_parameters(&mut self, parameters: &[Parameter<'a>]) {
        for parameter in parameters {
            if parameter.listed == parameter.defined {
                self.parameter(&parameter.defined, parameter.object);
            }
        }
    }

    /// Checks shared parameters, including unused ones.
    fn shared_parameters(&mut self) {
        let section = Pointer::from_static("/components/parameters");
        for (name, parameter) in self.object(section).into_iter().flatten() {
            if let Some(parameter) = parameter
                .as_object()
                .filter(|parameter| !parameter.contains_key("$ref"))
            {
                self.parameter(&section.with_trailing_token(name), parameter);
            }
        }
    }

    fn parameter(&mut self, pointer: &Pointer, parameter: &'a Object) {
        let text = |key: &str| parameter.get(key).and_then(Value::as_str);
        let (Some(name), Some(place)) = (text("name"), text("in")) else {
            return;
        };
        let standard = match place {
            "query" => "form",
            "path" | "header" => "simple",
            // The model has no cookies, and reports them.
            "cookie" => return,
            other => {
                let message = format!("`{name}` is in `{other}` instead of query, header, path or cookie");
                self.report(&rules::STRUCTURE, pointer.with_trailing_token("in"), message);
                return;
            }
        };
        if place == "path" && parameter.get("required") != Some(&Value::Bool(true)) {
            self.report(
                &rules::PATH_PARAMETER,
                pointer,
                format!("the path parameter `{name}` must have `required: true`"),
            );
        }
        if parameter.contains_key("content") {
            self.report(
                &rules::PARAMETER_CONTENT,
                pointer.with_trailing_token("content"),
                format!("the {place} parameter `{name}` is described by `content`"),
            );
            return;
        }
        let style = text("style").unwrap_or(standard);
        if style != standard {
            self.report(
                &rules::PARAMETER_STYLE,
                pointer.with_trailing_token("style"),
                format!("the {place} parameter `{name}` has the style `{style}`"),
            );
        }
    }

    fn request(&mut self, pointer: &Pointer, body: &'a Value) {
        let Some((pointer, body)) = self.resolve_at(pointer, body) else {
            return;
        };
        let content = body.get("content").and_then(Value::as_object);
        if content.is_some_and(Object::is_empty) {
            let place = pointer.with_trailing_token("content");
            let message = "the request body has no content type";
            self.report(&rules::REQUEST_CONTENT, place, message);
        }
        let rules = [&rules::REQUEST_CONTENT, &rules::REQUEST_SCHEMA];
        self.content(&pointer, body, "request body", rules);
    }

    fn responses(&mut self, pointer: &Pointer, responses: &'a Object) {
        let mut success: Vec<(&str, Option<&Value>)> = Vec::new();
        for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-")) {
            let place = pointer.with_trailing_token(status);
            let mut digits = status.chars();
            let class = digits.next().filter(char::is_ascii_digit);
            let rest = digits.as_str();
            let valid = matches!(class, Some('1'..='5'))
                && (rest == "XX" || (rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit())));
            if !valid && status != "default" {
                self.report(
                    &rules::STRUCTURE,
                    place,
                    format!("`{status}` is not a status such as `200`, `2XX` or `default`"),
                );
                continue;
            }
            if class != Some('2') {
                continue;
            }
            let Some((place, response)) = self.resolve_at(&place, response) else {
                continue;
            };
            let schema = if has_no_body(status) {
                None
            } else {
                let rules = [&rules::RESPONSE_CONTENT, &rules::RESPONSE_SCHEMA];
                self.content(&place, response, "response", rules)
            };
            success.push((status, schema));
        }
        match success.as_slice() {
            [] => {
                let listed: Vec<&str> = responses.keys().map(String::as_str).collect();
                let rule = match listed.as_slice() {
                    ["default"] => return,
                    listed if listed.iter().any(|status| status.starts_with(['1', '3'])) => {
                        &rules::SUCCESS_REDIRECT
                    }
                    _ => &rules::SUCCESS_MISSING,
                };
                let listed = match listed.as_slice() {
                    [] => String::new(),
                    listed => format!(", only {}", listed.join(", ")),
                };
                let message = format!("the operation documents no success response (2xx){listed}");
                self.report(rule, pointer, message);
            }
            all => {
                let mut typed = all.iter().filter(|(_, schema)| schema.is_some());
                if let Some((first, schema)) = typed.next()
                    && let Some((other, _)) = typed.find(|(_, other)| other != schema)
                {
                    self.report(
                        &rules::SUCCESS_TYPES,
                        pointer,
                        format!("the success responses {first} and {other} have different types"),
                    );
                }
            }
        }
    }

    /// Checks the content of a request body or success response, and returns its type. The rules are for a
    /// form and for JSON without a schema.
    fn content(
        &mut self,
        pointer: &Pointer,
        body: &'a Object,
        noun: &str,
        [form, no_schema]: [&LintRule; 2],
    ) -> Option<&'a Value> {
        let content = body.get("content")?.as_object()?;
        let place = pointer.with_trailing_token("content");
        let Some(json) = json(content) else {
            if !content.is_empty() && raw(content).is_none() {
                let types: Vec<&str> = content.keys().map(String::as_str).collect();
                let message = format!("the {noun} is a form: {}", types.join(", "));
                self.report(form, place, message);
            }
            return content.values().next();
        };
        let media = content.get(json)?.as_object()?;
        let place = place.with_trailing_token(json);
        let encoding = media.get("encoding").and_then(Value::as_object);
        if encoding.is_some_and(|encoding| !encoding.is_empty()) {
            self.report(
                &rules::CONTENT_ENCODING,
                place.with_trailing_token("encoding"),
                "the body has an `encoding`",
            );
        }
        let schema = media.get("schema");
        if schema.is_none() {
            let message = format!("the {noun} of type `{json}` has no schema");
            self.report(no_schema, place, message);
        }
        schema
    }
}
