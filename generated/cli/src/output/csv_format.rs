//! Output as CSV, with one row per asset and one column per path.

use super::Column;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Write};

/// Writes rows as CSV. Text is written unchanged, an absent value or `null` as an empty cell, and any other
/// value as JSON.
pub(super) fn write(
    out: &mut impl Write,
    rows: &[Value],
    columns: &[Column],
    header: bool,
) -> io::Result<()> {
    // A record without cells would be written as an empty text in quotes.
    if columns.is_empty() {
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(out);
    if header {
        writer.write_record(columns.iter().map(|column| column.title.as_bytes()))?;
    }
    for row in rows {
        writer.write_record(columns.iter().map(|column| cell(column.get(row)).into_owned()))?;
    }
    writer.flush()
}

fn cell(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(value) => Cow::Owned(value.to_string()),
    }
}
