//! Folder of an export in progress.
//!
//! New files stay in the folder `.export` until the export is complete. The file `progress.jsonl` lists these
//! files with their fingerprints. Its first line names the service and the account. A later export reuses the
//! files that still have their recorded fingerprint.

use super::super::asset::AssetKey;
use super::super::error::{AtPath as _, SnapshotError, SnapshotProblem};
use super::super::fingerprint::Fingerprint;
use super::super::layout::{self, Capitals, MANIFEST, STAGING};
use super::super::manifest::{Manifest, Origin, in_milliseconds, rfc3339};
use super::super::snapshot::read_manifest;
use super::install::has_fingerprint;
use super::writer::{Writer, Written};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Maximum age of an interrupted export that may be continued.
const RESUME_WITHIN: Duration = Duration::from_hours(24);
/// Name of the file that records the progress of an export.
pub(super) const PROGRESS: &str = "progress.jsonl";
/// Name of the file that contains the manifest of the older snapshot while a new snapshot is installed.
pub(super) const OLDER: &str = "older.json";

/// A line of the file `progress.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Export {
        format: u64,
        base_url: String,
        account: Option<String>,
        #[serde(with = "rfc3339")]
        started: SystemTime,
    },
    Asset(AssetKey, Fingerprint),
}

impl Line {
    /// Appends the line to `text`.
    pub(super) fn write(&self, text: &mut Vec<u8>) {
        // Strings and numbers always serialise.
        let _ = serde_json::to_writer(&mut *text, self);
        text.push(b'\n');
    }
}

/// Folder of an export in progress.
pub(super) struct Staging {
    pub(super) target: PathBuf,
    /// The file `progress.jsonl`, locked against other processes.
    pub(super) progress: File,
    origin: Origin,
    /// The assets whose files have been written, with the fingerprints of the files.
    recorded: BTreeMap<AssetKey, Fingerprint>,
    /// Manifest of the older snapshot in the folder `target`, if any.
    pub(super) older: Option<Manifest>,
    /// Manifest of a snapshot whose installation was interrupted. Some files of that snapshot may already be
    /// in their places.
    pub(super) half_installed: Option<Manifest>,
    /// True if access tokens show that this export has the same account as every earlier export that exists:
    /// the older snapshot or archive, and the interrupted export that is resumed.
    is_owner_known: bool,
    /// Keys of the assets in an older archive that this export replaces. Empty for an export into a folder.
    elsewhere: Vec<AssetKey>,
    /// Folder and names of the new files.
    pub(super) files: StagedPaths,
}

/// Paths of new files.
#[derive(Clone)]
pub(super) struct StagedPaths {
    pub(super) folder: PathBuf,
    /// Groups with IDs that differ in case only. While the files of these groups are in the staging folder,
    /// all capital letters in their names are encoded. Files of other groups have their final names from
    /// the start.
    encoded: BTreeSet<String>,
}

impl StagedPaths {
    /// Returns the path of an asset's file before the installation.
    pub(super) fn path(&self, key: &AssetKey) -> PathBuf {
        let capitals = if self.has_final_names(&key.group) {
            Capitals::Literal
        } else {
            Capitals::Encoded
        };
        self.folder
            .join(&key.group)
            .join(layout::file_name(&key.id, capitals))
    }

    /// Returns true if the files of a group already have their final names before the installation.
    pub(super) fn has_final_names(&self, group: &str) -> bool {
        !self.encoded.contains(group)
    }
}

impl Staging {
    /// Opens the folder `.export` for an export to `target`. If an earlier export was interrupted, loads the
    /// progress of that export.
    pub(super) fn open(
        target: &Path,
        origin: Origin,
        groups: &[&str],
        restart: bool,
    ) -> Result<Self, SnapshotError> {
        fs::create_dir_all(target).at(target)?;
        let folder = target.join(STAGING);
        let older = older(target, &folder)?;
        let half_installed = parse(&folder.join(MANIFEST))?;
        if let Some(older) = &older {
            check_origin(target, older, &origin)?;
            check_groups(target, older, groups)?;
        }
        fs::create_dir_all(&folder).at(&folder)?;
        // The files of an export in progress do not belong in version control.
        let ignore = folder.join(".gitignore");
        fs::write(&ignore, "*\n").at(&ignore)?;
        let path = folder.join(PROGRESS);
        let mut options = OpenOptions::new();
        let progress = options
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .at(&path)?;
        match progress.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(SnapshotError::new(target, SnapshotProblem::InUse)),
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        if !path.exists() {
            // Another process has just completed its export and removed the folder.
            return Err(SnapshotError::new(target, SnapshotProblem::InUse));
        }
        let mut is_owner_known = older
            .as_ref()
            .is_none_or(|older| is_same_account(older.account(), &origin));
        let mut staging = Self {
            target: target.to_owned(),
            progress,
            origin,
            recorded: BTreeMap::new(),
            older,
            half_installed,
            is_owner_known: false,
            elsewhere: Vec::new(),
            files: StagedPaths {
                folder,
                encoded: BTreeSet::new(),
            },
        };
        let (earlier, length) = staging.load()?;
        match earlier {
            Some(earlier) if !restart && staging.may_resume(&earlier)? => {
                is_owner_known &= is_same_account(earlier.account.as_deref(), &staging.origin);
                staging.origin.account = staging.origin.account.take().or(earlier.account);
                staging.origin.started = earlier.started;
                staging.cut(length)?;
            }
            _ => staging.begin()?,
        }
        staging.is_owner_known = is_owner_known;
        Ok(staging)
    }

