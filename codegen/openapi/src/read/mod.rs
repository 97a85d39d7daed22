//! Reads JSON or YAML into a [`Document`]. Every error has a file, a line and a column. Nothing is lost
//! without a warning.

mod encoding;
mod errors;
mod json;
mod numbers;
mod scalar;
mod version;
mod yaml;

use crate::{
    diagnostic::Diagnostics,
    document::{Document, Source, Text},
    source_map::Position,
};
use errors::{duplicate, no_content, syntax};

pub use encoding::text;
pub use version::{Version, version};

/// Reads an API document: JSON or YAML, in a version that [`Version`] lists.
///
/// # Errors
/// Returns located diagnostics if the text is not such a document.
pub fn read(source: Source<'_>) -> Result<Document, Diagnostics> {
    let document = parse(source)?;
    version(&document)?;
    Ok(document)
}

/// Reads any JSON or YAML text, whatever its content.
///
/// # Errors
/// Returns located diagnostics if the text is not valid JSON or YAML.
pub fn parse(source: Source<'_>) -> Result<Document, Diagnostics> {
    // A byte order mark is not part of the document.
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(source.text);
    let source = Source { text, ..source };
    let name = source.name.to_ascii_lowercase();
    let (value, source_map) = match text.trim_start().chars().next() {
        None => {
            return Err(no_content(source, "the text is empty"));
        }
        Some('<') => {
            let message = "this is HTML or XML, neither JSON nor YAML";
            let fix = "it may be a login, error or viewer page: fetch the document itself, not the page that \
                       shows it";
            return Err(syntax(source, Position::START, message).fix(fix).into());
        }
        Some('{' | '[') => match json::read(source) {
            // The text may be YAML in flow style, which is more lenient than JSON.
            Err(_) if has_extension(&name, &["yaml", "yml"]) => yaml::read(source),
            result => result,
        },
        Some(_) if has_extension(&name, &["json"]) => json::read(source).map_err(|errors| {
            let is_yaml = yaml::read(source).is_ok_and(|(value, _)| value.is_object());
            if is_yaml { yaml_as_json(source) } else { errors }
        }),
        Some(_) => yaml::read(source),
    }?;
    let duplicates = source_map.duplicate_keys().into_iter();
    let duplicates: Diagnostics = duplicates
        .map(|(key, position, first)| duplicate(source, key, position, first))
        .collect();
    duplicates.unless_errors(())?;
    let inexact = source_map.inexact.iter();
    let text = Text {
        name: source.name.to_owned(),
        warnings: inexact
            .map(|(position, text)| numbers::warning(source, *position, text))
            .collect(),
        source_map,
    };
    Ok(Document::read(value, text))
}

fn yaml_as_json(source: Source<'_>) -> Diagnostics {
    let message = "this is not valid JSON, which the extension of the name requires; it looks like YAML";
    let fix = "save it with the extension `.yaml`";
    syntax(source, Position::START, message).fix(fix).into()
}

fn has_extension(name: &str, extensions: &[&str]) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, extension)| extensions.contains(&extension))
}

#[cfg(test)]
mod tests;
