//! Tests of constructs that the FunnelFlux document does not contain. Each construct generates code, or is
//! rejected with a location.
//!
//! The folders `documents/supported` and `documents/refused` contain one construct per file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::{collections::BTreeMap, env, fmt::Write as _, fs, path::Path};

use funnelflux_generator::{Input, Options, Output, generate};
use funnelflux_openapi::{Diagnostic, Diagnostics, Severity, Source};

/// Returns the documents of a folder, keyed by their names.
fn documents(folder: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/documents")
        .join(folder);
    let files = fs::read_dir(folder).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap();
            (name.to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// Generates the code of a document.
fn generated(text: &str) -> Result<BTreeMap<String, String>, Diagnostics> {
    output(text, true).map(|output| output.files)
}

fn output(text: &str, strict: bool) -> Result<Output, Diagnostics> {
    let input = Input {
        upstream: Source {
            name: "spec/upstream.yaml",
            text,
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    let options = Options {
        strict,
        ..Options::default()
    };
    generate(&input, options)
}

#[test]
fn supported_constructs_generate_code() {
    for (name, document) in documents("supported") {
        let files = generated(&document).unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics}"));
        let mut text = String::new();
        for (path, file) in &files {
            // The other files do not depend on schemas.
            if path.ends_with("methods.rs") || path.ends_with("types.rs") || path == "shared.rs" {
                let _ = writeln!(text, "==== {path}\n{file}");
            }
        }
        insta::assert_snapshot!(name.replace('-', "_"), text);
    }
}

/// The crate `funnelflux` compiles and tests these types in `generated/src/values/union_tests.rs`.
#[test]
fn the_tested_unions_are_those_that_are_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = folder.join("tests/documents/supported/tagged-unions.yaml");
    let files = generated(&fs::read_to_string(document).unwrap()).unwrap();
    let types = &files["offersource/types.rs"];
    let path = folder.join("../../generated/src/values/union_tests/types.rs");
    if env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, types).unwrap();
    }
    assert_eq!(
        *types,
        fs::read_to_string(&path).unwrap(),
        "run this test with UPDATE_EXPECT=1"
    );
}

