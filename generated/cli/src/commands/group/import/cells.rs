//! Values of CSV cells: text, or JSON if the field does not contain text.

use crate::path::JsonPath;
use funnelflux::json::{self, ParseError};
use serde_json::Value;
use std::collections::HashMap;

/// Cell that makes a text empty.
const EMPTY_TEXT: &str = "\"\"";

/// Kind of the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    /// A list or an object.
    Json,
}

impl Kind {
    const fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(_) => Some(Self::Number),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) | Value::Object(_) => Some(Self::Json),
        }
    }
}

/// Fields of a group with the kinds of their values, as far as assets show them.
#[derive(Debug, Default)]
pub(super) struct Kinds(HashMap<JsonPath, Option<Kind>>);

impl Kinds {
    /// Learns the fields of an asset.
    pub(super) fn learn(&mut self, asset: &Value) {
        self.learn_at(&JsonPath::root(), asset);
    }

    fn learn_at(&mut self, path: &JsonPath, value: &Value) {
        let kind = Kind::of(value);
        let known = self.0.entry(path.clone()).or_insert(kind);
        *known = known.or(kind);
        if let Value::Object(object) = value {
            for (name, value) in object {
                self.learn_at(&path.child(name), value);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn knows(&self, path: &JsonPath) -> bool {
        self.0.contains_key(path)
    }

    pub(super) fn kind(&self, path: &JsonPath) -> Option<Kind> {
        self.0.get(path).copied().flatten()
    }
}

/// Returns the value of a cell that is not empty. `current` is the current value of the field, and `usual` is
/// the kind of the field's values in other assets.
pub(super) fn value_of(cell: &str, current: Option<&Value>, usual: Option<Kind>) -> Result<Value, String> {
    let parse = || json::parse(cell.trim());
    match current.and_then(Kind::of).or(usual) {
        Some(Kind::Text) if cell == EMPTY_TEXT => Ok(Value::from("")),
        Some(Kind::Text) => Ok(Value::from(cell)),
        Some(Kind::Boolean) => match cell.trim().to_lowercase().as_str() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("expected true or false, not {cell:?}")),
        },
        Some(Kind::Number) => match parse() {
            Ok(value) if value.is_number() => Ok(value),
            Err(ParseError::Rounded(number)) => Err(number.to_string()),
            _ => Err(format!("expected a number, not {cell:?}")),
        },
        Some(Kind::Json) => parse().map_err(|error| match error {
            ParseError::Json(error) => format!("expected JSON: {error}"),
            error => error.to_string(),
        }),
        None => match parse() {
            Err(ParseError::Rounded(number)) => Err(number.to_string()),
            value => Ok(value.unwrap_or_else(|_| Value::from(cell))),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_have_the_kind_of_their_field() {
        for (cell, current, usual, expected) in [
            ("5", Some(json!("4")), None, Ok(json!("5"))),
            ("5", Some(json!(4)), None, Ok(json!(5))),
            ("5", None, Some(Kind::Text), Ok(json!("5"))),
            ("5", Some(json!(null)), None, Ok(json!(5))),
            ("x", None, None, Ok(json!("x"))),
            ("\"\"", Some(json!("a")), None, Ok(json!(""))),
            ("TRUE", Some(json!(false)), None, Ok(json!(true))),
            ("[1, 2]", Some(json!([])), None, Ok(json!([1, 2]))),
            ("many", Some(json!(1)), None, Err("expected a number")),
            ("ja", Some(json!(true)), None, Err("expected true or false")),
            ("[1", Some(json!([])), None, Err("expected JSON")),
            (
                "0.1234567890123456789",
                Some(json!(4)),
                None,
                Err("rounded to 0.123"),
            ),
            (
                "[1e999]",
                Some(json!([])),
                None,
                Err("1e999 at /0 is out of range"),
            ),
            ("18446744073709551616", None, None, Err("would be rounded")),
            (
                "18446744073709551616",
                None,
                Some(Kind::Text),
                Ok(json!("18446744073709551616")),
            ),
        ] {
            let value = value_of(cell, current.as_ref(), usual);
            match (value, expected) {
                (Ok(value), Ok(expected)) => assert_eq!(value, expected, "{cell}"),
                (Err(problem), Err(expected)) => assert!(problem.contains(expected), "{problem}"),
                (value, expected) => panic!("{cell}: {value:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn fields_are_learned_with_their_parents() {
        let mut kinds = Kinds::default();
        kinds.learn(&json!({ "a": { "b": null }, "c": [1] }));
        kinds.learn(&json!({ "a": { "b": 2 } }));
        let kind = |path: &str| kinds.kind(&JsonPath::parse(path).unwrap());
        assert_eq!(kind("a.b"), Some(Kind::Number));
        assert_eq!(kind("c"), Some(Kind::Json));
        assert!(kinds.knows(&JsonPath::parse("a").unwrap()) && !kinds.knows(&JsonPath::parse("x").unwrap()));
    }
}
