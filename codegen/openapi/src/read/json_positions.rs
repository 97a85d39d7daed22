//! Scans a JSON text for the positions of its values.

use crate::{
    number,
    source_map::{Node, NodeId, Position, SourceMap},
};

/// Builds the source map of a valid JSON text.
pub(super) fn scan(text: &str) -> SourceMap {
    let mut scan = Scan {
        text,
        offset: 0,
        position: Position::START,
        source_map: SourceMap::default(),
    };
    (scan.source_map.start, scan.source_map.root) = scan.value();
    scan.source_map
}

struct Scan<'a> {
    text: &'a str,
    offset: usize,
    /// Position of the offset.
    position: Position,
    source_map: SourceMap,
}

impl<'a> Scan<'a> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.offset).copied()
    }

    fn skip(&mut self) {
        match self.byte() {
            Some(b'\n') => {
                self.position.line += 1;
                self.position.column = 1;
            }
            // A byte inside of a character.
            Some(0x80..0xc0) => {}
            _ => self.position.column += 1,
        }
        self.offset += 1;
    }

    /// Skips white space, and returns the byte after it.
    fn peek(&mut self) -> Option<u8> {
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.skip();
        }
        self.byte()
    }

    fn skip_separator(&mut self, separator: u8) {
        if self.peek() == Some(separator) {
            self.skip();
        }
    }

    /// Reads the string at the current offset, and returns it with its quotes and escapes.
    fn string(&mut self) -> &'a str {
        let start = self.offset;
        self.skip();
        while let Some(byte) = self.byte()
            && byte != b'"'
        {
            if byte == b'\\' {
                self.skip();
            }
            self.skip();
        }
        self.skip();
        self.text.get(start..self.offset).unwrap_or_default()
    }

    fn value(&mut self) -> (Position, NodeId) {
        let first = self.peek();
        let position = self.position;
        let node = match first {
            Some(b'{') => {
                self.skip();
                let mut members = Vec::new();
                while self.peek() == Some(b'"') {
                    let position = self.position;
                    let key = serde_json::from_str(self.string()).unwrap_or_default();
                    self.skip_separator(b':');
                    let (_, node) = self.value();
                    members.push((key, position, node));
                    self.skip_separator(b',');
                }
                self.skip();
                Node::Mapping(members)
            }
            Some(b'[') => {
                self.skip();
                let mut items = Vec::new();
                while self.peek().is_some_and(|byte| byte != b']') {
                    items.push(self.value());
                    self.skip_separator(b',');
                }
                self.skip();
                Node::Sequence(items)
            }
            Some(b'"') => {
                self.string();
                Node::Scalar
            }
            _ => {
                // Literals and numbers.
                let is_literal =
                    |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
                let start = self.offset;
                while self.byte().is_some_and(is_literal) {
                    self.skip();
                }
                let literal = self.text.get(start..self.offset).unwrap_or_default();
                if matches!(first, Some(b'-' | b'0'..=b'9')) && !number::is_kept(literal) {
                    // The number that the node pushed below will get.
                    let node = self.source_map.nodes.len();
                    self.source_map.inexact.insert(node, literal.to_owned());
                }
                Node::Scalar
            }
        };
        self.source_map.nodes.push(node);
        (position, self.source_map.nodes.len() - 1)
    }
}
