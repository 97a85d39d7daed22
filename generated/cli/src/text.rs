//! Functions for text on terminals. They replace control characters, reword messages of the library, and
//! format times, durations and counted nouns.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

/// Phrases in messages of the library, each with its replacement for users of the program.
const PHRASES: [(&str, &str); 12] = [
    ("(ChangePlan::copy)", "(funnelflux plan --copy)"),
    ("use ChangePlan::copy", "use funnelflux plan --copy"),
    ("take the IDs from Journal::read", "continue it with --resume"),
    (
        "run the job again for the IDs of unfinished()",
        "continue the job",
    ),
    (
        "choose one of AssetGroup::all(), or enable the feature of the group",
        "choose one that --help lists",
    ),
    (
        "use the typed calls of the crate or AssetGroup::find_json, which keep all digits",
        "change the asset on the website of the service",
    ),
    (
        "or restore this asset with the typed calls of the crate, which keep all digits",
        "or restore this asset on the website of the service",
    ),
    ("call acknowledge_inferred()", "add --accept-inferred"),
    ("(acknowledge_inferred)", "(--accept-inferred)"),
    (
        "give later jobs an undoable journal (undoable_journal)",
        "undo the changes by hand",
    ),
    (
        "export again, or open it as incomplete",
        "repeat the export, which reads what is missing",
    ),
    (
        "or allow it with ClientBuilder::allow_plain_http",
        "or a service on this machine",
    ),
];

/// Rewords a message of the library for users of the program.
pub(crate) fn of_library(text: &str) -> String {
    PHRASES.iter().fold(text.to_owned(), |text, (library, program)| {
        text.replace(library, program)
    })
}

/// Returns true if a character controls the terminal, or changes the direction of the text after it.
fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Replaces control characters, so that text from the service cannot control the terminal. Keeps line breaks.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let is_unsafe = |character: char| is_control(character) && character != '\n';
    if text.contains(is_unsafe) {
        Cow::Owned(text.replace(is_unsafe, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Replaces control characters and line breaks by spaces, so that the text fits into a cell of a table.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(is_control) {
        Cow::Owned(text.replace(is_control, " "))
    } else {
        Cow::Borrowed(text)
    }
}

/// Shortens a text to a maximum number of characters.
pub(crate) fn shortened(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

/// Formats a number with its noun, such as `1 page` or `12 pages`.
pub(crate) fn count(number: usize, singular: &str, plural: &str) -> String {
    match number {
        1 => format!("1 {singular}"),
        _ => format!("{} {plural}", grouped(number)),
    }
}

/// Formats a number with commas between groups of three digits.
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

/// Formats a time in UTC as defined by RFC 3339.
pub(crate) fn timestamp(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// Formats a duration in its one or two largest units, such as `2d 23h`, `5h 59m` or `10m`.
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

    /// Returns the source code of the library, with each string literal on one line.
    fn library() -> String {
        let mut folders = vec![std::path::PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../src"
        ))];
        let mut code = String::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    code += &std::fs::read_to_string(path).unwrap();
                }
            }
        }
        // String literals can continue on the next line, so the parts are joined.
        let lines: Vec<&str> = code.lines().map(str::trim).collect();
        lines.join("\n").replace("\\\n", "")
    }

    #[test]
    fn every_phrase_is_one_of_the_library() {
        let library = library();
        for (phrase, _) in PHRASES {
            assert!(library.contains(phrase), "{phrase}");
        }
    }

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
