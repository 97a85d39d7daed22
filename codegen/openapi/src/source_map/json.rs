//! Scans a JSON text for the positions of its values.

use super::{Node, NodeId, Position, SourceMap};
use crate::{limits::DEPTH, number};

/// Builds the source map of a valid JSON text, and lists the numbers that are not kept exactly. For any other
/// text, the resulting tree is unspecified.
pub(crate) fn scan(text: &str) -> (SourceMap, Vec<(NodeId, String)>) {
    let mut scan = Scan {
        text,
        offset: 0,
        line: 1,
        line_start: 0,
        counted: (0, 0),
        nodes: Vec::new(),
        numbers: Vec::new(),
    };
    let (start, root) = scan.value(0);
    let source_map = SourceMap {
        nodes: scan.nodes,
        root,
        start,
    };
    (source_map, scan.numbers)
}

struct Scan<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    line_start: usize,
    /// Offset in the current line up to which characters have been counted, and the number of characters
    /// before the offset. A document may be a single line, so counting from the line start each time would be
    /// quadratic.
    counted: (usize, usize),
    nodes: Vec<Node>,
    numbers: Vec<(NodeId, String)>,
}

impl Scan<'_> {
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.as_bytes().get(self.offset) {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.line_start = self.offset + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                _ => return Some(*byte),
            }
            self.offset += 1;
        }
        None
    }

    fn position(&mut self) -> Position {
        let (end, count) = if self.counted.0 < self.line_start {
            (self.line_start, 0)
        } else {
            self.counted
        };
        let more = self.text.as_bytes().get(end..self.offset);
        let count = count + characters(more.unwrap_or_default());
        self.counted = (self.offset, count);
        Position {
            line: self.line,
            column: saturate(count + 1),
        }
    }

    fn node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Reads the string at the current offset.
    fn string(&mut self) -> Box<str> {
        let start = self.offset;
        self.offset += 1;
        let mut escaped = false;
        while let Some(byte) = self.text.as_bytes().get(self.offset) {
            match byte {
                b'"' => break,
                b'\\' => {
                    escaped = true;
                    self.offset += 1;
                }
                _ => {}
            }
            self.offset += 1;
        }
        self.offset = (self.offset + 1).min(self.text.len());
        let literal = self.text.get(start..self.offset).unwrap_or_default();
        if escaped {
            serde_json::from_str::<String>(literal).unwrap_or_default().into()
        } else {
            literal.trim_matches('"').into()
        }
    }

    fn value(&mut self, depth: usize) -> (Position, NodeId) {
        let first = self.peek();
        let position = self.position();
        if depth > DEPTH {
            // The reader refuses deeper nesting.
            self.offset = self.text.len();
            return (position, self.node(Node::Scalar));
        }
        let node = match first {
            Some(b'{') => {
                self.offset += 1;
                let mut members = Vec::new();
                while self.peek() == Some(b'"') {
                    let position = self.position();
                    let key = self.string();
                    if self.peek() == Some(b':') {
                        self.offset += 1;
                    }
                    let (_, node) = self.value(depth + 1);
                    members.push((key, position, node));
                    if self.peek() == Some(b',') {
                        self.offset += 1;
                    }
                }
                self.offset += 1;
                Node::Mapping(members)
            }
            Some(b'[') => {
                self.offset += 1;
                let mut items = Vec::new();
                while !matches!(self.peek(), Some(b']') | None) {
                    let before = self.offset;
                    items.push(self.value(depth + 1));
                    if self.peek() == Some(b',') {
                        self.offset += 1;
                    }
                    if self.offset == before {
                        break;
                    }
                }
                self.offset += 1;
                Node::Sequence(items)
            }
            Some(b'"') => {
                self.string();
                Node::Scalar
            }
            _ => {
                let start = self.offset;
                let rest = self.text.as_bytes().get(start..).unwrap_or_default();
                self.offset += rest
                    .iter()
                    .position(|byte| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n'))
                    .unwrap_or(rest.len());
                let literal = self.text.get(start..self.offset).unwrap_or_default();
                if matches!(first, Some(b'-' | b'0'..=b'9')) && !number::is_kept(literal) {
                    // The number that the node pushed below will get.
                    self.numbers.push((self.nodes.len(), literal.to_owned()));
                }
                Node::Scalar
            }
        };
        (position, self.node(node))
    }
}

/// Counts the characters that start in these bytes.
pub(crate) fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..0xc0)).count()
}

pub(crate) fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
