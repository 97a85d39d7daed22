//! Checks references: their targets, the keys beside them, and cycles.

use std::collections::HashSet;

use super::{
    linter::{COMPOSITIONS, Linter, Object},
    rules::{self, LintRule},
};
use crate::json::Json as _;
use funnelflux_openapi::{
    openapi_model::{ANNOTATIONS, ObjectKind},
    pointer::Pointer,
    references::{self, References},
};

impl Linter<'_> {
    pub(super) fn reference(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Object) {
        if let Some(target) = object.text("$ref")
            && let Some((rule, message)) = self.problem(kind, pointer, target)
        {
            self.report_member(rule, pointer, "$ref", message);
        }
        let is_sibling = |key: &&String| *key != "$ref" && !key.starts_with("x-");
        for key in object.keys().filter(is_sibling) {
            let (rule, message) = if ANNOTATIONS.contains(&key.as_str()) {
                (
                    &rules::REFERENCE_DOCUMENTATION,
                    format!("`{key}` is ignored beside `$ref`"),
                )
            } else if key == "nullable" && kind == ObjectKind::Schema {
                let message = "the client allows null, although OpenAPI 3.0 ignores `nullable` beside `$ref`";
                (&rules::REFERENCE_NULLABLE, message.to_owned())
            } else {
                (
                    &rules::REFERENCE_SIBLINGS,
                    format!("`{key}` is ignored beside `$ref`"),
                )
            };
            self.report_member(rule, pointer, key, message);
        }
    }

    fn problem(
        &self,
        kind: ObjectKind,
        pointer: &Pointer,
        target: &str,
    ) -> Option<(&'static LintRule, String)> {
        let Some(inside) = target.strip_prefix('#') else {
            let message = format!("`{target}` is in another file");
            return Some((&rules::EXTERNAL_REFERENCE, message));
        };
        if references::follow(self.document.value(), target).is_none() {
            let message = format!("`{target}` is not in the document");
            return Some((&rules::DANGLING_REFERENCE, message));
        }
        if let Some(section) = kind.section() {
            let section = format!("/components/{section}/");
            let name = inside.strip_prefix(&section).unwrap_or_default();
            let is_in_section = !name.is_empty() && !name.contains('/');
            let message = || {
                let noun = kind.name();
                format!("`{target}` is not in `#{section}`, which must hold the target of {noun}")
            };
            return (!is_in_section).then(|| (&rules::REFERENCE_PLACE, message()));
        }
        if kind == ObjectKind::Operation {
            return Some((&rules::STRUCTURE, "an operation cannot be a reference".to_owned()));
        }
        // A path item of a callback is not generated, so it may be a reference.
        let is_path = pointer.count() == 2 && pointer.front().is_some_and(|token| token.encoded() == "paths");
        let message = "the reference of a path item is resolved before overlays apply, not after";
        (kind == ObjectKind::PathItem && is_path).then(|| (&rules::PATH_REFERENCE, message.to_owned()))
    }

    /// Reports components that refer to themselves, directly or through compositions.
    pub(super) fn cycles(&mut self, references: &References<'_>) {
        for section in ["schemas", "responses", "parameters", "requestBodies", "headers"] {
            let section = Pointer::from_static("/components").with_trailing_token(section);
            for name in self.object(&section).into_iter().flat_map(Object::keys) {
                let component = section.with_trailing_token(name);
                if leads_to_itself(references, &component) {
                    let message = format!("`{name}` contains itself without a property or item between");
                    self.report(&rules::REFERENCE_CYCLE, &component, message);
                }
            }
        }
    }
}

/// Returns true if a component refers to itself, directly or through compositions.
fn leads_to_itself(references: &References<'_>, component: &Pointer) -> bool {
    let is_index = |key: &str| key.parse::<usize>().is_ok();
    let is_composition = |part: &Pointer| {
        let mut keys = part.tokens();
        keys.all(|key| COMPOSITIONS.contains(&key.encoded()) || is_index(key.encoded()))
    };
    let mut seen = HashSet::new();
    let mut open = vec![component];
    while let Some(place) = open.pop() {
        let parts = references.within(place).iter();
        let parts = parts.filter(|part| part.pointer.strip_prefix(place).is_some_and(is_composition));
        for target in parts.filter_map(|part| references.target(part)) {
            if *target.pointer == *component {
                return true;
            }
            if seen.insert(&target.pointer) {
                open.push(&target.pointer);
            }
        }
    }
    false
}
