//! Repairs members that violate the specification in a way that does not affect the client. Without the
//! repair, the document or an operation would be rejected. Each repair is reported.
//!
//! | written | read as |
//! |---|---|
//! | a number or boolean where a string is expected | its text |
//! | a string where a list of strings is expected | a list of this string |
//! | a string in place of an object that needs only one string, such as a tag | an object with this string |
//! | `"true"`, or a type such as `String` | `true`, `string` |
//! | null where a list, an object, a string, a number or a boolean is expected | absent |
//! | another value of a wrong type, in a member that affects only documentation | absent |
//! | an object that lacks the string that identifies it, such as a server without URL | absent |
//! | a missing required text that matters only to human readers, such as the title | an empty text |

use serde_json::{Map, Value, json};

use super::context::{Context, Part};
use crate::{
    diagnostic::Severity,
    openapi_model::{
        FieldType::{self, Flag, List, Map as MapOf, One, Text, Texts},
        ObjectKind, is_reference, walk_mut,
    },
    text::kind as kind_of,
};

/// Code of the diagnostics.
const CODE: &str = "lenient";

/// Keywords whose values are fixed words in lower case.
const WORDS: [(&str, &[&str]); 2] = [
    (
        "type",
        &["string", "number", "integer", "boolean", "array", "object"],
    ),
    ("in", &["query", "header", "path", "cookie"]),
];

/// Repairs all members of a document that has the form of `OpenAPI` 3.0.
pub(super) fn repair(document: &mut Value, context: &mut Context) {
    walk_mut(document, &mut |kind, pointer, object| {
        if !is_reference(kind, object) {
            let part = Part {
                context,
                pointer,
                object,
            };
            Members { kind, part }.repair();
        }
    });
}

/// The members of an object, and the kind of the object.
struct Members<'a> {
    kind: ObjectKind,
    part: Part<'a>,
}

/// Removes keywords whose value is null. Some programs write null for a keyword that is not set; Go programs
/// write it for an empty list. Keeps a keyword that may be null, and an unknown keyword. `is_other` returns
/// true for further known keywords that cannot be null, such as keywords of `OpenAPI` 3.1.
pub(super) fn remove_null_keywords(kind: ObjectKind, part: &mut Part<'_>, is_other: impl Fn(&str) -> bool) {
    // If the kind has no table of keys, its keys are names, such as paths and statuses.
    if kind.keys().next().is_none() || is_reference(kind, part) {
        return;
    }
    let nulls = part.iter().filter(|(_, value)| value.is_null());
    let absent = nulls.filter(|(key, value)| {
        let expected = kind.member(key);
        // Keywords that may have the value null, such as `default`, are kept.
        expected.is_some_and(|expected| expected.misfit(value).is_some()) || is_other(key)
    });
    for key in absent.map(|(key, _)| key.clone()).collect::<Vec<String>>() {
        part.shift_remove(&key);
        let message = format!("`{key}` is null: it is ignored");
        part.report(Severity::Notice, CODE, &key, message, FIX);
    }
}

impl Members<'_> {
    fn repair(&mut self) {
        remove_null_keywords(self.kind, &mut self.part, |_| false);
        let members = self.part.iter().filter_map(|(key, value)| {
            let expected = self.kind.member(key)?;
            is_suspicious(expected, key, value).then(|| (key.clone(), expected))
        });
        for (key, expected) in members.collect::<Vec<_>>() {
            self.repair_items(&key, expected);
            self.repair_member(&key, expected);
        }
        for key in self.kind.required() {
            if !self.part.contains_key(*key)
                && let Some(value) = empty(self.kind, key)
            {
                self.part.set(key, value);
                let message = format!("{} needs `{key}`: it is read as empty", self.kind.name());
                self.report(Severity::Notice, key, message);
            }
        }
    }

    /// Repairs or removes the objects in a list or map of objects.
    fn repair_items(&mut self, key: &str, expected: FieldType) {
        let Part {
            context,
            pointer,
            object,
        } = &mut self.part;
        let at = pointer.with_trailing_token(key);
        let (items, of): (Vec<(String, &mut Value)>, ObjectKind) = match (expected, object.get_mut(key)) {
            (List(of), Some(Value::Array(items))) => {
                let items = items.iter_mut().enumerate();
                (items.map(|(index, item)| (index.to_string(), item)).collect(), of)
            }
            (MapOf(of), Some(Value::Object(items))) => {
                let items = items.iter_mut();
                (items.map(|(key, item)| (key.clone(), item)).collect(), of)
            }
            _ => return,
        };
        let mut removed = Vec::new();
        for (token, item) in items {
            let place = at.with_trailing_token(token.as_str());
            if let Some(object) = written_out(of, item) {
                *item = object;
                let message = format!("expected {}, found a string: it is read as one", of.name());
                context.report(Severity::Notice, CODE, &place, message, FIX);
            } else if let Some(missing) = unidentified(of, item) {
                let message = format!("{} needs `{missing}`: it is ignored", of.name());
                context.report(Severity::Warning, CODE, &place, message, FIX);
                removed.push(token);
            }
        }
        for token in removed.into_iter().rev() {
            match object.get_mut(key) {
                Some(Value::Array(items)) => {
                    if let Ok(index) = token.parse::<usize>()
                        && index < items.len()
                    {
                        context.provenance.remove_item(&at, index, items.len());
                        items.remove(index);
                    }
                }
                Some(Value::Object(items)) => {
                    items.shift_remove(&token);
                }
                _ => {}
            }
        }
    }

    fn repair_member(&mut self, key: &str, expected: FieldType) {
        let Some(value) = self.part.get(key) else { return };
        let found = match value {
            Value::String(text) => format!("the string `{text}`"),
            value => kind_of(value).to_owned(),
        };
        let (severity, value, effect) = match repaired(self.kind, expected, key, value) {
            Some(value) => {
                let effect = match &value {
                    Value::String(text) => format!("it is read as `{text}`"),
                    Value::Array(_) => "it is read as a list".to_owned(),
                    value => format!("it is read as `{value}`"),
                };
                (Severity::Notice, Some(value), effect)
            }
            None if !is_documentation(self.kind, key) => return,
            None if expected.misfit(value).is_some() => (Severity::Warning, None, "it is ignored".to_owned()),
            None => match expected {
                One(of) if unidentified(of, value).is_some() => {
                    let effect = format!("{} needs more: it is ignored", of.name());
                    (Severity::Warning, None, effect)
                }
                _ => return,
            },
        };
        let message = format!("`{key}` is {found}: {effect}");
        match value {
            Some(value) => self.part.insert(key.to_owned(), value),
            None => self.part.shift_remove(key),
        };
        self.report(severity, key, message);
    }

    fn report(&mut self, severity: Severity, key: &str, message: String) {
        self.part.report(severity, CODE, key, message, FIX);
    }
}

