//! The comparison of two documents: the drift that was really seen, directed changes with the level that each must
//! have, and random ones, of which none may go unseen.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    reason = "a test stops at the first surprise, and its tables are long"
)]

use std::collections::BTreeSet;

use funnelflux_diff as diff;
use funnelflux_diff::{AllowList, Date, Direction, Impact, Level, Report};
use funnelflux_openapi::{Document, Source, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const BASE: &str = include_str!("comparison/base.json");

fn document(name: &str, text: &str) -> Document {
    read::parse(Source { name, text }).unwrap()
}

fn report(old: &Value, new: &Value) -> Report {
    let text = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    diff::compare(
        &document("old.json", &text(old)),
        &document("new.json", &text(new)),
    )
}

macro_rules! case {
    ($name:literal) => {
        diff::compare(
            &document(
                concat!($name, "/old.json"),
                include_str!(concat!("comparison/", $name, "/old.json")),
            ),
            &document(
                concat!($name, "/new.json"),
                include_str!(concat!("comparison/", $name, "/new.json")),
            ),
        )
    };
}

/// Rule, level, direction and impact of every change.
fn verdicts(report: &Report) -> BTreeSet<(String, Level, Direction, Impact)> {
    report
        .changes
        .iter()
        .map(|change| {
            (
                change.id.clone(),
                change.level,
                change.direction,
                change.crate_impact,
            )
        })
        .collect()
}

fn verdict(
    id: &str,
    level: Level,
    direction: Direction,
    impact: Impact,
) -> (String, Level, Direction, Impact) {
    (id.to_owned(), level, direction, impact)
}

use Direction::{Both, None as Nowhere, Request, Response};
use Impact::{Major, Minor, Patch};
use Level::{Breaking, Docs, Info, Warning};

#[test]
fn seen_a_property_was_added() {
    let report = case!("property-added");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([
            verdict("new-optional-request-property", Info, Request, Minor),
            verdict("response-optional-property-added", Info, Response, Minor),
        ])
    );
    assert_eq!(report.exit_code(), 5);
    insta::assert_snapshot!("property-added.text", report.text());
}

#[test]
fn seen_a_meaning_changed_by_words_alone() {
    let report = case!("meaning-by-words");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([verdict("description-obligation-changed", Warning, Both, Patch)])
    );
    insta::assert_snapshot!("meaning-by-words.text", report.text());
}

#[test]
fn seen_a_maximum_was_lowered() {
    let report = case!("maximum-lowered");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([
            verdict("request-property-max-decreased", Breaking, Request, Patch),
            verdict("response-property-max-decreased", Info, Response, Patch),
        ])
    );
    assert_eq!(report.exit_code(), 6);
    insta::assert_snapshot!("maximum-lowered.text", report.text());
}

#[test]
fn seen_a_number_became_a_key() {
    let report = case!("number-to-key");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([
            verdict("request-property-type-changed", Breaking, Request, Major),
            verdict("response-property-type-changed", Breaking, Response, Major),
            verdict("new-required-request-property", Breaking, Request, Major),
            verdict("response-required-property-added", Info, Response, Major),
            verdict("description-changed", Docs, Both, Patch),
        ])
    );
    insta::assert_snapshot!("number-to-key.text", report.text());
}

#[test]
fn seen_secrets_were_masked() {
    let report = case!("secrets-masked");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([
            verdict("description-obligation-changed", Warning, Both, Patch),
            verdict("example-changed", Docs, Both, Patch),
            verdict("new-optional-request-property", Info, Request, Minor),
            verdict("response-optional-property-added", Info, Response, Minor),
        ])
    );
    insta::assert_snapshot!("secrets-masked.text", report.text());
}

#[test]
fn seen_a_request_got_its_own_schema() {
    let report = case!("own-schema");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([
            verdict("request-body-schema-replaced", Info, Request, Major),
            verdict("request-property-removed", Breaking, Request, Major),
            verdict("description-obligation-changed", Warning, Request, Patch),
            verdict("api-schema-added", Info, Nowhere, Minor),
        ])
    );
    // The other operation keeps the shared schema, so nothing changes for it.
    for change in report.changes.iter().filter(|change| change.level >= Warning) {
        assert_eq!(
            change.operations,
            ["POST /logicscript/duplicate/"],
            "{}",
            change.id
        );
    }
    insta::assert_snapshot!("own-schema.text", report.text());
}

#[test]
fn an_enum_value_breaks_others_but_not_us() {
    let report = case!("enum-value-added");
    assert_eq!(
        verdicts(&report),
        BTreeSet::from([
            verdict("response-property-enum-value-added", Breaking, Response, Minor),
            verdict("request-property-enum-value-added", Info, Request, Minor),
        ])
    );
    insta::assert_snapshot!("enum-value-added.text", report.text());
    insta::assert_snapshot!("enum-value-added.json", format!("{:#}", report.json()));
    insta::assert_snapshot!("enum-value-added.markdown", report.markdown());
    insta::assert_snapshot!("enum-value-added.github", report.github());
}

/// One change to the document that holds one of everything, and what has to be said of it.
struct Directed {
    name: &'static str,
    change: fn(&mut Value),
    ids: &'static [&'static str],
    level: Level,
    impact: Impact,
}

fn at<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document
        .pointer_mut(pointer)
        .unwrap_or_else(|| panic!("the base document has nothing at {pointer}"))
}

