//! Leaves out operations that the generator does not support, so that all other operations can be generated.
//!
//! An error in an operation affects that operation; an error in a component affects all operations that use
//! the component. The affected operations are removed from the document for the later stages, together with
//! the components that only they use.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::transform::OPERATION_NAME;
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity,
    operations::operations,
    pointer::{METHODS, Pointer, PointerBuf, Token},
    references::{References, Usages},
};

/// An operation that is left out of the generated code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// HTTP method in lower case, as the document writes it; `all` for a path whose operations are unknown.
    pub method: String,
    /// Path template as the document writes it.
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

/// Removes the parts of a document that have errors. Returns the rest of the document, the removed
/// operations, and the errors as warnings.
///
/// # Errors
/// The same errors, if an error affects the whole document, or if operations share a method name. Operations
/// that share a name are each supported on their own, so there is no reason to leave out one of them.
pub(crate) fn leave_out(
    document: Document,
    errors: Diagnostics,
) -> Result<(Document, Vec<LeftOut>, Diagnostics), Diagnostics> {
    if errors.iter().any(|error| error.code == OPERATION_NAME) {
        return Err(errors);
    }
    let references = References::new(document.value());
    let usages = Usages::new(&references);
    let mut reasons: BTreeMap<PointerBuf, &Diagnostic> = BTreeMap::new();
    let mut paths: BTreeMap<PointerBuf, &Diagnostic> = BTreeMap::new();
    let mut components: BTreeSet<PointerBuf> = BTreeSet::new();
    for error in errors.iter().filter(|error| error.severity == Severity::Error) {
        let concerned = match concerned(document.value(), &error.pointer) {
            Some(Concerned::Operations(concerned)) => concerned,
            Some(Concerned::Path(path)) => {
                paths.entry(path).or_insert(error);
                continue;
            }
            Some(Concerned::Component(component)) => {
                let users = usages.operations(&component);
                let users = users.into_iter().map(|user| user.pointer.clone()).collect();
                components.insert(component);
                users
            }
            None => return Err(errors),
        };
        for operation in concerned {
            reasons.entry(operation).or_insert(error);
        }
    }
    if reasons.is_empty() && paths.is_empty() && components.is_empty() {
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
    let unresolved = paths.iter().filter_map(|(pointer, error)| {
        let path = pointer.back()?;
        Some(LeftOut::new("all", &path.decoded(), error))
    });
    let left_out = left_out.chain(unresolved).collect();
    let removed = reasons.into_keys().chain(paths.into_keys()).chain(components);
    let removed: Vec<PointerBuf> = removed.collect();
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

enum Concerned {
    Operations(Vec<PointerBuf>),
    /// A path whose operations are unknown, because its reference leads nowhere.
    Path(PointerBuf),
    Component(PointerBuf),
}

/// Returns the parts that an error at `pointer` affects; `None` if the error affects the whole document.
fn concerned(document: &Value, pointer: &Pointer) -> Option<Concerned> {
    let place: Vec<Token<'_>> = pointer.tokens().take(3).collect();
    let [section, group, name] = place.as_slice() else {
        let [section, path] = place.as_slice() else {
            return None;
        };
        return (section.encoded() == "paths").then(|| operations_of(document, path));
    };
    let pointer = PointerBuf::from_tokens([section.clone(), group.clone(), name.clone()]);
    match section.encoded() {
        "paths" if METHODS.contains(&name.encoded()) => Some(Concerned::Operations(vec![pointer])),
        "paths" => Some(operations_of(document, group)),
        "components" => document
            .pointer(pointer.as_str())
            .map(|_| Concerned::Component(pointer)),
        _ => None,
    }
}

fn operations_of(document: &Value, path: &Token<'_>) -> Concerned {
    let of_path = operations(document).filter(|operation| operation.path == path.decoded());
    let of_path: Vec<PointerBuf> = of_path.map(|operation| operation.pointer).collect();
    if of_path.is_empty() {
        return Concerned::Path(PointerBuf::from_tokens([Token::new("paths"), path.clone()]));
    }
    Concerned::Operations(of_path)
}

fn is_component(pointer: &Pointer) -> bool {
    let mut tokens = pointer.tokens();
    tokens
        .next()
        .is_some_and(|section| section.encoded() == "components")
        && tokens.count() == 2
}

/// Removes a member of an object. If a path has no operations left, removes the path.
fn remove(document: &mut Value, pointer: &Pointer) {
    let Some((parent, key)) = pointer.split_back() else {
        return;
    };
    let object = document
        .pointer_mut(parent.as_str())
        .and_then(Value::as_object_mut);
    if let Some(object) = object {
        object.shift_remove(&*key.decoded());
        let is_path = parent
            .parent()
            .is_some_and(|section| section.as_str() == "/paths");
        if is_path && !has_operations(object) {
            remove(document, parent);
        }
    }
}

fn has_operations(item: &Map<String, Value>) -> bool {
    item.keys().any(|key| METHODS.contains(&key.as_str()))
}
