//! Converts text of the document to documentation comments. The text is escaped and wrapped, and a missing
//! full stop at its end is added.

mod code_blocks;

use proc_macro2::Span;
use syn::{AttrStyle, Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, MetaNameValue, Token, token};

/// Maximum number of characters per line, without indentation and `/// `.
const WIDTH: usize = 96;

/// Names that look like code but are not.
const PRODUCTS: &[&str] = &["FunnelFlux", "OpenAPI", "GitHub", "JavaScript", "YouTube"];

/// Makes text safe for rustdoc and clippy. Each code block becomes a `text` block, which rustdoc does not
/// run. Outside of code, identifiers become code, brackets are escaped, and URLs become links.
pub(crate) fn sanitise(text: &str) -> String {
    let text = code_blocks::as_text(printable(text).trim());
    let is_code = code_blocks::lines(&text);
    let lines = text.lines().map(str::trim_end).zip(is_code);
    let lines = lines.map(|(line, is_code)| {
        if is_code {
            line.to_owned()
        } else {
            sanitise_line(line)
        }
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Removes characters that rustc refuses in comments, and characters that hide or reorder text. Replaces tabs
/// with spaces, because clippy refuses tabs.
fn printable(text: &str) -> String {
    let is_hidden = |character: char| match character {
        '\n' => false,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        character => character.is_control(),
    };
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        // After the space of a list marker, four more spaces would begin a code block.
        .replace(" \t", "    ")
        .replace('\t', "    ")
        .replace(is_hidden, "")
}

/// Sanitises the parts of a line that are outside its code spans. If the number of backticks is odd, the last
/// backtick is escaped.
fn sanitise_line(line: &str) -> String {
    let parts: Vec<&str> = line.split('`').collect();
    let is_unpaired = parts.len().is_multiple_of(2);
    let last = parts.len() - 1;
    let parts = parts.iter().enumerate().map(|(index, part)| match index % 2 {
        1 if is_unpaired && index == last => format!("\\`{}", sanitise_words(part)),
        1 => format!("`{part}`"),
        _ => sanitise_words(part),
    });
    parts.collect()
}

/// Sanitises text except for its links.
fn sanitise_words(mut prose: &str) -> String {
    let mut out = String::new();
    while let Some((before, link, after)) = split_at_link(prose) {
        out.push_str(&sanitise_unlinked(before));
        out.push_str(&link);
        prose = after;
    }
    out + &sanitise_unlinked(prose)
}

/// Splits text around its first Markdown link to a URL. A link is written `<https://…>`,
/// `[text](https://…)` or `[text](https://… "title")`. Escapes the text of the link.
fn split_at_link(prose: &str) -> Option<(&str, String, &str)> {
    prose.match_indices(['<', '[']).find_map(|(start, sign)| {
        let (before, rest) = prose.split_at_checked(start)?;
        let rest = rest.strip_prefix(sign)?;
        let (text, (target, after)) = if sign == "<" {
            (None, rest.split_once('>')?)
        } else {
            let (text, rest) = rest.split_once(']')?;
            (Some(text), rest.strip_prefix('(')?.split_once(')')?)
        };
        let (url, title) = target.split_once(' ').unwrap_or((target, ""));
        let is_title = title.len() > 1 && title.starts_with('"') && title.ends_with('"');
        let is_url = ["http://", "https://"]
            .iter()
            .any(|scheme| url.starts_with(scheme));
        let is_link = is_url && (url == target || is_title && text.is_some());
        let link = match text {
            Some(text) => format!("[{}]({target})", escape(text)),
            None => format!("<{target}>"),
        };
        is_link.then_some((before, link, after))
    })
}

fn sanitise_unlinked(prose: &str) -> String {
    let words = prose.split(' ').map(|word| {
        let url = ["http://", "https://"]
            .iter()
            .filter_map(|scheme| word.find(scheme))
            .min();
        if let Some((opening, url)) = url.and_then(|start| word.split_at_checked(start)) {
            let end = url.find(['<', '>', '[', ']']).unwrap_or(url.len());
            let (url, rest) = url.split_at(end);
            let (url, closing) = split_off_punctuation(url);
            let closing = escape(&[closing, rest].concat());
            return format!("{}<{url}>{closing}", escape(opening));
        }
        let rest = word.trim_start_matches(['(', '"', '\'', '*', '_']);
        let (core, closing) = split_off_punctuation(rest);
        let opening = word.strip_suffix(rest).unwrap_or_default();
        if looks_like_code(core) {
            format!("{opening}`{core}`{closing}")
        } else {
            escape(word)
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Splits a word before the punctuation at its end.
fn split_off_punctuation(word: &str) -> (&str, &str) {
    let core = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '"', '\'', '*', '_', '…']);
    word.split_at(core.len())
}

/// Returns `true` if a word looks like an identifier or a path: it has an underscore, `::`, or a lower-case
/// letter directly before an upper-case letter. Product names such as `GitHub` are excluded.
fn looks_like_code(word: &str) -> bool {
    let is_plain = |character: char| character.is_alphanumeric() || "_-./:{}[]<>".contains(character);
    let mut pairs = word.chars().zip(word.chars().skip(1));
    let is_camel = pairs.any(|(left, right)| left.is_lowercase() && right.is_uppercase());
    let has_sign = word.contains('_') || word.contains("::");
    word.chars().all(is_plain) && !PRODUCTS.contains(&word) && (is_camel || has_sign)
}

fn escape(word: &str) -> String {
    let signs = ["<", ">", "[", "]"].iter().filter(|sign| word.contains(**sign));
    signs.fold(word.to_owned(), |word, sign| {
        word.replace(sign, &format!("\\{sign}"))
    })
}

/// Wraps paragraphs and list items at spaces. Code blocks, tables, headings and quotations stay unchanged.
fn wrap(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for (line, is_code) in text.lines().zip(code_blocks::lines(text)) {
        if is_code || line.trim_start().starts_with(['|', '#', '>']) {
            lines.push(line.to_owned());
        } else {
            wrap_line(line, &mut lines);
        }
    }
    lines
}

fn wrap_line(line: &str, lines: &mut Vec<String>) {
    let bare = line.trim_start();
    let indentation = line.len() - bare.len();
    let hanging = match bare.strip_prefix("- ").or_else(|| bare.strip_prefix("* ")) {
        Some(_) => indentation + 2,
        None => indentation,
    };
    let joined = |words: &[&str], indentation| format!("{:indentation$}{}", "", words.join(" "));
    let length = |words: &[&str]| words.iter().map(|word| word.chars().count() + 1).sum::<usize>();
    let mut columns = indentation;
    let mut line: Vec<&str> = Vec::new();
    for word in bare.split(' ') {
        line.push(word);
        if columns + length(&line) > WIDTH + 1
            && let Some(before) = line.iter().skip(1).rposition(|word| !begins_block(word))
        {
            let rest = line.split_off(before + 1);
            lines.push(joined(&line, columns));
            (line, columns) = (rest, hanging);
        }
    }
    lines.push(joined(&line, columns));
}

/// Returns `true` if a line that begins with this word may be a Markdown list, heading, quotation or code
/// block.
fn begins_block(word: &str) -> bool {
    let is_number = |word: &str| word.chars().all(|character| character.is_ascii_digit());
    word.starts_with(['-', '+', '*', '#', '>', '='])
        || word.starts_with("```")
        || word.starts_with("~~~")
        || is_number(word.trim_end_matches(['.', ')']))
}

/// Adds a full stop to a text that ends without punctuation, unless the text ends with a code block.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty()
        || text.ends_with(['.', '!', '?', ':'])
        || code_blocks::lines(text).last() == Some(&true)
    {
        text.to_owned()
    } else {
        format!("{text}.")
    }
}

pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => String::new(),
    }
}

/// Lower-cases the first letter, unless the first word is an abbreviation or code.
pub(crate) fn uncapitalised(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Puts a label in front of a paragraph. If `paragraph` is another kind of block, such as a table, the label
/// becomes a paragraph of its own.
pub(crate) fn labelled(label: &str, paragraph: &str) -> String {
    let is_block =
        paragraph.starts_with(['>', '#', '|']) || code_blocks::lines(paragraph).first() == Some(&true);
    format!("{label}{}{paragraph}", if is_block { "\n\n" } else { " " })
}

/// Returns the lines of a documentation comment without `///`, but with the space that follows it.
///
/// The lines never contain a code block that rustdoc would run.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let line = |line: &String| match line.trim_end() {
        "" => String::new(),
        line => format!(" {line}"),
    };
    let mut wrapped = wrap(printable(text).trim());
    if !code_blocks::are_text(&wrapped.join("\n")) {
        wrapped = code_blocks::fenced(&wrapped);
    }
    wrapped.iter().map(line).collect()
}

/// Returns the attributes of a documentation comment.
pub(crate) fn attributes(text: &str) -> Vec<Attribute> {
    lines(text).iter().map(|line| attribute(line)).collect()
}

/// Returns the attribute for a line of documentation. For thousands of lines, building the attributes is
/// faster than parsing them.
pub(crate) fn attribute(line: &str) -> Attribute {
    Attribute {
        pound_token: <Token![#]>::default(),
        style: AttrStyle::Outer,
        bracket_token: token::Bracket::default(),
        meta: Meta::NameValue(MetaNameValue {
            path: Ident::new("doc", Span::call_site()).into(),
            eq_token: <Token![=]>::default(),
            value: Expr::Lit(ExprLit {
                attrs: Vec::new(),
                lit: Lit::Str(LitStr::new(line, Span::call_site())),
            }),
        }),
    }
}

#[cfg(test)]
mod tests;
