//! Inputs of the generation: the vendor's document, our overlays, the lock.

use std::{ffi::OsStr, path::Path};

use funnelflux_generator::{Input, Lock, NO_OPERATIONS, Options, Output, generate};
use funnelflux_openapi::{Diagnostics, digest::sha256};

use crate::{
    exit::Failure,
    isolated,
    source::Text,
    workspace::{LOCK, Workspace},
};

/// Possible names of the vendor's document.
const UPSTREAM: [&str; 3] = ["spec/upstream.json", "spec/upstream.yaml", "spec/upstream.yml"];

/// Folder with the overlays.
pub(crate) const OVERLAYS: &str = "spec/overlays";

/// Texts from which the code is generated.
pub(crate) struct Spec {
    pub(crate) upstream: Text,
    pub(crate) overlays: Vec<Text>,
    lock: Option<Text>,
}

impl Spec {
    /// Reads the inputs. `new` is the text that a fetch is about to store.
    ///
    /// An interrupted fetch may have stored `new` under another name, next to the old document. That file is
    /// ignored.
    pub(crate) fn read(workspace: &Workspace, new: Option<&str>) -> Result<Self, Failure> {
        let mut documents = Vec::new();
        for name in UPSTREAM {
            documents.extend(workspace.read(name)?);
        }
        if documents.len() > 1
            && let Some(index) = documents.iter().position(|text| Some(&*text.text) == new)
        {
            documents.remove(index);
        }
        let Some(upstream) = documents.pop() else {
            let fix = format!("put the vendor's document at {}", UPSTREAM.join(" or "));
            return Err(Failure::new("there is no document", fix));
        };
        if !documents.is_empty() {
            let names = documents.iter().chain([&upstream]).map(|text| &*text.name);
            let names = names.collect::<Vec<&str>>().join(", ");
            let problem = format!("there is more than one document: {names}");
            return Err(Failure::new(problem, "remove all but one"));
        }
        let mut overlays = Vec::new();
        for name in workspace.files_in(OVERLAYS)? {
            let extension = Path::new(&name).extension().and_then(OsStr::to_str);
            if matches!(extension, Some("yaml" | "yml" | "json")) {
                overlays.extend(workspace.read(&name)?);
            }
        }
        Ok(Self {
            upstream,
            overlays,
            lock: workspace.read(LOCK)?,
        })
    }

    /// Parses the lock. Returns `None` if there is no lock.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Diagnostics> {
        self.lock
            .as_ref()
            .map(|lock| Lock::read(lock.source()))
            .transpose()
    }

    /// Runs the pipeline. With `strict`, an unsupported operation is an error.
    ///
    /// # Errors
    /// Returns an error if the document or an overlay is invalid.
    pub(crate) fn generate(&self, previous_lock: Option<Lock>, strict: bool) -> Result<Output, Diagnostics> {
        let input = Input {
            upstream: self.upstream.source(),
            overlays: self.overlays.iter().map(Text::source).collect(),
            previous_lock,
        };
        // If the document is our transcription, each rule that is expected to change something must do so.
        // The vendor's own document, fetched or put in place by hand, may contain nothing for a rule to
        // change.
        let lock = input.previous_lock.as_ref();
        let is_transcription = lock.is_some_and(|lock| {
            lock.is_transcription() && lock.upstream.sha256 == sha256(&self.upstream.text)
        });
        let options = Options {
            strict,
            no_idle_steps: is_transcription,
            isolation: Some(&isolated::run),
        };
        generate(&input, options)
    }
}

/// Checks that `generate` would find at least one operation in a document with these overlays.
///
/// # Errors
/// Returns the diagnostics of `generate` if the client would be empty, for example because the document was
/// cut off. The document can be stored despite other errors, because overlays can correct them later.
pub(crate) fn require_operations(upstream: Text, overlays: Vec<Text>) -> Result<(), Diagnostics> {
    let spec = Spec {
        upstream,
        overlays,
        lock: None,
    };
    match spec.generate(None, false) {
        Err(errors) if errors.iter().any(|error| error.code == NO_OPERATIONS) => Err(errors),
        _ => Ok(()),
    }
}
