//! Checks whether the bearer token that the client sends meets the security requirements of the operations.

use serde_json::Value;

use super::{
    linter::{Linter, Object},
    rules,
};
use crate::json::Json as _;
use funnelflux_openapi::{
    Diagnostic,
    operations::operations,
    pointer::{Pointer, PointerBuf},
};

/// A list of alternative requirements, and the operations that have this list.
struct Requirements<'a> {
    pointer: PointerBuf,
    list: &'a Value,
    operations: Vec<String>,
}

impl<'a> Linter<'a> {
    /// Checks each list of requirements once, even if many operations repeat it.
    pub(super) fn security(&mut self) {
        let root = Pointer::from_static("/security");
        let shared = self.document.get(root);
        let mut all: Vec<Requirements<'a>> = Vec::new();
        for operation in operations(self.document.value()) {
            let (pointer, list) = match (operation.value.get("security"), shared) {
                (Some(own), _) => (operation.pointer.with_trailing_token("security"), own),
                (None, Some(shared)) => (root.to_buf(), shared),
                (None, None) => continue,
            };
            match all.iter_mut().find(|known| known.list == list) {
                Some(known) => known.operations.push(operation.to_string()),
                None => all.push(Requirements {
                    pointer,
                    list,
                    operations: vec![operation.to_string()],
                }),
            }
        }
        for requirements in &all {
            let found = self.requirements(&requirements.pointer, requirements.list);
            let name = |diagnostic: Diagnostic| diagnostic.operations(&requirements.operations);
            self.diagnostics.extend(found.into_iter().map(name));
        }
    }

    fn requirements(&self, pointer: &Pointer, list: &Value) -> Vec<Diagnostic> {
        let Some(list) = list.as_array() else {
            return Vec::new();
        };
        let alternatives: Vec<&Object> = list.iter().filter_map(Value::as_object).collect();
        let mut found = Vec::new();
        for (index, alternative) in alternatives.iter().enumerate() {
            for name in alternative.keys().filter(|name| self.scheme(name).is_none()) {
                let place = pointer.with_trailing_token(index).with_trailing_token(name);
                let message = format!("the security scheme `{name}` is not defined");
                found.push(self.diagnostic(&rules::SCHEME_UNDEFINED, place, message));
            }
        }
        if alternatives.iter().all(|alternative| alternative.is_empty()) {
            let message = "this call requires no authentication, but the token is sent";
            found.push(self.diagnostic(&rules::NEEDLESS_TOKEN, pointer, message));
        } else if !alternatives.iter().any(|alternative| self.is_met(alternative)) {
            let names = |alternative: &&Object| {
                let names: Vec<String> = alternative.keys().map(|name| format!("`{name}`")).collect();
                names.join(" with ")
            };
            let required: Vec<String> = alternatives.iter().map(names).collect();
            let message = format!("{} is required, not only a bearer token", required.join(" or "));
            found.push(self.diagnostic(&rules::SECURITY_SCHEME, pointer, message));
        }
        found
    }

    /// Returns true if a bearer token meets all requirements of an alternative. A scheme that the document
    /// does not define counts as met.
    fn is_met(&self, alternative: &Object) -> bool {
        let mut names = alternative.keys();
        names.all(|name| self.scheme(name).is_none_or(takes_bearer))
    }

    fn scheme(&self, name: &str) -> Option<&'a Object> {
        let schemes = self.object("/components/securitySchemes")?;
        self.resolve(schemes.get(name)?)
    }
}

/// Returns true if a bearer token in the header `Authorization` satisfies a security scheme.
fn takes_bearer(scheme: &Object) -> bool {
    let is = |key: &str, expected: &str| {
        let text = scheme.text(key);
        text.is_some_and(|text| text.eq_ignore_ascii_case(expected))
    };
    is("type", "oauth2")
        || is("type", "openIdConnect")
        || is("type", "http") && is("scheme", "bearer")
        // Swagger 2.0 can express a bearer token only as an API key in this header.
        || is("type", "apiKey") && is("in", "header") && is("name", "Authorization")
}
