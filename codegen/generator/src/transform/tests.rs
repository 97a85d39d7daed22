//! Tests of the rules and of their errors, on minimal documents, and tests of the model.

#![expect(
    clippy::needless_pass_by_value,
    reason = "what `json!` makes is written where it is used"
)]

use std::{collections::BTreeSet, fmt::Write as _, fs};

use serde_json::{Value, json};

use super::*;
use crate::testing;
use funnelflux_openapi::{Source, read};

/// Returns the members of a document with one operation.
fn operation(method: &str, operation: Value) -> Value {
    json!({"paths": {"/offersource/save/": {method: operation}}})
}

/// Returns a body or response with JSON content.
fn content(schema: Value) -> Value {
    json!({"content": {"application/json": {"schema": schema}}})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Applies one rule, and returns the document, the number of changes, and the diagnostics.
fn apply(name: &str, members: Value) -> (Value, usize, Diagnostics) {
    let source = testing::document(members);
    let mut state = State::new(&source);
    let rule = rules()
        .into_iter()
        .find(|rule| rule.name == name)
        .unwrap_or_else(|| panic!("no rule {name}"));
    (rule.apply)(&mut state);
    let count = std::mem::take(&mut state.count);
    (state.document, count, state.diagnostics)
}

/// Document before and after a rule, without the mandatory members.
struct Case {
    rule: String,
    before: Value,
    after: Value,
    /// Expected number of changes.
    count: Value,
}

/// Reads the cases in `tests/documents/rules`. Each file is named after the rule that it tests.
fn cases() -> Vec<Case> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/documents/rules");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut cases = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let case = read::parse(Source { name, text: &text }).unwrap().into_value();
        cases.push(Case {
            // A number follows the name if a rule has several cases.
            rule: name
                .trim_end_matches(|end: char| end == '-' || end.is_ascii_digit())
                .to_owned(),
            before: case["before"].clone(),
            after: case["after"].clone(),
            count: case["count"].clone(),
        });
    }
    cases
}

#[test]
fn each_rule_makes_its_change() {
    for Case {
        rule,
        before,
        after,
        count,
    } in cases()
    {
        let expected = testing::document(after).into_value();
        let (document, actual_count, diagnostics) = apply(&rule, before);
        // These rules warn of what they drop or rename.
        let warns = [
            "drop-clashing-properties",
            "drop-repeated-values",
            "name-components",
        ]
        .contains(&rule.as_str());
        let warns = warns && !diagnostics.has_errors();
        assert!(diagnostics.is_empty() || warns, "{rule}: {diagnostics}");
        assert_eq!(
            document, expected,
            "{rule}\n actual:   {document}\n expected: {expected}"
        );
        assert_eq!(count, actual_count, "{rule}");
    }
}

/// The other tests ignore the order of keys, so the rule `canonical-order` has a separate test.
#[test]
fn canonical_order_sorts_keys_and_leaves_lists_alone() {
    let members = json!({"paths": {"/b/": {}, "/a/": {}}, "tags": [{"name": "b"}, {"name": "a"}]});
    let (value, count, _) = apply("canonical-order", members);
    assert_eq!(
        value.to_string(),
        json!({
            "info": {"title": "t", "version": "1"},
            "openapi": "3.0.3",
            "paths": {"/a/": {}, "/b/": {}},
            "tags": [{"name": "b"}, {"name": "a"}],
        })
        .to_string()
    );
    assert_eq!(count, 2);
}

#[test]
fn every_rule_has_a_case() {
    let tested = cases().into_iter().map(|case| case.rule);
    let tested: BTreeSet<String> = tested.chain(["canonical-order".to_owned()]).collect();
    let all: BTreeSet<String> = rules().iter().map(|rule| rule.name.to_owned()).collect();
    assert_eq!(tested, all);
    assert_eq!(all.len(), rules().len(), "two rules have the same name");
}

#[test]
fn rules_are_idempotent() {
    // The rule `describe` is excluded, because it writes descriptions unconditionally.
    for case in cases().into_iter().filter(|case| case.rule != "describe") {
        let rule = &case.rule;
        let (document, ..) = apply(rule, case.before);
        let (again, count, diagnostics) = apply(rule, document);
        assert_eq!(count, 0, "{rule} changed {again}");
        assert!(diagnostics.is_empty(), "{rule}: {diagnostics}");
    }
}

