//! Checks operations: their paths, parameters, bodies and responses.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{
    linter::{Linter, Object},
    rules::{self, LintRule},
};
use crate::{json::Json as _, naming};
use funnelflux_openapi::{
    media::{has_no_body, json, raw},
    openapi_model::{self, ObjectKind},
    pointer::{METHODS, Pointer, PointerBuf},
};

/// Names that generated methods already use for an argument or a variable.
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
    /// Pointer to the definition of the parameter, which is a component if the entry is a reference.
    defined: PointerBuf,
    object: &'a Object,
}

impl<'a> Parameter<'a> {
    /// Returns the name and the location (`in`) of a parameter. Together, they must be unique in an
    /// operation.
    fn key(&self) -> (&'a str, &'a str) {
        (self.name, self.place)
    }
}

impl<'a> Linter<'a> {
    pub(super) fn operations(&mut self) {
        let section = Pointer::from_static("/paths");
        let paths = self.object(section).into_iter().flatten();
        for (path, item) in paths.filter(|(path, _)| !path.starts_with("x-")) {
            let item_pointer = section.with_trailing_token(path);
            let names = self.template(&item_pointer, path);
            let shared = self.parameters(&item_pointer, item);
            for method in METHODS {
                if let Some(operation) = item.get(method)
                    && let Some(members) = operation.as_object()
                    && !openapi_model::is_reference(ObjectKind::Operation, members)
                {
                    let pointer = item_pointer.with_trailing_token(method);
                    self.operation(&pointer, operation, &shared, names.as_deref());
                }
            }
        }
        self.shared_parameters();
    }

