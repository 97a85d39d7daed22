//! A case for every rule of the comparison: the smallest two documents that differ by it, and the only change that may
//! be reported of them, with its level, direction, place and impact on the crate.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "a test stops at the first surprise, and its tables are long"
)]

use std::collections::BTreeSet;

use funnelflux_diff as diff;
use funnelflux_diff::{
    Direction::{self, Both, None as Nowhere, Request, Response},
    Impact::{self, Major, Minor, None as Nothing, Patch},
    Level::{self, Breaking, Docs, Info, Warning},
    Report,
};
use funnelflux_openapi::{Document, Source, normalise, read};
use serde_json::{Value, json};

/// Merges as JSON Merge Patch does: objects member by member, anything else is replaced, null removes.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let members = target.as_object_mut().unwrap();
    for (key, value) in patch {
        if value.is_null() {
            members.shift_remove(&key);
        } else {
            merge(members.entry(key).or_insert(Value::Null), value);
        }
    }
}

/// The document around what a case is about.
fn document(name: &str, patch: Value) -> Document {
    let mut value = json!({
        "openapi": "3.0.3",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"put": {"responses": {"200": {"description": "d"}}}}},
    });
    merge(&mut value, patch);
    let text = format!("{value:#}");
    read::parse(Source { name, text: &text }).unwrap()
}

fn report(old: Value, new: Value) -> Report {
    diff::compare(&document("old", old), &document("new", new))
}

/// Members of the one operation.
fn operation(members: Value) -> Value {
    json!({"paths": {"/a": {"put": members}}})
}

/// The one response.
fn answer(response: Value) -> Value {
    operation(json!({"responses": {"200": response}}))
}

/// The one body, as JSON of this schema, or as what the direction wants of it.
fn body(direction: Direction, schema: &Value) -> Value {
    let content = json!({"content": {"application/json": {"schema": schema}}});
    match direction {
        Request => operation(json!({"requestBody": content})),
        _ => answer(content),
    }
}

fn whole(document: Value) -> Value {
    document
}

fn query(parameter: Value) -> Value {
    let mut whole = json!({"name": "q", "in": "query"});
    merge(&mut whole, parameter);
    operation(json!({"parameters": [whole]}))
}

fn components(parts: Value) -> Value {
    json!({"components": parts})
}

const OPERATION: &str = "/paths/~1a/put";
const QUERY: &str = "/paths/~1a/put/parameters/0";
const BODY: &str = "/paths/~1a/put/requestBody";
const ANSWER: &str = "/paths/~1a/put/responses/200";
const DOCUMENT: &str = "";

/// One case.
struct Case {
    /// The rule, as the table of rules calls it.
    rule: &'static str,
    /// The id that is reported.
    id: String,
    old: Value,
    new: Value,
    level: Level,
    direction: Direction,
    pointer: String,
    impact: Impact,
}

macro_rules! cases {
    ($($rule:literal $($id:literal)?: $around:ident $old:tt => $new:tt at $base:ident $pointer:literal, $level:ident $direction:ident $impact:ident;)*) => {
        vec![$(Case {
            rule: $rule, id: [$rule, $($id)?].last().unwrap().to_string(), old: $around(json!($old)), new: $around(json!($new)),
            level: $level, direction: $direction, pointer: format!("{}{}", $base, $pointer), impact: $impact,
        }),*]
    };
}

