//! Writes and resumes journals.

use super::error::{JournalError, JournalProblem};
use super::{Header, IDS_PER_LINE, Journal, Line, RecordedState, SettledId};
use crate::ext::bulk::outcome::{Entry, Outcome};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Writer of a journal.
#[derive(Debug)]
pub(in crate::ext::bulk) struct JournalWriter {
    path: PathBuf,
    file: File,
    /// Length of the complete lines, in bytes.
    length: u64,
}

/// Results of an earlier run.
#[derive(Debug)]
pub(in crate::ext::bulk) struct EarlierRun {
    /// States of the IDs, in order.
    pub(in crate::ext::bulk) states: Vec<RecordedState>,
    /// IDs that the account owned; `None` if they were not recorded.
    pub(in crate::ext::bulk) seen: Option<HashSet<String>>,
    /// Start of the first run.
    pub(in crate::ext::bulk) begun: SystemTime,
    /// The account, if stated in its token.
    pub(in crate::ext::bulk) account: Option<String>,
}

impl JournalWriter {
    /// Begins a journal, or resumes an existing journal of this job with these IDs.
    pub(in crate::ext::bulk) fn open<I: AsRef<str>>(
        path: &Path,
        header: &Header,
        ids: &[I],
    ) -> Result<(Self, Option<EarlierRun>), JournalError> {
        if !path.try_exists().unwrap_or(true)
            && let Some(writer) = Self::create(path, header.clone(), ids)?
        {
            return Ok((writer, None));
        }
        let (writer, earlier) = Self::resume(path, header, ids)?;
        Ok((writer, Some(earlier)))
    }

    /// Creates a journal. The file appears with the whole job, or not at all; `None` if the file exists.
    fn create<I: AsRef<str>>(path: &Path, header: Header, ids: &[I]) -> Result<Option<Self>, JournalError> {
        let failed = |error: io::Error| JournalError::new(path, JournalProblem::Io(error));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut new_file =
            tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
        let header = Header {
            ids: ids.len(),
            ..header
        };
        let mut text = Vec::new();
        write_line(&mut text, &Line::Job(Cow::Owned(header))).map_err(failed)?;
        for ids in ids.chunks(IDS_PER_LINE) {
            let ids = ids.iter().map(|id| Cow::Borrowed(id.as_ref())).collect();
            write_line(&mut text, &Line::Ids(ids)).map_err(failed)?;
        }
        new_file.write_all(&text).map_err(failed)?;
        new_file.as_file().sync_all().map_err(failed)?;
        let file = match new_file.persist_noclobber(path) {
            Ok(file) => file,
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(failed(error.error)),
        };
        let writer = Self {
            path: path.to_owned(),
            file,
            length: text.len() as u64,
        };
        writer.lock()?;
        Ok(Some(writer))
    }

    fn resume<I: AsRef<str>>(
        path: &Path,
        header: &Header,
        ids: &[I],
    ) -> Result<(Self, EarlierRun), JournalError> {
        let failed = |problem| JournalError::new(path, problem);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| failed(JournalProblem::Io(error)))?;
        let mut writer = Self {
            path: path.to_owned(),
            file,
            length: 0,
        };
        writer.lock()?;
        let journal = Journal::parse(&writer.file).map_err(failed)?;
        header.check(&journal.header).map_err(failed)?;
        if !journal
            .ids
            .iter()
            .map(String::as_str)
            .eq(ids.iter().map(AsRef::as_ref))
        {
            return Err(failed(JournalProblem::OtherIds));
        }
        // Removes an incomplete line, so that the next line starts on a new line.
        let cut = writer
            .file
            .set_len(journal.length)
            .and_then(|()| writer.file.seek(SeekFrom::End(0)));
        writer.length = cut.map_err(|error| failed(JournalProblem::Io(error)))?;
        let earlier = EarlierRun {
            states: journal.states,
            seen: journal.seen,
            begun: UNIX_EPOCH + Duration::from_millis(journal.header.begun),
            account: journal.account,
        };
        Ok((writer, earlier))
    }

    /// Returns the error for a client whose account differs from that of the journal.
    pub(in crate::ext::bulk) fn other_account(&self, recorded: String, actual: String) -> JournalError {
        let problem = JournalProblem::OtherAccount { recorded, actual };
        JournalError::new(&self.path, problem)
    }

    /// Records the account.
    pub(in crate::ext::bulk) fn account(&mut self, account: &str) -> Result<(), JournalError> {
        self.append(&Line::Account(Cow::Borrowed(account)))
    }

    /// Records IDs that the account owns.
    pub(in crate::ext::bulk) fn seen<'i>(
        &mut self,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<(), JournalError> {
        self.append(&Line::Seen(ids.map(Cow::Borrowed).collect()))
    }

    /// Locks the file against a second process, if the file system supports locks.
    fn lock(&self) -> Result<(), JournalError> {
        match self.file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(JournalError::new(&self.path, JournalProblem::InUse)),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
        }
    }

    /// Records that these IDs are about to be sent. Returns once the line is on the disk.
    pub(in crate::ext::bulk) fn sending<'i>(
        &mut self,
        ids: impl Iterator<Item = &'i str>,
        for_children: bool,
    ) -> Result<(), JournalError> {
        let ids = ids.map(Cow::Borrowed).collect();
        let line = if for_children {
            Line::SendingForChildren(ids)
        } else {
            Line::Sending(ids)
        };
        self.append(&line)?;
        self.file
            .sync_data()
            .map_err(|error| JournalError::new(&self.path, JournalProblem::Io(error)))
    }

    /// Records outcomes. IDs that were not sent stay open.
    pub(in crate::ext::bulk) fn settled<I: AsRef<str>>(
        &mut self,
        entries: &[Entry<I>],
    ) -> Result<(), JournalError> {
        let settled: Vec<SettledId<'_>> = entries
            .iter()
            .filter(|entry| !matches!(entry.outcome, Outcome::NotSent { .. }))
            .map(|entry| SettledId {
                id: Cow::Borrowed(entry.id.as_ref()),
                outcome: Cow::Borrowed(&entry.outcome),
                copy: entry.copy.as_ref().map(|copy| Cow::Borrowed(copy.as_ref())),
            })
            .collect();
        if settled.is_empty() {
            return Ok(());
        }
        self.append(&Line::Settled(settled))
    }

    fn append(&mut self, line: &Line<'_>) -> Result<(), JournalError> {
        if !self.is_in_place() {
            return Err(JournalError::new(&self.path, JournalProblem::Removed));
        }
        let mut text = Vec::new();
        // On a full disk, a line may be written only in part. The job then stops, but still writes lines.
        // Each line therefore starts at the end of the last complete line, and replaces an incomplete line.
        let written = write_line(&mut text, line)
            .and_then(|()| self.file.set_len(self.length))
            .and_then(|()| self.file.seek(SeekFrom::Start(self.length)))
            .and_then(|_| self.file.write_all(&text));
        match written {
            Ok(()) => {
                self.length += text.len() as u64;
                Ok(())
            }
            Err(error) => Err(JournalError::new(&self.path, JournalProblem::Io(error))),
        }
    }
}

impl JournalWriter {
    /// Returns true if the path still leads to the open file.
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

fn write_line(text: &mut Vec<u8>, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}
