//! Paths to values inside JSON: `offerParams.idOfferSource`, `destinations.0.url`, or a JSON pointer.

use serde_json::{Map, Value};
use std::fmt;

/// Path to a value inside JSON.
///
/// A path that begins with a slash is a JSON pointer. In any other path, dots separate the parts. A property
/// whose name contains a dot or a slash needs a pointer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct JsonPath(Vec<String>);

impl JsonPath {
    /// Parses a path. A path with an empty part is invalid, such as `.`, `a..b` or the empty text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer
                .split('/')
                .map(|part| part.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None => text.split('.').map(str::to_owned).collect(),
        };
        if parts.iter().any(String::is_empty) {
            return Err(format!(
                "{text:?} is not a path; expected names with dots between them, such as \
                 offerParams.idOfferSource, or a JSON pointer"
            ));
        }
        Ok(Self(parts))
    }

    /// Parses a JSON pointer that is known to be valid, such as a constant of the library. The leading slash
    /// is optional.
    pub(crate) fn of_pointer(pointer: &str) -> Self {
        let parts = pointer.trim_start_matches('/').split('/');
        Self(
            parts
                .map(|part| part.replace("~1", "/").replace("~0", "~"))
                .collect(),
        )
    }

    pub(crate) fn child(&self, name: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(name.to_owned());
        Self(parts)
    }

    /// Returns the path of the object or list that contains the value; `None` for the root.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (_, parent) = self.0.split_last()?;
        Some(Self(parent.to_vec()))
    }

    pub(crate) const fn root() -> Self {
        Self(Vec::new())
    }

    /// Returns the path as a JSON pointer.
    pub(crate) fn pointer(&self) -> String {
        let parts = self
            .0
            .iter()
            .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")));
        parts.collect()
    }

    /// Returns the first part of the path.
    pub(crate) fn first(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }

    pub(crate) fn get<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, part| match value {
            Value::Object(object) => object.get(part),
            Value::Array(array) => array.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    /// Sets the value at the path, and creates missing objects along the path. An index that equals the
    /// length of a list appends an entry to the list.
    pub(crate) fn set(&self, target: &mut Value, value: Value) -> Result<(), String> {
        let mut place = target;
        for part in &self.0 {
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
            place = match place {
                Value::Object(object) => object.entry(part.clone()).or_insert(Value::Null),
                Value::Array(array) => {
                    let index = part.parse::<usize>().ok().filter(|index| *index <= array.len());
                    let Some(index) = index else {
                        let length = array.len();
                        return Err(format!(
                            "{self}: {part:?} is not an index of the list of {length}"
                        ));
                    };
                    if index == array.len() {
                        array.push(Value::Null);
                    }
                    // The entry exists, or has just been appended.
                    let Some(entry) = array.get_mut(index) else {
                        return Err(format!("{self}: the list has no entry {index}"));
                    };
                    entry
                }
                other => {
                    return Err(format!(
                        "{self}: {part:?} would be inside {other}, which is not an object"
                    ));
                }
            };
        }
        *place = value;
        Ok(())
    }
}

impl fmt::Display for JsonPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needs_pointer = |part: &String| part.contains(['.', '/']) || part.is_empty();
        if self.0.iter().any(needs_pointer) {
            formatter.write_str(&self.pointer())
        } else {
            formatter.write_str(&self.0.join("."))
        }
    }
}

/// Flattens an object into its leaves. Lists and empty objects are leaves.
pub(crate) fn leaves(value: &Value) -> Vec<(JsonPath, &Value)> {
    let mut found = Vec::new();
    collect(&JsonPath::root(), value, &mut found);
    found
}

fn collect<'v>(path: &JsonPath, value: &'v Value, found: &mut Vec<(JsonPath, &'v Value)>) {
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (name, value) in object {
                collect(&path.child(name), value, found);
            }
        }
        _ => found.push((path.clone(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_read_and_written() {
        for (text, shown) in [
            ("a.b", "a.b"),
            ("/a/b", "a.b"),
            ("/a.b/c", "/a.b/c"),
            ("/x~1y", "/x~1y"),
        ] {
            assert_eq!(JsonPath::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", ".", "a.", "/", "a..b"] {
            assert!(JsonPath::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn values_are_set_inside_objects_and_lists() {
        let mut value = json!({ "a": { "b": 1 }, "list": [{ "x": 1 }] });
        for (path, new) in [
            ("a.c", json!("new")),
            ("list.0.x", json!(2)),
            ("list.1", json!(3)),
            ("p.q", json!(4)),
        ] {
            JsonPath::parse(path).unwrap().set(&mut value, new).unwrap();
        }
        let expected = json!({ "a": { "b": 1, "c": "new" }, "list": [{ "x": 2 }, 3], "p": { "q": 4 } });
        assert_eq!(value, expected);
        for path in ["a.b.c", "list.7", "list.x"] {
            assert!(
                JsonPath::parse(path).unwrap().set(&mut value, json!(0)).is_err(),
                "{path}"
            );
            assert_eq!(value, expected);
        }
    }

    #[test]
    fn leaves_keep_lists_whole() {
        let value = json!({ "a": { "b": [1, 2], "c": {} }, "d": null });
        let found: Vec<String> = leaves(&value)
            .into_iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        assert_eq!(found, ["a.b=[1,2]", "a.c={}", "d=null"]);
    }
}
