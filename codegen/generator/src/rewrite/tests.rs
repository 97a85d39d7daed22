//! Tests of the passes and of their errors, on minimal pieces of code.

use std::{collections::BTreeSet, fmt::Write as _};

use quote::ToTokens as _;
use serde_json::{Value, json};
use syn::Item;

use super::*;
use crate::{progenitor, testing};

/// Parses items.
fn items(text: &str) -> Vec<Item> {
    syn::parse_str::<syn::File>(text).unwrap().items
}

/// Formats items.
fn text_of(items: &[Item]) -> String {
    prettyplease::unparse(&syn::File {
        shebang: None,
        frontmatter: None,
        attrs: Vec::new(),
        items: items.to_vec(),
    })
}

/// A document and its model.
struct Fixture {
    source: Document,
    model: ApiModel,
}

impl Fixture {
    fn new(members: Value) -> Self {
        let source = testing::document(members);
        let model = testing::model(&source);
        Self { source, model }
    }

    fn empty() -> Self {
        Self::new(json!({}))
    }

    fn state(&self) -> State<'_> {
        State::new(Vec::new(), &self.model, &self.source)
    }

    /// Generates the code of the document.
    fn generated(&self) -> syn::File {
        progenitor::generate_items(&self.model, &self.source, &progenitor::in_process)
            .unwrap()
            .0
    }
}

/// Applies one pass, and returns the number of changes.
fn apply<'a>(name: &str, state: &mut State<'a>) -> usize {
    let pass = passes::<'a>()
        .into_iter()
        .find(|pass| pass.name == name)
        .unwrap_or_else(|| panic!("no pass {name}"));
    (pass.apply)(state);
    std::mem::take(&mut state.count)
}

