//! What comes back: JSON, and success or not. The lint has seen to it that there is a success, and that all have one type.

use serde_json::{Map, Value};

use funnelflux_openapi::{media, pointer};

use super::{Draft, visit};

/// Keeps the JSON form of the media types of a body, as `application/json`.
pub(super) fn keep_json(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for entry in visit::operations(&mut draft.value) {
        for (key, value) in entry.operation.iter_mut() {
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

/// Whether something had to go.
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

/// Leaves the responses that are success.
pub(super) fn drop_error_responses(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for entry in visit::operations(&mut draft.value) {
        if let Some(Value::Object(responses)) = entry.operation.get_mut("responses") {
            let before = responses.len();
            responses.retain(|status, _| is_success(status));
            count += before - responses.len();
        }
    }
    count
}

/// Makes one response for every 2xx of an operation's successes, which all have one type.
pub(super) fn widen_success(draft: &mut Draft<'_>) -> usize {
    let mut count = 0;
    for entry in visit::operations(&mut draft.value) {
        let Some(Value::Object(responses)) = entry.operation.get_mut("responses") else {
            continue;
        };
        count += responses.keys().filter(|status| *status != "2XX").count();
        if let Some((status, first)) = std::mem::take(responses).into_iter().next() {
            let at = pointer::join(&entry.pointer, "responses");
            if status != "2XX" {
                let origin = pointer::join(&at, &status);
                draft.origins.insert(pointer::join(&at, "2XX"), origin);
            }
            *responses = Map::from_iter([("2XX".to_owned(), first)]);
        }
    }
    count
}
