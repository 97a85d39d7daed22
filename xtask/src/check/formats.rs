//! Output of `check`: text, JSON, annotations for GitHub.

use std::fmt;

use funnelflux_diff::{Report, annotation};
use funnelflux_generator::{COVERAGE, EFFECTIVE};
use funnelflux_openapi::{Diagnostic, Diagnostics, Location, Severity, text::counted};
use serde_json::{Value, json};

use crate::{
    diff,
    exit::{Code, Failure},
    notices::{errors_first, grouped},
    workspace::{GENERATED, LOCK},
};

use super::problems::Problem;

/// Output format of `check`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Text for a terminal.
    #[default]
    Text,
    /// JSON for programs.
    Json,
    /// Annotations for a GitHub workflow.
    Github,
}

/// Comparison of the vendor's current document with ours.
pub(super) struct Upstream {
    pub(super) report: Report,
    /// Warnings about the vendor's document, which explain the report.
    pub(super) warnings: Diagnostics,
    /// Source of the vendor's document, as an argument of a command.
    pub(super) argument: String,
}

/// Results of `check`.
pub(super) struct CheckReport {
    /// Errors that prevented generation.
    pub(super) invalid: Diagnostics,
    pub(super) problems: Vec<Problem>,
    /// Number of generated files.
    pub(super) generated: usize,
    /// Comparison of the vendor's current document with ours, if requested.
    pub(super) upstream: Option<Result<Upstream, Failure>>,
}

impl CheckReport {
    /// Returns the exit code. Problems of our files take precedence over changes of the vendor's document.
    pub(super) fn code(&self) -> Code {
        if self.invalid.has_errors() {
            Failure::from(self.invalid.clone()).code()
        } else if !self.problems.is_empty() {
            Code::Stale
        } else {
            match &self.upstream {
                None => Code::Good,
                Some(Ok(upstream)) => Code::from(&upstream.report),
                Some(Err(failure)) => failure.code(),
            }
        }
    }

    pub(super) fn text(&self) -> String {
        let mut blocks: Vec<String> = Vec::new();
        if !self.invalid.is_empty() {
            blocks.push(errors_first(&self.invalid));
        }
        if self.problems.is_empty() && self.invalid.is_empty() {
            blocks.push(format!(
                "{EFFECTIVE}, {COVERAGE}, {LOCK} and the {} files in {GENERATED} are current",
                self.generated
            ));
        } else if !self.problems.is_empty() {
            blocks.extend(self.problems.iter().map(ToString::to_string));
            blocks.push(counted(self.problems.len(), "problem"));
        }
        match &self.upstream {
            None => {}
            Some(Ok(Upstream {
                report,
                warnings,
                argument,
            })) => {
                blocks.push(format!(
                    "\nour document compared with the vendor's, {} → {}:",
                    report.old, report.new
                ));
                let all = format!(
                    "`cargo xtask diff --full {} {argument}` prints every change",
                    report.old
                );
                blocks.push(diff::screen(report, diff::SCREEN, &all));
                blocks.extend(grouped(warnings.iter()));
                if !report.is_empty() {
                    blocks.push(format!("  fix: `cargo xtask fetch {argument}`"));
                }
            }
            Some(Err(failure)) => {
                blocks.push(format!(
                    "\nthe vendor's document cannot be compared with ours:\n{failure}"
                ));
            }
        }
        blocks.join("\n")
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "exit_code": self.code() as u8,
            "invalid": self.invalid,
            "problems": self.problems,
            "upstream": self.upstreams().next().map(|upstream| diff::json(&upstream.report)),
            "upstream_warnings": self.upstreams().next().map(|upstream| &upstream.warnings),
            "upstream_failure": self.upstream_failure().map(ToString::to_string),
        })
    }

    pub(super) fn github(&self) -> String {
        let mut lines: Vec<String> = self.invalid.iter().map(annotate).collect();
        lines.extend(self.problems.iter().map(Problem::github));
        for upstream in self.upstreams() {
            lines.push(diff::github(&upstream.report));
            lines.extend(upstream.warnings.iter().map(annotate));
        }
        match self.upstream_failure() {
            None => {}
            Some(Failure::Diagnostics(diagnostics)) => lines.extend(diagnostics.iter().map(annotate)),
            Some(Failure::Io(message)) => lines.push(annotation(Severity::Error, None, COMMAND, message)),
            // The caller decides whether an unreachable URL is an error, so this is only a warning.
            Some(Failure::Unreachable(message)) => {
                lines.push(annotation(Severity::Warning, None, COMMAND, message));
            }
        }
        lines.join("\n")
    }

    fn upstreams(&self) -> impl Iterator<Item = &Upstream> {
        self.upstream.iter().flatten()
    }

    fn upstream_failure(&self) -> Option<&Failure> {
        self.upstream.as_ref()?.as_ref().err()
    }
}

impl Problem {
    /// Returns the lines below the message: actual and expected content, and the fix.
    fn details(&self) -> String {
        let lines = self.actual.as_ref().zip(self.expected.as_ref());
        let lines = lines.map_or_else(String::new, |(actual, expected)| {
            format!("\n  actual:   {actual}\n  expected: {expected}")
        });
        format!("{lines}\n  fix: {}", self.fix)
    }

    fn github(&self) -> String {
        let location = Location {
            file: self.path.clone(),
            line: self.line.unwrap_or(1),
            column: 1,
        };
        let message = format!("{}{}", self.message, self.details());
        let title = format!("check::{}", self.kind);
        annotation(Severity::Error, Some(&location), &title, &message)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        let (kind, details) = (self.kind, self.details());
        write!(formatter, ": error[check::{kind}]: {}{details}", self.message)
    }
}

/// Title of annotations without a location.
const COMMAND: &str = "cargo xtask check";

fn annotate(diagnostic: &Diagnostic) -> String {
    let title = format!("{}::{}", diagnostic.stage, diagnostic.code);
    let message = format!("{}\n{}", diagnostic.message, diagnostic.fix);
    annotation(
        diagnostic.severity,
        diagnostic.location.as_ref(),
        &title,
        &message,
    )
}
