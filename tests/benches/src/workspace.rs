//! Paths of the workspace, and copies of it.

use crate::BoxError;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Returns the build folder of cargo.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Returns the root of the workspace.
pub(crate) fn root() -> PathBuf {
    // The package is two levels below the root.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."))
        .to_owned()
}

/// Returns the path of the vendor's document, which may be JSON or YAML.
pub(crate) fn upstream() -> Result<PathBuf, BoxError> {
    let names = ["json", "yaml", "yml"].map(|extension| format!("spec/upstream.{extension}"));
    let mut paths = names.iter().map(|name| root().join(name));
    let found = paths.find(|path| path.exists());
    found.ok_or_else(|| format!("there is none of {}", names.join(", ")).into())
}

/// Copies the repository to `to`, without the build folder and the Git data.
pub(crate) fn copy(to: &Path) -> Result<PathBuf, BoxError> {
    fn folder(from: &Path, to: &Path) -> std::io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let name = entry.file_name();
            if name == "target" || name == ".git" {
                continue;
            }
            let target = to.join(&name);
            if entry.file_type()?.is_dir() {
                folder(&entry.path(), &target)?;
            } else {
                fs::copy(entry.path(), target)?;
            }
        }
        Ok(())
    }
    folder(&root(), to)?;
    Ok(to.to_owned())
}
