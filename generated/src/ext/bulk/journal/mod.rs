//! Journal of a job: a file from which a later process can resume the job after a crash.
//!
//! The file consists of JSON lines, and lines are only appended. The first line describes the job, and the
//! next lines list the IDs of the job. A new file is created with all of these lines, or not at all. Before
//! the job sends a change, it writes the IDs of the request to the disk, in a `sending` line. If the request
//! changes only the children of these assets, the line is an `again` line instead. When outcomes are known,
//! the job writes a `settled` line. An ID whose outcome is *not sent* counts as if no request had been sent
//! for it.
//!
//! A duplication writes a `copying` line instead of the `sending` line, and a `lost` line if the response to
//! the request is lost. The `lost` line contains the times at which the request was sent and ended, so that a
//! resumed job can compare these times with the times in the IDs of assets.
//!
//! After a crash, the last line may be incomplete. An incomplete line is ignored. If it was a `settled` line,
//! the resumed job reads the assets of that line to find their outcomes.
//!
//! A journal belongs to one account at one base URL. The first line has the base URL. An `account` line names
//! the account if the token states it. Otherwise, a `seen` line lists some assets of the account, and a
//! resumed job must find one of them. A duplication writes a `seen` line even if there is an `account` line.
//! This line lists all assets. It is empty if there are no assets, and missing only if the assets could not
//! be listed before the first request.
//!
//! This module is long because the lines, the reader and the tests of the format share their types.

mod error;
mod writer;

pub use error::JournalError;
pub(super) use writer::{EarlierRun, JournalWriter};

use super::change::ChangeRecord;
use super::outcome::{Outcome, Reason};
use super::report::Counts;
use crate::Client;
use crate::ext::cascade::Cascade;
use crate::ext::line_file::truncation;
use crate::runtime::attempt_time::AttemptTime;
use error::JournalProblem;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Maximum number of IDs in an `ids` line.
const IDS_PER_LINE: usize = 1_000;
/// Version of the journal format.
const VERSION: u32 = 2;