fn set(document: &mut Value, pointer: &str, key: &str, value: Value) {
    at(document, pointer)
        .as_object_mut()
        .unwrap()
        .insert(key.to_owned(), value);
}

fn unset(document: &mut Value, pointer: &str, key: &str) {
    at(document, pointer)
        .as_object_mut()
        .unwrap()
        .shift_remove(key)
        .unwrap();
}

fn push(document: &mut Value, pointer: &str, value: Value) {
    at(document, pointer).as_array_mut().unwrap().push(value);
}

fn drop_entry(document: &mut Value, pointer: &str, index: usize) {
    at(document, pointer).as_array_mut().unwrap().remove(index);
}

const THING: &str = "/components/schemas/Thing";
const PROPERTIES: &str = "/components/schemas/Thing/properties";
const LIST: &str = "/paths/~1thing~1list~1/get";
const SAVE: &str = "/paths/~1thing~1save~1";

macro_rules! directed {
    ($($name:literal: $change:expr => [$($id:literal),*] $level:ident $impact:ident;)*) => {
        [$(Directed { name: $name, change: $change, ids: &[$($id),*], level: $level, impact: Impact::$impact }),*]
    };
}

/// `ids` are all that is reported, `level` and `impact` the worst of them.
fn all_directed() -> Vec<Directed> {
    Vec::from(directed! {
        "operation added": |d| { let get = at(d, LIST).clone(); set(d, "/paths", "/thing/more/", json!({"get": get})); } => ["endpoint-added"] Info Minor;
        "operation added to a path": |d| set(d, "/paths/~1thing~1list~1", "delete", json!({"responses": {"200": {"description": ""}}})) => ["endpoint-added"] Info Minor;
        "path removed": |d| unset(d, "/paths", "/thing/save/") => ["api-path-removed-without-deprecation"] Breaking Major;
        "operation removed": |d| unset(d, SAVE, "post") => ["api-removed-without-deprecation"] Breaking Major;
        "deprecated operation removed": |d| unset(d, "/paths/~1thing~1{id}~1", "delete") => ["api-removed-with-deprecation"] Breaking Major;
        "placeholder renamed": |d| {
            let mut item = at(d, "/paths/~1thing~1{id}~1").clone();
            for method in ["get", "delete"] { item[method]["parameters"][0]["name"] = json!("key"); }
            unset(d, "/paths", "/thing/{id}/");
            set(d, "/paths", "/thing/{key}/", item);
        } => ["path-parameter-renamed"] Info Major;
        "operation id changed": |d| set(d, LIST, "operationId", json!("all")) => ["api-operation-id-removed"] Info None;
        "operation id added": |d| set(d, "/paths/~1thing~1save~1/put", "operationId", json!("all")) => ["api-operation-id-added"] Info None;
        "operation deprecated": |d| set(d, LIST, "deprecated", json!(true)) => ["endpoint-deprecated"] Info Patch;
        "operation reactivated": |d| unset(d, "/paths/~1thing~1{id}~1/delete", "deprecated") => ["endpoint-reactivated"] Info Patch;
        "tag replaced": |d| set(d, LIST, "tags", json!(["Other"])) => ["api-tag-added", "api-tag-group-changed", "api-tag-removed"] Info Major;
        "required parameter added": |d| push(d, &format!("{LIST}/parameters"), json!({"name": "a", "in": "query", "required": true, "schema": {}})) => ["new-required-request-parameter"] Breaking Major;
        "required parameter with a default added": |d| push(d, &format!("{LIST}/parameters"), json!({"name": "a", "in": "query", "required": true, "schema": {"default": 1}})) => ["new-required-request-default-parameter-to-existing-path"] Breaking Major;
        "optional parameter added": |d| push(d, &format!("{LIST}/parameters"), json!({"name": "a", "in": "query", "schema": {}})) => ["new-optional-request-parameter"] Info Major;
        "parameter removed": |d| drop_entry(d, &format!("{LIST}/parameters"), 1) => ["request-parameter-removed"] Breaking Major;
        "shared parameter removed": |d| drop_entry(d, &format!("{LIST}/parameters"), 2) => ["request-parameter-removed"] Breaking Major;
        "parameter of the path removed": |d| unset(d, "/paths/~1thing~1list~1", "parameters") => ["request-parameter-removed"] Breaking Major;
        "parameter became required": |d| set(d, &format!("{LIST}/parameters/1"), "required", json!(true)) => ["request-parameter-became-required"] Breaking Major;
        "parameter became optional": |d| unset(d, &format!("{LIST}/parameters/0"), "required") => ["request-parameter-became-optional"] Info Major;
        "parameters reordered": |d| at(d, &format!("{LIST}/parameters")).as_array_mut().unwrap().swap(0, 1) => ["parameter-order-changed"] Docs Major;
        "parameter moved to the query": |d| set(d, "/paths/~1thing~1list~1/parameters/0", "in", json!("query")) => ["new-optional-request-parameter", "request-parameter-removed"] Breaking Major;
        "parameter style": |d| set(d, "/components/parameters/Category", "explode", json!(true)) => ["request-parameter-serialization-changed"] Breaking Patch;
        "parameter type": |d| set(d, &format!("{LIST}/parameters/1/schema"), "type", json!("string")) => ["request-parameter-type-changed"] Breaking Major;
        "parameter default": |d| set(d, &format!("{LIST}/parameters/1/schema"), "default", json!(20)) => ["request-parameter-default-value-changed"] Breaking Patch;
        "parameter default removed": |d| unset(d, &format!("{LIST}/parameters/1/schema"), "default") => ["request-parameter-default-value-removed"] Breaking Patch;
        "parameter maximum": |d| set(d, &format!("{LIST}/parameters/1/schema"), "maximum", json!(50)) => ["request-parameter-max-decreased"] Breaking Patch;
        "parameter enum value removed": |d| drop_entry(d, &format!("{LIST}/parameters/0/schema/enum"), 0) => ["request-parameter-enum-value-removed"] Breaking Major;
        "parameter enum value added": |d| push(d, &format!("{LIST}/parameters/0/schema/enum"), json!("all")) => ["request-parameter-enum-value-added"] Info Minor;
        "parameter entries limited": |d| set(d, "/components/parameters/Category/schema", "maxItems", json!(5)) => ["request-parameter-max-items-decreased"] Breaking Patch;
        "required body added": |d| set(d, LIST, "requestBody", json!({"required": true, "content": {}})) => ["request-body-added-required"] Breaking Major;
        "optional body added": |d| set(d, LIST, "requestBody", json!({"content": {}})) => ["request-body-added-optional"] Info Major;
        "body removed": |d| unset(d, &format!("{SAVE}/put"), "requestBody") => ["request-body-removed"] Breaking Major;
        "body became optional": |d| set(d, &format!("{SAVE}/put/requestBody"), "required", json!(false)) => ["request-body-became-optional"] Info Major;
        "shared body became required": |d| set(d, "/components/requestBodies/Shape", "required", json!(true)) => ["request-body-became-required"] Breaking Major;
        "media type added": |d| set(d, &format!("{SAVE}/put/requestBody/content"), "text/csv", json!({})) => ["request-body-media-type-added"] Info Patch;
        "media type removed": |d| unset(d, &format!("{SAVE}/put/requestBody/content"), "application/xml") => ["request-body-media-type-removed"] Breaking Patch;
        "json removed": |d| unset(d, &format!("{SAVE}/put/requestBody/content"), "application/json") => ["request-body-media-type-removed"] Breaking Major;
        "success status added": |d| set(d, &format!("{SAVE}/put/responses"), "204", json!({"description": ""})) => ["response-success-status-added"] Info Patch;
        "success status with another body added": |d| set(d, &format!("{SAVE}/put/responses"), "201", json!({"description": "", "content": {"application/json": {"schema": {}}}})) => ["response-success-status-added"] Info Major;
        "success status moved": |d| { let one = at(d, &format!("{LIST}/responses/200")).clone(); unset(d, &format!("{LIST}/responses"), "200"); set(d, &format!("{LIST}/responses"), "206", one); } => ["response-success-status-added", "response-success-status-removed"] Breaking Patch;
        "failure added": |d| set(d, &format!("{LIST}/responses"), "409", json!({"description": ""})) => ["response-non-success-status-added"] Info Patch;
        "failure removed": |d| unset(d, &format!("{LIST}/responses"), "404") => ["response-non-success-status-removed"] Info Patch;
        "default removed": |d| unset(d, "/paths/~1thing~1{id}~1/get/responses", "default") => ["response-default-removed"] Warning Patch;
        "answer got a body": |d| set(d, &format!("{SAVE}/put/responses/200"), "content", json!({"application/json": {"schema": {}}})) => ["response-media-type-added"] Info Major;
        "answer lost its body": |d| unset(d, &format!("{LIST}/responses/200"), "content") => ["response-media-type-removed"] Breaking Major;
        "header removed": |d| unset(d, &format!("{LIST}/responses/200"), "headers") => ["required-response-header-removed"] Breaking Patch;
        "header became optional": |d| unset(d, &format!("{LIST}/responses/200/headers/X-Total"), "required") => ["response-header-became-optional"] Breaking Patch;
        "list became one": |d| set(d, &format!("{LIST}/responses/200/content/application~1json"), "schema", json!({"$ref": "#/components/schemas/Thing"})) => ["description-changed", "extension-changed", "response-body-additional-properties-forbidden", "response-body-items-removed", "response-body-schema-replaced", "response-body-type-changed", "response-optional-property-added", "response-required-property-added"] Breaking Major;
        "optional property added": |d| set(d, PROPERTIES, "more", json!({"type": "string"})) => ["new-optional-request-property", "response-property-added-to-closed-object"] Breaking Minor;
        "optional property added to an open object": |d| set(d, "/components/schemas/Note/properties", "more", json!({"type": "string"})) => ["new-optional-request-property", "response-optional-property-added"] Info Minor;
        "required property added": |d| { set(d, "/components/schemas/Note/properties", "more", json!({})); set(d, "/components/schemas/Note", "required", json!(["more"])); } => ["new-required-request-property", "response-required-property-added"] Breaking Major;
        "property removed": |d| unset(d, PROPERTIES, "name") => ["request-property-removed", "response-optional-property-removed"] Breaking Major;
        "required property removed": |d| { unset(d, PROPERTIES, "size"); drop_entry(d, &format!("{THING}/required"), 2); } => ["request-property-removed", "response-required-property-removed"] Breaking Major;
        "property became required": |d| push(d, &format!("{THING}/required"), json!("name")) => ["request-property-became-required", "response-property-became-required"] Breaking Major;
        "property became optional": |d| drop_entry(d, &format!("{THING}/required"), 0) => ["request-property-became-optional", "response-property-became-optional"] Breaking Major;
        "integer to number": |d| set(d, &format!("{PROPERTIES}/count"), "type", json!("number")) => ["request-property-type-generalized", "response-property-type-generalized"] Breaking Major;
        "number to integer": |d| set(d, &format!("{PROPERTIES}/size"), "type", json!("integer")) => ["request-property-type-specialized", "response-property-type-specialized"] Breaking Major;
        "format widened": |d| set(d, &format!("{PROPERTIES}/count"), "format", json!("int64")) => ["request-property-format-generalized", "response-property-format-generalized"] Breaking Major;
        "format removed": |d| unset(d, &format!("{PROPERTIES}/id"), "format") => ["request-property-format-removed", "response-property-format-removed"] Breaking Major;
        "became nullable": |d| set(d, &format!("{PROPERTIES}/name"), "nullable", json!(true)) => ["request-property-became-nullable", "response-property-became-nullable"] Breaking Patch;
        "required one became nullable": |d| set(d, &format!("{PROPERTIES}/size"), "nullable", json!(true)) => ["request-property-became-nullable", "response-property-became-nullable"] Breaking Major;
        "became not nullable": |d| unset(d, &format!("{PROPERTIES}/count"), "nullable") => ["request-property-became-not-nullable", "response-property-became-not-nullable"] Breaking Patch;
        "enum value added": |d| push(d, "/components/schemas/Kind/enum", json!("tiny")) => ["request-property-enum-value-added", "response-property-enum-value-added"] Breaking Minor;
        "enum value removed": |d| drop_entry(d, "/components/schemas/Kind/enum", 0) => ["request-property-enum-value-removed", "response-property-enum-value-removed"] Breaking Major;
        "enum reordered": |d| at(d, "/components/schemas/Kind/enum").as_array_mut().unwrap().reverse() => ["enum-order-changed"] Docs Patch;
        "enum dropped": |d| unset(d, "/components/schemas/Kind", "enum") => ["request-property-enum-unset", "response-property-enum-unset"] Breaking Major;
        "became enum": |d| set(d, &format!("{PROPERTIES}/name"), "enum", json!(["a"])) => ["request-property-became-enum", "response-property-became-enum"] Breaking Major;
        "default changed": |d| set(d, "/components/schemas/Kind", "default", json!("small")) => ["request-property-default-value-changed", "response-property-default-value-changed"] Breaking Patch;
        "maximum length lowered": |d| set(d, &format!("{PROPERTIES}/name"), "maxLength", json!(128)) => ["request-property-max-length-decreased", "response-property-max-length-decreased"] Breaking Patch;
        "maximum length raised": |d| set(d, &format!("{PROPERTIES}/name"), "maxLength", json!(512)) => ["request-property-max-length-increased", "response-property-max-length-increased"] Breaking Patch;
        "maximum length gone": |d| unset(d, &format!("{PROPERTIES}/name"), "maxLength") => ["request-property-max-length-unset", "response-property-max-length-unset"] Breaking Patch;
        "minimum set": |d| set(d, &format!("{PROPERTIES}/count"), "minimum", json!(0)) => ["request-property-min-set", "response-property-min-set"] Breaking Major;
        "minimum items gone": |d| unset(d, &format!("{PROPERTIES}/tags"), "minItems") => ["request-property-min-items-unset", "response-property-min-items-unset"] Breaking Patch;
        "exclusive minimum dropped": |d| unset(d, &format!("{PROPERTIES}/size"), "exclusiveMinimum") => ["request-property-exclusive-limit-unset", "response-property-exclusive-limit-unset"] Breaking Patch;
        "pattern changed": |d| set(d, &format!("{PROPERTIES}/name"), "pattern", json!("^[a-y]")) => ["request-property-pattern-changed", "response-property-pattern-changed"] Breaking Patch;
        "unique no longer": |d| unset(d, &format!("{PROPERTIES}/tags"), "uniqueItems") => ["request-property-unique-items-unset", "response-property-unique-items-unset"] Breaking Major;
        "multiples changed": |d| set(d, &format!("{PROPERTIES}/size"), "multipleOf", json!(0.25)) => ["request-property-multiple-of-changed", "response-property-multiple-of-changed"] Breaking Patch;
        "entries changed": |d| set(d, &format!("{PROPERTIES}/tags/items"), "type", json!("integer")) => ["request-property-type-changed", "response-property-type-changed"] Breaking Major;
        "further values changed": |d| set(d, &format!("{PROPERTIES}/labels"), "additionalProperties", json!({"type": "integer"})) => ["request-property-type-changed", "response-property-type-changed"] Breaking Major;
        "object opened": |d| unset(d, THING, "additionalProperties") => ["request-body-additional-properties-allowed", "request-property-additional-properties-allowed", "response-body-additional-properties-allowed", "response-property-additional-properties-allowed"] Breaking Patch;
        "object closed": |d| set(d, "/components/schemas/Note", "additionalProperties", json!(false)) => ["request-property-additional-properties-forbidden", "response-property-additional-properties-forbidden"] Breaking Patch;
        "open in another way": |d| set(d, "/components/schemas/Note", "additionalProperties", json!(true)) => ["notation-changed"] Docs Patch;
        "became read only": |d| set(d, &format!("{PROPERTIES}/name"), "readOnly", json!(true)) => ["request-optional-property-became-read-only", "response-optional-property-became-read-only"] Warning Patch;
        "became write only": |d| set(d, &format!("{PROPERTIES}/name"), "writeOnly", json!(true)) => ["request-optional-property-became-write-only", "response-optional-property-became-write-only"] Breaking Patch;
        "property deprecated": |d| set(d, &format!("{PROPERTIES}/name"), "deprecated", json!(true)) => ["request-property-deprecated", "response-property-deprecated"] Info Patch;
        "alternative added": |d| push(d, "/components/schemas/Shape/oneOf", json!({"type": "string"})) => ["request-body-one-of-added", "request-property-one-of-added", "response-body-one-of-added", "response-property-one-of-added"] Breaking Major;
        "alternative removed": |d| drop_entry(d, "/components/schemas/Shape/oneOf", 0) => ["request-body-one-of-removed", "request-property-one-of-removed", "response-body-one-of-removed", "response-property-one-of-removed"] Breaking Major;
        "part added": |d| push(d, "/components/schemas/Square/allOf", json!({"type": "object"})) => ["request-body-all-of-added", "request-property-all-of-added", "response-body-all-of-added", "response-property-all-of-added"] Breaking Major;
        "part removed": |d| drop_entry(d, "/components/schemas/Square/allOf", 1) => ["request-body-all-of-removed", "request-property-all-of-removed", "response-body-all-of-removed", "response-property-all-of-removed"] Breaking Major;
        "exclusion changed": |d| set(d, "/components/schemas/Note", "not", json!({})) => ["request-property-not-changed", "response-property-not-changed"] Breaking Major;
        "discriminator renamed": |d| set(d, "/components/schemas/Shape/discriminator", "propertyName", json!("kind")) => ["request-body-discriminator-property-name-changed", "request-property-discriminator-property-name-changed", "response-body-discriminator-property-name-changed", "response-property-discriminator-property-name-changed"] Breaking Major;
        "written with allOf": |d| set(d, PROPERTIES, "shape", json!({"allOf": [{"$ref": "#/components/schemas/Shape"}]})) => ["notation-changed"] Docs Patch;
        "schema renamed": |d| {
            let text = d.to_string().replace("#/components/schemas/Note", "#/components/schemas/Remark");
            *d = serde_json::from_str(&text).unwrap();
            let note = at(d, "/components/schemas/Note").clone();
            unset(d, "/components/schemas", "Note");
            set(d, "/components/schemas", "Remark", note);
        } => ["api-schema-renamed", "notation-changed"] Info Major;
        "schema added": |d| set(d, "/components/schemas", "More", json!({})) => ["api-schema-added"] Info Minor;
        "schema removed": |d| unset(d, "/components/schemas", "Unused") => ["api-schema-removed"] Info Major;
        "unused schema changed": |d| set(d, "/components/schemas/Unused/properties/a", "type", json!("string")) => ["schema-type-specialized"] Info Major;
        "server removed": |d| drop_entry(d, "/servers", 1) => ["server-removed"] Breaking Patch;
        "server replaced": |d| set(d, "/servers/0", "url", json!("https://three.example")) => ["server-added", "server-removed"] Breaking Patch;
        "servers reordered": |d| at(d, "/servers").as_array_mut().unwrap().reverse() => ["server-order-changed"] Warning Patch;
        "security replaced": |d| set(d, "", "security", json!([{"key": []}])) => ["api-global-security-added", "api-global-security-removed"] Breaking Patch;
        "security alternative": |d| push(d, "/security", json!({"key": []})) => ["api-security-alternative-added"] Info None;
        "security dropped": |d| unset(d, "", "security") => ["api-security-dropped"] Info None;
        "security of an operation": |d| set(d, LIST, "security", json!([{"key": []}])) => ["api-security-added"] Breaking Patch;
        "security of an operation, alternative removed": |d| drop_entry(d, "/paths/~1thing~1{id}~1/delete/security", 1) => ["api-security-removed"] Breaking Patch;
        "security said again": |d| set(d, LIST, "security", json!([{"bearer": []}])) => ["notation-changed"] Docs Patch;
        "security scheme changed": |d| set(d, "/components/securitySchemes/key", "in", json!("query")) => ["api-security-component-changed"] Breaking Patch;
        "description": |d| set(d, LIST, "description", json!("Lists all things.")) => ["description-changed"] Docs Patch;
        "summary": |d| unset(d, LIST, "summary") => ["summary-changed"] Docs Patch;
        "title": |d| set(d, "/components/schemas/Note", "title", json!("Remark")) => ["title-changed"] Docs Patch;
        "example": |d| set(d, &format!("{PROPERTIES}/name"), "example", json!("b")) => ["example-changed"] Docs Patch;
        "extension": |d| set(d, THING, "x-order", json!(2)) => ["extension-changed"] Info None;
        "evidence": |d| set(d, LIST, "x-evidence", json!({"kind": "pattern"})) => ["extension-changed"] Info Major;
        "version": |d| set(d, "/info", "version", json!("2")) => ["info-changed"] Docs Patch;
        "unknown key": |d| set(d, THING, "const", json!(1)) => ["unclassified"] Warning Major;
        "unknown key of an operation": |d| set(d, LIST, "unheard-of", json!({"a": {}})) => ["unclassified"] Warning Major;
        "callback added": |d| set(d, LIST, "callbacks", json!({"a": {}})) => ["callbacks-changed"] Warning None;
        "webhook removed": |d| unset(d, "/x-webhooks", "stored") => ["webhook-removed"] Breaking None;
        "check of a version that knows more": |d| set(d, &format!("{PROPERTIES}/tags"), "x-contains", json!({"minLength": 1})) => ["request-property-contains-added", "response-property-contains-added"] Breaking Patch;
    })
}

