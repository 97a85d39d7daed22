//! Leaves out the smallest part of the document that an error affects, so that the rest can be generated.
//!
//! - An unsupported schema is replaced with the schema of any JSON.
//! - An unsupported optional parameter is removed.
//! - An unsupported part from which nothing is generated, such as an example, is removed.
//! - Any other error in an operation removes the operation.
//! - Any other error in a component removes the component, all operations that use it, and the components
//!   that only these operations use.
//!
//! The later stages process the document without these parts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    json::{Json as _, last_token},
    overlay,
    transform::OPERATION_NAME,
};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity,
    operations::operations,
    pointer::{METHODS, Pointer, PointerBuf, Token},
    references::{self, References, Usages},
};

/// An operation that is left out of the generated code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// HTTP method in lower case, as written in the document. `all` stands for a path whose operations are
    /// unknown.
    pub method: String,
    /// Path template as written in the document.
    pub path: String,
    /// Stage and code of the diagnostic for the unsupported construct.
    pub rule: String,
    /// Message of the first diagnostic on the operation.
    pub reason: String,
}

impl LeftOut {
    fn new(method: &str, path: &str, error: &Diagnostic) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            rule: format!("{}::{}", error.stage, error.code),
            reason: error.message.clone(),
        }
    }
}

/// Part of the document that is left out because of an error.
enum Part {
    /// A schema, which is replaced with the schema of any JSON.
    Schema(PointerBuf),
    /// An optional parameter, which is removed.
    Parameter(PointerBuf),
    /// A part from which nothing is generated, such as an example. It is removed.
    Ignored(PointerBuf),
    /// Operations, paths and components, which are removed.
    Others(Vec<PointerBuf>),
}

impl Part {
    /// Finds the smallest part that an error at `pointer` affects. Returns `None` if the error affects the
    /// whole document.
    fn of(document: &Value, pointer: &Pointer) -> Option<Self> {
        let ignored = ignored(document, pointer).map(Self::Ignored);
        let schema = || innermost_schema(document, pointer).map(Self::Schema);
        let parameter = || optional_parameter(document, pointer).map(Self::Parameter);
        let others = || affected(document, pointer).map(Self::Others);
        ignored.or_else(schema).or_else(parameter).or_else(others)
    }

    /// Returns the words that are appended to the message of the error. They describe the effect on the
    /// generated code.
    fn consequence(&self) -> &'static str {
        match self {
            Self::Schema(_) => "any JSON in the generated code",
            Self::Parameter(_) => "the optional parameter is left out of the generated code",
            Self::Ignored(_) => "nothing is generated from it",
            Self::Others(_) => "left out of the generated code",
        }
    }
}

