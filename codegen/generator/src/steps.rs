//! Steps: rules on the document, and passes over the generated code. Each step has a name, a reason and a
//! count.
//!
//! A step declares whether it must change something when the FunnelFlux document is processed. A step that
//! must change something, but changes nothing, is *idle*. With the option `no_idle_steps`, an idle step is an
//! error. Without this check, an upgrade of the generator or of the document could disable a step unnoticed.

use std::{mem, time::Duration};

use funnelflux_openapi::{Diagnostic, Diagnostics, Severity, Stage};

/// A named change to a value of the type `W`, such as a document or generated code.
pub(crate) struct Step<W> {
    /// Name in kebab case, unique within its stage.
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
    pub(crate) expect: Expect,
    /// Makes the change, and counts the changed places.
    pub(crate) apply: fn(&mut W),
}

impl<W> Step<W> {
    pub(crate) const fn new(
        name: &'static str,
        expect: Expect,
        apply: fn(&mut W),
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

/// Expected effect of a step when the FunnelFlux document is processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// The step is expected to change something.
    Work,
    /// The step may change nothing, because it is for other documents or for later versions of the vendor's
    /// document.
    MayBeNoop,
}

/// Report of a stage, for a person to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageReport {
    /// The stage.
    pub stage: Stage,
    /// Summary in one line, with numbers.
    pub summary: String,
    /// One report for each rule or pass of the stage, in order. Empty for a stage without rules or passes.
    pub steps: Vec<StepReport>,
    /// Duration of the stage.
    pub time: Duration,
}

/// Report of a rule or pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepReport {
    /// Name of the step, in kebab case.
    pub name: &'static str,
    /// Reason for the step.
    pub reason: &'static str,
    /// Number of changes that the step made.
    pub count: usize,
    /// True if the step changed nothing, although it is expected to change something for the FunnelFlux
    /// document.
    pub idle: bool,
}

/// Applies all steps in their order. `count` returns the counter in which a step counts its changes.
pub(crate) fn run<W>(
    steps: &[Step<W>],
    work: &mut W,
    count: impl Fn(&mut W) -> &mut usize,
) -> Vec<StepReport> {
    steps
        .iter()
        .map(|step| {
            (step.apply)(work);
            let count = mem::take(count(work));
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
    /// Creates a report without steps.
    pub fn new(stage: Stage, summary: impl Into<String>) -> Self {
        Self {
            stage,
            summary: summary.into(),
            steps: Vec::new(),
            time: Duration::ZERO,
        }
    }

    /// Creates a report on steps. The summary of the report begins with the number of steps that changed
    /// something. `noun` is the plural noun for the steps of this stage: `rules` or `passes`.
    pub(crate) fn of_steps(stage: Stage, noun: &str, steps: Vec<StepReport>, summary: &str) -> Self {
        let applied = steps.iter().filter(|step| step.count > 0).count();
        let summary = format!("{applied} of {} {noun} applied; {summary}", steps.len());
        Self {
            steps,
            ..Self::new(stage, summary)
        }
    }

    /// Creates an error for each step that was expected to change something, but did not.
    pub fn idle(&self) -> Diagnostics {
        let error = |step: &StepReport| {
            let (name, reason) = (step.name, step.reason);
            let message = format!("the step `{name}` found nothing to change; its reason: {reason}");
            Diagnostic::new(Severity::Error, self.stage, "idle-step", "", message).fix(format!(
                "if neither document nor generator needs the step any more, remove it from \
                 codegen/generator/src/{stage}/mod.rs, or mark it `Expect::MayBeNoop` there\n\
                 otherwise correct the step: it no longer recognises what it is for",
                stage = self.stage
            ))
        };
        let idle = self.steps.iter().filter(|step| step.idle);
        idle.map(error).collect()
    }
}

#[cfg(test)]
mod tests;
