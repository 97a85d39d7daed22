//! Typed access to the members of JSON objects.

use std::{iter::Flatten, option, slice};

use serde_json::{Map, Value};

use funnelflux_openapi::pointer::Pointer;

/// Access to the members of a JSON object, or of a JSON value that may be an object. Methods that return one
/// JSON type, such as `text`, treat a member of another type as absent.
pub(crate) trait Json {
    /// Returns a member of any type.
    fn member(&self, key: &str) -> Option<&Value>;

    fn object(&self, key: &str) -> Option<&Map<String, Value>> {
        self.member(key)?.as_object()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.member(key)?.as_str()
    }

    fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.member(key).is_some())
    }

    fn is_true(&self, key: &str) -> bool {
        self.member(key) == Some(&Value::Bool(true))
    }

    /// Iterates over the members of the object under `key`.
    fn members(&self, key: &str) -> Flatten<option::IntoIter<&Map<String, Value>>> {
        self.object(key).into_iter().flatten()
    }

    /// Iterates over the items of the list under `key`.
    fn items(&self, key: &str) -> slice::Iter<'_, Value> {
        let items = self.member(key).and_then(Value::as_array);
        items.map_or(&[][..], Vec::as_slice).iter()
    }
}

impl Json for Value {
    fn member(&self, key: &str) -> Option<&Value> {
        self.get(key)
    }
}

impl Json for Map<String, Value> {
    fn member(&self, key: &str) -> Option<&Value> {
        self.get(key)
    }
}

/// Returns the last key of a pointer. The key is empty if the pointer refers to the whole document.
pub(crate) fn last_token(pointer: &Pointer) -> String {
    let token = pointer.back();
    token.map_or_else(String::new, |token| token.decoded().into_owned())
}
