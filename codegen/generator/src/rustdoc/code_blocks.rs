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

/// Returns `true` if all code blocks of the text have the language `text`, so that rustdoc runs none of them.
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

/// Turns each code block into a closed block of the language `text`. If the text contains an indented block,
/// the whole text becomes one `text` block.
pub(super) fn as_text(text: &str) -> String {
    let mut changed = text.to_owned();
    // The last block is replaced first, so that the ranges of the other blocks stay valid.
    for block in find(text).iter().rev().filter(|block| block.language.is_some()) {
        let opening = text.get(block.range.start..).and_then(|rest| rest.lines().next());
        let opening = opening.unwrap_or_default();
        let signs = opening.chars().take_while(|sign| opening.starts_with(*sign));
        let fence: String = signs.collect();
        let range = block.range.start..block.range.start + opening.len();
        changed.replace_range(range, &format!("{fence}text"));
        if lines(&format!("{changed}\nx")).last() == Some(&true) {
            changed.push('\n');
            changed.push_str(&fence);
        }
    }
    if are_text(&changed) {
        changed
    } else {
        fenced(&changed.lines().collect::<Vec<_>>()).join("\n")
    }
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