    /// Loads the progress of an interrupted export. Returns the origin of that export, and the length of the
    /// valid lines in bytes.
    fn load(&mut self) -> Result<(Option<Origin>, u64), SnapshotError> {
        let mut length = 0;
        let path = self.files.folder.join(PROGRESS);
        let mut origin = None;
        let mut reader = BufReader::new(&self.progress);
        let mut text = Vec::new();
        loop {
            text.clear();
            let read = reader.read_until(b'\n', &mut text).at(&path)?;
            // After a crash, the last line may be incomplete. Assets of incomplete and damaged lines are read
            // again.
            if text.last() != Some(&b'\n') {
                break;
            }
            match (serde_json::from_slice(&text), &origin) {
                (
                    Ok(Line::Export {
                        format,
                        base_url,
                        account,
                        started,
                    }),
                    None,
                ) if format == super::super::manifest::FORMAT => {
                    origin = Some(Origin {
                        base_url,
                        account,
                        started,
                    });
                }
                (Ok(Line::Asset(key, fingerprint)), Some(_)) => {
                    self.recorded.insert(key, fingerprint);
                }
                _ => break,
            }
            length += read as u64;
        }
        Ok((origin, length))
    }

    /// Returns true if the interrupted export is recent enough to be continued. Returns an error if that
    /// export belongs to another service or account.
    fn may_resume(&self, earlier: &Origin) -> Result<bool, SnapshotError> {
        check_service(&self.target, &earlier.base_url, &self.origin)?;
        check_account(&self.target, earlier.account.as_deref(), &self.origin)?;
        let age = self.origin.started.duration_since(earlier.started);
        Ok(age.unwrap_or_default() < RESUME_WITHIN)
    }

    /// Begins a new export, and removes the files of an interrupted export.
    fn begin(&mut self) -> Result<(), SnapshotError> {
        self.recorded.clear();
        self.cut(0)?;
        let folder = &self.files.folder;
        for entry in fs::read_dir(folder).at(folder)? {
            let path = entry.at(folder)?.path();
            if path.is_dir() {
                fs::remove_dir_all(&path).at(&path)?;
            }
        }
        let line = Line::Export {
            format: super::super::manifest::FORMAT,
            base_url: self.origin.base_url.clone(),
            account: self.origin.account.clone(),
            started: in_milliseconds(self.origin.started),
        };
        let mut text = Vec::new();
        line.write(&mut text);
        self.progress
            .write_all(&text)
            .at(self.files.folder.join(PROGRESS))
    }

    /// Checks that the export may replace the archive at `path`, whose manifest is `older`.
    pub(super) fn check_older(
        &mut self,
        path: &Path,
        older: &Manifest,
        groups: &[&str],
    ) -> Result<(), SnapshotError> {
        check_origin(path, older, &self.origin)?;
        check_groups(path, older, groups)?;
        self.is_owner_known &= is_same_account(older.account(), &self.origin);
        self.elsewhere = keys(older).collect();
        Ok(())
    }

    /// Returns true if access tokens show that the account is the same as in the earlier exports, or if there
    /// are no earlier exports.
    pub(super) fn is_owner_known(&self) -> bool {
        self.is_owner_known
    }

    /// Returns the keys of the assets in the older snapshot, the interrupted export, and the older archive.
    pub(super) fn known_ids(&self) -> impl Iterator<Item = AssetKey> {
        let older = self.older.iter().flat_map(keys);
        older
            .chain(self.recorded.keys().cloned())
            .chain(self.elsewhere.iter().cloned())
    }

    /// Returns the error for an account that owns none of the recorded assets.
    pub(super) fn other_owner(&self, recorded: String, actual: String) -> SnapshotError {
        SnapshotError::new(&self.target, SnapshotProblem::OtherAccount { recorded, actual })
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Chooses the names of the new files, and drops recorded assets whose file is missing or has another
    /// fingerprint.
    pub(super) fn prepare<'k>(&mut self, listed: impl Iterator<Item = &'k AssetKey>) {
        let mut recorded = std::mem::take(&mut self.recorded);
        let listed = listed.map(|key| (key.group.as_str(), key.id.as_str()));
        let before = recorded.keys().map(|key| (key.group.as_str(), key.id.as_str()));
        let mut ids: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (group, id) in listed.chain(before) {
            ids.entry(group).or_default().insert(id);
        }
        ids.retain(|_, ids| layout::differ_in_case_only(ids.iter().copied()));
        self.files.encoded = ids.into_keys().map(str::to_owned).collect();
        recorded.retain(|key, fingerprint| self.has(key, *fingerprint));
        self.recorded = recorded;
    }

