//! Exports an account into a snapshot.
//!
//! 1. [`Staging`] opens the folder and loads the progress of an interrupted export.
//! 2. The assets of each group are listed, one group after another.
//! 3. The assets are read by ID, several chunks at a time. Each chunk is written while other chunks are read.
//! 4. If no asset is missing, or if missing assets are accepted, the files move to their places. The manifest
//!    moves last.

mod account;
mod error;
mod install;
mod staging;
mod writer;

pub use error::{ExportError, IncompleteExport};

use super::asset::AssetKey;
use super::error::{SnapshotError, SnapshotProblem};
use super::manifest::{Manifest, Origin};
use super::snapshot::Snapshot;
use crate::Client;
use crate::ext::asset_group::{GroupReader, GroupReaders};
use crate::ext::error_class::ErrorClass;
use crate::ext::{AssetGroup, Failure, FoundAsset};
use crate::runtime::call::Row;
use account::Account;
use futures_util::StreamExt as _;
use staging::Staging;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use writer::{Writer, Written};

/// Default number of concurrent reads.
const CONCURRENCY: usize = 4;
/// Maximum number of assets per read. If IDs are long, the maximum length of a URL allows fewer assets.
const CHUNK: usize = 100;
/// Number of consecutive unanswered reads after which an export reads no further chunks.
const MAX_FAILED_READS: usize = 3;

/// Callback that receives the progress of an export.
type OnProgress = Box<dyn FnMut(&ExportProgress) + Send>;

/// Progress of an export. Displays as one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportProgress {
    /// Number of assets that the service lists in the chosen groups.
    pub total: usize,
    /// Number of assets that have been read, including the assets that an interrupted export has read.
    pub read: usize,
    /// Number of assets that could not be read.
    pub unread: usize,
}

impl fmt::Display for ExportProgress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, read, unread } = self;
        write!(formatter, "{read} of {total} read")?;
        match unread {
            0 => Ok(()),
            unread => write!(formatter, ", {unread} not readable"),
        }
    }
}

/// Builder of an export, created by [`Snapshot::export`].
///
/// An export changes nothing in the account.
///
/// # Complete and incomplete exports
///
/// By default, an export succeeds only if every asset was read. Otherwise the error lists the missing assets,
/// and an older snapshot at the same path stays unchanged. If the same export is repeated within a day, it
/// reads only the missing assets. After an error, a crash or a dropped future, the export can be repeated in
/// the same way.
///
/// The service has no transactions. If an asset changes while the export runs, the snapshot contains either
/// the old or the new state. The manifest records the start and the end of the export. If the export
/// continues an earlier attempt, the recorded start is the start of the first attempt.
///
/// # Deleted assets
///
/// The vendor does not document whether the service lists deleted assets, or whether deleted assets can be
/// read. Deleted assets that can be read are exported. [`Manifest::deleted`] names deleted assets that are
/// listed but cannot be read.
#[must_use = "an export does nothing until it has a destination"]
pub struct Export {
    client: Client,
    groups: Option<Vec<String>>,
    concurrency: usize,
    accept_incomplete: bool,
    restart: bool,
    on_progress: Option<OnProgress>,
}

impl fmt::Debug for Export {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Export")
            .field("groups", &self.groups)
            .field("concurrency", &self.concurrency)
            .field("accept_incomplete", &self.accept_incomplete)
            .field("restart", &self.restart)
            .finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Creates an export of the client's account.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::snapshot::{ExportError, Snapshot}};
    ///
    /// async fn back_up(client: &Client) -> Result<(), ExportError> {
    ///     let snapshot = Snapshot::export(client)
    ///         .on_progress(|progress| eprintln!("{progress}")) // 300 of 1000 read
    ///         .to_folder("backup")
    ///         .await?;
    ///     println!("{} assets", snapshot.keys().len());
    ///     Ok(())
    /// }
    /// ```
    pub fn export(client: &Client) -> Export {
        Export {
            client: client.clone(),
            groups: None,
            concurrency: CONCURRENCY,
            accept_incomplete: false,
            restart: false,
            on_progress: None,
        }
    }
}

