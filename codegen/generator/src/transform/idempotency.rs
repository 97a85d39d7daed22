//! Decides which operations may be sent again, and which operations need an acknowledgement by the caller.

use funnelflux_openapi::{evidence::Evidence, operations::Operation};
use serde_json::Value;

use super::{api_model::Repeat, component, schema_kind};
use crate::{
    json::Json as _,
    method_names::{OperationWords, Verb, Vocabulary},
};

/// Returns the effect of a second attempt. Reading is safe, and PUT and DELETE are idempotent (RFC 9110). A
/// POST can be repeated only if the client chose the ID of the new asset.
pub(super) fn repeat(
    operation: &Operation<'_>,
    words: &OperationWords,
    vocabulary: &Vocabulary,
    document: &Value,
) -> Repeat {
    match operation.method {
        "get" | "head" | "options" | "trace" => Repeat::Read,
        "put" | "delete" => Repeat::Idempotent,
        "post" if body_has_own_id(operation, words, vocabulary, document) => Repeat::ClientId,
        _ => Repeat::Never,
    }
}

/// Returns `true` if the operation creates an asset, its body contains the ID of the asset, and another
/// operation finds the asset by that ID.
fn body_has_own_id(
    operation: &Operation<'_>,
    words: &OperationWords,
    vocabulary: &Vocabulary,
    document: &Value,
) -> bool {
    if !words.is_main || words.verb != Verb::Create {
        return false;
    }
    let finder = vocabulary.main_operation(&words.tag, &Verb::FindById);
    let finder = finder.and_then(|pointer| document.pointer(pointer.as_str()));
    let parameters = finder.into_iter().flat_map(|finder| finder.items("parameters"));
    if parameters
        .filter(|parameter| parameter.is_true("required"))
        .count()
        != 1
    {
        return false;
    }
    let Some(id) = vocabulary.id_properties.get(&words.tag) else {
        return false;
    };
    let body = "/requestBody/content/application~1json/schema";
    let component = operation.value.pointer(body).and_then(component::referenced);
    let schema = component.and_then(|name| component::get(document, &name));
    let property = schema.and_then(|schema| schema.get("properties")?.get(id));
    property.is_some_and(|property| !schema_kind::has_type(property, "integer"))
}

/// Returns `true` if the operation is inferred, and deletes or archives assets.
pub(super) fn requires_acknowledgement(operation: &Operation<'_>, verb: &Verb) -> bool {
    let is_destructive = operation.method.eq_ignore_ascii_case("delete") || *verb == Verb::Archive;
    is_destructive && Evidence::of(operation.value).is_some_and(Evidence::is_inferred)
}
