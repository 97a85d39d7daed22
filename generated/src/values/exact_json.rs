//! JSON text whose numbers keep all digits.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::{Number, Value, value::RawValue};
use std::{fmt, iter};

/// Depth of nested lists and objects up to which values are decoded, as in `serde_json`.
const MAX_DEPTH: usize = 120;

/// Reads the next value of an object as JSON text. If the source is not JSON text, returns the value written
/// as JSON.
pub(crate) fn next_value<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Box<RawValue>, A::Error> {
    map.next_value_seed(Raw)
}

/// Decodes a value; `None` if `T` cannot hold it.
#[allow(dead_code, reason = "the document decides whether there are inferred fields")]
pub(crate) fn decode<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    // Each text is decoded with a new limit of recursion, so the limit must hold for the whole text.
    if tokens(text).depth > MAX_DEPTH {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Returns `true` if a [`Value`] keeps all digits of the text.
pub(crate) fn is_exact(text: &str) -> bool {
    tokens(text).is_exact
}

/// Returns the value of JSON text, with rounded numbers. If the value cannot be represented, returns the text
/// as a string.
pub(crate) fn approximate(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}

struct Tokens {
    is_exact: bool,
    depth: usize,
}

/// Visits the tokens of valid JSON text.
fn tokens(text: &str) -> Tokens {
    let mut found = Tokens {
        is_exact: true,
        depth: 0,
    };
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some(first) = rest.bytes().next() {
        let length = match first {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let is_part = |character: char| matches!(character, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
                let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
                let number = rest.get(..length).unwrap_or_default();
                found.is_exact &= number
                    .parse::<Number>()
                    .is_ok_and(|parsed| parsed.to_string() == number);
                length
            }
            b'[' | b'{' => {
                depth += 1;
                found.depth = found.depth.max(depth);
                1
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                1
            }
            _ => 1,
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    found
}

/// Length of the string at the start of the text, quotes included.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

/// Reads a value as text.
struct Raw;

impl<'de> DeserializeSeed<'de> for Raw {
    type Value = Box<RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Box::deserialize(Fallback(deserializer))
    }
}

/// Makes [`RawValue`] work with every deserialiser. Some deserialisers have no text, such as the deserialiser
/// of an untagged enumeration.
struct Fallback<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Fallback<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0
            .deserialize_newtype_struct(name, WithoutText { name, visitor })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Passes a value without text to the visitor of [`RawValue`] as if it had one.
struct WithoutText<V> {
    name: &'static str,
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for WithoutText<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(formatter)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(map)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        let text = Value::deserialize(deserializer)?.to_string();
        let entries = iter::once((self.name, text));
        self.visitor.visit_map(MapDeserializer::new(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_numbers_are_found_outside_of_strings() {
        for (text, expected) in [
            ("1", true),
            ("-1.5", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("-9223372036854775809", false),
            ("0.1234567890123456789", false),
            ("1.10", false),
            ("1e999", false),
            ("-0", false),
            (r#""18446744073709551616""#, true),
            (r#"{"\"1.10":[true,{"a":"\\"},1.25]}"#, true),
            (r#"{"a":[null,{"b":1E2}]}"#, false),
        ] {
            assert_eq!(is_exact(text), expected, "{text}");
        }
    }

    #[test]
    fn a_deep_value_is_not_decoded() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(decode::<Value>(&deep(MAX_DEPTH)).is_some());
        assert!(decode::<Value>(&deep(MAX_DEPTH + 1)).is_none());
        assert!(decode::<Value>(&deep(1_000_000)).is_none());
    }
}
