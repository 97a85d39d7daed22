//! Alternatives of `oneOf` and `anyOf`, and the property whose value identifies the alternative.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::Json as _;
use funnelflux_openapi::{pointer::Pointer, references};

/// Maximum depth to which nested parts of an `allOf` are followed.
const DEPTH: usize = 8;

/// Returns the name of a required property whose value identifies the alternative: each alternative allows a
/// single text for this property, and no two alternatives allow the same text.
pub(crate) fn tag<'a>(document: &'a Value, alternatives: &'a [Value]) -> Option<&'a str> {
    let first = resolve(document, alternatives.first()?);
    let own = first.members("properties");
    let inherited = first.items("allOf");
    let inherited = inherited.flat_map(|part| resolve(document, part).members("properties"));
    let mut names = own.chain(inherited).map(|(name, _)| name.as_str());
    names.find(|name| {
        let requires = |alternative| is_required(document, alternative, name, 0);
        alternatives.iter().all(requires) && is_tag(document, alternatives, name)
    })
}

/// Returns `true` if each alternative allows a single text for `property`, and no two alternatives allow the
/// same text. Only texts can identify an alternative, because the generated types of other values accept more
/// values than the document lists.
pub(crate) fn is_tag(document: &Value, alternatives: &[Value], property: &str) -> bool {
    let texts = alternatives.iter();
    let texts = texts.map(|alternative| only_text(document, alternative, property, 0));
    let mut seen = BTreeSet::new();
    texts
        .into_iter()
        .all(|text| text.is_some_and(|text| seen.insert(text)))
}

/// Returns the only text that a schema allows for a property.
fn only_text<'a>(document: &'a Value, schema: &'a Value, property: &str, depth: usize) -> Option<&'a str> {
    let schema = resolve(document, schema);
    let own = schema.object("properties").and_then(|all| all.get(property));
    let own = own.map(|own| resolve(document, own));
    let own = own.filter(|own| own.text("type").is_none_or(|kind| kind == "string"));
    let text = own.and_then(|own| match own.get("enum")?.as_array()?.as_slice() {
        [only] => only.as_str(),
        _ => None,
    });
    let mut parts = schema.items("allOf").filter(|_| depth < DEPTH);
    text.or_else(|| parts.find_map(|part| only_text(document, part, property, depth + 1)))
}

fn is_required(document: &Value, schema: &Value, property: &str, depth: usize) -> bool {
    let schema = resolve(document, schema);
    let mut parts = schema.items("allOf").filter(|_| depth < DEPTH);
    schema.items("required").any(|name| name == property)
        || parts.any(|part| is_required(document, part, property, depth + 1))
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    references::resolve(document, Pointer::root(), schema).1
}
