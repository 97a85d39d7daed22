//! The journal of a job: a file from which a later process can go on after a crash.
//!
//! JSON lines, only ever appended to. The first says what the job is, the next ones list its IDs; they are written at once and
//! appear under the file's name complete or not at all. Then, as the job runs, `sending` is written before each request and
//! reaches the disk before the request leaves, and `settled` after it. A crash can tear the last line at any byte; such a line
//! is dropped, and what it would have said is found out again by reading the assets.

use super::change::ChangeRecord;
use super::outcome::{Entry, Outcome};
use super::report::Counts;
use crate::ext::cascade::Cascade;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How many IDs stand on one line.
const IDS_PER_LINE: usize = 1_000;
/// The version of the format.
const VERSION: u32 = 1;

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("journal {}: {problem}", .path.display())]
pub struct JournalError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("the file exists; go on with that job by resume(), or choose another name")]
    Exists,
    #[error("another process is working on it")]
    InUse,
    #[error("this is not the journal of a bulk job")]
    NotAJournal,
    #[error("it is of version {0}, and this version of the crate knows {VERSION}")]
    Version(u32),
    #[error("it is the journal of another job: of {recorded:?}, not of {asked:?}")]
    OtherJob { recorded: String, asked: String },
    #[error("it is the journal of a job with other IDs; take them from Journal::read")]
    OtherIds,
    #[error("line {line} is damaged: {message}; what follows it cannot be trusted")]
    Damaged { line: usize, message: String },
    #[error("line {0} names an ID that is not in the job")]
    ForeignId(usize),
    #[error("{0}")]
    Io(io::Error),
}

impl JournalError {
    fn new(path: &Path, problem: Problem) -> Self {
        let path = path.to_owned();
        Self { path, problem }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Job(Cow<'a, Header>),
    Ids(Vec<Cow<'a, str>>),
    /// Sent, for the first time or once more.
    Sending(Vec<Cow<'a, str>>),
    /// Sent for the sake of the children only.
    Again(Vec<Cow<'a, str>>),
    Settled(Vec<Settled<'a>>),
}

/// What the job is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// In words.
    job: String,
    resource: Cow<'static, str>,
    change: ChangeRecord,
    ids: usize,
}

impl Header {
    pub(super) fn new(resource: &'static str, job: String, change: ChangeRecord) -> Self {
        Self {
            version: VERSION,
            job,
            resource: Cow::Borrowed(resource),
            change,
            ids: 0,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Settled<'a> {
    id: Cow<'a, str>,
    #[serde(flatten)]
    outcome: Cow<'a, Outcome>,
}

/// What is known of one ID.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// How it ended.
    pub(super) outcome: Option<Outcome>,
    /// Whether it was sent and no end is known.
    pub(super) sent: Option<Sent>,
}

impl Known {
    fn learn(&mut self, news: Self) {
        match news.outcome {
            // Not the end: it stays as it was sent.
            Some(Outcome::Unknown { .. }) => {}
            _ => *self = news,
        }
    }
}

/// How an ID was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// For the change: if it is as asked, that is done.
    Change,
    /// For the sake of its children, since it was so already: reading it says nothing.
    Again,
}

/// A journal as it was read: what the job is, and how far it got.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::OfferSourceId};
///
/// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
/// let journal = Journal::read("archive.journal")?;
/// println!("{}: {}", journal.job(), journal.counts());
/// let report = client
///     .offer_sources()
///     .bulk_archive(journal.ids::<OfferSourceId>())
///     .children(journal.children())
///     .resume("archive.journal")
///     .send()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Journal {
    header: Header,
    ids: Vec<String>,
    known: Vec<Known>,
    /// How many bytes of the file are whole lines.
    length: u64,
}

impl Journal {
    /// Reads a journal. The file is not changed, and may be in use.
    ///
    /// # Errors
    /// When the file cannot be read, is no journal, or is damaged other than by a torn last line.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|error| JournalError::new(path, Problem::Io(error)))?;
        Self::parse(&file).map_err(|problem| JournalError::new(path, problem))
    }

    /// What the job is, in words.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.header.job
    }

    /// What the job does.
    #[must_use]
    pub fn change(&self) -> &ChangeRecord {
        &self.header.change
    }

    /// What the job does with the children; [`Cascade::leave`] where it has nothing to do with them.
    pub fn children<I: From<String>>(&self) -> Cascade<I> {
        match &self.header.change {
            ChangeRecord::Archive { children } | ChangeRecord::Delete { children } => {
                children.map(|target| I::from(target.clone()))
            }
            _ => Cascade::leave(),
        }
    }

    /// All distinct IDs of the job, in their order.
    #[must_use]
    pub fn ids<I: From<String>>(&self) -> Vec<I> {
        self.ids.iter().cloned().map(I::from).collect()
    }

    /// How the IDs ended so far. Those that were sent without an answer, or not at all, are not in it.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for outcome in self.known.iter().filter_map(|known| known.outcome.as_ref()) {
            counts.count(outcome);
        }
        counts
    }

