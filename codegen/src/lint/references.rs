//! References: where they lead, what stands next to them, and whether they go round in circles.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::{Lint, Object, rules};
use crate::{
    pointer,
    shape::{Kind, is_reference},
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
            let section = kind
                .section()
                .map(|section| format!("/components/{section}/"));
            let component = section
                .as_ref()
                .and_then(|section| inside.strip_prefix(section.as_str()));
            let fits =
                component.is_some_and(|name| !name.is_empty() && !name.contains(['/', '~', '%']));
            if self.document.get(inside).is_none() {
                let message = format!("`{target}` is not in the document");
                self.report(&rules::DANGLING_REFERENCE, place, message);
            } else if !fits {
                let message = match section {
                    Some(section) => format!(
                        "`{target}` is not in `#{section}`, where {} can be referred to",
                        kind.name()
                    ),
                    None => format!("{} cannot be referred to", kind.name()),
                };
                self.report(&rules::REFERENCE_PLACE, place, message);
            }
        } else {
            let message = format!("`{target}` is in another file");
            self.report(&rules::EXTERNAL_REFERENCE, place, message);
        }
        let siblings = |remark: bool| {
            let keys: Vec<String> = object
                .keys()
                .filter(|key| {
                    *key != "$ref"
                        && !key.starts_with("x-")
                        && REMARKS.contains(&key.as_str()) == remark
                })
                .map(|key| format!("`{key}`"))
                .collect();
            keys.join(", ")
        };
        let (remarks, others) = (siblings(true), siblings(false));
        if !others.is_empty() {
            self.report(
                &rules::REFERENCE_SIBLINGS,
                pointer,
                format!("next to `$ref` means nothing: {others}"),
            );
        }
        if !remarks.is_empty() {
            self.report(
                &rules::REFERENCE_DOCUMENTATION,
                pointer,
                format!("next to `$ref` is not used: {remarks}"),
            );
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
                    let message = format!(
                        "`{name}` is defined by itself, without a property or item in between"
                    );
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

impl Lint<'_> {
    /// Schemas that the generator would merge into themselves.
    pub(super) fn recursive_merges(&mut self) {
        let Some(schemas) = self.object("/components/schemas") else {
            return;
        };
        let edges: HashMap<&str, Vec<&str>> = schemas
            .iter()
            .map(|(name, schema)| {
                let mut targets = Vec::new();
                match merged_parts(schema, schemas) {
                    Some(parts) => {
                        for part in parts {
                            let properties = part.get("properties").and_then(Value::as_object);
                            for property in properties.into_iter().flat_map(Object::values) {
                                alternatives(property, &mut targets);
                            }
                        }
                    }
                    // What is no merge goes on only where it is but another name, or one of several.
                    None => alternatives(schema, &mut targets),
                }
                (name.as_str(), targets)
            })
            .collect();
        for (name, schema) in schemas {
            if merged_parts(schema, schemas).is_some() && reaches_itself(name, &edges) {
                self.report(
                    &rules::RECURSIVE_ALL_OF,
                    pointer::join("/components/schemas", name),
                    format!("`{name}` is put together by `allOf` and has a property that is `{name}` again"),
                );
            }
        }
    }
}

impl Lint<'_> {
    /// Alternatives with fields beside them, which the generator merges into each: without end where both go on for ever.
    pub(super) fn recursive_alternatives(&mut self) {
        let endless = match self.object("/components/schemas") {
            Some(schemas) => endless(schemas),
            None => return,
        };
        let mut places = Vec::new();
        search(self.document.value(), "", &endless, &mut places);
        for place in places {
            self.report(
                &rules::RECURSIVE_ALL_OF,
                place,
                "the alternatives and the fields beside them both hold a schema that holds itself",
            );
        }
    }
}

