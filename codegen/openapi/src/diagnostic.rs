//! Diagnostics: problems in a document, with their location and fix.
//!
//! Every stage reports problems as [`Diagnostic`]s. So a syntax error, an unsupported construct and a stale
//! overlay action have the same form, on a terminal and in JSON.

use std::{
    fmt,
    ops::{Deref, DerefMut},
};

use serde::Serialize;

use crate::{
    pointer::{self, PointerBuf, ToPointer},
    text::{counted, one_line},
};

/// Stages of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// Reads a text into a value.
    Read,
    /// Converts any accepted version to `OpenAPI` 3.0.3.
    Normalise,
    /// Compares the inferred parts of our overlays with the vendor's document.
    Supersede,
    /// Applies overlays, which are our own changes to the vendor's document.
    Overlay,
    /// Reports unsupported constructs.
    Lint,
    /// Applies named rules to the document before generation.
    Transform,
    /// Runs the code generator `progenitor`.
    Progenitor,
    /// Applies named passes to the generated code.
    Rewrite,
    /// Writes code to files.
    Render,
    /// Records the inputs and outputs of a run.
    Lock,
    /// Compares two documents.
    Diff,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// Severities of diagnostics, from harmless to fatal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Information; generation loses nothing.
    Notice,
    /// Generation continues, but the generated code deviates from the document.
    Warning,
    /// Generation stops.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}

/// A location in a text. Lines and columns are numbered from 1, and a column is one character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// Path or URL of the text, as given in its [`Source`](crate::Source).
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1; each character is one column.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A problem in a document.
///
/// The `Display` form consists of a block with the location, severity, stage, code, JSON pointer, operation
/// and message, followed by a line with the fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Severity.
    pub severity: Severity,
    /// Stage that reports the problem.
    pub stage: Stage,
    /// Name of the rule in kebab case, such as `parameter-style`. The name is stable across releases.
    pub code: &'static str,
    /// Description of the problem, in one sentence without a full stop.
    pub message: String,
    /// Fix; empty if there is nothing to do.
    pub fix: String,
    /// Location in the text, if known.
    pub location: Option<Location>,
    /// JSON pointer to the value, in the document that the stage processes. `""` stands for the whole
    /// document.
    pub pointer: PointerBuf,
    /// First affected operation, such as `PUT /offersource/save/`. If several operations are affected, a
    /// suffix such as `and 3 more` counts the other ones.
    pub operation: Option<String>,
}

impl Diagnostic {
    /// Makes a diagnostic for the value at `pointer`. If the pointer leads into an operation, the diagnostic
    /// names that operation.
    pub fn new<'a>(
        severity: Severity,
        stage: Stage,
        code: &'static str,
        pointer: impl ToPointer<'a>,
        message: impl Into<String>,
    ) -> Self {
        let pointer = pointer.to_pointer().into_owned();
        Self {
            severity,
            stage,
            code,
            message: message.into(),
            fix: String::new(),
            location: None,
            operation: pointer::operation(&pointer),
            pointer,
        }
    }

    /// Adds the fix.
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Adds the location.
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    /// Adds the name of the first affected operation and the number of the other ones, for a pointer that
    /// does not lead into an operation. An empty list changes nothing.
    pub fn operations(mut self, operations: &[String]) -> Self {
        if let [first, others @ ..] = operations {
            self.operation = Some(match others {
                [] => first.clone(),
                _ => format!("{first} and {} more", others.len()),
            });
        }
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(formatter, "{location}: ")?;
        }
        write!(formatter, "{}[{}::{}]", self.severity, self.stage, self.code)?;
        match (self.pointer.as_str(), &self.operation) {
            ("", None) => {}
            ("", Some(operation)) => write!(formatter, " at {}", one_line(operation))?,
            (pointer, None) => write!(formatter, " at {}", one_line(pointer))?,
            (pointer, Some(operation)) => {
                write!(formatter, " at {} ({})", one_line(pointer), one_line(operation))?;
            }
        }
        write!(formatter, ": {}", one_line(&self.message))?;
        if !self.fix.is_empty() {
            write!(formatter, "\n  fix: {}", self.fix.replace('\n', "\n       "))?;
        }
        Ok(())
    }
}

/// Diagnostics of a stage or of a run, in the order of discovery.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Counts the diagnostics of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }

    /// Returns the number of diagnostics of each severity, such as `1 error, 2 warnings`.
    pub fn counts(&self) -> String {
        if self.is_empty() {
            return "nothing found".to_owned();
        }
        let severities = [Severity::Error, Severity::Warning, Severity::Notice].into_iter();
        let counts = severities.map(|severity| (self.count(severity), severity.to_string()));
        let counts = counts.filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts
            .map(|(count, severity)| counted(count, &severity))
            .collect();
        counts.join(", ")
    }

    /// Returns true if any diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Returns the value with these diagnostics if none of them is an error.
    ///
    /// # Errors
    /// Returns all diagnostics, including warnings and notices, if any of them is an error.
    pub fn unless_errors<T>(self, value: T) -> Result<(T, Self), Self> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok((value, self))
        }
    }
}

impl std::error::Error for Diagnostics {}

impl fmt::Display for Diagnostics {
    /// Prints one block per diagnostic, then a line with the number of diagnostics of each severity.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in &self.0 {
            writeln!(formatter, "{diagnostic}")?;
        }
        formatter.write_str(&self.counts())
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self(diagnostics.into_iter().collect())
    }
}

impl Deref for Diagnostics {
    type Target = Vec<Diagnostic>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Diagnostics {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests;