/// A line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Job(Cow<'a, Header>),
    Ids(Vec<Cow<'a, str>>),
    /// The account that the token states.
    Account(Cow<'a, str>),
    /// IDs of assets that the account owned before the first request. A duplication records all of them,
    /// because any other asset can be a new copy.
    Seen(Vec<Cow<'a, str>>),
    /// IDs of the assets that the next request changes.
    Sending(Vec<Cow<'a, str>>),
    /// IDs of the parents in the next request, which changes only the children of these parents.
    #[serde(rename = "again")]
    SendingForChildren(Vec<Cow<'a, str>>),
    /// ID of the asset that the next request copies.
    Copying(TimedId<'a>),
    Lost(LostRequest<'a>),
    Settled(Vec<SettledId<'a>>),
}

/// Description of the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// Description for messages.
    job: String,
    resource: Cow<'static, str>,
    change: ChangeRecord,
    ids: usize,
    base_url: String,
    /// Start of the job, in milliseconds since 1970.
    begun: u64,
}

impl Header {
    pub(super) fn new(
        resource: &'static str,
        job: String,
        change: ChangeRecord,
        client: &Client,
        begun: SystemTime,
    ) -> Self {
        Self {
            version: VERSION,
            job,
            resource: Cow::Borrowed(resource),
            change,
            ids: 0,
            base_url: client.base_url().to_owned(),
            begun: milliseconds(begun),
        }
    }

    /// Checks that `recorded`, the header of an existing journal, describes the same job for the same
    /// service.
    fn check(&self, recorded: &Self) -> Result<(), JournalProblem> {
        if (&recorded.resource, &recorded.change) != (&self.resource, &self.change) {
            return Err(JournalProblem::OtherJob {
                recorded: recorded.job.clone(),
                expected: self.job.clone(),
            });
        }
        if recorded.base_url != self.base_url {
            return Err(JournalProblem::OtherService {
                recorded: recorded.base_url.clone(),
                actual: self.base_url.clone(),
            });
        }
        Ok(())
    }
}

/// ID with a time in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct TimedId<'a> {
    id: Cow<'a, str>,
    time: u64,
}

/// A request for a copy whose response was lost. The times are in milliseconds since 1970.
#[derive(Debug, Serialize, Deserialize)]
struct LostRequest<'a> {
    /// ID of the original.
    id: Cow<'a, str>,
    sent: u64,
    ended: u64,
}

impl<'a> TimedId<'a> {
    fn new(id: &'a str, time: SystemTime) -> Self {
        Self {
            id: Cow::Borrowed(id),
            time: milliseconds(time),
        }
    }
}

fn milliseconds(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}

fn time_of(milliseconds: u64) -> SystemTime {
    let time = UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
    time.unwrap_or(UNIX_EPOCH)
}

#[derive(Debug, Serialize, Deserialize)]
struct SettledId<'a> {
    id: Cow<'a, str>,
    #[serde(flatten)]
    outcome: Cow<'a, Outcome>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy: Option<Cow<'a, str>>,
}

/// State of an ID, as recorded in the journal.
#[derive(Clone, Debug, Default)]
pub(super) struct RecordedState {
    pub(super) outcome: Option<Outcome>,
    /// ID of the copy, if the job duplicates assets.
    pub(super) copy: Option<String>,
    /// Purpose of the last request, if the result of that request is unknown.
    pub(super) sent: Option<SentFor>,
}

impl RecordedState {
    fn sent(purpose: SentFor) -> Self {
        Self {
            sent: Some(purpose),
            ..Self::default()
        }
    }

    fn update(&mut self, newer: Self) {
        match newer.outcome {
            // After an unknown outcome, the ID still counts as sent without a result. If the response named a
            // copy that could not be read back, the ID of this copy is kept.
            Some(Outcome::Unknown { .. }) => self.copy = newer.copy.or(self.copy.take()),
            _ => *self = newer,
        }
    }
}

/// Purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentFor {
    /// The request changes the asset. If the asset is in the requested state afterwards, the outcome is
    /// *done*.
    Change,
    /// The request only handles the children of an asset that was already in the requested state. Reading the
    /// asset reveals nothing about the children.
    Children,
}

/// A request for a copy. The result of the request is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CopyRequest {
    /// Time before the request was sent, according to the journal.
    pub(super) begun: Option<SystemTime>,
    /// Time of the request; `None` if it is not known when the request ended.
    pub(super) attempt: Option<AttemptTime>,
    /// True if an earlier run searched the list of all assets, but did not recognise the copy.
    pub(super) was_searched: bool,
    /// ID of the copy, if the response named it.
    pub(super) copy: Option<String>,
}

/// Content of a journal: the description and the progress of a job.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::OfferSourceId};
///
/// async fn resume(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
///     let journal = Journal::read("archive.journal")?;
///     println!("{}: {}", journal.job(), journal.counts());
///     let report = client
///         .offer_sources()
///         .bulk_archive(journal.ids::<OfferSourceId>())
///         .children(journal.children())
///         .journal("archive.journal")
///         .send()
///         .await?;
///     println!("{report}");
///     Ok(())
/// }
/// ```
#[derive(Debug)]
pub struct Journal {
    header: Header,
    ids: Vec<String>,
    states: Vec<RecordedState>,
    /// Requests for copies, keyed by the ID of the original. The results of these requests are unknown.
    copy_requests: HashMap<String, CopyRequest>,
    /// IDs of assets that the account owned before the first request; `None` if no such IDs were recorded.
    seen: Option<HashSet<String>>,
    account: Option<String>,
    /// Total length of the complete lines, in bytes.
    length: u64,
}

impl Journal {
    /// Reads a journal without changing the file. Another process may use the file at the same time.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, is not a journal, has an unsupported version, or is
    /// damaged before its last line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| JournalError::new(path, JournalProblem::Io(error)))?;
        Self::parse(&file).map_err(|problem| JournalError::new(path, problem))
    }

    /// Returns the description of the job.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.header.job
    }

    /// Returns the change of the job.
    #[must_use]
    pub fn change(&self) -> &ChangeRecord {
        &self.header.change
    }

    /// Returns the handling of the children; [`Cascade::leave`] if the job does not handle them.
    pub fn children<I: From<String>>(&self) -> Cascade<I> {
        match &self.header.change {
            ChangeRecord::Archive { children } | ChangeRecord::Delete { children } => {
                children.map(|target| I::from(target.clone()))
            }
            _ => Cascade::leave(),
        }
    }

    /// Returns the base URL of the job's service.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.header.base_url
    }

    /// Returns the account of the job, if the token stated it.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Returns all distinct IDs of the job, in order.
    #[must_use]
    pub fn ids<I: From<String>>(&self) -> Vec<I> {
        self.ids.iter().cloned().map(I::from).collect()
    }

    /// Returns the path segment that identifies the group of the assets, such as `offersource`.
    #[must_use]
    pub fn segment(&self) -> &str {
        &self.header.resource
    }

    /// Returns the IDs of the assets that the job may have changed.
    #[cfg(feature = "snapshot")]
    pub(crate) fn may_have_changed(&self) -> HashSet<&str> {
        let states = self.ids.iter().zip(&self.states);
        let changed = states.filter(|(_, state)| match &state.outcome {
            Some(Outcome::Done { .. } | Outcome::Unknown { .. }) => true,
            Some(_) => false,
            None => state.sent.is_some(),
        });
        changed.map(|(id, _)| id.as_str()).collect()
    }

    /// Returns true if the journal records neither a sent change nor an outcome.
    #[cfg(feature = "snapshot")]
    pub(crate) fn changed_nothing(&self) -> bool {
        let mut states = self.states.iter();
        states.all(|state| state.sent.is_none() && state.outcome.is_none())
    }

    /// Returns the IDs of the copies that the job made. If the outcome is unknown, the response may belong to
    /// another request, so the copy in this response is left out.
    #[cfg(feature = "snapshot")]
    pub(crate) fn copies(&self) -> impl Iterator<Item = &str> {
        let settled = self.states.iter().filter(|state| state.outcome.is_some());
        settled.filter_map(|state| state.copy.as_deref())
    }

    /// Returns a note on each copy that may exist, but that the job did not find or confirm.
    #[cfg(feature = "snapshot")]
    pub(crate) fn lost_copies(&self) -> Vec<String> {
        let states = self.ids.iter().zip(&self.states);
        let lost = states.filter(|(_, state)| state.sent.is_some());
        lost.map(|(id, state)| match &state.copy {
            Some(copy) => format!(
                "a copy of {id} may exist, perhaps {copy}, but its name was not confirmed; look for it by \
                 its name"
            ),
            None => format!("a copy of {id} may exist, and its ID is not known; look for it by its name"),
        })
        .collect()
    }

    /// Counts the IDs by outcome. IDs that were not sent, and IDs whose result is unknown, are not counted.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for outcome in self.states.iter().filter_map(|state| state.outcome.as_ref()) {
            counts.count(outcome);
        }
        counts
    }

    fn parse(file: &File) -> Result<Self, JournalProblem> {
        let mut reader = BufReader::new(file);
        let mut journal: Option<Self> = None;
        let mut indices: HashMap<String, usize> = HashMap::new();
        let mut text = Vec::new();
        let mut length = 0;
        for number in 1.. {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(JournalProblem::Io)?;
            // A line without a line feed is incomplete. The resumed job reads the assets of that line again.
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            if let (Some(problem), Some(journal)) = (truncation(&text), &journal) {
                return Err(journal.damaged(number, problem.to_owned()));
            }
            let line = match serde_json::from_slice::<Line<'_>>(&text) {
                Ok(line) => line,
                // After a power failure, the last line may be a mixture of old and new bytes.
                Err(_) if journal.is_some() && reader.fill_buf().map_err(JournalProblem::Io)?.is_empty() => {
                    break;
                }
                Err(error) => {
                    let journal = journal.as_ref().ok_or(JournalProblem::NotAJournal)?;
                    return Err(journal.damaged(number, error.to_string()));
                }
            };
            length += read as u64;
            match (line, &mut journal) {
                (Line::Job(header), None) if header.version != VERSION => {
                    return Err(JournalProblem::Version(header.version));
                }
                (Line::Job(header), journal @ None) => {
                    *journal = Some(Self {
                        header: header.into_owned(),
                        ids: Vec::new(),
                        states: Vec::new(),
                        copy_requests: HashMap::new(),
                        seen: None,
                        account: None,
                        length: 0,
                    });
                }
                (Line::Ids(ids), Some(journal)) => {
                    for id in ids {
                        indices.insert(id.clone().into_owned(), journal.ids.len());
                        journal.ids.push(id.into_owned());
                    }
                    journal
                        .states
                        .resize_with(journal.ids.len(), RecordedState::default);
                }
                (Line::Account(account), Some(journal)) => journal.account = Some(account.into_owned()),
                (Line::Seen(ids), Some(journal)) => {
                    let seen = journal.seen.get_or_insert_default();
                    seen.extend(ids.into_iter().map(Cow::into_owned));
                }
                (line, Some(journal)) => {
                    line.update_copy_requests(&mut journal.copy_requests);
                    for (id, newer) in line.states() {
                        let index = indices.get(&*id).copied();
                        let Some(state) = index.and_then(|index| journal.states.get_mut(index)) else {
                            let message = format!("the ID {id} is not in the job");
                            return Err(journal.damaged(number, message));
                        };
                        state.update(newer);
                    }
                }
                (_, None) => return Err(JournalProblem::NotAJournal),
            }
        }
        let mut journal = journal.ok_or(JournalProblem::NotAJournal)?;
        if journal.ids.len() != journal.header.ids {
            return Err(JournalProblem::NotAJournal);
        }
        journal.length = length;
        Ok(journal)
    }

    fn damaged(&self, line: usize, message: String) -> JournalProblem {
        let fix = if matches!(self.header.change, ChangeRecord::Duplicate { .. }) {
            "restore the file from a copy; without it, compare the existing copies by hand, because a new \
             job would make each copy again"
        } else {
            "move the file away and run the job again with a new journal; it reads the assets first, and \
             those that are as asked count as already so"
        };
        JournalProblem::Damaged { line, message, fix }
    }
}

