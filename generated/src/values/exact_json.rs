//! JSON text whose numbers keep all digits.

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, MapAccess, Visitor, value::MapDeserializer},
    forward_to_deserialize_any,
};
use serde_json::{Value, value::RawValue};
use std::{borrow::Cow, collections::HashSet, fmt, iter};

/// Maximum depth of nested lists and objects in a value that is decoded. `serde_json` has a similar limit.
const MAX_DEPTH: usize = 120;

/// Reads the next value of an object as JSON text. If the deserialiser does not read JSON text, serialises
/// the value as JSON.
pub(crate) fn next_value<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Box<RawValue>, A::Error> {
    map.next_value_seed(Raw)
}

/// Decodes a value. Returns `None` if `T` cannot represent the value, or if the value is nested too deeply.
#[allow(dead_code, reason = "the document decides whether there are inferred fields")]
pub(crate) fn decode<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    // `serde_json` applies its recursion limit separately to each nested text that it decodes, so the depth
    // of the whole text is checked here. Each level takes at least two bytes, so a short text needs no check.
    if text.len() / 2 > MAX_DEPTH && depth(text) > MAX_DEPTH {
        return None;
    }
    serde_json::from_str(text).ok()
}

/// Returns `true` if a [`Value`] keeps the notation of every number in the text.
pub(crate) fn is_exact(text: &str) -> bool {
    numbers(text).all(|(_, number)| is_plain(number) || held(number).as_deref() == Some(number))
}

/// Parses JSON text. The numbers in the returned value may be rounded. If the text cannot be parsed, returns
/// the text as a string.
pub(crate) fn approximate(text: &str) -> Value {
    let rounded = replace_numbers(text, |number| held(number).filter(|held| held != number));
    serde_json::from_str(&rounded).unwrap_or_else(|_| Value::from(text))
}

/// Parses JSON text, and rejects numbers that a [`Value`] would round or cannot represent, and objects with
/// two members of the same name.
///
/// `serde_json` silently rounds a number that neither a 64-bit integer nor a double can represent. A program
/// that reads an asset from a file with `serde_json` and saves it with
/// [`AssetGroup::save`](crate::ext::AssetGroup::save) would send the rounded number. This function accepts a
/// number if only its notation changes: it reads 1.10 as 1.1. `serde_json` also silently drops the first of
/// two members with the same name.
///
/// ```
/// use funnelflux::json;
///
/// assert_eq!(json::parse(r#"{"cost": 1.10}"#)?["cost"], 1.1);
/// let error = json::parse(r#"{"cost": 0.1234567890123456789}"#).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the number 0.1234567890123456789 at /cost would be rounded to 0.12345678901234568"
/// );
/// let error = json::parse(r#"{"cost": 1, "cost": 2}"#).unwrap_err();
/// assert_eq!(error.to_string(), "the name \"cost\" occurs twice in an object");
/// # Ok::<(), json::ParseError>(())
/// ```
///
/// # Errors
/// Returns an error if the text is not JSON, if it contains a number that would be rounded or is out of
/// range, or if two members of an object have the same name.
pub fn parse(text: &str) -> Result<Value, ParseError> {
    let parsed = serde_json::from_str(text);
    // A number that is out of range is a syntax error for `serde_json`.
    if parsed.is_ok() || serde_json::from_str::<&RawValue>(text).is_ok() {
        // Some callers accept rounded numbers, but nobody knows which of two values is meant.
        if let Some(name) = first_repeated(text) {
            return Err(ParseError::Repeated(name));
        }
        if let Some(number) = first_rounded(text) {
            return Err(ParseError::Rounded(number));
        }
    }
    parsed.map_err(ParseError::Json)
}

/// Parses JSON text for display: a number that a [`Value`] would round or cannot represent becomes a string
/// with the number as written.
///
/// Do not save such a value, because the service would receive a string instead of a number. To read values
/// that you want to save, use [`parse`].
///
/// ```
/// use funnelflux::json;
///
/// assert_eq!(json::show("[18446744073709551616, 1.5]")?, json::parse(r#"["18446744073709551616", 1.5]"#)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Returns an error if the text is not JSON.
pub fn show(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(&with_quoted_numbers(text))
}

