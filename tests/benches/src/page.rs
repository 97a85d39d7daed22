//! The page with the tables, `tests/benches/README.md`.

use crate::{BoxError, workspace::root};
use std::{fs, ops::Range, path::Path};

/// Replaces a table in the page, and the description of the machine below the table. The figures in a table
/// can be compared with each other, but not with those in a table of another machine.
pub(crate) fn put(name: &str, table: &str, machine: &str) -> Result<(), BoxError> {
    let path = root().join("tests/benches/README.md");
    let mut text = fs::read_to_string(&path)?;
    let range = range_of(&text, name)?;
    text.replace_range(range, &format!("{}\n\n{machine}\n", table.trim_end()));
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)?;
    fs::write(file.path(), &text)?;
    fs::set_permissions(file.path(), fs::metadata(&path)?.permissions())?;
    file.persist(&path)?;
    Ok(())
}

/// Returns the range of a table in the text of the page, between its markers.
fn range_of(text: &str, name: &str) -> Result<Range<usize>, BoxError> {
    let (begin, end) = (
        format!("<!-- figures: {name} -->\n"),
        format!("<!-- end: {name} -->"),
    );
    let missing = || format!("the page lacks the markers of the table {name}: {begin}{end}");
    let start = text.find(&begin).ok_or_else(missing)? + begin.len();
    let rest = text.get(start..).unwrap_or_default();
    let length = rest.find(&end).ok_or_else(missing)?;
    Ok(start..start + length)
}
