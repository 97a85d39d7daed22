//! Causes of breaking changes. A *counterexample* is a value that the sender's schema allows and the
//! receiver's schema rejects. Its *cause* is the part of the receiver's schema that rejects it. The receiver
//! is the service for a request, and the client for a response.

use serde_json::{Map, Value, json};

use funnelflux_openapi::pointer::{Pointer, PointerBuf};

use crate::{
    frames::Frame,
    inclusion::{Root, Schema},
    part_names::tokens,
    raw_change::RawChange,
    rules::ChangeKind,
};

/// The cause of a counterexample: the part of the receiver's schema that rejects the value.
pub(crate) enum Cause<'a> {
    /// The counterexample is this value, which is not in the `enum` of the receiver's schema.
    Value(&'a Value),
    /// The counterexample has this property, which the receiver's schema does not allow.
    Property(String),
    /// The counterexample does not match these keywords of the receiver's schema. They form a schema of their
    /// own, such as `{"required": ["name"]}`.
    Keywords(Value),
}

impl<'a> Cause<'a> {
    /// Returns the part of the receiver's schema (`large`) that rejects values because of the change. Returns
    /// `None` if that part is unclear.
    pub(crate) fn of(
        change: &RawChange,
        frame: &Frame<'a>,
        large: Schema<'a>,
        documents: [Root<'a>; 2],
    ) -> Option<Self> {
        if change.kind == ChangeKind::ClosedResponsePropertyAdded {
            // The cause has only the name of the property, because the declaration may be behind a reference.
            return tokens(change.new.as_ref()?).pop().map(Self::Property);
        }
        let [old_frame, new_frame] = &frame.pointers;
        let [old_document, new_document] = documents;
        let below = |at: &Option<PointerBuf>, frame: &Pointer, document: Root<'a>| {
            let at = at.as_ref().filter(|at| at.starts_with(frame))?;
            let path = tokens(at).get(frame.count()..)?.to_vec();
            Some((path, document.value.pointer(at.as_str())?))
        };
        let place = below(&change.new, new_frame, new_document);
        let (path, value) = place.or_else(|| below(&change.old, old_frame, old_document))?;
        let (first, last) = path.first().zip(path.last())?;
        Some(match change.kind {
            ChangeKind::EnumValueAdded | ChangeKind::EnumValueRemoved => Self::Value(value),
            ChangeKind::PropertyBecameRequired | ChangeKind::PropertyBecameOptional => {
                Self::Keywords(json!({"required": [value]}))
            }
            ChangeKind::RequiredRequestPropertyAdded
            | ChangeKind::RequiredRequestPropertyWithDefaultAdded
            | ChangeKind::RequiredResponsePropertyRemoved => Self::Keywords(json!({"required": [last]})),
            ChangeKind::RequestPropertyRemoved => Self::Property(last.clone()),
            // The schema is a reference, so its keywords are at the target of the reference.
            _ if large.value.get("$ref").is_some() => return None,
            _ => {
                let keywords = companions(first).into_iter();
                let fragment =
                    keywords.filter_map(|key| Some((key.to_owned(), large.value.get(key)?.clone())));
                Self::Keywords(fragment.collect::<Map<_, _>>().into())
            }
        })
    }
}

/// Returns a keyword and the other keywords that affect its meaning, such as `exclusiveMinimum` for
/// `minimum`.
fn companions(keyword: &str) -> Vec<&str> {
    match keyword {
        "type" | "nullable" | "x-type" | "x-nullable" => vec!["type", "nullable", "x-type", "x-nullable"],
        "minimum" | "exclusiveMinimum" => vec!["minimum", "exclusiveMinimum"],
        "maximum" | "exclusiveMaximum" => vec!["maximum", "exclusiveMaximum"],
        "additionalProperties" => vec!["additionalProperties", "properties"],
        "x-if" | "x-then" | "x-else" => vec!["x-if", "x-then", "x-else"],
        "x-contains" | "x-minContains" | "x-maxContains" => {
            vec!["x-contains", "x-minContains", "x-maxContains"]
        }
        "x-prefixItems" | "x-items" => vec!["x-prefixItems", "x-items"],
        "x-patternProperties" | "x-additionalProperties" => {
            vec!["x-patternProperties", "x-additionalProperties", "properties"]
        }
        "x-unevaluatedProperties" => vec![
            "x-unevaluatedProperties",
            "properties",
            "additionalProperties",
            "x-patternProperties",
            "allOf",
            "anyOf",
            "oneOf",
        ],
        keyword => vec![keyword],
    }
}
