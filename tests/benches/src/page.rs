//! The section of the README that holds the tables.

use crate::Failure;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The README, with a place for each table.
pub(crate) struct Readme {
    path: PathBuf,
    text: String,
}

impl Readme {
    /// Opens it, and says what machine the tables are of. Where that was another, all tables have to be taken anew.
    pub(crate) fn open(machine: &str, all: bool) -> Result<Self, Failure> {
        let path = root().join("README.md");
        let text = fs::read_to_string(&path)?;
        let mut readme = Self { path, text };
        let before = readme.place("machine")?.2.trim();
        let same = before.is_empty() || before == machine;
        if !same && !all {
            return Err("the tables in the README are of another machine: measure all parts".into());
        }
        readme.put("machine", machine)?;
        Ok(readme)
    }

    /// Where a table begins and ends, and what is there.
    fn place(&self, name: &str) -> Result<(usize, usize, &str), Failure> {
        let (begin, end) = (
            format!("<!-- figures: {name} -->\n"),
            format!("<!-- end: {name} -->"),
        );
        let missing = || format!("the README has no place for the table {name}: {begin}{end}");
        let start = self.text.find(&begin).ok_or_else(missing)? + begin.len();
        let rest = self.text.get(start..).unwrap_or_default();
        let length = rest.find(&end).ok_or_else(missing)?;
        Ok((start, start + length, rest.get(..length).unwrap_or_default()))
    }

    /// Puts a table into its place.
    pub(crate) fn put(&mut self, name: &str, table: &str) -> Result<(), Failure> {
        // A part takes minutes, in which somebody may have written.
        self.text = fs::read_to_string(&self.path)?;
        let (start, end, _) = self.place(name)?;
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

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The workspace.
pub(crate) fn root() -> PathBuf {
    // Two levels above this package, which is where cargo built it from.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_owned()
}