    /// Returns true if the asset has a file with this fingerprint, in the export folder or in its final
    /// place.
    fn has(&self, key: &AssetKey, fingerprint: Fingerprint) -> bool {
        let place = |capitals| {
            self.target
                .join(&key.group)
                .join(layout::file_name(&key.id, capitals))
        };
        let places = [
            self.files.path(key),
            place(Capitals::Literal),
            place(Capitals::Encoded),
        ];
        places.iter().any(|path| has_fingerprint(path, fingerprint))
    }

    /// Returns true if a file is recorded for the asset.
    pub(super) fn is_recorded(&self, key: &AssetKey) -> bool {
        self.recorded.contains_key(key)
    }

    /// Returns the recorded assets of a group, with the fingerprints of their files.
    pub(super) fn recorded<'s>(
        &'s self,
        group: &'s str,
    ) -> impl Iterator<Item = (&'s AssetKey, Fingerprint)> {
        let recorded = self.recorded.iter().filter(move |(key, _)| key.group == group);
        recorded.map(|(key, fingerprint)| (key, *fingerprint))
    }

    /// Creates the writer of the assets.
    pub(super) fn writer(&self) -> Result<Writer, SnapshotError> {
        let progress = self.progress.try_clone();
        let progress = progress.at(self.files.folder.join(PROGRESS))?;
        Ok(Writer::new(self.files.clone(), progress))
    }

    /// Adds assets that the writer has written.
    pub(super) fn add(&mut self, written: Written) {
        self.recorded.extend(written);
    }

    /// Truncates the file `progress.jsonl` to `length` bytes.
    fn cut(&mut self, length: u64) -> Result<(), SnapshotError> {
        let cut = self.progress.set_len(length);
        let cut = cut.and_then(|()| self.progress.seek(SeekFrom::Start(length)));
        cut.map(drop).at(self.files.folder.join(PROGRESS))
    }
}

/// Returns the manifest of the snapshot that the export replaces; `None` if there is no such snapshot.
fn older(target: &Path, folder: &Path) -> Result<Option<Manifest>, SnapshotError> {
    if target.join(MANIFEST).exists() {
        return read_manifest(target).map(Some);
    }
    if folder.is_dir() {
        return parse(&folder.join(OLDER));
    }
    for entry in fs::read_dir(target).at(target)? {
        let name = entry.at(target)?.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            return Err(SnapshotError::new(target, SnapshotProblem::NotEmpty(name)));
        }
    }
    Ok(None)
}

/// Parses a manifest; returns `None` if the file does not exist.
fn parse(path: &Path) -> Result<Option<Manifest>, SnapshotError> {
    match fs::read(path) {
        Ok(text) => Manifest::parse(path, &text).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).at(path),
    }
}

fn keys(manifest: &Manifest) -> impl Iterator<Item = AssetKey> {
    let groups = manifest.contents().iter();
    groups.flat_map(|(group, contents)| contents.files().keys().map(move |id| AssetKey::new(group, id)))
}

/// Checks that an older snapshot comes from the service of this export. If the tokens of both exports state
/// the account, also checks that it is the same account.
fn check_origin(path: &Path, older: &Manifest, origin: &Origin) -> Result<(), SnapshotError> {
    check_service(path, older.base_url(), origin)?;
    check_account(path, older.account(), origin)
}

fn check_service(path: &Path, recorded: &str, origin: &Origin) -> Result<(), SnapshotError> {
    if recorded == origin.base_url {
        return Ok(());
    }
    let problem = SnapshotProblem::OtherService {
        recorded: recorded.to_owned(),
        actual: origin.base_url.clone(),
    };
    Err(SnapshotError::new(path, problem))
}

fn check_account(path: &Path, recorded: Option<&str>, origin: &Origin) -> Result<(), SnapshotError> {
    match (recorded, &origin.account) {
        (Some(recorded), Some(actual)) if recorded != actual => {
            let problem = SnapshotProblem::OtherAccount {
                recorded: recorded.to_owned(),
                actual: actual.clone(),
            };
            Err(SnapshotError::new(path, problem))
        }
        _ => Ok(()),
    }
}

/// Returns true if tokens state both accounts, and the two accounts are the same.
fn is_same_account(recorded: Option<&str>, origin: &Origin) -> bool {
    recorded.is_some() && recorded == origin.account.as_deref()
}

/// Checks that the export does not remove groups of an older snapshot.
fn check_groups(path: &Path, older: &Manifest, groups: &[&str]) -> Result<(), SnapshotError> {
    let lost: Vec<&str> = older
        .groups()
        .map(|(name, _)| name)
        .filter(|name| !groups.contains(name))
        .collect();
    if lost.is_empty() {
        return Ok(());
    }
    Err(SnapshotError::new(
        path,
        SnapshotProblem::FewerGroups(lost.join(", ")),
    ))
}
