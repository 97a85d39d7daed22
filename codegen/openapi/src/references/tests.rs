//! Targets, referrers and usages of the reference graph.

use serde_json::{Value, json};

use super::*;
use crate::{operations::Direction, pointer::Pointer};

/// Lists all references inside `place`, each with its target.
fn within<'a>(references: &'a References<'_>, place: &'static str) -> Vec<(&'a str, Option<&'a str>)> {
    let within = references.within(Pointer::from_static(place)).iter();
    let pairs = within.map(|reference| {
        let target = references.target(reference);
        (
            reference.pointer.as_str(),
            target.map(|target| target.pointer.as_str()),
        )
    });
    pairs.collect()
}

/// Lists the uses of a place and of all its users. A line has a reference and its target. If the user is an
/// operation, the line begins with the operation and the direction.
fn usages(document: &Value, place: &'static str) -> Vec<String> {
    let references = References::new(document);
    let usages = Usages::new(&references);
    let mut lines = Vec::new();
    for target in usages.users(usages.around(Pointer::from_static(place))) {
        let pointer = usages.target(target).unwrap();
        for used in usages.of(target) {
            let user = match used.user {
                User::Operation { number, direction } => {
                    let direction = match direction {
                        Some(Direction::Request) => "request",
                        Some(Direction::Response) => "response",
                        None => "neither",
                    };
                    format!("{} {direction}: ", usages.operations[number])
                }
                User::Target(_) => String::new(),
            };
            lines.push(format!("{user}{} > {pointer}", used.from));
        }
    }
    lines
}

fn to(pointer: &str) -> Value {
    json!({"$ref": format!("#{pointer}")})
}

#[test]
fn references_inside_of_a_place_are_in_the_order_of_the_document() {
    let document = json!({
        "z": {"$ref": "#/a", "description": {"$ref": "#/a/b"}},
        "a": {"c": to("/z"), "b": [to("/a%2Db"), to("/a~1b"), to("/nowhere"), {"$ref": "other.yaml#/z"}]},
        "a-b": to("/z"),
        "a/b": {"$ref": 1},
    });
    let references = References::new(&document);
    let a = [
        ("/a/c", Some("/z")),
        ("/a/b/0", Some("/a-b")),
        ("/a/b/1", Some("/a~1b")),
        ("/a/b/2", None),
        ("/a/b/3", None),
    ];
    assert_eq!(within(&references, "/a"), a);
    assert_eq!(within(&references, "/a/b/1"), [("/a/b/1", Some("/a~1b"))]);
    assert_eq!(within(&references, "/a-b"), [("/a-b", Some("/z"))]);
    assert_eq!(
        within(&references, "/z"),
        [("/z", Some("/a")), ("/z/description", Some("/a/b"))]
    );
    assert_eq!(within(&references, "/a~1b"), []);
    assert_eq!(within(&references, "/nowhere"), []);
    assert_eq!(within(&references, "").len(), 8);
    assert_eq!(references.all().len(), 8);
    let referrers = references.referrers(Pointer::from_static("/z"));
    let referrers: Vec<&str> = referrers.map(|reference| reference.pointer.as_str()).collect();
    assert_eq!(referrers, ["/a/c", "/a-b"]);
    assert_eq!(references.referrers(Pointer::from_static("/a/c")).count(), 0);
}

#[test]
fn data_holds_no_references_but_names_may_be_those_of_data() {
    let document = json!({"components": {
        "schemas": {
            "default": {
                "default": to("/x"), "example": to("/x"), "examples": [to("/x")], "enum": [to("/x")],
                "properties": {
                    "enum": to("/components/schemas/default"),
                    "properties": {"default": to("/x"), "items": to("/components/schemas/default")},
                },
            },
        },
        "responses": {"default": {"content": {"a/b": {"schema": to("/components/schemas/default")}}}},
        "examples": {"a": {"value": to("/x")}},
    }});
    let references = References::new(&document);
    let found: Vec<&str> = references
        .all()
        .iter()
        .map(|reference| reference.pointer.as_str())
        .collect();
    let expected = [
        "/components/schemas/default/properties/enum",
        "/components/schemas/default/properties/properties/items",
        "/components/responses/default/content/a~1b/schema",
    ];
    assert_eq!(found, expected);
}

#[test]
fn needed_targets_are_found_once_even_in_circles() {
    let document = json!({
        "start": [to("/a"), to("/a")],
        "a": {"one": to("/b"), "itself": to("/a")},
        "b": {"back": to("/a"), "on": to("/c/d")},
        "c": {"d": {"e": to("/gone")}, "not": to("/start")},
    });
    let references = References::new(&document);
    let needed = references.needed(Pointer::from_static("/start"));
    let needed: Vec<&str> = needed.iter().map(|target| target.pointer.as_str()).collect();
    assert_eq!(needed, ["/a", "/b", "/c/d"]);
}

