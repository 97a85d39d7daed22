//! The lock file `spec/spec.lock`. It contains checksums of the inputs and of the generated files, and the
//! versions of the packages that generate and format the code. The lock lets the command `check` distinguish
//! stale files from hand-edited files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use funnelflux_openapi::{Diagnostic, Diagnostics, Location, Severity, Source, Stage, digest::sha256};

/// Text of the `Cargo.lock` of the workspace.
const RESOLVED: &str = include_str!("../../../Cargo.lock");

/// Packages whose versions determine the generated code.
const GENERATOR: [&str; 3] = ["prettyplease", "progenitor-impl", "typify-impl"];

/// Record of a run of `generate`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The vendor's document.
    pub upstream: Upstream,
    /// The overlays, in the order in which they apply.
    pub overlays: Vec<LockedFile>,
    /// The effective document.
    pub effective: LockedFile,
    /// The coverage table.
    pub coverage: LockedFile,
    /// Versions of the packages that generate and format the code, keyed by package name.
    pub generator: BTreeMap<String, String>,
    /// SHA-256 of every generated file, keyed by its path below `generated/src/api`.
    pub files: BTreeMap<String, String>,
}

/// The vendor's document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Path in the repository.
    pub file: String,
    /// SHA-256 of the content.
    pub sha256: String,
    /// Source of the document: free text, a URL or a path. `cargo xtask fetch` or a person sets this value,
    /// and `generate` copies it from the previous lock.
    pub source: String,
}

/// A file of `spec/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockedFile {
    /// Path in the repository.
    pub file: String,
    /// SHA-256 of the content.
    pub sha256: String,
}

impl LockedFile {
    /// Creates the lock entry of a file.
    pub fn new(source: Source<'_>) -> Self {
        Self {
            file: source.name.to_owned(),
            sha256: sha256(source.text),
        }
    }
}

pub(crate) fn missing() -> Diagnostic {
    let message = "the lock is missing, so the new one has no source of the document";
    let fix = "restore it from version control and run `cargo xtask generate` again\n\
               or write the source of the document into the new lock, as `source` of `upstream`";
    Diagnostic::new(Severity::Warning, Stage::Lock, "missing", "", message).fix(fix)
}

impl Lock {
    /// Creates the lock for a run of `generate`.
    ///
    /// # Errors
    /// Returns an error if the versions of the generator cannot be determined.
    pub fn new(
        upstream: Source<'_>,
        overlays: &[Source<'_>],
        [effective, coverage]: [Source<'_>; 2],
        files: &BTreeMap<String, String>,
        previous: Option<&Self>,
    ) -> Result<Self, Diagnostics> {
        let source = previous.map(|previous| previous.upstream.source.clone());
        let files = files.iter().map(|(path, text)| (path.clone(), sha256(text)));
        Ok(Self {
            upstream: Upstream {
                file: upstream.name.to_owned(),
                sha256: sha256(upstream.text),
                source: source.unwrap_or_else(|| "not recorded".to_owned()),
            },
            overlays: overlays.iter().copied().map(LockedFile::new).collect(),
            effective: LockedFile::new(effective),
            coverage: LockedFile::new(coverage),
            generator: versions(RESOLVED)?,
            files: files.collect(),
        })
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// Returns a located diagnostic if the text is not a lock.
    pub fn read(source: Source<'_>) -> Result<Self, Diagnostics> {
        serde_json::from_str(source.text).map_err(|error| {
            let location = Location {
                file: source.name.to_owned(),
                line: error.line(),
                column: error.column(),
            };
            let fix = "restore it from version control, or remove it and run `cargo xtask generate`";
            let error = lock_error("unreadable", error.to_string());
            error.at(Some(location)).fix(fix).into()
        })
    }

    /// Returns true if the recorded document is our transcription of the vendor's page, and false if it is a
    /// file from the vendor.
    pub fn is_transcription(&self) -> bool {
        self.upstream.source.starts_with("transcribed")
    }

    /// Returns the text of the lock file.
    pub fn text(&self) -> String {
        // The lock consists of strings, lists and maps, so serializing it cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn lock_error(code: &'static str, message: String) -> Diagnostic {
    Diagnostic::new(Severity::Error, Stage::Lock, code, "", message)
}

/// Reads the versions of the generator from a `Cargo.lock`.
fn versions(resolved: &str) -> Result<BTreeMap<String, String>, Diagnostics> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut diagnostics = Diagnostics::default();
    for name in GENERATOR {
        let package = format!("name = \"{name}\"\nversion = \"");
        let versions: Vec<&str> = resolved.split(&package).skip(1).collect();
        if let [version] = versions.as_slice()
            && let Some((version, _)) = version.split_once('"')
        {
            found.insert(name.to_owned(), version.to_owned());
        } else {
            let message = format!("Cargo.lock has {} versions of `{name}`", versions.len());
            let error = lock_error("generator-version", message);
            diagnostics.push(error.fix("update `Cargo.lock` so that it has exactly one"));
        }
    }
    diagnostics.unless_errors(found).map(|(found, _)| found)
}

#[cfg(test)]
mod tests;
