//! JSON: the value by `serde_json`, the places by a scan of the same text when they are wanted.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::{duplicate, numbers, syntax};
use crate::{
    document::Source,
    finding::Findings,
    positions::{Mark, Node, NodeId, Positions, duplicate_keys},
};

/// What a JSON text is.
pub(super) struct Reading {
    pub(super) value: Value,
    /// The places of its values, if they were wanted on the way.
    pub(super) positions: Option<Positions>,
    pub(super) warnings: Findings,
}

/// Reads a JSON text.
pub(super) fn read(source: Source<'_>) -> Result<Reading, Findings> {
    let Strict { value, plain } = serde_json::from_str(source.text).map_err(|error| {
        let text = error.to_string();
        let position = format!(" at line {} column {}", error.line(), error.column());
        let message = text.strip_suffix(&position).unwrap_or(&text);
        let message = message.replace("EOF while parsing", "the text ends inside");
        let mark = character_mark(source.text, error.line(), error.column());
        Findings::from(
            syntax(source, mark, format!("this is not JSON: {message}")).help(if error.is_eof() {
                "was the text cut off?"
            } else {
                "mend the text at this place"
            }),
        )
    })?;
    if plain {
        return Ok(Reading {
            value,
            positions: None,
            warnings: Findings::new(),
        });
    }
    let (positions, numbers) = scan(source.text);
    let duplicates: Findings = positions
        .nodes
        .iter()
        .filter_map(|node| {
            if let Node::Mapping(members) = node {
                Some(members)
            } else {
                None
            }
        })
        .flat_map(|members| duplicate_keys(members))
        .map(|(key, mark, first)| duplicate(source, key, mark, first))
        .collect();
    let ((), _) = duplicates.unless_errors(())?;
    let warnings = numbers::warnings(source, &positions, numbers);
    Ok(Reading {
        value,
        positions: Some(positions),
        warnings,
    })
}

/// The place that `serde_json` names, which counts columns in bytes and from 0 in front of a line.
fn character_mark(text: &str, line: usize, column: usize) -> Mark {
    let content = text.split('\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let before = content
        .as_bytes()
        .get(..column.saturating_sub(1))
        .unwrap_or(content.as_bytes());
    Mark {
        line: saturate(line),
        column: saturate(characters(before) + 1),
    }
}

/// The number of characters that start in these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !matches!(byte, 0x80..0xc0)).count()
}

fn saturate(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A value, and whether nothing in it wants a closer look: a key that stands twice, of which `serde_json` keeps the last,
/// or a number that has become a float, which has fewer digits than a text.
struct Strict {
    value: Value,
    plain: bool,
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor)
    }
}

struct StrictVisitor;

impl StrictVisitor {
    #[expect(clippy::unnecessary_wraps, reason = "each visit method must return a result")]
    fn scalar<E>(value: impl Into<Value>) -> Result<Strict, E> {
        Ok(Strict {
            value: value.into(),
            plain: true,
        })
    }
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Strict, E> {
        Self::scalar(value)
    }

    fn visit_i64<E>(self, value: i64) -> Result<Strict, E> {
        Self::scalar(value)
    }

    fn visit_u64<E>(self, value: u64) -> Result<Strict, E> {
        Self::scalar(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Strict, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("number out of range"))?;
        Ok(Strict {
            value: Value::Number(number),
            plain: false,
        })
    }

    fn visit_str<E>(self, value: &str) -> Result<Strict, E> {
        Self::scalar(value)
    }

    fn visit_string<E>(self, value: String) -> Result<Strict, E> {
        Self::scalar(value)
    }

    fn visit_unit<E>(self) -> Result<Strict, E> {
        Self::scalar(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
        let mut plain = true;
        let mut array = Vec::new();
        while let Some(item) = items.next_element::<Strict>()? {
            plain &= item.plain;
            array.push(item.value);
        }
        Ok(Strict {
            value: Value::Array(array),
            plain,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Strict, A::Error> {
        let mut plain = true;
        let mut object = Map::new();
        while let Some((key, member)) = members.next_entry::<String, Strict>()? {
            plain &= member.plain;
            plain &= object.insert(key, member.value).is_none();
        }
        Ok(Strict {
            value: Value::Object(object),
            plain,
        })
    }
}

/// The places of all values of a JSON text that has been read without an error. Of a text that is no JSON it gives
/// some tree.
pub(crate) fn positions(text: &str) -> Positions {
    scan(text).0
}

/// The same, and the numbers that are not kept as they are written.
fn scan(text: &str) -> (Positions, Vec<(NodeId, String)>) {
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
    let positions = Positions {
        nodes: scan.nodes,
        root,
        start,
    };
    (positions, scan.numbers)
}

struct Scan<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    line_start: usize,
    /// How far the characters of the line have been counted, and how many there are. A document may be one line, so
    /// that to count each time from its start would take the square of its length.
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

    fn mark(&mut self) -> Mark {
        let (end, count) = if self.counted.0 < self.line_start {
            (self.line_start, 0)
        } else {
            self.counted
        };
        let more = self.text.as_bytes().get(end..self.offset);
        let count = count + characters(more.unwrap_or_default());
        self.counted = (self.offset, count);
        Mark {
            line: self.line,
            column: saturate(count + 1),
        }
    }

    fn node(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The string at the current place, and steps over it.
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

    fn value(&mut self, depth: usize) -> (Mark, NodeId) {
        let first = self.peek();
        let mark = self.mark();
        if depth > super::DEPTH {
            // The reader refuses what is nested so deeply.
            self.offset = self.text.len();
            return (mark, self.node(Node::Scalar));
        }
        let node = match first {
            Some(b'{') => {
                self.offset += 1;
                let mut members = Vec::new();
                while self.peek() == Some(b'"') {
                    let mark = self.mark();
                    let key = self.string();
                    if self.peek() == Some(b':') {
                        self.offset += 1;
                    }
                    let (_, node) = self.value(depth + 1);
                    members.push((key, mark, node));
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
                if matches!(first, Some(b'-' | b'0'..=b'9')) && !numbers::is_kept(literal) {
                    // The node that is made of it below.
                    self.numbers.push((self.nodes.len(), literal.to_owned()));
                }
                Node::Scalar
            }
        };
        (mark, self.node(node))
    }
}