/// Lists test cases. Each case has the name of a pass, the types before and after the pass, and the number of
/// changes.
#[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
fn cases() -> Vec<(&'static str, &'static str, &'static str, usize)> {
    vec![
        (
            "drop-conversion-errors",
            "pub mod error { pub struct ConversionError; }
             pub struct Thing {}
             impl From<ConversionError> for Thing {}
             impl From<&Thing> for Thing {}",
            "pub struct Thing {}
             impl From<&Thing> for Thing {}",
            2,
        ),
        (
            "short-paths",
            r#"pub struct Thing {
                #[serde(skip_serializing_if = "::std::option::Option::is_none")]
                a: ::std::option::Option<::std::vec::Vec<types::Other>>,
                b: ::std::collections::BTreeMap<::std::string::String, other::types::Other>,
            }"#,
            r#"pub struct Thing {
                #[serde(skip_serializing_if = "Option::is_none")]
                a: Option<Vec<Other>>,
                b: ::std::collections::BTreeMap<String, other::types::Other>,
            }"#,
            5,
        ),
        (
            "unknown-fields",
            "pub struct Thing { a: u8, #[serde(flatten)] extra: Map }",
            "pub struct Thing {
                a: u8,
                /// Unknown fields: JSON fields that this type does not declare. They are kept unchanged.
                #[serde(flatten)]
                extra: crate::values::unknown_fields::UnknownFields,
            }",
            1,
        ),
        (
            "boxes-in-options",
            "pub struct Thing {
                #[serde(default)]
                inner: Box<Option<Thing>>,
                null: ::std::boxed::Box<::std::option::Option<Thing>>,
                first: ::std::option::Option<Box<Thing>>,
                other: Box<Thing>,
            }",
            r#"pub struct Thing {
                #[serde(default, skip_serializing_if = "Option::is_none")]
                inner: Option<Box<Thing>>,
                null: Option<Box<Thing>>,
                first: ::std::option::Option<Box<Thing>>,
                other: Box<Thing>,
            }"#,
            2,
        ),
        (
            "collections-in-options",
            r#"pub struct Thing {
                #[serde(rename = "A", default, skip_serializing_if = "::std::vec::Vec::is_empty")]
                a: Vec<u8>,
                #[serde(default, skip_serializing_if = "Map::is_empty")]
                map: Map,
                must: Vec<u8>,
                #[serde(flatten)]
                extra: Map,
            }"#,
            r#"pub struct Thing {
                #[serde(rename = "A", skip_serializing_if = "Option::is_none")]
                a: Option<Vec<u8>>,
                #[serde(skip_serializing_if = "Option::is_none")]
                map: Option<Map>,
                must: Vec<u8>,
                #[serde(flatten)]
                extra: Map,
            }"#,
            2,
        ),
        (
            "document-fields",
            r#"pub struct Thing {
                #[serde(rename = "type")]
                type_: u8,
                name: u8,
                /// Documented.
                other: u8,
            }
            pub enum Either { One { name: u8 }, Two(u8), Three }"#,
            r#"pub struct Thing {
                /// `type` in JSON.
                #[serde(rename = "type")]
                type_: u8,
                /// `name` in JSON.
                name: u8,
                /// Documented.
                other: u8,
            }
            pub enum Either {
                One {
                    /// `name` in JSON.
                    name: u8,
                },
                Two(u8),
                Three,
            }"#,
            3,
        ),
        (
            "document-variants",
            "pub enum Either {
                /// Documented.
                One(One),
                Two(Two),
            }",
            "pub enum Either {
                /// Documented.
                One(One),
                /// Alternative `Two`.
                Two(Two),
            }",
            1,
        ),
        (
            "null-lists",
            r#"pub struct Thing {
                list: Vec<String>,
                #[serde(rename = "m")]
                map: ::std::collections::BTreeMap<String, String>,
                optional: Option<Vec<String>>,
                text: String,
                #[serde(flatten)]
                extra: ::serde_json::Map<String, ::serde_json::Value>,
            }
            #[serde(untagged)]
            pub enum Either { One { list: Vec<String> } }
            #[serde(tag = "kind")]
            pub enum Tagged { One { list: Vec<String> } }"#,
            r#"pub struct Thing {
                #[serde(default, deserialize_with = "crate::values::null::null_as_default")]
                list: Vec<String>,
                #[serde(rename = "m", default, deserialize_with = "crate::values::null::null_as_default")]
                map: ::std::collections::BTreeMap<String, String>,
                optional: Option<Vec<String>>,
                text: String,
                #[serde(flatten)]
                extra: ::serde_json::Map<String, ::serde_json::Value>,
            }
            #[serde(untagged)]
            pub enum Either {
                One {
                    #[serde(deserialize_with = "crate::values::null::null_as_default")]
                    list: Vec<String>,
                },
            }
            #[serde(tag = "kind")]
            pub enum Tagged {
                One {
                    #[serde(default, deserialize_with = "crate::values::null::null_as_default")]
                    list: Vec<String>,
                },
            }"#,
            4,
        ),
        (
            "non-exhaustive",
            "pub struct Thing {} pub enum Either {} impl Thing {}",
            "#[non_exhaustive] pub struct Thing {} #[non_exhaustive] pub enum Either {} impl Thing {}",
            2,
        ),
        (
            "constructors",
            r#"pub struct Thing {
                id: ThingId,
                #[serde(skip_serializing_if = "Option::is_none")]
                type_: Option<String>,
                must_be_there_if_null: Option<String>,
                #[serde(flatten)]
                extra: Map,
            }
            pub enum Either {}"#,
            r#"pub struct Thing {
                id: ThingId,
                #[serde(skip_serializing_if = "Option::is_none")]
                type_: Option<String>,
                must_be_there_if_null: Option<String>,
                #[serde(flatten)]
                extra: Map,
            }
            impl Thing {
                /// Creates a new `Thing` from its required fields; the other fields are absent.
                #[must_use]
                pub fn new(id: impl Into<ThingId>, must_be_there_if_null: impl Into<Option<String>>) -> Self {
                    Self {
                        id: id.into(),
                        type_: None,
                        must_be_there_if_null: must_be_there_if_null.into(),
                        extra: crate::values::unknown_fields::UnknownFields::new()
                    }
                }
                /// Sets [`type_`](Self::type_).
                #[must_use]
                pub fn with_type_(mut self, type_: impl Into<String>) -> Self {
                    self.type_ = Some(type_.into());
                    self
                }
            }
            pub enum Either {}"#,
            1,
        ),
        (
            "default-where-nothing-is-required",
            r#"#[derive(Clone)]
            pub struct Free { #[serde(skip_serializing_if = "Option::is_none")] a: Option<u8> }
            #[derive(Clone)] pub struct Bound { a: u8 }
            #[derive(Clone)] pub struct Null { a: Option<u8> }
            #[derive(Clone, Default)] pub struct Nothing {}"#,
            r#"#[derive(Clone, Default)]
            pub struct Free { #[serde(skip_serializing_if = "Option::is_none")] a: Option<u8> }
            #[derive(Clone)] pub struct Bound { a: u8 }
            #[derive(Clone)] pub struct Null { a: Option<u8> }
            #[derive(Clone, Default)] pub struct Nothing {}"#,
            1,
        ),
        (
            "documentation-lines",
            r#"#[doc = "A thing.\n\nIn two paragraphs."] pub struct Thing {
                #[doc = " One line stays."]
                a: u8,
            }"#,
            "/// A thing.
            ///
            /// In two paragraphs.
            pub struct Thing {
                /// One line stays.
                a: u8,
            }",
            1,
        ),
    ]
}

