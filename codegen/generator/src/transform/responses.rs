//! Success responses and JSON bodies.

use serde_json::{Map, Value};

use funnelflux_openapi::media::{self, has_no_body};

use super::{state::State, visit};

/// Removes the content of responses whose status allows no body.
pub(super) fn drop_impossible_bodies(state: &mut State<'_>) -> usize {
    let mut count = 0;
    for operation in visit::operations(&mut state.document) {
        let responses = operation
            .members
            .get_mut("responses")
            .and_then(Value::as_object_mut);
        for (status, response) in responses.into_iter().flatten() {
            if has_no_body(status)
                && let Some(response) = response.as_object_mut()
            {
                count += usize::from(response.shift_remove("content").is_some());
            }
        }
    }
    count
}

/// Keeps the JSON media type of every request and success response, as `application/json`.
pub(super) fn keep_json(state: &mut State<'_>) -> usize {
    let mut count = 0;
    for operation in visit::operations(&mut state.document) {
        for (key, value) in operation.members.iter_mut() {
            match (key.as_str(), value) {
                ("requestBody", body) => count += usize::from(keep_json_of(body)),
                ("responses", Value::Object(responses)) => {
                    count += responses
                        .iter_mut()
                        .filter(|(status, _)| is_success(status))
                        .map(|(_, response)| usize::from(keep_json_of(response)))
                        .sum::<usize>();
                }
                _ => {}
            }
        }
    }
    count
}

/// Keeps only JSON in `content`; `false` if there was nothing else.
fn keep_json_of(body: &mut Value) -> bool {
    let Some(Value::Object(content)) = body.get_mut("content") else {
        return false;
    };
    let all = std::mem::take(content);
    *content = media::json(&all)
        .and_then(|key| all.get(key))
        .map(|value| (media::JSON.to_owned(), value.clone()))
        .into_iter()
        .collect();
    *content != all
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// Removes all responses but successes.
pub(super) fn drop_error_responses(state: &mut State<'_>) -> usize {
    let mut count = 0;
    for operation in visit::operations(&mut state.document) {
        if let Some(Value::Object(responses)) = operation.members.get_mut("responses") {
            let before = responses.len();
            responses.retain(|status, _| is_success(status));
            count += before - responses.len();
        }
    }
    count
}

/// Merges the successes of each operation into one `2XX` response.
///
/// The lint has made sure that there is a success, and that all successes have one type.
pub(super) fn widen_success(state: &mut State<'_>) -> usize {
    let mut count = 0;
    for operation in visit::operations(&mut state.document) {
        let Some(Value::Object(responses)) = operation.members.get_mut("responses") else {
            continue;
        };
        count += responses.keys().filter(|status| *status != "2XX").count();
        if let Some((status, first)) = std::mem::take(responses).into_iter().next() {
            let pointer = operation.pointer.with_trailing_token("responses");
            if status != "2XX" {
                let [current, original] = ["2XX", &status].map(|key| pointer.with_trailing_token(key));
                state.origins.insert(current, original);
            }
            *responses = Map::from_iter([("2XX".to_owned(), first)]);
        }
    }
    count
}
