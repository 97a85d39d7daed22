//! Reads a snapshot.

use super::archive;
use super::asset::{Asset, AssetKey};
use super::error::{AtPath as _, SnapshotError, SnapshotProblem};
use super::fingerprint::Fingerprint;
use super::layout::{self, MANIFEST, STAGING};
use super::manifest::{GroupManifest, Manifest, Unread};
use crate::ext::AssetGroup;
use crate::json::{self, ParseError};
use crate::values::exact_json::first_repeated;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A snapshot of an account: all assets of some groups, as JSON files.
///
/// [`Snapshot::export`] writes a snapshot, and [`Snapshot::open`] reads a snapshot. A snapshot is a folder,
/// or a `.tar.gz` file with the same contents:
///
/// ```text
/// backup/
///   snapshot.json                  the manifest: origin, time, groups, fingerprints of all files
///   offer-sources/2nIemJxCKbFX.json
///   pages/2n5JuOKWLTzd.json
/// ```
///
/// Each file has the whole asset as the service sent it, including fields that the crate does not know. The
/// members of objects are sorted by name, so that equal assets have equal files. A folder is therefore
/// suitable for version control. Numbers keep all digits. Instead of secrets, the files contain the
/// placeholders that the service shows.
///
/// An asset is read from its file only when it is needed, so a snapshot of any size takes little memory.
///
/// ```
/// use funnelflux::ext::snapshot::Snapshot;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let fake = funnelflux_fake::Fake::default();
/// # fake.seed_offer_source("2nIemJxCKbFX");
/// # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
/// # let client = funnelflux::Client::builder().base_url(server.base_url());
/// # let client = client.bearer_token(fake.access_token()).build()?;
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("backup");
/// Snapshot::export(&client).groups(["offer-sources"]).to_folder(&path).await?;
///
/// let snapshot = Snapshot::open(&path)?;
/// for asset in snapshot.assets() {
///     println!("{}", asset?.key); // offer-sources/2nIemJxCKbFX
/// }
/// # assert_eq!(snapshot.keys().count(), 1);
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Snapshot {
    /// Path of the folder or archive, as shown in messages.
    path: PathBuf,
    folder: Folder,
    manifest: Manifest,
    files: BTreeMap<AssetKey, AssetFile>,
    edited: BTreeSet<AssetKey>,
}

/// Folder with the files of a snapshot.
#[derive(Debug)]
enum Folder {
    Permanent(PathBuf),
    /// A folder that is removed when the snapshot is dropped.
    Temporary(TempDir),
    /// An archive, which is unpacked when an asset is read.
    Packed(OnceLock<TempDir>),
}

/// Extent of the checks when the files of a snapshot are opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    Contents,
    /// Checks only that the files exist. Their contents were written or checked before.
    Names,
}

/// File of an asset.
#[derive(Clone, Debug)]
struct AssetFile {
    /// Path within the folder of the snapshot.
    path: PathBuf,
    fingerprint: Fingerprint,
}

