//! JSON pointers (RFC 6901). Exports the types of the crate `jsonptr`, and finds the operation that a pointer
//! leads into.

use std::borrow::Cow;

pub use jsonptr::{Pointer, PointerBuf, Token};

/// HTTP methods of a path item, in the order of the `OpenAPI` specification.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// A JSON pointer, or a text that is parsed as a JSON pointer.
///
/// A text is parsed leniently: a missing slash at the start is added, and a `~` that begins neither `~0` nor
/// `~1` stands for itself.
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
        Pointer::parse(self).map_or_else(
            |_| {
                let tokens = self.strip_prefix('/').unwrap_or(self).split('/');
                let tokens = tokens.map(|token| Token::new(unescape(token)));
                Cow::Owned(PointerBuf::from_tokens(tokens))
            },
            Cow::Borrowed,
        )
    }
}

/// Parses a JSON pointer from a document. Returns `None` if the text is not empty and does not begin with a
/// slash.
pub fn parse(text: &str) -> Option<Cow<'_, Pointer>> {
    (text.is_empty() || text.starts_with('/')).then(|| text.to_pointer())
}

/// Replaces the escapes `~0` and `~1` in a token with `~` and `/`.
pub(crate) fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// Returns the operation that a pointer leads into, such as `PUT /offersource/save/`.
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

#[cfg(test)]
mod tests;
