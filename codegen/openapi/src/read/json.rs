//! JSON: `serde_json` reads the value; a scan of the same text finds positions, duplicate keys and numbers.

use serde_json::Value;

use super::{
    errors::{duplicate, syntax},
    numbers,
};
use crate::{
    diagnostic::Diagnostics,
    document::Source,
    source_map::{
        Node, Position, SourceMap, duplicate_keys,
        json::{characters, saturate, scan},
    },
};

/// Reads a JSON text.
pub(super) fn read(source: Source<'_>) -> Result<(Value, SourceMap, Diagnostics), Diagnostics> {
    let value = serde_json::from_str(source.text).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&position).unwrap_or(&text);
        let message = message.replace("EOF while parsing", "the text ends inside");
        let position = character_position(source.text, error.line(), error.column());
        Diagnostics::from(
            syntax(source, position, format!("this is not valid JSON: {message}")).fix(if error.is_eof() {
                "fetch the text again: it may have been cut off"
            } else {
                "correct the text at this position"
            }),
        )
    })?;
    let (source_map, numbers) = scan(source.text);
    let duplicates: Diagnostics = source_map
        .nodes
        .iter()
        .flat_map(|node| match node {
            Node::Mapping(members) => duplicate_keys(members),
            _ => Vec::new(),
        })
        .map(|(key, position, first)| duplicate(source, key, position, first))
        .collect();
    let ((), _) = duplicates.unless_errors(())?;
    let warnings = numbers::warnings(source, &source_map, numbers);
    Ok((value, source_map, warnings))
}

/// Converts a position of `serde_json`, whose columns are numbers of bytes from the line start.
fn character_position(text: &str, line: usize, column: usize) -> Position {
    let content = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = content
        .as_bytes()
        .get(..column.saturating_sub(1))
        .unwrap_or(content.as_bytes());
    Position {
        line: saturate(line),
        column: saturate(characters(before) + 1),
    }
}
