//! Snapshots as one compressed file: a tar archive in gzip.

use super::error::{AtPath as _, SnapshotError, SnapshotProblem};
use super::layout::MANIFEST;
use super::manifest::Manifest;
use super::snapshot::Snapshot;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read as _, Write as _};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;
use tar::{Archive, Builder, Entry, EntryType, Header};
use tempfile::{NamedTempFile, TempDir};

/// Maximum size of a file in an archive, in bytes. Assets come from responses, which are limited to this size
/// by default.
const MAX_FILE: u64 = 64 * 1024 * 1024;

/// Writes an archive whose first entry is the manifest. Once the archive is complete, the file at `path` is
/// created or replaced atomically.
pub(super) fn pack<'f>(
    path: &Path,
    folder: &Path,
    manifest: &Manifest,
    files: impl Iterator<Item = &'f Path>,
) -> Result<(), SnapshotError> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut new_file = NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).at(path)?;
    let finished = manifest.finished().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut builder = Builder::new(GzEncoder::new(
        BufWriter::new(&mut new_file),
        Compression::default(),
    ));
    let mut append = |name: &Path, contents: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(finished.as_secs());
        builder.append_data(&mut header, name, contents)
    };
    append(Path::new(MANIFEST), &manifest.to_json()).at(path)?;
    for file in files {
        let source = folder.join(file);
        append(file, &fs::read(&source).at(&source)?).at(path)?;
    }
    let written = builder
        .into_inner()
        .and_then(GzEncoder::finish)
        .and_then(|mut buffer| buffer.flush());
    written.at(path)?;
    new_file.as_file().sync_all().at(path)?;
    new_file.persist(path).map_err(|error| error.error).at(path)?;
    Ok(())
}

/// Unpacks an archive into a temporary folder.
pub(super) fn unpack(path: &Path) -> Result<TempDir, SnapshotError> {
    let folder = Snapshot::temporary_folder()?;
    let mut archive = open(path)?;
    for entry in archive.entries().map_err(|error| damaged(path, &error))? {
        let mut entry = entry.map_err(|error| damaged(path, &error))?;
        let target = folder.path().join(name_of(path, &entry)?);
        let mut contents = Vec::new();
        entry
            .read_to_end(&mut contents)
            .map_err(|error| damaged(path, &error))?;
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent).at(path)?;
        }
        let mut file = match File::create_new(&target) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let name = entry.path_bytes();
                let problem = format!("it has the entry {} twice", String::from_utf8_lossy(&name));
                return Err(SnapshotError::new(path, SnapshotProblem::Damaged(problem)));
            }
            file => file.at(path)?,
        };
        file.write_all(&contents).at(&target)?;
    }
    // Reads the rest of the archive, because its checksum is at the end.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|error| damaged(path, &error))?;
    Ok(folder)
}

/// Reads the manifest, which is the first entry of an archive.
pub(super) fn read_manifest(path: &Path) -> Result<Manifest, SnapshotError> {
    let mut archive = open(path)?;
    let mut entries = archive.entries().map_err(|error| damaged(path, &error))?;
    let first = entries
        .next()
        .transpose()
        .map_err(|error| damaged(path, &error))?;
    match first {
        Some(mut entry) if name_of(path, &entry)? == Path::new(MANIFEST) => {
            let mut text = Vec::new();
            entry
                .read_to_end(&mut text)
                .map_err(|error| damaged(path, &error))?;
            Manifest::parse(path, &text)
        }
        _ => Err(SnapshotError::new(path, SnapshotProblem::NotASnapshot)),
    }
}

type Input = GzDecoder<BufReader<File>>;

/// Opens an archive.
fn open(path: &Path) -> Result<Archive<Input>, SnapshotError> {
    let mut magic = Vec::new();
    let file = File::open(path).at(path)?;
    file.take(2).read_to_end(&mut magic).at(path)?;
    if magic != [0x1f, 0x8b] {
        return Err(SnapshotError::new(path, SnapshotProblem::NotASnapshot));
    }
    let file = File::open(path).at(path)?;
    Ok(Archive::new(GzDecoder::new(BufReader::new(file))))
}

/// Returns the path of an entry. A snapshot consists of the manifest and of JSON files in folders. Any other
/// entry is an error, and so is a file of more than [`MAX_FILE`] bytes.
fn name_of(path: &Path, entry: &Entry<'_, Input>) -> Result<PathBuf, SnapshotError> {
    let bytes = entry.path_bytes();
    let text = String::from_utf8_lossy(&bytes);
    let name = Path::new(text.as_ref());
    let is_plain = name
        .components()
        .all(|component| matches!(component, Component::Normal(_)));
    let is_asset = name.components().count() == 2 && text.ends_with(".json");
    if entry.header().entry_type() != EntryType::Regular
        || entry.size() > MAX_FILE
        || !(name == Path::new(MANIFEST) || is_asset && is_plain)
    {
        return Err(SnapshotError::new(
            path,
            SnapshotProblem::Entry(text.into_owned()),
        ));
    }
    Ok(name.to_owned())
}

fn damaged(path: &Path, error: &io::Error) -> SnapshotError {
    SnapshotError::new(path, SnapshotProblem::Damaged(error.to_string()))
}
