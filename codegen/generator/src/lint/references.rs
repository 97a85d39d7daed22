//! References: where they lead, what stands next to them, and whether they go round in circles.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Lint, Object, rules};
use funnelflux_openapi::{
    openapi_model::{Kind, is_reference},
    pointer,
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
            if pointer::follow(self.document.value(), target).is_none() {
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

    /// Components that are themselves, in the end.
    pub(super) fn cycles(&mut self) {
        let Some(components) = self.object("/components") else {
            return;
        };
        for (section, members) in components {
            let Some(members) = members.as_object() else {
                continue;
            };
            let kind = [
                Kind::Schema,
                Kind::Response,
                Kind::Parameter,
                Kind::RequestBody,
                Kind::Header,
            ]
            .into_iter()
            .find(|kind| kind.section() == Some(section));
            let Some(kind) = kind else { continue };
            let prefix = format!("#/components/{section}/");
            let edges: HashMap<&str, Vec<&str>> = members
                .iter()
                .map(|(name, member)| {
                    let mut targets = Vec::new();
                    direct(kind, member, &mut targets);
                    let names = targets
                        .iter()
                        .filter_map(|target| target.strip_prefix(prefix.as_str()))
                        .collect();
                    (name.as_str(), names)
                })
                .collect();
            for name in members.keys() {
                if reaches_itself(name, &edges) {
                    let message =
                        format!("`{name}` is defined by itself, without a property or item in between");
                    self.report(
                        &rules::REFERENCE_CYCLE,
                        pointer::join(&format!("/components/{section}"), name),
                        message,
                    );
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

/// What a value refers to by being it: its own `$ref`, those in its `allOf`, and those of which it may be one.
fn direct<'a>(kind: Kind, value: &'a Value, targets: &mut Vec<&'a str>) {
    let Some(object) = value.as_object() else {
        return;
    };
    if is_reference(kind, object) {
        targets.extend(object.get("$ref").and_then(Value::as_str));
    } else if kind == Kind::Schema {
        let parts = ["allOf", "oneOf", "anyOf"]
            .iter()
            .filter_map(|key| object.get(*key)?.as_array());
        for part in parts.flatten() {
            direct(kind, part, targets);
        }
    }
}

fn reaches_itself(name: &str, edges: &HashMap<&str, Vec<&str>>) -> bool {
    let mut seen = HashSet::new();
    let mut open: Vec<&str> = edges.get(name).cloned().unwrap_or_default();
    while let Some(next) = open.pop() {
        if next == name {
            return true;
        }
        if seen.insert(next) {
            open.extend(edges.get(next).into_iter().flatten());
        }
    }
    false
}
