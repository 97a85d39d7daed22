//! Changes a document and keeps track of the location of each value.

use std::{cmp::Ordering, collections::HashSet};

use serde_json::Value;
use serde_json_path::JsonPath;

use funnelflux_openapi::{
    Document, Place, Provenance,
    pointer::{Pointer, PointerBuf, Token},
    text::kind,
};

/// Keys of lists that OpenAPI and JSON Schema define as sets.
const SETS: [&str; 7] = [
    "enum",
    "parameters",
    "required",
    "security",
    "servers",
    "tags",
    "type",
];

/// A document that is being changed by actions.
pub(super) struct Editor {
    pub(super) value: Value,
    pub(super) provenance: Provenance,
}

/// Source of the values that an action adds to the document.
pub(super) struct Origin<'a> {
    pub(super) overlay: &'a Document,
    pub(super) pointer: PointerBuf,
    /// True if each part of an added value has its own location in the overlay. False if all parts have the
    /// location of the action, because the action copies the value from the document.
    pub(super) deep: bool,
}

impl Origin<'_> {
    fn place(&self) -> Place {
        self.overlay.provenance().place(&self.pointer)
    }

    fn part<'t>(&self, token: impl Into<Token<'t>>) -> Self {
        let mut pointer = self.pointer.clone();
        if self.deep {
            pointer.push_back(token);
        }
        Self { pointer, ..*self }
    }
}

impl Editor {
    /// Returns pointers to the matches of a query, without duplicates.
    pub(super) fn query(&self, path: &JsonPath) -> Vec<PointerBuf> {
        let mut seen = HashSet::new();
        path.query_located(&self.value)
            .iter()
            .filter_map(|node| PointerBuf::parse(node.location().to_json_pointer()).ok())
            .filter(|pointer| seen.insert(pointer.clone()))
            .collect()
    }

    /// Merges the value `update` into the value at `target`. Returns true if this changed the target. If the
    /// update does not fit the target, returns an error with the reason.
    pub(super) fn update(
        &mut self,
        target: &Pointer,
        update: &Value,
        origin: &Origin<'_>,
        only_containers: bool,
    ) -> Result<bool, String> {
        let Some(value) = self.value.pointer_mut(target.as_str()) else {
            return Ok(false);
        };
        if let Some(problem) = misfit(value, update, only_containers) {
            return Err(format!("the target {target} is {problem}"));
        }
        Ok(match value {
            // If the target is an array, Overlay 1.0 appends the update as one item, even if the update is an
            // array.
            Value::Array(array) if only_containers || !update.is_array() => {
                append(array, update, target, origin.place(), &mut self.provenance)
            }
            value => merge(value, update, target, origin, &mut self.provenance),
        })
    }
}

/// Returns the reason why an update does not fit its target, or `None` if it fits.
fn misfit(value: &Value, update: &Value, only_containers: bool) -> Option<String> {
    match (value, update) {
        (Value::Object(_), Value::Object(_)) | (Value::Array(_), _) => None,
        (old, _) if only_containers && !old.is_object() => Some(format!(
            "{}, and Overlay 1.0 updates objects and arrays only",
            kind(old)
        )),
        (Value::Object(_), _) | (_, Value::Object(_) | Value::Array(_)) if !value.is_null() => {
            Some(format!("{} and the update is {}", kind(value), kind(update)))
        }
        _ => None,
    }
}

/// Merges an update into a value by the rules of the Overlay specification. Objects are merged member by
/// member, arrays are concatenated, and all other values are replaced. Returns true if anything changed.
fn merge(
    value: &mut Value,
    update: &Value,
    target: &Pointer,
    origin: &Origin<'_>,
    provenance: &mut Provenance,
) -> bool {
    match (value, update) {
        (Value::Object(object), Value::Object(update)) => {
            let mut changed = false;
            for (key, update) in update {
                let target = target.with_trailing_token(key);
                let origin = origin.part(key);
                if let Some(value) = object.get_mut(key) {
                    changed |= merge(value, update, &target, &origin, provenance);
                } else {
                    object.insert(key.clone(), update.clone());
                    provenance.put(target, origin.place());
                    changed = true;
                }
            }
            changed
        }
        (Value::Array(array), Value::Array(update)) => {
            let mut changed = false;
            for (index, update) in update.iter().enumerate() {
                let place = origin.part(index).place();
                changed |= append(array, update, target, place, provenance);
            }
            changed
        }
        (value, update) => {
            let changed = value != update;
            if changed {
                *value = update.clone();
                provenance.put(target, origin.place());
            }
            changed
        }
    }
}

/// Appends an item to the array at `target`. Returns false if the array is a set that already has the item,
/// for example because the vendor has made the same correction.
fn append(
    array: &mut Vec<Value>,
    item: &Value,
    target: &Pointer,
    place: Place,
    provenance: &mut Provenance,
) -> bool {
    let is_set = target.last().is_some_and(|key| SETS.contains(&key.encoded()));
    if is_set && array.contains(item) {
        return false;
    }
    provenance.put(target.with_trailing_token(array.len()), place);
    array.push(item.clone());
    true
}

/// Removes the members and items at `targets`. The remaining members and items keep their order and
/// locations.
pub(crate) fn remove<'a>(
    value: &mut Value,
    provenance: &mut Provenance,
    targets: impl IntoIterator<Item = &'a PointerBuf>,
) {
    // Later items are removed first, so that indexes stay valid.
    let mut targets: Vec<&PointerBuf> = targets.into_iter().collect();
    targets.sort_by(|left, right| document_order(right, left));
    for target in targets {
        let Some((parent, token)) = target.split_back() else {
            continue;
        };
        match value.pointer_mut(parent.as_str()) {
            Some(Value::Object(object)) => {
                object.shift_remove(&*token.decoded());
                provenance.forget(target);
            }
            Some(Value::Array(array)) => {
                if let Some(index) = index_of(&token).filter(|index| *index < array.len()) {
                    provenance.remove_item(parent, index, array.len());
                    array.remove(index);
                }
            }
            _ => {}
        }
    }
}

/// Orders pointers so that an ancestor comes before its descendants and a lower index before a higher one.
fn document_order(left: &Pointer, right: &Pointer) -> Ordering {
    for (left, right) in left.tokens().zip(right.tokens()) {
        let order = match (index_of(&left), index_of(&right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.encoded().cmp(right.encoded()),
        };
        if order.is_ne() {
            return order;
        }
    }
    left.count().cmp(&right.count())
}

fn index_of(token: &Token<'_>) -> Option<usize> {
    token.encoded().parse().ok()
}
