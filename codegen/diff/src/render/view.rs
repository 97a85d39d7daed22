//! Prepares a report for formatting: adds the consequences of the changes. Also has words that several
//! formats share.

use std::collections::{BTreeMap, BTreeSet};

use funnelflux_openapi::text::{counted, one_line, shorten};

use crate::{
    level::Level,
    proof::Proof,
    report::{Change, Report},
};

/// Maximum number of usages that are listed for a change.
pub(super) const MOST_USAGES: usize = 6;

/// Maximum number of operations that are listed for a change or a group of similar changes.
pub(super) const MOST_OPERATIONS: usize = 5;

/// The meaning of a change for one audience, such as the users of a client library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consequence {
    /// Size of the impact in one word.
    pub impact: &'static str,
    /// True if the audience must act, or can do more than before.
    pub concerns: bool,
    /// Reason for this impact.
    pub reason: &'static str,
    /// Advice for the audience.
    pub action: &'static str,
}

/// The meaning of a whole report for one audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Name of the audience in every format, such as `crate`.
    pub name: &'static str,
    /// The consequence of each change, in the order of the report.
    pub consequences: Vec<Consequence>,
    /// The largest impact of any change.
    pub impact: &'static str,
}

/// A report to be formatted. With an audience, each change has a consequence for the audience.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) report: &'a Report,
    pub(super) audience: Option<&'a Audience>,
}

/// A change, and its consequence if the view has an audience.
#[derive(Clone, Copy)]
pub(super) struct Entry<'a> {
    pub(super) change: &'a Change,
    pub(super) consequence: Option<(&'static str, Consequence)>,
}

impl Report {
    /// Prepares the report for formatting, without an audience.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        View {
            report: self,
            audience: None,
        }
    }

    /// Prepares the report for formatting, with the consequences of the changes for an audience.
    #[must_use]
    pub fn view_for<'a>(&'a self, audience: &'a Audience) -> View<'a> {
        View {
            report: self,
            audience: Some(audience),
        }
    }
}

impl<'a> View<'a> {
    pub(super) fn entries(self) -> impl Iterator<Item = Entry<'a>> {
        let consequence = move |index: usize| {
            let audience = self.audience?;
            Some((audience.name, *audience.consequences.get(index)?))
        };
        let changes = self.report.changes.iter().enumerate();
        changes.map(move |(index, change)| Entry {
            change,
            consequence: consequence(index),
        })
    }

    /// Returns the verdict on the report in one sentence, such as `compatible: none of 3 changes breaks a
    /// client`.
    pub(super) fn verdict(self) -> String {
        let summary = self.report.summary();
        let all = self.report.changes.len();
        let some = |count: usize| match all {
            1 => "the only change".to_owned(),
            _ => format!("{count} of {all} changes"),
        };
        match (summary.breaking, summary.warning, all) {
            (0, 0, 0) => "no changes".to_owned(),
            (0, 0, 1) => "compatible: the only change breaks no client".to_owned(),
            (0, 0, _) => format!("compatible: none of {all} changes breaks a client"),
            (0, warning, _) => format!("review by hand: {} may break clients", some(warning)),
            (1, ..) => format!("breaking: {} breaks clients that work today", some(1)),
            (breaking, ..) => format!("breaking: {} break clients that work today", some(breaking)),
        }
    }

    /// Returns the number of changes by level, and the largest impact on the audience.
    pub(super) fn counts(self) -> String {
        if self.report.is_empty() {
            return "no changes".to_owned();
        }
        let counts = self.report.summary().by_level().into_iter();
        let counts = counts.filter(|(_, count)| *count > 0);
        let counts: Vec<String> = counts.map(|(level, count)| format!("{count} {level}")).collect();
        let changes = counted(self.report.changes.len(), "change");
        let impact = self
            .audience
            .map(|Audience { name, impact, .. }| format!("; for the {name}: {impact}"));
        format!("{changes}: {}{}", counts.join(", "), impact.unwrap_or_default())
    }
}

impl Entry<'_> {
    /// Returns the difference, its meaning and the action in one text.
    pub(super) fn message(&self) -> String {
        let Change { what, meaning, .. } = self.change;
        match self.consequence {
            Some((_, consequence)) => format!("{what}. {meaning} {}", consequence.action),
            None => format!("{what}. {meaning}"),
        }
    }

    /// Returns the proof and its counterexample in one line.
    pub(super) fn proof(&self) -> Option<String> {
        proof(&self.change.proof).map(|(sentence, example)| with_example(sentence, example.as_deref()))
    }
}

/// Assigns numbers to the names, in the order of the names.
pub(super) fn numbered(names: BTreeSet<&str>) -> BTreeMap<&str, usize> {
    let names = names.into_iter().enumerate();
    names.map(|(number, name)| (name, number)).collect()
}

/// Returns the title of the changes of a level.
pub(super) fn title(level: Level) -> &'static str {
    match level {
        Level::Breaking => "Breaking on the wire",
        Level::Warning => "To be judged by a person",
        Level::Info => "Harmless on the wire",
        Level::Docs => "Documentation",
    }
}

/// Returns the proof as a sentence, and the counterexample if there is one.
pub(super) fn proof(proof: &Proof) -> Option<(&'static str, Option<String>)> {
    match proof {
        Proof::None => None,
        Proof::Included => Some(("everything that was valid stays valid", None)),
        Proof::IncludedIfDistinct => Some((
            "what matches one alternative of `oneOf` stays valid, what matches several may not",
            None,
        )),
        Proof::Counterexample { value, accepted_by } => {
            let sentence = accepted_by.of([
                "accepted until now, refused from now on",
                "impossible until now, allowed from now on",
            ]);
            Some((sentence, Some(shortened(&value.to_string()))))
        }
        Proof::Undecided => Some(("undecided: there is neither a proof nor a counterexample", None)),
    }
}

/// Joins a sentence about a proof and the counterexample, if there is one, in one line.
pub(super) fn with_example(sentence: &str, example: Option<&str>) -> String {
    match example {
        Some(example) => format!("{sentence}: {}", one_line(example)),
        None => sentence.to_owned(),
    }
}

/// Returns a counterexample, shortened if it is long.
fn shortened(value: &str) -> String {
    /// Maximum length in characters.
    const MOST: usize = 400;
    let shown = shorten(value, MOST);
    if shown == value {
        return shown.into_owned();
    }
    format!("{shown} ({} characters)", value.chars().count())
}