fn base() -> Value {
    serde_json::from_str(BASE).unwrap()
}

#[test]
fn every_directed_change_has_its_rules_level_and_impact() {
    let mut wrong = Vec::new();
    for directed in all_directed() {
        let mut new = base();
        (directed.change)(&mut new);
        let report = report(&base(), &new);
        let found: BTreeSet<&str> = report.changes.iter().map(|change| change.id.as_str()).collect();
        let wanted: BTreeSet<&str> = directed.ids.iter().copied().collect();
        let level = report.changes.iter().map(|change| change.level).max();
        let impact = report.summary().crate_impact;
        if found != wanted || level != Some(directed.level) || impact != directed.impact {
            wrong.push(format!(
                "{}: wanted {wanted:?} {} {}, got {found:?} {level:?} {impact}",
                directed.name, directed.level, directed.impact
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is added one way is removed the other way: no directed change may be silent backwards, and one that widens an
/// answer narrows it backwards.
#[test]
fn every_directed_change_is_seen_backwards_too() {
    for directed in all_directed() {
        let mut new = base();
        (directed.change)(&mut new);
        assert!(
            !report(&new, &base()).is_empty(),
            "{} is silent backwards",
            directed.name
        );
    }
}

#[test]
fn no_two_rules_give_one_id_two_levels() {
    let mut levels = std::collections::BTreeMap::new();
    for rule in diff::rules::RULES {
        for (id, level) in rule.ids() {
            if let Some(other) = levels.insert(id.clone(), level) {
                assert_eq!(other, level, "{id}");
            }
        }
    }
}

/// Where oasdiff has the rule, ours is at least as strict.
#[test]
fn we_are_never_milder_than_oasdiff() {
    let mut milder = Vec::new();
    for rule in diff::rules::RULES {
        for (id, level) in rule.ids() {
            if diff::rules::oasdiff_level(&id).is_some_and(|theirs| level < theirs) {
                milder.push(format!("{id}: {level}"));
            }
        }
    }
    assert!(milder.is_empty(), "{}", milder.join("\n"));
}

#[test]
fn the_table_of_rules_can_be_printed() {
    insta::assert_snapshot!("rules", diff::rules::table());
}

#[test]
fn json_fits_its_schema() {
    let schema: Value = serde_json::from_str(diff::REPORT_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for directed in all_directed() {
        let mut new = base();
        (directed.change)(&mut new);
        let json = report(&base(), &new).json();
        let errors: Vec<String> = validator
            .iter_errors(&json)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?}", directed.name);
    }
    assert!(validator.is_valid(&report(&base(), &base()).json()));
}

#[test]
fn an_accepted_change_is_gone_until_its_day_has_passed() {
    let report = case!("maximum-lowered");
    let breaking = report.changes[0].fingerprint.clone();
    let text = json!({"allow": [
        {"fingerprint": breaking, "reason": "all callers are below it", "expires": "2026-03-01"},
        {"fingerprint": "0000000000000000", "reason": "seen", "expires": "2026-03-01"},
    ]});
    let text = serde_json::to_string_pretty(&text).unwrap();
    let list = AllowList::read(Source {
        name: "allow.json",
        text: &text,
    })
    .unwrap();
    let on_the_day = list.apply(report.clone(), Date::parse("2026-03-01").unwrap());
    assert_eq!((on_the_day.report.exit_code(), on_the_day.accepted), (5, 1));
    insta::assert_snapshot!("allow.before", on_the_day.diagnostics.to_string());
    let after = list.apply(report, Date::parse("2026-03-02").unwrap());
    assert_eq!((after.report.exit_code(), after.accepted), (6, 0));
    insta::assert_snapshot!("allow.after", after.diagnostics.to_string());
}

/// Who accepts a limit has accepted that limit, not every one.
#[test]
fn what_was_added_has_a_fingerprint_of_its_own() {
    let fingerprints = |change: &dyn Fn(&mut Value)| {
        let mut new = base();
        change(&mut new);
        let report = report(&base(), &new);
        let changes = report.changes.iter();
        let all: BTreeSet<String> = changes.map(|change| change.fingerprint.clone()).collect();
        assert!(!all.is_empty());
        all
    };
    let property =
        |members: Value| fingerprints(&|document| set(document, PROPERTIES, "fresh", members.clone()));
    let of_name = |key: &'static str, value: Value| {
        fingerprints(&|document| set(document, &format!("{PROPERTIES}/name"), key, value.clone()))
    };
    for (one, another) in [
        (of_name("default", json!("a")), of_name("default", json!("b"))),
        (of_name("enum", json!(["a"])), of_name("enum", json!(["b"]))),
        (
            property(json!({"type": "string"})),
            property(json!({"type": "integer"})),
        ),
    ] {
        assert!(one.is_disjoint(&another));
    }
}

#[test]
fn a_change_that_no_rule_knows_keeps_its_fingerprint_when_others_move() {
    let unknown = |before: Value, after: Value, first: bool| {
        let list = |value: Value| {
            let mut document = base();
            let own = json!({"name": "own", "in": "query", "schema": {"type": "string"}, "unheard": value});
            let other = json!({"name": "other", "in": "query", "schema": {"type": "string"}});
            let list = if first { vec![own, other] } else { vec![other, own] };
            set(&mut document, LIST, "parameters", Value::from(list));
            document
        };
        let report = report(&list(before), &list(after));
        assert_eq!(report.changes.len(), 1, "{}", report.text());
        assert_eq!(report.changes[0].id, "unclassified");
        report.changes[0].fingerprint.clone()
    };
    let fingerprint = unknown(json!(1), json!(2), true);
    assert_eq!(unknown(json!(1), json!(2), false), fingerprint);
    // However late the texts differ.
    let long = |end: &str| json!(format!("{}{end}", "long ".repeat(100)));
    assert_ne!(
        unknown(long("a"), long("b"), true),
        unknown(long("a"), long("c"), true)
    );
}

/// A chain of references, in a document that nothing has looked at before, is longer than any stack.
#[test]
fn what_has_no_end_worth_reaching_is_no_stack_overflow() {
    let chain = |last: &str| {
        let mut document = base();
        let long = 1_000;
        for index in 0..long {
            let next = json!({"$ref": format!("#/components/schemas/Chain{}", index + 1)});
            let link = json!({"allOf": [next], "properties": {"a": next}});
            set(
                &mut document,
                "/components/schemas",
                &format!("Chain{index}"),
                link,
            );
        }
        set(
            &mut document,
            "/components/schemas",
            &format!("Chain{long}"),
            json!({"type": last}),
        );
        let reference = json!({"$ref": "#/components/schemas/Chain0"});
        set(&mut document, THING, "not", reference);
        document
    };
    let report = report(&chain("string"), &chain("integer"));
    assert_eq!(report.exit_code(), 6, "{}", report.changes.len());
}

/// Nobody can judge what a report cuts off.
#[test]
fn what_differs_can_be_read_however_long_the_texts_are() {
    let described = |sentence: &str| {
        let mut document = base();
        let before = "The time that a request may take before it is given up. ".repeat(4);
        let after = " It is counted from the moment when the request has come in.".repeat(4);
        set(
            &mut document,
            THING,
            "description",
            json!(format!("{before}{sentence}{after}")),
        );
        document
    };
    let report = report(
        &described("It may be sent empty."),
        &described("It must never be sent."),
    );
    insta::assert_snapshot!(report.changes[0].what);
}

#[test]
fn no_text_of_the_document_is_a_command() {
    let mut new = base();
    let name = "a\n::error::b\u{1b}[2J`@c <d> [e](f) *g* \\[h\\](i) \\|";
    set(
        &mut new,
        PROPERTIES,
        name,
        json!({"type": "string", "default": "`@h` <i> | \n::error::j"}),
    );
    let report = report(&base(), &new);
    insta::assert_snapshot!("commands", format!("{}\n{}", report.text(), report.markdown()));
}

#[test]
fn days_are_counted_as_the_calendar_does() {
    for (days, day) in [
        (0, "1970-01-01"),
        (58, "1970-02-28"),
        (59, "1970-03-01"),
        (11_016, "2000-02-29"),
        (20_512, "2026-02-28"),
        (20_513, "2026-03-01"),
        (20_819, "2027-01-01"),
        (47_540, "2100-02-28"),
        (47_541, "2100-03-01"),
    ] {
        assert_eq!(Date::from_days(days), Date::parse(day), "{days}");
    }
    // Every day of 130 years is a day of the calendar, later than the one before.
    let days: Vec<Date> = (0..47_482).map(|days| Date::from_days(days).unwrap()).collect();
    assert!(days.is_sorted());
    assert!(days.iter().all(|day| Date::parse(&day.to_string()) == Some(*day)));
    assert_eq!(Date::from_days(u64::MAX), None);
}

#[test]
fn an_allow_list_says_what_is_wrong_with_it() {
    let text = r#"{
  "allow": [
    {"fingerprint": "0123456789abcdef", "expires": "2026-02-29"},
    {"reason": "because", "expires": "2028-02-29", "until": "later"},
    {"fingerprint": "aa", "reason": "twice", "expires": "2026-01-01"},
    {"fingerprint": "aa", "reason": "twice", "expires": "2026-01-01"}
  ]
}
"#;
    insta::assert_snapshot!(
        "allow.errors",
        AllowList::read(Source {
            name: "allow.json",
            text
        })
        .unwrap_err()
        .to_string()
    );
    let text = "[]";
    insta::assert_snapshot!(
        "allow.none",
        AllowList::read(Source {
            name: "allow.json",
            text
        })
        .unwrap_err()
        .to_string()
    );
}

/// The same document with the keys of every object in another order.
fn reordered(value: &Value, seed: usize) -> Value {
    match value {
        Value::Object(members) => {
            let mut keys: Vec<&String> = members.keys().collect();
            keys.sort_by_key(|key| {
                key.bytes()
                    .fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()))
            });
            keys.into_iter()
                .map(|key| (key.clone(), reordered(&members[key], seed)))
                .collect::<Map<_, _>>()
                .into()
        }
        Value::Array(entries) => entries.iter().map(|entry| reordered(entry, seed)).collect(),
        scalar => scalar.clone(),
    }
}

fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                pointers(value, &funnelflux_openapi::pointer::join(at, key), all);
            }
        }
        Value::Array(entries) => {
            for (index, value) in entries.iter().enumerate() {
                pointers(value, &funnelflux_openapi::pointer::item(at, index), all);
            }
        }
        _ => {}
    }
}

