//! Files that only their owner can read, and that appear under their final name only when they are complete.
//!
//! The crate `tempfile` is not used here, because it adds three crates. They take longer to compile than all
//! types of the API.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

/// Number of further random names to try if a file with the chosen name exists.
const ATTEMPTS: usize = 16;

/// A new file with a random name. Dropping this value deletes that name, so only a file that has been given
/// another name remains.
#[derive(Debug)]
pub(crate) struct PrivateFile {
    file: File,
    path: RemovedPath,
}

/// Path of a file. Dropping this value removes the file, if it still exists.
#[derive(Debug)]
struct RemovedPath(PathBuf);

impl Drop for RemovedPath {
    fn drop(&mut self) {
        // After a rename, there is no file at this path. Errors are ignored, because they would hide the
        // caller's error.
        let _ = fs::remove_file(&self.0);
    }
}

impl PrivateFile {
    /// Creates a file in the folder of `target`.
    pub(crate) fn beside(target: &Path) -> io::Result<Self> {
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut attempts = 0;
        loop {
            let path = folder.join(format!(".funnelflux-{:016x}", fastrand::u64(..)));
            match create_new(&path) {
                Ok(file) => {
                    let path = RemovedPath(path);
                    return Ok(Self { file, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {
                    attempts += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Renames the file to `target`. A file that already has that name is replaced.
    pub(crate) fn replace(self, target: &Path) -> io::Result<File> {
        fs::rename(&self.path.0, target)?;
        Ok(self.file)
    }

    /// Gives the file the name `target`, without replacing another file. If the file system does not support
    /// links, an empty file has that name for a moment.
    ///
    /// # Errors
    /// Returns [`AlreadyExists`](io::ErrorKind::AlreadyExists) if a file with that name exists. Returns the
    /// error of the operating system if the file cannot be renamed for a different reason.
    pub(crate) fn create(self, target: &Path) -> io::Result<File> {
        match fs::hard_link(&self.path.0, target) {
            Ok(()) => Ok(self.file),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // Not every file system supports links. Without links, an empty file reserves the name.
            Err(_) => {
                create_new(target)?;
                self.replace(target)
            }
        }
    }
}

/// Creates a new file that only its owner can read. Fails if the file exists.
fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn a_file_replaces_another_one_or_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let names = || fs::read_dir(folder.path()).unwrap().count();
        let target = folder.path().join("tokens");
        let new = |text: &str| {
            let mut new = PrivateFile::beside(&target).unwrap();
            new.file().write_all(text.as_bytes()).unwrap();
            new
        };
        drop(new("unused"));
        assert_eq!(names(), 0);
        new("first").create(&target).unwrap();
        assert_eq!(
            (names(), fs::read_to_string(&target).unwrap()),
            (1, "first".to_owned())
        );
        let error = new("second").create(&target).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(
            (names(), fs::read_to_string(&target).unwrap()),
            (1, "first".to_owned())
        );
        let mut file = new("third").replace(&target).unwrap();
        file.write_all(b" and more").unwrap();
        let text = fs::read_to_string(&target).unwrap();
        assert_eq!((names(), text), (1, "third and more".to_owned()));
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&target).unwrap());
            assert_eq!(mode & 0o777, 0o600);
        }
        // A file cannot replace a folder, and cannot contain another file.
        new("unused").replace(folder.path()).unwrap_err();
        assert_eq!(names(), 1);
        PrivateFile::beside(&target.join("tokens")).unwrap_err();
    }
}
