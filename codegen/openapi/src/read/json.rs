//! JSON: `serde_json` reads the value, and a scan of the same text finds positions.

use serde_json::Value;

use super::{errors::syntax, json_positions::scan};
use crate::{
    diagnostic::Diagnostics,
    document::Source,
    source_map::{Position, SourceMap},
};

/// Reads a JSON text.
pub(super) fn read(source: Source<'_>) -> Result<(Value, SourceMap), Diagnostics> {
    let value = serde_json::from_str(source.text).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&position).unwrap_or(&text);
        let message = message.replace("EOF while parsing", "the text ends inside");
        let position = character_position(source.text, error.line(), error.column());
        syntax(source, position, format!("this is not valid JSON: {message}")).fix(if error.is_eof() {
            "fetch the text again: it may have been cut off"
        } else {
            "correct the text at this position"
        })
    })?;
    Ok((value, scan(source.text)))
}

/// Converts a position of `serde_json`, whose columns are numbers of bytes from the line start.
fn character_position(text: &str, line: usize, column: usize) -> Position {
    let content = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = content
        .char_indices()
        .take_while(|(offset, _)| offset + 1 < column);
    Position {
        line,
        column: before.count() + 1,
    }
}
