//! What comes back: JSON, and success or not.

use serde_json::{Map, Value};

use crate::{media, pointer};

use super::{Draft, error, walk};

/// Keeps the JSON form of the media types of a body, as `application/json`.
pub(super) fn keep_json(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let mut wrong = Vec::new();
    for entry in walk::operations(&mut draft.value) {
        let request_at = pointer::join(&entry.pointer, "requestBody");
        let responses_at = pointer::join(&entry.pointer, "responses");
        let mut bodies = Vec::new();
        for (key, value) in entry.operation.iter_mut() {
            match (key.as_str(), value) {
                ("requestBody", Value::Object(body)) => bodies.push((request_at.clone(), body)),
                ("responses", Value::Object(responses)) => {
                    for (status, response) in responses {
                        if let Value::Object(response) = response
                            && is_success(status)
                        {
                            bodies.push((pointer::join(&responses_at, status), response));
                        }
                    }
                }
                _ => {}
            }
        }
        for (at, body) in bodies {
            let Some(Value::Object(content)) = body.get_mut("content") else {
                continue;
            };
            let all = std::mem::take(content);
            let kept: Map<String, Value> = media::json(&all)
                .and_then(|key| all.get(key))
                .map(|value| (media::JSON.to_owned(), value.clone()))
                .into_iter()
                .collect();
            if kept.is_empty() && !all.is_empty() {
                let types: Vec<&str> = all.keys().map(String::as_str).collect();
                wrong.push((at, format!("the body is {}, not JSON", types.join(" or "))));
            }
            count += usize::from(kept != all);
            *content = kept;
        }
    }
    for (at, message) in wrong {
        draft.error(
            "no-json",
            &at,
            message,
            "the runtime speaks JSON only: let an overlay remove the operation or correct the media type",
        );
    }
    count
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// Leaves the responses that are success. One that documents only `default` means success by it.
pub(super) fn drop_error_responses(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for entry in walk::operations(&mut draft.value) {
        let Some(Value::Object(responses)) = entry.operation.get_mut("responses") else {
            continue;
        };
        let before = responses.len();
        if !responses.keys().any(|status| is_success(status))
            && let Some(default) = responses.remove("default")
        {
            responses.insert("2XX".to_owned(), default);
            count += 1;
        }
        responses.retain(|status, _| is_success(status));
        count += before - responses.len();
    }
    count
}

/// Makes one response for every 2xx of an operation's successes: the one that has content.
pub(super) fn widen_success(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    let Draft {
        value,
        source,
        findings,
    } = draft;
    for entry in walk::operations(value) {
        let at = pointer::join(&entry.pointer, "responses");
        let Some(Value::Object(responses)) = entry.operation.get_mut("responses") else {
            continue;
        };
        let mut typed: Option<(String, Value)> = None;
        let mut empty = None;
        for (status, response) in std::mem::take(responses) {
            count += usize::from(status != "2XX");
            let has_content = response
                .get("content")
                .and_then(Value::as_object)
                .is_some_and(|content| !content.is_empty());
            match &typed {
                _ if !has_content => empty = empty.or(Some(response)),
                None => typed = Some((status, response)),
                Some((other, first)) => {
                    if first.get("content") != response.get("content") {
                        findings.push(error(
                            source,
                            "two-successes",
                            &pointer::join(&at, &status),
                            format!("{other} and {status} come with different bodies"),
                            "let an overlay remove one, or give both the same schema",
                        ));
                    }
                }
            }
        }
        let success = typed
            .map(|(_, response)| response)
            .or(empty)
            .unwrap_or_else(|| serde_json::json!({"description": "Success"}));
        responses.insert("2XX".to_owned(), success);
    }
    count
}
