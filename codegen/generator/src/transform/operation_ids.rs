//! Names of operations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::naming;

use super::{Draft, error, visit};

/// Gives every operation the name that method and path make.
pub(super) fn name_operations(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let Draft {
        value,
        source,
        diagnostics,
        ..
    } = draft;
    for entry in visit::operations(value) {
        let id = naming::operation(&entry.method, entry.path).id;
        let operation = format!("{} {}", entry.method, entry.path);
        if let Some(other) = names.get(&id) {
            diagnostics.push(error(
                source,
                "operation-name",
                &entry.pointer,
                format!("`{operation}` and `{other}` both make the method name `{id}`"),
                "give one of them a row of its own in codegen/generator/src/naming.rs",
            ));
        }
        names.insert(id.clone(), operation);
        let id = Value::String(id);
        if entry.operation.get("operationId") != Some(&id) {
            entry.operation.insert("operationId".to_owned(), id);
            count += 1;
        }
    }
    count
}
