//! Excerpts of code for messages.

use quote::ToTokens;

use funnelflux_openapi::text::shorten;

/// Prints code on one line.
pub(super) fn one_line(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// Quotes the beginning of some code.
pub(super) fn excerpt(tokens: &impl ToTokens) -> String {
    format!("`{}`", shorten(&one_line(tokens), 200))
}

/// Quotes the part of a text that begins shortly before the character at `position`.
pub(super) fn around(text: &str, position: usize) -> String {
    let start = position.saturating_sub(40);
    format!("`{}`", funnelflux_openapi::text::excerpt(text, start, 120))
}
