//! Interpretations of `nullable`.
//!
//! In `OpenAPI` 3.0, authors disagree on the effect of `nullable` next to a composition, a `$ref`, or an
//! `enum` without null. Some expect that null is allowed, and others that it is not. In `OpenAPI` 3.1, null
//! is a type. Normalisation writes it as `nullable`, and preserves the exact meaning by the list
//! `x-nullable`: null is *exempt* only from the keywords in this list, that is, it need not match them.
//! Without `x-nullable`, null is exempt from all keywords except `enum`.

use serde_json::{Map, Value};

use funnelflux_openapi::references;

use super::{keywords::flag, schema::Root};

/// An interpretation of `nullable`. It matters only for schemas about which authors disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Width {
    /// Null is allowed if some authors expect it to be allowed.
    Wide,
    /// Null is allowed only if all authors expect it to be allowed.
    Narrow,
}

/// The effect of `nullable` in a schema.
#[derive(Clone, Copy)]
pub(super) enum Nullable<'a> {
    /// `nullable` is absent or has no effect: null must match all keywords, like any other value.
    No,
    /// `OpenAPI` 3.0: null is exempt from `type`, and in the wide interpretation from all keywords.
    Ambiguous,
    /// `OpenAPI` 3.1: null is exempt from all keywords.
    Exempt,
    /// `OpenAPI` 3.1: null is exempt from these keywords.
    From(&'a [Value]),
}

impl<'a> Nullable<'a> {
    /// Returns the effect of `nullable` in a schema of a document, or `None` if the value of a keyword is
    /// unsupported.
    pub(super) fn of(root: Root<'_>, members: &'a Map<String, Value>) -> Option<Self> {
        let lists_null = match members.get("enum") {
            Some(values) => values.as_array()?.contains(&Value::Null),
            None => true,
        };
        Some(match members.get("x-nullable") {
            _ if !flag(members, "nullable")? => Self::No,
            _ if !root.has_null_type => Self::Ambiguous,
            Some(Value::Array(keywords)) => Self::From(keywords),
            _ if lists_null => Self::Exempt,
            _ => Self::No,
        })
    }

    /// Checks whether null is exempt from all keywords.
    pub(super) fn is_exempt(self, width: Width) -> bool {
        match self {
            Self::Exempt => true,
            Self::Ambiguous => width == Width::Wide,
            Self::No | Self::From(_) => false,
        }
    }

    /// Checks whether null is exempt from a keyword. If [`is_exempt`](Self::is_exempt) returns true, null is
    /// exempt from every keyword, but this function returns true only for `type`.
    pub(super) fn is_exempt_from(self, keyword: &str) -> bool {
        match self {
            Self::Exempt | Self::Ambiguous => keyword == "type",
            Self::From(keywords) => keywords.iter().any(|listed| listed == keyword),
            Self::No => false,
        }
    }
}

/// Checks whether a schema of `OpenAPI` 3.0 is a reference with `nullable` beside it. By the specification,
/// siblings of a reference have no effect, but some authors expect that null is allowed.
pub(super) fn is_nullable_reference(root: Root<'_>, schema: &Value) -> bool {
    !root.has_null_type
        && references::reference(schema).is_some()
        && schema.get("nullable") == Some(&Value::Bool(true))
}
