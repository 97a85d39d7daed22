//! References: their targets, their sibling keys, and cycles.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    linter::{COMPOSITIONS, Linter, Object},
    rules,
};
use funnelflux_openapi::{
    openapi_model::{ANNOTATIONS, ObjectKind},
    pointer::Pointer,
    references::{self, References},
};

impl Linter<'_> {
    pub(super) fn reference(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Object) {
        let Some(target) = object.get("$ref").and_then(Value::as_str) else {
            return;
        };
        if let Some((rule, message)) = self.problem(kind, pointer, target) {
            self.report(rule, pointer.with_trailing_token("$ref"), message);
        }
        let siblings = object
            .keys()
            .filter(|key| *key != "$ref" && !key.starts_with("x-"));
        for key in siblings {
            let rule = if ANNOTATIONS.contains(&key.as_str()) {
                &rules::REFERENCE_DOCUMENTATION
            } else {
                &rules::REFERENCE_SIBLINGS
            };
            let message = format!("`{key}` is ignored beside `$ref`");
            self.report(rule, pointer.with_trailing_token(key), message);
        }
    }

    fn problem(
        &self,
        kind: ObjectKind,
        pointer: &Pointer,
        target: &str,
    ) -> Option<(&'static rules::LintRule, String)> {
        let Some(inside) = target.strip_prefix('#') else {
            return Some((
                &rules::EXTERNAL_REFERENCE,
                format!("`{target}` is in another file"),
            ));
        };
        if references::follow(self.document.value(), target).is_none() {
            return Some((
                &rules::DANGLING_REFERENCE,
                format!("`{target}` is not in the document"),
            ));
        }
        if let Some(section) = kind.section() {
            let section = format!("/components/{section}/");
            let name = inside.strip_prefix(&section).unwrap_or_default();
            let fits = !name.is_empty() && !name.contains(['/', '~', '%']);
            let message = || {
                format!(
                    "`{target}` is not in `#{section}`, which must hold the target of {}",
                    kind.name()
                )
            };
            return (!fits).then(|| (&rules::REFERENCE_PLACE, message()));
        }
        if kind == ObjectKind::Operation {
            let message = "an operation cannot be a reference".to_owned();
            return Some((&rules::STRUCTURE, message));
        }
        // A path item of a callback is not generated, so it may be a reference.
        let is_path = pointer.count() == 2 && pointer.front().is_some_and(|token| token.encoded() == "paths");
        let message = "the reference of a path item is resolved before overlays apply, not after";
        (kind == ObjectKind::PathItem && is_path).then(|| (&rules::PATH_REFERENCE, message.to_owned()))
    }

    /// Reports components that refer back to themselves.
    pub(super) fn cycles(&mut self, references: &References<'_>) {
        let kinds = [
            ObjectKind::Schema,
            ObjectKind::Response,
            ObjectKind::Parameter,
            ObjectKind::RequestBody,
            ObjectKind::Header,
        ];
        for section in kinds.into_iter().filter_map(ObjectKind::section) {
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
    let is_composition = |part: &Pointer| {
        part.tokens()
            .all(|token| COMPOSITIONS.contains(&token.encoded()) || token.encoded().parse::<usize>().is_ok())
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
