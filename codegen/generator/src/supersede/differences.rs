//! Finds differences between inferred operations and the operations of the vendor's document.

use std::sync::Arc;

use serde_json::Value;

use super::inferred::{self, Inferred};
use crate::base_path::shown;
use funnelflux_diff::{self as diff, Change, ChangeKind, Level};
use funnelflux_openapi::{Document, operations::Operation, references::parameters};

/// Lists, for each inferred operation, its differences from the matching operation of the vendor's document.
/// The entry is `None` if there is no matching operation.
pub(super) fn differences(
    inferred: &Inferred<'_>,
    matches: &[Option<&Operation<'_>>],
    document: &Document,
) -> Vec<Option<Vec<String>>> {
    let pairs = || {
        let all = inferred.operations.iter().zip(matches);
        all.filter_map(|((_, our), their)| Some((our, (*their)?)))
    };
    if pairs().next().is_none() {
        return vec![None; matches.len()];
    }
    let facts = |value| Document::new(without_words(value, false), document.provenance().clone());
    let theirs = document.get("/components").cloned().unwrap_or_default();
    let mut ours = theirs.clone();
    if let Some(Value::Object(schemas)) = ours.get_mut("schemas") {
        schemas.extend(inferred.all_schemas());
    }
    // In both compared documents, the operations have the vendor's paths. A different path is reported
    // separately.
    let our_operations = pairs().map(|(our, their)| (their, with_status(our.value, their.value)));
    let ours = inferred::document(our_operations, &ours);
    let their_operations = pairs().map(|(_, their)| {
        let mut operation = without_failures(their.value);
        // A parameter of the path is a parameter of each of its operations.
        let parameters = parameters(document.value(), their);
        if let Some(operation) = operation.as_object_mut()
            && !parameters.is_empty()
        {
            let parameters = parameters.into_iter().map(|(_, parameter)| parameter.clone());
            operation.insert("parameters".to_owned(), parameters.collect());
        }
        (their, operation)
    });
    let theirs = inferred::document(their_operations, &theirs);
    let report = diff::compare(&facts(&ours), &facts(&theirs));
    let of_pair = |our: &Operation<'_>, their: &Operation<'_>| {
        let path = (our.path != their.path).then(|| format!("the path is `{}`", shown(their.path)));
        let name: Arc<str> = their.to_string().into();
        let is_about = |change: &&Change| change.operations.binary_search(&name).is_ok();
        let changes = report.changes.iter().filter(is_about);
        // A header that OpenAPI ignores is not part of the operation.
        let is_different =
            |change: &&Change| change.level != Level::Docs && change.kind != ChangeKind::IgnoredHeaderChanged;
        let changes = changes.filter(is_different);
        let changes = changes.map(|change| change.what.clone());
        path.into_iter().chain(changes).collect()
    };
    let all = inferred.operations.iter().zip(matches);
    let all = all.map(|((_, our), their)| Some(of_pair(our, (*their)?)));
    all.collect()
}

/// Returns an operation without its failure responses. These are not compared, because overlays do not infer
/// failure responses.
fn without_failures(operation: &Value) -> Value {
    let is_default = success(operation) == Some("default");
    let is_kept = |status: &str| status.starts_with('2') || is_default && status == "default";
    let mut operation = operation.clone();
    if let Some(Value::Object(responses)) = operation.get_mut("responses")
        && responses.keys().any(|status| is_kept(status))
    {
        responses.retain(|status, _| is_kept(status));
    }
    operation
}

/// Returns the first success status of an operation. If there is none, `default` describes the success.
fn success(operation: &Value) -> Option<&str> {
    let statuses = operation.get("responses")?.as_object()?.keys();
    let mut statuses = statuses.map(String::as_str);
    let is_success = |status: &&str| status.starts_with('2');
    let success = statuses.clone().find(is_success);
    success.or_else(|| statuses.find(|status| *status == "default"))
}

/// Returns our operation without its failure responses, and with the success status of the vendor's
/// operation. Statuses are not compared, because overlays do not infer them.
fn with_status(our: &Value, their: &Value) -> Value {
    let mut operation = without_failures(our);
    if let (Some(ours), Some(theirs)) = (success(our), success(their))
        && let Some(Value::Object(responses)) = operation.get_mut("responses")
        && let Some(response) = responses.shift_remove(ours)
    {
        responses.insert(theirs.to_owned(), response);
    }
    operation
}

/// Returns a value without descriptions, titles, examples, operation IDs, tags and extensions, so that a
/// comparison ignores them. If `named` is true, the keys of `value` are names that the author of the document
/// chose, such as property names. All these keys are kept, even a key such as `title`.
pub(super) fn without_words(value: &Value, named: bool) -> Value {
    const NAMED: &[&str] = &[
        "properties",
        "schemas",
        "paths",
        "parameters",
        "requestBodies",
        "responses",
        "content",
    ];
    let is_word = |key: &str| {
        matches!(
            key,
            "description" | "summary" | "title" | "operationId" | "tags" | "example" | "examples"
        )
    };
    match value {
        Value::Object(object) => {
            let facts = object
                .iter()
                .filter(|(key, _)| named || !(is_word(key) || key.starts_with("x-")));
            let facts = facts.map(|(key, value)| {
                let inner = without_words(value, !named && NAMED.contains(&key.as_str()));
                (key.clone(), inner)
            });
            Value::Object(facts.collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| without_words(item, false)).collect()),
        other => other.clone(),
    }
}
