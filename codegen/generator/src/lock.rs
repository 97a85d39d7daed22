//! `spec/spec.lock`: checksums of inputs and generated files, and the versions of the generator. The lock
//! lets `check` distinguish stale files from hand-edited files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use funnelflux_openapi::{Diagnostic, Diagnostics, Location, Severity, Source, Stage, digest::sha256};

/// The `Cargo.lock` with the versions of all packages of this program.
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
    /// Versions of generator and formatter.
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
    /// Source of the document. `cargo xtask fetch` or a person sets this value, and `generate` keeps it.
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
    /// Records a file.
    pub fn new(source: Source<'_>) -> Self {
        Self {
            file: source.name.to_owned(),
            sha256: sha256(source.text),
        }
    }
}

pub(crate) fn missing() -> Diagnostic {
    Diagnostic::new(
        Severity::Warning,
        Stage::Lock,
        "missing",
        "",
        "the lock is missing, so the new one has no source of the document",
    )
    .fix(
        "restore it from version control and run `cargo xtask generate` again\n\
         or write the source of the document into the new lock, as `source` of `upstream`",
    )
}

impl Lock {
    /// Records a run.
    ///
    /// # Errors
    /// If the versions of the generator cannot be determined.
    pub fn new(
        upstream: Source<'_>,
        overlays: &[Source<'_>],
        [effective, coverage]: [Source<'_>; 2],
        files: &BTreeMap<String, String>,
        previous: Option<&Self>,
    ) -> Result<Self, Diagnostics> {
        let LockedFile { file, sha256: hash } = LockedFile::new(upstream);
        let source = previous.map_or_else(
            || "not recorded".to_owned(),
            |previous| previous.upstream.source.clone(),
        );
        Ok(Self {
            upstream: Upstream {
                file,
                sha256: hash,
                source,
            },
            overlays: overlays.iter().copied().map(LockedFile::new).collect(),
            effective: LockedFile::new(effective),
            coverage: LockedFile::new(coverage),
            generator: versions(RESOLVED)?,
            files: files
                .iter()
                .map(|(path, text)| (path.clone(), sha256(text)))
                .collect(),
        })
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// A located diagnostic if the text is not a lock.
    pub fn read(source: Source<'_>) -> Result<Self, Diagnostics> {
        serde_json::from_str(source.text).map_err(|error| {
            let location = Location {
                file: source.name.to_owned(),
                line: error.line(),
                column: error.column(),
            };
            let diagnostic =
                Diagnostic::new(Severity::Error, Stage::Lock, "unreadable", "", error.to_string());
            Diagnostics::from(
                diagnostic
                    .at(Some(location))
                    .fix("restore it from version control, or remove it and run `cargo xtask generate`"),
            )
        })
    }

    /// Returns whether the vendor's document is our transcription of the vendor's page, and not yet a file
    /// from the vendor.
    pub fn is_transcription(&self) -> bool {
        self.upstream.source.starts_with("transcribed")
    }

    /// Returns the text of the file.
    pub fn text(&self) -> String {
        // The lock consists of strings, lists and maps, so serializing it cannot fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Reads the versions of the generator from a `Cargo.lock`.
fn versions(resolved: &str) -> Result<BTreeMap<String, String>, Diagnostics> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut diagnostics = Diagnostics::default();
    for name in GENERATOR {
        let mut lines = resolved.lines();
        let mut versions = Vec::new();
        while let Some(line) = lines.next() {
            if line == format!("name = \"{name}\"")
                && let Some(version) = lines
                    .next()
                    .and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'))
            {
                versions.push(version);
            }
        }
        if let [version] = versions.as_slice() {
            found.insert(name.to_owned(), (*version).to_owned());
        } else {
            diagnostics.push(
                Diagnostic::new(
                    Severity::Error,
                    Stage::Lock,
                    "generator-version",
                    "",
                    format!("Cargo.lock has {} versions of `{name}`", versions.len()),
                )
                .fix("update `Cargo.lock` so that it has exactly one"),
            );
        }
    }
    diagnostics.unless_errors(found).map(|(found, _)| found)
}

#[cfg(test)]
mod tests;