#[test]
fn each_pass_over_types_makes_its_change() {
    for (pass, before, after, expected_count) in cases() {
        let fixture = Fixture::empty();
        let mut state = fixture.state();
        state.types = items(before);
        let count = apply(pass, &mut state);
        assert!(state.diagnostics.is_empty(), "{pass}: {}", state.diagnostics);
        let expected = items(after);
        let [actual, expected] = [&state.types, &expected].map(|items| text_of(items));
        assert_eq!(actual, expected, "{pass}");
        // Different tokens with equal text would mislead a later pass.
        let tokens = |items: &[Item]| -> Vec<String> {
            let tokens = items.iter().map(|item| item.to_token_stream().to_string());
            tokens.collect()
        };
        assert_eq!(tokens(&items(&actual)), tokens(&items(&expected)), "{pass}");
        assert_eq!(count, expected_count, "{pass}");
    }
}

#[test]
fn take_apart_keeps_only_types_and_methods() {
    let fixture = Fixture::empty();
    let mut state = fixture.state();
    state.file = items(
        "use progenitor_client::Error;
         pub mod types { pub struct Thing {} }
         pub struct Client { baseurl: String }
         impl Client {
             pub fn new(baseurl: &str) -> Self { todo() }
             pub fn new_with_client(baseurl: &str) -> Self { todo() }
         }
         impl ClientInfo<()> for Client {}
         impl ClientHooks<()> for &Client {}
         impl Client { pub async fn list_things(&self) {} }
         pub mod prelude {}",
    );
    assert_eq!(apply("take-apart", &mut state), 7);
    assert!(state.diagnostics.is_empty(), "{}", state.diagnostics);
    assert!(state.file.is_empty());
    assert_eq!(state.types, items("pub struct Thing {}"));
    let methods: Vec<String> = state
        .methods
        .iter()
        .map(|method| method.sig.ident.to_string())
        .collect();
    assert_eq!(methods, ["list_things"]);
}

