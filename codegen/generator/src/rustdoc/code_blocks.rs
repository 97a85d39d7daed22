//! Finds and converts code blocks of Markdown with the parser that rustdoc uses.
//!
//! Rustdoc runs a code block if it has no language, or a language that rustdoc treats as Rust. It never runs
//! a block with the language `text`.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag};

struct CodeBlock {
    /// Byte range of the block, without the indentation of its first line.
    range: Range<usize>,
    /// Language and attributes of the block. `None` for an indented block.
    language: Option<String>,
}

fn find(text: &str) -> Vec<CodeBlock> {
    // Most texts cannot contain a code block, and parsing is slow.
    let signs = ["```", "~~~", "    ", "\t"];
    if !signs.iter().any(|sign| text.contains(sign)) {
        return Vec::new();
    }
    // The extensions that rustdoc enables.
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_SMART_PUNCTUATION;
    let events = Parser::new_ext(text, options).into_offset_iter();
    let blocks = events.filter_map(|(event, range)| match event {
        Event::Start(Tag::CodeBlock(kind)) => Some(CodeBlock {
            range,
            language: match kind {
                CodeBlockKind::Fenced(language) => Some(language.into_string()),
                CodeBlockKind::Indented => None,
            },
        }),
        _ => None,
    });
    blocks.collect()
}

/// Returns `true` if rustdoc runs no code block of the text.
pub(super) fn are_text(text: &str) -> bool {
    let is_text = |block: &CodeBlock| block.language.as_deref() == Some("text");
    find(text).iter().all(is_text)
}

/// Returns a flag for each line of the text. The flag is `true` if the line belongs to a code block.
pub(super) fn lines(text: &str) -> Vec<bool> {
    let blocks = find(text);
    let mut start = 0;
    let lines = text.split_inclusive('\n').map(|line| {
        let end = start + line.len();
        let is_in = |block: &CodeBlock| block.range.start < end && start < block.range.end;
        let is_code = blocks.iter().any(is_in);
        start = end;
        is_code
    });
    lines.collect()
}

/// Turns each code block into a closed block of the language `text`.
pub(super) fn as_text(text: &str) -> String {
    let mut changed = text.to_owned();
    // The last block is replaced first, so that the ranges of the other blocks stay valid.
    for block in find(text).into_iter().rev() {
        let start = text.get(..block.range.start).unwrap_or_default();
        let line = start.rfind('\n').map_or(0, |end| end + 1);
        let range = line..block.range.end;
        let lines: Vec<&str> = text.get(range.clone()).unwrap_or_default().lines().collect();
        let prefix = start.get(line..).unwrap_or_default();
        let mut replacement = match block.language {
            Some(_) => refenced(&lines, prefix),
            None => unindented(&lines, prefix),
        };
        if text.get(range.clone()).is_some_and(|block| block.ends_with('\n')) {
            replacement.push('\n');
        }
        changed.replace_range(range, &replacement);
    }
    if are_text(&changed) {
        changed
    } else {
        fenced(&changed.lines().collect::<Vec<_>>()).join("\n")
    }
}

/// Sets the language of a fenced block to `text`, and closes the block if it is not closed. `prefix` is the
/// text before the opening fence.
fn refenced(lines: &[&str], prefix: &str) -> String {
    let opening = lines.first().copied().unwrap_or_default();
    let bare = opening.get(prefix.len()..).unwrap_or_default().trim_start();
    let character = bare.chars().next().unwrap_or('`');
    let fence: String = bare.chars().take_while(|next| *next == character).collect();
    let mut out = vec![format!("{prefix}{fence}text")];
    out.extend(lines.iter().skip(1).map(|line| (*line).to_owned()));
    let is_closed = lines.len() > 1
        && lines.last().is_some_and(|last| {
            let last = last.trim_matches([' ', '\t', '>']);
            last.len() >= fence.len() && last.chars().all(|next| next == character)
        });
    if !is_closed {
        out.push(format!("{}{fence}", continued(prefix)));
    }
    out.join("\n")
}

/// Converts an indented block to a fenced block. `prefix` is the text before the first line of code.
fn unindented(lines: &[&str], prefix: &str) -> String {
    /// Columns by which code is indented.
    const INDENTATION: usize = 4;
    let container = prefix.strip_suffix("    ").or_else(|| prefix.strip_suffix('\t'));
    let container = container.unwrap_or(prefix);
    let inside = continued(container);
    let first = lines.first().and_then(|line| line.get(prefix.len()..));
    let rest = lines.iter().skip(1);
    let rest = rest.map(|line| without_columns(line, inside.chars().count() + INDENTATION));
    let mut code: Vec<&str> = first.into_iter().chain(rest).collect();
    while code.pop_if(|line| line.trim().is_empty()).is_some() {}
    let fence = fence(&code);
    let mut out = vec![format!("{container}{fence}text")];
    out.extend(code.iter().map(|line| format!("{inside}{line}")));
    out.push(format!("{inside}{fence}"));
    out.join("\n")
}

/// Converts the prefix of the first line of a list item or quotation to the prefix of the following lines.
fn continued(prefix: &str) -> String {
    let blank = |character| match character {
        '>' | '\t' => character,
        _ => ' ',
    };
    prefix.chars().map(blank).collect()
}

/// Removes indentation and quotation marks up to a column.
fn without_columns(line: &str, columns: usize) -> &str {
    /// Number of columns between tab stops.
    const TAB: usize = 4;
    let mut column = 0;
    for (index, character) in line.char_indices() {
        if column >= columns {
            return line.get(index..).unwrap_or_default();
        }
        column += match character {
            ' ' | '>' => 1,
            '\t' => TAB - column % TAB,
            _ => return line.get(index..).unwrap_or_default(),
        };
    }
    ""
}

/// Puts lines into a block of the language `text`.
pub(super) fn fenced<Line: AsRef<str>>(lines: &[Line]) -> Vec<String> {
    let fence = fence(lines);
    let opening = std::iter::once(format!("{fence}text"));
    let lines = lines.iter().map(|line| line.as_ref().to_owned());
    opening.chain(lines).chain([fence.clone()]).collect()
}

/// Returns a fence that is longer than any run of backticks in the lines.
fn fence<Line: AsRef<str>>(lines: &[Line]) -> String {
    let runs = lines
        .iter()
        .flat_map(|line| line.as_ref().split(|next| next != '`'));
    let longest = runs.map(str::len).max().unwrap_or_default();
    "`".repeat(3.max(longest + 1))
}

#[cfg(test)]
mod tests;
