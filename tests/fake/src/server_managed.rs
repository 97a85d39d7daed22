//! Properties that the service changes. They are stated by `x-server-managed` in tags and by `readOnly` in
//! schemas.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::schemas::{elements, text_of};

/// Placeholder for a stored secret (documented for middleware configs).
const PLACEHOLDER: &str = "********";

/// Property that the service changes.
#[derive(Debug, Clone)]
pub(crate) struct ServerManaged {
    /// JSON pointer to the property in the asset.
    property: String,
    behavior: Behavior,
}

/// Change that the service makes to a property.
#[derive(Debug, Clone)]
enum Behavior {
    /// The service keeps its own value, and ignores values in requests.
    ReadOnly,
    /// The service sets the property to the SHA-256 hash of the property at this pointer.
    Sha256Of(String),
    /// The service removes white space at the beginning and end of the value.
    Trimmed,
    /// The property is an older name of the property at this pointer.
    AliasOf(String),
    /// The service reduces larger values to this maximum.
    Capped(u64),
    /// The service shows a placeholder instead of the secret. In responses, the flag at this pointer is true
    /// if a secret is stored. In requests, the flag asks the service to keep the stored secret.
    Secret(String),
}

impl ServerManaged {
    /// Creates the behaviour of a property that a schema marks as read-only.
    pub(crate) fn read_only(property: String) -> Self {
        Self {
            property,
            behavior: Behavior::ReadOnly,
        }
    }

    /// Reads the list `x-server-managed` of a tag. Unknown behaviours are ignored.
    pub(crate) fn of_tag(tag: &Value) -> Vec<Self> {
        elements(tag, "x-server-managed")
            .filter_map(|entry| {
                let behavior = match entry.get("behavior")?.as_str()? {
                    "read-only" => match entry.get("sha256-of").and_then(Value::as_str) {
                        Some(source) => Behavior::Sha256Of(source.to_owned()),
                        None => Behavior::ReadOnly,
                    },
                    "trimmed" => Behavior::Trimmed,
                    "alias" => Behavior::AliasOf(text_of(entry, "of")),
                    "capped" => Behavior::Capped(entry.get("maximum")?.as_u64()?),
                    "secret" => Behavior::Secret(text_of(entry, "flag")),
                    _ => return None,
                };
                Some(Self {
                    property: text_of(entry, "property"),
                    behavior,
                })
            })
            .collect()
    }

    pub(crate) fn property(&self) -> &str {
        &self.property
    }

    /// Returns true if the property is an older name of `property`.
    pub(crate) fn is_alias_of(&self, property: &str) -> bool {
        matches!(&self.behavior, Behavior::AliasOf(other) if other == property)
    }

    /// Applies the change to an asset that is created, saved or duplicated. `before` is the previous body of
    /// the asset.
    pub(crate) fn apply(&self, before: Option<&Map<String, Value>>, body: &mut Map<String, Value>) {
        let property = self.property.as_str();
        let previous = |property: &str| before.and_then(|before| value_at(before, property));
        match &self.behavior {
            Behavior::ReadOnly => match previous(property).cloned() {
                Some(value) => set(body, property, value),
                None => remove(body, property),
            },
            Behavior::Sha256Of(source) => {
                let source = value_at(body, source).and_then(Value::as_str).unwrap_or_default();
                let hash = format!("{:x}", Sha256::digest(source.as_bytes()));
                set(body, property, Value::from(hash));
            }
            Behavior::Trimmed => {
                if let Some(text) = value_at(body, property).and_then(Value::as_str) {
                    let trimmed = Value::from(text.trim());
                    set(body, property, trimmed);
                }
            }
            Behavior::AliasOf(newer) => {
                let changed = |name: &str| {
                    let value = value_at(body, name)?;
                    (previous(name) != Some(value)).then(|| value.clone())
                };
                let value = changed(newer)
                    .or_else(|| changed(property))
                    .or_else(|| value_at(body, newer).cloned());
                if let Some(value) = value {
                    set(body, newer, value.clone());
                    set(body, property, value);
                }
            }
            Behavior::Capped(maximum) => {
                let value = value_at(body, property).and_then(Value::as_u64);
                if value.is_some_and(|value| value > *maximum) {
                    set(body, property, Value::from(*maximum));
                }
            }
            Behavior::Secret(flag) => {
                let keep = value_at(body, flag) == Some(&Value::Bool(true));
                let sent = value_at(body, property).and_then(Value::as_str);
                let sent = sent.filter(|secret| !secret.is_empty() && *secret != PLACEHOLDER);
                let stored = previous(property).and_then(Value::as_str).filter(|_| keep);
                let secret = sent.or(stored).map(str::to_owned);
                let is_stored = secret.is_some();
                match (secret, parent_of(body, property).is_some()) {
                    (Some(secret), true) => set(body, property, Value::from(secret)),
                    _ => remove(body, property),
                }
                if parent_of(body, flag).is_some() {
                    set(body, flag, Value::from(is_stored));
                }
            }
        }
    }

    /// Replaces a secret by the placeholder.
    pub(crate) fn mask(&self, body: &mut Map<String, Value>) {
        if matches!(self.behavior, Behavior::Secret(_)) && value_at(body, &self.property).is_some() {
            set(body, &self.property, Value::from(PLACEHOLDER));
        }
    }
}

/// Returns the unescaped tokens of a JSON pointer.
fn tokens(pointer: &str) -> impl Iterator<Item = String> {
    let tokens = pointer.split('/').skip(1);
    tokens.map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// Returns the value at a JSON pointer in an asset.
pub(crate) fn value_at<'a>(body: &'a Map<String, Value>, pointer: &str) -> Option<&'a Value> {
    let mut tokens = tokens(pointer);
    let first = body.get(&tokens.next()?)?;
    tokens.try_fold(first, |value, token| value.as_object()?.get(&token))
}

/// Returns the object that contains the property at a JSON pointer.
fn parent_of<'a>(body: &'a mut Map<String, Value>, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    let tokens: Vec<String> = tokens(pointer).collect();
    let (_, parents) = tokens.split_last()?;
    let mut object = body;
    for token in parents {
        object = object.get_mut(token)?.as_object_mut()?;
    }
    Some(object)
}

/// Sets the value at a JSON pointer, and adds missing objects on the way to it.
pub(crate) fn set(body: &mut Map<String, Value>, pointer: &str, value: Value) {
    let tokens: Vec<String> = tokens(pointer).collect();
    let Some((last, parents)) = tokens.split_last() else {
        return;
    };
    let mut object = body;
    for token in parents {
        let next = object
            .entry(token.clone())
            .or_insert_with(|| Value::Object(Map::new()))
            .as_object_mut();
        match next {
            Some(next) => object = next,
            None => return,
        }
    }
    object.insert(last.clone(), value);
}

fn remove(body: &mut Map<String, Value>, pointer: &str) {
    let last = tokens(pointer).last();
    if let (Some(object), Some(last)) = (parent_of(body, pointer), last) {
        object.remove(&last);
    }
}