const FIX: &str = "nothing to do; an overlay can correct it";

/// Checks whether a member may need a repair. The check must be cheap, because most members need no repair.
fn is_suspicious(expected: FieldType, key: &str, value: &Value) -> bool {
    expected.misfit(value).is_some()
        || match expected {
            Text => WORDS.iter().any(|(word, _)| *word == key),
            List(of) | MapOf(of) | One(of) => needed_text(of).is_some(),
            _ => false,
        }
}

/// Returns a value in the expected form. Returns `None` if the value already has this form, or cannot be
/// converted to it.
fn repaired(kind: ObjectKind, expected: FieldType, key: &str, value: &Value) -> Option<Value> {
    let text = |value: &Value| match value {
        Value::Number(_) | Value::Bool(_) => Some(Value::String(value.to_string())),
        Value::String(_) => Some(value.clone()),
        _ => None,
    };
    match (expected, value) {
        (Text, Value::String(written)) => {
            let (_, words) = WORDS.iter().find(|(word, _)| *word == key)?;
            let lower = written.to_ascii_lowercase();
            (lower != *written && words.contains(&&*lower)).then(|| lower.into())
        }
        (Text, value) => text(value),
        (Texts, Value::Array(items)) if items.iter().any(|item| !item.is_string()) => items
            .iter()
            .map(text)
            .collect::<Option<Vec<Value>>>()
            .map(Value::Array),
        (Texts, Value::Array(_)) => None,
        // Null stands for an empty list of scopes. If it were removed, the requirement would lose its
        // security scheme.
        (Texts, Value::Null) if kind == ObjectKind::SecurityRequirement => Some(json!([])),
        (Texts, value) => Some(json!([text(value)?])),
        (Flag, Value::String(written)) => written.parse::<bool>().ok().map(Value::Bool),
        (One(of), value) => written_out(of, value),
        _ => None,
    }
}

/// Returns the object that a string stands for, such as `{"name": "a"}` for the tag `"a"`. Returns `None` if
/// an object of this kind has no single required string.
fn written_out(kind: ObjectKind, value: &Value) -> Option<Value> {
    let key = needed_text(kind)?;
    let text = value.as_str()?;
    Some(Value::Object(Map::from_iter([(key.to_owned(), text.into())])))
}

/// Returns the key of the member that identifies objects of this kind, but only if the object lacks the
/// member.
fn unidentified(kind: ObjectKind, value: &Value) -> Option<&'static str> {
    let key = needed_text(kind).filter(|_| kind != ObjectKind::Response)?;
    let object = value.as_object()?;
    let is_missing = object.get(key).is_none_or(Value::is_null);
    (is_missing && !is_reference(kind, object)).then_some(key)
}

/// Returns the key of the only required member of objects of this kind. Returns `None` if they have no or
/// several required members, or if the required member is not a string or affects types.
fn needed_text(kind: ObjectKind) -> Option<&'static str> {
    match kind.required() {
        [key @ ("name" | "url" | "default" | "description")] => Some(key),
        _ => None,
    }
}

/// Returns an empty value for a required member that matters only to human readers, such as the title.
/// Returns `None` for any other member.
fn empty(kind: ObjectKind, key: &str) -> Option<Value> {
    match (kind, key) {
        (ObjectKind::Document, "info") => Some(json!({})),
        (ObjectKind::Info, _) | (ObjectKind::Response, "description") => Some("".into()),
        _ => None,
    }
}

/// Checks whether a member affects only documentation, not the code of the client.
fn is_documentation(kind: ObjectKind, key: &str) -> bool {
    const KEYS: [&str; 10] = [
        "title",
        "summary",
        "description",
        "externalDocs",
        "deprecated",
        "operationId",
        "tags",
        "example",
        "examples",
        "xml",
    ];
    use ObjectKind::{Contact, Document, Example, ExternalDocumentation, Info, License, Tag, Xml};
    matches!(
        kind,
        Info | Contact | License | Tag | ExternalDocumentation | Example | Xml
    ) || KEYS.contains(&key)
        || kind == Document && matches!(key, "info" | "servers")
}

#[cfg(test)]
mod tests;
