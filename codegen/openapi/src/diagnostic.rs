//! Diagnostics: what a person must know about a document, where it is, and what to do about it.
//!
//! Every stage reports through [`Diagnostic`], so that a syntax error, a construct that the generator cannot take and a
//! stale overlay action all look alike, on a terminal and as JSON.

use std::fmt;

use serde::Serialize;

use crate::{
    pointer::{self, PointerBuf, ToPointer},
    text::one_line,
};

/// The stage of the pipeline that found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stage {
    /// Text to value.
    Read,
    /// Any accepted version to OpenAPI 3.0.3.
    Normalise,
    /// Inferred overlay parts against what the document now has itself.
    Supersede,
    /// Our own deviations from the vendor's document.
    Overlay,
    /// Refusing what the generator cannot take.
    Lint,
    /// Named rules on the document ahead of the generator.
    Transform,
    /// The generator itself.
    Progenitor,
    /// Named passes over the generated code.
    Rewrite,
    /// Code to files.
    Render,
    /// The record of what was generated from what.
    Lock,
    /// The comparison of two documents.
    Diff,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Read => "read",
            Self::Normalise => "normalise",
            Self::Supersede => "supersede",
            Self::Overlay => "overlay",
            Self::Lint => "lint",
            Self::Transform => "transform",
            Self::Progenitor => "progenitor",
            Self::Rewrite => "rewrite",
            Self::Render => "render",
            Self::Lock => "lock",
            Self::Diff => "diff",
        })
    }
}

/// How bad a diagnostic is. The order is from harmless to fatal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Notice,
    /// Generation goes on, but something is not as the document says.
    Warning,
    /// Generation stops.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// A place in a text. Lines and columns count from 1, columns in characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Location {
    /// The name of the text, as its [`Source`](crate::Source) gives it: a path or an address.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing that a person must know.
///
/// Its `Display` is one block: place, severity, stage and code, JSON pointer and operation, what is wrong, and, on a
/// line of its own, what to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Who found it.
    pub stage: Stage,
    /// The rule, in kebab case, such as `parameter-style`. It stays the same between releases.
    pub code: &'static str,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it; may be empty where there is nothing to do.
    pub fix: String,
    /// Where it is in the text, if that can be told.
    pub location: Option<Location>,
    /// JSON pointer (RFC 6901) to the value in the document that the stage looked at; `""` is the whole document.
    pub pointer: PointerBuf,
    /// The operation concerned, such as `PUT /offersource/save/`, with `and 3 more` where there are several.
    pub operation: Option<String>,
}

impl Diagnostic {
    /// A diagnostic on the value at `pointer`. The operation is taken from the pointer if the pointer leads into one.
    #[must_use]
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

    /// The same diagnostic with what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = fix.into();
        self
    }

    /// The same diagnostic with its place in the text.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    /// The same diagnostic with the operations it concerns: the first by name, the others by their number. Without any,
    /// it stays as it is. For one whose pointer does not lead into an operation.
    #[must_use]
    pub fn operations(mut self, operations: &[String]) -> Self {
        match operations {
            [] => {}
            [only] => self.operation = Some(only.clone()),
            [first, others @ ..] => {
                self.operation = Some(format!("{first} and {} more", others.len()));
            }
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

/// All diagnostics of a stage or of a run, in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// No diagnostics.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether there is none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The diagnostics, one after the other.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// How many there are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }

    /// Whether one of them stops the generation.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// The value if no diagnostic is an error; the diagnostics otherwise. On success they come back for their warnings and
    /// notices.
    ///
    /// # Errors
    /// All diagnostics, warnings and notices too, if one of them is an error.
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
    /// One block a diagnostic, then a line that counts them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for diagnostic in self {
            writeln!(formatter, "{diagnostic}")?;
        }
        let counts: Vec<String> = [Severity::Error, Severity::Warning, Severity::Notice]
            .into_iter()
            .filter_map(|severity| match self.count(severity) {
                0 => None,
                1 => Some(format!("1 {severity}")),
                count => Some(format!("{count} {severity}s")),
            })
            .collect();
        formatter.write_str(if counts.is_empty() { "nothing found" } else { "" })?;
        formatter.write_str(&counts.join(", "))
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics)
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self(diagnostics.into_iter().collect())
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.0.extend(diagnostics);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Diagnostic {
        Diagnostic::new(
            Severity::Error,
            Stage::Lint,
            "parameter-style",
            "/paths/~1offersource~1save~1/put/parameters/0",
            "the query parameter `filter` has the style `deepObject`, which the generator does not know",
        )
        .fix("let an overlay turn it into single parameters\nor remove it")
        .at(Some(Location {
            file: "spec/upstream.json".into(),
            line: 12,
            column: 5,
        }))
    }

    #[test]
    fn a_finding_says_where_what_and_what_to_do() {
        assert_eq!(
            sample().to_string(),
            "spec/upstream.json:12:5: error[lint::parameter-style] at /paths/~1offersource~1save~1/put/parameters/0 \
             (PUT /offersource/save/): the query parameter `filter` has the style `deepObject`, which the generator \
             does not know\n  fix: let an overlay turn it into single parameters\n       or remove it"
        );
    }

    #[test]
    fn a_finding_on_the_whole_document_names_no_pointer() {
        let diagnostic = Diagnostic::new(
            Severity::Notice,
            Stage::Normalise,
            "webhooks",
            "",
            "webhooks are left out",
        );
        assert_eq!(
            diagnostic.to_string(),
            "notice[normalise::webhooks]: webhooks are left out"
        );
    }

    #[test]
    fn findings_are_counted_at_the_end() {
        let mut diagnostics = Diagnostics::from(sample());
        diagnostics.push(sample());
        diagnostics.push(Diagnostic::new(Severity::Warning, Stage::Read, "x", "", "y"));
        assert!(diagnostics.has_errors());
        assert!(
            diagnostics
                .to_string()
                .ends_with("\nwarning[read::x]: y\n2 errors, 1 warning")
        );
        assert_eq!(Diagnostics::new().to_string(), "nothing found");
    }

    #[test]
    fn a_finding_is_json() {
        assert_eq!(
            serde_json::to_value(sample()).unwrap(),
            serde_json::json!({
                "severity": "error",
                "stage": "lint",
                "code": "parameter-style",
                "message": "the query parameter `filter` has the style `deepObject`, which the generator does not know",
                "fix": "let an overlay turn it into single parameters\nor remove it",
                "location": {"file": "spec/upstream.json", "line": 12, "column": 5},
                "pointer": "/paths/~1offersource~1save~1/put/parameters/0",
                "operation": "PUT /offersource/save/",
            })
        );
    }
}