/// Rules that are not about schemas.
fn of_operations() -> Vec<Case> {
    cases! {
        "endpoint-added": whole {} => {"paths": {"/a": {"get": {"responses": {}}}}} at DOCUMENT "/paths/~1a/get", Info Nowhere Minor;
        "api-removed-without-deprecation": whole {"paths": {"/a": {"get": {}}}} => {} at DOCUMENT "/paths/~1a/get", Breaking Nowhere Major;
        "api-removed-with-deprecation": whole {"paths": {"/a": {"get": {"deprecated": true}}}} => {} at DOCUMENT "/paths/~1a/get", Breaking Nowhere Major;
        "api-path-removed-without-deprecation": whole {"paths": {"/b": {"get": {}}}} => {} at DOCUMENT "/paths/~1b/get", Breaking Nowhere Major;
        "api-path-removed-with-deprecation": whole {"paths": {"/b": {"get": {"deprecated": true}}}} => {} at DOCUMENT "/paths/~1b/get", Breaking Nowhere Major;
        "path-parameter-renamed": whole {"paths": {"/b/{x}": {"get": {}}}} => {"paths": {"/b/{y}": {"get": {}}}} at DOCUMENT "/paths/~1b~1{y}", Info Nowhere Major;
        "path-parameters-swapped": whole {"paths": {"/b/{x}/{y}": {"get": {}}}} => {"paths": {"/b/{y}/{x}": {"get": {}}}} at DOCUMENT "/paths/~1b~1{y}~1{x}", Breaking Nowhere Major;
        "path-parameters-swapped": whole {"paths": {"/b/{x}/{y}": {"get": {}}}} => {"paths": {"/b/{y}/{z}": {"get": {}}}} at DOCUMENT "/paths/~1b~1{y}~1{z}", Breaking Nowhere Major;
        "path-item-changed": whole {} => {"paths": {"/b": {"summary": "s"}}} at DOCUMENT "/paths/~1b", Info Nowhere Patch;
        "api-operation-id-added": operation {} => {"operationId": "x"} at OPERATION "/operationId", Info Nowhere Nothing;
        "api-operation-id-removed": operation {"operationId": "x"} => {"operationId": "y"} at OPERATION "/operationId", Info Nowhere Nothing;
        "endpoint-deprecated": operation {} => {"deprecated": true} at OPERATION "/deprecated", Info Nowhere Patch;
        "endpoint-reactivated": operation {"deprecated": true} => {} at OPERATION "/deprecated", Info Nowhere Patch;
        "api-tag-added": operation {"tags": ["x"]} => {"tags": ["x", "y"]} at OPERATION "/tags/1", Info Nowhere Patch;
        "api-tag-group-changed": operation {"tags": ["x", "y"]} => {"tags": ["y", "x"]} at OPERATION "/tags", Info Nowhere Major;
        "api-tag-removed": operation {"tags": ["x", "y"]} => {"tags": ["x"]} at OPERATION "/tags/1", Info Nowhere Patch;

        "new-required-request-parameter": operation {} => {"parameters": [{"name": "q", "in": "query", "required": true, "schema": {}}]} at QUERY "", Breaking Request Major;
        "new-required-request-default-parameter-to-existing-path": operation {} => {"parameters": [{"name": "q", "in": "query", "required": true, "schema": {"default": 1}}]} at QUERY "", Breaking Request Major;
        "new-optional-request-parameter": operation {} => {"parameters": [{"name": "q", "in": "query", "schema": {}}]} at QUERY "", Info Request Major;
        "new-optional-request-default-parameter-to-existing-path": operation {} => {"parameters": [{"name": "q", "in": "query", "schema": {"default": 1}}]} at QUERY "", Info Request Major;
        "new-request-path-parameter": operation {} => {"parameters": [{"name": "q", "in": "path", "required": true, "schema": {}}]} at QUERY "", Breaking Request Major;
        "request-parameter-removed": operation {"parameters": [{"name": "q", "in": "query", "schema": {}}]} => {} at QUERY "", Breaking Request Major;
        "request-parameter-became-required": query {} => {"required": true} at QUERY "/required", Breaking Request Major;
        "request-parameter-became-optional": query {"required": true} => {} at QUERY "/required", Info Request Major;
        "request-parameter-serialization-changed": query {"style": "form"} => {"style": "spaceDelimited"} at QUERY "/style", Breaking Request Patch;
        "request-parameter-empty-value-forbidden": query {"allowEmptyValue": true} => {} at QUERY "/allowEmptyValue", Breaking Request Patch;
        "request-parameter-empty-value-allowed": query {} => {"allowEmptyValue": true} at QUERY "/allowEmptyValue", Info Request Patch;
        "request-parameter-deprecated": query {} => {"deprecated": true} at QUERY "/deprecated", Info Request Patch;
        "request-parameter-reactivated": query {"deprecated": true} => {} at QUERY "/deprecated", Info Request Patch;
        "parameter-order-changed": operation {"parameters": [{"name": "p", "in": "query"}, {"name": "q", "in": "query"}]}
            => {"parameters": [{"name": "q", "in": "query"}, {"name": "p", "in": "query"}]} at OPERATION "/parameters", Docs Request Major;
        "request-parameter-content-changed": query {} => {"content": {"application/json": {}}} at QUERY "/content", Breaking Request Major;
        "request-parameter-default-value-added": query {"schema": {}} => {"schema": {"default": 1}} at QUERY "/schema/default", Breaking Request Patch;
        "request-parameter-default-value-removed": query {"schema": {"default": 1}} => {"schema": {}} at QUERY "/schema/default", Breaking Request Patch;
        "request-parameter-default-value-changed": query {"schema": {"default": 1}} => {"schema": {"default": 2}} at QUERY "/schema/default", Breaking Request Patch;

        "request-body-added-required": operation {} => {"requestBody": {"required": true, "content": {}}} at BODY "", Breaking Request Major;
        "request-body-added-optional": operation {} => {"requestBody": {"content": {}}} at BODY "", Info Request Major;
        "request-body-removed": operation {"requestBody": {"content": {}}} => {} at BODY "", Breaking Request Major;
        "request-body-became-required": operation {"requestBody": {"content": {}}} => {"requestBody": {"content": {}, "required": true}} at BODY "/required", Breaking Request Major;
        "request-body-became-optional": operation {"requestBody": {"content": {}, "required": true}} => {"requestBody": {"content": {}}} at BODY "/required", Info Request Major;
        "request-body-media-type-added": operation {"requestBody": {"content": {}}} => {"requestBody": {"content": {"application/json": {}}}} at BODY "/content/application~1json", Info Request Major;
        "request-body-media-type-removed": operation {"requestBody": {"content": {"application/json": {}}}} => {"requestBody": {"content": {}}} at BODY "/content/application~1json", Breaking Request Major;
        "request-body-media-type-schema-added": operation {"requestBody": {"content": {"application/json": {}}}} => {"requestBody": {"content": {"application/json": {"schema": {}}}}} at BODY "/content/application~1json/schema", Breaking Request Major;
        "request-body-media-type-schema-removed": operation {"requestBody": {"content": {"application/json": {"schema": {}}}}} => {"requestBody": {"content": {"application/json": {}}}} at BODY "/content/application~1json/schema", Info Request Major;

        "response-success-status-added": operation {} => {"responses": {"201": {"description": "d"}}} at OPERATION "/responses/201", Info Response Patch;
        "response-success-status-removed": operation {"responses": {"201": {"description": "d"}}} => {} at OPERATION "/responses/201", Breaking Response Patch;
        "response-non-success-status-added": operation {} => {"responses": {"404": {"description": "d"}}} at OPERATION "/responses/404", Info Response Patch;
        "response-non-success-status-removed": operation {"responses": {"404": {"description": "d"}}} => {} at OPERATION "/responses/404", Info Response Patch;
        "response-default-added": operation {} => {"responses": {"default": {"description": "d"}}} at OPERATION "/responses/default", Warning Response Patch;
        "response-default-removed": operation {"responses": {"default": {"description": "d"}}} => {} at OPERATION "/responses/default", Warning Response Patch;
        "response-media-type-added": answer {} => {"content": {"application/json": {}}} at ANSWER "/content/application~1json", Info Response Major;
        "response-media-type-removed": answer {"content": {"application/json": {}}} => {} at ANSWER "/content/application~1json", Breaking Response Major;
        "response-body-media-type-schema-added": answer {"content": {"application/json": {}}} => {"content": {"application/json": {"schema": {}}}} at ANSWER "/content/application~1json/schema", Info Response Major;
        "response-body-media-type-schema-removed": answer {"content": {"application/json": {"schema": {}}}} => {"content": {"application/json": {}}} at ANSWER "/content/application~1json/schema", Breaking Response Major;
        "response-header-added": answer {} => {"headers": {"X": {}}} at ANSWER "/headers/X", Info Response Patch;
        "required-response-header-removed": answer {"headers": {"X": {"required": true}}} => {} at ANSWER "/headers/X", Breaking Response Patch;
        "optional-response-header-removed": answer {"headers": {"X": {"schema": {}}}} => {} at ANSWER "/headers/X", Warning Response Patch;
        "response-header-became-optional": answer {"headers": {"X": {"required": true}}} => {"headers": {"X": {"required": false}}} at ANSWER "/headers/X/required", Breaking Response Patch;
        "response-header-deprecated": answer {"headers": {"X": {}}} => {"headers": {"X": {"deprecated": true}}} at ANSWER "/headers/X/deprecated", Info Response Patch;
        "response-header-reactivated": answer {"headers": {"X": {"deprecated": true}}} => {"headers": {"X": {}}} at ANSWER "/headers/X/deprecated", Info Response Patch;
        "response-header-became-required": answer {"headers": {"X": {"required": false}}} => {"headers": {"X": {"required": true}}} at ANSWER "/headers/X/required", Info Response Patch;

        "api-schema-added": components {"schemas": {}} => {"schemas": {"S": {}}} at DOCUMENT "/components/schemas/S", Info Nowhere Minor;
        "api-schema-removed": components {"schemas": {"S": {}}} => {"schemas": {}} at DOCUMENT "/components/schemas/S", Info Nowhere Major;
        "api-schema-renamed": components {"schemas": {"S": {}}} => {"schemas": {"T": {}}} at DOCUMENT "/components/schemas/T", Info Nowhere Major;
        "component-added": components {"parameters": {}} => {"parameters": {"P": {"name": "p", "in": "query"}}} at DOCUMENT "/components/parameters/P", Info Nowhere Nothing;
        "component-removed": components {"headers": {"H": {}}} => {"headers": {}} at DOCUMENT "/components/headers/H", Info Nowhere Nothing;
        "unused-component-changed": components {"responses": {"R": {"description": "d"}}} => {"responses": {"R": {"description": "d", "content": {}}}} at DOCUMENT "/components/responses/R", Info Nowhere Patch;

        "server-added": whole {"servers": [{"url": "a"}]} => {"servers": [{"url": "a"}, {"url": "b"}]} at DOCUMENT "/servers/1", Info Nowhere Patch;
        "server-added": whole {"servers": [{"url": "a"}]} => {"servers": [{"url": "a"}], "paths": {"/a": {"put": {"servers": [{"url": "a"}, {"url": "b"}]}}}} at OPERATION "/servers", Info Nowhere Patch;
        "servers-replaced": whole {"servers": [{"url": "a"}]} => {"servers": [{"url": "a"}], "paths": {"/a": {"put": {"servers": [{"url": "b"}]}}}} at OPERATION "/servers", Breaking Nowhere Patch;
        "servers-replaced": whole {"servers": [{"url": "a"}]} => {"servers": [{"url": "a"}], "paths": {"/a": {"servers": [{"url": "b"}]}}} at DOCUMENT "/paths/~1a/servers", Breaking Nowhere Patch;
        "servers-replaced": whole {"paths": {"/a": {"servers": [{"url": "b"}]}}} => {"paths": {"/a": {"servers": [{"url": "b"}], "put": {"servers": [{"url": "a"}]}}}} at OPERATION "/servers", Breaking Nowhere Patch;
        // Without any, it is the address of the document.
        "servers-replaced": whole {} => {"servers": [{"url": "a"}]} at DOCUMENT "/servers", Breaking Nowhere Patch;
        "notation-changed": whole {} => {"servers": [{"url": "/"}]} at DOCUMENT "/servers", Docs Nowhere Patch;
        "notation-changed": whole {"servers": [{"url": "a"}]} => {"servers": [{"url": "a"}], "paths": {"/a": {"put": {"servers": [{"url": "a"}]}}}} at OPERATION "/servers", Docs Nowhere Patch;
        "server-removed": whole {"servers": [{"url": "a"}, {"url": "b"}]} => {"servers": [{"url": "a"}]} at DOCUMENT "/servers/1", Breaking Nowhere Patch;
        "server-order-changed": whole {"servers": [{"url": "a"}, {"url": "b"}]} => {"servers": [{"url": "b"}, {"url": "a"}]} at DOCUMENT "/servers", Warning Nowhere Patch;
        "server-variables-changed": whole {"servers": [{"url": "a"}]} => {"servers": [{"url": "a", "variables": {"v": {"default": "x"}}}]} at DOCUMENT "/servers/0/variables", Breaking Nowhere Patch;
        "api-security-added": operation {} => {"security": [{"a": []}]} at OPERATION "/security", Breaking Nowhere Patch;
        "api-security-alternative-added": operation {"security": [{"a": []}]} => {"security": [{"a": []}, {"b": []}]} at OPERATION "/security/1", Info Nowhere Nothing;
        "api-security-removed": operation {"security": [{"a": []}, {"b": []}]} => {"security": [{"a": []}]} at OPERATION "/security/1", Breaking Nowhere Patch;
        "api-security-dropped": operation {"security": [{"a": []}]} => {"security": []} at OPERATION "/security/0", Info Nowhere Nothing;
        "api-global-security-added": whole {} => {"security": [{"a": []}]} at DOCUMENT "/security/0", Breaking Nowhere Patch;
        "api-global-security-removed": whole {"security": [{"a": []}, {"b": []}]} => {"security": [{"a": []}]} at DOCUMENT "/security/1", Breaking Nowhere Patch;
        "api-security-component-added": components {"securitySchemes": {}} => {"securitySchemes": {"a": {"type": "http"}}} at DOCUMENT "/components/securitySchemes/a", Info Nowhere Nothing;
        "api-security-component-removed": components {"securitySchemes": {"a": {"type": "http"}}} => {"securitySchemes": {}} at DOCUMENT "/components/securitySchemes/a", Warning Nowhere Nothing;
        "api-security-component-changed": components {"securitySchemes": {"a": {"type": "http"}}} => {"securitySchemes": {"a": {"type": "oauth2"}}} at DOCUMENT "/components/securitySchemes/a/type", Breaking Nowhere Patch;

        "description-changed": operation {} => {"description": "Words."} at OPERATION "/description", Docs Nowhere Patch;
        "description-obligation-changed": whole {"tags": [{"name": "t", "description": "Send it."}]} => {"tags": [{"name": "t", "description": "Don't send it."}]} at DOCUMENT "/tags/0/description", Warning Nowhere Patch;
        "description-obligation-changed": operation {"description": "Send it."} => {"description": "Never send it."} at OPERATION "/description", Warning Nowhere Patch;
        "summary-changed": operation {} => {"summary": "Words."} at OPERATION "/summary", Docs Nowhere Patch;
        "example-changed": components {"examples": {"E": {"value": {"a": 1}}}} => {"examples": {"E": {"value": {"a": 2}}}} at DOCUMENT "/components/examples/E", Docs Nowhere Patch;
        "external-documentation-changed": operation {} => {"externalDocs": {"url": "a"}} at OPERATION "/externalDocs", Docs Nowhere Patch;
        "tag-description-changed": whole {"tags": [{"name": "x"}]} => {"tags": [{"name": "x", "description": "d"}]} at DOCUMENT "/tags", Docs Nowhere Patch;
        "info-changed": whole {} => {"info": {"version": "2"}} at DOCUMENT "/info/version", Docs Nowhere Patch;
        "openapi-version-changed": whole {} => {"openapi": "3.0.4"} at DOCUMENT "/openapi", Docs Nowhere Nothing;
        "notation-changed": operation {"tags": ["x", "y", "z"]} => {"tags": ["x", "z", "y"]} at OPERATION "/tags", Docs Nowhere Patch;
        "extension-changed": operation {} => {"x-evidence": {"kind": "pattern"}} at OPERATION "/x-evidence", Info Nowhere Major;
        "extension-changed": operation {"x-evidence": {"kind": "pattern"}} => {"x-evidence": {"kind": "sibling"}} at OPERATION "/x-evidence", Info Nowhere Patch;
        "extension-changed": operation {"responses": {"200": {"description": "d"}}} => {"responses": {"200": {"description": "d", "x-evidence": {"kind": "pattern"}}}} at OPERATION "/responses/200/x-evidence", Info Response Patch;
        "extension-changed": whole {"tags": [{"name": "x"}]} => {"tags": [{"name": "x", "x-undocumented": true}]} at DOCUMENT "/tags/0/x-undocumented", Info Nowhere Major;
        "extension-changed": operation {} => {"x-other": 1} at OPERATION "/x-other", Info Nowhere Nothing;
        "lifecycle-changed": operation {"x-stability-level": "stable"} => {"x-stability-level": "draft"} at OPERATION "/x-stability-level", Warning Nowhere Nothing;
        "webhook-added": whole {} => {"x-webhooks": {"w": {"post": {}}}} at DOCUMENT "/x-webhooks/w", Info Nowhere Nothing;
        "webhook-removed": whole {"x-webhooks": {"w": {"post": {}}}} => {} at DOCUMENT "/x-webhooks/w", Breaking Nowhere Nothing;
        "webhook-removed": whole {"x-webhooks": {}, "x-x-webhooks": {"w": {"post": {}}}} => {"x-webhooks": {}, "x-x-webhooks": {}} at DOCUMENT "/x-x-webhooks/w", Breaking Nowhere Nothing;
        "webhook-changed": whole {"x-webhooks": {"w": {"post": {}}}} => {"x-webhooks": {"w": {"put": {}}}} at DOCUMENT "/x-webhooks/w", Warning Nowhere Nothing;
        "callbacks-changed": operation {} => {"callbacks": {"c": {}}} at OPERATION "/callbacks", Warning Nowhere Nothing;
        "unclassified": operation {} => {"unheard-of": {}} at OPERATION "/unheard-of", Warning Nowhere Major;
    }
}