#[test]
fn usages_lead_from_operations_to_components() {
    let schema = |name: &str| json!({"schema": to(&format!("/components/schemas/{name}"))});
    let document = json!({
        "paths": {
            "/a/": {
                "parameters": [to("/components/parameters/Shared")],
                "get": {
                    "parameters": [{"in": "query", "schema": to("/components/schemas/Leaf")}],
                    "responses": {
                        "200": {"content": {"application/json": schema("Tree")}},
                        "default": to("/components/responses/Failure"),
                    },
                },
                "put": {
                    "requestBody": {"content": {"application/json": schema("Leaf"), "a/b": schema("Leaf")}},
                    "callbacks": {"done": {"{url}": {"post": {
                        "requestBody": {"content": {"x/y": schema("Tree")}},
                    }}}},
                },
            },
            "x-note": {"get": {"responses": {"200": schema("Leaf")}}},
        },
        "components": {
            "parameters": {"Shared": {"name": "id", "in": "query", "schema": to("/components/schemas/Id")}},
            "responses": {"Failure": {"content": {"application/json": schema("Leaf")}}},
            "schemas": {
                "Tree": {"properties": {
                    "children": {"items": to("/components/schemas/Tree")},
                    "leaf": to("/components/schemas/Leaf"),
                }},
                "Leaf": {"properties": {"id": to("/components/schemas/Id")}},
                "Id": {"type": "string"},
                "Unused": to("/components/schemas/Id"),
            },
        },
    });
    let (tree, leaf) = ("/components/schemas/Tree", "/components/schemas/Leaf");
    let get = "/paths/~1a~1/get";
    let body = "/paths/~1a~1/put/requestBody/content/application~1json/schema";
    let other_body = "/paths/~1a~1/put/requestBody/content/a~1b/schema";
    let failure = "/components/responses/Failure";
    let done = "/paths/~1a~1/put/callbacks/done/{url}/post/requestBody/content/x~1y/schema";
    // The first place is inside a target, and the second place is not inside any target.
    assert_eq!(
        usages(&document, "/components/schemas/Leaf/properties/id"),
        [
            format!("GET /a/ request: {get}/parameters/0/schema > {leaf}"),
            format!("PUT /a/ request: {body} > {leaf}"),
            format!("PUT /a/ request: {other_body} > {leaf}"),
            format!("{tree}/properties/leaf > {leaf}"),
            format!("{failure}/content/application~1json/schema > {leaf}"),
            format!("GET /a/ response: {get}/responses/200/content/application~1json/schema > {tree}"),
            format!("PUT /a/ neither: {done} > {tree}"),
            format!("{tree}/properties/children/items > {tree}"),
            format!("GET /a/ response: {get}/responses/default > {failure}"),
        ]
    );
    assert_eq!(usages(&document, "/components/schemas/Unused"), [""; 0]);
    // The parameters of a path belong to each of its operations.
    let shared = "/paths/~1a~1/parameters/0 > /components/parameters/Shared";
    assert_eq!(
        usages(&document, "/components/parameters/Shared"),
        [
            format!("GET /a/ request: {shared}"),
            format!("PUT /a/ request: {shared}")
        ]
    );
    let references = References::new(&document);
    let usages = Usages::new(&references);
    let names = |place| -> Vec<String> {
        let operations = usages.operations(Pointer::from_static(place));
        operations.into_iter().map(ToString::to_string).collect()
    };
    assert_eq!(names("/components/schemas/Id"), ["GET /a/", "PUT /a/"]);
    assert_eq!(names("/components/responses/Failure"), ["GET /a/"]);
    assert_eq!(names("/paths/~1a~1/get"), [""; 0]);
}

#[test]
fn a_discriminator_admits_subtypes_that_nothing_refers_to() {
    let document = |discriminator: &Value| {
        json!({
            "paths": {"/a/": {"get": {"responses": {"200": {"schema": to("/components/schemas/Pet")}}}}},
            "components": {"schemas": {
                "Pet": {"type": "object", "discriminator": discriminator},
                "Dog": {"allOf": [{}, to("/components/schemas/Pet")]},
                "Cat": {"allOf": [
                    to("/components/schemas/Pet"),
                    {"properties": {"claws": to("/components/schemas/Claws")}},
                ]},
                "House": {"properties": {"inhabitant": {"allOf": [to("/components/schemas/Pet")]}}},
                "Claws": {},
            }},
        })
    };
    let pet = "/components/schemas/Pet";
    let open = document(&json!({"propertyName": "kind"}));
    let references = References::new(&open);
    let subtypes = references.subtypes(Pointer::from_static(pet));
    let subtypes: Vec<(&str, &str)> = subtypes.iter().map(|(name, at)| (&**name, at.as_str())).collect();
    assert_eq!(
        subtypes,
        [
            ("Cat", "/components/schemas/Cat"),
            ("Dog", "/components/schemas/Dog")
        ]
    );
    let claws = "/components/schemas/Claws";
    let cat = "/components/schemas/Cat";
    assert_eq!(
        usages(&open, claws),
        [
            format!("{cat}/allOf/1/properties/claws > {claws}"),
            format!("{pet} > {cat}"),
            format!("GET /a/ response: /paths/~1a~1/get/responses/200/schema > {pet}"),
            format!("{cat}/allOf/0 > {pet}"),
            format!("/components/schemas/Dog/allOf/1 > {pet}"),
            format!("{pet} > /components/schemas/Dog"),
        ]
    );
    let closed = json!({"components": {"schemas": {"Pet": {}, "Dog": {"allOf": [to(pet)]}}}});
    assert!(
        References::new(&closed)
            .subtypes(Pointer::from_static(pet))
            .is_empty()
    );
}

#[test]
fn encoded_references_are_decoded_if_they_lead_to_the_same_value() {
    let document = json!({"a.b": 1, "a«b»": 2, "a%2Eb": 3, "100%": 4, "c/d": 5});
    for (written, expected) in [
        ("#/a%2Eb", Some("#/a.b")),
        ("#/a%C2%ABb%c2%bb", Some("#/a«b»")),
        ("#/100%25", Some("#/100%")),
        ("#/c%7e1d", Some("#/c~1d")),
        // These would lead to `a.b`, to no value, and into another document.
        ("#/a%252Eb", None),
        ("#/nowhere%2E", None),
        ("other.json#/a%2Eb", None),
        ("#/a.b", None),
    ] {
        assert_eq!(decoded(&document, written).as_deref(), expected, "{written}");
    }
}
