//! Journals in the state folder of a profile.

use crate::context::Context;
use crate::exit::{Failure, file_failure};
use crate::text;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Journal file. Its name begins with the name of the job, such as `offer-sources-archive-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct JournalFile {
    pub(crate) modified: SystemTime,
    pub(crate) path: PathBuf,
}

impl JournalFile {
    /// Returns true if the name of the file begins with `prefix`.
    pub(crate) fn begins_with(&self, prefix: &str) -> bool {
        let name = self.path.file_name().and_then(OsStr::to_str);
        name.is_some_and(|name| name.starts_with(prefix))
    }
}

/// Returns the journals of the profile, the newest first. The fake in memory has none.
pub(crate) fn all(context: &Context) -> Result<Vec<JournalFile>, Failure> {
    let Some(folder) = context.journal_folder()? else {
        return Ok(Vec::new());
    };
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(file_failure("read", &folder, &error)),
    };
    let journals = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let path = entry.path();
        let modified = entry.metadata().ok()?.modified().ok()?;
        (path.extension() == Some(OsStr::new("jsonl"))).then_some(JournalFile { modified, path })
    });
    let mut journals: Vec<JournalFile> = journals.collect();
    journals.sort();
    journals.reverse();
    Ok(journals)
}

/// Describes the progress of the job that a journal records. `left` is the number of assets without a final
/// outcome.
pub(crate) fn progress(path: &Path, left: usize) -> String {
    let modified = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let age = modified.and_then(|modified| SystemTime::now().duration_since(modified).ok());
    let age = text::duration(age.unwrap_or_default());
    let left = text::count(left, "asset is left", "assets are left");
    format!("{left} in the journal {}, written {age} ago", path.display())
}

/// Returns a path as an argument for a command line. A path that begins with a hyphen gets the prefix `./`,
/// so that it is not mistaken for an option.
pub(crate) fn argument(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.starts_with('-') {
        format!("./{text}")
    } else {
        text.into_owned()
    }
}

/// Returns the path at which the plan of a job is stored, next to the journal of the job.
pub(crate) fn plan_beside(journal: &Path) -> PathBuf {
    journal.with_extension("plan.json")
}
