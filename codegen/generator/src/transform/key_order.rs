//! The order of keys.

use super::Draft;

/// Sorts the keys of every object; what a reader sees in order (operations) is ordered by its own rule later.
pub(super) fn canonical_order(draft: &mut Draft<'_>) -> usize {
    sort(&mut draft.value)
}

/// How many objects were not in order.
fn sort(value: &mut serde_json::Value) -> usize {
    use serde_json::Value;
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
