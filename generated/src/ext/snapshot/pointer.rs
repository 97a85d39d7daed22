//! JSON pointers (RFC 6901): the paths of changes and references.

use jsonptr::{Pointer, Token};
use serde_json::Value;

/// Appends a token to a pointer.
pub(crate) fn join(parent: &str, token: &str) -> String {
    format!("{parent}/{}", Token::new(token).encoded())
}

/// Returns true if `text` is a JSON pointer.
pub(crate) fn is_valid(text: &str) -> bool {
    Pointer::parse(text).is_ok()
}

/// Returns true if `path` equals `outer`, or leads into the value at `outer`.
pub(crate) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Sets the value at a path, or removes it if `value` is `None`. Members of an existing object can be set and
/// removed. The whole value and existing elements of an array can only be set. In every other case, changes
/// nothing and returns false.
pub(crate) fn put(root: &mut Value, path: &str, value: Option<Value>) -> bool {
    let Some((parent, token)) = Pointer::parse(path).ok().and_then(Pointer::split_back) else {
        return match value {
            Some(value) if path.is_empty() => {
                *root = value;
                true
            }
            _ => false,
        };
    };
    match (root.pointer_mut(parent.as_str()), value) {
        (Some(Value::Object(members)), Some(value)) => {
            members.insert(token.decoded().into_owned(), value);
            true
        }
        (Some(Value::Object(members)), None) => {
            members.remove(token.decoded().as_ref());
            true
        }
        (Some(Value::Array(_)), Some(value)) => match root.pointer_mut(path) {
            Some(element) => {
                *element = value;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// Returns a copy of the value without the members at these paths.
pub(crate) fn without<'p>(value: &Value, paths: impl IntoIterator<Item = &'p str>) -> Value {
    let mut value = value.clone();
    for path in paths {
        put(&mut value, path, None);
    }
    value
}

/// Calls `visit` with the path and the text of each string and of each member name. For a member name, the
/// path is the path of the member, and the third argument is true.
pub(crate) fn visit_strings(value: &Value, visit: &mut impl FnMut(&str, &str, bool)) {
    fn walk(path: &mut String, value: &Value, visit: &mut impl FnMut(&str, &str, bool)) {
        let length = path.len();
        let mut enter = |token: &str, value: &Value, is_name: bool| {
            path.push('/');
            path.push_str(Token::new(token).encoded());
            if is_name {
                visit(path, token, true);
            }
            walk(path, value, visit);
            path.truncate(length);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| enter(name, value, true)),
            Value::Array(elements) => {
                let elements = elements.iter().enumerate();
                elements.for_each(|(index, value)| enter(&index.to_string(), value, false));
            }
            Value::String(text) => visit(path, text, false),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    walk(&mut String::new(), value, visit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_put_into_objects_and_existing_elements() {
        let cases = [
            (
                json!({"a": 1}),
                "/b",
                Some(json!(2)),
                Some(json!({"a": 1, "b": 2})),
            ),
            (json!({"a": {"b/c": 1}}), "/a/b~1c", None, Some(json!({"a": {}}))),
            (json!({"a": 1}), "/b", None, Some(json!({"a": 1}))),
            (json!([1, 2]), "/1", Some(json!(3)), Some(json!([1, 3]))),
            (json!([1, 2]), "/2", Some(json!(3)), None),
            (json!([1, 2]), "/-", Some(json!(3)), None),
            (json!([1, 2]), "/0", None, None),
            (json!({}), "/a/b", Some(json!(1)), None),
            (json!({}), "", Some(json!(1)), Some(json!(1))),
            (json!({}), "", None, None),
            (json!({}), "a", Some(json!(1)), None),
        ];
        for (before, path, value, after) in cases {
            let mut actual = before.clone();
            let is_put = put(&mut actual, path, value);
            assert_eq!(is_put, after.is_some(), "{before} {path}");
            assert_eq!(actual, after.unwrap_or(before), "{path}");
        }
    }

    #[test]
    fn paths_lead_into_whole_tokens_only() {
        assert!(is_within("/a/b", "/a") && is_within("/a", "/a") && is_within("/a", ""));
        assert!(!is_within("/ab", "/a") && !is_within("/a", "/a/b"));
    }
}
