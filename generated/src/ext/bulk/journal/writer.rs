//! Writes and resumes journals.

use super::error::{JournalError, JournalProblem};
use super::{
    CopyRequest, Header, IDS_PER_LINE, Journal, Line, LostRequest, RecordedState, SettledId, TimedId,
    milliseconds,
};
use crate::ext::bulk::outcome::{Entry, Outcome};
use crate::ext::line_file::{LineError, LineFile, write_line};
use crate::runtime::attempt_time::AttemptTime;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::SystemTime;

/// Writer of a journal.
#[derive(Debug)]
pub(in crate::ext::bulk) struct JournalWriter {
    file: LineFile,
    /// IDs that a `sending`, `again` or `copying` line contains, and that have no outcome yet.
    sent: HashSet<String>,
}

/// Results of an earlier run.
#[derive(Debug)]
pub(in crate::ext::bulk) struct EarlierRun {
    /// States of the IDs, in order.
    pub(in crate::ext::bulk) states: Vec<RecordedState>,
    /// Requests for copies, keyed by the ID of the original. The results of these requests are unknown.
    pub(in crate::ext::bulk) copy_requests: HashMap<String, CopyRequest>,
    /// IDs of assets that the account owned before the first request; `None` if no such IDs were recorded.
    pub(in crate::ext::bulk) seen: Option<HashSet<String>>,
    /// The account, if the token of the earlier run stated it.
    pub(in crate::ext::bulk) account: Option<String>,
}

impl JournalWriter {
    /// Creates the journal, or resumes it if the file exists. An existing journal must describe the same
    /// change of the same IDs at the same base URL.
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

    /// Creates a journal; returns `None` if the file already exists. The new file is created atomically, with
    /// the description and all IDs of the job.
    fn create<I: AsRef<str>>(path: &Path, header: Header, ids: &[I]) -> Result<Option<Self>, JournalError> {
        let header = Header {
            ids: ids.len(),
            ..header
        };
        let mut text = Vec::new();
        let write = || -> Result<(), LineError> {
            write_line(&mut text, &Line::Job(Cow::Owned(header)))?;
            for ids in ids.chunks(IDS_PER_LINE) {
                let ids = ids.iter().map(|id| Cow::Borrowed(id.as_ref())).collect();
                write_line(&mut text, &Line::Ids(ids))?;
            }
            Ok(())
        };
        let written = write().and_then(|()| LineFile::create(path, &text));
        let file = written.map_err(|error| JournalError::new(path, error.into()))?;
        Ok(file.map(|file| Self {
            file,
            sent: HashSet::new(),
        }))
    }

    fn resume<I: AsRef<str>>(
        path: &Path,
        header: &Header,
        ids: &[I],
    ) -> Result<(Self, EarlierRun), JournalError> {
        let failed = |problem| JournalError::new(path, problem);
        let mut file = LineFile::open(path).map_err(|error| failed(error.into()))?;
        let journal = Journal::parse(file.file()).map_err(failed)?;
        header.check(&journal.header).map_err(failed)?;
        if !journal
            .ids
            .iter()
            .map(String::as_str)
            .eq(ids.iter().map(AsRef::as_ref))
        {
            return Err(failed(JournalProblem::OtherIds));
        }
        file.cut(journal.length).map_err(|error| failed(error.into()))?;
        let states = journal.ids.into_iter().zip(&journal.states);
        let sent = states.filter(|(_, state)| state.sent.is_some());
        let sent = sent.map(|(id, _)| id).collect();
        let earlier = EarlierRun {
            states: journal.states,
            copy_requests: journal.copy_requests,
            seen: journal.seen,
            account: journal.account,
        };
        Ok((Self { file, sent }, earlier))
    }

    /// Returns the error for a client whose account differs from the account of the journal.
    pub(in crate::ext::bulk) fn other_account(&self, recorded: String, actual: String) -> JournalError {
        let problem = JournalProblem::OtherAccount { recorded, actual };
        JournalError::new(self.file.path(), problem)
    }

    /// Records the account.
    pub(in crate::ext::bulk) fn account(&mut self, account: &str) -> Result<(), JournalError> {
        self.append(&Line::Account(Cow::Borrowed(account)))
    }

    /// Records IDs of assets that the account owns.
    pub(in crate::ext::bulk) fn seen<'i>(
        &mut self,
        ids: impl Iterator<Item = &'i str>,
    ) -> Result<(), JournalError> {
        self.append(&Line::Seen(ids.map(Cow::Borrowed).collect()))
    }

    /// Records that these IDs are about to be sent. Returns once the line is on the disk.
    pub(in crate::ext::bulk) fn sending<'i>(
        &mut self,
        ids: impl Iterator<Item = &'i str>,
        for_children: bool,
    ) -> Result<(), JournalError> {
        let ids: Vec<Cow<'_, str>> = ids.map(Cow::Borrowed).collect();
        self.sent.extend(ids.iter().map(|id| id.clone().into_owned()));
        let line = if for_children {
            Line::SendingForChildren(ids)
        } else {
            Line::Sending(ids)
        };
        self.append_durably(&line)
    }

    /// Records that the request for a copy of this asset is about to be sent. Returns once the line is on the
    /// disk.
    pub(in crate::ext::bulk) fn copying(&mut self, id: &str, time: SystemTime) -> Result<(), JournalError> {
        self.sent.insert(id.to_owned());
        self.append_durably(&Line::Copying(TimedId::new(id, time)))
    }

    /// Records that the response to the request for a copy of this asset was lost.
    pub(in crate::ext::bulk) fn lost(&mut self, id: &str, attempt: AttemptTime) -> Result<(), JournalError> {
        self.append(&Line::Lost(LostRequest {
            id: Cow::Borrowed(id),
            sent: milliseconds(attempt.sent()),
            ended: milliseconds(attempt.ended()),
        }))
    }

    /// Records the outcomes. The outcome *not sent* is recorded only for an ID that an earlier line announced
    /// as about to be sent. The record states that the service did not process that request. Other IDs with
    /// this outcome need no record. A resumed job sends all IDs that were not sent.
    pub(in crate::ext::bulk) fn settled<I: AsRef<str>>(
        &mut self,
        entries: &[Entry<I>],
    ) -> Result<(), JournalError> {
        let settled: Vec<SettledId<'_>> = entries
            .iter()
            .filter(|entry| {
                let was_sent = self.sent.remove(entry.id.as_ref());
                was_sent || !matches!(entry.outcome, Outcome::NotSent { .. })
            })
            .map(|entry| SettledId {
                id: Cow::Borrowed(entry.id.as_ref()),
                outcome: Cow::Borrowed(&entry.outcome),
                copy: entry.copy().map(|copy| Cow::Borrowed(copy.as_ref())),
            })
            .collect();
        if settled.is_empty() {
            return Ok(());
        }
        self.append(&Line::Settled(settled))
    }

    fn append_durably(&mut self, line: &Line<'_>) -> Result<(), JournalError> {
        self.append(line)?;
        self.file
            .sync()
            .map_err(|error| JournalError::new(self.file.path(), error.into()))
    }

    fn append(&mut self, line: &Line<'_>) -> Result<(), JournalError> {
        let appended = self.file.append(line);
        appended.map_err(|error| JournalError::new(self.file.path(), error.into()))
    }
}
