//! Text for terminals: control characters, numbers with their nouns, times.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// Replaces control characters, so that text of the service cannot steer the terminal. Keeps line breaks.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_unsafe = |character: char| character.is_control() && character != '\n';
    if text.contains(is_unsafe) {
        Cow::Owned(text.replace(is_unsafe, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Replaces control characters and line breaks, for a cell of a table.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// A number with its noun: `1 page`, `12 pages`.
pub(crate) fn count(number: usize, singular: &str, plural: &str) -> String {
    match number {
        1 => format!("1 {singular}"),
        _ => format!("{} {plural}", grouped(number)),
    }
}

/// A number with commas between groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A time in the format of RFC 3339, in UTC.
pub(crate) fn timestamp(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// A duration in its two largest units, such as `71h 59m`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_agree_with_their_noun() {
        for (number, expected) in [
            (0, "0 pages"),
            (1, "1 page"),
            (999, "999 pages"),
            (12_345, "12,345 pages"),
        ] {
            assert_eq!(count(number, "page", "pages"), expected);
        }
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(printable("a\u{1b}[31mb\nc"), "a\u{fffd}[31mb\nc");
        assert_eq!(one_line("a\r\nb"), "a  b");
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, expected) in [(59, "59s"), (61, "1m"), (7_260, "2h 1m"), (172_800, "2d 0h")] {
            assert_eq!(duration(Duration::from_secs(seconds)), expected);
        }
    }
}
