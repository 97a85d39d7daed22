//! Sets operation IDs, which become the names of methods.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    state::{State, error},
    visit,
};
use funnelflux_openapi::{Diagnostic, Document, pointer::PointerBuf};

/// Code of the error for operations that share a method name. No operation is left out because of it.
pub(crate) const OPERATION_NAME: &str = "operation-name";

/// An operation whose name has been set.
struct Named {
    method: String,
    path: String,
    pointer: PointerBuf,
    is_main: bool,
}

/// Gives every operation the name of its method as its ID.
pub(super) fn name_operations(state: &mut State<'_>) {
    let mut names: BTreeMap<String, Named> = BTreeMap::new();
    for operation in visit::operations(&mut state.document) {
        let Some(words) = state.vocabulary.operation(&operation.pointer) else {
            continue;
        };
        let id = words.id.clone();
        let current = Named {
            method: operation.method,
            path: operation.path.to_owned(),
            pointer: operation.pointer,
            is_main: words.is_main,
        };
        match names.get(&id) {
            Some(first) => state.diagnostics.push(clash(state.source, &id, first, &current)),
            None => {
                names.insert(id.clone(), current);
            }
        }
        let id = Value::String(id);
        if operation.members.get("operationId") != Some(&id) {
            operation.members.insert("operationId".to_owned(), id);
            state.count += 1;
        }
    }
}

fn clash(source: &Document, id: &str, first: &Named, second: &Named) -> Diagnostic {
    let name = |operation: &Named| format!("`{} {}`", operation.method, operation.path);
    let (earlier, later, location) = (name(first), name(second), source.locate(&first.pointer));
    let message = format!("{later} and {earlier} ({location}) both get the method name `{id}`");
    // The main operation keeps its name whatever its title.
    let retitled = if first.is_main { second } else { first };
    let (path, method) = (&retitled.path, retitled.method.to_ascii_lowercase());
    let fix = format!(
        "give one of them another title, with an action in an overlay:\n\
         - target: $.paths\n  \
           description: Two operations must not share a method name.\n  \
           update: {{{path:?}: {{{method}: {{summary: another title}}}}}}"
    );
    error(source, OPERATION_NAME, &second.pointer, message, &fix)
}
