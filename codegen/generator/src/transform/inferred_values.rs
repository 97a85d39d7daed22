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
            let Some(values) = property.get_mut("additionalProperties") else {
                continue;
            };
            let evidence = Evidence::of(values).or(of_property);
            if schema_kind::is_simple(values) && evidence.is_some_and(Evidence::is_inferred) {
                *values = json!({});
                let note = "values of any type, because their type is inferred";
                notes::add(property, note.to_owned());
                state.count += 1;
            }
        }
    });
}
