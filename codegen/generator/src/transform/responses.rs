//! Rules for success responses and bodies.

use serde_json::{Map, Value, json};

use crate::json::Json as _;
use funnelflux_openapi::media::{self, has_no_body};

use super::{state::State, visit};

/// Removes the content of responses whose status allows no body.
pub(super) fn drop_impossible_bodies(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        for (status, response) in operation.responses().into_iter().flatten() {
            if has_no_body(status)
                && let Some(response) = response.as_object_mut()
            {
                state.count += usize::from(response.shift_remove("content").is_some());
            }
        }
    }
}

/// Keeps only the JSON media type of every request and success response, and names it `application/json`.
/// If a JSON body has no schema, it gets a schema that allows any JSON. If a request body had another JSON
/// media type, stores that media type under the key `JSON_TYPE`.
pub(super) fn keep_json(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        if let Some(body) = operation.members.get_mut("requestBody") {
            let other = body
                .object("content")
                .and_then(media::other_json)
                .map(str::to_owned);
            state.count += usize::from(keep_json_of(body));
            if let (Some(other), Value::Object(body)) = (other, body) {
                body.insert(JSON_TYPE.to_owned(), Value::String(other));
            }
        }
        let responses = operation.responses().into_iter().flatten();
        for (_, response) in responses.filter(|(status, _)| is_success(status)) {
            state.count += usize::from(keep_json_of(response));
        }
    }
}

/// Key for the media type of a body that is not JSON.
pub(super) const RAW: &str = "x-raw";

/// Key in an operation for a request body that is not JSON.
pub(super) const RAW_BODY: &str = "x-raw-body";

/// Key for the media type of a JSON request body if it is not `application/json`.
pub(super) const JSON_TYPE: &str = "x-json-type";

/// Pointer from a response to the schema of its JSON.
const JSON_SCHEMA: &str = "/content/application~1json/schema";

/// Key that marks a response that may have no content.
pub(super) const MAY_BE_EMPTY: &str = "x-may-be-empty";

/// Hides bodies other than JSON from progenitor, and stores their media types under the key `RAW`.
pub(super) fn raw_bodies(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        let body = operation.members.get_mut("requestBody");
        if let Some(Value::Object(body)) = body
            && mark_raw(body)
            && let Some(body) = operation.members.shift_remove("requestBody")
        {
            operation.members.insert(RAW_BODY.to_owned(), body);
            state.count += 1;
        }
        for (status, response) in operation.responses().into_iter().flatten() {
            if let Value::Object(response) = response
                && (is_success(status) || status == "default")
            {
                state.count += usize::from(mark_raw(response));
            }
        }
    }
}

/// Replaces the content of a body that is not JSON with the key `RAW`, whose value is the media type. Returns
/// `false` if there is no such content.
fn mark_raw(body: &mut Map<String, Value>) -> bool {
    let content = body.object("content");
    let content = content.filter(|content| media::json(content).is_none());
    let Some(raw) = content.and_then(media::raw).map(str::to_owned) else {
        return false;
    };
    body.remove("content");
    body.insert(RAW.to_owned(), Value::String(raw));
    true
}

/// Adds a success response to an operation that documents only `default`, or no success at all.
pub(super) fn name_success(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        let pointer = operation.pointer.with_trailing_token("responses");
        let Some(responses) = operation.responses() else {
            continue;
        };
        if responses.keys().any(|status| is_success(status)) {
            continue;
        }
        let default = responses.remove("default").filter(|_| responses.is_empty());
        if default.is_some() {
            let [current, original] = ["2XX", "default"].map(|key| pointer.with_trailing_token(key));
            state.origins.insert(current, original);
        }
        let success = default.unwrap_or_else(|| serde_json::json!({"description": ""}));
        responses.insert("2XX".to_owned(), success);
        state.count += 1;
    }
}

/// Keeps only the JSON media type in `content`, and names it `application/json`. Returns `false` if this
/// changed nothing.
fn keep_json_of(body: &mut Value) -> bool {
    let Some(Value::Object(content)) = body.get_mut("content") else {
        return false;
    };
    let all = std::mem::take(content);
    let json = media::json(&all).and_then(|key| all.get(key));
    content.extend(json.map(|value| (media::JSON.to_owned(), value.clone())));
    for media in content.values_mut().filter_map(Value::as_object_mut) {
        media.entry("schema").or_insert_with(|| json!({}));
    }
    *content != all
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// Removes all responses except success responses.
pub(super) fn drop_error_responses(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        if let Some(responses) = operation.responses() {
            let before = responses.len();
            responses.retain(|status, _| is_success(status));
            state.count += before - responses.len();
        }
    }
}

/// Merges the success responses of each operation into one `2XX` response.
///
/// If several success responses have JSON of different types, the merged response is any JSON.
pub(super) fn widen_success(state: &mut State<'_>) {
    for mut operation in visit::operations(&mut state.document) {
        let pointer = operation.pointer.with_trailing_token("responses");
        let Some(responses) = operation.responses() else {
            continue;
        };
        state.count += responses.keys().filter(|status| *status != "2XX").count();
        let is_empty =
            |response: &Value| response.members("content").next().is_none() && response.get(RAW).is_none();
        let may_be_empty = responses.values().any(is_empty);
        let all = std::mem::take(responses);
        let with_content = all.iter().find(|(_, response)| !is_empty(response));
        if let Some((status, first)) = with_content.or_else(|| all.iter().next()) {
            if status != "2XX" {
                let [current, original] = ["2XX", status].map(|key| pointer.with_trailing_token(key));
                state.origins.insert(current, original);
            }
            let mut first = first.clone();
            let schema = |response: &Value| response.pointer(JSON_SCHEMA).cloned();
            let mut schemas = all.values().filter_map(schema);
            let differs = schemas
                .next()
                .is_some_and(|first| schemas.any(|other| other != first));
            if let Some(schema) = first.pointer_mut(JSON_SCHEMA).filter(|_| differs) {
                *schema = json!({});
            }
            if let Value::Object(first) = &mut first
                && may_be_empty
                && first.contains_key("content")
            {
                first.insert(MAY_BE_EMPTY.to_owned(), Value::Bool(true));
            }
            *responses = Map::from_iter([("2XX".to_owned(), first)]);
        }
    }
}