#[test]
fn other_constructs_are_refused_with_a_location() {
    let mut all = String::new();
    for (name, document) in documents("refused") {
        let diagnostics = match generated(&document) {
            Ok(files) => panic!("{name}: {files:#?}"),
            Err(diagnostics) => diagnostics,
        };
        let mut errors = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error);
        assert!(
            errors.all(|error| error.location.is_some()),
            "{name}: {diagnostics}"
        );
        let _ = writeln!(all, "== {name}\n{diagnostics}");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn other_constructs_are_left_out_with_a_warning() {
    let mut all = String::new();
    for (name, document) in documents("refused") {
        // One supported operation is added, so that the client is not empty.
        let kept = "paths:\n  /kept/: {get: {tags: [Kept], responses: {'204': {description: None.}}}}\n";
        let document = document.replacen("paths:\n", kept, 1);
        let strict = generated(&document).unwrap_err();
        let output = output(&document, false).unwrap_or_else(|diagnostics| panic!("{name}: {diagnostics}"));
        for error in strict.iter().filter(|error| error.severity == Severity::Error) {
            let is_same = |warning: &Diagnostic| {
                warning.severity == Severity::Warning
                    && (warning.code, &warning.location) == (error.code, &error.location)
            };
            assert!(output.notices.iter().any(is_same), "{name}: {}", output.notices);
        }
        let (_, table) = output.coverage.split_once("## Left out").unwrap_or_default();
        let rows: Vec<&str> = table.lines().skip(7).collect();
        assert_eq!(rows.len(), output.left_out.len(), "{name}: {table}");
        let _ = writeln!(all, "== {name}\n{}", rows.join("\n"));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn an_unsupported_operation_holds_up_nothing_else() {
    let document = |operations: &str| {
        format!(
            "openapi: 3.0.3\n\
             info: {{title: t, version: '1'}}\n\
             paths:\n\
             {operations}  \
               /pages/list/:\n    \
                 get:\n      \
                   tags: [Pages]\n      \
                   responses: {{'200': {{description: All., content: {{application/json: {{schema: \
                     {{$ref: '#/components/schemas/Page'}}}}}}}}}}\n\
             components:\n  \
               schemas:\n    \
                 Page: {{type: object, properties: {{a: {{type: string}}}}}}\n"
        )
    };
    let refused = "  /pages/upload/:\n    \
                   post:\n      \
                     tags: [Pages]\n      \
                     requestBody:\n        \
                       content: {multipart/form-data: {schema: {$ref: '#/components/schemas/Form'}}}\n      \
                     responses: {'204': {description: None.}}\n";
    let with_form = format!(
        "{}    Form: {{type: object, properties: {{a: {{type: string}}}}}}\n",
        document(refused)
    );
    let output = output(&with_form, false).unwrap();
    assert_eq!(output.files, generated(&document("")).unwrap());
    let [left_out] = output.left_out.as_slice() else {
        panic!("{:?}", output.left_out);
    };
    assert_eq!((&*left_out.method, &*left_out.path), ("post", "/pages/upload/"));
    // The effective document describes the whole API, even if parts of it are not generated.
    assert!(output.effective.contains("/pages/upload/"));
}

#[test]
fn equal_inline_bodies_of_a_group_are_one_type_with_all_abilities() {
    let document = |asset: &str| {
        let thing = "schema: {type: object, required: [idThing], properties: {idThing: {type: string}, \
                     b: {type: number}}}";
        let id = "parameters: [{name: idThing, in: query, required: true, schema: {type: string}}]";
        format!(
            "openapi: 3.0.3\n\
             info: {{title: t, version: '1'}}\n\
             paths:\n  \
               /thing/find/byId/:\n    \
                 get:\n      \
                   tags: [Things]\n      \
                   {id}\n      \
                   responses:\n        \
                     '200': {{description: One., content: {{application/json: {{{thing}}}}}}}\n  \
               /thing/save/:\n    \
                 put: &save\n      \
                   tags: [Things]\n      \
                   requestBody: {{required: true, content: {{application/json: {{{asset}}}}}}}\n      \
                   responses: {{'204': {{description: None.}}}}\n    \
                 post: *save\n",
            asset = asset.replace("THING", thing)
        )
    };
    let files = generated(&document("THING")).unwrap_or_else(|errors| panic!("{errors}"));
    let resource = &files["things/resource.rs"];
    assert!(resource.contains("impl resource::Save for Things"), "{resource}");
    assert!(files["things/types.rs"].contains("pub struct Thing {"));
    // If the save operation has a different body, the body becomes a different type. Then an asset that was
    // found cannot be saved.
    let other = "schema: {type: object, properties: {c: {type: string}}}";
    let files = generated(&document(other)).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(!files["things/resource.rs"].contains("impl resource::Save for Things"));
    assert!(files["things/types.rs"].contains("pub struct FindThingByIdResponse {"));
}

#[test]
fn a_broken_reference_leaves_out_what_uses_it() {
    let text = "openapi: 3.0.3\n\
        info: {title: t, version: '1'}\n\
        paths:\n  \
          /gone/path: {$ref: '#/components/pathItems/Gone'}\n  \
          /gone/parameter:\n    \
            parameters: [{$ref: '#/components/parameters/Gone'}]\n    \
            get: {tags: [Things], responses: {'204': {description: None.}}}\n  \
          /gone/response:\n    \
            get: {tags: [Things], responses: {'200': {$ref: '#/components/responses/Gone'}}}\n  \
          /gone/body:\n    \
            post:\n      \
              tags: [Things]\n      \
              requestBody: {$ref: 'other.yaml#/Gone'}\n      \
              responses: {'204': {description: None.}}\n  \
          /gone/property:\n    \
            post:\n      \
              tags: [Things]\n      \
              requestBody:\n        \
                content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}\n      \
              responses: {'204': {description: None.}}\n";
    let kept = "  /kept: {get: {tags: [Things], responses: {'204': {description: None.}}}}\n";
    let schemas = "components:\n  schemas:\n    \
        Thing: {type: object, properties: {a: {$ref: '#/components/schemas/Gone'}}}\n";
    let result = output(&format!("{text}{kept}{schemas}"), false).unwrap_or_else(|errors| panic!("{errors}"));
    let left_out = result.left_out.iter().map(|left_out| left_out.path.as_str());
    let mut left_out: Vec<&str> = left_out.collect();
    left_out.sort_unstable();
    assert_eq!(
        left_out,
        ["/gone/body", "/gone/parameter", "/gone/path", "/gone/response"]
    );
    assert!(result.files["things/methods.rs"].contains("pub fn get_kept("));
    assert_eq!(
        result
            .notices
            .iter()
            .filter(|notice| notice.location.is_some() && notice.code != "server")
            .count(),
        5
    );

    // Every operation in the first part of the text is left out, so there is no client. The rest of the text
    // has the operation with the broken property, which would not be left out.
    let (others, _) = text.split_once("  /gone/property").unwrap();
    let errors = output(others, false).unwrap_err();
    let error = errors
        .iter()
        .find(|error| error.severity == Severity::Error)
        .unwrap();
    assert_eq!(error.code, "no-operations");
    assert!(
        error
            .message
            .starts_with("every operation of the document is left out"),
        "{errors}"
    );
    assert_eq!(errors.count(Severity::Warning), 4, "{errors}");
    for paths in ["{}", "{x-note: {}}"] {
        let text = format!("openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\npaths: {paths}\n");
        let errors = output(&text, false).unwrap_err();
        assert!(
            errors.to_string().contains("error[lint::no-operations]"),
            "{errors}"
        );
    }
}

#[test]
fn the_smallest_part_is_left_out() {
    // Members of the operation, and the words that end the warning.
    for (members, expected) in [
        (
            "responses: {'200': {description: One., content: {application/json: {schema: {$ref: \
             '#/components/schemas/Thing'}}}}}",
            Some("any JSON in the generated code"),
        ),
        (
            "responses: {'200': {description: One., content: {application/json: {schema: {type: array, \
             items: {type: list}}}}}}",
            Some("any JSON in the generated code"),
        ),
        (
            "parameters: [{name: Accept, in: header, schema: {type: string}}, {name: a, in: query, schema: \
             {type: object}}], responses: {'204': {description: None.}}",
            Some("the optional parameter is left out of the generated code"),
        ),
        (
            "parameters: [{$ref: '#/components/parameters/Deep'}], responses: {'204': {description: None.}}",
            Some("the optional parameter is left out of the generated code"),
        ),
        (
            "parameters: [{name: b, in: query, content: {}}, {name: a, in: cookie, schema: {type: string}}], \
             responses: {'204': {description: None.}}",
            Some("the optional parameter is left out of the generated code"),
        ),
        (
            "responses: {'204': {description: None.}, '400': {$ref: '#/components/responses/Gone'}}",
            Some("nothing is generated from it"),
        ),
        (
            "responses: {'200': {description: One., headers: {a: {type: string}}, content: {text/plain: \
             {examples: {a: {$ref: '#/components/examples/Gone'}}}}}}",
            Some("nothing is generated from it"),
        ),
        (
            "parameters: [{name: a, in: cookie, required: true, schema: {type: string}}], responses: {'204': \
             {description: None.}}",
            None,
        ),
    ] {
        let text = format!(
            "openapi: 3.0.3\n\
             info: {{title: t, version: '1'}}\n\
             paths:\n  \
               /kept: {{get: {{tags: [Kept], responses: {{'204': {{description: None.}}}}}}}}\n  \
               /thing: {{get: {{tags: [Things], {members}}}}}\n\
             components:\n  \
               parameters: {{Deep: {{name: a, in: query, style: deepObject, schema: {{type: object}}}}}}\n  \
               schemas: {{Thing: {{type: object, properties: {{a: {{not: {{type: string}}}}, b: {{type: \
                 string}}}}}}}}\n"
        );
        let output = output(&text, false).unwrap_or_else(|errors| panic!("{members}: {errors}"));
        let left_out = usize::from(expected.is_none());
        assert_eq!(output.left_out.len(), left_out, "{members}: {}", output.notices);
        let warns = |expected: &str| {
            let mut notices = output.notices.iter();
            notices.any(|notice| notice.message.ends_with(expected))
        };
        assert!(
            warns(expected.unwrap_or("left out of the generated code")),
            "{}",
            output.notices
        );
        assert!(generated(&text).is_err(), "{members}");
    }
}

#[test]
fn a_handle_finds_the_property_with_the_id_and_its_loss_is_reported() {
    let document = |summary: &str, argument: &str, property: &str| {
        let thing = "content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}";
        format!(
            "openapi: 3.0.3\n\
             info: {{title: t, version: '1'}}\n\
             servers: [{{url: 'https://api.example.com'}}]\n\
             paths:\n  \
               /thing:\n    \
                 get:\n      \
                   tags: [Things]\n      \
                   summary: {summary}\n      \
                   parameters: [{{name: {argument}, in: query, required: true, schema: {{type: \
                     string}}}}]\n      \
                   responses: {{'200': {{description: One., {thing}}}}}\n  \
               /thing/archive:\n    \
                 put:\n      \
                   tags: [Things]\n      \
                   requestBody: {{required: true, content: {{application/json: {{schema: {{type: array, \
                     items: {{type: string}}}}}}}}}}\n      \
                   responses: {{'204': {{description: None.}}}}\n\
             components:\n  \
               schemas: {{Thing: {{type: object, required: [{property}], properties: {{{property}: {{type: \
                 string}}}}}}}}\n"
        )
    };
    for (argument, property) in [("idThing", "idThing"), ("id", "idThing"), ("id", "thingId")] {
        let text = document("Find thing by ID", argument, property);
        let output = output(&text, true).unwrap_or_else(|errors| panic!("{errors}"));
        let resource = output.files.get("things/resource.rs");
        assert!(
            resource.is_some_and(|resource| resource.contains(&format!("{property:?}"))),
            "{argument}, {property}: {}",
            output.notices
        );
    }
    for (text, expected) in [
        (
            document("Find thing by ID", "id", "other"),
            "has no property `id`",
        ),
        (
            document("Look a thing up", "id", "id"),
            "no operation of the group is recognised",
        ),
    ] {
        let output = output(&text, true).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(
            output.notices.to_string().contains(expected),
            "{}",
            output.notices
        );
    }
}

#[test]
fn operations_that_share_a_method_name_are_an_error_that_names_both() {
    let document = |paths: &[&str]| {
        let mut text = "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths:\n".to_owned();
        for path in paths {
            let _ = writeln!(
                text,
                "  {path}: {{get: {{tags: [Things], responses: {{'204': {{description: None.}}}}}}}}"
            );
        }
        text
    };
    // Different paths get different names, unless one path spells out the special characters of another path.
    let paths = ["/thing/a/b", "/thing/a-b", "/thing/a_b", "/thing/a/{b}"];
    let text = document(&paths).replace(
        "{b}: {get: {",
        "{b}: {get: {parameters: [{name: b, in: path, \
        required: true, schema: {type: string}}], ",
    );
    assert_eq!(output(&text, false).unwrap().left_out, []);
    let text = document(&["/thing/a/b", "/thing/a-b", "/thing/a/dash/b"]);
    for strict in [false, true] {
        insta::allow_duplicates! {
            insta::assert_snapshot!(output(&text, strict).unwrap_err());
        }
    }
    let overlay = "overlay: 1.0.0\ninfo: {title: t, version: '1'}\nactions:\n\
        - target: $.paths\n  description: Two operations must not share a method name.\n  \
        update: {\"/thing/a-b\": {get: {summary: another title}}}\n";
    let input = Input {
        upstream: Source {
            name: "spec/upstream.yaml",
            text: &text,
        },
        overlays: vec![Source {
            name: "spec/overlays/99-titles.yaml",
            text: overlay,
        }],
        previous_lock: None,
    };
    let output = generate(&input, Options::default()).unwrap_or_else(|errors| panic!("{errors}"));
    let methods = &output.files["things/methods.rs"];
    for name in ["get_thing_a_b", "get_thing_a_dash_b", "another_title"] {
        assert!(methods.contains(&format!("pub fn {name}(")), "{methods}");
    }
}

#[test]
fn the_same_api_in_each_version_generates_the_same_code() {
    let code = |text: &str| generated(text).unwrap_or_else(|diagnostics| panic!("{diagnostics}"));
    let expected = code(include_str!("documents/openapi30/same.yaml"));
    assert!(!expected.is_empty());
    assert_eq!(code(include_str!("documents/swagger20/same.yaml")), expected);
    assert_eq!(code(include_str!("documents/openapi31/same.yaml")), expected);
}
