//! A report to be formatted: its changes with their consequences, and words that several formats share.

use funnelflux_openapi::text::shorten;

use crate::{
    level::Level,
    proof::Proof,
    report::{Change, Report, Summary},
    side::Side,
};

/// Maximum number of listed usages of a place.
pub(super) const MOST_USAGES: usize = 6;

/// Maximum number of listed operations of similar changes.
pub(super) const MOST_OPERATIONS: usize = 5;

/// The meaning of a change for one audience, such as the users of a client library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Consequence {
    /// Size of the impact in one word.
    pub impact: &'static str,
    /// True if the audience has to do something, or can do more than before.
    pub concerns: bool,
    /// Reason for this impact.
    pub reason: &'static str,
    /// Advice for the audience.
    pub action: &'static str,
}

/// The meaning of a whole report for one audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Names the audience in every format, such as `crate`.
    pub name: &'static str,
    /// The consequence of each change, in the order of the report.
    pub consequences: Vec<Consequence>,
    /// The largest impact.
    pub impact: &'static str,
}

/// A report to be formatted, perhaps for an audience.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) report: &'a Report,
    pub(super) audience: Option<&'a Audience>,
}

/// A change with its consequence.
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

    /// Prepares the report for formatting with the consequences for an audience.
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
        self.report
            .changes
            .iter()
            .enumerate()
            .map(move |(index, change)| Entry {
                change,
                consequence: self
                    .audience
                    .and_then(|audience| Some((audience.name, *audience.consequences.get(index)?))),
            })
    }

    /// The result in one sentence.
    pub(super) fn verdict(self) -> String {
        let Summary {
            breaking, warning, ..
        } = self.report.summary();
        let all = match self.report.changes.len() {
            0 => return "no changes".to_owned(),
            1 => "the only change".to_owned(),
            all => format!("of {all} changes"),
        };
        let some = |count: usize| {
            if all.starts_with("of") {
                format!("{count} {all}")
            } else {
                all.clone()
            }
        };
        let (one, only) = (breaking.max(warning) == 1, all.starts_with("the"));
        let s = if one { "s" } else { "" };
        match (breaking, warning) {
            (0, 0) if only => "compatible: the only change breaks no client".to_owned(),
            (0, 0) => format!("compatible: none {all} breaks a client"),
            (0, _) => format!("review by hand: {} may break clients", some(warning)),
            _ => format!("breaking: {} break{s} clients that work today", some(breaking)),
        }
    }

    /// Counts by level, and the largest impact on the audience.
    pub(super) fn counts(self) -> String {
        if self.report.is_empty() {
            return "no changes".to_owned();
        }
        let Summary {
            breaking,
            warning,
            info,
            docs,
        } = self.report.summary();
        let counts = [
            (breaking, "breaking"),
            (warning, "warning"),
            (info, "info"),
            (docs, "docs"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, name)| format!("{count} {name}")).collect();
        let changes = match self.report.changes.len() {
            1 => "1 change".to_owned(),
            count => format!("{count} changes"),
        };
        let impact = self
            .audience
            .map(|Audience { name, impact, .. }| format!("; for the {name}: {impact}"));
        format!("{changes}: {}{}", counts.join(", "), impact.unwrap_or_default())
    }
}

impl Entry<'_> {
    /// The difference, its meaning and the action in one line.
    pub(super) fn message(&self) -> String {
        let Change { what, meaning, .. } = self.change;
        match self.consequence {
            Some((_, Consequence { action, .. })) => format!("{what}. {meaning} {action}"),
            None => format!("{what}. {meaning}"),
        }
    }
}

/// Title of the changes of a level.
pub(super) fn title(level: Level) -> &'static str {
    match level {
        Level::Breaking => "Breaking on the wire",
        Level::Warning => "To be judged by a person",
        Level::Info => "Harmless on the wire",
        Level::Docs => "Documentation",
    }
}

/// The proof in a sentence, and the counterexample.
pub(super) fn proof(proof: &Proof) -> Option<(&'static str, Option<String>)> {
    match proof {
        Proof::None => None,
        Proof::Included => Some(("everything that was valid stays valid", None)),
        Proof::IncludedIfDistinct => Some((
            "what matches one alternative of `oneOf` stays valid, what matches several may not",
            None,
        )),
        Proof::Counterexample { value, accepted_by } => {
            let sentence = match accepted_by {
                Side::Old => "accepted until now, refused from now on",
                Side::New => "impossible until now, allowed from now on",
            };
            Some((sentence, Some(shortened(&value.to_string()))))
        }
        Proof::Undecided => Some(("undecided: the level is that of the rule", None)),
    }
}

/// A counterexample, cut off if it is long.
fn shortened(value: &str) -> String {
    /// Maximum length in characters.
    const MOST: usize = 400;
    let shown = shorten(value, MOST);
    if shown == value {
        return shown.into_owned();
    }
    format!("{shown} ({} characters)", value.chars().count())
}
