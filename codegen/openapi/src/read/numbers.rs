//! Warns about numbers that lose digits when they are read: a number has 64 bits in memory, but can have any
//! number of digits in the source text.

use serde_json::Number;

use crate::{
    diagnostic::{Diagnostic, Severity, Stage},
    document::Source,
    pointer::Pointer,
    source_map::Position,
    text::shorten,
};

/// Creates a warning for a number that is not kept exactly.
pub(super) fn warning(source: Source<'_>, position: Position, text: &str) -> Diagnostic {
    let fix = if has_leading_zero(text) {
        "quote it if it is a text, such as a code; otherwise remove the zeros"
    } else {
        "if the digits matter, let an overlay write it with fewer digits or as a string"
    };
    Diagnostic::new(
        Severity::Warning,
        Stage::Read,
        "number",
        Pointer::root(),
        message(text),
    )
    .at(Some(position.in_text(source.name)))
    .fix(fix)
}

/// Checks whether a decimal number has leading zeros, such as `01`. These zeros are lost when the number is
/// read.
pub(super) fn has_leading_zero(text: &str) -> bool {
    let unsigned = text.trim_start_matches(['-', '+']);
    let mut digits = unsigned.bytes();
    digits.next() == Some(b'0') && digits.next().is_some_and(|digit| digit.is_ascii_digit())
}

fn message(text: &str) -> String {
    /// Maximum number of digits in the message.
    const DIGITS: usize = 60;
    let written = shorten(text, DIGITS);
    if has_leading_zero(text) {
        return format!("`{written}` is read as a number, without the zeros before it");
    }
    let read = text.parse().ok().and_then(Number::from_f64);
    let read = read.map_or_else(|| "another".to_owned(), |read| read.to_string());
    format!("the number {written} is not kept exactly: it is read as {read}")
}
