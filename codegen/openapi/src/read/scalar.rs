//! YAML scalars, following the core schema of YAML 1.2.

use saphyr_parser::{ScalarStyle, Tag};
use serde_json::{Number, Value};

/// Reads a scalar. In the core schema, `yes`, `no` and dates are text.
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let resolved = || {
        if style == ScalarStyle::Plain {
            plain(text)
        } else {
            Ok(Value::String(text.to_owned()))
        }
    };
    let Some(tag) = tag else { return resolved() };
    if tag.handle.is_empty() && tag.suffix == "!" {
        return Ok(Value::String(text.to_owned()));
    }
    let Some(name) = core_tag(tag) else {
        return Err(format!(
            "the tag `{}{}` is not known here",
            tag.handle, tag.suffix
        ));
    };
    let value = match name {
        "str" => Value::String(text.to_owned()),
        "null" | "bool" | "int" | "float" => plain(text)?,
        suffix => return Err(format!("the tag `!!{suffix}` is not known here")),
    };
    let fits = match name {
        "null" => value.is_null(),
        "bool" => value.is_boolean(),
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        _ => true,
    };
    if fits {
        Ok(value)
    } else {
        Err(format!("`{text}` is not a `!!{name}`"))
    }
}

/// Returns the name of a tag of YAML itself, such as `str` for `!!str` and for `!<tag:yaml.org,2002:str>`.
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
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(radix))
        {
            return u64::from_str_radix(digits, radix)
                .map(Value::from)
                .map_err(|_| out_of_range(text));
        }
    }
    // Nearly all scalars are text, because they do not start like a number.
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Ok(Value::String(text.to_owned()));
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let integer = text.strip_prefix('+').unwrap_or(text);
        if let Ok(number) = integer.parse::<i64>() {
            return Ok(number.into());
        }
        if let Ok(number) = integer.parse::<u64>() {
            return Ok(number.into());
        }
    }
    if is_float(unsigned) {
        let number = text.parse::<f64>().ok().and_then(Number::from_f64);
        return number.map(Value::Number).ok_or_else(|| out_of_range(text));
    }
    Ok(Value::String(text.to_owned()))
}

fn out_of_range(text: &str) -> String {
    format!("the number `{text}` is out of range")
}

/// Matches `( "." digits | digits [ "." digits? ] ) [ exponent ]`, for a text without its sign.
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (
            mantissa,
            Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)),
        ),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}
