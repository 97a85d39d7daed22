//! Finds differences between inferred operations and the operations of the vendor's document.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::inferred::{self, Inferred};
use funnelflux_diff::{self as diff, Change, Level};
use funnelflux_openapi::{Document, operations::Operation};

/// Lists, for each inferred operation, its differences from the matching operation of the vendor's document.
/// The entry is `None` if there is no matching operation.
pub(super) fn differences(
    inferred: &Inferred<'_>,
    matches: &[Option<&Operation<'_>>],
    schemas: &Map<String, Value>,
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
    let mut our_schemas = schemas.clone();
    our_schemas.extend(inferred.all_schemas());
    // In both compared documents, the operations have the vendor's paths. A different path is reported
    // separately.
    let ours = pairs().map(|(our, their)| (their, with_status(&without_failures(our.value), their.value)));
    let ours = inferred::document(ours, &our_schemas);
    let theirs = pairs().map(|(_, their)| (their, without_failures(their.value)));
    let theirs = inferred::document(theirs, schemas);
    let report = diff::compare(&facts(&ours), &facts(&theirs));
    let of_pair = |our: &Operation<'_>, their: &Operation<'_>| {
        let path = (our.path != their.path).then(|| format!("the path is `{}`", their.path));
        let name: Arc<str> = their.to_string().into();
        let is_about = |change: &&Change| change.operations.binary_search(&name).is_ok();
        let changes = report.changes.iter().filter(is_about);
        let changes = changes.filter(|change| change.level != Level::Docs);
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
    let mut operation = operation.clone();
    if let Some(Value::Object(responses)) = operation.get_mut("responses")
        && responses.keys().any(|status| status.starts_with('2'))
    {
        responses.retain(|status, _| status.starts_with('2'));
    }
    operation
}

/// Returns our operation with the success status of the vendor's operation. Statuses are not compared,
/// because overlays do not infer them.
fn with_status(our: &Value, their: &Value) -> Value {
    let success = |operation: &Value| {
        let responses = operation.get("responses")?.as_object()?;
        responses.keys().find(|status| status.starts_with('2')).cloned()
    };
    let mut our = our.clone();
    if let (Some(mine), Some(theirs)) = (success(&our), success(their))
        && let Some(Value::Object(responses)) = our.get_mut("responses")
        && let Some(response) = responses.shift_remove(&mine)
    {
        responses.insert(theirs, response);
    }
    our
}

/// Returns a value without descriptions, titles, examples, operation IDs, tags and extensions, so that a
/// comparison ignores them. If `named` is true, the keys of `value` are names that the author of the document
/// chose, such as property names. All these keys are kept, even a key such as `title`.
pub(super) fn without_words(value: &Value, named: bool) -> Value {
    const NAMED: &[&str] = &["properties", "schemas", "paths", "responses", "content"];
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
