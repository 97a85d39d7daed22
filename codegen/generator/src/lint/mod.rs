//! Reports each construct that would make progenitor panic, choose a wrong type, or emit code that does not
//! compile. Constructs that the module `transform` repairs are not reported. The module `rules` lists all
//! lint rules.

mod linter;
mod names;
mod operations;
mod references;
mod rules;
mod schemas;
mod tags;

use std::collections::HashMap;

use crate::json::Json as _;
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document,
    openapi_model::{self, ANNOTATIONS, ObjectKind, Visitor},
    pointer::Pointer,
    references::{References, Usages},
};

pub(crate) use names::needs_name;
pub(crate) use operations::path_parameters;

use linter::{Linter, Object, is_near};

/// Reports the constructs of an effective document that the generator does not support.
pub fn lint(document: &Document) -> Diagnostics {
    let references = References::new(document.value());
    let mut linter = Linter::new(document);
    openapi_model::walk(document.value(), &mut linter);
    linter.operations();
    linter.tags();
    linter.names();
    linter.cycles(&references);
    let mut diagnostics = name_operations(linter.diagnostics, &references);
    diagnostics.sort_by(|left, right| left.location.cmp(&right.location));
    diagnostics
}

/// Reports only names that several types would share. This check is repeated after the stage `transform`,
/// because the rules of that stage create named schemas.
pub(crate) fn names(document: &Document) -> Diagnostics {
    let mut linter = Linter::new(document);
    linter.names();
    linter.diagnostics
}

/// Extends each diagnostic on a component with the operations that use this component.
fn name_operations(diagnostics: Diagnostics, references: &References<'_>) -> Diagnostics {
    let components = Pointer::from_static("/components");
    let is_in_component = |diagnostic: &Diagnostic| diagnostic.pointer.starts_with(components);
    if !diagnostics.iter().any(is_in_component) {
        return diagnostics;
    }
    let usages = Usages::new(references);
    // Many diagnostics may be about the same component, so its operations are looked up once.
    let mut known: HashMap<&Pointer, Vec<String>> = HashMap::new();
    let named = diagnostics.into_iter().map(|diagnostic| {
        let target = references.enclosing(&diagnostic.pointer);
        let Some(target) = target.filter(|_| is_in_component(&diagnostic)) else {
            return diagnostic;
        };
        let operations = known.entry(&target.pointer).or_insert_with(|| {
            let operations = usages.operations(&target.pointer);
            operations.iter().map(ToString::to_string).collect()
        });
        diagnostic.operations(operations)
    });
    named.collect()
}

impl Visitor for Linter<'_> {
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Object) {
        let has = |key: &str| object.contains_key(key);
        if kind == ObjectKind::Schema && object.is_true("x-nullable") && !object.is_true("nullable") {
            let message = "OpenAPI 3 has no `x-nullable`";
            self.report_member(&rules::X_NULLABLE, pointer, "x-nullable", message);
        }
        if openapi_model::is_reference(kind, object) {
            self.reference(kind, pointer, object);
            return;
        }
        if matches!(kind, ObjectKind::PathItem | ObjectKind::Operation) && has("servers") {
            let message = format!("{} has servers of its own, which are not used", kind.name());
            self.report_member(&rules::OWN_SERVERS, pointer, "servers", message);
        }
        match kind {
            ObjectKind::Schema => self.schema(pointer, object),
            ObjectKind::Parameter | ObjectKind::Header if !has("schema") && !has("content") => {
                let message = format!("{} needs `schema` or `content`", kind.name());
                self.report(&rules::STRUCTURE, pointer, message);
            }
            ObjectKind::Callback => {
                // The generator's parser reads an extension in a callback as a path item.
                let extensions = object.iter().filter(|(key, _)| key.starts_with("x-"));
                for (key, _) in extensions.filter(|(_, value)| !value.is_object()) {
                    let message = "an extension in a callback must be an object";
                    self.report_member(&rules::STRUCTURE, pointer, key, message);
                }
            }
            ObjectKind::Operation if has("callbacks") => {
                let message = "callbacks are not generated";
                self.report_member(&rules::CALLBACKS, pointer, "callbacks", message);
            }
            ObjectKind::Response if has("links") => {
                self.report_member(&rules::CALLBACKS, pointer, "links", "links are not generated");
            }
            _ => {}
        }
    }

    fn misfit(&mut self, pointer: &Pointer, message: String) {
        self.report(&rules::STRUCTURE, pointer, message);
    }

    fn unknown(&mut self, kind: ObjectKind, pointer: &Pointer, key: &str) {
        if kind == ObjectKind::Schema && key == "const" {
            self.report_member(&rules::CONST, pointer, key, "OpenAPI 3.0 has no `const`");
            return;
        }
        if kind == ObjectKind::Schema && key == "$dynamicRef" {
            let message = "OpenAPI 3.0 has no `$dynamicRef`";
            self.report_member(&rules::DYNAMIC_REFERENCE, pointer, key, message);
            return;
        }
        let message = format!("{} has no key `{key}`", kind.name());
        let near = kind.keys().find(|name| is_near(name, key));
        match near.filter(|near| !ANNOTATIONS.contains(near)) {
            // The key resembles no known key, or it resembles a key that does not affect types.
            None
            | Some(
                "termsOfService" | "contact" | "license" | "operationId" | "tags" | "url" | "email" | "name"
                | "$comment" | "links" | "callbacks",
            ) => self.report_member(&rules::UNKNOWN_KEYWORD, pointer, key, message),
            Some(near) => {
                let message = format!("{message}; did you mean `{near}`?");
                self.report_member(&rules::MISSPELT_KEYWORD, pointer, key, message);
            }
        }
    }
}

#[cfg(test)]
mod tests;
