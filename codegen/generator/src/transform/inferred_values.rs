//! Accepts any JSON as the values of a map whose type of values is inferred.

use serde_json::json;

use funnelflux_openapi::evidence::Evidence;

use super::{notes, schema_kind, state::State, visit};

/// Replaces inferred types of map values with any JSON, so that a value of another type is kept and does not
/// fail the whole response.
pub(super) fn inferred_values(state: &mut State<'_>) {
    visit::schemas(&mut state.document, &mut |_, schema| {
        for (_, property) in visit::properties(schema) {
            if !schema_kind::is_map(property) {
                continue;
            }
            let of_property = Evidence::of(property);
            let Some(values) = property
                .get_mut("additionalProperties")
                .filter(|values| values.is_object())
            else {
                continue;
            };
            let evidence = Evidence::of(values).or(of_property);
            let is_simple = ["string", "integer", "number", "boolean"]
                .iter()
                .any(|kind| schema_kind::has_type(values, kind));
            if is_simple && evidence.is_some_and(Evidence::is_inferred) {
                *values = json!({});
                notes::add(
                    property,
                    "values of any type, because their type is inferred".to_owned(),
                );
                state.count += 1;
            }
        }
    });
}
