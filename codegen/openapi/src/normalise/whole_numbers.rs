//! Whole numbers that are written with a point or an exponent, such as `100.0`, where an integer is expected.

use serde_json::{Map, Value};

use crate::{
    openapi_model::{self, FieldType, ObjectKind, Visitor},
    pointer::{Pointer, PointerBuf},
};

/// Keys of integer schemas whose values are integers.
const VALUES: [&str; 3] = ["minimum", "maximum", "multipleOf"];

/// Rewrites whole numbers as integers where the specification or the type of a schema requires an integer.
pub(super) fn write_as_integers(document: &mut Value) {
    let mut found = WholeNumbers(Vec::new());
    openapi_model::walk(document, &mut found);
    for (pointer, integer) in found.0 {
        if let Some(number) = document.pointer_mut(pointer.as_str()) {
            *number = integer.into();
        }
    }
}

struct WholeNumbers(Vec<(PointerBuf, i64)>);

impl WholeNumbers {
    fn note(&mut self, pointer: PointerBuf, value: &Value) {
        if let Some(integer) = integer(value) {
            self.0.push((pointer, integer));
        }
    }
}

impl Visitor for WholeNumbers {
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Map<String, Value>) {
        if kind != ObjectKind::Schema {
            return;
        }
        let counts = kind
            .fields()
            .iter()
            .filter(|field| field.value == FieldType::Count);
        let is_integer = object.get("type").is_some_and(|kind| kind == "integer");
        let values = VALUES.iter().filter(|_| is_integer).copied();
        for key in counts.map(|field| field.key).chain(values) {
            if let Some(value) = object.get(key) {
                self.note(pointer.with_trailing_token(key), value);
            }
        }
        let enumerated = object
            .get("enum")
            .and_then(Value::as_array)
            .filter(|_| is_integer);
        let place = pointer.with_trailing_token("enum");
        for (index, value) in enumerated.into_iter().flatten().enumerate() {
            self.note(place.with_trailing_token(index), value);
        }
        if let Some(default) = object.get("default").filter(|_| is_integer) {
            self.note(pointer.with_trailing_token("default"), default);
        }
    }

    fn misfit(&mut self, _: &Pointer, _: String) {}

    fn unknown(&mut self, _: ObjectKind, _: &Pointer, _: &str) {}
}

/// Returns the integer that a float stands for.
fn integer(value: &Value) -> Option<i64> {
    /// Greatest integer up to which a float can hold every integer exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_f64().filter(|_| value.is_f64())?;
    let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
    is_whole.then_some(number as i64)
}

#[cfg(test)]
mod tests;