/// Error of a text that [`parse`] does not accept.
#[derive(Debug)]
#[non_exhaustive]
pub enum ParseError {
    /// The text is not JSON.
    Json(serde_json::Error),
    /// A number would be rounded, or is out of range.
    Rounded(RoundedNumber),
    /// Two members of an object have the same name.
    Repeated(RepeatedName),
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(formatter, "invalid JSON: {error}"),
            Self::Rounded(number) => number.fmt(formatter),
            Self::Repeated(name) => name.fmt(formatter),
        }
    }
}

impl std::error::Error for ParseError {}

/// A number in JSON text that a [`Value`] would round or cannot represent.
///
/// `Display` writes a sentence with the number, its path and the rounded number, but without line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoundedNumber {
    /// JSON pointer to the number; empty if the number is the whole text.
    pub pointer: String,
    /// The number as written in the text.
    pub number: String,
    /// The rounded number; `None` if the number is out of range.
    pub rounded: Option<String>,
    /// Line of the number, from 1.
    pub line: usize,
    /// Column of the number in characters, from 1.
    pub column: usize,
}

impl fmt::Display for RoundedNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 40;
        match self.number.get(..SHOWN) {
            Some(start) if self.number.len() > SHOWN => write!(formatter, "the number {start}…")?,
            _ => write!(formatter, "the number {}", self.number)?,
        }
        if !self.pointer.is_empty() {
            write!(formatter, " at {}", self.pointer)?;
        }
        match &self.rounded {
            Some(rounded) => write!(formatter, " would be rounded to {rounded}"),
            None => formatter.write_str(" is out of range"),
        }
    }
}

/// A name that an earlier member of the same JSON object already has.
///
/// `Display` writes a sentence with the name and the path of the object, but without line and column.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepeatedName {
    /// JSON pointer to the object; empty if the object is the whole text.
    pub pointer: String,
    /// The name.
    pub name: String,
    /// Line of the second occurrence of the name, from 1.
    pub line: usize,
    /// Column of the second occurrence in characters, from 1.
    pub column: usize,
}

impl fmt::Display for RepeatedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the name {:?} occurs twice in ", self.name)?;
        match self.pointer.as_str() {
            "" => formatter.write_str("an object"),
            pointer => write!(formatter, "the object at {pointer}"),
        }
    }
}

/// Returns the first number that a [`Value`] would round or cannot represent. `text` is valid JSON.
pub(crate) fn first_rounded(text: &str) -> Option<RoundedNumber> {
    let (offset, number) = numbers(text).find(|(_, number)| !keeps_value(number))?;
    let (line, column) = position_of(text, offset);
    Some(RoundedNumber {
        pointer: pointer_at(text, offset),
        number: number.to_owned(),
        rounded: held(number),
        line,
        column,
    })
}

/// Returns the first name that an earlier member of the same object already has. `text` is valid JSON.
pub(crate) fn first_repeated(text: &str) -> Option<RepeatedName> {
    // Text with one colon has at most one name. Most bodies of bulk calls are such texts: a list of IDs under
    // one name.
    text.bytes().filter(|byte| *byte == b':').nth(1)?;
    // Names of each object that contains the current position; `None` for a list.
    let mut parents: Vec<Option<HashSet<Cow<'_, str>>>> = Vec::new();
    let mut is_name = false;
    for (offset, token) in (Tokens::<true> { text, position: 0 }) {
        match token {
            "{" => parents.push(Some(HashSet::new())),
            "[" => parents.push(None),
            "]" | "}" => drop(parents.pop()),
            "," => {}
            quoted => {
                if let Some(Some(names)) = parents.last_mut().filter(|_| is_name) {
                    let plain = quoted.trim_matches('"');
                    let name = if quoted.contains('\\') {
                        Cow::Owned(serde_json::from_str(quoted).unwrap_or_else(|_| plain.to_owned()))
                    } else {
                        Cow::Borrowed(plain)
                    };
                    if names.contains(&name) {
                        let (line, column) = position_of(text, offset);
                        // Without its last part, which has no name yet, the pointer leads to the object.
                        let pointer = pointer_at(text, offset).trim_end_matches('/').to_owned();
                        let name = name.into_owned();
                        return Some(RepeatedName {
                            pointer,
                            name,
                            line,
                            column,
                        });
                    }
                    names.insert(name);
                }
            }
        }
        is_name = matches!(token, "{" | ",");
    }
    None
}

