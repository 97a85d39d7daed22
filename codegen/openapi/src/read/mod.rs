//! Read: text to [`Document`], from JSON or YAML. Every error names file, line and column; nothing is lost in silence.

pub(crate) mod json;
mod numbers;
mod version;
mod yaml;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Location, Severity, Stage},
    document::{Document, Source, Text},
    source_map::Position,
};

pub use version::{Version, version};

/// How many values aliases, or references that are written out, may make of one text beyond those that stand in it. A
/// text of a few hundred bytes can otherwise stand for more values than memory holds.
pub(crate) const COPIES: usize = 2_000_000;

/// Reads an API document: JSON or YAML, in a version that [`Version`] lists.
///
/// # Errors
/// Located diagnostics for anything that is not such a document.
pub fn read(source: Source<'_>) -> Result<Document, Diagnostics> {
    let document = parse(source)?;
    version(&document)?;
    Ok(document)
}

/// Reads any JSON or YAML text, whatever it describes.
///
/// # Errors
/// Located diagnostics for what is neither.
pub fn parse(source: Source<'_>) -> Result<Document, Diagnostics> {
    // A byte order mark is no part of the document.
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(source.text);
    let source = Source { text, ..source };
    let name = source.name.to_ascii_lowercase();
    let first = text.trim_start().chars().next();
    match first {
        None => Err(syntax(source, Position::START, "the text is empty")
            .fix("put the API document there")
            .into()),
        Some('<') => Err(syntax(
            source,
            Position::START,
            "this is HTML or XML, neither JSON nor YAML",
        )
        .fix("it may be a login, error or viewer page: fetch the document itself, not the page that shows it")
        .into()),
        Some('{' | '[') => match read_json(source) {
            // Flow style is YAML too, and more lenient than JSON.
            Err(_) if has_extension(&name, &["yaml", "yml"]) => read_yaml(source),
            result => result,
        },
        Some(_) if has_extension(&name, &["json"]) => read_json(source),
        Some(_) => read_yaml(source),
    }
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extensions.contains(&extension))
}

fn read_json(source: Source<'_>) -> Result<Document, Diagnostics> {
    let json::Reading {
        value,
        positions,
        warnings,
    } = json::read(source)?;
    Ok(Document::read(value, Text::json(source, positions, warnings)))
}

fn read_yaml(source: Source<'_>) -> Result<Document, Diagnostics> {
    let (value, positions, warnings) = yaml::read(source)?;
    Ok(Document::read(
        value,
        Text::yaml(source.name, positions, warnings),
    ))
}

/// A diagnostic on the text itself, before there is a document.
fn syntax(source: Source<'_>, mark: Position, message: impl Into<String>) -> Diagnostic {
    at(source, mark, "syntax", message)
}

fn at(source: Source<'_>, mark: Position, code: &'static str, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Severity::Error, Stage::Read, code, "", message).at(Some(Location {
        file: source.name.to_owned(),
        line: mark.line as usize,
        column: mark.column as usize,
    }))
}

/// A key that stands twice in one object. Parsers disagree on which one counts, so neither does.
fn duplicate(source: Source<'_>, key: &str, mark: Position, first: Position) -> Diagnostic {
    at(
        source,
        mark,
        "duplicate-key",
        format!(
            "the key `{key}` stands twice in this object; first at line {} column {}",
            first.line, first.column
        ),
    )
    .fix("remove one of the two: programs disagree on which of them counts")
}

#[cfg(test)]
mod tests;