/// Keys and values that mutations put in: what OpenAPI knows, and what it does not.
fn ingredients() -> (Vec<String>, Vec<Value>) {
    let keys = "type format nullable enum default minimum maximum minLength pattern required properties items \
                additionalProperties allOf oneOf not $ref description summary title example tags deprecated readOnly \
                parameters requestBody responses content schema headers security servers x-other unheard-of get 201";
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(10.5),
        json!(""),
        json!("string"),
        json!("object"),
        json!("It must never be sent."),
        json!([]),
        json!(["id"]),
        json!({}),
        json!({"type": "string"}),
        json!([{"type": "integer"}]),
        json!({"$ref": "#/components/schemas/Note"}),
        json!({"$ref": "#/components/schemas/Gone"}),
        json!([{"name": "a", "in": "query"}]),
        json!({"a": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}),
        json!("#/components/schemas/Shape"),
    ];
    (
        keys.split_whitespace().map(str::to_owned).collect(),
        Vec::from(values),
    )
}

#[derive(Clone, Debug)]
struct Mutation {
    place: prop::sample::Index,
    kind: usize,
    key: prop::sample::Index,
    value: prop::sample::Index,
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let mutation = (
        any::<prop::sample::Index>(),
        0..5_usize,
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
    )
        .prop_map(|(place, kind, key, value)| Mutation {
            place,
            kind,
            key,
            value,
        });
    prop::collection::vec(mutation, 1..4)
}