/// A change of a schema, which is asked of a request and of a response.
struct Schema {
    rule: &'static str,
    /// What a `{limit}`, `{check}` or `{form}` of the rule's id stands for, where the keyword does not say it.
    name: Option<&'static str>,
    old: Value,
    new: Value,
    /// Below the schema.
    pointer: &'static str,
    request: Level,
    response: Level,
    impact: Impact,
}

macro_rules! schemas {
    ($($rule:literal: $old:tt => $new:tt at $pointer:literal, $request:ident / $response:ident $impact:ident;)*) => {
        vec![$(Schema {
            rule: $rule, name: None, old: json!($old), new: json!($new), pointer: $pointer,
            request: $request, response: $response, impact: $impact,
        }),*]
    };
}

fn of_schemas() -> Vec<Schema> {
    let mut all = schemas! {
        "{direction}-property-became-required": {"properties": {"a": {}}, "required": []} => {"properties": {"a": {}}, "required": ["a"]} at "/required/0", Breaking / Info Major;
        "{direction}-property-became-optional": {"properties": {"a": {}}, "required": ["a"]} => {"properties": {"a": {}}, "required": []} at "/required/0", Info / Breaking Major;
        "{direction}-property-became-optional": {"properties": {"a": {}}, "required": ["b"]} => {"properties": {"a": {}}, "required": []} at "/required/0", Info / Breaking Major;
        "{direction}-property-became-required": {"type": "object"} => {"type": "object", "required": ["a"]} at "/required/0", Breaking / Info Major;
        "{direction}-property-became-optional": {"type": "object", "required": ["a"]} => {"type": "object"} at "/required/0", Info / Breaking Major;
        "{place}-x-extensible-enum-value-removed": {"x-extensible-enum": ["a", "b"]} => {"x-extensible-enum": ["a"]} at "/x-extensible-enum/1", Breaking / Info Patch;
        "{direction}-{need}-property-became-read-only": {"properties": {"a": {}}} => {"properties": {"a": {"readOnly": true}}} at "/properties/a/readOnly", Warning / Info Patch;
        "{direction}-{need}-property-became-not-read-only": {"properties": {"a": {"readOnly": true}}} => {"properties": {"a": {}}} at "/properties/a/readOnly", Info / Info Patch;
        "{direction}-{need}-property-became-write-only": {"properties": {"a": {}}} => {"properties": {"a": {"writeOnly": true}}} at "/properties/a/writeOnly", Info / Breaking Patch;
        "{direction}-{need}-property-became-not-write-only": {"properties": {"a": {"writeOnly": true}}} => {"properties": {"a": {}}} at "/properties/a/writeOnly", Info / Warning Patch;
        "{direction}-property-deprecated": {"properties": {"a": {}}} => {"properties": {"a": {"deprecated": true}}} at "/properties/a/deprecated", Info / Info Patch;
        "{direction}-property-reactivated": {"properties": {"a": {"deprecated": true}}} => {"properties": {"a": {}}} at "/properties/a/deprecated", Info / Info Patch;

        "{place}-type-changed": {"type": "string"} => {"type": "integer"} at "/type", Breaking / Breaking Major;
        "{place}-type-generalized": {"type": "integer"} => {"type": "number"} at "/type", Info / Breaking Major;
        "{place}-type-specialized": {"type": "number"} => {"type": "integer"} at "/type", Breaking / Info Major;
        "{place}-format-added": {"type": "string"} => {"type": "string", "format": "uuid"} at "/format", Breaking / Info Major;
        "{place}-format-added": {"type": "string"} => {"type": "string", "format": "password"} at "/format", Breaking / Info Major;
        "{place}-format-removed": {"type": "string", "format": "uuid"} => {"type": "string"} at "/format", Info / Breaking Major;
        "{place}-format-changed": {"type": "string", "format": "date"} => {"type": "string", "format": "uuid"} at "/format", Breaking / Breaking Major;
        "{place}-format-generalized": {"type": "integer", "format": "int32"} => {"type": "integer", "format": "int64"} at "/format", Info / Breaking Major;
        "{place}-format-specialized": {"type": "integer", "format": "int64"} => {"type": "integer", "format": "int32"} at "/format", Breaking / Info Major;
        "{place}-became-nullable": {"type": "string"} => {"type": "string", "nullable": true} at "/nullable", Info / Breaking Major;
        "{place}-became-not-nullable": {"type": "string", "nullable": true} => {"type": "string"} at "/nullable", Breaking / Info Major;
        "{place}-items-added": {"type": "array"} => {"type": "array", "items": {}} at "/items", Breaking / Info Major;
        "{place}-items-removed": {"type": "array", "items": {}} => {"type": "array"} at "/items", Info / Breaking Major;
        "{place}-additional-properties-forbidden": {"type": "object"} => {"type": "object", "additionalProperties": false} at "/additionalProperties", Breaking / Info Major;
        "{place}-additional-properties-allowed": {"type": "object", "additionalProperties": false} => {"type": "object"} at "/additionalProperties", Info / Breaking Major;
        "{place}-additional-properties-restricted": {"type": "object"} => {"type": "object", "additionalProperties": {"type": "string"}} at "/additionalProperties", Breaking / Info Major;
        "{place}-additional-properties-unrestricted": {"type": "object", "additionalProperties": {"type": "string"}} => {"type": "object"} at "/additionalProperties", Info / Breaking Major;

        "{place}-enum-value-added": {"enum": ["a"]} => {"enum": ["a", "b"]} at "/enum/1", Info / Breaking Minor;
        "{place}-enum-value-removed": {"enum": ["a", "b"]} => {"enum": ["b"]} at "/enum/0", Breaking / Info Major;
        "{place}-became-enum": {"type": "string"} => {"type": "string", "enum": ["a"]} at "/enum", Breaking / Info Major;
        "{place}-enum-unset": {"type": "string", "enum": ["a"]} => {"type": "string"} at "/enum", Info / Breaking Major;
        "enum-order-changed": {"enum": ["a", "b"]} => {"enum": ["b", "a"]} at "/enum", Docs / Docs Patch;
        "{place}-default-value-added": {} => {"default": 1} at "/default", Warning / Info Patch;
        "{place}-default-value-removed": {"default": 1} => {} at "/default", Warning / Info Patch;
        "{place}-default-value-changed": {"default": 1} => {"default": 2} at "/default", Breaking / Info Patch;

        "{place}-exclusive-limit-set": {"minimum": 5} => {"minimum": 5, "exclusiveMinimum": true} at "/exclusiveMinimum", Breaking / Info Patch;
        "{place}-exclusive-limit-unset": {"maximum": 5, "exclusiveMaximum": true} => {"maximum": 5} at "/exclusiveMaximum", Info / Breaking Patch;
        "{place}-pattern-added": {"type": "string"} => {"type": "string", "pattern": "a"} at "/pattern", Breaking / Info Patch;
        "{place}-pattern-removed": {"type": "string", "pattern": "a"} => {"type": "string"} at "/pattern", Info / Breaking Patch;
        "{place}-pattern-changed": {"type": "string", "pattern": "a"} => {"type": "string", "pattern": "b"} at "/pattern", Breaking / Breaking Patch;
        "{place}-unique-items-set": {"type": "array"} => {"type": "array", "uniqueItems": true} at "/uniqueItems", Breaking / Info Major;
        "{place}-unique-items-unset": {"type": "array", "uniqueItems": true} => {"type": "array"} at "/uniqueItems", Info / Breaking Major;
        "{place}-multiple-of-set": {"type": "number"} => {"type": "number", "multipleOf": 2} at "/multipleOf", Breaking / Info Patch;
        "{place}-multiple-of-unset": {"type": "number", "multipleOf": 2} => {"type": "number"} at "/multipleOf", Info / Breaking Patch;
        "{place}-multiple-of-changed": {"type": "number", "multipleOf": 2} => {"type": "number", "multipleOf": 3} at "/multipleOf", Breaking / Breaking Patch;

        "{place}-all-of-added": {"allOf": [{"type": "object"}]} => {"allOf": [{"type": "object"}, {}]} at "/allOf/1", Breaking / Info Major;
        "{place}-all-of-removed": {"allOf": [{"type": "object"}, {}]} => {"allOf": [{"type": "object"}]} at "/allOf/1", Breaking / Breaking Major;
        "{place}-any-of-added": {"anyOf": [{"type": "object"}]} => {"anyOf": [{"type": "object"}, {}]} at "/anyOf/1", Info / Breaking Major;
        "{place}-any-of-removed": {"anyOf": [{"type": "object"}, {}]} => {"anyOf": [{"type": "object"}]} at "/anyOf/1", Breaking / Info Major;
        "{place}-one-of-added": {"oneOf": [{"type": "object"}]} => {"oneOf": [{"type": "object"}, {}]} at "/oneOf/1", Info / Breaking Major;
        "{place}-one-of-removed": {"oneOf": [{"type": "object"}, {}]} => {"oneOf": [{"type": "object"}]} at "/oneOf/1", Breaking / Info Major;
        "{place}-alternatives-introduced": {} => {"oneOf": [{}]} at "/oneOf", Breaking / Breaking Major;
        "{place}-alternatives-dropped": {"anyOf": [{}]} => {} at "/anyOf", Breaking / Breaking Major;
        "{place}-composition-order-changed": {"oneOf": [{"type": "object"}, {}]} => {"oneOf": [{}, {"type": "object"}]} at "/oneOf", Warning / Warning Major;
        "{place}-not-changed": {} => {"not": {}} at "/not", Breaking / Breaking Major;
        "{place}-discriminator-added": {} => {"discriminator": {"propertyName": "a"}} at "/discriminator", Warning / Warning Major;
        "{place}-discriminator-removed": {"discriminator": {"propertyName": "a"}} => {} at "/discriminator", Breaking / Breaking Major;
        "{place}-discriminator-property-name-changed": {"discriminator": {"propertyName": "a"}} => {"discriminator": {"propertyName": "b"}} at "/discriminator/propertyName", Breaking / Breaking Major;
        "{place}-discriminator-mapping-added": {"discriminator": {"propertyName": "a", "mapping": {}}} => {"discriminator": {"propertyName": "a", "mapping": {"x": "#/y"}}} at "/discriminator/mapping/x", Info / Breaking Major;
        "{place}-discriminator-mapping-deleted": {"discriminator": {"propertyName": "a", "mapping": {"x": "#/y"}}} => {"discriminator": {"propertyName": "a", "mapping": {}}} at "/discriminator/mapping/x", Breaking / Info Major;
        "{place}-discriminator-mapping-changed": {"discriminator": {"propertyName": "a", "mapping": {"x": "#/y"}}} => {"discriminator": {"propertyName": "a", "mapping": {"x": "#/z"}}} at "/discriminator/mapping/x", Breaking / Breaking Major;

        "notation-changed": {"type": "object"} => {"type": "object", "additionalProperties": true} at "/additionalProperties", Docs / Docs Patch;
        "notation-changed": {"allOf": [{"type": "object"}, {}]} => {"allOf": [{}, {"type": "object"}]} at "/allOf", Docs / Docs Patch;
        "type-notation-changed": {"oneOf": [{}]} => {"oneOf": [{}], "additionalProperties": true} at "/additionalProperties", Docs / Docs Major;
        "type-notation-changed": {"anyOf": [{}], "properties": {}} => {"anyOf": [{}]} at "/properties", Docs / Docs Major;
        "type-notation-changed": {"allOf": [{"oneOf": [{}]}, {}]} => {"allOf": [{}, {"oneOf": [{}]}]} at "/allOf", Docs / Docs Major;
        "type-notation-changed": {"allOf": [{"oneOf": [{}]}, {}]} => {"allOf": [{"oneOf": [{}]}, {"additionalProperties": true}]} at "/allOf/1/additionalProperties", Docs / Docs Major;
        "type-notation-changed": {} => {"additionalProperties": true} at "/additionalProperties", Docs / Docs Major;
        "title-changed": {} => {"title": "t"} at "/title", Docs / Docs Major;
        "title-changed": {"type": "string"} => {"type": "string", "title": "t"} at "/title", Docs / Docs Patch;
        "example-changed": {} => {"example": 1} at "/example", Docs / Docs Patch;
    };
    for (keyword, is_upper) in [
        ("maximum", true),
        ("minimum", false),
        ("maxLength", true),
        ("minLength", false),
        ("maxItems", true),
        ("minItems", false),
        ("maxProperties", true),
        ("minProperties", false),
    ] {
        let limit = |value: u8| json!({keyword: value});
        let pointer = format!("/{keyword}").leak();
        let mut add = |rule, old, new, request, response| {
            let impact = Patch;
            all.push(Schema {
                rule,
                name: None,
                old,
                new,
                pointer,
                request,
                response,
                impact,
            });
        };
        add("{place}-{limit}-set", json!({}), limit(7), Breaking, Info);
        add("{place}-{limit}-unset", limit(7), json!({}), Info, Breaking);
        if is_upper {
            add("{place}-{upper}-decreased", limit(7), limit(6), Breaking, Info);
            add("{place}-{upper}-increased", limit(6), limit(7), Info, Breaking);
        } else {
            add("{place}-{lower}-increased", limit(6), limit(7), Breaking, Info);
            add("{place}-{lower}-decreased", limit(7), limit(6), Info, Breaking);
        }
    }
    let mut add = |rule, name, pointer, old, new, request, response| {
        all.push(Schema {
            rule,
            name: Some(name),
            old,
            new,
            pointer,
            request,
            response,
            impact: Patch,
        });
    };
    for (rule, key, old, new, request, response) in [
        ("{place}-{upper}-decreased", "max", 7, 6, Breaking, Info),
        ("{place}-{upper}-increased", "max", 6, 7, Info, Breaking),
        ("{place}-{lower}-increased", "min", 6, 7, Breaking, Info),
        ("{place}-{lower}-decreased", "min", 7, 6, Info, Breaking),
    ] {
        let pointer = format!("/x-{key}Contains").leak();
        let name = format!("{key}-contains").leak();
        let limit = |value: u8| json!({pointer.trim_start_matches('/'): value});
        add(rule, name, pointer, limit(old), limit(new), request, response);
    }
    // One is what is asked for where nothing is said.
    let least = "/x-minContains";
    for (rule, value, request, response) in [
        ("{place}-{lower}-increased", 2, Breaking, Info),
        ("{place}-{lower}-decreased", 0, Info, Breaking),
    ] {
        let stated = json!({"x-minContains": value});
        add(rule, "min-contains", least, json!({}), stated, request, response);
    }
    for (name, pointer) in [
        ("if", "/x-if"),
        ("then", "/x-then"),
        ("else", "/x-else"),
        ("contains", "/x-contains"),
        ("content-schema", "/x-contentSchema"),
        ("dependent-required", "/x-dependentRequired"),
        ("dependent-schema", "/x-dependentSchemas"),
        ("pattern-property", "/x-patternProperties"),
        ("property-names", "/x-propertyNames"),
        ("unevaluated-items", "/x-unevaluatedItems"),
        ("unevaluated-properties", "/x-unevaluatedProperties"),
        ("further-properties", "/x-additionalProperties"),
        ("further-items", "/x-items"),
    ] {
        let key = pointer.trim_start_matches('/');
        let [none, one, other] = [json!({}), json!({key: {"a": 1}}), json!({key: {"a": 2}})];
        let mut add = |rule, old: &Value, new: &Value, request, response| {
            add(rule, name, pointer, old.clone(), new.clone(), request, response);
        };
        add("{place}-{check}-added", &none, &one, Breaking, Info);
        add("{place}-{check}-removed", &one, &none, Info, Breaking);
        add("{place}-{check}-changed", &one, &other, Breaking, Breaking);
    }
    for (name, pointer) in [
        ("allow-empty-value", "/x-allowEmptyValue"),
        ("collection-format", "/x-collectionFormat"),
        ("content-encoding", "/x-contentEncoding"),
        ("content-media-type", "/x-contentMediaType"),
        ("prefix-items", "/x-prefixItems"),
    ] {
        let key = pointer.trim_start_matches('/');
        let [none, one, other] = [json!({}), json!({key: "a"}), json!({key: "b"})];
        for (old, new) in [(&none, &one), (&one, &none), (&one, &other)] {
            let (old, new) = (old.clone(), new.clone());
            add(
                "{place}-{form}-changed",
                name,
                pointer,
                old,
                new,
                Breaking,
                Breaking,
            );
        }
    }
    all
}

