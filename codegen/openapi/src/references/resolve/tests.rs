//! References that are resolved, dangling or circular.

use serde_json::json;

use super::*;
use crate::operations::operations;

#[test]
fn a_reference_is_followed_decoded_or_as_it_is_written() {
    let document = json!({"a b": 1, "c%20d": 2, "e/f": 3, "g~h": 4});
    for (reference, found) in [
        ("#/a%20b", Some(("/a b", 1))),
        ("#/a b", Some(("/a b", 1))),
        ("#/c%20d", Some(("/c%20d", 2))),
        ("#/c%2520d", Some(("/c%20d", 2))),
        ("#/e~1f", Some(("/e~1f", 3))),
        ("#/e%7E1f", Some(("/e~1f", 3))),
        ("#/g~h", Some(("/g~0h", 4))),
        ("#/nowhere", None),
        ("#a", None),
        ("other.yaml#/a%20b", None),
    ] {
        let followed = follow(&document, reference);
        let followed = followed.map(|(pointer, value)| (pointer.to_string(), value.clone()));
        let found = found.map(|(pointer, value)| (pointer.to_owned(), Value::from(value)));
        assert_eq!(followed, found, "{reference}");
    }
    assert_eq!(follow(&document, "#").unwrap().1, &document);
}

#[test]
fn references_are_resolved_to_the_end() {
    let mut document = json!({
        "end": {"type": "string"},
        "dangling": {"$ref": "#/nowhere"},
        "external": {"$ref": "other.yaml#/a"},
        "itself": {"$ref": "#/itself"},
        "tail": {"$ref": "#/ring/0"},
        "ring": [{"$ref": "#/ring/1"}, {"$ref": "#/ring/2"}, {"$ref": "#/ring/0"}],
        "chain": [{"$ref": "#/end"}],
    });
    let chain = document["chain"].as_array_mut().unwrap();
    chain.extend((0..1_000).map(|index| json!({"$ref": format!("#/chain/{index}")})));
    for (start, end) in [
        ("/end", Some("/end")),
        ("/chain/1000", Some("/end")),
        ("/dangling", None),
        ("/external", None),
        ("/itself", None),
        ("/tail", None),
    ] {
        let start = Pointer::from_static(start);
        let (pointer, value) = resolve(&document, start, document.pointer(start.as_str()).unwrap());
        assert_eq!(document.pointer(pointer.as_str()), Some(value));
        assert_eq!(
            reference(value).is_none().then_some(pointer.as_str()),
            end,
            "{start}"
        );
    }
}

#[test]
fn a_parameter_of_an_operation_overrides_that_of_its_path() {
    let document = json!({
        "paths": {"/a": {
            "parameters": [{"name": "a", "in": "query"}, {"$ref": "#/components/parameters/B"}],
            "get": {"parameters": [
                {"name": "a", "in": "query", "required": true}, {"name": "a", "in": "header"}
            ]},
        }},
        "components": {"parameters": {"B": {"name": "b", "in": "query"}}},
    });
    let operation = operations(&document).next().unwrap();
    let found = parameters(&document, &operation);
    let found: Vec<(&str, &Value)> = found.iter().map(|(at, value)| (at.as_str(), *value)).collect();
    let get = &document["paths"]["/a"]["get"]["parameters"];
    let shared = &document["components"]["parameters"]["B"];
    assert_eq!(
        found,
        [
            ("/paths/~1a/get/parameters/0", &get[0]),
            ("/paths/~1a/get/parameters/1", &get[1]),
            ("/paths/~1a/parameters/1", shared),
        ]
    );
}
