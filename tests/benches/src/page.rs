//! The page with the tables, `tests/benches/README.md`.

use crate::{BoxError, workspace::root};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The text of the page, with markers around each table.
pub(crate) struct FiguresPage {
    path: PathBuf,
    text: String,
}

impl FiguresPage {
    /// Opens the page and writes the description of the machine. Returns an error if the page describes
    /// another machine, unless all tables are measured again.
    pub(crate) fn open(machine: &str, all: bool) -> Result<Self, BoxError> {
        let path = root().join("tests/benches/README.md");
        let text = fs::read_to_string(&path)?;
        let mut page = Self { path, text };
        let before = page.range_of("machine")?.2.trim();
        let same = before.is_empty() || before == machine;
        if !same && !all {
            return Err("the page has tables of another machine\nfix: measure all parts".into());
        }
        page.put("machine", machine)?;
        Ok(page)
    }

    /// Returns the start and the end of a table in the page, and its current text.
    fn range_of(&self, name: &str) -> Result<(usize, usize, &str), BoxError> {
        let (begin, end) = (
            format!("<!-- figures: {name} -->\n"),
            format!("<!-- end: {name} -->"),
        );
        let missing = || format!("the page lacks the marks of the table {name}: {begin}{end}");
        let start = self.text.find(&begin).ok_or_else(missing)? + begin.len();
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(&end).ok_or_else(missing)?;
        Ok((start, start + length, rest.get(..length).unwrap_or_default()))
    }

    /// Replaces a table, and saves the page.
    pub(crate) fn put(&mut self, name: &str, table: &str) -> Result<(), BoxError> {
        // Measuring takes minutes, during which the page may have changed.
        self.text = fs::read_to_string(&self.path)?;
        let (start, end, _) = self.range_of(name)?;
        self.text
            .replace_range(start..end, &format!("{}\n", table.trim_end()));
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder)?;
        fs::write(file.path(), &self.text)?;
        fs::set_permissions(file.path(), fs::metadata(&self.path)?.permissions())?;
        file.persist(&self.path)?;
        Ok(())
    }
}
