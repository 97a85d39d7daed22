//! Leaves out operations that the generator does not support, so that all other operations can be generated.
//!
//! An error in an operation affects that operation. An error in a component affects all operations that use
//! the component. The affected operations, and the components that only these operations use, are removed
//! from the document that the later stages process.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{json::last_token, transform::OPERATION_NAME};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity,
    operations::operations,
    pointer::{METHODS, Pointer, PointerBuf, Token},
    references::{References, Usages},
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

/// Removes the operations, paths and components that errors affect from a document. Returns the rest of the
/// document, the removed operations, and the errors as warnings.
///
/// # Errors
/// Returns `errors` unchanged if one of them affects the whole document, or if operations share a method
/// name. Each of the operations that share a name is supported on its own, so there is no reason to leave out
/// a particular one.
pub(crate) fn leave_out(
    document: Document,
    errors: Diagnostics,
) -> Result<(Document, Vec<LeftOut>, Diagnostics), Diagnostics> {
    if errors.iter().any(|error| error.code == OPERATION_NAME) {
        return Err(errors);
    }
    let references = References::new(document.value());
    let usages = Usages::new(&references);
    // The first error of each affected operation, and of each affected path whose operations are unknown.
    let mut reasons: BTreeMap<PointerBuf, &Diagnostic> = BTreeMap::new();
    let mut components: BTreeSet<PointerBuf> = BTreeSet::new();
    for error in errors.iter().filter(|error| error.severity == Severity::Error) {
        let Some(mut parts) = affected(document.value(), &error.pointer) else {
            return Err(errors);
        };
        if let Some(component) = parts.pop_if(|part| is_component(part)) {
            let users = usages.operations(&component);
            parts.extend(users.into_iter().map(|user| user.pointer.clone()));
            components.insert(component);
        }
        for part in parts {
            reasons.entry(part).or_insert(error);
        }
    }
    if reasons.is_empty() && components.is_empty() {
        return Err(errors);
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
    let removed: Vec<PointerBuf> = reasons.into_keys().chain(components).collect();
    let (mut value, provenance) = document.into_parts();
    for pointer in &removed {
        remove(&mut value, pointer);
    }
    let warnings = errors.into_iter().map(|mut error| {
        if error.severity == Severity::Error {
            error.severity = Severity::Warning;
            error.message.push_str("; left out of the generated code");
        }
        error
    });
    Ok((Document::new(value, provenance), left_out, warnings.collect()))
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

/// Removes the member at `pointer` from its object. If this leaves a path without operations, also removes
/// the path.
fn remove(document: &mut Value, pointer: &Pointer) {
    let Some((parent, key)) = pointer.split_back() else {
        return;
    };
    if let Some(Value::Object(object)) = document.pointer_mut(parent.as_str()) {
        object.shift_remove(&*key.decoded());
        let is_path = parent.count() == 2 && parent.starts_with(Pointer::from_static("/paths"));
        if is_path && !METHODS.iter().any(|method| object.contains_key(*method)) {
            remove(document, parent);
        }
    }
}