    fn parse(file: &File) -> Result<Self, Problem> {
        let mut reader = BufReader::new(file);
        let mut journal: Option<Self> = None;
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut text = Vec::new();
        let mut length = 0;
        for number in 1.. {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).map_err(Problem::Io)?;
            // A line without an end is torn; what it says has not happened or is found out again.
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            let line = match serde_json::from_slice::<Line<'_>>(&text) {
                Ok(line) => line,
                Err(_) if journal.is_none() => return Err(Problem::NotAJournal),
                // The last line may have been written in part over what a power failure left.
                Err(_) if reader.fill_buf().map_err(Problem::Io)?.is_empty() => break,
                Err(error) => {
                    let message = error.to_string();
                    return Err(Problem::Damaged {
                        line: number,
                        message,
                    });
                }
            };
            length += read as u64;
            match (line, &mut journal) {
                (Line::Job(header), None) if header.version != VERSION => {
                    return Err(Problem::Version(header.version));
                }
                (Line::Job(header), journal @ None) => {
                    *journal = Some(Self {
                        header: header.into_owned(),
                        ids: Vec::new(),
                        known: Vec::new(),
                        length: 0,
                    });
                }
                (Line::Ids(ids), Some(journal)) => {
                    for id in ids {
                        places.insert(id.clone().into_owned(), journal.ids.len());
                        journal.ids.push(id.into_owned());
                    }
                    journal.known.resize_with(journal.ids.len(), Known::default);
                }
                (line, Some(journal)) => {
                    for (id, known) in line.news() {
                        let place = places.get(&*id).copied();
                        let slot = place.and_then(|place| journal.known.get_mut(place));
                        slot.ok_or(Problem::ForeignId(number))?.learn(known);
                    }
                }
                (_, None) => return Err(Problem::NotAJournal),
            }
        }
        let mut journal = journal.ok_or(Problem::NotAJournal)?;
        if journal.ids.len() != journal.header.ids {
            return Err(Problem::NotAJournal);
        }
        journal.length = length;
        Ok(journal)
    }
}

