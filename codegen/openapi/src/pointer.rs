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
mod tests;
