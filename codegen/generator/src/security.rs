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
    requirement.as_object()?.keys().find_map(|name| {
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
mod tests;
