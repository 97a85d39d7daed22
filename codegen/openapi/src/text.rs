//! Text for people: escaping for terminals and markdown, counts.

use std::{borrow::Cow, fmt};

use serde_json::Value;

/// A text of somebody else on one line, without what a terminal or a workflow takes as a command.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    let is_command = |character: char| {
        character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(is_command) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|character| match character {
        character if is_command(character) => character.escape_default().to_string(),
        character => character.to_string(),
    });
    Cow::Owned(escaped.collect())
}

/// A text of somebody else inside of markdown, on one line, in a table as well. Code spans stay; outside of them nothing is markup.
#[must_use]
pub fn markdown(text: &str) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A name with a backtick: nobody can tell where a span ends.
        return plain(&text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| match index % 2 {
        0 => plain(part),
        _ => format!("`{}`", part.replace('|', "\\|")),
    });
    parts.collect()
}

/// Text in which nothing is markdown, nor a person who is called.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => plain.push_str("&lt;"),
            '@' => plain.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '|' => plain.extend(['\\', character]),
            _ => plain.push(character),
        }
    }
    plain
}

/// How many of something there are: `1 path`, `2 paths`.
#[must_use]
pub fn counted<Number: Copy + fmt::Display + PartialEq + From<u8>>(count: Number, noun: &str) -> String {
    let plural = if count == Number::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// What a value is, for a sentence.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_the_right_plural() {
        assert_eq!(counted(1, "path"), "1 path");
        assert_eq!(counted(0, "path"), "0 paths");
    }
}
