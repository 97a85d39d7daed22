//! JSON: `serde_json` reads the value; a scan of the same text finds positions when they are needed.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

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

/// Result of reading a JSON text.
pub(super) struct Reading {
    pub(super) value: Value,
    /// The source map, if it was needed for reading.
    pub(super) source_map: Option<SourceMap>,
    pub(super) warnings: Diagnostics,
}

/// Reads a JSON text.
pub(super) fn read(source: Source<'_>) -> Result<Reading, Diagnostics> {
    let Strict { value, plain } = serde_json::from_str(source.text).map_err(|error| {
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
    if plain {
        return Ok(Reading {
            value,
            source_map: None,
            warnings: Diagnostics::default(),
        });
    }
    let (source_map, numbers) = scan(source.text);
    let duplicates: Diagnostics = source_map
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
        .map(|(key, position, first)| duplicate(source, key, position, first))
        .collect();
    let ((), _) = duplicates.unless_errors(())?;
    let warnings = numbers::warnings(source, &source_map, numbers);
    Ok(Reading {
        value,
        source_map: Some(source_map),
        warnings,
    })
}

/// Converts a position of `serde_json`, which counts columns in bytes and numbers the line start 0.
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

/// Value of a text. It is not `plain` if the text has to be scanned, either for a duplicate key (`serde_json`
/// keeps the last member) or for a number that became a float and may have lost digits.
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
