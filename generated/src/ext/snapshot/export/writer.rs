//! Writes the files of assets while further assets are read.

use super::super::asset::AssetKey;
use super::super::error::{AtPath as _, SnapshotError};
use super::super::fingerprint::Fingerprint;
use super::super::sorted_text::SortedText;
use super::staging::{Line, PROGRESS, StagedPaths};
use crate::runtime::blocking_work;
use crate::runtime::call::Row;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Assets with the fingerprints of their files.
pub(super) type Written = Vec<(AssetKey, Fingerprint)>;

/// Writes assets on a thread for blocking work, one chunk at a time.
///
/// After a writer is dropped, nothing more is written, even if a thread still has a chunk to write.
pub(super) struct Writer {
    /// Path of the file `progress.jsonl`, for errors.
    path: PathBuf,
    shared: Arc<Shared>,
    /// Lets chunks wait for their turn without occupying a thread.
    turn: tokio::sync::Mutex<()>,
}

/// State that a writer shares with the thread that writes a chunk.
struct Shared {
    /// The files to write; `None` once the writer is dropped.
    files: Mutex<Option<StagedFiles>>,
    is_stopped: AtomicBool,
}

impl Writer {
    pub(super) fn new(paths: StagedPaths, progress: File) -> Self {
        let path = paths.folder.join(PROGRESS);
        let files = StagedFiles {
            paths,
            progress,
            groups: HashSet::new(),
        };
        let shared = Shared {
            files: Mutex::new(Some(files)),
            is_stopped: AtomicBool::new(false),
        };
        Self {
            path,
            shared: Arc::new(shared),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Writes assets. Returns their fingerprints once the files and the progress are written.
    pub(super) async fn write(&self, assets: Vec<(AssetKey, Row)>) -> Result<Written, SnapshotError> {
        if assets.is_empty() {
            return Ok(Written::new());
        }
        let _turn = self.turn.lock().await;
        let shared = Arc::clone(&self.shared);
        let written = blocking_work::run(move || {
            let mut files = shared.files.lock().unwrap_or_else(PoisonError::into_inner);
            match files.as_mut() {
                Some(files) => files.write(&assets, &shared.is_stopped),
                None => Ok(Written::new()),
            }
        });
        written.await.at(&self.path)?
    }
}

impl Drop for Writer {
    /// Waits until the file that is being written is complete, and closes the file `progress.jsonl`.
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        let files = &self.shared.files;
        drop(files.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Files of an export in progress.
struct StagedFiles {
    paths: StagedPaths,
    progress: File,
    /// Groups whose folder exists.
    groups: HashSet<String>,
}

impl StagedFiles {
    /// Writes the files of a chunk of assets, until all files are written or the writer is stopped. Then
    /// records all written files together in the file `progress.jsonl`. If a crash prevents the recording,
    /// the next export reads the chunk again.
    fn write(
        &mut self,
        assets: &[(AssetKey, Row)],
        is_stopped: &AtomicBool,
    ) -> Result<Written, SnapshotError> {
        let mut written = Written::with_capacity(assets.len());
        let (mut lines, mut text) = (Vec::new(), Vec::new());
        let mut result = Ok(());
        for (key, asset) in assets {
            if is_stopped.load(Ordering::Relaxed) {
                break;
            }
            text.clear();
            write_text(&mut text, asset);
            result = self.write_file(key, &text);
            if result.is_err() {
                break;
            }
            let fingerprint = Fingerprint::of_bytes(&text);
            Line::Asset(key.clone(), fingerprint).write(&mut lines);
            written.push((key.clone(), fingerprint));
        }
        // After a failure, the export ends. The next export removes an incomplete last line.
        let recorded = self.progress.write_all(&lines);
        let recorded = recorded.at(self.paths.folder.join(PROGRESS));
        result.and(recorded).map(|()| written)
    }

    fn write_file(&mut self, key: &AssetKey, text: &[u8]) -> Result<(), SnapshotError> {
        if !self.groups.contains(&key.group) {
            let folder = self.paths.folder.join(&key.group);
            fs::create_dir_all(&folder).at(&folder)?;
            self.groups.insert(key.group.clone());
        }
        let path = self.paths.path(key);
        fs::write(&path, text).at(&path)
    }
}

/// Writes the text of an asset's file: indented, members sorted by name, with a line feed at the end.
fn write_text(text: &mut Vec<u8>, asset: &Row) {
    // JSON text always serialises.
    let _ = serde_json::to_writer_pretty(&mut *text, &SortedText(&asset.text));
    text.push(b'\n');
}
