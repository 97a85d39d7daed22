//! Gives secrets their own type, because they must not be printed by accident.

use serde_json::json;

use super::{component, schema_kind, state::State, visit};

/// Key that marks a secret string, or the component for the type of secrets.
pub(super) const SECRET: &str = "x-secret";

/// Name of the component for secrets, and of the runtime's type for secrets.
pub(super) const SECRET_TYPE: &str = "Secret";

/// Gives every secret property the type for secrets.
///
/// The rule `drop-limits` has marked the secrets. Secrets that are not properties remain plain strings.
pub(super) fn secret_types(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        for (_, property) in visit::properties(schema) {
            if property.get(SECRET).is_some() && schema_kind::is_plain_string(property) {
                component::refer(property, SECRET_TYPE);
                state.count += 1;
            }
        }
        if let Some(object) = schema.as_object_mut() {
            object.remove(SECRET);
        }
    });
    if state.count > 0 {
        let schema = json!({"type": "string", SECRET: true});
        let purpose = "strings with the format `password`";
        component::declare(state, "secret-name", SECRET_TYPE, purpose, schema);
    }
}