impl Snapshot {
    /// Opens a complete snapshot: a folder, or a `.tar.gz` file, which is unpacked into a temporary folder.
    ///
    /// Checks every file. Accepts a file that was edited by hand if it still contains an asset with the same
    /// ID; [`edited`](Self::edited) lists these assets.
    ///
    /// # Errors
    /// Returns an error if the path is not a snapshot, if the snapshot is incomplete, or if its format is
    /// newer than this crate supports. Also returns an error if a file is missing, unexpected or invalid, or
    /// belongs to another asset. The error names the file and the fix.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SnapshotError> {
        let snapshot = Self::open_incomplete(path)?;
        let unread: Vec<Unread> = snapshot.unread().collect();
        match unread.first() {
            None => Ok(snapshot),
            Some(first) => {
                let problem = SnapshotProblem::NotWhole {
                    unread: parts(unread.len()),
                    first: first.to_string(),
                };
                Err(SnapshotError::new(&snapshot.path, problem))
            }
        }
    }

    /// Opens a snapshot like [`open`](Self::open), even if it is incomplete. [`unread`](Self::unread) lists
    /// the missing parts.
    ///
    /// # Errors
    /// Returns the errors of [`open`](Self::open), except for the error of an incomplete snapshot.
    pub fn open_incomplete(path: impl AsRef<Path>) -> Result<Self, SnapshotError> {
        let mut path = path.as_ref();
        if path.file_name().is_some_and(|name| name == MANIFEST)
            && let Some(folder) = path.parent()
        {
            path = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
        }
        if fs::metadata(path).at(path)?.is_dir() {
            return Self::read(path, path, Check::Contents);
        }
        let unpacked = archive::unpack(path)?;
        let snapshot = Self::read(path, unpacked.path(), Check::Contents);
        let snapshot = snapshot.map_err(|error| error.moved(unpacked.path(), path))?;
        Ok(snapshot.in_temporary_folder(unpacked))
    }

    /// Opens the snapshot that an export has just installed in this folder.
    pub(super) fn open_installed(path: &Path) -> Result<Self, SnapshotError> {
        Self::read(path, path, Check::Names)
    }

    pub(super) fn temporary_folder() -> Result<TempDir, SnapshotError> {
        tempfile::tempdir().at(std::env::temp_dir())
    }

    /// Makes the snapshot own its temporary folder, so that the folder is removed when the snapshot is
    /// dropped.
    pub(super) fn in_temporary_folder(self, folder: TempDir) -> Self {
        Self {
            folder: Folder::Temporary(folder),
            ..self
        }
    }

    /// Writes the snapshot as one `.tar.gz` file, and returns the snapshot that this file contains.
    pub(super) fn packed(self, path: &Path) -> Result<Self, SnapshotError> {
        self.pack(path)?;
        Ok(Self {
            path: path.to_owned(),
            folder: Folder::Packed(OnceLock::new()),
            ..self
        })
    }

    fn read(path: &Path, folder: &Path, check: Check) -> Result<Self, SnapshotError> {
        let manifest = read_manifest(folder)?;
        let mut snapshot = Self {
            path: path.to_owned(),
            folder: Folder::Permanent(folder.to_owned()),
            manifest,
            files: BTreeMap::new(),
            edited: BTreeSet::new(),
        };
        for group in AssetGroup::all() {
            match snapshot.manifest.contents().get(group.name()) {
                Some(contents) => {
                    let contents = contents.clone();
                    snapshot.read_group(folder, *group, &contents, check)?;
                }
                None => check_absent(folder, group.name())?,
            }
        }
        Ok(snapshot)
    }

    /// Checks the files of a group, and adds them to the snapshot.
    fn read_group(
        &mut self,
        folder: &Path,
        group: AssetGroup,
        contents: &GroupManifest,
        check: Check,
    ) -> Result<(), SnapshotError> {
        let folder = folder.join(group.name());
        let names = layout::file_names(contents.files().keys().map(String::as_str));
        let mut present = json_files(&folder)?;
        for ((id, name), recorded) in names.iter().zip(contents.files().values()) {
            let file = folder.join(name);
            let key = AssetKey::new(group.name(), *id);
            if !present.remove(name) {
                return Err(SnapshotError::new(
                    file,
                    SnapshotProblem::Missing(key.to_string()),
                ));
            }
            let mut fingerprint = *recorded;
            if check == Check::Contents {
                let text = fs::read(&file).at(&file)?;
                fingerprint = Fingerprint::of_bytes(&text);
                if fingerprint != *recorded {
                    parse(&file, group, id, &text)?;
                    self.edited.insert(key.clone());
                }
            }
            let path = Path::new(group.name()).join(name);
            self.files.insert(key, AssetFile { path, fingerprint });
        }
        let Some(name) = present.pop_first() else {
            return Ok(());
        };
        let file = folder.join(&name);
        let known = layout::id_of(&name).and_then(|id| Some((names.get(id.as_str())?.clone(), id)));
        let problem = match known {
            Some((other, id)) => SnapshotProblem::TwoFiles { id, other },
            None => SnapshotProblem::Unexpected,
        };
        Err(SnapshotError::new(file, problem))
    }

    /// Returns the folder with the files. If the snapshot is an archive, the first call unpacks it.
    fn folder(&self) -> Result<&Path, SnapshotError> {
        match &self.folder {
            Folder::Permanent(folder) => Ok(folder),
            Folder::Temporary(folder) => Ok(folder.path()),
            Folder::Packed(unpacked) => {
                if let Some(folder) = unpacked.get() {
                    return Ok(folder.path());
                }
                let folder = archive::unpack(&self.path)?;
                if read_manifest(folder.path())? != self.manifest {
                    return Err(SnapshotError::new(&self.path, SnapshotProblem::Changed));
                }
                Ok(unpacked.get_or_init(|| folder).path())
            }
        }
    }

    /// Returns the path of the snapshot: a folder or an archive.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns true if everything could be read when the snapshot was exported.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.manifest.is_whole()
    }

    /// Returns the parts of the account that could not be read when the snapshot was exported.
    pub fn unread(&self) -> impl Iterator<Item = Unread> {
        self.manifest.unread()
    }

    /// Returns the keys of the assets whose files were edited after the export, sorted.
    pub fn edited(&self) -> impl Iterator<Item = &AssetKey> {
        self.edited.iter()
    }

    /// Returns the keys of all assets, sorted.
    #[must_use]
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &AssetKey> {
        self.files.keys()
    }

    /// Returns true if the snapshot has the asset.
    #[must_use]
    pub fn contains(&self, key: &AssetKey) -> bool {
        self.files.contains_key(key)
    }

    /// Reads an asset; returns `None` if the snapshot does not have the asset.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, has changed since the snapshot was opened, or has a
    /// number that a [`Value`] would round.
    pub fn asset(&self, key: &AssetKey) -> Result<Option<Asset>, SnapshotError> {
        let file = self.files.get(key);
        file.map(|file| self.load(key, file, json::parse)).transpose()
    }

    /// Reads all assets one by one, sorted by key.
    ///
    /// An item is an error if its file cannot be read, has changed since the snapshot was opened, or has a
    /// number that a [`Value`] would round.
    pub fn assets(&self) -> impl Iterator<Item = Result<Asset, SnapshotError>> {
        let files = self.files.iter();
        files.map(|(key, file)| self.load(key, file, json::parse))
    }

    /// Reads an asset like [`asset`](Self::asset), for display: a number that a [`Value`] would round becomes
    /// a string.
    pub(super) fn shown(&self, key: &AssetKey) -> Result<Option<Asset>, SnapshotError> {
        let file = self.files.get(key);
        file.map(|file| self.load(key, file, show)).transpose()
    }

    /// Reads all assets for display, like [`shown`](Self::shown).
    pub(super) fn all_shown(&self) -> impl Iterator<Item = Result<Asset, SnapshotError>> {
        let files = self.files.iter();
        files.map(|(key, file)| self.load(key, file, show))
    }

    fn load(
        &self,
        key: &AssetKey,
        file: &AssetFile,
        parse: fn(&str) -> Result<Value, ParseError>,
    ) -> Result<Asset, SnapshotError> {
        let path = self.folder()?.join(&file.path);
        let text = fs::read(&path).at(&path)?;
        if Fingerprint::of_bytes(&text) != file.fingerprint {
            return Err(SnapshotError::new(path, SnapshotProblem::Changed));
        }
        let problem = match std::str::from_utf8(&text).map(parse) {
            Ok(Ok(value)) => return Ok(Asset::new(key.clone(), value)),
            Ok(Err(error)) => SnapshotProblem::from(error),
            Err(error) => SnapshotProblem::Json(error.to_string()),
        };
        Err(SnapshotError::new(path, problem))
    }

    /// Returns the fingerprint of an asset's file.
    pub(super) fn file_fingerprint(&self, key: &AssetKey) -> Option<Fingerprint> {
        self.files.get(key).map(|file| file.fingerprint)
    }

    /// Writes the snapshot as one `.tar.gz` file, which atomically replaces an existing file at this path.
    ///
    /// # Errors
    /// Returns an error if a file cannot be read or written.
    pub fn pack(&self, path: impl AsRef<Path>) -> Result<(), SnapshotError> {
        let files = self.files.values().map(|file| file.path.as_path());
        archive::pack(path.as_ref(), self.folder()?, &self.manifest, files)
    }
}

