//! Sets operation IDs, which become the names of methods.

use std::{collections::BTreeMap, mem};

use serde_json::Value;

use super::{state::State, visit};
use funnelflux_openapi::pointer::{self, PointerBuf};

/// Code of the error for operations that share a method name. No operation is left out because of this error.
pub(crate) const OPERATION_NAME: &str = "operation-name";

/// An operation whose name has been set.
struct Named {
    pointer: PointerBuf,
    is_main: bool,
}

/// Sets the ID of every operation to the name of its Rust method.
pub(super) fn name_operations(state: &mut State<'_>) {
    let mut document = mem::take(&mut state.document);
    let mut names: BTreeMap<String, Named> = BTreeMap::new();
    for operation in visit::operations(&mut document) {
        let Some(words) = state.vocabulary.operation(&operation.pointer) else {
            continue;
        };
        let (id, is_main) = (words.id.clone(), words.is_main);
        let pointer = operation.pointer;
        match names.get(&id) {
            Some(first) => report_clash(state, &id, first, &Named { pointer, is_main }),
            None => {
                names.insert(id.clone(), Named { pointer, is_main });
            }
        }
        let id = Value::String(id);
        if operation.members.get("operationId") != Some(&id) {
            operation.members.insert("operationId".to_owned(), id);
            state.count += 1;
        }
    }
    state.document = document;
}

fn report_clash(state: &mut State<'_>, id: &str, first: &Named, second: &Named) {
    let name = |named: &Named| pointer::operation(&named.pointer).unwrap_or_default();
    let (earlier, later) = (name(first), name(second));
    let location = state.source.locate(&first.pointer);
    let message = format!("`{later}` and `{earlier}` ({location}) both get the method name `{id}`");
    // The main operation keeps its name, whatever its title is, so the other operation needs another title.
    let retitled = if first.is_main { &later } else { &earlier };
    let (method, path) = retitled.split_once(' ').unwrap_or_default();
    let method = method.to_ascii_lowercase();
    let fix = format!(
        "give one of them another title, with an action in an overlay:\n\
         - target: $.paths\n  \
           description: Two operations must not share a method name.\n  \
           update: {{{path:?}: {{{method}: {{summary: another title}}}}}}"
    );
    state.error(OPERATION_NAME, &second.pointer, message, &fix);
}
