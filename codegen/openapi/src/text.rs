//! Text for people: shortening, escaping for terminals and markdown, counts.

use std::{borrow::Cow, fmt};

use serde_json::Value;

/// Maximum number of characters of a value that a sentence quotes.
pub const SENTENCE: usize = 160;

/// Returns the first `most` characters of a text, with an ellipsis if the text is longer.
pub fn shorten(text: &str, most: usize) -> Cow<'_, str> {
    excerpt(text, 0, most)
}

/// Returns at most `most` characters of a text, beginning with character number `start`. An ellipsis marks
/// each end where text is omitted.
pub fn excerpt(text: &str, start: usize, most: usize) -> Cow<'_, str> {
    let offset = |text: &str, count| text.char_indices().nth(count).map(|(offset, _)| offset);
    let start = offset(text, start).unwrap_or(if start == 0 { 0 } else { text.len() });
    let rest = text.get(start..).unwrap_or_default();
    let end = offset(rest, most);
    let part = end.and_then(|end| rest.get(..end)).unwrap_or(rest);
    match (start, end) {
        (0, None) => Cow::Borrowed(text),
        (0, Some(_)) => Cow::Owned(format!("{part}…")),
        (_, None) => Cow::Owned(format!("…{part}")),
        (_, Some(_)) => Cow::Owned(format!("…{part}…")),
    }
}

/// Shortens two texts for a sentence. The part in which they differ stays visible in both texts.
pub fn shorten_pair(left: &str, right: &str) -> (String, String) {
    /// Maximum number of characters that are shown of each text. The limit is high, because readers cannot
    /// judge omitted text.
    const DIFFERENCE: usize = 1_200;
    /// Number of equal characters that stay visible on each side of the difference if equal characters are
    /// omitted there.
    const AROUND: usize = 60;
    /// Minimum saving: if only this many or fewer equal characters can be omitted, all stay visible.
    const SAVING: usize = 20;
    let (left_count, right_count) = (left.chars().count(), right.chars().count());
    if left_count.max(right_count) <= SENTENCE {
        return (left.to_owned(), right.to_owned());
    }
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start = left.chars().zip(right.chars()).take_while(same).count();
    let rest = left_count.min(right_count) - start;
    let ends = left.chars().rev().zip(right.chars().rev());
    let end = ends.take(rest).take_while(same).count();
    let hidden = |same: usize| if same > AROUND + SAVING { same - AROUND } else { 0 };
    let (from, cut) = (hidden(start), hidden(end));
    let shown = |text, count: usize| excerpt(text, from, DIFFERENCE.min(count - from - cut)).into_owned();
    (shown(left, left_count), shown(right, right_count))
}

/// Puts untrusted text on one line. Escapes characters that a terminal or a GitHub workflow would interpret
/// as a command, and characters that XML does not allow.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let is_escaped = |character: char| {
        let is_direction = matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        character.is_control() || is_direction || matches!(character, '\u{fffe}' | '\u{ffff}')
    };
    if !text.contains(is_escaped) {
        return Cow::Borrowed(text);
    }
    let escaped = text.chars().map(|character| match character {
        character if is_escaped(character) => character.escape_default().to_string(),
        character => character.to_string(),
    });
    Cow::Owned(escaped.collect())
}

/// Returns the parts of a sentence that are outside backticks. In similar sentences, these parts are equal.
pub fn unquoted(sentence: &str) -> Vec<&str> {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A backtick is unpaired, so nothing is a quotation.
        vec![sentence]
    } else {
        parts.into_iter().step_by(2).collect()
    }
}

/// Merges similar sentences into one, with an ellipsis in place of each quotation that differs.
pub fn shared_sentence<'t>(mut sentences: impl Iterator<Item = &'t str>) -> String {
    let mut parts: Vec<&str> = sentences.next().unwrap_or_default().split('`').collect();
    for sentence in sentences {
        for (part, found) in parts.iter_mut().zip(sentence.split('`')) {
            if *part != found {
                *part = "…";
            }
        }
    }
    parts.join("`")
}

/// Escapes untrusted text for a line of markdown or a cell of a table. Code spans are preserved. The rest
/// becomes plain text.
pub fn markdown(text: &str) -> String {
    let text = one_line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        // A backtick is unpaired, so no code span can be trusted.
        return plain(&text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| match index % 2 {
        0 => plain(part),
        _ => format!("`{}`", part.replace('|', "\\|")),
    });
    parts.collect()
}

/// Escapes text so that it contains neither markup nor a mention of a user (`@name`).
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

/// Returns a count with its noun: `1 path`, `2 paths`.
pub fn counted<Number: Copy + fmt::Display + PartialEq + From<u8>>(count: Number, noun: &str) -> String {
    let plural = if count == Number::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

/// Returns the JSON type of a value with its article.
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
mod tests;