/// Returns the line and the column of an offset in bytes, both from 1. Columns count characters.
fn position_of(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Puts quotes around each number that a [`Value`] would round or cannot represent. `text` is valid JSON. If
/// there is no such number, borrows the text.
pub(crate) fn with_quoted_numbers(text: &str) -> Cow<'_, str> {
    replace_numbers(text, |number| {
        (!keeps_value(number)).then(|| format!("\"{number}\""))
    })
}

/// Replaces each number of valid JSON text for which `replacement` returns `Some`.
fn replace_numbers(text: &str, replacement: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    let mut replaced = String::new();
    let mut end = 0;
    for (offset, number) in numbers(text) {
        if let Some(new) = replacement(number) {
            replaced.push_str(text.get(end..offset).unwrap_or_default());
            replaced.push_str(&new);
            end = offset + number.len();
        }
    }
    if end == 0 {
        return Cow::Borrowed(text);
    }
    replaced.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(replaced)
}

/// Returns `true` for common numbers whose notation a [`Value`] keeps. This check is fast: it parses nothing.
fn is_plain(number: &str) -> bool {
    let digits = number.strip_prefix('-').unwrap_or(number);
    is_short(number)
        && match digits.split_once('.') {
            Some((whole, fraction)) => whole != "0" && !fraction.ends_with('0'),
            None => number != "-0",
        }
}

/// Returns `true` for numbers that are short enough for a [`Value`] to keep their value: a double keeps 15
/// decimal digits, and a 64-bit integer keeps 18.
fn is_short(number: &str) -> bool {
    number.len() <= 16 && !number.contains(['e', 'E'])
}

/// Returns `true` if a [`Value`] keeps the value of a number.
fn keeps_value(number: &str) -> bool {
    is_short(number) || held(number).is_some_and(|held| Decimal::of(&held) == Decimal::of(number))
}

/// Parses a number as a 64-bit integer or a double, and returns its new text; `None` if it is out of range.
///
/// This function does not use a [`Value`], because another crate of the program may enable the feature
/// `arbitrary_precision` of `serde_json`. A [`Value`] then keeps more digits than the number types of this
/// crate.
fn held(number: &str) -> Option<String> {
    let unsigned = number.parse().map(|integer: u64| integer.to_string());
    let integer = unsigned.or_else(|_| number.parse().map(|integer: i64| integer.to_string()));
    let double = || number.parse().ok().filter(|double: &f64| double.is_finite());
    integer
        .ok()
        .or_else(|| double().and_then(|double| serde_json::to_string(&double).ok()))
}

/// Value of a number. Numbers with the same value give equal `Decimal`s, even if their notations differ.
#[derive(PartialEq)]
struct Decimal {
    is_negative: bool,
    /// Digits without zeros at either end; empty if the value is zero.
    digits: String,
    /// Power of ten of the last digit.
    exponent: i64,
}

impl Decimal {
    fn of(number: &str) -> Self {
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_negative = whole.starts_with('-');
        let all = format!("{}{fraction}", whole.trim_start_matches('-'));
        let kept = all.trim_end_matches('0');
        let digits = kept.trim_start_matches('0').to_owned();
        if digits.is_empty() {
            return Self {
                is_negative: false,
                digits,
                exponent: 0,
            };
        }
        let out_of_range = if exponent.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        };
        let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
        let exponent = exponent.parse().unwrap_or(out_of_range);
        Self {
            is_negative,
            exponent: exponent
                .saturating_sub(length(fraction))
                .saturating_add(length(&all) - length(kept)),
            digits,
        }
    }
}

