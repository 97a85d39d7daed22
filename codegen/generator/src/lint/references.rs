//! References: where they lead, what stands next to them, and whether they go round in circles.

use std::collections::HashSet;

use serde_json::Value;

use super::{Lint, Object, rules};
use funnelflux_openapi::{
    openapi_model::Kind,
    pointer::{self, Pointer, PointerBuf, Token},
    references::{References, follow},
};

/// Keys next to a `$ref` that change no type.
const REMARKS: &[&str] = &[
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "default",
    "externalDocs",
    "deprecated",
    "readOnly",
    "writeOnly",
    "xml",
];

impl Lint<'_> {
    pub(super) fn reference(&mut self, kind: Kind, pointer: &str, object: &Object) {
        let Some(target) = object.get("$ref").and_then(Value::as_str) else {
            return;
        };
        let place = pointer::join(pointer, "$ref");
        if let Some(inside) = target.strip_prefix('#') {
            let section = kind.section().map(|section| format!("/components/{section}/"));
            let component = section
                .as_ref()
                .and_then(|section| inside.strip_prefix(section.as_str()));
            let fits = component.is_some_and(|name| !name.is_empty() && !name.contains(['/', '~', '%']));
            if follow(self.document.value(), target).is_none() {
                let message = format!("`{target}` is not in the document");
                self.report(&rules::DANGLING_REFERENCE, place, message);
            } else if let Some(section) = section.filter(|_| !fits) {
                let message = format!(
                    "`{target}` is not in `#{section}`, where {} can be referred to",
                    kind.name()
                );
                self.report(&rules::REFERENCE_PLACE, place, message);
            } else if kind == Kind::PathItem && !in_callback(pointer) {
                let message =
                    "the reference of a path item is followed before overlays apply, not here".to_owned();
                self.report(&rules::PATH_REFERENCE, place, message);
            }
        } else {
            let message = format!("`{target}` is in another file");
            self.report(&rules::EXTERNAL_REFERENCE, place, message);
        }
        let siblings = object
            .keys()
            .filter(|key| *key != "$ref" && !key.starts_with("x-"));
        for key in siblings {
            let (rule, message) = if REMARKS.contains(&key.as_str()) {
                (&rules::REFERENCE_DOCUMENTATION, "is not used")
            } else {
                (&rules::REFERENCE_SIBLINGS, "means nothing")
            };
            let message = format!("`{key}` {message} next to `$ref`");
            self.report(rule, pointer::join(pointer, key), message);
        }
    }

    /// Reports components that are defined by themselves.
    pub(super) fn cycles(&mut self, references: &References<'_>) {
        const KINDS: [Kind; 5] = [
            Kind::Schema,
            Kind::Response,
            Kind::Parameter,
            Kind::RequestBody,
            Kind::Header,
        ];
        for section in KINDS.into_iter().filter_map(Kind::section) {
            let section = PointerBuf::from_tokens(["components", section]);
            for name in self.object(section.as_str()).into_iter().flat_map(Object::keys) {
                let place = section.with_trailing_token(name);
                if reaches_itself(references, &place) {
                    let message =
                        format!("`{name}` is defined by itself, without a property or item in between");
                    self.report(&rules::REFERENCE_CYCLE, place, message);
                }
            }
        }
    }
}

/// Whether a path item is one of a callback, which is not generated, so that it may be a reference.
fn in_callback(pointer: &str) -> bool {
    pointer
        .strip_prefix("/paths/")
        .is_none_or(|rest| rest.contains('/'))
}

/// Lists the targets that define the value at `place`: those of its own `$ref`, and of the parts and alternatives that
/// it is composed of.
fn defining<'r>(references: &'r References<'_>, place: &Pointer) -> Vec<&'r Pointer> {
    let is_composition = |token: Token<'_>| matches!(token.encoded(), "allOf" | "oneOf" | "anyOf");
    let within = references.within(place).iter().filter(|reference| {
        let inner = reference.pointer.strip_prefix(place);
        inner.is_some_and(|inner| inner.tokens().step_by(2).all(is_composition))
    });
    let targets = within.filter_map(|reference| references.target(reference));
    targets.map(|target| &*target.pointer).collect()
}

fn reaches_itself(references: &References<'_>, place: &Pointer) -> bool {
    let mut seen = HashSet::new();
    let mut open = defining(references, place);
    while let Some(next) = open.pop() {
        if next == place {
            return true;
        }
        if seen.insert(next) {
            open.extend(defining(references, next));
        }
    }
    false
}
