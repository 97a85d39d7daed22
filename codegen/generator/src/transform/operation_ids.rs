//! Operation IDs, which become the names of methods.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::naming;

use super::{
    state::{State, error},
    visit,
};

/// Gives every operation an ID that is derived from its method and path.
pub(super) fn name_operations(state: &mut State<'_>) -> usize {
    let mut count = 0;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for operation in visit::operations(&mut state.document) {
        let id = naming::operation(&operation.method, operation.path).id;
        let name = format!("{} {}", operation.method, operation.path);
        if let Some(first) = names.get(&id) {
            state.diagnostics.push(error(
                state.source,
                "operation-name",
                &operation.pointer,
                format!("`{name}` and `{first}` both get the method name `{id}`"),
                "add a row for one of them to `VERBS` in codegen/generator/src/naming.rs",
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
