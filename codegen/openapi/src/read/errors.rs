//! Diagnostics about a text that cannot be read as a document.

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity, Stage},
    document::Source,
    limits::DEPTH,
    source_map::Position,
};

/// Reports a syntax error: the text is not valid JSON or YAML.
pub(super) fn syntax(source: Source<'_>, position: Position, message: impl Into<String>) -> Diagnostic {
    at(source, position, "syntax", message)
}

/// Reports that the text has no content.
pub(super) fn no_content(source: Source<'_>, message: &str) -> Diagnostics {
    let diagnostic = syntax(source, Position::START, message);
    diagnostic
        .fix("put the content there, or name another file")
        .into()
}

/// Reports an error at a position of the text.
pub(super) fn at(
    source: Source<'_>,
    position: Position,
    code: &'static str,
    message: impl Into<String>,
) -> Diagnostic {
    let location = position.in_text(source.name);
    Diagnostic::new(Severity::Error, Stage::Read, code, "", message).at(Some(location))
}

/// Reports values that are nested more deeply than the limit of this tool.
pub(super) fn too_deep(source: Source<'_>, position: Position) -> Diagnostic {
    let message = format!("values are nested more than {DEPTH} levels deep, the limit of this tool");
    at(source, position, "nesting", message)
        .fix("check how the document was made: nobody writes such nesting by hand")
}

/// Reports a key that occurs twice in one object. Parsers disagree on which value counts, so the document is
/// rejected.
pub(super) fn duplicate(source: Source<'_>, key: &str, position: Position, first: Position) -> Diagnostic {
    let (line, column) = (first.line, first.column);
    let message =
        format!("the key `{key}` occurs twice in this object; first at line {line} column {column}");
    at(source, position, "duplicate-key", message)
        .fix("remove one of the two: programs disagree on which one applies")
}