impl<'a> Line<'a> {
    /// What the line says of IDs that the job has.
    fn news(self) -> Vec<(Cow<'a, str>, Known)> {
        match self {
            Self::Job(_) | Self::Ids(_) => Vec::new(),
            Self::Sending(ids) => {
                let known = Known {
                    outcome: None,
                    sent: Some(Sent::Change),
                };
                ids.into_iter().map(|id| (id, known.clone())).collect()
            }
            Self::Again(ids) => {
                let known = Known {
                    outcome: None,
                    sent: Some(Sent::Again),
                };
                ids.into_iter().map(|id| (id, known.clone())).collect()
            }
            Self::Settled(entries) => entries
                .into_iter()
                .map(|Settled { id, outcome }| {
                    let outcome = outcome.into_owned();
                    (
                        id,
                        Known {
                            outcome: Some(outcome),
                            sent: None,
                        },
                    )
                })
                .collect(),
        }
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub(super) struct Writer {
    path: PathBuf,
    file: File,
    /// How many bytes of the file are whole lines.
    length: u64,
}

impl Writer {
    /// Begins a journal. The file appears with the whole job in it, or not at all.
    pub(super) fn create<I: AsRef<str>>(
        path: &Path,
        header: Header,
        ids: &[I],
    ) -> Result<Self, JournalError> {
        let failed = |error: io::Error| {
            let problem = if error.kind() == io::ErrorKind::AlreadyExists {
                Problem::Exists
            } else {
                Problem::Io(error)
            };
            JournalError::new(path, problem)
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut begun = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new("."))).map_err(failed)?;
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
        begun.write_all(&text).map_err(failed)?;
        begun.as_file().sync_all().map_err(failed)?;
        let file = begun
            .persist_noclobber(path)
            .map_err(|error| failed(error.error))?;
        let writer = Self {
            path: path.to_owned(),
            file,
            length: text.len() as u64,
        };
        writer.lock()?;
        Ok(writer)
    }

    /// Goes on with a journal. It must be of this job, with these IDs.
    pub(super) fn resume<I: AsRef<str>>(
        path: &Path,
        header: &Header,
        ids: &[I],
    ) -> Result<(Self, Vec<Known>), JournalError> {
        let failed = |problem| JournalError::new(path, problem);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| failed(Problem::Io(error)))?;
        let mut writer = Self {
            path: path.to_owned(),
            file,
            length: 0,
        };
        writer.lock()?;
        let journal = Journal::parse(&writer.file).map_err(failed)?;
        let recorded = &journal.header;
        if (&recorded.resource, &recorded.change) != (&header.resource, &header.change) {
            return Err(failed(Problem::OtherJob {
                recorded: recorded.job.clone(),
                asked: header.job.clone(),
            }));
        }
        if !journal
            .ids
            .iter()
            .map(String::as_str)
            .eq(ids.iter().map(AsRef::as_ref))
        {
            return Err(failed(Problem::OtherIds));
        }
        // What is torn goes, or the next line would be torn with it.
        let cut = writer
            .file
            .set_len(journal.length)
            .and_then(|()| writer.file.seek(SeekFrom::End(0)));
        writer.length = cut.map_err(|error| failed(Problem::Io(error)))?;
        Ok((writer, journal.known))
    }

    /// Keeps a second process out. Where the file system knows no locks, nothing does.
    fn lock(&self) -> Result<(), JournalError> {
        match self.file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(JournalError::new(&self.path, Problem::InUse)),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
        }
    }

    /// Records that these IDs are about to be sent, and returns when that is on the disk.
    pub(super) fn sending<'i>(
        &mut self,
        ids: impl Iterator<Item = &'i str>,
        again: bool,
    ) -> Result<(), JournalError> {
        let ids = ids.map(Cow::Borrowed).collect();
        let line = if again {
            Line::Again(ids)
        } else {
            Line::Sending(ids)
        };
        self.append(&line)?;
        self.file
            .sync_data()
            .map_err(|error| JournalError::new(&self.path, Problem::Io(error)))
    }

    /// Records how IDs ended. What was not sent stays open.
    pub(super) fn settled<I: AsRef<str>>(&mut self, entries: &[Entry<I>]) -> Result<(), JournalError> {
        let settled: Vec<Settled<'_>> = entries
            .iter()
            .filter(|entry| !matches!(entry.outcome, Outcome::NotSent { .. }))
            .map(|entry| Settled {
                id: Cow::Borrowed(entry.id.as_ref()),
                outcome: Cow::Borrowed(&entry.outcome),
            })
            .collect();
        if settled.is_empty() {
            return Ok(());
        }
        self.append(&Line::Settled(settled))
    }

    fn append(&mut self, line: &Line<'_>) -> Result<(), JournalError> {
        let mut text = Vec::new();
        // One write for the whole line. On a full disk a part of it may be written, and what is written later, while the job winds
        // down, would be torn with it: so each line begins where the last whole one ends.
        let written = write_line(&mut text, line)
            .and_then(|()| self.file.set_len(self.length))
            .and_then(|()| self.file.seek(SeekFrom::Start(self.length)))
            .and_then(|_| self.file.write_all(&text));
        match written {
            Ok(()) => {
                self.length += text.len() as u64;
                Ok(())
            }
            Err(error) => Err(JournalError::new(&self.path, Problem::Io(error))),
        }
    }
}

