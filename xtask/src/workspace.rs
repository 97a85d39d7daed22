//! Accesses the files of the workspace. Writing is atomic.

use std::{
    cell::Cell,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    exit::Failure,
    source::{Text, decode},
};

/// Path of the lock file, relative to the root.
pub(crate) const LOCK: &str = "spec/spec.lock";

/// Path of the folder with the generated files, relative to the root.
pub(crate) const GENERATED: &str = "generated/src/api";

/// Path of the changelog, relative to the root.
pub(crate) const CHANGELOG: &str = "CHANGELOG.md";

/// Path of the generated crate's manifest, relative to the root.
pub(crate) const MANIFEST: &str = "generated/Cargo.toml";

/// Environment variable for tests: the number of the disk operation at which the process aborts, counted from
/// 1.
const ABORT_AT: &str = "XTASK_ABORT_AT";

/// Prefix of the name of a file that is being written.
const TEMPORARY: &str = ".xtask-";

pub(crate) struct Workspace {
    root: PathBuf,
    /// Number of disk operations until the process aborts; `None` in normal use.
    operations_left: Cell<Option<u64>>,
}

impl Workspace {
    /// Opens the workspace at `root`, or else the workspace that contains the current directory.
    pub(crate) fn find(root: Option<&Path>) -> Result<Self, Failure> {
        let is_workspace =
            |directory: &&Path| directory.join("spec").is_dir() && directory.join("generated").is_dir();
        let missing = |place: &Path| {
            let place = place.display();
            let fix = "run the command inside the repository, or name the repository with --root";
            Failure::new(
                format!("no workspace at {place}: it lacks the folders spec/ and generated/"),
                fix,
            )
        };
        let root = if let Some(root) = root {
            let root = Some(root).filter(is_workspace).ok_or_else(|| missing(root))?;
            root.to_owned()
        } else {
            let current = std::env::current_dir()
                .map_err(|error| Failure::io("find", Path::new("the current directory"), &error))?;
            let root = current.ancestors().find(is_workspace);
            root.ok_or_else(|| missing(&current))?.to_owned()
        };
        let abort_at = std::env::var(ABORT_AT).ok().and_then(|step| step.parse().ok());
        Ok(Self {
            root,
            operations_left: Cell::new(abort_at),
        })
    }

    /// Counts a disk operation. Aborts the process at the operation whose number `ABORT_AT` states.
    fn count_operation(&self) {
        let left = self.operations_left.get().map(|left| left.saturating_sub(1));
        self.operations_left.set(left);
        if left == Some(0) {
            std::process::abort();
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a file as text. Returns `None` if the file does not exist.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Text>, Failure> {
        let Some(bytes) = self.read_bytes(name)? else {
            return Ok(None);
        };
        let text = decode(&self.root.join(name).display().to_string(), bytes)?;
        Ok(Some(Text {
            name: name.to_owned(),
            text,
        }))
    }

    /// Reads a file. Returns `None` if the file does not exist.
    pub(crate) fn read_bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.root.join(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// Writes a file atomically, by replacing it with a temporary file in the same folder. After an error,
    /// the old file is intact.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let path = self.root.join(name);
        let failure = |error: io::Error| Failure::io("write", &path, &error);
        let directory = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(directory).map_err(failure)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        // By default, only the owner can read a temporary file. But this file replaces a file that everybody
        // can read.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        // Only the kind of the error is kept, because its text names the temporary file, which would be
        // misleading.
        let mut file = builder
            .tempfile_in(directory)
            .map_err(|error| failure(error.kind().into()))?;
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        for half in [first, second] {
            file.as_file_mut().write_all(half).map_err(failure)?;
            self.count_operation();
        }
        file.as_file().sync_all().map_err(failure)?;
        file.persist(&path).map_err(|error| failure(error.error))?;
        self.count_operation();
        Ok(())
    }

    /// Lists the files of a folder that `git restore` cannot bring back, because git does not have their
    /// current text. Returns `None` if the workspace is not in a git repository.
    pub(crate) fn missing_in_git(&self, folder: &str) -> Option<Vec<String>> {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.root);
        git.args(["ls-files", "-z", "--modified", "--others", "--", folder]);
        let output = git.output().ok().filter(|output| output.status.success())?;
        let names = String::from_utf8_lossy(&output.stdout);
        Some(names.split_terminator('\0').map(str::to_owned).collect())
    }

    /// Stores a copy of a file beside it, and returns the name of the copy. An existing copy of another text
    /// stays, so the new copy gets a number.
    pub(crate) fn copy_beside(&self, name: &str, text: &str) -> Result<String, Failure> {
        let (mut copy, mut number) = (format!("{name}.orig"), 1);
        loop {
            match self.read_bytes(&copy)? {
                None => return self.write(&copy, text).map(|()| copy),
                Some(other) if other == text.as_bytes() => return Ok(copy),
                Some(_) => number += 1,
            }
            copy = format!("{name}.orig{number}");
        }
    }

    /// Removes a file, and the folders that become empty.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        let path = self.root.join(name);
        fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
        self.count_operation();
        for folder in path.ancestors().skip(1) {
            // The loop ends at the first folder that is not empty.
            if folder == self.root || fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes temporary files that an interrupted run left at the root and in `spec/`.
    ///
    /// Temporary files among the generated files are treated as orphans.
    pub(crate) fn remove_leftovers(&self) -> Result<(), Failure> {
        let (mut names, _) = self.list("")?;
        names.extend(self.files_in("spec")?);
        for name in names {
            let is_leftover = Path::new(&name)
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with(TEMPORARY));
            if is_leftover {
                self.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Lists the paths of all files below a folder, relative to the root and sorted. The list is empty if the
    /// folder does not exist.
    pub(crate) fn files_in(&self, folder: &str) -> Result<Vec<String>, Failure> {
        let (mut files, folders) = self.list(&format!("{folder}/"))?;
        for folder in folders {
            files.extend(self.files_in(&folder)?);
        }
        files.sort();
        Ok(files)
    }

    /// Lists the files and folders directly in a folder. `prefix` is its path below the root, with a final
    /// `/`.
    fn list(&self, prefix: &str) -> Result<(Vec<String>, Vec<String>), Failure> {
        let path = self.root.join(prefix);
        let failure = |error: io::Error| Failure::io("list", &path, &error);
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((files, folders)),
            entries => entries.map_err(failure)?,
        };
        for entry in entries {
            let entry = entry.map_err(failure)?;
            let is_folder = entry.file_type().map_err(failure)?.is_dir();
            let names = if is_folder { &mut folders } else { &mut files };
            names.push(format!("{prefix}{}", entry.file_name().to_string_lossy()));
        }
        Ok((files, folders))
    }
}