#[test]
fn an_idle_rule_is_an_error() {
    let source = testing::document(json!({"info": {}, "openapi": "", "paths": {}}));
    let (_, report, _) = transform(&source).unwrap();
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
fn errors_of_rules_are_located() {
    let cases = [
        (
            "name-operations",
            json!({"paths": {
                "/offersource/save/": {"put": {}},
                "/thing/a/b": {"get": {}},
                "/thing/a-b": {"get": {}},
                "/thing/a/dash/b": {"get": {}},
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
            // The names differ, but they become the same type.
            "hoist-objects",
            json!({"components": {"schemas": {
                "Thing": {"properties": {"inner": {"properties": {"a": {}}}}},
                "thing-inner": {"type": "string"},
            }}}),
        ),
        (
            "hoist-enums",
            json!({"components": {"schemas": {
                "One": {"properties": {"kind": {"type": "string", "enum": ["a"], "x-rust-name": "Kind"}}},
                "kind": {"type": "string", "enum": ["b"]},
            }}}),
        ),
        (
            "hoist-enums",
            json!({"components": {"schemas": {
                "Kind": {"type": "object"},
                "One": {"properties": {"kind": {"type": "string", "enum": ["a"], "x-rust-name": "Kind"}}},
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
            json!({"paths": {"/category/find/byId/": {"get": {"parameters": [
                {"name": "idCategory", "in": "query", "required": true, "schema": {"type": "string"}},
            ]}}}, "components": {"schemas": {
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
fn properties_without_a_field_are_reported() {
    let text = || json!({"type": "string"});
    let source = testing::document(json!({"components": {"schemas": {"OfferSource": {
        "type": "object",
        "required": ["name", "Extra", "NAME"],
        "properties": {
            "Name": {"type": "string", "deprecated": true}, "name": text(),
            "Status": {"type": "string", "deprecated": true}, "status": text(),
            "offer_id": text(), "offerId": text(),
            "Extra": text(),
        },
    }}}}));
    let (model, _, notices) = transform(&source).unwrap();
    let properties = model
        .document
        .pointer("/components/schemas/OfferSource/properties");
    let names: Vec<&String> = properties.unwrap().as_object().unwrap().keys().collect();
    assert_eq!(names, ["name", "offerId", "status"]);
    insta::assert_snapshot!(notices);
}

#[test]
fn errors_of_the_model_are_located() {
    let operation = |parameter: Value| operation("get", json!({"parameters": [parameter]}));
    let cases = [
        operation(json!({"name": "a", "in": "path", "schema": {"type": "array", "items": {}}})),
        operation(json!({"name": "a", "in": "query", "schema": {"type": "object"}})),
        json!({"paths": {"/nobody/knows/": {"get": {"tags": ["\n"]}}}}),
    ];
    let mut all = String::new();
    for members in cases {
        let diagnostics = transform(&testing::document(members)).unwrap_err();
        let _ = writeln!(all, "{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn only_requests_with_their_own_id_can_be_repeated() {
    let body = |required: &str| {
        json!({
            "requestBody": {"required": true, "content": content(reference(required))["content"]},
        })
    };
    let members = json!({
        "paths": {
            "/offersource/list/": {"get": {"tags": ["Offer Sources"]}},
            "/offersource/find/byId/": {"get": {"parameters": [
                {"name": "idOfferSource", "in": "query", "required": true, "schema": {"type": "string"}},
            ]}},
            "/offersource/save/": {"put": body("WithId"), "post": body("WithId")},
            "/offersource/duplicate/": {"post": body("WithoutId")},
            "/offersource/delete/": {"delete": {}},
            "/offersource/other/": {"patch": {}},
        },
        "components": {"schemas": {
            "WithId": {"type": "object", "required": ["idOfferSource"], "properties": {
                "idOfferSource": {"type": "string"}}},
            // The body has an ID, but not the ID of the new asset.
            "WithoutId": {"type": "object", "required": ["idCategory"], "properties": {
                "idCategory": {"type": "string"}}},
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
            ("find_offer_source_by_id", Repeat::Read),
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
        "paths": {"/offersource/find/byIds/": {"get": {"parameters": [
            {"name": "idOfferSources", "in": "query", "required": true, "schema": {"type": "string"}},
        ]}}, "/offersource/list/": {"get": {
            "tags": ["Offer Sources"],
            "summary": "List [all]",
            "description": "By idCategory.",
            "deprecated": true,
            "x-evidence": {"kind": "sibling", "source": "Others list too"},
            "parameters": [
                {"name": "status", "in": "query", "schema": {"type": "string", "default": "all"}},
                {"name": "idOfferSources", "in": "query", "required": true, "description": "Which.",
                    "schema": {"type": "string"}},
                {"name": "idCategory", "in": "query", "required": true, "description": "Of it",
                    "schema": {"type": "string"}},
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
