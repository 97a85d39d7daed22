//! Files that `generate` writes and `check` verifies.

use std::collections::HashSet;

use funnelflux_generator::{COVERAGE, EFFECTIVE, Output};

use crate::{
    exit::Failure,
    features,
    workspace::{GENERATED, LOCK, MANIFEST, Workspace},
};

/// A file with its actual and its expected content.
pub(crate) struct ComparedFile {
    /// Path below the root.
    pub(crate) path: String,
    /// Actual content; `None` if the file does not exist.
    pub(crate) actual: Option<Vec<u8>>,
    pub(crate) expected: String,
}

impl ComparedFile {
    pub(crate) fn is_current(&self) -> bool {
        self.actual.as_deref() == Some(self.expected.as_bytes())
    }
}

/// Files that the pipeline produces.
pub(crate) struct Expected {
    /// Files in the order in which they are written.
    pub(crate) files: Vec<ComparedFile>,
    /// Reason why the features for groups of operations cannot be written to the manifest.
    pub(crate) manifest_problem: Option<String>,
}

/// Pairs the expected content of each file that the pipeline produces with its actual content in the
/// workspace.
///
/// The lock comes last. After an interrupted run, the old lock therefore still exists, and the next run
/// replaces it.
pub(crate) fn compare(workspace: &Workspace, output: &Output) -> Result<Expected, Failure> {
    let mut expected = vec![
        (EFFECTIVE.to_owned(), output.effective.clone()),
        (COVERAGE.to_owned(), output.coverage.clone()),
    ];
    let generated = output.files.iter();
    expected.extend(generated.map(|(path, text)| (format!("{GENERATED}/{path}"), text.clone())));
    // Only the features for groups are generated. The rest of the manifest is hand-written.
    let manifest = workspace.read(MANIFEST)?;
    let manifest = manifest.map(|manifest| features::with_groups(&manifest.text, &output.features));
    let manifest = manifest.transpose();
    let manifest_problem = manifest.as_ref().err().cloned();
    expected.extend(
        manifest
            .ok()
            .flatten()
            .map(|manifest| (MANIFEST.to_owned(), manifest)),
    );
    expected.push((LOCK.to_owned(), output.lock.text()));
    let files = expected.into_iter().map(|(path, expected)| {
        Ok(ComparedFile {
            actual: workspace.read_bytes(&path)?,
            path,
            expected,
        })
    });
    Ok(Expected {
        files: files.collect::<Result<_, Failure>>()?,
        manifest_problem,
    })
}

/// Returns the paths of files that exist below [`GENERATED`], but are not in `generated`.
pub(crate) fn orphans<'a>(
    workspace: &Workspace,
    generated: impl Iterator<Item = &'a String>,
) -> Result<Vec<String>, Failure> {
    let generated: HashSet<String> = generated.map(|path| format!("{GENERATED}/{path}")).collect();
    let mut paths = workspace.files_in(GENERATED)?;
    paths.retain(|path| !generated.contains(path));
    Ok(paths)
}
