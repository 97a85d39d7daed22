//! Tests of requests that violate the document, and of the messages about the violations.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod support;

use std::fmt::Write as _;

use bytes::Bytes;
use funnelflux_fake::{ErrorShape, Fake, Fault, Rule, Settings, TrailingSlash};
use http::Request;
use serde_json::json;
use support::{TextResponse, account, call, get, request, send};

/// Sends a request with a valid token, this content type and this body.
fn raw(fake: &Fake, method: &str, path: &str, content_type: &str, body: &[u8]) -> TextResponse {
    let builder = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", fake.access_token()));
    let builder = if content_type.is_empty() {
        builder
    } else {
        builder.header("content-type", content_type)
    };
    send(fake, builder.body(Bytes::copy_from_slice(body)).unwrap())
}

/// Request that violates the document.
struct InvalidRequest {
    method: &'static str,
    path: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

const fn without_body(method: &'static str, path: &'static str) -> InvalidRequest {
    InvalidRequest {
        method,
        path,
        content_type: "",
        body: b"",
    }
}

const fn with_json(method: &'static str, path: &'static str, body: &'static [u8]) -> InvalidRequest {
    InvalidRequest {
        method,
        path,
        content_type: "application/json",
        body,
    }
}

const INVALID_REQUESTS: &[InvalidRequest] = &[
    without_body("GET", "/v1/offersource/list/"),
    without_body("GET", "/v1/offersource/list/?status=deleted"),
    without_body("GET", "/v1/offersource/list/?status=active&status=all&page=2"),
    without_body("GET", "/v1/offersource/list/?status=active&idCategory=%ff"),
    with_json("GET", "/v1/offersource/list/?status=active", b"{}"),
    without_body("GET", "/v1/offersource/find/byId/?idoffersource=a"),
    with_json("PUT", "/v1/offersource/save/", b""),
    with_json("PUT", "/v1/offersource/save/", b"{\"idOfferSource\": "),
    with_json("PUT", "/v1/offersource/save/", b"\xff"),
    with_json("PUT", "/v1/offersource/save/", b"[]"),
    with_json(
        "PUT",
        "/v1/offersource/save/",
        br#"{"offerSourceName":"","status":"gone","queryParams":{"a":1},"meta":[]}"#,
    ),
    with_json(
        "PUT",
        "/v1/offersource/save/",
        br#"{"idOfferSource":"x","offerSourceName":"LONG"}"#,
    ),
    InvalidRequest {
        method: "PUT",
        path: "/v1/offersource/save/",
        content_type: "",
        body: br#"{"idOfferSource":"a","offerSourceName":"A"}"#,
    },
    InvalidRequest {
        method: "PUT",
        path: "/v1/offersource/save/",
        content_type: "text/plain",
        body: br#"{"idOfferSource":"a","offerSourceName":"A"}"#,
    },
    with_json(
        "POST",
        "/v1/offersource/save/",
        br#"{"idOfferSource":"","offerSourceName":"A"}"#,
    ),
    with_json("POST", "/v1/offersource/duplicate/", br#"{"bodyUpdates":null}"#),
    with_json(
        "POST",
        "/v1/offersource/duplicate/?idOfferSource=a",
        br#"{"name":"x","bodyUpdates":{"status":3,"meta":4}}"#,
    ),
    without_body("DELETE", "/v1/offersource/delete/"),
    with_json("DELETE", "/v1/offersource/delete/", br#"{"entries":[]}"#),
    with_json(
        "PUT",
        "/v1/offersource/archive/",
        br#"{"entries":["a",1],"cascadeAction":"explode"}"#,
    ),
    with_json(
        "PUT",
        "/v1/offersource/archive/",
        br#"{"entries":["a"],"cascadeAction":null}"#,
    ),
    with_json(
        "PUT",
        "/v1/offersource/archive/",
        br#"{"entries":["a"],"cascadeAction":"move"}"#,
    ),
    with_json(
        "PUT",
        "/v1/offersource/archive/",
        br#"{"entries":["a"],"cascadeAction":"orphan","targetParentID":"b"}"#,
    ),
    with_json("PUT", "/v1/offersource/unarchive/", br#"{"entries":"a"}"#),
    with_json("PUT", "/v1/offersource/move-category/", br#"{"entries":["a"]}"#),
    with_json("PATCH", "/v1/offersource/save/", b"{}"),
    without_body("GET", "/v1/offersource/list?status=active"),
    without_body("GET", "/v1/offersource/nothing/"),
    without_body("GET", "/offersource/list/?status=active"),
];

#[test]
fn every_violation_is_reported() {
    let fake = account(Settings {
        error_shape: ErrorShape::Text,
        ..Settings::default()
    });
    let before = fake.state();
    let mut page = String::new();
    for InvalidRequest {
        method,
        path,
        content_type,
        body,
    } in INVALID_REQUESTS
    {
        let body = match str::from_utf8(body) {
            Ok(text) => text.replace("LONG", &"n".repeat(257)).into_bytes(),
            Err(_) => body.to_vec(),
        };
        let answer = raw(&fake, method, path, content_type, &body);
        let shown: String = String::from_utf8_lossy(&body).chars().take(90).collect();
        writeln!(
            page,
            "{method} {path} {content_type} {shown}\n=> {} {}\n",
            answer.status,
            answer.text.replace('\n', "\n       ")
        )
        .unwrap();
    }
    insta::assert_snapshot!("violations", page);
    assert!(fake.state() == before, "a refused request changed the state");
}

#[test]
fn the_shapes_of_an_error() {
    let mut page = String::new();
    for shape in [
        ErrorShape::Json,
        ErrorShape::Text,
        ErrorShape::Html,
        ErrorShape::Empty,
    ] {
        let fake = Fake::new(Settings {
            error_shape: shape,
            ..Settings::default()
        });
        for operation in [
            "GET /offersource/list/?status=<all>&x=1",
            "GET /offersource/find/byId/?idOfferSource=<a>",
        ] {
            let answer = get(&fake, &operation.replace('<', "%3C").replace('>', "%3E"));
            let content_type = answer
                .headers
                .get("content-type")
                .map_or("none", |value| value.to_str().unwrap());
            writeln!(
                page,
                "{shape:?}: {} {content_type}\n{}\n",
                answer.status, answer.text
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!("error_shapes", page);
}

#[test]
fn valid_requests_pass() {
    let fake = account(Settings::default());
    // Unknown properties, a charset, an empty query parameter and percent escapes are accepted.
    assert_eq!(
        raw(
            &fake,
            "PUT",
            "/v1/offersource/save/",
            "application/json; charset=utf-8",
            br#"{"idOfferSource":"a","offerSourceName":"A","new":[]}"#
        )
        .status,
        200
    );
    assert_eq!(
        raw(
            &fake,
            "PUT",
            "/v1/offersource/save/",
            "Application/JSON",
            br#"{"idOfferSource":"a","offerSourceName":"A"}"#
        )
        .status,
        200
    );
    assert_eq!(
        get(&fake, "GET /offersource/list/?st%61tus=not-deleted&idCategory").status,
        200
    );
    // The limit counts characters, not bytes.
    let name = "ü".repeat(256);
    assert_eq!(
        call(
            &fake,
            "PUT /offersource/save/",
            &json!({ "idOfferSource": "a", "offerSourceName": name })
        )
        .status,
        200
    );
}

#[test]
fn the_log_has_the_violations() {
    let fake = Fake::default();
    get(&fake, "GET /offersource/list/?status=deleted&x=1");
    let log = fake.log();
    let names: Vec<&str> = log[0]
        .violations
        .iter()
        .map(|violation| violation.name.as_str())
        .collect();
    assert_eq!(names, ["status", "x"]);
    assert_eq!(
        (log[0].operation, log[0].applied),
        (Some("GET /offersource/list/"), false)
    );
}

#[test]
fn unknown_query_parameters_may_be_allowed() {
    let fake = account(Settings {
        refuse_unknown_query: false,
        ..Settings::default()
    });
    assert_eq!(get(&fake, "GET /offersource/list/?status=all&x=1").status, 200);
}

#[test]
fn the_trailing_slash() {
    let with = |trailing_slash| {
        account(Settings {
            trailing_slash,
            ..Settings::default()
        })
    };
    let path = "GET /offersource/list?status=all";
    assert_eq!(get(&with(TrailingSlash::Required), path).status, 404);
    assert_eq!(
        get(&with(TrailingSlash::Optional), path).each("idOfferSource"),
        ["a", "b", "c"]
    );
    let redirect = get(&with(TrailingSlash::Redirect), path);
    assert_eq!(
        (redirect.status, redirect.headers["location"].to_str().unwrap()),
        (301, "/v1/offersource/list/?status=all")
    );
    assert_eq!(
        get(&with(TrailingSlash::Optional), "POST /offersource/list").status,
        405
    );
    // If the trailing slash is optional, rules and the log use the operation's path with the slash.
    let fake = with(TrailingSlash::Optional);
    fake.inject(Rule::new(Fault::status(503)).on("GET /offersource/list/"));
    assert_eq!(
        (get(&fake, path).status, fake.log()[0].operation),
        (503, Some("GET /offersource/list/"))
    );
}

#[test]
fn another_method_is_405_and_names_the_right_ones() {
    let answer = get(&Fake::default(), "GET /offersource/save/");
    assert_eq!(
        (answer.status, answer.headers["allow"].to_str().unwrap()),
        (405, "PUT, POST")
    );
}

#[test]
fn limits() {
    let fake = account(Settings {
        max_url_length: Some(60),
        max_body_bytes: 100,
        ..Settings::default()
    });
    assert_eq!(
        get(&fake, "GET /offersource/find/byIds/?idOfferSources=a").status,
        200
    );
    assert_eq!(
        get(
            &fake,
            &format!("GET /offersource/find/byIds/?idOfferSources={}", "a,".repeat(20))
        )
        .status,
        414
    );
    let mut large = request(
        &fake,
        "PUT /offersource/archive/",
        Some(&json!({ "entries": ["a".repeat(100)] })),
    );
    assert_eq!(send(&fake, large).status, 413);
    large = request(
        &fake,
        "PUT /offersource/archive/",
        Some(&json!({ "entries": ["a"] })),
    );
    assert_eq!(send(&fake, large).status, 200);
}
