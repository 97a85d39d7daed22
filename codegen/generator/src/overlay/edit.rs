//! Changes of a document that keep the location of each of its values.

use std::{cmp::Ordering, collections::HashSet};

use serde_json::Value;
use serde_json_path::JsonPath;

use funnelflux_openapi::{Document, Place, Provenance, pointer, text::kind};

/// A document that actions change.
pub(super) struct Editor {
    pub(super) value: Value,
    provenance: Provenance,
}

/// Source of the values that an action puts into the document.
pub(super) struct Origin<'a> {
    pub(super) overlay: &'a Document,
    pub(super) pointer: String,
    /// Parts of the value have locations of their own; the parts of a copy do not.
    pub(super) deep: bool,
}

impl Origin<'_> {
    fn place(&self) -> Place {
        self.overlay.provenance().place(&self.pointer)
    }

    fn part(&self, token: &str) -> Self {
        let pointer = if self.deep {
            pointer::join(&self.pointer, token)
        } else {
            self.pointer.clone()
        };
        Self { pointer, ..*self }
    }
}

impl Editor {
    pub(super) fn new(document: Document) -> Self {
        let (value, provenance) = document.into_parts();
        Self { value, provenance }
    }

    pub(super) fn finish(self) -> Document {
        Document::new(self.value, self.provenance)
    }

    /// Pointers to the matches of a query, each once.
    pub(super) fn query(&self, path: &JsonPath) -> Vec<String> {
        let mut seen = HashSet::new();
        path.query_located(&self.value)
            .iter()
            .map(|node| node.location().to_json_pointer())
            .filter(|pointer| seen.insert(pointer.clone()))
            .collect()
    }

    pub(super) fn remove(&mut self, targets: &[String]) {
        remove(&mut self.value, &mut self.provenance, targets);
    }

    /// Merges a value into each target. Returns for each whether that changed it, or why the value does not fit.
    pub(super) fn update(
        &mut self,
        targets: &[String],
        update: &Value,
        origin: &Origin<'_>,
        only_containers: bool,
    ) -> Vec<Result<bool, String>> {
        let mut results = Vec::new();
        for target in targets {
            let Some(value) = self.value.pointer_mut(target) else {
                continue;
            };
            results.push(match misfit(value, update, only_containers) {
                Some(problem) => Err(format!("the target {target} is {problem}")),
                None => Ok(match value {
                    Value::Array(array) if !update.is_array() => {
                        let item = pointer::item(target, array.len());
                        self.provenance.put(item, origin.place());
                        array.push(update.clone());
                        true
                    }
                    value => merge(value, update, target, origin, &mut self.provenance),
                }),
            });
        }
        results
    }
}

/// Reason for which an update does not fit its target.
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

/// Merges by the rules of the Overlay specification: objects member by member, arrays by appending, everything else
/// by replacing. Returns whether anything changed.
fn merge(
    value: &mut Value,
    update: &Value,
    target: &str,
    origin: &Origin<'_>,
    provenance: &mut Provenance,
) -> bool {
    match (value, update) {
        (Value::Object(object), Value::Object(update)) => {
            let mut changed = false;
            for (key, update) in update {
                let target = pointer::join(target, key);
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
            for (index, update) in update.iter().enumerate() {
                let place = origin.part(&index.to_string()).place();
                provenance.put(pointer::item(target, array.len()), place);
                array.push(update.clone());
            }
            !update.is_empty()
        }
        (value, update) => {
            let changed = value != update;
            if changed {
                *value = update.clone();
                provenance.put(target.to_owned(), origin.place());
            }
            changed
        }
    }
}

/// Removes members and items. What remains keeps its order and its locations.
pub(crate) fn remove(value: &mut Value, provenance: &mut Provenance, targets: &[String]) {
    // The last first, so that indexes stay valid.
    let mut targets: Vec<&String> = targets.iter().collect();
    targets.sort_by(|left, right| document_order(right, left));
    for target in targets {
        let Some((parent, token)) = pointer::split_last(target) else {
            continue;
        };
        match value.pointer_mut(parent) {
            Some(Value::Object(object)) => {
                object.shift_remove(&*pointer::unescape(token));
                provenance.forget(target);
            }
            Some(Value::Array(array)) => {
                if let Some(index) = token.parse().ok().filter(|index| *index < array.len()) {
                    provenance.remove_item(parent, index, array.len());
                    array.remove(index);
                }
            }
            _ => {}
        }
    }
}

/// Orders pointers so that an ancestor comes before its descendants and a lower index before a higher one.
fn document_order(left: &str, right: &str) -> Ordering {
    let index = |token: &str| token.parse::<usize>().ok();
    for (left, right) in left.split('/').zip(right.split('/')) {
        let order = match (index(left), index(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        };
        if order.is_ne() {
            return order;
        }
    }
    left.split('/').count().cmp(&right.split('/').count())
}