/// Rules of a schema that are about one direction only, or about more than one place.
fn of_one_direction() -> Vec<Case> {
    fn send(schema: Value) -> Value {
        body(Request, &schema)
    }
    fn get(schema: Value) -> Value {
        body(Response, &schema)
    }
    fn refer(to: Value) -> Value {
        json!({
            "paths": {"/a": {"put": {"parameters": [{"name": "q", "in": "query", "schema": {"$ref": to}}]}}},
            "components": {"schemas": {"S": {}, "T": {}}},
        })
    }
    const SENT: &str = "/paths/~1a/put/requestBody/content/application~1json/schema";
    const GOT: &str = "/paths/~1a/put/responses/200/content/application~1json/schema";
    cases! {
        "new-optional-request-property": send {"properties": {"b": {}}} => {"properties": {"a": {}, "b": {}}} at SENT "/properties/a", Info Request Minor;
        "new-optional-request-property": send {"type": "object"} => {"type": "object", "properties": {"a": {}}} at SENT "/properties/a", Info Request Major;
        "new-required-request-property": send {"properties": {}} => {"properties": {"a": {}}, "required": ["a"]} at SENT "/properties/a", Breaking Request Major;
        "new-required-request-property-with-default": send {"properties": {}} => {"properties": {"a": {"default": 1}}, "required": ["a"]} at SENT "/properties/a", Breaking Request Major;
        "request-required-property-became-not-read-only": send {"properties": {"a": {"readOnly": true}}, "required": ["a"]} => {"properties": {"a": {}}, "required": ["a"]} at SENT "/properties/a/readOnly", Breaking Request Patch;
        // Floats would be the same.
        "{place}-{upper}-decreased" "request-body-max-decreased": send {"maximum": 9_223_372_036_854_775_807_u64} => {"maximum": 9_223_372_036_854_775_806_u64} at SENT "/maximum", Breaking Request Patch;
        "{place}-{upper}-increased" "response-body-max-increased": get {"maximum": 9_007_199_254_740_992_u64} => {"maximum": 9_007_199_254_740_993_u64} at GOT "/maximum", Breaking Response Patch;
        // What a keyword cannot be, and what leads out of the document, is not judged.
        "unclassified": get {"type": ["string", "null"]} => {"type": "integer"} at GOT "/type", Warning Nowhere Major;
        "unclassified": get {"required": true} => {"required": ["a"]} at GOT "/required", Warning Nowhere Major;
        "unclassified": get {"$ref": "other.yaml#/X"} => {"$ref": "other.yaml#/Y"} at GOT "/$ref", Warning Nowhere Major;
        "unclassified": whole {"security": {"a": []}} => {} at DOCUMENT "/security", Warning Nowhere Major;
        "request-property-removed": send {"properties": {"a": {}}} => {"properties": {}} at SENT "/properties/a", Breaking Request Major;
        "response-optional-property-added": get {"properties": {"b": {}}} => {"properties": {"a": {}, "b": {}}} at GOT "/properties/a", Info Response Minor;
        "response-optional-property-added": get {"properties": {}} => {"properties": {"a": {}}} at GOT "/properties/a", Info Response Major;
        "response-required-property-added": get {"properties": {}} => {"properties": {"a": {}}, "required": ["a"]} at GOT "/properties/a", Info Response Major;
        "response-property-added-to-closed-object": get {"properties": {"b": {}}, "additionalProperties": false} => {"properties": {"a": {}, "b": {}}, "additionalProperties": false} at GOT "/properties/a", Breaking Response Minor;
        "response-optional-property-removed": get {"properties": {"a": {}}} => {"properties": {}} at GOT "/properties/a", Warning Response Major;
        "response-required-property-removed": get {"properties": {"a": {}}, "required": ["a"]} => {"properties": {}} at GOT "/properties/a", Breaking Response Major;
        "{place}-schema-replaced" "request-parameter-schema-replaced": refer "#/components/schemas/S" => "#/components/schemas/T" at QUERY "/schema", Info Request Major;
        // Words of a schema that travels both ways are one change.
        "description-changed": whole {"paths": {"/a": {"put": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}},
            }}}, "components": {"schemas": {"S": {"description": "x"}}}}
            => {"paths": {"/a": {"put": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}},
                "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/S"}}}}},
            }}}, "components": {"schemas": {"S": {"description": "y"}}}} at DOCUMENT "/components/schemas/S/description", Docs Both Patch;
    }
}