/// Numbers of valid JSON text, each with its offset in bytes.
fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    Tokens::<false> { text, position: 0 }.filter(|(_, token)| !token.starts_with('"'))
}

/// Returns the maximum depth of nested lists and objects in valid JSON text.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (_, token) in (Tokens::<true> { text, position: 0 }) {
        match token {
            "[" | "{" => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Returns the JSON pointer to the value at an offset of valid JSON text.
fn pointer_at(text: &str, offset: usize) -> String {
    enum Part<'t> {
        /// Index of an entry of a list.
        Index(usize),
        /// Name of a member, in quotes; empty until the name is read.
        Name(&'t str),
    }
    let mut path: Vec<Part<'_>> = Vec::new();
    for (position, token) in (Tokens::<true> { text, position: 0 }) {
        if position >= offset {
            break;
        }
        match (token, path.last_mut()) {
            ("[", _) => path.push(Part::Index(0)),
            ("{", _) => path.push(Part::Name("")),
            ("]" | "}", _) => drop(path.pop()),
            (",", Some(Part::Index(index))) => *index += 1,
            (",", Some(Part::Name(name))) => *name = "",
            (text, Some(Part::Name(name))) if name.is_empty() => *name = text,
            _ => {}
        }
    }
    let part = |part: &Part<'_>| match part {
        Part::Index(index) => format!("/{index}"),
        Part::Name(name) => {
            let name: String = serde_json::from_str(name).unwrap_or_default();
            format!("/{}", name.replace('~', "~0").replace('/', "~1"))
        }
    };
    path.iter().map(part).collect()
}

/// Iterator over the strings and numbers of valid JSON text, each with its offset in bytes. If `PUNCTUATION`
/// is true, it also yields brackets, braces and commas.
struct Tokens<'t, const PUNCTUATION: bool> {
    text: &'t str,
    position: usize,
}

impl<'t, const PUNCTUATION: bool> Iterator for Tokens<'t, PUNCTUATION> {
    type Item = (usize, &'t str);

    fn next(&mut self) -> Option<Self::Item> {
        let is_token = |byte: &u8| match byte {
            b'"' | b'-' | b'0'..=b'9' => true,
            b'[' | b']' | b'{' | b'}' | b',' => PUNCTUATION,
            _ => false,
        };
        let rest = self.text.as_bytes().get(self.position..)?;
        let position = self.position + rest.iter().position(is_token)?;
        let rest = self.text.get(position..)?;
        let length = match rest.as_bytes().first()? {
            b'"' => string_length(rest),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                rest.bytes()
                    .position(|byte| !is_part(&byte))
                    .unwrap_or(rest.len())
            }
            _ => 1,
        };
        self.position = position + length;
        Some((position, rest.get(..length)?))
    }
}

