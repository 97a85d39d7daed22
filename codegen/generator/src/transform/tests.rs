//! What each rule does to a minimal document, what it refuses, and what is read off the result.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what `json!` makes is written where it is used"
)]

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};

use super::*;
use crate::testing;

/// A document with one schema.
fn schema(schema: Value) -> Value {
    json!({"components": {"schemas": {"Thing": schema}}})
}

/// A document with these schemas.
fn components(schemas: Value) -> Value {
    json!({"components": {"schemas": schemas}})
}

/// A document with one operation.
fn operation(method: &str, operation: Value) -> Value {
    json!({"paths": {"/offersource/save/": {method: operation}}})
}

/// A document with one parameter.
fn parameter(parameter: Value) -> Value {
    operation("get", json!({"parameters": [parameter]}))
}

/// A document with these responses of one operation.
fn responses(responses: Value) -> Value {
    operation("get", json!({"responses": responses}))
}

/// JSON content.
fn content(schema: Value) -> Value {
    json!({"content": {"application/json": {"schema": schema}}})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Applies one rule: the document then, how often the rule applied, and what it found wrong.
fn apply(name: &str, members: Value) -> (Value, usize, Diagnostics) {
    let source = testing::document(members);
    let mut state = State::new(&source);
    let rule = rules()
        .into_iter()
        .find(|rule| rule.name == name)
        .unwrap_or_else(|| panic!("no rule {name}"));
    let count = (rule.apply)(&mut state);
    (state.document, count, state.diagnostics)
}

/// Rule, document before, document after (members that every document has left out), how often it applied.
#[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
fn cases() -> Vec<(&'static str, Value, Value, usize)> {
    vec![
        (
            "inline-references",
            json!({
                "paths": {"/x/": {
                    "parameters": [
                        {"$ref": "#/components/parameters/Status"},
                        {"name": "own", "in": "query"},
                        {"$ref": "#/components/parameters/Kind"},
                    ],
                    "get": {
                        "parameters": [
                            {"name": "own", "in": "query", "required": true},
                            {"$ref": "#/components/parameters/OwnKind"},
                        ],
                        "requestBody": {"$ref": "#/components/requestBodies/Body"},
                        "responses": {"200": {"$ref": "#/components/responses/Ok"}},
                    },
                }},
                "components": {
                    "parameters": {
                        "Status": {"$ref": "#/components/parameters/AnyStatus"},
                        "AnyStatus": {"name": "status", "in": "query"},
                        "Kind": {"name": "kind", "in": "query"},
                        "OwnKind": {"name": "kind", "in": "query", "required": true},
                    },
                    "requestBodies": {"Body": {"required": true}},
                    "responses": {"Ok": {"description": "ok"}},
                    "schemas": {"Thing": {"type": "string"}},
                },
            }),
            json!({
                "paths": {"/x/": {"get": {
                    // The operation's own parameters win over the path's of the same name, by reference too.
                    "parameters": [
                        {"name": "own", "in": "query", "required": true},
                        {"name": "kind", "in": "query", "required": true},
                        {"name": "status", "in": "query"},
                    ],
                    "requestBody": {"required": true},
                    "responses": {"200": {"description": "ok"}},
                }}},
                "components": {"schemas": {"Thing": {"type": "string"}}},
            }),
            6,
        ),
        (
            "keep-json",
            operation(
                "put",
                json!({
                    "requestBody": {"content": {"application/xml": {}, "application/json; charset=utf-8": {"schema": {}}}},
                    "responses": {"200": {"content": {"application/json": {"schema": {}}}}},
                }),
            ),
            operation(
                "put",
                json!({
                    "requestBody": {"content": {"application/json": {"schema": {}}}},
                    "responses": {"200": {"content": {"application/json": {"schema": {}}}}},
                }),
            ),
            1,
        ),
        (
            "drop-error-responses",
            responses(json!({"200": {"description": "ok"}, "404": {}, "default": {}})),
            responses(json!({"200": {"description": "ok"}})),
            2,
        ),
        (
            "widen-success",
            responses(json!({"200": {"description": "ok"}})),
            responses(json!({"2XX": {"description": "ok"}})),
            1,
        ),
        (
            "widen-success",
            responses(json!({"200": {"description": "ok"}, "201": {"description": "made"}})),
            responses(json!({"2XX": {"description": "ok"}})),
            2,
        ),
        (
            "name-operations",
            operation("post", json!({"operationId": "whatever"})),
            operation("post", json!({"operationId": "create_offer_source"})),
            1,
        ),
        (
            "drop-limits",
            schema(json!({"type": "object", "minProperties": 1, "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 256, "pattern": "^a", "format": "uuid"},
                "key": {"type": "string", "format": "password"},
                "list": {"type": "array", "minItems": 2, "uniqueItems": true, "items": {"type": "string", "maxLength": 3}},
                "count": {"type": "integer", "format": "int32", "minimum": 0, "exclusiveMinimum": true, "maximum": 9},
                "level": {"type": "integer", "enum": [1, 2]},
                "old": {"type": "string", "deprecated": true, "readOnly": true},
                "fine": {"type": "string", "enum": ["a"], "minLength": 0},
            }})),
            schema(
                json!({"type": "object", "x-notes": ["at least 1 member"], "properties": {
                    "name": {"type": "string", "x-notes": ["1 to 256 characters", "matches `^a`", "format `uuid`"]},
                    "key": {"type": "string", "x-notes": ["format `password`"], "x-secret": true},
                    "list": {"type": "array", "x-notes": ["at least 2 items", "unique items"],
                        "items": {"type": "string", "x-notes": ["at most 3 characters"]}},
                    // The width of a number stays: it makes the Rust type.
                    "count": {"type": "integer", "format": "int32", "x-notes": ["more than 0 and at most 9"]},
                    "level": {"type": "integer", "x-notes": ["one of `1`, `2`"]},
                    "old": {"type": "string", "x-notes": ["set by the service", "deprecated"]},
                    "fine": {"type": "string", "enum": ["a"]},
                }}),
            ),
            12,
        ),
        (
            "drop-defaults",
            schema(json!({"properties": {"status": {"type": "string", "default": "active"}}})),
            schema(
                json!({"properties": {"status": {"type": "string", "x-notes": ["default `\"active\"`"]}}}),
            ),
            1,
        ),
        (
            "hoist-objects",
            json!({
                "paths": {"/offersource/save/": {"put": {
                    "requestBody": content(json!({"type": "object", "description": "d", "properties": {"a": {}}})),
                    "responses": {"2XX": content(json!({"type": "array", "items": {"properties": {"b": {}}}}))},
                }}},
                "components": {"schemas": {"Thing": {"properties": {
                    "inner": {"properties": {"deep": {"properties": {"c": {}}}}},
                    "free": {"type": "object"},
                    "map": {"type": "object", "additionalProperties": {"properties": {"d": {}}}},
                }}}},
            }),
            json!({
                "paths": {"/offersource/save/": {"put": {
                    "requestBody": content(json!({"description": "d", "allOf": [reference("SaveOfferSourceRequest")]})),
                    "responses": {"2XX": content(
                        json!({"type": "array", "items": reference("SaveOfferSourceResponseItem")}))},
                }}},
                "components": {"schemas": {
                    "Thing": {"properties": {
                        "inner": reference("ThingInner"),
                        "free": {"type": "object"},
                        "map": {"type": "object", "additionalProperties": reference("ThingMapValue")},
                    }},
                    "SaveOfferSourceRequest": {
                        "type": "object", "description": "d", "properties": {"a": {}}, "x-inline": true},
                    "SaveOfferSourceResponseItem": {"properties": {"b": {}}, "x-inline": true,
                        "description": "An item of the response of `PUT /offersource/save/`."},
                    "ThingInner": {"properties": {"deep": reference("ThingInnerDeep")}, "x-inline": true,
                        "description": "The property `inner` of `Thing`."},
                    "ThingMapValue": {"properties": {"d": {}}, "x-inline": true,
                        "description": "A value of the property `map` of `Thing`."},
                    "ThingInnerDeep": {"properties": {"c": {}}, "x-inline": true,
                        "description": "The property `deep` of `ThingInner`."},
                }},
            }),
            5,
        ),
        (
            "hoist-enums",
            json!({
                "paths": {"/x/": {"get": {"parameters": [{"name": "status", "in": "query", "description": "Which.",
                    "schema": {"type": "string", "enum": ["a", "b"]}}]}}},
                "components": {"schemas": {"Thing": {"properties": {
                    "kind": {"type": "string", "enum": ["x"], "nullable": true},
                    "kinds": {"type": "array", "items": {"type": "string", "enum": ["y"], "x-rust-name": "Kind2"}},
                }}}},
            }),
            json!({
                "paths": {"/x/": {"get": {"parameters": [{"name": "status", "in": "query", "description": "Which.",
                    "schema": reference("StatusFilter")}]}}},
                "components": {"schemas": {
                    "Thing": {"properties": {
                        "kind": {"nullable": true, "allOf": [reference("Kind")]},
                        "kinds": {"type": "array", "items": reference("Kind2")},
                    }},
                    "Kind": {"type": "string", "enum": ["x"], "x-inline": true,
                        "description": "Values of the property `kind`."},
                    "Kind2": {"type": "string", "enum": ["y"], "x-inline": true,
                        "description": "Values of the property `kinds`."},
                    "StatusFilter": {"type": "string", "enum": ["a", "b"], "x-inline": true,
                        "description": "Values of the query parameter `status`.\n\nWhich."},
                }},
            }),
            3,
        ),
        (
            // Same name and same values, in whatever order, share one; differing descriptions are no one's.
            "hoist-enums",
            json!({"components": {"schemas": {
                "One": {"properties": {"kind": {"type": "string", "enum": ["x", "y"], "description": "1"}}},
                "Two": {"properties": {"kind": {"type": "string", "enum": ["y", "x"], "description": "2"}}},
            }}}),
            json!({"components": {"schemas": {
                "One": {"properties": {"kind": {"description": "1", "allOf": [reference("Kind")]}}},
                "Two": {"properties": {"kind": {"description": "2", "allOf": [reference("Kind")]}}},
                "Kind": {"type": "string", "enum": ["x", "y"], "x-inline": true,
                    "description": "Values of the property `kind`."},
            }}}),
            2,
        ),
        (
            "inline-aliases",
            json!({"components": {"schemas": {
                "Name": {"type": "string", "description": "n"},
                "Names": {"type": "array", "items": reference("Name")},
                "Thing": {"properties": {"names": reference("Names"), "name": {"description": "own", "allOf": [reference("Name")]}}},
            }}}),
            json!({"components": {"schemas": {
                "Thing": {"properties": {
                    "names": {"type": "array", "items": {"type": "string", "description": "n"}},
                    "name": {"type": "string", "description": "own"},
                }},
            }}}),
            4,
        ),
        (
            "id-lists",
            parameter(json!({"name": "idOfferSources", "in": "query", "schema": {"type": "string"}})),
            parameter(json!({"name": "idOfferSources", "in": "query", "explode": false,
                "schema": {"type": "array", "items": {"type": "string"}}})),
            1,
        ),
        (
            "id-types",
            schema(json!({"properties": {
                "idCategory": {"type": "string", "description": "c"},
                "idOther": {"type": "string"},
                "idOfferSource": {"type": "integer"},
            }})),
            json!({"components": {"schemas": {
                "Thing": {"properties": {
                    "idCategory": {"description": "c", "allOf": [reference("CategoryId")]},
                    // Not the ID of a kind of asset that we know, and not a string.
                    "idOther": {"type": "string"},
                    "idOfferSource": {"type": "integer"},
                }},
                "CategoryId": {"type": "string", "x-id-type": "idCategory", "description": "ID of a category (`idCategory`)."},
            }}}),
            1,
        ),
        (
            "secret-types",
            schema(json!({"properties": {
                "key": {"type": "string", "x-secret": true, "x-notes": ["format `password`"], "description": "k", "nullable": true},
                "keys": {"type": "array", "items": {"type": "string", "x-secret": true}},
                "name": {"type": "string"},
            }})),
            json!({"components": {"schemas": {
                "Thing": {"properties": {
                    "key": {"description": "k", "nullable": true, "x-notes": ["format `password`"], "allOf": [reference("Secret")]},
                    // No property, and so text.
                    "keys": {"type": "array", "items": {"type": "string"}},
                    "name": {"type": "string"},
                }},
                "Secret": {"type": "string", "x-secret": true},
            }}}),
            1,
        ),
        (
            "nullable-collections",
            schema(json!({"required": ["must"], "properties": {
                "must": {"type": "array"}, "may": {"type": "array"}, "free": {"type": "object"},
                "object": {"type": "object", "properties": {"a": {}}}, "text": {"type": "string"},
            }})),
            schema(json!({"required": ["must"], "properties": {
                "must": {"type": "array"}, "may": {"type": "array", "nullable": true},
                "free": {"type": "object", "nullable": true},
                "object": {"type": "object", "properties": {"a": {}}}, "text": {"type": "string"},
            }})),
            2,
        ),
        (
            "drop-titles",
            schema(
                json!({"title": "A thing", "properties": {"title": {"title": "Words", "type": "string"}}}),
            ),
            schema(json!({"properties": {"title": {"title": "Words", "type": "string"}}})),
            1,
        ),
        (
            "keep-unknown-fields",
            schema(json!({"properties": {"a": {"type": "object"}}, "additionalProperties": false})),
            schema(json!({"properties": {"a": {"type": "object"}}, "additionalProperties": {}})),
            1,
        ),
        (
            "keep-unknown-fields",
            schema(json!({"type": "object", "additionalProperties": false})),
            schema(json!({"type": "object", "additionalProperties": {}})),
            1,
        ),
        (
            "drop-empty-parts",
            components(json!({
                "Name": {"allOf": [reference("Thing"), {"type": "object", "additionalProperties": true}, {}], "nullable": true},
                "Said": {"allOf": [reference("Thing"), {"description": "It.", "title": "T", "example": {}, "deprecated": true, "x-a": 1}]},
                "Thing": {"allOf": [{"type": "object"}, {}]},
                "More": {"allOf": [reference("Thing"), {"type": "object", "required": ["a"]}]},
            })),
            components(json!({
                "Name": {"allOf": [reference("Thing")], "nullable": true},
                "Said": {"allOf": [reference("Thing")], "description": "It.", "example": {}, "deprecated": true, "x-a": 1},
                "Thing": {"allOf": [{"type": "object"}, {}]},
                "More": {"allOf": [reference("Thing"), {"type": "object", "required": ["a"]}]},
            })),
            3,
        ),
        (
            "nullable-components",
            components(json!({
                "Null": {"type": "object", "nullable": true, "properties": {"a": {"$ref": "#/components/schemas/Null"}}},
                "More": {"allOf": [{"$ref": "#/components/schemas/Null"}, {"properties": {"b": {"type": "string"}}}]},
                "Part": {"type": "object", "nullable": true},
                "Either": {"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "string"}]},
                "Use": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/Null"}], "description": "It."}},
            })),
            components(json!({
                "Null": {"type": "object", "properties": {"a": {"allOf": [{"$ref": "#/components/schemas/Null"}], "nullable": true}}},
                "More": {"allOf": [{"$ref": "#/components/schemas/Null"}, {"properties": {"b": {"type": "string"}}}]},
                "Part": {"type": "object", "nullable": true},
                "Either": {"oneOf": [{"$ref": "#/components/schemas/Part"}, {"type": "string"}]},
                "Use": {"type": "array", "items": {"allOf": [{"$ref": "#/components/schemas/Null"}], "description": "It.", "nullable": true}},
            })),
            2,
        ),
        (
            "optional-bodies",
            operation("put", json!({"requestBody": content(reference("Thing"))})),
            operation(
                "put",
                json!({"requestBody": content(json!({"allOf": [reference("Thing")], "nullable": true}))}),
            ),
            1,
        ),
        (
            "share-evidence",
            json!({
                "tags": [{"name": "T"}],
                "paths": {"/x/": {
                    "get": {"tags": ["T"], "x-evidence": {"kind": "page"},
                        "parameters": [{"name": "a", "x-evidence": {"kind": "docs"}}],
                        "responses": {"2XX": {"x-evidence": {"kind": "pattern"}}}},
                    "put": {"tags": ["T"],
                        "parameters": [{"name": "a", "x-evidence": {"kind": "help"}}, {"name": "b", "x-evidence": {"kind": "docs"}}],
                        "responses": {"2XX": {"x-evidence": {"kind": "pattern"}}}},
                }},
                "components": {"schemas": {"Thing": {"x-evidence": {"kind": "docs"}, "properties": {
                    "a": {"x-evidence": {"kind": "docs"}}, "b": {"x-evidence": {"kind": "pattern"}}, "c": {}}}}},
            }),
            json!({
                "tags": [{"name": "T",
                    // Not that of the operations: one of them has none.
                    "x-evidence-of-arguments": {"kind": "docs", "has-exceptions": true},
                    "x-evidence-of-responses": {"kind": "pattern"}}],
                "paths": {"/x/": {
                    "get": {"tags": ["T"], "x-evidence": {"kind": "page"},
                        "parameters": [{"name": "a", "x-evidence": {"kind": "docs", "stated-elsewhere": true}}],
                        "responses": {"2XX": {"x-evidence": {"kind": "pattern", "stated-elsewhere": true}}}},
                    "put": {"tags": ["T"],
                        "parameters": [{"name": "a", "x-evidence": {"kind": "help"}},
                            {"name": "b", "x-evidence": {"kind": "docs", "stated-elsewhere": true}}],
                        "responses": {"2XX": {"x-evidence": {"kind": "pattern", "stated-elsewhere": true}}}},
                }},
                "components": {"schemas": {"Thing": {"x-evidence": {"kind": "docs", "has-exceptions": true}, "properties": {
                    "a": {"x-evidence": {"kind": "docs", "stated-elsewhere": true}}, "b": {"x-evidence": {"kind": "pattern"}}, "c": {}}}}},
            }),
            5,
        ),
        (
            "describe",
            json!({
                "paths": {"/x/": {"put": {"requestBody": content(reference("Thing"))}}},
                "components": {"schemas": {
                    "Thing": {"description": "A thing", "x-notes": ["at least 1 member"], "properties": {
                        "list": {"items": {"x-notes": ["at most 3 characters"]}, "x-notes": ["at least 1 item"],
                            "x-evidence": {"kind": "pattern", "source": "Others have it"}},
                        "other": reference("Other"),
                    }},
                    "Other": {"description": "Another.\n\nAt length.", "x-inline": true},
                }},
            }),
            json!({
                "paths": {"/x/": {"put": {"requestBody":
                    {"description": "A thing", "content": {"application/json": {"schema": reference("Thing")}}}}}},
                "components": {"schemas": {
                    "Thing": {"description": "A thing.\n\nSchema `Thing`, at least 1 member.", "properties": {
                        "list": {"items": {"x-notes": ["at most 3 characters"]},
                            "x-evidence": {"kind": "pattern", "source": "Others have it"},
                            "description": "**Inferred.** `list` in JSON, at least 1 item, each at most 3 characters.\n\nEvidence: \
                                **inferred** from the pattern of the other operations. Others have it."},
                        "other": {"allOf": [reference("Other")], "description": "Another.\n\n`other` in JSON."},
                    }},
                    "Other": {"description": "Another.\n\nAt length.", "x-inline": true},
                }},
            }),
            4,
        ),
    ]
}

#[test]
fn each_rule_does_what_it_is_for() {
    for (rule, before, after, expected_count) in cases() {
        let expected = testing::document(after).into_value();
        let (value, count, diagnostics) = apply(rule, before);
        assert!(diagnostics.is_empty(), "{rule}: {diagnostics}");
        assert_eq!(
            value, expected,
            "{rule}\n is:        {value}\n should be: {expected}"
        );
        assert_eq!(count, expected_count, "{rule}");
    }
}

/// Keys have no order in the table above, so this rule has a test of its own.
#[test]
fn canonical_order_sorts_keys_and_leaves_lists_alone() {
    let members = json!({"paths": {"/b/": {}, "/a/": {}}, "tags": [{"name": "b"}, {"name": "a"}]});
    let (value, count, _) = apply("canonical-order", members);
    assert_eq!(
        value.to_string(),
        r#"{"info":{"title":"t","version":"1"},"openapi":"3.0.3","paths":{"/a/":{},"/b/":{}},"tags":[{"name":"b"},{"name":"a"}]}"#
    );
    assert_eq!(count, 2);
}

#[test]
fn every_rule_has_a_case() {
    let tested: BTreeSet<&str> = cases()
        .iter()
        .map(|(rule, ..)| *rule)
        .chain(["canonical-order"])
        .collect();
    let all: BTreeSet<&str> = rules().iter().map(|rule| rule.name).collect();
    assert_eq!(tested, all);
    assert_eq!(all.len(), rules().len(), "two rules have one name");
}

#[test]
fn a_rule_has_nothing_to_do_after_itself() {
    // These write to a place that another rule clears, so they may run once only.
    let once = ["describe"];
    for (rule, before, ..) in cases() {
        if once.contains(&rule) {
            continue;
        }
        let (mut value, ..) = apply(rule, before);
        let (again, count, diagnostics) = apply(rule, value.take());
        assert_eq!(count, 0, "{rule} did more to {again}");
        assert!(diagnostics.is_empty(), "{rule}: {diagnostics}");
    }
}

#[test]
fn a_rule_that_finds_nothing_where_it_should_is_an_error() {
    let source = testing::document(json!({"info": {}, "openapi": "", "paths": {}}));
    let (_, report) = transform(&source).unwrap();
    let idle: BTreeSet<String> = report
        .idle()
        .iter()
        .map(|diagnostic| {
            assert_eq!(diagnostic.code, "idle-step");
            let name = diagnostic.message.split('`').nth(1);
            name.unwrap().to_owned()
        })
        .collect();
    let expected: BTreeSet<String> = rules()
        .iter()
        .filter(|rule| rule.expect == Expect::Work && rule.name != "canonical-order")
        .map(|rule| rule.name.to_owned())
        .collect();
    assert!(expected.is_subset(&idle), "{idle:?}");
}

#[test]
fn what_a_rule_cannot_do_is_located() {
    let inline = || json!({"type": "string", "enum": ["a"]});
    let cases = [
        (
            "name-operations",
            json!({"paths": {
                "/offersource/save/": {"put": {}},
                "/offersource/save": {"put": {}},
            }}),
        ),
        (
            "hoist-objects",
            json!({"components": {"schemas": {
                "Thing": {"properties": {"inner": {"properties": {"a": {}}}}},
                "ThingInner": {"type": "string"},
            }}}),
        ),
        (
            // The names differ, the types do not.
            "hoist-objects",
            json!({"components": {"schemas": {
                "Thing": {"properties": {"inner": {"properties": {"a": {}}}}},
                "thing-inner": {"type": "string"},
            }}}),
        ),
        (
            "hoist-enums",
            json!({"components": {"schemas": {
                "One": {"properties": {"kind": inline()}},
                "kind": {"type": "string", "enum": ["b"]},
            }}}),
        ),
        (
            "hoist-enums",
            json!({"components": {"schemas": {
                "One": {"properties": {"kind": inline()}},
                "Two": {"properties": {"kind": {"type": "string", "enum": ["b"]}}},
            }}}),
        ),
        (
            "hoist-enums",
            json!({"components": {"schemas": {
                "Kind": {"type": "object"},
                "One": {"properties": {"kind": inline()}},
            }}}),
        ),
        (
            "inline-aliases",
            json!({"components": {"schemas": {
                "Tree": {"type": "array", "items": reference("Tree")},
                "Thing": {"properties": {"tree": reference("Tree")}},
            }}}),
        ),
        (
            "id-types",
            json!({"components": {"schemas": {
                "category_id": {"type": "object"},
                "Thing": {"properties": {"idCategory": {"type": "string"}}},
            }}}),
        ),
        (
            "secret-types",
            json!({"components": {"schemas": {
                "Secret": {"type": "object"},
                "Thing": {"properties": {"key": {"type": "string", "x-secret": true}}},
            }}}),
        ),
    ];
    let mut all = String::new();
    for (rule, members) in cases {
        let (_, _, diagnostics) = apply(rule, members);
        assert!(diagnostics.has_errors(), "{rule} found nothing wrong");
        let _ = writeln!(all, "== {rule}\n{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_the_model_cannot_hold_is_located() {
    let operation = |parameter: Value| operation("get", json!({"parameters": [parameter]}));
    let cases = [
        operation(json!({"name": "X-Trace", "in": "header", "schema": {"type": "string"}})),
        operation(
            json!({"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}}),
        ),
        json!({"paths": {"/nobody/knows/": {"get": {}}}}),
    ];
    let mut all = String::new();
    for members in cases {
        let diagnostics = transform(&testing::document(members)).unwrap_err();
        let _ = writeln!(all, "{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn only_what_carries_its_own_id_can_be_created_twice() {
    let body = |required: &str| {
        json!({
            "requestBody": {"required": true, "content": {"application/json": {"schema": reference(required)}}},
        })
    };
    let members = json!({
        "paths": {
            "/offersource/list/": {"get": {}},
            "/offersource/save/": {"put": body("WithId"), "post": body("WithId")},
            "/offersource/duplicate/": {"post": body("WithoutId")},
            "/offersource/delete/": {"delete": {}},
            "/offersource/other/": {"patch": {}},
        },
        "components": {"schemas": {
            "WithId": {"type": "object", "required": ["idOfferSource"], "properties": {"idOfferSource": {"type": "string"}}},
            // Some ID, but not that of what is created.
            "WithoutId": {"type": "object", "required": ["idCategory"], "properties": {
                "idCategory": {"type": "string"}, "idOfferSource": {"type": "string"}}},
        }},
    });
    let model = testing::model(&testing::document(members));
    let found: Vec<(&str, Repeat)> = model
        .operations
        .iter()
        .map(|operation| (operation.id(), operation.repeat))
        .collect();
    assert_eq!(
        found,
        [
            ("list_offer_sources", Repeat::Read),
            ("save_offer_source", Repeat::Idempotent),
            ("create_offer_source", Repeat::ClientId),
            ("duplicate_offer_source", Repeat::Never),
            ("delete_offer_sources", Repeat::Idempotent),
            ("patch_offer_source_other", Repeat::Never),
        ]
    );
}

#[test]
fn arguments_are_ordered_and_documented() {
    let members = json!({
        "tags": [{"name": "Offer Sources", "description": "manage them"}],
        "paths": {"/offersource/list/": {"get": {
            "tags": ["Offer Sources"],
            "summary": "List [all]",
            "description": "By idCategory.",
            "deprecated": true,
            "x-evidence": {"kind": "sibling", "source": "Others list too"},
            "parameters": [
                {"name": "status", "in": "query", "schema": {"type": "string", "default": "all"}},
                {"name": "idOfferSources", "in": "query", "required": true, "description": "Which.", "schema": {"type": "string"}},
                {"name": "idCategory", "in": "query", "required": true, "description": "Of it", "schema": {"type": "string"}},
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "string"}}}},
            "responses": {"200": {"description": "All of them", "x-evidence": {"kind": "pattern"}}},
        }}},
    });
    let model = testing::model(&testing::document(members));
    let operation = &model.operations[0];
    let arguments: Vec<(&str, bool, ArgumentKind)> = operation
        .arguments
        .iter()
        .map(|argument| (argument.name.as_str(), argument.required, argument.kind))
        .collect();
    assert_eq!(
        arguments,
        [
            ("idCategory", true, ArgumentKind::Single),
            ("idOfferSources", true, ArgumentKind::CommaSeparated),
            ("status", false, ArgumentKind::Single),
        ]
    );
    assert_eq!(operation.request_body, RequestBody::Optional);
    insta::assert_snapshot!(operation.documentation);
    assert_eq!(model.tags[0].documentation, "# Offer Sources\n\nmanage them.");
}
