//! Security: what calls ask for, against the bearer token that the client sends with each of them.

use std::collections::{HashMap, hash_map::Entry};

use serde_json::Value;

use super::{Lint, Object, operations, rules};
use funnelflux_openapi::{openapi_model::Kind, pointer};

impl<'a> Lint<'a> {
    /// Looks at each list of requirements once, however many operations repeat it.
    pub(super) fn security(&mut self) {
        let document = self.document;
        let mut lists: Vec<(String, &Value, Vec<String>)> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for (path, method, operation) in operations::all(document) {
            let (place, list) = match (operation.get("security"), document.get("/security")) {
                (Some(own), _) => {
                    let operation = pointer::join(&pointer::join("/paths", path), method);
                    (pointer::join(&operation, "security"), own)
                }
                (None, Some(all)) => ("/security".to_owned(), all),
                (None, None) => continue,
            };
            let name = format!("{} {path}", method.to_ascii_uppercase());
            match known.entry(list.to_string()) {
                Entry::Occupied(entry) => {
                    if let Some((.., operations)) = lists.get_mut(*entry.get()) {
                        operations.push(name);
                    }
                }
                Entry::Vacant(entry) => {
                    entry.insert(lists.len());
                    lists.push((place, list, vec![name]));
                }
            }
        }
        for (place, list, operations) in lists {
            let before = self.diagnostics.len();
            self.requirements(&place, list);
            let found = self.diagnostics.0.split_off(before);
            let found = found.into_iter();
            self.diagnostics
                .extend(found.map(|diagnostic| diagnostic.operations(&operations)));
        }
    }

    /// Looks at a list of alternatives.
    fn requirements(&mut self, pointer: &str, list: &'a Value) {
        let Some(list) = list.as_array() else {
            return;
        };
        let alternatives: Vec<&Object> = list.iter().filter_map(Value::as_object).collect();
        for (index, alternative) in alternatives.iter().enumerate() {
            for name in alternative.keys() {
                if self.scheme(name).is_none() {
                    let place = pointer::join(&pointer::item(pointer, index), name);
                    let message = format!("the security scheme `{name}` is not defined");
                    self.report(&rules::SCHEME_UNDEFINED, place, message);
                }
            }
        }
        if alternatives.iter().all(|alternative| alternative.is_empty()) {
            self.report(
                &rules::NEEDLESS_TOKEN,
                pointer,
                "no authentication is wanted here, and the token is sent all the same",
            );
        } else if !alternatives.iter().any(|alternative| self.is_met(alternative)) {
            let wanted: Vec<String> = alternatives
                .iter()
                .map(|alternative| {
                    let names: Vec<String> = alternative.keys().map(|name| format!("`{name}`")).collect();
                    names.join(" with ")
                })
                .collect();
            let message = format!("{} is wanted, not a bearer token alone", wanted.join(" or "));
            self.report(&rules::SECURITY_SCHEME, pointer, message);
        }
    }

    /// Whether a bearer token is all that an alternative asks for. Of a scheme that is not defined nothing is known.
    fn is_met(&self, alternative: &Object) -> bool {
        alternative
            .keys()
            .all(|name| self.scheme(name).is_none_or(takes_bearer))
    }

    fn scheme(&self, name: &str) -> Option<&'a Object> {
        let place = pointer::join("/components/securitySchemes", name);
        let scheme = self.object(&place)?;
        let (_, scheme) = self.resolve(Kind::SecurityScheme, &place, scheme)?;
        Some(scheme)
    }
}

/// Whether a scheme is met by a bearer token in the header `Authorization`.
fn takes_bearer(scheme: &Object) -> bool {
    let is = |key: &str, wanted: &str| {
        let text = scheme.get(key).and_then(Value::as_str);
        text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    is("type", "oauth2")
        || is("type", "openIdConnect")
        || is("type", "http") && is("scheme", "bearer")
        // Swagger 2.0 has no other way to say it.
        || is("type", "apiKey") && is("in", "header") && is("name", "Authorization")
}