/// Length of the string at the start of the text, including the quotes.
fn string_length(text: &str) -> usize {
    let mut bytes = text.bytes().enumerate().skip(1);
    while let Some((position, byte)) = bytes.next() {
        match byte {
            b'"' => return position + 1,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    text.len()
}

/// Reads a value as JSON text.
struct Raw;

impl<'de> DeserializeSeed<'de> for Raw {
    type Value = Box<RawValue>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        Box::deserialize(Fallback(deserializer))
    }
}

/// Makes [`RawValue`] work with every deserialiser. Some deserialisers have no JSON text, such as the
/// deserialiser of an untagged enumeration.
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

/// Reads a value from a deserialiser that has no JSON text, serialises the value as JSON, and passes this
/// JSON to the visitor of [`RawValue`].
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
    fn the_notation_of_plain_numbers_is_kept() {
        let mut plain = 0;
        for seed in 0..20_000_u64 {
            let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let digits = (random >> 8).to_string();
            let digits = digits
                .get(..=usize::try_from(seed % 15).unwrap())
                .unwrap_or(&digits);
            let (whole, fraction) =
                digits.split_at(digits.len().min(usize::try_from(1 + random % 7).unwrap()));
            let sign = if random & 1 == 0 { "-" } else { "" };
            let number = if fraction.is_empty() {
                format!("{sign}{whole}")
            } else {
                format!("{sign}{whole}.{fraction}")
            };
            plain += usize::from(is_plain(&number));
            assert!(
                !is_plain(&number) || held(&number).as_ref() == Some(&number),
                "{number}"
            );
        }
        assert!(plain > 10_000, "{plain} of 20000 numbers are plain");
    }

    #[test]
    fn a_rounded_number_is_found_with_its_place() {
        for (number, is_kept) in [
            ("1.10", true),
            ("1E2", true),
            ("-0.0", true),
            ("0e9999999999999999999999", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("18446744073709551616.0", false),
            ("100000000000000000000000", true),
            ("0.30000000000000004", true),
            ("0.30000000000000003", false),
            ("0.1234567890123456789", false),
            ("1e-400", false),
            ("1e999", false),
            ("1e99999999999999999999", false),
        ] {
            assert_eq!(keeps_value(number), is_kept, "{number}");
        }
        let text =
            "{\"\": {\"1e999\": 1}, \"a,\": [\"\\\"\", {\"x\": \"y\"}],\n \"b/~\\u0063\": [[], 0, 1e999, 2]}";
        let found = first_rounded(text).unwrap();
        assert_eq!((found.line, found.column), (2, 23));
        assert_eq!(found.to_string(), "the number 1e999 at /b~1~0c/2 is out of range");
        let shown = show(text).unwrap();
        assert_eq!(shown.pointer(&found.pointer), Some(&Value::from("1e999")));
        assert!(matches!(
            with_quoted_numbers(r#"{"1e999": "1e999"}"#),
            Cow::Borrowed(_)
        ));
        // This assertion needs the feature `float_roundtrip` of `serde_json`.
        assert_eq!(
            parse("7693.7880000000005").unwrap().to_string(),
            "7693.7880000000005"
        );
        assert!(matches!(parse("[1e999"), Err(ParseError::Json(_))));
        assert!(matches!(parse("1e999"), Err(ParseError::Rounded(_))));
    }

    #[test]
    fn a_repeated_name_is_found_with_its_place() {
        for (text, expected) in [
            (
                r#"{"a":1,"b":{"a":-2},"c":[{"a":0.5},{"a":null}, "a", "a"]}"#,
                None,
            ),
            (r#"{"a":"x","b":true,"a":"y"}"#, Some(("a", "", 1, 19))),
            (
                "[{\"a\":[{\"ä\":1,\n \"\\u00e4\":2}]}]",
                Some(("ä", "/0/a/0", 2, 2)),
            ),
            (r#"{"":{"x":"x"},"{":"{","":1}"#, Some(("", "", 1, 23))),
            (r#"{"a":true,"b":false,"c":null,"b":{}}"#, Some(("b", "", 1, 30))),
            ("[]", None),
        ] {
            let found = first_repeated(text);
            let found = found
                .as_ref()
                .map(|found| (&*found.name, &*found.pointer, found.line, found.column));
            assert_eq!(found, expected, "{text}");
            assert_eq!(
                matches!(parse(text), Err(ParseError::Repeated(_))),
                expected.is_some()
            );
        }
        assert_eq!(
            parse(r#"{"a":{"b":1,"b":2}}"#).unwrap_err().to_string(),
            "the name \"b\" occurs twice in the object at /a"
        );
        // A caller that accepts rounded numbers must not miss the repeated name.
        let text = r#"{"a":1,"a":2,"cost":0.1234567890123456789}"#;
        assert!(matches!(parse(text), Err(ParseError::Repeated(_))));
    }

    #[test]
    fn a_deep_value_is_not_decoded() {
        let deep = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(decode::<Value>(&deep(MAX_DEPTH)).is_some());
        assert!(decode::<Value>(&deep(MAX_DEPTH + 1)).is_none());
        assert!(decode::<Value>(&deep(1_000_000)).is_none());
    }
}
