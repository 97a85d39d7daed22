//! Secrets: text that nothing may print by accident.

use serde_json::{Value, json};

use super::{Draft, hoist_objects, schema, visit};

/// Gives every property that holds a secret the type that does not show it. `drop-limits` has marked what is one, also where
/// it is no property, which is plain text then.
pub(super) fn secret_types(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    visit::schemas(&mut draft.value, &mut |_, schema| {
        if let Some(object) = schema.as_object_mut() {
            for property in object
                .get_mut("properties")
                .and_then(Value::as_object_mut)
                .into_iter()
                .flat_map(serde_json::Map::values_mut)
            {
                if property.get(schema::SECRET).is_some() && schema::is_plain_string(property) {
                    schema::refer(property, schema::SECRET_TYPE);
                    count += 1;
                }
            }
            object.remove(schema::SECRET);
        }
    });
    if count > 0 {
        let component = json!({"type": "string", schema::SECRET: true});
        let what = "what has the format `password`";
        hoist_objects::declare(draft, "secret-name", schema::SECRET_TYPE, what, component);
    }
    count
}
