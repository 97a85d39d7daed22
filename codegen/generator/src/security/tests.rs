//! Tests of the warnings about security requirements.

use crate::testing::document;
use serde_json::json;

#[test]
fn requirements_that_no_bearer_token_meets_are_reported() {
    let schemes = json!({
        "bearer": {"type": "http", "scheme": "Bearer"},
        "oauth": {"type": "oauth2", "flows": {}},
        "token": {"type": "apiKey", "in": "header", "name": "authorization"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "basic": {"type": "http", "scheme": "basic"},
        "alias": {"$ref": "#/components/securitySchemes/bearer"},
    });
    for (security, expected) in [
        (json!([]), None),
        (json!([{}]), None),
        (json!([{"bearer": []}]), None),
        (json!([{"alias": []}]), None),
        (json!([{"oauth": []}, {"key": []}]), None),
        (json!([{"token": []}]), None),
        (
            json!([{"key": []}]),
            Some("requires the API key `X-API-Key` in header"),
        ),
        (
            json!([{"bearer": [], "key": []}]),
            Some("the API key `X-API-Key`"),
        ),
        (
            json!([{"basic": []}, {"key": []}]),
            Some("the HTTP scheme `basic`"),
        ),
        (
            json!([{"gone": []}]),
            Some("the scheme `gone`, which is not defined"),
        ),
    ] {
        let components = json!({"securitySchemes": schemes});
        let get = json!({"security": security, "responses": {}});
        for document in [
            document(json!({"components": components, "security": security})),
            document(json!({"components": components, "paths": {"/a": {"get": get}}})),
        ] {
            let warnings = super::security(&document);
            let texts: Vec<&str> = warnings.iter().map(|warning| &*warning.message).collect();
            assert_eq!(
                texts.len(),
                usize::from(expected.is_some()),
                "{security}: {texts:?}"
            );
            assert!(
                texts
                    .iter()
                    .all(|text| text.contains(expected.unwrap_or_default())),
                "{texts:?}"
            );
        }
    }
}
