//! JSON: `serde_json` reads the value, and `jsonc-parser` finds the positions of its parts.

use jsonc_parser::{CollectOptions, ParseOptions, ast, common::Ranged as _, parse_to_ast};
use serde_json::Value;

use super::errors::{syntax, too_deep};
use crate::{
    diagnostic::{Diagnostic, Diagnostics},
    document::Source,
    number,
    source_map::{Node, NodeId, Position, SourceMap},
};

/// Reads a JSON text.
pub(super) fn read(source: Source<'_>) -> Result<(Value, SourceMap), Diagnostics> {
    let value = serde_json::from_str(source.text).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&position).unwrap_or(&text);
        let message = message.replace("EOF while parsing", "the text ends inside");
        let position = character_position(source.text, error.line(), error.column());
        if message == "recursion limit exceeded" {
            return too_deep(source, position);
        }
        invalid(source, position, &message).fix(if error.is_eof() {
            "fetch the text again: it may have been cut off"
        } else {
            CORRECT
        })
    })?;
    Ok((value, source_map(source)?))
}

const CORRECT: &str = "correct the text at this position";

fn invalid(source: Source<'_>, position: Position, message: &str) -> Diagnostic {
    syntax(source, position, format!("this is not valid JSON: {message}"))
}

/// Converts a position that `serde_json` reports. `serde_json` counts columns in bytes.
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

/// Builds the source map of a text that `serde_json` accepts.
fn source_map(source: Source<'_>) -> Result<SourceMap, Diagnostics> {
    let mut builder = Builder {
        text: source.text,
        offset: 0,
        position: Position::START,
        source_map: SourceMap::default(),
    };
    let parsed = parse_to_ast(source.text, &CollectOptions::default(), &ParseOptions::default());
    let parsed = parsed.map_err(|error| {
        let position = builder.position(error.range().start);
        invalid(source, position, &error.kind().to_string()).fix(CORRECT)
    })?;
    if let Some(value) = parsed.value {
        builder.source_map.start = builder.position(value.start());
        builder.source_map.root = builder.add(&value, builder.source_map.start);
    }
    Ok(builder.source_map)
}

struct Builder<'a> {
    text: &'a str,
    offset: usize,
    /// Position that corresponds to `offset`.
    position: Position,
    source_map: SourceMap,
}

impl Builder<'_> {
    /// Returns the position of `offset`, which must not be less than the offset of the previous call.
    fn position(&mut self, offset: usize) -> Position {
        let text = self.text.get(self.offset..offset).unwrap_or_default();
        for character in text.chars() {
            if character == '\n' {
                self.position.line += 1;
                self.position.column = 1;
            } else {
                self.position.column += 1;
            }
        }
        self.offset = offset;
        self.position
    }

    /// Adds a value to the source map. `position` is the position of the value's key, or of its first
    /// character if it has no key.
    fn add(&mut self, value: &ast::Value<'_>, position: Position) -> NodeId {
        let node = match value {
            ast::Value::Object(object) => {
                let members = object.properties.iter().map(|member| {
                    let position = self.position(member.start());
                    let node = self.add(&member.value, position);
                    (member.name.as_str().into(), position, node)
                });
                Node::Mapping(members.collect())
            }
            ast::Value::Array(array) => {
                let items = array.elements.iter().map(|item| {
                    let position = self.position(item.start());
                    (position, self.add(item, position))
                });
                Node::Sequence(items.collect())
            }
            _ => Node::Scalar,
        };
        if let ast::Value::NumberLit(number) = value
            && !number::is_kept(number.value)
        {
            self.source_map.inexact.push((position, number.value.to_owned()));
        }
        let nodes = &mut self.source_map.nodes;
        nodes.push(node);
        nodes.len() - 1
    }
}