fn mutate(document: &mut Value, mutation: &Mutation) {
    let (keys, values) = ingredients();
    let mut all = Vec::new();
    pointers(document, "", &mut all);
    let pointer = mutation.place.get(&all).clone();
    let value = mutation.value.get(&values).clone();
    let target = document.pointer_mut(&pointer).unwrap();
    match (mutation.kind, target) {
        (0, Value::Object(members)) if !members.is_empty() => {
            let key = members
                .keys()
                .nth(mutation.key.index(members.len()))
                .unwrap()
                .clone();
            members.shift_remove(&key);
        }
        (0, Value::Array(entries)) if !entries.is_empty() => {
            entries.remove(mutation.key.index(entries.len()));
        }
        (1, Value::Object(members)) => {
            members.insert(mutation.key.get(&keys).clone(), value);
        }
        (1, Value::Array(entries)) => entries.insert(mutation.key.index(entries.len() + 1), value),
        (2, Value::Array(entries)) if entries.len() > 1 => {
            let last = entries.len() - 1;
            entries.swap(mutation.key.index(last), last);
        }
        (3, Value::Object(members)) if !members.is_empty() => {
            // Rename a key.
            let key = members
                .keys()
                .nth(mutation.key.index(members.len()))
                .unwrap()
                .clone();
            let value = members.shift_remove(&key).unwrap();
            members.insert(format!("{key}x"), value);
        }
        (_, target) if !pointer.is_empty() => *target = value,
        _ => {}
    }
}

