//! The folder in which the assistant can read and write plans and snapshots. A file name cannot contain a
//! path, and symbolic links are refused, so that no argument of the assistant leads out of the folder.

use super::arguments::shown;
use crate::commands::export::snapshot_failure;
use crate::exit::{Exit, Failure, file_failure};
use crate::plan_job::{plan_failure, read_plan};
use crate::profile::create_private_folder;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::Snapshot;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Maximum length of the name of a file.
const MAX_NAME: usize = 100;

/// Folder of plans and snapshots.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, and creates it if it does not exist.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        create_private_folder(path)?;
        let path = fs::canonicalize(path).map_err(|error| file_failure("open", path, &error))?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of the file with this name in the folder. Only plain names are accepted, because any
    /// other name could lead out of the folder.
    fn join(&self, name: &str) -> Result<PathBuf, Failure> {
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let is_valid = !name.is_empty()
            && name.len() <= MAX_NAME
            && !name.starts_with('.')
            && !name.ends_with('.')
            && name.chars().all(is_plain);
        if is_valid {
            return Ok(self.0.join(name));
        }
        Err(
            Failure::usage(format!("{:?} is not a name of a file in the folder", shown(name))).fix(
                "use letters, digits, dots, hyphens and underscores, such as plan.json; there are no \
                 subfolders",
            ),
        )
    }

    /// Returns the path of a file or folder that does not exist yet.
    pub(super) fn new_path(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.join(name)?;
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path),
            Err(error) => Err(file_failure("look at", &path, &error)),
            Ok(_) => Err(exists(&path)),
        }
    }

    /// Returns the path of an existing file or folder. A symbolic link is an error, and so is a folder that
    /// contains one.
    fn existing(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.join(name)?;
        let link = find_link(&path).map_err(|error| {
            file_failure("read", &path, &error)
                .with_exit(Exit::Usage)
                .fix("see list_files for the names")
        })?;
        match link {
            None => Ok(path),
            Some(link) => {
                let message = format!(
                    "{} is a symbolic link, and may lead out of the folder",
                    link.display()
                );
                Err(Failure::usage(message).fix("copy the file into the folder"))
            }
        }
    }

    /// Opens a snapshot.
    pub(super) fn snapshot(&self, name: &str) -> Result<Snapshot, Failure> {
        Snapshot::open(self.existing(name)?).map_err(|error| snapshot_failure(&error))
    }

    /// Opens a snapshot, even if it is incomplete.
    pub(super) fn incomplete_snapshot(&self, name: &str) -> Result<Snapshot, Failure> {
        Snapshot::open_incomplete(self.existing(name)?).map_err(|error| snapshot_failure(&error))
    }

    /// Reads a plan.
    pub(super) fn plan(&self, name: &str) -> Result<ChangePlan, Failure> {
        let plan = read_plan(&self.existing(name)?);
        plan.map_err(|failure| failure.fix("see list_files for the plans"))
    }

    /// Returns the path of a new plan.
    pub(super) fn new_plan(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.new_path(name)?;
        if path.extension() == Some(OsStr::new("json")) {
            return Ok(path);
        }
        let message = format!("{:?} is not a name of a plan", shown(name));
        Err(Failure::usage(message).fix("let the name end with .json"))
    }

    /// Writes a plan atomically to a new file. An existing file is never replaced, because a person may
    /// already have reviewed the plan in it.
    pub(super) fn write_plan(&self, path: &Path, plan: &ChangePlan) -> Result<(), Failure> {
        let failed = |error: io::Error| file_failure("write", path, &error);
        let mut file = tempfile::NamedTempFile::new_in(&self.0).map_err(failed)?;
        file.write_all(plan.to_json().as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        match file.persist_noclobber(path) {
            Ok(_) => Ok(()),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Err(exists(path)),
            Err(error) => Err(failed(error.error)),
        }
    }

    /// Returns the sorted names of the files and folders that the assistant can use.
    pub(super) fn names(&self) -> Result<Vec<String>, Failure> {
        let failed = |error: io::Error| file_failure("read", &self.0, &error);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().into_string();
            names.extend(name.ok().filter(|name| self.existing(name).is_ok()));
        }
        names.sort();
        Ok(names)
    }

    /// Returns the kind of a file (`plan`, `snapshot` or `other`) and, for a plan, its description.
    pub(super) fn describe(&self, name: &str) -> Result<(&'static str, Option<String>), Failure> {
        let path = self.existing(name)?;
        if path.join("snapshot.json").is_file() || name.ends_with(".tar.gz") {
            return Ok(("snapshot", None));
        }
        Ok(match ChangePlan::read(&path).map_err(plan_failure) {
            Ok(plan) => ("plan", Some(plan.made_by().to_owned())),
            Err(_) => ("other", None),
        })
    }
}

fn exists(path: &Path) -> Failure {
    Failure::usage(format!("{} exists already", path.display())).fix("choose another name")
}

/// Finds a symbolic link at the path or below it.
fn find_link(path: &Path) -> io::Result<Option<PathBuf>> {
    let kind = fs::symlink_metadata(path)?.file_type();
    if kind.is_symlink() {
        return Ok(Some(path.to_owned()));
    }
    let mut folders = if kind.is_dir() {
        vec![path.to_owned()]
    } else {
        Vec::new()
    };
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                return Ok(Some(entry.path()));
            }
            if kind.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(None)
}
