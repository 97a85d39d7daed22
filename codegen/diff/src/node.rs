//! Nodes. A *node* is a value of a document with its JSON pointer, and with an identity that stays the same
//! when the entries of an array change their order.

use serde_json::{Map, Value};

use funnelflux_openapi::{
    openapi_model::matches_nothing,
    pointer::{Pointer, PointerBuf},
    references,
};

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node<'a> {
    pub value: &'a Value,
    pub pointer: PointerBuf,
    /// The pointer with the names of array entries in place of their positions, such as
    /// `/parameters/query:page` for `/parameters/0`.
    pub identity: PointerBuf,
}

impl<'a> Node<'a> {
    pub(crate) fn root(value: &'a Value) -> Self {
        Self::at(value, PointerBuf::new())
    }

    /// Checks whether the node is a schema with `"not": {}`. Such a schema allows no value, like `false` in
    /// `OpenAPI` 3.1.
    pub(crate) fn allows_nothing(&self) -> bool {
        self.value.as_object().is_some_and(matches_nothing)
    }

    /// Creates a node for a value that is not inside an array. The identity of the node is its pointer.
    pub(crate) fn at(value: &'a Value, pointer: PointerBuf) -> Self {
        Self {
            value,
            identity: pointer.clone(),
            pointer,
        }
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        Self {
            value,
            pointer: self.pointer.with_trailing_token(key),
            identity: self.identity.with_trailing_token(key),
        }
    }

    /// Returns the member `key` of an object.
    pub(crate) fn get(&self, key: &str) -> Option<Self> {
        Some(self.child(key, self.value.get(key)?))
    }

    /// Lists the entries of an array. `name` returns the last token of an entry's identity.
    pub(crate) fn entries(&self, name: impl Fn(&'a Value) -> String) -> Vec<Self> {
        let entries = self.value.as_array().into_iter().flatten().enumerate();
        let entries = entries.map(|(index, value)| Self {
            value,
            pointer: self.pointer.with_trailing_token(index),
            identity: self.identity.with_trailing_token(name(value)),
        });
        entries.collect()
    }

    /// Lists the keys of an object.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let members = self.value.as_object().into_iter();
        members.flat_map(Map::keys).map(String::as_str)
    }

    /// Lists the members of an object.
    pub(crate) fn members(&self) -> Vec<(&'a str, Self)> {
        let members = self.value.as_object().into_iter().flatten();
        let members = members.map(|(key, value)| (key.as_str(), self.child(key, value)));
        members.collect()
    }

    pub(crate) fn str(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    pub(crate) fn flag(&self, key: &str) -> bool {
        self.value.get(key).is_some_and(|value| value == true)
    }

    /// Checks whether the array `key` contains the text.
    pub(crate) fn lists(&self, key: &str, text: &str) -> bool {
        let entries = self.value.get(key).and_then(Value::as_array);
        entries.is_some_and(|entries| entries.iter().any(|entry| entry == text))
    }

    /// Follows the reference of the node, if any, then the reference of its target, and so on. Stops at a
    /// value without a reference, or at a reference that leads nowhere.
    pub(crate) fn resolve(&self, document: &'a Value) -> Self {
        let (pointer, value) = references::resolve(document, &self.pointer, self.value);
        if *pointer == *self.pointer {
            return self.clone();
        }
        Self::at(value, pointer.into_owned())
    }

    pub(crate) fn reference(&self) -> Option<&'a str> {
        self.str("$ref")
    }
}

/// Lists the pointer and its ancestors, up to the pointer to the whole document.
pub(crate) fn ancestors(pointer: &Pointer) -> impl Iterator<Item = &Pointer> {
    std::iter::successors(Some(pointer), |pointer| pointer.parent())
}

/// Writes a value as text that depends neither on the order of keys nor on the notation of numbers.
pub(crate) fn canonical(value: &Value) -> String {
    jsonschema::canonical::json::to_string(value).unwrap_or_else(|_| value.to_string())
}

/// Returns the name of an array entry: its `name` (as `in:name` if it also has an `in`), its `$ref` or its
/// `url`.
pub(crate) fn entry_name(entry: &Value) -> Option<String> {
    let text = |key: &str| entry.get(key).and_then(Value::as_str);
    match (text("in"), text("name"), text("$ref"), text("url")) {
        (Some(place), Some(name), ..) => Some(format!("{place}:{name}")),
        (_, Some(name), ..) => Some(name.to_owned()),
        (_, _, Some(reference), _) => Some(reference.to_owned()),
        (_, _, _, Some(url)) => Some(url.to_owned()),
        _ => None,
    }
}
