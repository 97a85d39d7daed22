//! Tests that the list of assets in a response, and the ID of a copy, are found even inside objects. If one
//! of them is not found, a warning states why.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use funnelflux_generator::{Input, Options, Output, generate};
use funnelflux_openapi::Source;
use serde_json::{Value, json};

/// Returns a document with a group of pages. `list` is the schema of the response that lists the pages.
fn document(list: &Value) -> Value {
    let answer = |schema: &Value| {
        let content = json!({ "application/json": { "schema": schema } });
        json!({ "200": { "description": "Yes", "content": content } })
    };
    let id = json!([{ "name": "idPage", "in": "query", "required": true, "schema": { "type": "string" } }]);
    let page = json!({ "$ref": "#/components/schemas/Page" });
    let messages = array(&json!({ "$ref": "#/components/schemas/Message" }));
    json!({
        "openapi": "3.0.3", "info": { "title": "T", "version": "1" }, "tags": [{ "name": "Pages" }],
        "paths": {
            "/page/find/byId/": { "get": {
                "tags": ["Pages"], "summary": "Find a page by ID",
                "parameters": id, "responses": answer(&page),
            } },
            "/page/list/": { "get": {
                "tags": ["Pages"], "summary": "List pages", "responses": answer(list),
            } },
        },
        "components": { "schemas": {
            "Page": {
                "type": "object", "required": ["idPage"],
                "properties": { "idPage": { "type": "string" }, "pageName": { "type": "string" } },
            },
            "PageList": { "type": "array", "items": page },
            "Message": { "type": "object", "properties": { "text": { "type": "string" } } },
            "Paged": { "type": "object", "properties": {
                "total": { "type": "integer" }, "messages": messages,
            } },
            "Tree": { "type": "object", "properties": {
                "data": array(&page), "parent": { "$ref": "#/components/schemas/Tree" },
            } },
        } },
    })
}