impl Export {
    /// Sets the groups to export, by name (`offer-sources`) or tag (`Offer Sources`). Default: all groups
    /// whose cargo feature is enabled and whose assets can be listed.
    pub fn groups<S: Into<String>>(mut self, groups: impl IntoIterator<Item = S>) -> Self {
        self.groups = Some(groups.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the maximum number of concurrent reads, from 1 to 64. Values outside of this range become the
    /// nearest limit. Default: 4.
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.clamp(1, 64);
        self
    }

    /// Writes a snapshot even if parts of the account could not be read. The manifest of such a snapshot
    /// lists these parts, and [`Snapshot::open`] refuses the snapshot.
    pub fn accept_incomplete(mut self) -> Self {
        self.accept_incomplete = true;
        self
    }

    /// Discards the progress of an interrupted export, and reads every asset again.
    pub fn restart(mut self) -> Self {
        self.restart = true;
        self
    }

    /// Sets a callback that receives the progress. It is called before the first read and after each read.
    pub fn on_progress(mut self, callback: impl FnMut(&ExportProgress) + Send + 'static) -> Self {
        self.on_progress = Some(Box::new(callback));
        self
    }

    /// Exports into a folder, which is created if it does not exist.
    ///
    /// The folder must be new, be empty except for hidden files, or contain an older snapshot of the same
    /// account. The files of an older snapshot are replaced once all assets have been read. Until then, the
    /// new files are in the subfolder `.export`.
    ///
    /// # Errors
    /// Returns an error if a group does not exist, if the folder cannot be used, or if it belongs to another
    /// account. Also returns an error if a file cannot be written, if the service rejects the access token,
    /// or if a part of the account could not be read.
    pub async fn to_folder(self, path: impl AsRef<Path>) -> Result<Snapshot, ExportError> {
        self.run(path.as_ref(), None).await
    }

    /// Exports into one `.tar.gz` file, which replaces an older snapshot of the same account. The file
    /// appears only when it is complete.
    ///
    /// The assets are collected in a folder next to the file. The name of the folder is the name of the file
    /// with the suffix `.partial`. At the end, the folder is packed into the file. The returned snapshot
    /// unpacks the file into a temporary folder when its first asset is read; this fails if the file has been
    /// replaced.
    ///
    /// # Errors
    /// Returns the errors of [`to_folder`](Self::to_folder). Also returns an error if the file exists but is
    /// not a snapshot.
    pub async fn to_archive(self, path: impl AsRef<Path>) -> Result<Snapshot, ExportError> {
        let path = path.as_ref();
        let older = match std::fs::metadata(path) {
            Ok(_) => Some(super::archive::read_manifest(path).map_err(|error| {
                if error.is_foreign() {
                    SnapshotError::new(path, SnapshotProblem::OtherFile)
                } else {
                    error
                }
            })?),
            Err(_) => None,
        };
        let mut folder = OsString::from(path);
        folder.push(".partial");
        let folder = PathBuf::from(folder);
        let snapshot = self.run(&folder, older.map(|older| (path, older))).await?;
        let snapshot = snapshot.packed(path)?;
        // The archive is complete. A folder that cannot be removed does no harm.
        let _ = std::fs::remove_dir_all(&folder);
        Ok(snapshot)
    }

    /// Exports into a temporary folder, which is removed when the snapshot is dropped.
    ///
    /// # Errors
    /// Returns the errors of [`to_folder`](Self::to_folder).
    pub async fn to_temporary_folder(self) -> Result<Snapshot, ExportError> {
        let folder = Snapshot::temporary_folder()?;
        let snapshot = self.run(folder.path(), None).await?;
        Ok(snapshot.in_temporary_folder(folder))
    }

    async fn run(mut self, path: &Path, older: Option<(&Path, Manifest)>) -> Result<Snapshot, ExportError> {
        let groups = self.chosen()?;
        let account = self.client.account().await?;
        let origin = Origin {
            base_url: self.client.base_url().to_owned(),
            account: account.map(|account| account.as_str().to_owned()),
            started: self.client.now(),
        };
        let names: Vec<&str> = groups.iter().map(|group| group.name()).collect();
        let mut staging = Staging::open(path, origin, &names, self.restart)?;
        if let Some((path, older)) = older {
            staging.check_older(path, &older, &names)?;
        }
        let mut account = Account::default();
        let readers = GroupReaders::new(groups.iter().copied(), &self.client, self.concurrency);
        for reader in readers.iter() {
            account.list(reader).await?;
        }
        account.check_owner(&staging)?;
        if account.is_verified {
            self.read(&readers, &mut account, &mut staging).await?;
        }
        let is_accepted = self.accept_incomplete && account.is_verified;
        if !account.unread.is_empty() && !is_accepted {
            let listed = account.listed.keys();
            let read = listed.filter(|key| staging.is_recorded(key)).count();
            return Err(IncompleteExport::new(path, read, account.unread.into_iter().collect()).into());
        }
        let contents = account.contents(&groups, &staging);
        let manifest = Manifest::new(staging.origin().clone(), self.client.now(), contents);
        staging.install(&manifest)?;
        Ok(Snapshot::open_installed(path)?)
    }

    /// Returns the chosen groups, in the order of the OpenAPI document.
    fn chosen(&self) -> Result<Vec<AssetGroup>, ExportError> {
        let known = || {
            let groups = AssetGroup::all().iter().copied();
            groups.filter(|group| group.abilities().list && group.abilities().find)
        };
        let Some(names) = &self.groups else {
            return Ok(known().collect());
        };
        let is_named = |group: &AssetGroup, name: &str| group.name() == name || group.tag() == name;
        for name in names {
            if !known().any(|group| is_named(&group, name)) {
                let known: Vec<&str> = known().map(AssetGroup::name).collect();
                return Err(ExportError::UnknownGroup {
                    name: name.clone(),
                    known: known.join(", "),
                });
            }
        }
        Ok(known()
            .filter(|group| names.iter().any(|name| is_named(group, name)))
            .collect())
    }

    /// Reads the listed assets whose files are not in the export folder yet.
    async fn read(
        &mut self,
        readers: &GroupReaders,
        account: &mut Account,
        staging: &mut Staging,
    ) -> Result<(), SnapshotError> {
        let mut chunks: Vec<(GroupReader, Vec<String>)> = Vec::new();
        let mut progress = ExportProgress {
            total: account.listed.len(),
            read: 0,
            unread: 0,
        };
        staging.prepare(account.listed.keys());
        for (key, listed) in &account.listed {
            if staging.is_recorded(key) {
                progress.read += 1;
                continue;
            }
            let Some(reader) = readers.get(listed.group.name()) else {
                continue;
            };
            match chunks.last_mut() {
                Some((last, ids)) if last.group() == listed.group && ids.len() < CHUNK => {
                    ids.push(key.id.clone());
                }
                _ => chunks.push((reader.clone(), vec![key.id.clone()])),
            }
        }
        self.report(&progress);
        let writer = staging.writer()?;
        let to = &writer;
        let reads = chunks.into_iter().map(|(reader, ids)| async move {
            let found = reader.find_rows(&ids).await;
            (reader.group(), ids, found)
        });
        let reads = futures_util::stream::iter(reads).buffer_unordered(self.concurrency);
        // The queue holds twice as many chunks as there are concurrent reads, so that reads wait only if the
        // disk is slower than the service.
        let queue = self.concurrency.saturating_mul(2);
        let reads = reads.map(|(group, ids, found)| write(to, group, ids, found));
        let mut reads = reads.buffered(queue);
        let mut failed_reads = 0;
        let mut last_error = None;
        while failed_reads < MAX_FAILED_READS
            && let Some(read) = reads.next().await
        {
            let read = read?;
            let mut failures = read.unreadable.iter().map(|(_, failure)| failure);
            let failure = failures.find(|failure| is_no_answer(failure));
            failed_reads = if read.is_failed() { failed_reads + 1 } else { 0 };
            last_error = failure.cloned().or(last_error);
            progress.read += read.written.len();
            staging.add(read.written);
            for key in read.missing {
                progress.unread += usize::from(account.missing(key));
            }
            for (key, failure) in read.unreadable {
                account.unreadable(key, failure.message());
                progress.unread += 1;
            }
            if let Some(callback) = &mut self.on_progress {
                callback(&progress);
            }
        }
        drop(reads);
        self.read_deleted(readers, account, staging, &writer, &mut progress)
            .await?;
        let cause = last_error.map_or_else(String::new, |failure| format!(": {failure}"));
        account.finish(staging, &cause);
        Ok(())
    }

    /// Reads again, one by one, the deleted assets that were missing from the responses.
    ///
    /// The service may refuse a list of IDs for a reason that does not concern deleted assets, such as the
    /// length of the list. All deleted assets of that list then count as missing, even if they are readable.
    /// Therefore, the missing deleted assets are read again. If an asset is missing even when it is read
    /// alone, the service probably does not show deleted assets. The method then skips the remaining deleted
    /// assets of the group, unless it has already read a deleted asset of this group.
    async fn read_deleted(
        &mut self,
        readers: &GroupReaders,
        account: &mut Account,
        staging: &mut Staging,
        writer: &Writer,
        progress: &mut ExportProgress,
    ) -> Result<(), SnapshotError> {
        for (group, ids) in account.deleted_ids() {
            let Some(reader) = readers.get(group.name()) else {
                continue;
            };
            let mut some_are_readable = false;
            let mut no_answer: Option<Failure> = None;
            for id in ids {
                let key = AssetKey::new(group.name(), &*id);
                let found = match no_answer.clone() {
                    Some(failure) => Some(FoundAsset::Unreadable(failure)),
                    None => reader.find_rows(&[id]).await.into_iter().next(),
                };
                match found {
                    Some(FoundAsset::Found(asset)) => {
                        some_are_readable = true;
                        account.deleted.remove(&key);
                        staging.add(writer.write(vec![(key, asset)]).await?);
                        progress.read += 1;
                    }
                    Some(FoundAsset::Unreadable(failure)) => {
                        account.deleted.remove(&key);
                        account.unreadable(key, failure.message());
                        progress.unread += 1;
                        no_answer = Some(failure).filter(is_no_answer);
                    }
                    Some(FoundAsset::Missing) | None => {
                        if !some_are_readable {
                            break;
                        }
                    }
                }
                self.report(progress);
            }
        }
        Ok(())
    }

    fn report(&mut self, progress: &ExportProgress) {
        if let Some(callback) = &mut self.on_progress {
            callback(progress);
        }
    }
}

/// Result of reading a chunk of assets.
#[derive(Default)]
struct ChunkRead {
    written: Written,
    missing: Vec<AssetKey>,
    unreadable: Vec<(AssetKey, Failure)>,
}

impl ChunkRead {
    /// Returns true if the service did not answer the read at all.
    fn is_failed(&self) -> bool {
        let is_unanswered = self.written.is_empty() && self.missing.is_empty() && !self.unreadable.is_empty();
        is_unanswered && self.unreadable.iter().all(|(_, failure)| is_no_answer(failure))
    }
}

/// Writes the found assets of a chunk to files, and collects the missing and the unreadable assets.
async fn write(
    writer: &Writer,
    group: AssetGroup,
    ids: Vec<String>,
    found: Vec<FoundAsset<Row>>,
) -> Result<ChunkRead, SnapshotError> {
    let mut read = ChunkRead::default();
    let mut assets = Vec::new();
    for (id, found) in ids.into_iter().zip(found) {
        let key = AssetKey::new(group.name(), id);
        match found {
            FoundAsset::Found(asset) => assets.push((key, asset)),
            FoundAsset::Missing => read.missing.push(key),
            FoundAsset::Unreadable(failure) => read.unreadable.push((key, failure)),
        }
    }
    read.written = writer.write(assets).await?;
    Ok(read)
}

/// Returns true if the failure means that the service did not answer. A refusal counts as an answer.
fn is_no_answer(failure: &Failure) -> bool {
    let class = failure.error().map(ErrorClass::of);
    class.is_some_and(|class| class != ErrorClass::Refused)
}
