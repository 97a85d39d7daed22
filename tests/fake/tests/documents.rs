//! Tests of documents other than the embedded document. The fake serves the groups that a document describes,
//! and behaves as the extensions in the document state.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

mod support;

use funnelflux_fake::{Document, Fake, Settings};
use serde_json::{Value, json};
use support::{call, get};

/// Returns a document with one group. The group has these extensions and, under this path, operations that
/// list, find, save, create and archive assets.
fn document(path: &str, extensions: &Value) -> Document {
    let content = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
    let response = |schema: Option<Value>| {
        let mut response = schema.map_or_else(|| json!({}), content);
        response["description"] = json!("");
        json!({ "200": response })
    };
    let asset = json!({ "$ref": "#/components/schemas/Zone" });
    let list = json!({ "type": "array", "items": asset });
    let id = json!([{ "name": "idZone", "in": "query", "required": true, "schema": { "type": "string" } }]);
    let entries = json!({ "type": "array", "items": { "type": "string" } });
    let mut paths = json!({});
    for (end, method, parameters, body, answer) in [
        ("list", "get", json!([]), None, Some(list.clone())),
        ("find/byId", "get", id.clone(), None, Some(asset.clone())),
        ("save", "put", json!([]), Some(asset.clone()), None),
        (
            "save",
            "post",
            json!([]),
            Some(asset.clone()),
            Some(asset.clone()),
        ),
        ("archive", "put", json!([]), Some(entries.clone()), None),
    ] {
        let mut operation =
            json!({ "tags": ["Zones"], "parameters": parameters, "responses": response(answer) });
        if let Some(body) = body {
            operation["requestBody"] = content(body);
        }
        paths[format!("{path}/{end}")][method] = operation;
    }
    let mut tag = json!({ "name": "Zones" });
    for (name, value) in extensions.as_object().unwrap() {
        tag[name] = value.clone();
    }
    let document = json!({
        "openapi": "3.0.3", "info": { "title": "Zones", "version": "1" },
        "servers": [{ "url": "https://api.example/v1" }], "tags": [tag], "paths": paths,
        "components": { "schemas": { "Zone": {
            "type": "object", "required": ["idZone", "zoneName", "createdAt"],
            "properties": {
                "idZone": { "type": "string" }, "zoneName": { "type": "string" },
                "status": { "type": "string" },
                "createdAt": { "type": "string", "format": "date-time", "readOnly": true },
                "limit": { "type": "integer" }, "digest": { "type": "string" },
                "oldName": { "type": "string" },
                "login": { "type": "object", "additionalProperties": true },
            },
        } } },
    });
    Document::from_json(&document.to_string()).unwrap()
}

/// Creates an asset, saves it, and returns the asset that the fake stores.
fn stored(fake: &Fake, created: &Value, saved: &Value) -> Value {
    assert_eq!(call(fake, "POST /dns/zone/save", created).status, 200);
    assert_eq!(call(fake, "PUT /dns/zone/save", saved).status, 200);
    fake.state().asset("Zones", "z").unwrap().body.clone().into()
}

#[test]
fn a_group_that_nobody_foresaw_is_served() {
    let fake = Fake::with_document(Settings::default(), document("/dns/zone", &json!({})));
    assert_eq!(fake.document().groups(), ["Zones"]);
    assert_eq!(fake.document().simulates("PUT /dns/zone/archive"), Some(true));
    let created = call(
        &fake,
        "POST /dns/zone/save",
        &json!({ "idZone": "z", "zoneName": "Zone" }),
    );
    // The response contains the asset, because the document describes it. The service has added the property
    // that no request may set.
    assert_eq!(
        created.json(),
        json!({ "idZone": "z", "zoneName": "Zone", "createdAt": "2024-01-01T00:00:00Z" })
    );
    assert_eq!(call(&fake, "PUT /dns/zone/archive", &json!(["z"])).status, 200);
    assert_eq!(
        fake.state().asset("dns/zone", "z").unwrap().status.as_str(),
        "archived"
    );
    assert_eq!(get(&fake, "GET /dns/zone/list").each("idZone"), ["z"]);
    assert_eq!(
        get(&fake, "GET /dns/zone/find/byId?idZone=z").json()["zoneName"],
        "Zone"
    );
    assert_eq!(get(&fake, "GET /offersource/list/?status=all").status, 404);
}

#[test]
fn extensions_say_what_the_service_changes() {
    let managed = json!({ "x-server-managed": [
        { "property": "/zoneName", "behavior": "trimmed" },
        { "property": "/oldName", "behavior": "alias", "of": "/zoneName" },
        { "property": "/limit", "behavior": "capped", "default": 5, "maximum": 10 },
        { "property": "/digest", "behavior": "read-only", "sha256-of": "/zoneName" },
        { "property": "/login/password", "behavior": "secret", "flag": "/login/isSet" },
        { "property": "/unknown", "behavior": "of tomorrow" },
    ] });
    let fake = Fake::with_document(Settings::default(), document("/dns/zone", &managed));
    let created = json!({
        "idZone": "z", "zoneName": " a ", "limit": 11, "createdAt": "1999-01-01T00:00:00Z",
        "login": { "password": "hush" },
    });
    let saved = json!({
        "idZone": "z", "zoneName": "a", "oldName": "b", "limit": 7, "digest": "mine",
        "createdAt": "1999-01-01T00:00:00Z",
        "login": { "password": "", "isSet": true },
    });
    let expected = json!({
        "idZone": "z", "zoneName": "b", "oldName": "b", "limit": 7, "createdAt": "2024-01-01T00:00:00Z",
        "digest": "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
        "login": { "password": "hush", "isSet": true },
    });
    assert_eq!(stored(&fake, &created, &saved), expected);
    let shown = get(&fake, "GET /dns/zone/find/byId?idZone=z").json();
    assert_eq!(shown["login"], json!({ "password": "********", "isSet": true }));
}

#[test]
fn extensions_name_filters() {
    let filters = json!({ "x-filters": [{ "parameter": "for", "property": "/login/user" }] });
    let fake = Fake::with_document(
        Settings {
            refuse_unknown_query: false,
            ..Settings::default()
        },
        document("/dns/zone", &filters),
    );
    for (id, user) in [("a", "me"), ("b", "you")] {
        fake.seed(
            "Zones",
            json!({ "idZone": id, "zoneName": "Zone", "login": { "user": user } }),
        );
    }
    assert_eq!(get(&fake, "GET /dns/zone/list?for=me").each("idZone"), ["a"]);
    assert_eq!(get(&fake, "GET /dns/zone/list?for=").each("idZone"), ["a", "b"]);
    assert_eq!(
        get(&fake, "GET /dns/zone/list?zoneName=Other").each("idZone"),
        [""; 0]
    );
}

/// Checks that the fake serves all groups of the embedded document.
#[test]
fn the_groups_of_the_embedded_document_are_served() {
    let fake = Fake::default();
    let groups = fake.document().groups();
    assert!(groups.contains(&"Offer Sources"), "{groups:?}");
    for group in groups {
        assert_eq!(fake.state().assets(group).count(), 0, "{group}");
        assert!(!fake.seed(group, json!({})), "{group}: an asset without an ID");
    }
    assert!(!fake.seed("a group of tomorrow", json!({ "id": "a" })));
}