/// 48 cases, which is what every run can afford; `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        failure_persistence: None,
        cases: cases.unwrap_or(48),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_random_change_is_silent(mutations in mutations(), seed in any::<usize>()) {
        let old = base();
        let mut new = old.clone();
        for mutation in &mutations {
            mutate(&mut new, mutation);
        }
        let forwards = report(&old, &new);
        let backwards = report(&new, &old);
        prop_assert_eq!(old == new, forwards.is_empty(), "{}", forwards.text());
        prop_assert_eq!(old == new, backwards.is_empty(), "{}", backwards.text());

        let fingerprints: BTreeSet<String> = forwards.changes.iter().map(|change| change.fingerprint.clone()).collect();
        let again = report(&reordered(&old, seed), &reordered(&new, seed.rotate_left(7)));
        let others: BTreeSet<String> = again.changes.iter().map(|change| change.fingerprint.clone()).collect();
        prop_assert_eq!(fingerprints, others, "fingerprints depend on the order of keys");
        // A text for each, whatever the document looks like.
        prop_assert!(!forwards.text().is_empty() && !forwards.markdown().is_empty());
        prop_assert_eq!(forwards.github().lines().count(), forwards.changes.len());
    }

    #[test]
    fn a_document_does_not_differ_from_itself(mutations in mutations(), seed in any::<usize>()) {
        let mut document = base();
        for mutation in &mutations {
            mutate(&mut document, mutation);
        }
        let report = report(&document, &reordered(&document, seed));
        prop_assert!(report.is_empty(), "{}", report.text());
    }

    /// A harmless change beside a breaking one does not hide it.
    #[test]
    fn a_breaking_change_stays_breaking_beside_others(index in any::<prop::sample::Index>(), mutations in mutations()) {
        let breaking: Vec<Directed> = all_directed().into_iter().filter(|directed| directed.level == Breaking).collect();
        let directed = index.get(&breaking);
        let mut old = base();
        for mutation in &mutations {
            // Words beside the change, on both sides of it or on one.
            let mut all = Vec::new();
            pointers(&old, "", &mut all);
            let pointer = mutation.place.get(&all).clone();
            if let Some(Value::Object(members)) = old.pointer_mut(&pointer) && members.contains_key("description") {
                members.insert("description".to_owned(), json!("Other words."));
            }
        }
        let mut new = base();
        (directed.change)(&mut new);
        let level = report(&old, &new).changes.iter().map(|change| change.level).max();
        prop_assert_eq!(level, Some(Breaking), "{}", directed.name);
    }
}
