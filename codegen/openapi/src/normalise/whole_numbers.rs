//! Rewrites whole numbers that have a point or an exponent, such as `100.0`, where an integer is expected.

use serde_json::Value;

use crate::openapi_model::{FieldType, ObjectKind, walk_mut};

/// Keys whose values must be integers in a schema of type `integer`.
const VALUES: [&str; 4] = ["minimum", "maximum", "multipleOf", "default"];

/// Rewrites whole numbers as integers where the specification or the type of a schema requires an integer.
pub(super) fn write_as_integers(document: &mut Value) {
    walk_mut(document, &mut |kind, _, object| {
        if kind != ObjectKind::Schema {
            return;
        }
        let is_integer = object.get("type").is_some_and(|kind| kind == "integer");
        for (key, value) in object.iter_mut() {
            let is_count = kind.member(key) == Some(FieldType::Count);
            if is_count || is_integer && VALUES.contains(&key.as_str()) {
                write_as_integer(value);
            } else if let (true, "enum", Value::Array(values)) = (is_integer, key.as_str(), value) {
                values.iter_mut().for_each(write_as_integer);
            }
        }
    });
}

/// Rewrites a float without a fraction as the integer that it stands for.
fn write_as_integer(value: &mut Value) {
    /// Magnitude up to which a float represents every integer exactly.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = value.as_f64().filter(|_| value.is_f64());
    if let Some(float) = float.filter(|float| float.fract() == 0.0 && float.abs() <= EXACT) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small enough")]
        let integer = float as i64;
        *value = integer.into();
    }
}

#[cfg(test)]
mod tests;