#[test]
fn alternatives_check_the_fields_with_a_single_value() {
    let schema = |value: &str| json!({"type": "string", "enum": [value]});
    let fixture = Fixture::new(json!({"components": {"schemas": {
        "Kind": schema("a"), "OtherKind": schema("b"), "Version": schema("1"),
        "Open": {"type": "string", "enum": ["a", "b"]},
    }}}));
    let mut state = fixture.state();
    state.types = items(
        r#"pub struct A { kind: Kind, version: Version }
        pub struct B { #[serde(rename = "kind")] kind_: Option<OtherKind>, version: Version, open: Open }
        #[serde(untagged)]
        pub enum Either { A(Box<A>), B(Option<B>) }
        #[serde(untagged)]
        pub enum Same { A(A), C { kind: Kind, version: Version } }
        pub enum NoUnion { A(A), B(B) }
        #[serde(untagged)]
        pub enum Inline { A { kind: Kind }, Text(String) }"#,
    );
    assert_eq!(apply("tagged-unions", &mut state), 3);
    assert!(state.diagnostics.is_empty(), "{}", state.diagnostics);
    insta::assert_snapshot!(text_of(&state.types));
}

/// Returns a document with one operation of each supported kind.
fn operations() -> Fixture {
    let text = || json!({"type": "string"});
    let json = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
    let thing = || json!({"$ref": "#/components/schemas/Thing"});
    let body = |required: bool| {
        let mut body = json(thing());
        body["required"] = json!(required);
        body
    };
    let success = |mut success: Value| {
        success["description"] = json!("Done.");
        json!({"200": success})
    };
    Fixture::new(json!({
        "paths": {
            "/offersource/list/": {"get": {
                "summary": "List", "tags": ["Offer Sources"],
                "parameters": [
                    {"name": "status", "in": "query", "required": true,
                        "schema": {"type": "string", "enum": ["all", "none"]}},
                    {"name": "idCategory", "in": "query", "schema": text()},
                    {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                    // Because of this parameter, the generator must rename its variable `url`.
                    {"name": "url", "in": "query", "schema": text()},
                ],
                "responses": success(json(json!({"type": "array", "items": thing()}))),
            }},
            "/offersource/find/byIds/": {"get": {
                "parameters": [{"name": "idOfferSources", "in": "query", "required": true, "schema": text()}],
                "responses": success(json(thing())),
            }},
            "/offersource/save/": {"put": {"requestBody": body(true), "responses": success(json!({}))}},
            "/offersource/delete/": {"delete": {"requestBody": body(false), "responses": success(json!({}))}},
        },
        "components": {"schemas": {"Thing": {"type": "object", "properties": {"name": text()}}}},
    }))
}

#[test]
fn methods_call_the_runtime() {
    let fixture = operations();
    let mut state = fixture.state();
    state.file = fixture.generated().items;
    for pass in ["take-apart", "short-paths"] {
        apply(pass, &mut state);
    }
    assert_eq!(apply("call-runtime", &mut state), 4);
    assert!(state.diagnostics.is_empty(), "{}", state.diagnostics);
    let methods = &state.methods;
    let text = text_of(&[syn::parse_quote!(impl Client { #(#methods)* })]);
    insta::assert_snapshot!(text);
}

/// Checks that the passes report an error if another version of progenitor generates different methods.
#[test]
fn an_unexpected_method_is_an_error_at_its_operation() {
    let fixture = operations();
    // The code is not formatted, because formatting changes tokens.
    let generated = fixture.generated().to_token_stream().to_string();
    let diagnostics = |text: &str| {
        let mut state = fixture.state();
        state.file = items(text);
        for pass in ["take-apart", "short-paths", "call-runtime"] {
            apply(pass, &mut state);
        }
        state.diagnostics
    };
    assert!(diagnostics(&generated).is_empty());
    let mut all = String::new();
    for (what, before, after) in [
        ("another error", "Error < () >", "Error < types :: Thing >"),
        ("another argument", "limit : ", "most : "),
        (
            "a missing method",
            "async fn save_offer_source",
            "async fn store_offer_source",
        ),
        (
            "a parameter that must not be left out",
            "status : & 'a StatusFilter",
            "status : :: std :: option :: Option < & 'a StatusFilter >",
        ),
    ] {
        assert!(
            generated.contains(before),
            "{what}: the generator no longer writes `{before}`"
        );
        let diagnostics = diagnostics(&generated.replacen(before, after, 1));
        assert_eq!(diagnostics.len(), 1, "{what}: {diagnostics}");
        assert!(
            diagnostics
                .iter()
                .all(|diagnostic| diagnostic.code == "not-understood")
        );
        let _ = writeln!(all, "== {what}\n{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn unsupported_code_is_an_error() {
    let fixture = Fixture::new(
        json!({"components": {"schemas": {"Pair": {"type": "object", "properties": {"a": {}}}}}}),
    );
    let mut all = String::new();
    for (pass, file, types) in [
        ("take-apart", "pub static LIMIT: u8 = 1;", ""),
        ("take-apart", "impl Client { pub fn shout(&self) {} }", ""),
        ("short-paths", "", "pub struct Option {}"),
        ("constructors", "", "pub struct Pair(u8, u8);"),
    ] {
        let mut state = fixture.state();
        state.file = items(file);
        state.types = items(types);
        apply(pass, &mut state);
        assert!(state.diagnostics.has_errors(), "{pass}");
        let _ = writeln!(all, "== {pass}\n{}", state.diagnostics);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn every_pass_has_a_case() {
    let tested: BTreeSet<&str> = cases()
        .iter()
        .map(|(pass, ..)| *pass)
        .chain(["take-apart", "call-runtime", "tagged-unions"])
        .collect();
    let all: BTreeSet<&str> = passes().iter().map(|pass| pass.name).collect();
    assert_eq!(tested, all);
    assert_eq!(all.len(), passes().len(), "two passes have one name");
}

#[test]
fn an_idle_pass_is_an_error() {
    let fixture = Fixture::empty();
    let mut state = fixture.state();
    let report = StageReport {
        steps: steps::run(&passes(), &mut state, |state| &mut state.count),
        ..StageReport::new(Stage::Rewrite, "")
    };
    let must: Vec<&str> = passes()
        .iter()
        .filter(|pass| pass.expect == Expect::Work)
        .map(|pass| pass.name)
        .collect();
    let idle = report.idle();
    assert_eq!(idle.len(), must.len());
    for (diagnostic, name) in idle.iter().zip(must) {
        assert_eq!(diagnostic.code, "idle-step");
        assert!(
            diagnostic
                .message
                .starts_with(&format!("the step `{name}` found nothing"))
        );
    }
}
