//! Places in a document: a value, its JSON pointer, and an identity that survives reordering.

use serde_json::Value;

use funnelflux_openapi::pointer::join;

/// A value together with where it is.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub value: &'a Value,
    /// JSON pointer, RFC 6901.
    pub pointer: String,
    /// The pointer with array positions replaced by what the entry is called, so that it stays the same when entries move.
    pub identity: String,
}

impl<'a> Node<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            value,
            pointer: String::new(),
            identity: String::new(),
        }
    }

    /// A value at a place that no list leads to, so that the pointer is the identity.
    pub(super) fn at(value: &'a Value, pointer: String) -> Self {
        Self {
            value,
            identity: pointer.clone(),
            pointer,
        }
    }

    /// The member `key` of an object.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key)?;
        Some(Self {
            value,
            pointer: join(&self.pointer, key),
            identity: join(&self.identity, key),
        })
    }

    /// All entries of an array, named by `name`.
    pub(super) fn entries(&self, name: impl Fn(&'a Value) -> String) -> Vec<Self> {
        let Some(entries) = self.value.as_array() else {
            return Vec::new();
        };
        entries
            .iter()
            .enumerate()
            .map(|(index, value)| Self {
                value,
                pointer: join(&self.pointer, &index.to_string()),
                identity: join(&self.identity, &name(value)),
            })
            .collect()
    }

    /// All members of an object.
    pub(super) fn members(&self) -> Vec<(&'a str, Self)> {
        let Some(members) = self.value.as_object() else {
            return Vec::new();
        };
        members
            .iter()
            .map(|(key, value)| {
                let node = Self {
                    value,
                    pointer: join(&self.pointer, key),
                    identity: join(&self.identity, key),
                };
                (key.as_str(), node)
            })
            .collect()
    }

    pub(super) fn str(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// Whether `inner` is `outer` or lies below it.
pub(super) fn is_within(inner: &str, outer: &str) -> bool {
    inner
        .strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The value in a form that does not depend on the order of keys.
pub(super) fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(key, _)| *key);
            let members: Vec<String> = members
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(canonical).collect();
            format!("[{}]", entries.join(","))
        }
        scalar => scalar.to_string(),
    }
}
