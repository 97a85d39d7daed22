//! Values of CSV cells. A cell is read as text if its field contains text, and otherwise as JSON. If the kind
//! of the field is unknown, a cell that is not JSON is read as text.

use crate::fields::Kind;
use funnelflux::json::{self, ParseError};
use serde_json::Value;

/// Content of a cell that sets a text field to the empty text.
const EMPTY_TEXT: &str = "\"\"";

/// Converts a cell that is not empty into the value of a field. `current` is the value that the field has
/// now. If the field has no value, `usual` is the kind of its values in other assets.
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
            Err(error @ ParseError::Rounded(_)) => Err(error.to_string()),
            _ => Err(format!("expected a number, not {cell:?}")),
        },
        Some(Kind::Json) => match parse() {
            Ok(value) if value.is_array() || value.is_object() || value.is_null() => Ok(value),
            Ok(_) => Err(format!("expected a list or an object in JSON, not {cell:?}")),
            Err(ParseError::Json(error)) => Err(format!("expected JSON: {error}")),
            Err(error) => Err(error.to_string()),
        },
        None => match parse() {
            Err(error @ (ParseError::Rounded(_) | ParseError::Repeated(_))) => Err(error.to_string()),
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
            ("\"\"", Some(json!([])), None, Err("expected a list or an object")),
            ("null", Some(json!([])), None, Ok(json!(null))),
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
            ("{\"a\":1,\"a\":2}", Some(json!({})), None, Err("occurs twice")),
            ("{\"a\":1,\"a\":2}", None, None, Err("occurs twice")),
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
}
