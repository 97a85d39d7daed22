//! Causes of breaks: the part of the larger schema that rejects a counterexample.

use serde_json::{Map, Value, json};

use funnelflux_openapi::pointer::{Pointer, PointerBuf};

use crate::{
    frames::Frame,
    inclusion::{Root, Schema},
    raw_change::RawChange,
    rules::ChangeKind,
    steps::tokens,
};

/// The part of the larger schema that rejects a counterexample of a change.
pub(crate) enum Cause<'a> {
    /// The counterexample is this value.
    Value(&'a Value),
    /// The counterexample has this property.
    Property(String),
    /// These keywords reject the counterexample.
    Keywords(Value),
    Unclear,
}

impl<'a> Cause<'a> {
    pub(crate) fn of(
        change: &RawChange,
        frame: &Frame<'a>,
        large: Schema<'a>,
        documents: [Root<'a>; 2],
    ) -> Self {
        let [old_frame, new_frame] = &frame.pointers;
        let [old_document, new_document] = documents;
        let below = |at: &Option<PointerBuf>, frame: &Pointer, document: Root<'a>| {
            let at = at.as_ref().filter(|at| at.starts_with(frame))?;
            let all = tokens(at);
            Some((
                all.get(frame.count()..)?.to_vec(),
                document.value.pointer(at.as_str())?,
            ))
        };
        let place = below(&change.new, new_frame, new_document)
            .or_else(|| below(&change.old, old_frame, old_document));
        let Some((path, value)) = place else {
            return Self::Unclear;
        };
        let [keyword, ..] = path.as_slice() else {
            return Self::Unclear;
        };
        match change.kind {
            ChangeKind::EnumValueAdded | ChangeKind::EnumValueRemoved => Self::Value(value),
            ChangeKind::PropertyBecameRequired | ChangeKind::PropertyBecameOptional => {
                Self::Keywords(json!({"required": [value]}))
            }
            ChangeKind::RequiredRequestPropertyAdded
            | ChangeKind::RequiredRequestPropertyWithDefaultAdded
            | ChangeKind::RequiredResponsePropertyRemoved => {
                Self::Keywords(json!({"required": [path.last()]}))
            }
            ChangeKind::RequestPropertyRemoved | ChangeKind::ClosedResponsePropertyAdded => path
                .last()
                .map_or(Self::Unclear, |name| Self::Property(name.clone())),
            // The keywords of a target are elsewhere.
            _ if large.value.get("$ref").is_some() => Self::Unclear,
            _ => {
                let mut fragment = Map::new();
                for key in companions(keyword) {
                    if let Some(value) = large.value.get(key) {
                        fragment.insert(key.to_owned(), value.clone());
                    }
                }
                Self::Keywords(fragment.into())
            }
        }
    }
}

/// A keyword with the keywords that are needed to interpret it.
fn companions(keyword: &str) -> Vec<&str> {
    match keyword {
        "type" | "nullable" => vec!["type", "nullable"],
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
