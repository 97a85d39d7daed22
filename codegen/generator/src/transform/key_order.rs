//! Sorts the keys of objects.

use serde_json::Value;

use super::state::State;

/// Sorts the keys of every object. When the model is read, the operations are sorted again, by tag and verb.
pub(super) fn canonical_order(state: &mut State<'_>) {
    state.count += sort(&mut state.document);
}

/// Sorts the keys of all objects in a value, and returns the number of objects that were not in order.
fn sort(value: &mut Value) -> usize {
    match value {
        Value::Object(object) => {
            let unsorted = !object.keys().is_sorted();
            if unsorted {
                object.sort_keys();
            }
            usize::from(unsorted) + object.values_mut().map(sort).sum::<usize>()
        }
        Value::Array(items) => items.iter_mut().map(sort).sum(),
        _ => 0,
    }
}