fn output(document: &Value) -> Output {
    let text = format!("{document:#}");
    let input = Input {
        upstream: Source {
            name: "spec/upstream.json",
            text: &text,
        },
        overlays: Vec::new(),
        previous_lock: None,
    };
    generate(&input, Options::default()).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// Generates code from a document with this list. Returns the code of the resource without white space, and
/// the warnings.
fn generated(list: &Value) -> (String, String) {
    let output = output(&document(list));
    let resource = output
        .files
        .iter()
        .find(|(path, _)| path.ends_with("resource.rs"));
    let squeezed = resource.map(|(_, text)| text.split_whitespace().collect());
    (squeezed.unwrap_or_default(), output.notices.to_string())
}

fn array(rows: &Value) -> Value {
    json!({ "type": "array", "items": rows })
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

/// Returns a document with a group of pages that can be copied. `request` and `copy` are the schemas of
/// request and response.
fn document_of_copies(request: &Value, copy: &Value) -> Value {
    let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Page" })));
    let mut duplicate = document["paths"]["/page/find/byId/"]["get"].clone();
    duplicate["summary"] = json!("Duplicate a page");
    duplicate["requestBody"] = json!({
        "required": true, "content": { "application/json": { "schema": request } },
    });
    duplicate["responses"]["200"] = if copy.is_null() {
        json!({ "description": "Yes" })
    } else {
        json!({ "description": "Yes", "content": { "application/json": { "schema": copy } } })
    };
    document["paths"]["/page/duplicate/"] = json!({ "post": duplicate });
    document
}

/// Like `generated`, for a group whose assets can be copied. `copy` is the schema of the response.
fn generated_copies(copy: &Value) -> (String, String) {
    let name = object(&json!({ "name": { "type": "string" } }), &["name"]);
    let output = output(&document_of_copies(&name, copy));
    let resource = &output.files["pages/resource.rs"];
    let (_, duplicate) = resource.split_once("const DUPLICATE").unwrap();
    let (_, map) = duplicate.split_once(".map(").unwrap();
    let (map, _) = map.split_once(';').unwrap();
    let map: String = map.split_whitespace().collect();
    // Closures that do not fit on one line have braces.
    let map = map.replace(['{', '}'], "");
    let map = map.strip_suffix(')').unwrap_or(&map);
    (map.to_owned(), output.notices.to_string())
}

#[test]
fn the_id_of_a_copy_is_found_where_the_document_has_it() {
    let text = json!({ "type": "string" });
    let id = object(&json!({ "id": text }), &["id"]);
    let optional_id = object(&json!({ "idPage": text }), &[]);
    let envelope = |data: &Value, required: &[&str]| {
        object(
            &json!({ "success": { "type": "boolean" }, "message": text, "data": data }),
            required,
        )
    };
    for (copy, code) in [
        (id.clone(), "|copy|Some(copy.id)"),
        (envelope(&id, &["data"]), "|copy|Some(copy.data.id)"),
        (
            envelope(&id, &[]),
            "|copy|copy.data.and_then(|inner|Some(inner.id))",
        ),
        (
            envelope(&optional_id, &[]),
            "|copy|copy.data.and_then(|inner|inner.id_page.as_ref().map(ToString::to_string))",
        ),
        // The copy itself may also refer to other objects.
        (
            object(&json!({ "idPage": text, "other": id }), &["idPage"]),
            "|copy|Some(copy.id_page.to_string())",
        ),
        (text.clone(), "Some"),
        (Value::Null, "|_|None"),
    ] {
        let (found, warnings) = generated_copies(&copy);
        assert_eq!(found, code, "{copy}");
        assert!(!warnings.contains("the ID of each copy"), "{copy}: {warnings}");
    }
}

#[test]
fn a_copy_without_an_id_is_reported() {
    let text = json!({ "type": "string" });
    let id = object(&json!({ "id": text }), &["id"]);
    for copy in [
        object(&json!({ "success": { "type": "boolean" } }), &[]),
        object(&json!({ "a": id, "b": id }), &["a", "b"]),
        object(&json!({ "copies": array(&id) }), &["copies"]),
    ] {
        let (found, warnings) = generated_copies(&copy);
        assert_eq!(found, "|_|None", "{copy}");
        let expected = "the ID of each copy is left out: its response has no property `id` or `idPage`";
        assert!(warnings.contains(expected), "{copy}: {warnings}");
    }
}

#[test]
fn the_rows_are_found_where_the_document_has_them() {
    let page = json!({ "$ref": "#/components/schemas/Page" });
    let row = object(&json!({ "idPage": { "type": "string" } }), &[]);
    let pages = array(&page);
    let other = array(&json!({ "$ref": "#/components/schemas/Message" }));
    let named = json!({ "$ref": "#/components/schemas/PageList" });
    let with_total = json!({ "$ref": "#/components/schemas/Paged" });
    let nullable = json!({ "type": "array", "items": page, "nullable": true });
    for (list, place) in [
        (pages.clone(), None),
        (named.clone(), None),
        (array(&row), None),
        (
            object(&json!({ "data": pages }), &["data"]),
            Some((&["data"][..], false)),
        ),
        (object(&json!({ "data": pages }), &[]), Some((&["data"], true))),
        (
            object(&json!({ "data": named }), &["data"]),
            Some((&["data"], false)),
        ),
        (
            object(&json!({ "data": nullable }), &["data"]),
            Some((&["data"], true)),
        ),
        (
            object(&json!({ "data": array(&row) }), &["data"]),
            Some((&["data"], false)),
        ),
        (
            object(&json!({ "all-pages": pages, "errors": other }), &["all-pages"]),
            Some((&["all-pages"], false)),
        ),
        (
            object(
                &json!({ "result": object(&json!({ "rows": pages }), &[]), "total": {} }),
                &["result"],
            ),
            Some((&["result", "rows"], true)),
        ),
        (
            json!({ "allOf": [with_total, object(&json!({ "data": pages }), &["data"])] }),
            Some((&["data"], false)),
        ),
    ] {
        let (code, warnings) = generated(&list);
        assert!(
            code.contains("constLIST:Option<resource::ListCall<Self>>=Some("),
            "{list}\n{warnings}"
        );
        match place {
            None => assert!(!code.contains("list_in"), "{list}"),
            Some((properties, may_be_absent)) => {
                let properties = format!("{properties:?}").replace(' ', "");
                let place = format!("properties:&{properties},may_be_absent:{may_be_absent}");
                assert!(code.contains(&place), "{list}\n{code}");
            }
        }
    }
}

#[test]
fn a_list_without_clear_rows_is_left_out_with_a_place() {
    let page = json!({ "$ref": "#/components/schemas/Page" });
    let text = json!({ "type": "string" });
    let message = json!({ "$ref": "#/components/schemas/Message" });
    for (list, reason) in [
        (array(&text), "no list of objects with the property `idPage`"),
        (array(&message), "no list of objects with the property `idPage`"),
        (
            array(&array(&page)),
            "no list of objects with the property `idPage`",
        ),
        (json!({}), "no list of objects with the property `idPage`"),
        (page.clone(), "no list of objects with the property `idPage`"),
        (
            object(&json!({ "data": array(&text) }), &[]),
            "no list of objects with the property `idPage`",
        ),
        (
            json!({ "type": "object", "additionalProperties": page }),
            "no list of objects with the property `idPage`",
        ),
        (
            object(&json!({ "active": array(&page), "archived": array(&page) }), &[]),
            "several lists of objects with the property `idPage`: `active` and `archived`",
        ),
        (
            json!({ "$ref": "#/components/schemas/Tree" }),
            "several lists of objects with the property `idPage`: `data` and `parent.data`",
        ),
    ] {
        let (code, warnings) = generated(&list);
        assert!(
            code.contains("constLIST:Option<resource::ListCall<Self>>=None"),
            "{list}\n{code}"
        );
        assert!(warnings.contains(reason), "{list}\n{warnings}");
        assert!(warnings.contains("spec/upstream.json:"), "{list}\n{warnings}");
    }
}

/// A handle takes only IDs that are text, but the methods of operations take IDs of any type that the
/// document states.
#[test]
fn ids_that_are_numbers_leave_out_the_handle_only() {
    let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Page" })));
    let number = json!({ "type": "integer" });
    for place in [
        "/paths/~1page~1find~1byId~1/get/parameters/0/schema",
        "/components/schemas/Page/properties/idPage",
    ] {
        *document.pointer_mut(place).unwrap() = number.clone();
    }
    let output = output(&document);
    let notices = output.notices.to_string();
    assert!(notices.contains("its ID is not text"), "{notices}");
    assert!(output.left_out.is_empty());
    assert!(!output.files.contains_key("pages/resource.rs"));
    let methods = &output.files["pages/methods.rs"];
    assert!(
        methods.contains("fn find_page_by_id(&self, id_page: i64)"),
        "{methods}"
    );
    assert!(output.files["shared.rs"].contains("pub id_page: i64"));
}

/// Adds parameters to the GET operation at `path`. Each parameter has a name, a place, and a flag that is
/// true if it is required.
fn add_parameters(document: &mut Value, path: &str, added: &[(&str, &str, bool)]) {
    let operation = &mut document["paths"][path]["get"];
    if operation.get("parameters").is_none() {
        operation["parameters"] = json!([]);
    }
    let parameters = operation["parameters"].as_array_mut().unwrap();
    let added = added.iter().map(|(name, place, required)| {
        json!({ "name": name, "in": place, "required": required, "schema": { "type": "string" } })
    });
    parameters.extend(added);
}

#[test]
fn a_list_that_may_be_a_part_of_all_assets_is_left_out_with_a_warning() {
    let pages = array(&json!({ "$ref": "#/components/schemas/Page" }));
    for name in [
        "page",
        "Page",
        "perPage",
        "per_page",
        "page[size]",
        "limit",
        "offset",
        "cursor",
        "pageToken",
        "skip",
    ] {
        for required in [false, true] {
            let mut document = document(&pages);
            add_parameters(&mut document, "/page/list/", &[(name, "query", required)]);
            let output = output(&document);
            let (code, warnings) = (&output.files["pages/resource.rs"], output.notices.to_string());
            let code: String = code.split_whitespace().collect();
            assert!(
                code.contains("constLIST:Option<resource::ListCall<Self>>=None"),
                "{name}\n{code}"
            );
            let expected = format!("the list of all assets is left out: with its parameter `{name}`");
            assert!(warnings.contains(&expected), "{warnings}");
        }
    }
    let text = json!({ "type": "string" });
    for (rest, name) in [
        (json!({ "data": pages, "nextCursor": text }), "nextCursor"),
        (
            json!({ "data": pages, "meta": object(&json!({ "total_pages": text }), &[]) }),
            "total_pages",
        ),
    ] {
        let (code, warnings) = generated(&object(&rest, &["data"]));
        assert!(
            code.contains("constLIST:Option<resource::ListCall<Self>>=None"),
            "{name}\n{code}"
        );
        let expected = format!("the list of all assets is left out: with the property `{name}`");
        assert!(warnings.contains(&expected), "{warnings}");
    }
    let mut document = document(&pages);
    add_parameters(
        &mut document,
        "/page/list/",
        &[("pageType", "query", false), ("search", "query", false)],
    );
    let output = output(&document);
    assert!(
        !output.notices.to_string().contains("left out"),
        "{}",
        output.notices
    );
}

#[test]
fn optional_arguments_leave_no_ability_out() {
    let pages = array(&json!({ "$ref": "#/components/schemas/Page" }));
    let mut optional = document(&pages);
    add_parameters(
        &mut optional,
        "/page/find/byId/",
        &[("lang", "query", false), ("X-Trace", "header", false)],
    );
    optional["paths"]["/page/find/byId/"]["get"]["parameters"][0]["required"] = false.into();
    let output = output(&optional);
    assert!(
        !output.notices.to_string().contains("left out"),
        "{}",
        output.notices
    );
    let code = &output.files["pages/resource.rs"];
    let code: String = code.split_whitespace().collect();
    assert!(code.contains("client.find_page_by_id(id,None,None)"), "{code}");
}

#[test]
fn a_required_argument_that_is_not_the_id_is_named() {
    let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Page" })));
    add_parameters(&mut document, "/page/find/byId/", &[("X-Tenant", "header", true)]);
    let notices = output(&document).notices.to_string();
    let expected = "the handle of pages is left out: it requires several arguments: `X-Tenant`, `idPage`";
    assert!(notices.contains(expected), "{notices}");
}

/// Generates code from a group of pages that can be archived. `of_request` and `of_page` are the schemas of
/// additional properties. Returns the code of the resource without white space, and the warnings.
fn generated_archive(of_request: &Value, of_page: &Value) -> (String, String) {
    let page = json!({ "$ref": "#/components/schemas/Page" });
    let mut document = document(&array(&page));
    let body =
        |schema: &Value| json!({ "required": true, "content": { "application/json": { "schema": schema } } });
    let ok = json!({ "200": { "description": "Yes" } });
    let mut request = json!({ "entries": array(&json!({ "type": "string" })) });
    request
        .as_object_mut()
        .unwrap()
        .extend(of_request.as_object().unwrap().clone());
    document["openapi"] = json!("3.1.0");
    document["paths"]["/page/archive/"] = json!({ "put": {
        "tags": ["Pages"], "summary": "Archive pages",
        "requestBody": body(&object(&request, &["entries"])), "responses": ok,
    } });
    for (method, summary) in [("put", "Update a page"), ("post", "Create a page")] {
        document["paths"]["/page/save/"][method] = json!({
            "tags": ["Pages"], "summary": summary, "requestBody": body(&page), "responses": ok,
        });
    }
    let schemas = &mut document["components"]["schemas"];
    schemas["Action"] = json!({ "type": "string", "enum": ["cascade", "move", "orphan"] });
    let properties = schemas["Page"]["properties"].as_object_mut().unwrap();
    properties.extend(of_page.as_object().unwrap().clone());
    let output = output(&document);
    let mut code = output.files["pages/resource.rs"].clone();
    code.push_str(&output.files["asset_groups.rs"]);
    code.retain(|character| !character.is_whitespace());
    (code, output.notices.to_string())
}

#[test]
fn actions_on_children_are_found_in_every_notation() {
    let text = json!({ "type": "string" });
    let constant = |value: &str| json!({ "const": value, "description": "An action" });
    let constants = json!([constant("cascade"), constant("move"), constant("orphan")]);
    let action = json!({ "$ref": "#/components/schemas/Action" });
    for action in [
        action.clone(),
        json!({ "type": "string", "enum": ["cascade", "move", "orphan"] }),
        json!({ "oneOf": constants }),
        json!({ "type": "string", "anyOf": constants }),
        json!({ "anyOf": [action, text] }),
        json!({ "anyOf": [action, { "type": "null" }] }),
    ] {
        let request = json!({ "cascadeAction": action, "targetParentID": text });
        let (code, warnings) = generated_archive(&request, &json!({ "kind": action }));
        assert!(
            code.contains("implresource::ArchiveChildrenforPages"),
            "{action}\n{code}"
        );
        assert!(!code.contains("with_free_form"), "{action}\n{code}");
        assert!(!warnings.contains("left out"), "{action}\n{warnings}");
    }
}

#[test]
fn actions_on_children_that_the_document_does_not_list_are_reported() {
    let text = json!({ "type": "string" });
    let action = json!({ "$ref": "#/components/schemas/Action" });
    let unlisted = "does not list the values `cascade`, `move`, `orphan`";
    for (request, expected) in [
        (
            json!({ "cascadeAction": text, "targetParentID": text }),
            format!("the property `cascadeAction` of its body {unlisted}"),
        ),
        (
            json!({ "mode": text, "targetParentID": text }),
            format!("the property `targetParentID` of its body {unlisted}"),
        ),
        (
            json!({ "cascadeAction": action }),
            "its body has no text property for the target of `cascadeAction`".to_owned(),
        ),
    ] {
        let (code, warnings) = generated_archive(&request, &json!({}));
        assert!(code.contains("implresource::ArchiveforPages"), "{code}");
        assert!(!code.contains("ArchiveChildren"), "{code}");
        let expected = format!("archiving many assets with their children is left out: {expected}");
        assert!(warnings.contains(&expected), "{warnings}");
    }
}

/// The names of arguments and of properties are independent, and an ID may be in the query or in the path.
#[test]
fn the_argument_and_the_property_of_an_id_may_have_different_names() {
    for (path, place, argument, property) in [
        ("/page/find/byId/", "query", "idPage", "idPage"),
        ("/page/find/byId/", "query", "idPage", "id_page"),
        ("/page/find/byId/", "query", "page_id", "pageID"),
        ("/page/{id}/", "path", "id", "idPage"),
        ("/page/{pageId}", "path", "pageId", "id_page"),
        ("/page/find/byId/", "query", "id", "idPages"),
        ("/page/find/byId/", "query", "idPage", "id"),
        ("/page/{pageId}", "path", "pageId", "_id"),
    ] {
        let text = document(&array(&json!({ "$ref": "#/components/schemas/Page" }))).to_string();
        let mut document: Value = serde_json::from_str(&text.replace("idPage", property)).unwrap();
        let paths = document["paths"].as_object_mut().unwrap();
        let mut find = paths.remove("/page/find/byId/").unwrap();
        find["get"]["parameters"][0]["name"] = json!(argument);
        find["get"]["parameters"][0]["in"] = json!(place);
        paths.insert(path.to_owned(), find);
        let body = json!({ "required": true, "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Page" },
        } } });
        for (method, summary) in [("put", "Update a page"), ("post", "Create a page")] {
            paths.entry("/page/save/").or_insert_with(|| json!({}))[method] = json!({
                "tags": ["Pages"], "summary": summary, "requestBody": body,
                "responses": { "200": { "description": "Yes" } },
            });
        }
        // The asset may contain other objects with IDs.
        document["components"]["schemas"]["Page"]["properties"]["owner"] =
            object(&json!({ "id": { "type": "string" } }), &[]);
        document["components"]["schemas"]["Page"]["properties"]["category_id"] = json!({ "type": "string" });
        let output = output(&document);
        let notices = output.notices.to_string();
        assert!(!notices.contains("left out"), "{argument} {property}: {notices}");
        let code: String = output.files["pages/resource.rs"].split_whitespace().collect();
        let id = format!(
            "NAMES:resource::ResourceNames=resource::ResourceNames{{segment:\"page\",id:\"{property}\",\
             category:Some(\"category_id\")"
        );
        let read_back = format!("property:\"{property}\"");
        for expected in [
            &*id,
            &*read_back,
            "typeId=types::PageId",
            "implcrate::Createfortypes::Page",
        ] {
            assert!(
                code.contains(expected),
                "{argument} {property}: {expected}\n{code}"
            );
        }
    }
}