/// Leaves out the parts of a document that errors affect. Returns the rest of the document, the operations
/// that are left out, and the errors as warnings.
///
/// # Errors
/// Returns `errors` unchanged if one of them affects the whole document, if operations share a method name,
/// or if there is nothing to leave out. If operations share a name, each of them is supported on its own, so
/// there is no reason to leave out one rather than another.
pub(crate) fn leave_out(
    document: Document,
    errors: Diagnostics,
) -> Result<(Document, Vec<LeftOut>, Diagnostics), Diagnostics> {
    if !errors.has_errors() || errors.iter().any(|error| error.code == OPERATION_NAME) {
        return Err(errors);
    }
    let references = References::new(document.value());
    let usages = Usages::new(&references);
    let mut schemas: BTreeSet<PointerBuf> = BTreeSet::new();
    let mut parameters: BTreeSet<PointerBuf> = BTreeSet::new();
    let mut ignored: BTreeSet<PointerBuf> = BTreeSet::new();
    // The first error of each affected operation, and of each affected path whose operations are unknown.
    let mut reasons: BTreeMap<PointerBuf, &Diagnostic> = BTreeMap::new();
    let mut components: BTreeSet<PointerBuf> = BTreeSet::new();
    let mut warnings = Diagnostics::default();
    for error in errors.iter() {
        let mut warning = error.clone();
        if error.severity == Severity::Error {
            let Some(part) = Part::of(document.value(), &error.pointer) else {
                return Err(errors);
            };
            warning.severity = Severity::Warning;
            warning.message = format!("{}; {}", warning.message, part.consequence());
            match part {
                Part::Schema(schema) => {
                    schemas.insert(schema);
                }
                Part::Parameter(parameter) => {
                    parameters.insert(parameter);
                }
                Part::Ignored(part) => {
                    ignored.insert(part);
                }
                Part::Others(mut parts) => {
                    if let Some(component) = parts.pop_if(|part| is_component(part)) {
                        let users = usages.operations(&component);
                        parts.extend(users.into_iter().map(|user| user.pointer.clone()));
                        components.insert(component);
                    }
                    for part in parts {
                        reasons.entry(part).or_insert(error);
                    }
                }
            }
        }
        warnings.push(warning);
    }
    for target in references.targets() {
        let users = usages.operations(&target.pointer);
        let is_unused = users.iter().all(|user| reasons.contains_key(&user.pointer));
        if !users.is_empty() && is_unused && is_component(&target.pointer) {
            components.insert(target.pointer.clone());
        }
    }
    let left_out = operations(document.value()).filter_map(|operation| {
        let error = reasons.get(&operation.pointer)?;
        Some(LeftOut::new(operation.method, operation.path, error))
    });
    let paths = reasons.iter().filter(|(pointer, _)| pointer.count() == 2);
    let paths = paths.map(|(pointer, error)| LeftOut::new("all", &last_token(pointer), error));
    let left_out = left_out.chain(paths).collect();
    let listed = listed_parameters(document.value(), &parameters);
    let mut removed: BTreeSet<PointerBuf> = reasons.into_keys().chain(components).collect();
    let paths: Vec<PointerBuf> = removed.iter().filter_map(|part| path_of(part)).collect();
    removed.extend(parameters.into_iter().chain(listed).chain(ignored));
    let (mut value, mut provenance) = document.into_parts();
    for pointer in &schemas {
        if let Some(schema) = value.pointer_mut(pointer.as_str()) {
            *schema = any_json(schema);
        }
    }
    overlay::remove(&mut value, &mut provenance, &removed);
    let has_operation = |path: &PointerBuf| {
        let item = value.pointer(path.as_str());
        item.is_some_and(|item| item.has_any(&METHODS))
    };
    let empty: BTreeSet<PointerBuf> = paths.into_iter().filter(|path| !has_operation(path)).collect();
    overlay::remove(&mut value, &mut provenance, &empty);
    Ok((Document::new(value, provenance), left_out, warnings))
}

/// Returns the part at or around `pointer` from which nothing is generated: an example, a header, a link, a
/// callback, or a response to a failure.
fn ignored(document: &Value, pointer: &Pointer) -> Option<PointerBuf> {
    let tokens: Vec<Token<'_>> = pointer.tokens().collect();
    let keys: Vec<&str> = tokens.iter().map(Token::encoded).collect();
    let is_success = |status: &String| status.starts_with('2');
    let length = match keys.as_slice() {
        [
            "components",
            "examples" | "headers" | "links" | "callbacks",
            _,
            ..,
        ] => 3,
        ["components", "responses", _, "headers" | "links", ..] | ["paths", _, _, "callbacks", ..] => 4,
        ["paths", _, _, "responses", _, "headers" | "links", ..] => 6,
        ["paths", _, _, "responses", status, ..] if !status.starts_with('2') => {
            let responses = PointerBuf::from_tokens(tokens.iter().take(4));
            let responses = document.pointer(responses.as_str())?;
            responses.as_object()?.keys().any(is_success).then_some(5)?
        }
        _ => {
            let content = keys.iter().position(|key| *key == "content")?;
            let is_example = keys
                .get(content + 2)
                .is_some_and(|key| matches!(*key, "example" | "examples"));
            is_example.then_some(content + 3)?
        }
    };
    Some(PointerBuf::from_tokens(tokens.into_iter().take(length)))
}

/// Returns the innermost schema at or around `pointer` that can be replaced with the schema of any JSON. It
/// is a component, or the schema of a body, of a property, of list items or of map values. Returns `None` if
/// there is no such schema (as in a parameter), or if the schema already allows any JSON.
fn innermost_schema(document: &Value, pointer: &Pointer) -> Option<PointerBuf> {
    let tokens: Vec<Token<'_>> = pointer.tokens().collect();
    let keys: Vec<&str> = tokens.iter().map(Token::encoded).collect();
    let is_body = |kind: &str| matches!(kind, "requestBody" | "requestBodies" | "responses");
    let mut length = match keys.as_slice() {
        ["components", "schemas", _, ..] => 3,
        ["paths", _, _, kind, ..] | ["components", kind, ..] if is_body(kind) => {
            let content = keys.iter().skip(3).position(|key| *key == "content")? + 3;
            keys.get(content + 2).filter(|key| **key == "schema")?;
            content + 3
        }
        _ => return None,
    };
    let mut innermost = length;
    while let Some(rest) = keys.get(length..) {
        match rest {
            ["properties", _, ..] => {
                length += 2;
                innermost = length;
            }
            ["items" | "additionalProperties", ..] => {
                length += 1;
                innermost = length;
            }
            // A part of a composition is not replaced on its own. If one alternative allowed any JSON, the
            // other alternatives would be pointless.
            ["allOf" | "anyOf" | "oneOf", _, ..] => length += 2,
            _ => break,
        }
    }
    let pointer = PointerBuf::from_tokens(tokens.iter().take(innermost));
    let schema = document.pointer(pointer.as_str())?;
    (*schema != any_json(schema)).then_some(pointer)
}