fn all() -> Vec<Case> {
    let mut all = of_operations();
    all.extend(of_one_direction());
    for schema in of_schemas() {
        for (direction, name, base, level) in [
            (Request, "request", BODY, schema.request),
            (Response, "response", ANSWER, schema.response),
        ] {
            let keyword = schema.pointer.trim_start_matches('/');
            let limit = keyword
                .replacen("imum", "", 1)
                .replace('L', "-l")
                .replace('I', "-i")
                .replace('P', "-p");
            let limit = schema.name.unwrap_or(&limit);
            all.push(Case {
                rule: schema.rule,
                id: schema
                    .rule
                    .replace("{place}", &format!("{name}-body"))
                    .replace("{direction}", name)
                    .replace("{need}", "optional")
                    .replace("{limit}", limit)
                    .replace("{upper}", limit)
                    .replace("{lower}", limit)
                    .replace("{check}", limit)
                    .replace("{form}", limit),
                old: body(direction, &schema.old),
                new: body(direction, &schema.new),
                level,
                direction,
                pointer: format!("{base}/content/application~1json/schema{}", schema.pointer),
                impact: schema.impact,
            });
        }
    }
    all
}

#[test]
fn every_rule_is_told_alone_with_its_level_direction_place_and_impact() {
    let mut wrong = Vec::new();
    for case in all() {
        let report = report(case.old, case.new);
        let found: Vec<String> = report
            .changes
            .iter()
            .map(|change| {
                let (level, direction, impact) = (change.level, change.direction, change.crate_impact);
                format!("{} {level} {direction} {impact} at {}", change.id, change.pointer)
            })
            .collect();
        let wanted = format!(
            "{} {} {} {} at {}",
            case.id, case.level, case.direction, case.impact, case.pointer
        );
        if found != [wanted.as_str()] {
            wrong.push(format!("wanted {wanted}\n   got {}", found.join("\n       ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let tested: BTreeSet<&str> = all().iter().map(|case| case.rule).collect();
    let rules: BTreeSet<&str> = diff::rules::RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(tested, rules);
}

/// What a case says of an id must be what the table of rules, which people read, says of it.
#[test]
fn the_table_of_rules_says_what_the_cases_say() {
    for case in all() {
        let rule = diff::rules::RULES
            .iter()
            .find(|rule| rule.id == case.rule)
            .unwrap();
        let level = rule
            .ids()
            .into_iter()
            .find(|(id, _)| *id == case.id)
            .map(|(_, level)| level);
        assert_eq!(level, Some(case.level), "{}", case.id);
        assert!(case.impact <= rule.impact, "{}", case.id);
    }
}

/// A field that is new in a schema is no new field where something else described it: each of these old bodies took a
/// value that the new one refuses.
#[test]
fn a_field_that_was_described_elsewhere_is_compared_with_that() {
    let text = json!({"properties": {"a": {"type": "string"}}});
    let number = json!({"properties": {"a": {"type": "number"}}});
    for (old, new) in [
        (json!({"allOf": [text, {}]}), json!({"allOf": [text, number]})),
        (
            json!({"properties": {"a": {"type": "string"}}, "anyOf": [{"type": "object"}]}),
            json!({"properties": {"a": {"type": "string"}}, "anyOf": [{"type": "object", "properties": {"a": {"enum": ["x"]}}}]}),
        ),
        (
            json!({"additionalProperties": {"type": "string"}}),
            json!({"additionalProperties": {"type": "string"}, "properties": {"a": {"type": "number"}}}),
        ),
        (
            json!({"required": ["a"]}),
            json!({"required": ["a"], "properties": {"a": {"type": "string"}}}),
        ),
    ] {
        // What a request loses, an answer gains the other way round.
        let sent = report(body(Request, &old), body(Request, &new));
        let got = report(body(Response, &new), body(Response, &old));
        for report in [sent, got] {
            let worst = report.changes.iter().map(|change| change.level).max();
            assert_eq!(worst, Some(Breaking), "{}", report.text());
        }
    }
    // Alternatives do not bind each other.
    let alternatives = |one: &Value| json!({"anyOf": [number, one]});
    let report = report(
        body(Request, &alternatives(&json!({"type": "object"}))),
        body(
            Request,
            &alternatives(&json!({"type": "object", "properties": {"a": {"type": "string"}}})),
        ),
    );
    let worst = report.changes.iter().map(|change| change.level).max();
    assert_eq!(worst, Some(Info), "{}", report.text());
}

/// What is behind a reference counts where only the words of the reference can be seen: in webhooks, callbacks and checks,
/// and in a schema that may come where the one is expected of which it is a part.
#[test]
fn a_change_behind_a_reference_is_told_where_it_is_used() {
    let reference = json!({"$ref": "#/components/schemas/S"});
    let content = json!({"content": {"application/json": {"schema": reference}}});
    let call = json!({"post": {"requestBody": content}});
    for (place, level, using) in [
        (
            "webhook-changed",
            Warning,
            whole(json!({"x-webhooks": {"w": call}})),
        ),
        (
            "callbacks-changed",
            Warning,
            operation(json!({"callbacks": {"c": {"{$url}": call}}})),
        ),
        (
            "request-body-contains-changed",
            Breaking,
            body(Request, &json!({"x-contains": reference})),
        ),
        (
            "request-body-not-changed",
            Breaking,
            body(Request, &json!({"not": reference})),
        ),
    ] {
        let with = |schema: Value| {
            let mut document = using.clone();
            merge(&mut document, components(json!({"schemas": {"S": schema}})));
            document
        };
        let report = report(with(json!({"maxLength": 5})), with(json!({"maxLength": 4})));
        let found = report.changes.iter().find(|change| change.id == place);
        assert_eq!(found.map(|change| change.level), Some(level), "{}", report.text());
        assert!(
            found.unwrap().what.contains("refers to") || place.starts_with("webhook"),
            "{}",
            report.text()
        );
    }
}

/// Without an entry in the mapping, the name of a schema is what a discriminator tells it by, so it travels.
#[test]
fn the_name_of_an_alternative_travels_where_a_discriminator_tells_it_by_its_name() {
    let cat = json!({"properties": {"kind": {"type": "string"}}});
    let pets = |name: &str, mapping: Value| {
        let mut all = body(
            Response,
            &json!({
                "oneOf": [{"$ref": format!("#/components/schemas/{name}")}, {"$ref": "#/components/schemas/Dog"}],
                "discriminator": {"propertyName": "kind", "mapping": mapping},
            }),
        );
        merge(&mut all, components(json!({"schemas": {name: cat, "Dog": {}}})));
        all
    };
    let ids = |report: &Report| -> Vec<String> {
        let told = report.changes.iter().filter(|change| change.level >= Info);
        told.map(|change| format!("{} {}", change.id, change.level))
            .collect()
    };
    let renamed = report(pets("Cat", json!({})), pets("Kitty", json!({})));
    assert_eq!(
        ids(&renamed),
        [
            "response-body-discriminator-mapping-added breaking",
            "api-schema-renamed info",
            "response-body-discriminator-mapping-deleted info",
        ]
    );
    let said = report(
        pets("Cat", json!({"cat": "#/components/schemas/Cat"})),
        pets("Kitty", json!({"cat": "Kitty"})),
    );
    assert_eq!(
        ids(&said),
        [
            "response-body-discriminator-mapping-changed breaking",
            "api-schema-renamed info"
        ]
    );
    let kept = report(pets("Cat", json!({})), pets("Kitty", json!({"Cat": "Kitty"})));
    assert_eq!(
        ids(&kept),
        [
            "response-body-discriminator-mapping-added breaking",
            "api-schema-renamed info"
        ]
    );
}

#[test]
fn what_is_put_together_from_a_schema_with_a_discriminator_may_come_in_its_place() {
    let pets = |heirs: Value| {
        let mut all = body(Response, &json!({"$ref": "#/components/schemas/Pet"}));
        let pet = json!({"type": "object", "discriminator": {"propertyName": "kind"}});
        merge(&mut all, components(json!({"schemas": {"Pet": pet}})));
        merge(&mut all, components(json!({"schemas": heirs})));
        all
    };
    let heir = |length: u8| json!({"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"name": {"maxLength": length}}}]});
    let worst = |old: Value, new: Value| {
        let report = report(pets(old), pets(new));
        let worst = report.changes.first().unwrap();
        format!("{} {} {}", worst.id, worst.level, worst.direction)
    };
    assert_eq!(
        worst(json!({"Cat": heir(4)}), json!({"Cat": heir(5)})),
        "response-property-max-length-increased breaking response"
    );
    assert_eq!(
        worst(json!({"Cat": heir(4)}), json!({"Cat": heir(4), "Dog": heir(3)})),
        "response-body-discriminator-mapping-added breaking response"
    );
}

/// The same parameters and headers, written in another place or another case, are the same.
#[test]
fn where_and_in_which_case_a_parameter_is_written_says_nothing() {
    let parameters = |own: Value, shared: Value| json!({"paths": {"/a": {"parameters": shared, "put": {"parameters": own}}}});
    let header = |name: &str| json!([{"name": name, "in": "header", "required": true}]);
    for (old, new) in [
        (
            parameters(header("X"), json!([])),
            parameters(json!([]), header("X")),
        ),
        (
            parameters(json!([]), header("X")),
            parameters(header("X"), json!([])),
        ),
        (
            parameters(header("X-Case"), json!([])),
            parameters(header("x-case"), json!([])),
        ),
        (
            answer(json!({"headers": {"X-Case": {}}})),
            answer(json!({"headers": {"x-case": {}}})),
        ),
    ] {
        let report = report(old, new);
        assert!(!report.is_empty());
        for change in &report.changes {
            assert_eq!(
                (change.id.as_str(), change.level),
                ("notation-changed", Docs),
                "{}",
                report.text()
            );
        }
    }
}

#[test]
fn words_beside_a_reference_are_words() {
    let refer = |beside: Value| {
        let mut schema = json!({"$ref": "#/components/schemas/S"});
        merge(&mut schema, beside);
        let mut all = body(Response, &json!({"properties": {"a": schema}}));
        merge(&mut all, components(json!({"schemas": {"S": {}}})));
        all
    };
    let only = |beside: Value| {
        let report = report(refer(json!({})), refer(beside));
        assert_eq!(report.changes.len(), 1, "{}", report.text());
        report.changes.first().unwrap().id.clone()
    };
    assert_eq!(only(json!({"description": "Words."})), "description-changed");
    assert_eq!(only(json!({"deprecated": true})), "response-property-deprecated");
    assert_eq!(only(json!({"maxLength": 5})), "unclassified");
}

/// A schema in place, and the same one behind a reference.
#[test]
fn a_schema_that_moves_behind_a_reference_has_not_changed() {
    let shared = |schema: Value| {
        let mut all = body(Request, &schema);
        merge(
            &mut all,
            components(json!({"schemas": {"S": {"type": "string", "enum": ["a"]}}})),
        );
        all
    };
    let report = report(
        shared(json!({"properties": {"a": {"type": "string", "enum": ["a"]}}})),
        shared(json!({"properties": {"a": {"$ref": "#/components/schemas/S"}}})),
    );
    let ids: Vec<&str> = report.changes.iter().map(|change| change.id.as_str()).collect();
    assert_eq!(ids, ["request-property-schema-replaced"], "{}", report.text());
}

/// Many clients take the first server.
#[test]
fn a_server_in_front_of_the_first_one_is_another_default() {
    let servers = |urls: &[&str]| {
        let servers: Vec<Value> = urls.iter().map(|url| json!({"url": url})).collect();
        whole(json!({"servers": servers}))
    };
    for (urls, level) in [(["b", "a"], Warning), (["a", "b"], Info)] {
        let report = report(servers(&["a"]), servers(&urls));
        let worst = report.changes.first().map(|change| change.level);
        assert_eq!(worst, Some(level), "{}", report.text());
    }
}

/// A reference is a fragment, so it is percent-encoded; and it may lead to anything in the document.
#[test]
fn references_are_followed_wherever_they_lead() {
    let inner = "#/paths/~1a/put/requestBody/content/application~1json/schema/properties/b";
    for (reference, pointer) in [
        ("#/components/schemas/A%20B", "/components/schemas/A B"),
        ("#/components/schemas/A B", "/components/schemas/A B"),
        (
            "#/components/schemas/A%20B/properties/a",
            "/components/schemas/A B/properties/a",
        ),
        (inner, inner.trim_start_matches('#')),
        (&inner.replace('b', "%62"), inner.trim_start_matches('#')),
    ] {
        let with = |kind: &str| {
            let field = json!({"type": "object", "properties": {"k": {"type": kind}}});
            let schema = json!({"type": "object", "properties": {"a": field, "k": {"type": kind}}});
            let mut document = operation(json!({
                "requestBody": {"content": {"application/json": {"schema": {"properties": {"b": field}}}}},
            }));
            let answer = json!({"200": {"content": {"application/json": {"schema": {"$ref": reference}}}}});
            merge(
                &mut document,
                json!({"paths": {"/b": {"get": {"responses": answer}}}}),
            );
            merge(&mut document, components(json!({"schemas": {"A B": schema}})));
            document
        };
        let report = report(with("string"), with("integer"));
        let place = format!("{pointer}/properties/k/type");
        let found = report
            .changes
            .iter()
            .find(|change| change.direction == Response && change.pointer == place);
        let found = found.unwrap_or_else(|| panic!("{reference}: {}", report.text()));
        assert_eq!(
            (found.level, found.operations.as_slice()),
            (Breaking, ["GET /b".to_owned()].as_slice()),
            "{reference}"
        );
    }
}

#[test]
fn who_takes_a_schema_with_a_discriminator_takes_what_is_put_together_from_it() {
    let with = |kind: &str| {
        let mut document = body(Response, &json!({"$ref": "#/components/schemas/Pet"}));
        let parent = json!({"$ref": "#/components/schemas/Pet"});
        let schemas = json!({
            "Pet": {"type": "object", "discriminator": {"propertyName": "kind"}},
            "Cat": {"allOf": [parent, {"properties": {"lives": {"type": kind}}}]},
        });
        merge(&mut document, components(json!({"schemas": schemas})));
        document
    };
    let report = report(with("string"), with("integer"));
    let operations: Vec<&[String]> = report
        .changes
        .iter()
        .map(|change| change.operations.as_slice())
        .collect();
    assert_eq!(operations, [["PUT /a".to_owned()]], "{}", report.text());
}

#[test]
fn a_parameter_of_a_path_is_called_so() {
    let with = |length: u8| {
        let parameter = json!({"name": "q", "in": "query", "schema": {"maxLength": length}});
        whole(json!({"paths": {"/a": {"parameters": [parameter]}}}))
    };
    let report = report(with(4), with(5));
    let what: Vec<&str> = report.changes.iter().map(|change| change.what.as_str()).collect();
    assert_eq!(
        what,
        ["`maxLength` of `parameter` of the path `/a` changed: `4` → `5`"]
    );
}

/// As `OpenAPI` 3.1 says more beside a reference, and normalising writes it.
#[test]
fn more_around_a_reference_takes_nothing_from_it() {
    let reference = json!({"$ref": "#/components/schemas/S"});
    let with = |schema: &Value| {
        let mut all = body(Request, &json!({"properties": {"a": schema}}));
        let shared = json!({"type": "object", "properties": {"n": {}}});
        merge(&mut all, components(json!({"schemas": {"S": shared}})));
        all
    };
    let more = json!({"allOf": [reference], "required": ["n"]});
    let ids = |old: &Value, new: &Value| -> Vec<String> {
        let report = report(with(old), with(new));
        report
            .changes
            .iter()
            .map(|change| format!("{} {}", change.id, change.level))
            .collect()
    };
    assert_eq!(
        ids(&reference, &more),
        [
            "request-property-became-required breaking",
            "type-notation-changed docs"
        ]
    );
    assert_eq!(
        ids(&more, &reference),
        [
            "request-property-became-optional info",
            "type-notation-changed docs"
        ]
    );
}

/// What a document of Swagger 2.0 says of media types, and no content of `OpenAPI` 3.0 holds.
#[test]
fn media_types_that_become_no_content_are_compared_too() {
    let parse = |document: &Value| {
        let text = format!("{document:#}");
        let document = read::read(Source {
            name: "d",
            text: &text,
        })
        .unwrap();
        normalise::normalise(document).unwrap().0
    };
    let swagger = |operation: Value, document: Value| {
        let mut all = json!({
            "swagger": "2.0", "info": {"title": "t", "version": "1"}, "host": "a",
            "paths": {"/a": {"post": {"responses": {"200": {"description": "d"}}}}},
        });
        merge(&mut all, document);
        merge(&mut all, json!({"paths": {"/a": {"post": operation}}}));
        all
    };
    let file = json!([{"name": "f", "in": "formData", "type": "file"}]);
    let form = json!([{"name": "f", "in": "formData", "type": "string"}]);
    let example = json!({"200": {"description": "d", "examples": {"a/a": 1}}});
    for (key, operation) in [
        ("produces", json!({})),
        ("produces", json!({"responses": example})),
        ("consumes", json!({})),
        ("consumes", json!({"parameters": file})),
        ("consumes", json!({"parameters": form})),
    ] {
        for (old, new) in [
            ("a/a", "b/b"),
            ("multipart/form-data", "a/a"),
            ("a/a", "application/x-www-form-urlencoded"),
        ] {
            let own = |media: &str| {
                let mut operation = operation.clone();
                merge(&mut operation, json!({key: [media]}));
                parse(&swagger(operation, json!({})))
            };
            let shared = |media: &str| parse(&swagger(operation.clone(), json!({key: [media]})));
            for report in [
                diff::compare(&own(old), &own(new)),
                diff::compare(&shared(old), &shared(new)),
            ] {
                let worst = report.changes.first().map(|change| change.level);
                assert!(
                    worst >= Some(Warning),
                    "{key} {operation} {old}\n{}",
                    report.text()
                );
            }
        }
    }
}

/// A placeholder that changes its place keeps its name, so its parameter is compared with that of the same name.
#[test]
fn parameters_of_swapped_placeholders_are_not_renamed() {
    let with = |path: &str| {
        let parameter = |name: &str, length: u8| json!({"name": name, "in": "path", "required": true, "schema": {"maxLength": length}});
        let parameters = [parameter("x", 4), parameter("y", 5)];
        whole(json!({"paths": {path: {"get": {"parameters": parameters, "responses": {}}}}}))
    };
    let report = report(with("/b/{x}/{y}"), with("/b/{y}/{x}"));
    let ids: Vec<&str> = report.changes.iter().map(|change| change.id.as_str()).collect();
    assert_eq!(ids, ["path-parameters-swapped"], "{}", report.text());
}

/// Who takes both parts has the field as before; who takes one of them alone has not.
#[test]
fn a_field_that_moves_between_the_parts_of_a_whole_stays() {
    let with = |first: Value, second: Value, sent: Value| {
        let whole =
            json!({"allOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]});
        let mut document = body(Response, &json!({"$ref": "#/components/schemas/Whole"}));
        merge(&mut document, body(Request, &sent));
        let schemas = json!({"A": first, "B": second, "Whole": whole});
        merge(&mut document, components(json!({"schemas": schemas})));
        document
    };
    let worst = |old: &Value, new: &Value| {
        let report = report(old.clone(), new.clone());
        report.changes.iter().map(|change| change.level).max()
    };
    let text = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    let needed = json!({"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]});
    let number = json!({"type": "object", "properties": {"x": {"type": "number"}}});
    let none = json!({"type": "object"});
    let whole = json!({"$ref": "#/components/schemas/Whole"});
    for (from, to, sent, level) in [
        (&text, &text, &whole, Docs),
        (&needed, &needed, &whole, Docs),
        (&text, &needed, &whole, Breaking),
        (&needed, &text, &whole, Breaking),
        (&text, &number, &whole, Breaking),
        (&text, &text, &json!({"$ref": "#/components/schemas/A"}), Breaking),
    ] {
        let (old, new) = (
            with(from.clone(), none.clone(), sent.clone()),
            with(none.clone(), to.clone(), sent.clone()),
        );
        assert_eq!(worst(&old, &new), Some(level), "{from} → {to}, {sent}");
    }
    let closed = json!({"type": "object", "additionalProperties": false});
    let parent = json!({"type": "object", "discriminator": {"propertyName": "kind"}});
    for part in [closed, parent] {
        let mut before = part.clone();
        merge(&mut before, text.clone());
        let old = with(before, none.clone(), whole.clone());
        let new = with(part.clone(), text.clone(), whole.clone());
        assert_eq!(worst(&old, &new), Some(Breaking), "{part}");
    }
}