fn write_line(text: &mut Vec<u8>, line: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ext::bulk::outcome::{Failure, Reason};

    fn header() -> Header {
        let change = ChangeRecord::Archive {
            children: Cascade::move_to("k".to_owned()),
        };
        Header::new("offersource", "archive offer sources".to_owned(), change)
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
        let mut writer = Writer::create(&path, header(), &ids).unwrap();
        writer.sending(["0", "1", "2", "4"].into_iter(), false).unwrap();
        writer.sending(["5"].into_iter(), true).unwrap();
        writer.settled(&entries()).unwrap();
        (path, ids)
    }

    #[test]
    fn a_journal_says_what_is_done_and_what_was_sent() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ids) = written(&folder);
        let (_writer, known) = Writer::resume(&path, &header(), &ids).unwrap();
        let known: Vec<_> = known
            .iter()
            .map(|known| (known.outcome.clone(), known.sent))
            .collect();
        let outcome = |position: usize| Some(entries()[position].outcome.clone());
        assert_eq!(
            known,
            [
                (outcome(0), None),
                (outcome(1), None),
                (None, Some(Sent::Change)),
                (None, None),
                (None, Some(Sent::Change)),
                (None, Some(Sent::Again))
            ]
        );
        let journal = Journal::read(&path).unwrap();
        assert_eq!(journal.ids::<String>(), ids);
        assert_eq!(journal.children::<String>(), Cascade::move_to("k".to_owned()));
        assert_eq!(journal.counts().total(), 2);
    }

    #[test]
    fn a_crash_at_any_byte_leaves_a_journal_that_knows_no_more_than_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ids) = written(&folder);
        let whole = std::fs::read(&path).unwrap();
        let begun = whole
            .split_inclusive(|byte| *byte == b'\n')
            .take(2)
            .flatten()
            .count();
        let torn = folder.path().join("torn");
        let mut seen = 0;
        for length in begun..=whole.len() {
            for tail in [&b""[..], b"\0\0\0", b"\0\0\n"] {
                let text = [whole.get(..length).unwrap(), tail].concat();
                std::fs::write(&torn, text).unwrap();
                let (mut writer, known) = Writer::resume(&torn, &header(), &ids).unwrap();
                let ended = known.iter().filter(|known| known.outcome.is_some()).count();
                assert!(ended == 0 || (ended == 2 && length == whole.len()), "{length}");
                writer.settled(&entries()).unwrap();
                drop(writer);
                assert_eq!(Journal::read(&torn).unwrap().counts().total(), 2, "{length}");
                seen += 1;
            }
        }
        assert!(seen > 300);
    }

    #[test]
    fn what_is_no_journal_of_this_job_is_refused_with_words() {
        let folder = tempfile::tempdir().unwrap();
        let (path, ids) = written(&folder);
        let text = std::fs::read_to_string(&path).unwrap();
        let says = |error: JournalError| {
            let shown = error.to_string();
            shown.split_once("journal: ").unwrap().1.to_owned()
        };
        let other = Header::new("offersource", "unarchive".to_owned(), ChangeRecord::Unarchive);
        let refusals = [
            says(Writer::create(&path, header(), &ids).unwrap_err()),
            says(Writer::resume(&path, &other, &ids).unwrap_err()),
            says(Writer::resume(&path, &header(), &ids[1..]).unwrap_err()),
            {
                let _held = Writer::resume(&path, &header(), &ids).unwrap();
                says(Writer::resume(&path, &header(), &ids).unwrap_err())
            },
            {
                std::fs::write(&path, text.replace("\"again\"", "\"agian\"")).unwrap();
                says(Journal::read(&path).unwrap_err())
            },
            {
                std::fs::write(&path, text.replace("\"version\":1", "\"version\":9")).unwrap();
                says(Journal::read(&path).unwrap_err())
            },
            {
                std::fs::write(&path, text.replace("\"4\"]}", "\"x\"]}")).unwrap();
                says(Journal::read(&path).unwrap_err())
            },
            {
                std::fs::write(&path, "hello\n").unwrap();
                says(Journal::read(&path).unwrap_err())
            },
        ];
        assert_eq!(
            refusals.join("\n"),
            "the file exists; go on with that job by resume(), or choose another name\n\
            it is the journal of another job: of \"archive offer sources\", not of \"unarchive\"\n\
            it is the journal of a job with other IDs; take them from Journal::read\n\
            another process is working on it\n\
            line 4 is damaged: unknown variant `agian`, expected one of `job`, `ids`, `sending`, `again`, `settled` at line 1 column 8; what follows it cannot be trusted\n\
            it is of version 9, and this version of the crate knows 1\n\
            line 3 names an ID that is not in the job\n\
            this is not the journal of a bulk job"
        );
    }
}
