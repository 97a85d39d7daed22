//! References between parts of a document.

use serde_json::Value;

/// The pointers that all `$ref`s in a value hold.
pub fn collect<'a>(value: &'a Value, targets: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(target) if key == "$ref" => {
                        targets.extend(target.strip_prefix('#'));
                    }
                    _ => collect(value, targets),
                }
            }
        }
        Value::Array(array) => {
            for value in array {
                collect(value, targets);
            }
        }
        _ => {}
    }
}
