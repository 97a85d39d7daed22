//! Decides which inferred operations callers must acknowledge before sending them.

use funnelflux_openapi::{evidence::Evidence, operations::Operation};

use crate::method_names::Verb;

/// Returns `true` if the operation deletes or archives, and is inferred.
pub(super) fn is_required(operation: &Operation<'_>, verb: &Verb) -> bool {
    let is_destructive = operation.method.eq_ignore_ascii_case("delete") || *verb == Verb::Archive;
    is_destructive && Evidence::of(operation.value).is_some_and(Evidence::is_inferred)
}
