//! Warns about numbers that lose digits when they are read. A number has 64 bits in memory, but any number of
//! digits in a text.

use std::collections::HashSet;

use serde_json::Number;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Stage},
    document::Source,
    pointer::PointerBuf,
    source_map::{Node, SourceMap},
    text::shorten,
};

/// Creates a warning for each number that loses digits.
pub(super) fn warnings(source: Source<'_>, source_map: &SourceMap) -> Diagnostics {
    let mut diagnostics = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(source_map.root, source_map.start, PointerBuf::root())];
    while diagnostics.len() < source_map.inexact.len()
        && let Some((node, position, pointer)) = open.pop()
    {
        // The target of an alias has been visited at its anchor.
        if !seen.insert(node) {
            continue;
        }
        if let Some(text) = source_map.inexact.get(&node) {
            let fix = if has_leading_zero(text) {
                "quote it if it is a text, such as a code; otherwise remove the zeros"
            } else {
                "if the digits matter, let an overlay write it with fewer digits or as a string"
            };
            let warning = Diagnostic::new(Severity::Warning, Stage::Read, "number", &pointer, message(text));
            let location = position.in_text(source.name);
            diagnostics.push(warning.at(Some(location)).fix(fix));
        }
        let inside: Vec<_> = match source_map.nodes.get(node) {
            Some(Node::Mapping(members)) => members
                .iter()
                .map(|(key, position, node)| (*node, *position, pointer.with_trailing_token(&**key)))
                .collect(),
            Some(Node::Sequence(items)) => items
                .iter()
                .enumerate()
                .map(|(index, (position, node))| (*node, *position, pointer.with_trailing_token(index)))
                .collect(),
            Some(Node::Scalar) | None => Vec::new(),
        };
        // The first child is visited next.
        open.extend(inside.into_iter().rev());
    }
    diagnostics.sort_by(|left, right| left.location.cmp(&right.location));
    Diagnostics(diagnostics)
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
