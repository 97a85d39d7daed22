//! YAML scalars, following the core schema of YAML 1.2.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};

/// Reads a scalar. In the core schema, `yes`, `no` and dates are text.
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let name = match tag {
        None if style == ScalarStyle::Plain => return plain(text),
        None => "str",
        Some(tag) if tag.handle.is_empty() && tag.suffix == "!" => "str",
        Some(tag) => core_tag(tag).ok_or_else(|| format!("the tag `{tag}` is not known here"))?,
    };
    let is_of_type: fn(&Value) -> bool = match name {
        "str" => return Ok(Value::from(text)),
        "null" => Value::is_null,
        "bool" => Value::is_boolean,
        "int" => |value| value.is_i64() || value.is_u64(),
        "float" => Value::is_number,
        _ => return Err(format!("the tag `!!{name}` is not known here")),
    };
    let value = plain(text)?;
    if is_of_type(&value) {
        Ok(value)
    } else {
        Err(format!("`{text}` is not a `!!{name}`"))
    }
}

/// Returns the name of a tag that YAML itself defines, such as `str` for `!!str` and for
/// `!<tag:yaml.org,2002:str>`.
pub(super) fn core_tag(tag: &Tag) -> Option<&str> {
    if tag.is_yaml_core_schema() {
        return Some(&tag.suffix);
    }
    tag.suffix
        .strip_prefix("tag:yaml.org,2002:")
        .filter(|_| tag.handle.is_empty())
}

/// Reads a scalar without quotes.
fn plain(text: &str) -> Result<Value, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "true" | "True" | "TRUE" => return Ok(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Err(format!("`{text}` is a number that JSON does not have"));
    }
    let out_of_range = || format!("the number `{text}` is out of range");
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(radix))
        {
            let number = u64::from_str_radix(digits, radix);
            return number.map(Value::from).map_err(|_| out_of_range());
        }
    }
    // Nearly all scalars do not start like a number, so they are text.
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Ok(Value::from(text));
    }
    if let Ok(number) = text.parse::<i64>() {
        return Ok(number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Ok(number.into());
    }
    // Among texts that start like a number, Rust and YAML accept the same floats.
    match text.parse::<f64>() {
        Ok(number) => Number::from_f64(number)
            .map(Value::Number)
            .ok_or_else(out_of_range),
        Err(_) => Ok(Value::from(text)),
    }
}
