//! Reports security requirements that the client cannot meet, because it sends only a bearer token.

use serde_json::Value;

use crate::json::Json as _;
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Severity, Stage,
    operations::operations,
    pointer::{Pointer, PointerBuf},
    references,
};

/// Warns if a bearer token does not meet the requirements of the document or of an operation.
pub(crate) fn security(document: &Document) -> Diagnostics {
    let of_operations = operations(document.value()).map(|operation| (operation.pointer, operation.value));
    let holders = of_operations.chain([(PointerBuf::root(), document.value())]);
    let warnings = holders.filter_map(|(pointer, holder)| {
        let alternatives = holder.items("security").as_slice();
        let mut schemes = alternatives
            .iter()
            .map(|alternative| unsupported(document, alternative));
        let first = schemes.next()??;
        schemes
            .all(|scheme| scheme.is_some())
            .then(|| warning(document, &pointer, &first))
    });
    warnings.collect()
}

fn warning(document: &Document, holder: &Pointer, scheme: &str) -> Diagnostic {
    let at = holder.with_trailing_token("security");
    let message = format!("the service requires {scheme}, and the client sends a bearer token only");
    let (severity, stage) = (Severity::Warning, Stage::Render);
    let warning = document.diagnostic(severity, stage, "security", at, message);
    warning.fix(
        "if the service accepts a bearer token, add that scheme in an overlay; otherwise, callers have to \
         add the credential in a hook (`ClientBuilder::hook`)",
    )
}

/// Describes the first scheme of a requirement that a bearer token does not meet.
fn unsupported(document: &Document, requirement: &Value) -> Option<String> {
    let names = requirement
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name);
    names.into_iter().find_map(|name| {
        let pointer = Pointer::from_static("/components/securitySchemes").with_trailing_token(name);
        let scheme = document.get(&pointer);
        let scheme = scheme.map(|scheme| references::resolve(document.value(), &pointer, scheme).1);
        let Some(scheme) = scheme else {
            return Some(format!("the scheme `{name}`, which is not defined"));
        };
        let text = |key: &str| scheme.text(key).unwrap_or_default();
        let is_bearer = match text("type") {
            "oauth2" | "openIdConnect" => true,
            "http" => text("scheme").eq_ignore_ascii_case("bearer"),
            "apiKey" => text("in") == "header" && text("name").eq_ignore_ascii_case("authorization"),
            _ => false,
        };
        let kind = match text("type") {
            "apiKey" => format!("the API key `{}` in {}", text("name"), text("in")),
            "http" => format!("the HTTP scheme `{}`", text("scheme")),
            kind => format!("the scheme `{name}` of the type `{kind}`"),
        };
        (!is_bearer).then_some(kind)
    })
}

#[cfg(test)]
mod tests {
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
}