pub(super) fn parts(count: usize) -> String {
    if count == 1 {
        "1 part".to_owned()
    } else {
        format!("{count} parts")
    }
}

/// Reads the manifest of a folder.
pub(super) fn read_manifest(folder: &Path) -> Result<Manifest, SnapshotError> {
    let path = folder.join(MANIFEST);
    match fs::read(&path) {
        Ok(text) => Manifest::parse(&path, &text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let problem = if folder.join(STAGING).is_dir() {
                SnapshotProblem::Interrupted
            } else {
                SnapshotProblem::NotASnapshot
            };
            Err(SnapshotError::new(folder, problem))
        }
        Err(error) => Err(error).at(path),
    }
}

/// Checks that the folder has no files of `group`, a group that the manifest does not list.
fn check_absent(folder: &Path, group: &str) -> Result<(), SnapshotError> {
    let folder = folder.join(group);
    match json_files(&folder)?.pop_first() {
        Some(name) => Err(SnapshotError::new(folder.join(name), SnapshotProblem::Unexpected)),
        None => Ok(()),
    }
}

/// Returns the names of the JSON files in a folder. Returns no names if the folder does not exist.
fn json_files(folder: &Path) -> Result<BTreeSet<String>, SnapshotError> {
    match fs::symlink_metadata(folder) {
        Ok(metadata) if !metadata.is_dir() => {
            return Err(SnapshotError::new(folder, SnapshotProblem::NotAFile));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error).at(folder),
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).at(folder)? {
        let entry = entry.at(folder)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_json = Path::new(&name)
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        // `.json` is the file of the empty ID.
        if !is_json && name != ".json" {
            continue;
        }
        if !entry.file_type().at(entry.path())?.is_file() {
            return Err(SnapshotError::new(entry.path(), SnapshotProblem::NotAFile));
        }
        names.insert(name);
    }
    Ok(names)
}

fn show(text: &str) -> Result<Value, ParseError> {
    json::show(text).map_err(ParseError::Json)
}

/// Parses and checks an asset's file that has changed since the export.
fn parse(file: &Path, group: AssetGroup, id: &str, text: &[u8]) -> Result<Value, SnapshotError> {
    let failed = |problem| SnapshotError::new(file, problem);
    let invalid = |error: String| failed(SnapshotProblem::Json(error));
    let json = std::str::from_utf8(text).map_err(|error| invalid(error.to_string()))?;
    let value = json::show(json).map_err(|error| invalid(error.to_string()))?;
    if let Some(name) = first_repeated(json) {
        return Err(failed(ParseError::Repeated(name).into()));
    }
    match group.id(&value) {
        Some(actual) if actual == id => Ok(value),
        actual => Err(failed(SnapshotProblem::OtherId {
            expected: id.to_owned(),
            actual: actual.unwrap_or("none".into()).into_owned(),
        })),
    }
}
