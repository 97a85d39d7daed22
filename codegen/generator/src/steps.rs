//! Named, reasoned, counted changes: the rules on the document ahead of the generator and the passes over its code.
//!
//! A step says whether it must find something to do in the FunnelFlux document. One that must and does not is an error:
//! else a new generator, or a new document, could slip by a step that no longer does anything.

use serde::Serialize;

use funnelflux_openapi::{Diagnostic, Diagnostics, Severity, Stage};

/// A change of `W`.
pub(crate) struct Step<W> {
    /// In kebab case, unique within its stage.
    pub(crate) name: &'static str,
    /// Why it is needed.
    pub(crate) reason: &'static str,
    pub(crate) expect: Expect,
    /// Does it, and counts how often.
    pub(crate) apply: fn(&mut W) -> usize,
}

impl<W> Step<W> {
    pub(crate) const fn new(
        name: &'static str,
        expect: Expect,
        apply: fn(&mut W) -> usize,
        reason: &'static str,
    ) -> Self {
        Self {
            name,
            reason,
            expect,
            apply,
        }
    }
}

/// Whether a step must find something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The FunnelFlux document has what it looks for.
    Work,
    /// Other documents have; the vendor's may.
    WorkOrNone,
}

/// What a stage did, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// In one line, with numbers.
    pub summary: String,
    /// Its rules or passes, if it has any, in their order.
    pub steps: Vec<StepReport>,
}

/// What a rule or pass did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepReport {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// Why it is there.
    pub reason: &'static str,
    /// How often it applied.
    pub count: usize,
    /// It did nothing, though the document should give it something to do.
    pub idle: bool,
}

/// Applies all steps in their order.
pub(crate) fn run<W>(steps: &[Step<W>], work: &mut W) -> Vec<StepReport> {
    steps
        .iter()
        .map(|step| {
            let count = (step.apply)(work);
            StepReport {
                name: step.name,
                reason: step.reason,
                count,
                idle: count == 0 && step.expect == Expect::Work,
            }
        })
        .collect()
}

impl StageReport {
    /// A report without steps.
    #[must_use]
    pub fn new(stage: Stage, summary: impl Into<String>) -> Self {
        Self {
            stage,
            summary: summary.into(),
            steps: Vec::new(),
        }
    }

    /// One error for each step that did nothing where it should have.
    #[must_use]
    pub fn idle(&self) -> Diagnostics {
        let table = match self.stage {
            Stage::Transform => "codegen/generator/src/transform/mod.rs",
            _ => "codegen/generator/src/rewrite/mod.rs",
        };
        Diagnostics(
            self.steps
                .iter()
                .filter(|step| step.idle)
                .map(|step| {
                    Diagnostic::new(
                        Severity::Error,
                        self.stage,
                        "idle-step",
                        "",
                        format!(
                            "`{}` found nothing to do, but it is there for a reason: {}",
                            step.name, step.reason
                        ),
                    )
                    .fix(format!(
                        "if the document or the generator no longer needs it, remove it from the table in {table} \
                         or let it be idle there (`Expect::WorkOrNone`)\nelse it no longer recognises what it is for"
                    ))
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_should_work_and_does_not_is_an_error() {
        let steps = [
            Step::new(
                "halve",
                Expect::Work,
                |work: &mut usize| {
                    *work /= 2;
                    *work
                },
                "it is too much",
            ),
            Step::new("nothing", Expect::WorkOrNone, |_| 0, "it may be nothing"),
        ];
        let report = |mut work: usize| StageReport {
            steps: run(&steps, &mut work),
            ..StageReport::new(Stage::Transform, "")
        };
        assert!(report(4).idle().is_empty());
        let idle = report(1).idle();
        assert_eq!(idle.len(), 1);
        assert!(idle.to_string().starts_with(
            "error[transform::idle-step]: `halve` found nothing to do, but it is there for a reason: it is too much\n"
        ));
    }
}