/// The pointers of components that hold themselves, or hold one that does.
fn endless(schemas: &Object) -> HashSet<String> {
    let edges: HashMap<&str, Vec<&str>> = schemas
        .iter()
        .map(|(name, schema)| {
            let mut targets = Vec::new();
            collect(schema, &mut targets);
            let names = targets
                .into_iter()
                .filter_map(|target| target.strip_prefix("/components/schemas/"));
            (name.as_str(), names.collect())
        })
        .collect();
    let mut endless: HashSet<&str> = edges
        .keys()
        .copied()
        .filter(|name| reaches_itself(name, &edges))
        .collect();
    loop {
        let before = endless.len();
        let more = edges.iter().filter(|(_, targets)| {
            let mut targets = targets.iter();
            targets.any(|target| endless.contains(target))
        });
        let more: Vec<&str> = more.map(|(name, _)| *name).collect();
        endless.extend(more);
        if endless.len() == before {
            break;
        }
    }
    endless
        .into_iter()
        .map(|name| pointer::join("/components/schemas", name))
        .collect()
}

/// Every place with alternatives and fields beside them of which both are endless.
fn search(value: &Value, at: &str, endless: &HashSet<String>, places: &mut Vec<String>) {
    let is_endless = |keys: [&str; 2]| {
        let mut targets = Vec::new();
        for part in keys.iter().filter_map(|key| value.get(*key)) {
            collect(part, &mut targets);
        }
        targets.into_iter().any(|target| endless.contains(target))
    };
    let members: Vec<(String, &Value)> = match value {
        Value::Object(object) => {
            if is_endless(["oneOf", "anyOf"]) && is_endless(["properties", "additionalProperties"])
            {
                places.push(at.to_owned());
            }
            let members = object.iter();
            members.map(|(key, value)| (key.clone(), value)).collect()
        }
        Value::Array(array) => {
            let items = array.iter().enumerate();
            items
                .map(|(index, value)| (index.to_string(), value))
                .collect()
        }
        _ => return,
    };
    for (key, member) in members {
        let place = pointer::join(at, &key);
        search(member, &place, endless, places);
    }
}

/// All that `allOf` puts together, if it is more than one thing.
fn merged_parts<'a>(schema: &'a Value, schemas: &'a Object) -> Option<Vec<&'a Object>> {
    let mut seen = HashSet::new();
    let mut parts = Vec::new();
    let mut open = vec![schema];
    while let Some(object) = open.pop().and_then(Value::as_object) {
        if let Some(target) = object.get("$ref").and_then(Value::as_str) {
            if seen.insert(target) {
                open.extend(component(target).and_then(|name| schemas.get(name)));
            }
            continue;
        }
        open.extend(
            object
                .get("allOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten(),
        );
        // A wrapper with nothing but a remark adds nothing.
        if [
            "type",
            "properties",
            "additionalProperties",
            "required",
            "oneOf",
            "anyOf",
        ]
        .iter()
        .any(|key| object.contains_key(*key))
        {
            parts.push(object);
        }
    }
    let is_merge = schema.get("allOf").is_some() && parts.len() > 1;
    is_merge.then_some(parts)
}

/// The components that a value may be: by `$ref`, or as part or variant.
fn alternatives<'a>(schema: &'a Value, targets: &mut Vec<&'a str>) {
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        targets.extend(
            schema
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(component),
        );
        for key in ["allOf", "oneOf", "anyOf"] {
            open.extend(
                schema
                    .get(key)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten(),
            );
        }
    }
}

fn component(target: &str) -> Option<&str> {
    target.strip_prefix("#/components/schemas/")
}

/// What a value refers to by being it: its own `$ref` and those in its `allOf`.
fn direct<'a>(kind: Kind, value: &'a Value, targets: &mut Vec<&'a str>) {
    let Some(object) = value.as_object() else {
        return;
    };
    if is_reference(kind, object) {
        targets.extend(object.get("$ref").and_then(Value::as_str));
    } else if let Some(parts) = object
        .get("allOf")
        .and_then(Value::as_array)
        .filter(|_| kind == Kind::Schema)
    {
        for part in parts {
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

/// The pointers that all `$ref`s in a value hold.
pub(super) fn collect<'a>(value: &'a Value, targets: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(target) if key == "$ref" => {
                        targets.extend(target.strip_prefix('#'));
                    }
                    _ => collect(value, targets),
                }
            }
        }
        Value::Array(array) => {
            for value in array {
                collect(value, targets);
            }
        }
        _ => {}
    }
}
