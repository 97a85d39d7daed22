//! Append-only files of JSON lines, used for journals.
//!
//! A new file is created atomically with its first lines. After a crash, the last line may be incomplete. The
//! next run that continues the file removes such a line. While a process uses the file, the file is locked
//! against other processes.
//!
//! If somebody truncates the file while it is in use, complete lines are lost, and the remaining lines would
//! look like an earlier state of the file. Therefore, the next append writes a last line that makes the file
//! unusable.

use crate::runtime::private_file::PrivateFile;
use serde::Serialize;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Text of the line that marks a truncated file. A reader of the file reports this line as damage.
const TRUNCATED: &str = "the file was truncated while it was in use, so lines are missing";

/// A file of JSON lines, open for writing.
#[derive(Debug)]
pub(in crate::ext) struct LineFile {
    path: PathBuf,
    file: File,
    /// Length of the complete lines, in bytes.
    length: u64,
    /// True once the file was found to be truncated. Nothing more is then appended.
    is_truncated: bool,
}

/// Error of an operation on a [`LineFile`].
#[derive(Debug)]
pub(in crate::ext) enum LineError {
    /// Another process uses the file.
    InUse,
    /// The file was removed, replaced or truncated while it was in use.
    Removed,
    Io(io::Error),
}

impl From<io::Error> for LineError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl LineFile {
    /// Creates a file with the lines in `text`; returns `None` if the file already exists.
    pub(in crate::ext) fn create(path: &Path, text: &[u8]) -> Result<Option<Self>, LineError> {
        let mut new_file = PrivateFile::beside(path)?;
        new_file.file().write_all(text)?;
        new_file.file().sync_all()?;
        let file = match new_file.create(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let lines = Self {
            path: path.to_owned(),
            file,
            length: text.len() as u64,
            is_truncated: false,
        };
        lines.lock()?;
        Ok(Some(lines))
    }

    /// Opens an existing file. Call [`cut`](Self::cut) before the first line is appended.
    pub(in crate::ext) fn open(path: &Path) -> Result<Self, LineError> {
        let lines = Self {
            path: path.to_owned(),
            file: OpenOptions::new().read(true).write(true).open(path)?,
            length: 0,
            is_truncated: false,
        };
        lines.lock()?;
        Ok(lines)
    }

    /// Returns an error if a process uses the file at `path`. The function does not change the file.
    #[cfg(feature = "snapshot")]
    pub(in crate::ext) fn check_unused(path: &Path) -> Result<(), LineError> {
        locked(&File::open(path)?.try_lock_shared())
    }

    pub(in crate::ext) fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::ext) fn file(&self) -> &File {
        &self.file
    }

    /// Truncates the file to `length` bytes, which removes an incomplete last line. The next line is then
    /// appended after the last complete line.
    pub(in crate::ext) fn cut(&mut self, length: u64) -> Result<(), LineError> {
        self.file.set_len(length)?;
        self.length = self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }

    /// Locks the file against a second process, if the file system supports locks.
    fn lock(&self) -> Result<(), LineError> {
        locked(&self.file.try_lock())
    }

    /// Appends a line.
    pub(in crate::ext) fn append(&mut self, line: &impl Serialize) -> Result<(), LineError> {
        self.mark_if_truncated();
        if self.is_truncated || !self.is_in_place() {
            return Err(LineError::Removed);
        }
        let mut text = Vec::new();
        write_line(&mut text, line)?;
        // On a full disk, a line may be written only in part. Therefore, an incomplete line is removed before
        // the next line is written. The lines that the job writes while it stops then stay readable.
        self.file.set_len(self.length)?;
        self.file.seek(SeekFrom::Start(self.length))?;
        self.file.write_all(&text)?;
        self.length += text.len() as u64;
        Ok(())
    }

    /// Waits until all lines are on the disk.
    pub(in crate::ext) fn sync(&self) -> Result<(), LineError> {
        Ok(self.file.sync_data()?)
    }

    /// If the file lacks complete lines, appends the line that marks it as truncated. The line is written to
    /// the open file, never to another file that has replaced it.
    fn mark_if_truncated(&mut self) {
        let has_lost_lines = self.file.metadata().is_ok_and(|open| open.len() < self.length);
        if self.is_truncated || !has_lost_lines {
            return;
        }
        self.is_truncated = true;
        // The job stops in any case, so nothing can be done about an error.
        let _ = self.file.seek(SeekFrom::End(0)).and_then(|_| {
            let mut text = Vec::new();
            write_line(&mut text, &TRUNCATED)?;
            self.file.write_all(&text)?;
            self.file.sync_data()
        });
    }

    /// Returns true if the path still leads to the open file. On systems other than Unix, compares only the
    /// length of the file at the path with the length of the open file.
    fn is_in_place(&self) -> bool {
        let (Ok(named), Ok(open)) = (std::fs::metadata(&self.path), self.file.metadata()) else {
            return false;
        };
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            (named.dev(), named.ino()) == (open.dev(), open.ino())
        }
        #[cfg(not(unix))]
        {
            named.len() == open.len()
        }
    }
}

/// Returns an error if another process has the lock. An error of a file system without locks is ignored.
fn locked(lock: &Result<(), TryLockError>) -> Result<(), LineError> {
    match lock {
        Err(TryLockError::WouldBlock) => Err(LineError::InUse),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

/// Returns the problem if this line marks the file as truncated. Before the mark, the line may contain the
/// remainder of a truncated line.
pub(in crate::ext) fn truncation(line: &[u8]) -> Option<&'static str> {
    let line = line.strip_suffix(b"\"\n")?.strip_suffix(TRUNCATED.as_bytes())?;
    line.ends_with(b"\"").then_some(TRUNCATED)
}

/// Writes a value as one line.
pub(in crate::ext) fn write_line(text: &mut Vec<u8>, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}