impl<'a> Line<'a> {
    /// Records the times of requests for copies, and removes the requests whose results are known.
    fn update_copy_requests(&self, requests: &mut HashMap<String, CopyRequest>) {
        match self {
            Self::Copying(TimedId { id, time }) => {
                let request = CopyRequest {
                    begun: Some(time_of(*time)),
                    ..CopyRequest::default()
                };
                requests.insert(id.clone().into_owned(), request);
            }
            Self::Lost(LostRequest { id, sent, ended }) => {
                if let Some(request) = requests.get_mut(&**id) {
                    request.attempt = Some(AttemptTime::from_journal(time_of(*sent), time_of(*ended)));
                }
            }
            Self::Settled(entries) => {
                for SettledId { id, outcome, .. } in entries {
                    match &**outcome {
                        Outcome::Unknown { failure } => {
                            if let Some(request) = requests.get_mut(&**id) {
                                request.was_searched |= failure.reason() == Reason::NoAnswer;
                            }
                        }
                        _ => {
                            requests.remove(&**id);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Returns the states that the line records.
    fn states(self) -> Vec<(Cow<'a, str>, RecordedState)> {
        let sent = |ids: Vec<Cow<'a, str>>, purpose| {
            let state = |id| (id, RecordedState::sent(purpose));
            ids.into_iter().map(state).collect()
        };
        match self {
            Self::Job(_) | Self::Ids(_) | Self::Account(_) | Self::Seen(_) | Self::Lost(_) => Vec::new(),
            Self::Sending(ids) => sent(ids, SentFor::Change),
            Self::SendingForChildren(ids) => sent(ids, SentFor::Children),
            Self::Copying(TimedId { id, .. }) => sent(vec![id], SentFor::Change),
            Self::Settled(entries) => entries
                .into_iter()
                .map(|SettledId { id, outcome, copy }| {
                    let state = match outcome.into_owned() {
                        Outcome::NotSent { .. } => RecordedState::default(),
                        outcome => RecordedState {
                            outcome: Some(outcome),
                            copy: copy.map(Cow::into_owned),
                            sent: None,
                        },
                    };
                    (id, state)
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext::bulk::outcome::{Entry, Failure, Reason};
    use std::path::PathBuf;

    fn client() -> Client {
        Client::builder().build().unwrap()
    }

    fn header() -> Header {
        let change = ChangeRecord::Archive {
            children: Cascade::move_to("k".to_owned()),
        };
        let job = "archive offer sources".to_owned();
        Header::new("offersource", job, change, &client(), UNIX_EPOCH)
    }

    fn entries() -> Vec<Entry<String>> {
        let failure = Failure::new(Reason::Refused, "no");
        [
            Outcome::CONFIRMED,
            Outcome::Rejected {
                failure: failure.clone(),
            },
            Outcome::Unknown {
                failure: failure.clone(),
            },
            Outcome::NotSent { failure },
        ]
        .into_iter()
        .enumerate()
        .map(|(position, outcome)| Entry::new(position.to_string(), position, outcome))
        .collect()
    }

    fn written(folder: &tempfile::TempDir) -> (PathBuf, Vec<String>) {
        let path = folder.path().join("journal");
        let ids: Vec<String> = (0..6).map(|id| id.to_string()).collect();
        let (mut writer, earlier) = JournalWriter::open(&path, &header(), &ids).unwrap();
        assert!(earlier.is_none());
        writer.sending(["0", "1", "2", "4"].into_iter(), false).unwrap();
        writer.sending(["5"].into_iter(), true).unwrap();
        writer.settled(&entries()).unwrap();
        (path, ids)
    }

    #[test]
    fn a_journal_records_outcomes_and_open_requests() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ids) = written(&folder);
        let (_writer, earlier) = JournalWriter::open(&path, &header(), &ids).unwrap();
        let states: Vec<_> = earlier
            .unwrap()
            .states
            .iter()
            .map(|state| (state.outcome.clone(), state.sent))
            .collect();
        let outcome = |position: usize| Some(entries()[position].outcome.clone());
        assert_eq!(
            states,
            [
                (outcome(0), None),
                (outcome(1), None),
                (None, Some(SentFor::Change)),
                (None, None),
                (None, Some(SentFor::Change)),
                (None, Some(SentFor::Children))
            ]
        );
        let journal = Journal::read(&path).unwrap();
        assert_eq!(journal.ids::<String>(), ids);
        assert_eq!(journal.children::<String>(), Cascade::move_to("k".to_owned()));
        assert_eq!(journal.counts().total(), 2);
    }

    #[test]
    fn a_crash_at_any_byte_leaves_a_readable_journal() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ids) = written(&folder);
        let bytes = std::fs::read(&path).unwrap();
        let start = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .take(2)
            .flatten()
            .count();
        let torn = folder.path().join("torn");
        let mut cases = 0;
        for length in start..=bytes.len() {
            for tail in [&b""[..], b"\0\0\0", b"\0\0\n"] {
                let text = [bytes.get(..length).unwrap(), tail].concat();
                std::fs::write(&torn, text).unwrap();
                let (mut writer, earlier) = JournalWriter::open(&torn, &header(), &ids).unwrap();
                let ended = earlier
                    .unwrap()
                    .states
                    .iter()
                    .filter(|state| state.outcome.is_some())
                    .count();
                assert!(ended == 0 || (ended == 2 && length == bytes.len()), "{length}");
                writer.settled(&entries()).unwrap();
                drop(writer);
                assert_eq!(Journal::read(&torn).unwrap().counts().total(), 2, "{length}");
                cases += 1;
            }
        }
        assert!(cases > 300);
    }

    #[test]
    fn a_journal_of_another_job_or_version_is_refused_with_its_problem() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ids) = written(&folder);
        let text = std::fs::read_to_string(&path).unwrap();
        let message = |error: JournalError| {
            let text = error.to_string();
            text.split_once("journal: ").unwrap().1.to_owned()
        };
        let unarchive = Header {
            job: "unarchive".to_owned(),
            change: ChangeRecord::Unarchive,
            ..header()
        };
        let open =
            |header: &Header, ids: &[String]| message(JournalWriter::open(&path, header, ids).unwrap_err());
        let elsewhere = Header {
            base_url: "https://b.example/v1".to_owned(),
            ..header()
        };
        let refusals = [
            open(&unarchive, &ids),
            open(&header(), &ids[1..]),
            open(&elsewhere, &ids),
            {
                let _locked = JournalWriter::open(&path, &header(), &ids).unwrap();
                open(&header(), &ids)
            },
            {
                std::fs::write(&path, text.replace("\"again\"", "\"agian\"")).unwrap();
                message(Journal::read(&path).unwrap_err())
            },
            {
                std::fs::write(&path, text.replace("\"version\":2", "\"version\":9")).unwrap();
                message(Journal::read(&path).unwrap_err())
            },
            {
                std::fs::write(&path, text.replace("\"4\"]}", "\"x\"]}")).unwrap();
                message(Journal::read(&path).unwrap_err())
            },
            {
                std::fs::write(&path, "hello\n").unwrap();
                message(Journal::read(&path).unwrap_err())
            },
        ];
        assert_eq!(
            refusals
                .join("\n")
                .replace(crate::api::BASE_URL, "https://default.example"),
            "it is the journal of another job; expected \"unarchive\", actual \"archive offer sources\"; \
            fix: use another file for the journal, or resume that job\n\
            it is the journal of a job with other IDs; fix: take the IDs from Journal::read\n\
            it was written for the base URL https://default.example, and the client uses \
            https://b.example/v1; nothing was sent; fix: use a client of https://default.example, or \
            another journal\n\
            another process uses it; fix: wait until that job has ended, or cancel it\n\
            line 4 is damaged, so the lines after it are unusable: unknown variant `agian`, expected one of \
            `job`, `ids`, `account`, `seen`, `sending`, `again`, `copying`, `lost`, `settled` at line 1 \
            column 8; fix: move the file away \
            and run the job again with a new journal; it reads the assets first, and those that are as asked \
            count as already so\n\
            its format has version 9; this version of the crate supports 2\n\
            line 3 is damaged, so the lines after it are unusable: the ID x is not in the job; fix: move the \
            file away and run the job again with a new journal; it reads the assets first, and those that \
            are as asked count as already so\n\
            this is not the journal of a bulk job"
        );
    }
}