    /// Returns the names of the parameters in a path, in order. Returns `None` and reports an error if the
    /// path is invalid.
    fn template(&mut self, pointer: &Pointer, path: &'a str) -> Option<Vec<&'a str>> {
        let names = path_parameters(path);
        let mut seen = HashSet::new();
        let mut all = names.iter().flatten();
        let wrong = if names.is_none() {
            "its braces are unpaired"
        } else if !all.all(|name| seen.insert(name)) {
            "it contains a parameter twice"
        } else if !path.starts_with('/') {
            "it must start with `/`"
        } else if path.contains("//") {
            "the generator reduces `//` to `/`"
        } else if path.contains(['?', '#']) {
            "a path cannot contain a query or fragment"
        } else if path.contains(is_excluded) {
            "it contains a character that must be percent-encoded"
        } else {
            return names;
        };
        let message = format!("the path `{path}` is invalid: {wrong}");
        self.report(&rules::PATH_TEMPLATE, pointer, message);
        None
    }

    /// Returns the parameters of a path or operation. Checks the parameters that are defined in the list
    /// itself. `shared_parameters` checks the targets of references.
    fn parameters(&mut self, pointer: &Pointer, holder: &'a Value) -> Vec<Parameter<'a>> {
        let place = pointer.with_trailing_token("parameters");
        let parameter = |(index, parameter): (usize, &'a Value)| {
            let listed = place.with_trailing_token(index);
            let (defined, object) = self.resolve_at(&listed, parameter)?;
            Some(Parameter {
                name: object.text("name")?,
                place: object.text("in")?,
                listed,
                defined,
                object,
            })
        };
        let list = holder.items("parameters").enumerate();
        let parameters: Vec<Parameter<'a>> = list.filter_map(parameter).collect();
        let is_inline = |parameter: &&Parameter<'_>| parameter.listed == parameter.defined;
        for parameter in parameters.iter().filter(is_inline) {
            self.parameter(&parameter.defined, parameter.object);
        }
        parameters
    }

    fn operation(
        &mut self,
        pointer: &Pointer,
        operation: &'a Value,
        shared: &[Parameter<'a>],
        names: Option<&[&str]>,
    ) {
        let own = self.parameters(pointer, operation);
        for list in [&own[..], shared] {
            let mut seen = HashSet::new();
            for parameter in list.iter().filter(|parameter| !seen.insert(parameter.key())) {
                let (name, place) = parameter.key();
                let message = format!("the {place} parameter `{name}` is listed twice");
                self.report(&rules::DUPLICATE_PARAMETER, &parameter.listed, message);
            }
        }
        let is_own = |other: &Parameter<'_>| own.iter().any(|own| own.key() == other.key());
        let inherited = shared.iter().filter(|other| !is_own(other));
        let all: Vec<&Parameter<'_>> = own.iter().chain(inherited).collect();
        let body = operation.get("requestBody");
        self.argument_names(pointer, &all, body.is_some());
        if let Some(names) = names {
            self.path_parameters(pointer, &all, names);
        }
        if let Some(body) = body {
            self.request(&pointer.with_trailing_token("requestBody"), body);
        }
        if let Some(responses) = operation.object("responses") {
            self.responses(&pointer.with_trailing_token("responses"), responses);
        }
    }

    fn argument_names(&mut self, pointer: &Pointer, parameters: &[&Parameter<'_>], body: bool) {
        let mut seen: HashMap<String, &Parameter<'_>> = HashMap::new();
        for parameter in parameters {
            let (name, place) = parameter.key();
            let argument = naming::argument(name);
            if name.is_empty() {
                let message = format!("the {place} parameter has an empty name");
                self.report(&rules::PARAMETER_NAME, &parameter.listed, message);
            }
            if TAKEN.contains(&argument.as_str()) && (body || argument != "body") {
                let taken = format!("the argument `{argument}`, which every method has");
                let message = format!("the parameter `{name}` becomes {taken}");
                self.report(&rules::PARAMETER_NAME, &parameter.listed, message);
            }
            let first = *seen.entry(argument.clone()).or_insert(parameter);
            if first.key() != parameter.key() {
                // If one of the two is optional, the error is reported there, so that only this parameter is
                // left out.
                let is_required = |parameter: &Parameter<'_>| parameter.object.is_true("required");
                let place_of = match (is_required(first), is_required(parameter)) {
                    (_, false) => &parameter.listed,
                    (false, true) => &first.listed,
                    (true, true) => pointer,
                };
                let message = format!(
                    "the parameters `{}` ({}) and `{name}` ({place}) both become the argument `{argument}`",
                    first.name, first.place
                );
                self.report(&rules::PARAMETER_NAME, place_of, message);
            }
        }
    }

    fn path_parameters(&mut self, pointer: &Pointer, parameters: &[&Parameter<'_>], names: &[&str]) {
        let in_path = parameters.iter().filter(|parameter| parameter.place == "path");
        for name in names {
            if !in_path.clone().any(|parameter| parameter.name == *name) {
                let message =
                    format!("the path contains `{{{name}}}`, but no path parameter `{name}` is defined");
                self.report(&rules::PATH_PARAMETER_UNDEFINED, pointer, message);
            }
        }
        for parameter in in_path.filter(|parameter| !names.contains(&parameter.name)) {
            let name = parameter.name;
            let message = format!("the path parameter `{name}` does not occur in the path");
            self.report(&rules::PATH_PARAMETER, &parameter.listed, message);
        }
    }

    /// Checks the parameters under `components`, including unused ones.
    fn shared_parameters(&mut self) {
        let section = Pointer::from_static("/components/parameters");
        for (name, parameter) in self.object(section).into_iter().flatten() {
            if let Value::Object(parameter) = parameter
                && !parameter.contains_key("$ref")
            {
                self.parameter(&section.with_trailing_token(name), parameter);
            }
        }
    }

    fn parameter(&mut self, pointer: &Pointer, parameter: &'a Object) {
        let (Some(name), Some(place)) = (parameter.text("name"), parameter.text("in")) else {
            return;
        };
        let standard = match place {
            "query" => "form",
            "path" | "header" => "simple",
            // Cookie parameters are reported elsewhere: optional ones by `parameters`, and required ones when
            // the API model is read, which does not support them.
            "cookie" => return,
            other => {
                let message = format!("`{name}` is in `{other}` instead of query, header, path or cookie");
                self.report_member(&rules::STRUCTURE, pointer, "in", message);
                return;
            }
        };
        let style = parameter.text("style").unwrap_or(standard);
        if parameter.contains_key("content") {
            let message = format!("the {place} parameter `{name}` is described by `content`");
            self.report_member(&rules::PARAMETER_CONTENT, pointer, "content", message);
        } else if style != standard {
            let message = format!("the {place} parameter `{name}` has the style `{style}`");
            self.report_member(&rules::PARAMETER_STYLE, pointer, "style", message);
        }
    }

    fn request(&mut self, pointer: &Pointer, body: &'a Value) {
        let Some((pointer, body)) = self.resolve_at(pointer, body) else {
            return;
        };
        if body.object("content").is_some_and(Object::is_empty) {
            let message = "the request body has no content type";
            self.report_member(&rules::REQUEST_CONTENT, &pointer, "content", message);
        }
        let rules = [&rules::REQUEST_CONTENT, &rules::REQUEST_SCHEMA];
        self.content(&pointer, body, "request body", rules);
    }

    fn responses(&mut self, pointer: &Pointer, responses: &'a Object) {
        let mut success: Vec<(&str, Option<(bool, &Value)>)> = Vec::new();
        for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-")) {
            let place = pointer.with_trailing_token(status);
            if !is_status(status) {
                let message = format!("`{status}` is not a status such as `200`, `2XX` or `default`");
                self.report(&rules::STRUCTURE, place, message);
            } else if status.starts_with('2')
                && let Some((place, response)) = self.resolve_at(&place, response)
            {
                let rules = [&rules::RESPONSE_CONTENT, &rules::RESPONSE_SCHEMA];
                let has_body = !has_no_body(status);
                let schema = has_body.then(|| self.content(&place, response, "response", rules));
                success.push((status, schema.flatten()));
            }
        }
        if success.is_empty() {
            self.no_success(pointer, responses);
        }
        let mut typed = success.iter().filter(|(_, schema)| schema.is_some());
        if let Some((first, schema)) = typed.next()
            && let Some((other, other_schema)) = typed.find(|(_, other)| other != schema)
        {
            let is_json = |schema: &Option<(bool, _)>| schema.is_some_and(|(is_json, _)| is_json);
            let rule = if is_json(schema) && is_json(other_schema) {
                &rules::SUCCESS_ALTERNATIVES
            } else {
                &rules::SUCCESS_TYPES
            };
            let message = format!("the success responses {first} and {other} have different types");
            self.report(rule, pointer, message);
        }
    }

    fn no_success(&mut self, pointer: &Pointer, responses: &Object) {
        let listed: Vec<&str> = responses.keys().map(String::as_str).collect();
        let (rule, only) = match listed.as_slice() {
            ["default"] => return,
            [] => (&rules::SUCCESS_MISSING, String::new()),
            listed if listed.iter().any(|status| status.starts_with(['1', '3'])) => {
                (&rules::SUCCESS_REDIRECT, format!(", only {}", listed.join(", ")))
            }
            listed => (&rules::SUCCESS_MISSING, format!(", only {}", listed.join(", "))),
        };
        let message = format!("the operation documents no success response (2xx){only}");
        self.report(rule, pointer, message);
    }

    /// Checks the content of a request body or success response. Returns `true` and the schema of JSON
    /// content, or `false` and the media type object of other content. The argument `form` is the rule that
    /// reports a form, and `no_schema` is the rule that reports JSON without a schema.
    fn content(
        &mut self,
        pointer: &Pointer,
        body: &'a Object,
        noun: &str,
        [form, no_schema]: [&LintRule; 2],
    ) -> Option<(bool, &'a Value)> {
        let content = body.object("content")?;
        let place = pointer.with_trailing_token("content");
        let Some(json) = json(content) else {
            if !content.is_empty() && raw(content).is_none() {
                let types: Vec<&str> = content.keys().map(String::as_str).collect();
                let message = format!("the {noun} is a form: {}", types.join(", "));
                self.report(form, place, message);
            }
            return content.values().next().map(|media| (false, media));
        };
        let media = content.object(json)?;
        let place = place.with_trailing_token(json);
        if media.members("encoding").next().is_some() {
            let message = "the body has an `encoding`";
            self.report_member(&rules::CONTENT_ENCODING, &place, "encoding", message);
        }
        let schema = media.get("schema");
        if schema.is_none() {
            let message = format!("the {noun} of type `{json}` has no schema");
            self.report(no_schema, place, message);
        }
        schema.map(|schema| (true, schema))
    }
}

/// Returns the names of the parameters in a path, in order. Returns `None` if an opening brace is not
/// closed, or if braces are empty.
pub(crate) fn path_parameters(path: &str) -> Option<Vec<&str>> {
    let names = path.split('{').skip(1).map(|part| {
        let (name, _) = part.split_once('}')?;
        (!name.is_empty()).then_some(name)
    });
    names.collect()
}

/// Returns `true` for `default`, a status from 100 to 599, or a range such as `2XX`.
fn is_status(status: &str) -> bool {
    match status.as_bytes() {
        [b'1'..=b'5', b'X' | b'x', b'X' | b'x'] => true,
        [b'1'..=b'5', rest @ ..] => rest.len() == 2 && rest.iter().all(u8::is_ascii_digit),
        _ => status == "default",
    }
}
