//! JSON pointers (RFC 6901): the types of the crate `jsonptr`, and the parts of `OpenAPI` that a pointer
//! leads to.

use std::borrow::Cow;

pub use jsonptr::{Pointer, PointerBuf, Token};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// HTTP methods of a path item, in the order of the `OpenAPI` specification.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// A JSON pointer, or a text that is read as one.
///
/// Text is read leniently: a missing slash at the start is added, and a `~` that escapes nothing stands for
/// itself.
pub trait ToPointer<'a> {
    /// Returns the pointer.
    fn to_pointer(self) -> Cow<'a, Pointer>;
}

impl<'a> ToPointer<'a> for &'a Pointer {
    fn to_pointer(self) -> Cow<'a, Pointer> {
        Cow::Borrowed(self)
    }
}

impl<'a> ToPointer<'a> for &'a PointerBuf {
    fn to_pointer(self) -> Cow<'a, Pointer> {
        Cow::Borrowed(self)
    }
}

impl ToPointer<'static> for PointerBuf {
    fn to_pointer(self) -> Cow<'static, Pointer> {
        Cow::Owned(self)
    }
}

impl<'a> ToPointer<'a> for &'a str {
    fn to_pointer(self) -> Cow<'a, Pointer> {
        Pointer::parse(self).map_or_else(|_| Cow::Owned(lenient(self)), Cow::Borrowed)
    }
}

impl<'a> ToPointer<'a> for &'a String {
    fn to_pointer(self) -> Cow<'a, Pointer> {
        self.as_str().to_pointer()
    }
}

impl ToPointer<'static> for String {
    fn to_pointer(self) -> Cow<'static, Pointer> {
        Cow::Owned(PointerBuf::parse(self).unwrap_or_else(|error| lenient(error.subject())))
    }
}

/// Reads invalid text as a JSON pointer.
fn lenient(text: &str) -> PointerBuf {
    let tokens = text.strip_prefix('/').unwrap_or(text).split('/');
    PointerBuf::from_tokens(tokens.map(|token| Token::new(unescape(token))))
}

/// Parses a text that a document gives as a JSON pointer; `None` unless it is empty or begins with a slash.
#[must_use]
pub fn parse(text: &str) -> Option<Cow<'_, Pointer>> {
    (text.is_empty() || text.starts_with('/')).then(|| text.to_pointer())
}

/// Undoes the escapes of a token.
#[must_use]
pub fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Returns the operation that a pointer leads into, such as `PUT /offersource/save/`.
#[must_use]
pub fn operation<'a>(pointer: impl ToPointer<'a>) -> Option<String> {
    let pointer = pointer.to_pointer();
    let mut tokens = pointer.tokens();
    if tokens.next()?.encoded() != "paths" {
        return None;
    }
    let (path, method) = (tokens.next()?, tokens.next()?);
    let (path, method) = (path.decoded(), method.decoded());
    METHODS
        .contains(&&*method)
        .then(|| format!("{} {path}", method.to_ascii_uppercase()))
}

// Helpers on strings.

/// Escapes `~` and `/` in a token.
#[must_use]
pub fn escape(token: &str) -> Cow<'_, str> {
    if token.contains(['~', '/']) {
        Cow::Owned(token.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Appends a token, which is not yet escaped.
#[must_use]
pub fn join(pointer: &str, token: &str) -> String {
    format!("{pointer}/{}", escape(token))
}

/// Appends an index.
#[must_use]
pub fn item(pointer: &str, index: usize) -> String {
    format!("{pointer}/{index}")
}

/// Iterates over the unescaped tokens.
pub fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(unescape)
}

/// Iterates over a pointer and its ancestors without the root, the innermost first.
pub fn prefixes(pointer: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(pointer), |pointer| Some(split_last(pointer)?.0))
        .filter(|prefix| !prefix.is_empty())
}

/// Returns the parent and the last token, still escaped; `None` for the root.
#[must_use]
pub fn split_last(pointer: &str) -> Option<(&str, &str)> {
    pointer.rsplit_once('/')
}

/// Resolves one reference.
#[must_use]
pub fn follow<'a>(document: &'a Value, reference: &str) -> Option<(String, &'a Value)> {
    let written = reference.strip_prefix('#')?;
    let decoded = percent_decode_str(written).decode_utf8_lossy();
    [decoded.as_ref(), written]
        .into_iter()
        .find_map(|pointer| Some((pointer.to_owned(), document.pointer(pointer)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_round_trip() {
        for token in ["", "a", "/offersource/save/", "~1", "~0~1/", "ü/~"] {
            let pointer = join("/x", token);
            assert_eq!(tokens(&pointer).collect::<Vec<_>>(), ["x", token], "{pointer}");
        }
        assert_eq!(tokens("").count(), 0);
    }

    #[test]
    fn a_reference_is_followed_decoded_or_as_it_is_written() {
        let document = serde_json::json!({"a b": 1, "c%20d": 2, "e/f": 3});
        for (reference, found) in [
            ("#/a%20b", Some(("/a b", 1))),
            ("#/a b", Some(("/a b", 1))),
            ("#/c%20d", Some(("/c%20d", 2))),
            ("#/c%2520d", Some(("/c%20d", 2))),
            ("#/e~1f", Some(("/e~1f", 3))),
            ("#/nowhere", None),
            ("other.yaml#/a%20b", None),
        ] {
            let found = found.map(|(pointer, value)| (pointer.to_owned(), Value::from(value)));
            let followed = follow(&document, reference);
            let followed = followed.map(|(pointer, value)| (pointer, value.clone()));
            assert_eq!(followed, found, "{reference}");
        }
    }

    #[test]
    fn any_text_is_read_as_a_pointer() {
        for (text, pointer) in [
            ("", ""),
            ("/a~1b/~0/0", "/a~1b/~0/0"),
            ("a/b", "/a/b"),
            ("/a~b/~", "/a~0b/~0"),
            ("/a~1b~", "/a~1b~0"),
            ("//ü", "//ü"),
        ] {
            assert_eq!(text.to_pointer().as_str(), pointer, "{text}");
            assert_eq!(text.to_owned().to_pointer().as_str(), pointer, "{text}");
        }
        assert_eq!(parse("a/b"), None);
    }

    #[test]
    fn an_operation_is_read_out_of_a_pointer() {
        for (pointer, operation_name) in [
            ("", None),
            ("/paths", None),
            ("/paths/~1a~1", None),
            ("/paths/~1a~1/parameters/0", None),
            ("/paths/~1a~1/put", Some("PUT /a/")),
            ("/paths/~1a~1/delete/requestBody/content", Some("DELETE /a/")),
            ("/components/schemas/get/get", None),
        ] {
            assert_eq!(operation(pointer).as_deref(), operation_name, "{pointer}");
        }
    }
}