/// Groups of assets may use the same general name for the property of the ID.
#[test]
fn a_property_with_a_general_name_has_the_type_of_its_group() {
    for property in ["id", "_id"] {
        let text = json!({ "type": "string" });
        let user = json!({ property: text, "userName": text });
        let pages = array(&json!({ "$ref": "#/components/schemas/Page" }));
        let list = object(&json!({ "rows": pages, "user": object(&user, &[]) }), &["rows"]);
        let mut document = document(&list);
        let schemas = document["components"]["schemas"].to_string();
        let schemas: Value = serde_json::from_str(&schemas.replace("idPage", property)).unwrap();
        document["components"]["schemas"] = schemas;
        document["components"]["schemas"]["Offer"] = object(&json!({ property: text }), &[property]);
        let find = document["paths"]["/page/find/byId/"].to_string();
        let find: Value =
            serde_json::from_str(&find.replace("Page", "Offer").replace("a page", "an offer")).unwrap();
        document["paths"]["/offer/find/byId/"] = find;
        let output = output(&document);
        let notices = output.notices.to_string();
        assert!(!notices.contains("left out"), "{property}: {notices}");
        for (group, id) in [("pages", "PageId"), ("offers", "OfferId")] {
            let code: String = output.files[&format!("{group}/resource.rs")]
                .split_whitespace()
                .collect();
            assert!(code.contains(&format!("typeId=types::{id}")), "{code}");
        }
        let types: String = output.files["pages/types.rs"].split_whitespace().collect();
        assert!(
            !types.contains("Option<PageId>"),
            "the ID of the user is not that of a page: {types}"
        );
    }
}

