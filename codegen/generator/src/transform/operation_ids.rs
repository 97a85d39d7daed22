//! Sets operation IDs, which become the names of methods.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    state::{State, error},
    visit,
};

/// Gives every operation the name of its method as its ID.
pub(super) fn name_operations(state: &mut State<'_>) -> usize {
    let mut count = 0;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for operation in visit::operations(&mut state.document) {
        let Some(words) = state.vocabulary.operation(&operation.pointer) else {
            continue;
        };
        let id = words.id.clone();
        let name = format!("{} {}", operation.method, operation.path);
        if let Some(first) = names.get(&id) {
            state.diagnostics.push(error(
                state.source,
                "operation-name",
                &operation.pointer,
                format!("`{name}` and `{first}` both get the method name `{id}`"),
                "give one of them another title in an overlay",
            ));
        }
        names.insert(id.clone(), name);
        let id = Value::String(id);
        if operation.members.get("operationId") != Some(&id) {
            operation.members.insert("operationId".to_owned(), id);
            count += 1;
        }
    }
    count
}