/// Returns the schema of any JSON, with the description of the schema that it replaces.
fn any_json(schema: &Value) -> Value {
    let kept = ["description", "x-evidence"].into_iter();
    let kept = kept.filter_map(|key| Some((key.to_owned(), schema.get(key)?.clone())));
    Value::Object(kept.collect())
}

/// Returns the pointer to the optional parameter at or around `pointer`. Returns `None` if there is no
/// optional parameter, or only a reference to one.
fn optional_parameter(document: &Value, pointer: &Pointer) -> Option<PointerBuf> {
    let keys: Vec<Token<'_>> = pointer.tokens().collect();
    let keys: Vec<&str> = keys.iter().map(Token::encoded).collect();
    let length = match keys.as_slice() {
        ["paths", _, _, "parameters", _, ..] => 5,
        ["paths", _, "parameters", _, ..] => 4,
        ["components", "parameters", _, ..] => 3,
        _ => return None,
    };
    let pointer = PointerBuf::from_tokens(pointer.tokens().take(length));
    let parameter = document.pointer(pointer.as_str())?;
    let is_optional =
        matches!(parameter.text("in"), Some("query" | "header" | "cookie")) && !parameter.is_true("required");
    is_optional.then_some(pointer)
}

/// Returns the pointer to the path of an operation. Returns `None` for any other part.
fn path_of(part: &Pointer) -> Option<PointerBuf> {
    let is_operation = part.starts_with(Pointer::from_static("/paths")) && part.count() == 3;
    part.parent().filter(|_| is_operation).map(Pointer::to_buf)
}

/// Lists the entries of all lists of parameters that are one of these parameters, or a reference to one.
fn listed_parameters(document: &Value, removed: &BTreeSet<PointerBuf>) -> Vec<PointerBuf> {
    let is_removed = |pointer: &Pointer, parameter: &Value| {
        removed.contains(pointer) || removed.contains(&*references::resolve(document, pointer, parameter).0)
    };
    let mut listed = Vec::new();
    for (path, item) in document.members("paths") {
        let path = PointerBuf::from_tokens(["paths"]).with_trailing_token(path);
        let operations = METHODS.iter().filter_map(|method| {
            let operation = item.get(*method)?;
            Some((path.with_trailing_token(*method), operation))
        });
        for (holder, value) in operations.chain([(path.clone(), item)]) {
            let list = holder.with_trailing_token("parameters");
            let parameters = value.items("parameters").enumerate();
            let parameters = parameters.map(|(index, value)| (list.with_trailing_token(index), value));
            let parameters = parameters.filter(|(pointer, parameter)| is_removed(pointer, parameter));
            listed.extend(parameters.map(|(pointer, _)| pointer));
        }
    }
    listed
}

/// Returns the parts that an error at `pointer` affects: operations, a component, or a path. A path is
/// returned only if none of its operations is known, for example because its `$ref` leads nowhere. Returns
/// `None` if the error affects the whole document.
fn affected(document: &Value, pointer: &Pointer) -> Option<Vec<PointerBuf>> {
    let part = PointerBuf::from_tokens(pointer.tokens().take(3));
    let place: Vec<Token<'_>> = part.tokens().collect();
    match place.as_slice() {
        [section, _, method] if section.encoded() == "paths" && METHODS.contains(&method.encoded()) => {
            Some(vec![part])
        }
        [section, path, ..] if section.encoded() == "paths" => {
            let of_path = operations(document).filter(|operation| operation.path == path.decoded());
            let of_path: Vec<PointerBuf> = of_path.map(|operation| operation.pointer).collect();
            let path = || PointerBuf::from_tokens([section.clone(), path.clone()]);
            Some(if of_path.is_empty() { vec![path()] } else { of_path })
        }
        [_, _, _] if is_component(&part) => document.pointer(part.as_str()).map(|_| vec![part.clone()]),
        _ => None,
    }
}

fn is_component(pointer: &Pointer) -> bool {
    pointer.starts_with(Pointer::from_static("/components")) && pointer.count() == 3
}