#[test]
fn text_with_the_ids_of_many_assets_is_a_list() {
    for (method, verb) in [("put", "archive"), ("delete", "delete")] {
        let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Page" })));
        document["paths"][format!("/page/{verb}/")][method] = json!({
            "tags": ["Pages"], "summary": format!("{verb} pages"),
            "parameters": [
                { "name": "ids", "in": "query", "required": true, "schema": { "type": "string" } },
            ],
            "responses": { "200": { "description": "Yes" } },
        });
        let output = output(&document);
        let code: String = output.files["pages/resource.rs"].split_whitespace().collect();
        assert!(
            code.contains(r#"Place::Query("ids")"#),
            "{verb}: {}\n{code}",
            output.notices
        );
    }
}

#[test]
fn overrides_of_copies_are_found_in_every_case_style() {
    let text = json!({ "type": "string" });
    let is_overridable = |name: &str, updates: Value| {
        let request = object(&json!({ "name": text, name: updates }), &["name"]);
        let output = output(&document_of_copies(&request, &text));
        let code = &output.files["pages/resource.rs"];
        let is_overridable = code.contains("impl resource::OverrideCopy");
        (is_overridable, output.notices.to_string())
    };
    for name in ["bodyUpdates", "body_updates", "BodyUpdates", "body-updates"] {
        let (found, warnings) = is_overridable(name, json!({ "type": "object" }));
        assert!(found && !warnings.contains("left out"), "{name}: {warnings}");
        let (found, warnings) = is_overridable(name, text.clone());
        let expected = "overriding properties of each copy is left out: the property `";
        assert!(!found && warnings.contains(expected), "{name}: {warnings}");
    }
}

#[test]
fn children_are_counted_only_at_properties_that_they_have() {
    let text = json!({ "type": "string" });
    let generated = |page: Value, row: Value, pointers: Value| {
        let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Row" })));
        document["tags"] = json!([
            { "name": "Pages" },
            { "name": "Offers", "x-children": [{ "tag": "Pages", "properties": pointers }] },
        ]);
        let find = document["paths"]["/page/find/byId/"].to_string();
        let find = find.replace("idPage", "idOffer").replace("Page", "Offer");
        let find: Value = serde_json::from_str(&find.replace("a page", "an offer")).unwrap();
        document["paths"]["/offer/find/byId/"] = find;
        let schemas = &mut document["components"]["schemas"];
        schemas["Offer"] = object(&json!({ "idOffer": text }), &["idOffer"]);
        schemas["Row"] = object(&row, &["idPage"]);
        schemas["Base"] = object(&page, &[]);
        let own = object(&json!({ "idPage": text }), &["idPage"]);
        schemas["Page"] = json!({ "allOf": [{ "$ref": "#/components/schemas/Base" }, own] });
        let output = output(&document);
        let code: String = output.files["offers/resource.rs"].split_whitespace().collect();
        let query = code.split_once("rows:resource::ChildRows::");
        let query = query.and_then(|(_, query)| Some(query.split_once(",}")?.0.to_owned()));
        (query.unwrap_or_default(), output.notices)
    };
    let params = |name: &str| json!({ name: object(&json!({ "idOffer": text }), &[]) });
    let row = json!({ "idPage": text });
    let row_with_parent = json!({ "idPage": text, "idOffer": text });
    let pointer = json!(["/params/idOffer"]);
    let both = json!(["/params/idOffer", "/idOffer"]);
    for (page, row, pointers, query, missing) in [
        (
            params("params"),
            &row,
            &pointer,
            r#"HaveIds("/idPage"),parents:&["/params/idOffer"]"#,
            "",
        ),
        (params("details"), &row, &pointer, "", "/params/idOffer"),
        (
            params("params"),
            &row,
            &both,
            r#"HaveIds("/idPage"),parents:&["/params/idOffer"]"#,
            "/idOffer",
        ),
        (
            params("details"),
            &row_with_parent,
            &both,
            r#"NameParents,parents:&["/idOffer"]"#,
            "/params/idOffer",
        ),
        // The members of a free-form property are unknown.
        (
            json!({ "params": { "type": "object" } }),
            &row,
            &pointer,
            r#"HaveIds("/idPage"),parents:&["/params/idOffer"]"#,
            "",
        ),
        (json!({ "params": text }), &row, &pointer, "", "/params/idOffer"),
    ] {
        let (found, notices) = generated(page.clone(), row.clone(), pointers.clone());
        assert_eq!(found, query, "{page} {row}");
        let warning = format!("the assets of *Pages* have no property `{missing}`");
        let warnings = notices.iter().filter(|notice| notice.code == "tag-extension");
        let warnings: Vec<_> = warnings.collect();
        assert_eq!(
            warnings.len(),
            usize::from(!missing.is_empty()),
            "{page} {row}: {notices}"
        );
        for found in warnings {
            assert!(found.message.starts_with(&warning), "{notices}");
            assert_eq!(found.pointer.as_str(), "/tags/1/x-children/0");
        }
    }
}

#[test]
fn a_server_managed_property_that_the_assets_lack_is_reported() {
    let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Page" })));
    document["tags"][0]["x-server-managed"] = json!([
        { "property": "/pageName", "behavior": "trimmed" },
        { "property": "/pageTitle", "behavior": "trimmed" },
        { "property": "/pageName", "behavior": "alias", "of": "/title" },
    ]);
    let notices = output(&document).notices;
    let warnings = notices.iter().filter(|notice| notice.code == "tag-extension");
    let warnings = warnings.map(|warning| format!("{}: {}", warning.pointer, warning.message));
    let expected = |entry: u8, property: &str| {
        format!(
            "/tags/0/x-server-managed/{entry}: the assets of *Pages* have no property `{property}`; \
             the entry has no effect"
        )
    };
    let expected = [expected(1, "/pageTitle"), expected(2, "/title")];
    assert_eq!(warnings.collect::<Vec<_>>(), expected);
}

/// Returns the statics and constants of the group of pages whose assets have this schema.
fn constants(page: &Value, others: &[(&str, Value)]) -> String {
    let mut document = document(&array(&json!({ "$ref": "#/components/schemas/Page" })));
    let schemas = document["components"]["schemas"].as_object_mut().unwrap();
    schemas.insert("Page".to_owned(), page.clone());
    schemas.extend(
        others
            .iter()
            .map(|(name, schema)| ((*name).to_owned(), schema.clone())),
    );
    let page = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/Page" } } });
    document["paths"]["/page/save/"]["put"] = json!({
        "tags": ["Pages"], "summary": "Update a page", "responses": { "200": { "description": "Yes" } },
        "requestBody": { "required": true, "content": page },
    });
    let output = output(&document);
    let resource: String = output.files["pages/resource.rs"].split_whitespace().collect();
    let groups: String = output.files["asset_groups.rs"].split_whitespace().collect();
    let between = |text: &str, start: &str, end: &str| {
        let rest = text.split_once(start).map(|(_, rest)| rest.to_owned());
        rest.and_then(|rest| Some(rest.split_once(end)?.0.to_owned()))
    };
    format!(
        "{:?} {:?}",
        between(&resource, "SERVER_MANAGED:ServerManagedFields=", ";"),
        between(&groups, "with_free_form(", ")"),
    )
}

#[test]
fn inherited_properties_are_as_free_form_and_read_only_as_own_ones() {
    let text = json!({ "type": "string" });
    let date = json!({ "type": "string", "readOnly": true });
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let flat = object(
        &json!({
            "idPage": text, "meta": { "type": "object" }, "createdAt": date, "updatedAt": date,
        }),
        &["idPage"],
    );
    let base = object(&json!({ "idPage": text, "createdAt": date }), &["idPage"]);
    let meta = object(&json!({ "meta": { "type": "object" } }), &[]);
    let own = object(&json!({ "updatedAt": date }), &[]);
    let expected = constants(&flat, &[]);
    for property in ["/createdAt", "/updatedAt", "/meta"] {
        assert!(expected.contains(property), "{expected}");
    }
    let audited = json!({ "allOf": [reference("Base"), meta] });
    let inherited = json!({ "allOf": [reference("Audited"), own] });
    assert_eq!(
        constants(
            &inherited,
            &[("Base", base.clone()), ("Audited", audited.clone())]
        ),
        expected
    );
    // A part that is written in place may have parts of its own.
    let nested = json!({ "allOf": [audited, own] });
    assert_eq!(constants(&nested, &[("Base", base)]), expected);
}
