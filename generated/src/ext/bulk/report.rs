//! Report of a job: every ID with its outcome.

use super::outcome::{Entry, Outcome};
use super::text::{write_counts, write_repeated, write_section};
use crate::ext::validate::Repeated;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt, hash::Hash};

/// Report of a job: every ID with its outcome.
///
/// Displays as a summary with the first failures. A program can serialise a report, run the job again for the
/// remaining IDs, and [`merge`](Self::merge) the second report into the first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "the report shows which IDs are not done"]
pub struct Report<I> {
    job: String,
    /// True if the job duplicates assets, so that a second run would make further copies.
    #[serde(default)]
    duplicates: bool,
    entries: Vec<Entry<I>>,
    repeated: Vec<Repeated<I>>,
}

/// Number of IDs by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Number of IDs for which the job made the change.
    pub done: usize,
    /// Number of IDs whose assets were already in the requested state before the job.
    pub already: usize,
    /// Number of rejected IDs.
    pub rejected: usize,
    /// Number of IDs that were sent, but whose result is unknown.
    pub unknown: usize,
    /// Number of IDs that were not sent.
    pub not_sent: usize,
}

impl Counts {
    /// Returns the sum of all counts.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.done + self.already + self.rejected + self.unknown + self.not_sent
    }

    pub(crate) const fn count(&mut self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Done { .. } => &mut self.done,
            Outcome::AlreadySo { .. } => &mut self.already,
            Outcome::Rejected { .. } => &mut self.rejected,
            Outcome::Unknown { .. } => &mut self.unknown,
            Outcome::NotSent { .. } => &mut self.not_sent,
        };
        *counter += 1;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} done", self.done)?;
        let counts = [
            (self.already, "already so"),
            (self.rejected, "rejected"),
            (self.unknown, "unknown"),
            (self.not_sent, "not sent"),
        ];
        write_counts(formatter, counts)
    }
}

/// Error when merging the reports of different jobs.
#[derive(thiserror::Error)]
#[error("cannot merge a report of {later:?} into one of {first:?}: they are different jobs")]
#[non_exhaustive]
pub struct DifferentJobs {
    /// Description of the job in the report that was to be extended.
    pub first: String,
    /// Description of the job in the other report.
    pub later: String,
}

crate::runtime::error::debug_as_display!(DifferentJobs);

impl<I> Report<I> {
    pub(crate) fn new(
        job: String,
        duplicates: bool,
        mut entries: Vec<Entry<I>>,
        repeated: Vec<Repeated<I>>,
    ) -> Self {
        // An unstable sort suffices, because positions are distinct. A stable sort would need 50 % more
        // memory.
        entries.sort_unstable_by_key(|entry| entry.position);
        Self {
            job,
            duplicates,
            entries,
            repeated,
        }
    }

    /// Converts the IDs.
    pub(crate) fn map<J>(self, id: impl Fn(I) -> J) -> Report<J> {
        Report {
            job: self.job,
            duplicates: self.duplicates,
            entries: self.entries.into_iter().map(|entry| entry.map(&id)).collect(),
            repeated: self
                .repeated
                .into_iter()
                .map(|repeated| repeated.map(&id))
                .collect(),
        }
    }

    /// Returns the description of the job, such as `archive offer sources, children move to 2nIemJxCKbFX`.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Returns the entries of all distinct IDs, in the given order.
    #[must_use]
    pub fn entries(&self) -> &[Entry<I>] {
        &self.entries
    }

    /// Iterates over the entries of all distinct IDs, in the given order.
    pub fn iter(&self) -> std::slice::Iter<'_, Entry<I>> {
        self.entries.iter()
    }

    /// Returns the IDs that were given more than once. The report has one entry for each of them.
    #[must_use]
    pub fn repeated(&self) -> &[Repeated<I>] {
        &self.repeated
    }

    /// Returns the number of IDs by outcome.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            counts.count(&entry.outcome);
        }
        counts
    }

    /// Returns true if every outcome is `Done` or `AlreadySo`: all assets are in the requested state.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.entries.iter().all(|entry| entry.outcome.is_success())
    }

    /// Returns the IDs with the outcome `Unknown` or `NotSent`, as input for the next job. By default, the
    /// next job reads the assets first, so it makes no change twice.
    ///
    /// For a duplication, only IDs with the outcome `NotSent` are returned. For an ID with the outcome
    /// `Unknown`, a new job could make a second copy. A job that resumes from the journal of this job looks
    /// for the first copy instead.
    pub fn unfinished(&self) -> impl Iterator<Item = &I> {
        let duplicates = self.duplicates;
        self.ids(move |outcome| match outcome {
            Outcome::Unknown { .. } => !duplicates,
            outcome => outcome.is_unfinished(),
        })
    }

    /// Returns the rejected IDs. A second attempt fails the same way.
    pub fn rejected(&self) -> impl Iterator<Item = &I> {
        self.ids(|outcome| matches!(outcome, Outcome::Rejected { .. }))
    }

    /// Returns the IDs with an outcome for which `wanted` returns true.
    pub fn ids(&self, wanted: impl Fn(&Outcome) -> bool) -> impl Iterator<Item = &I> {
        let wanted = move |entry: &&Entry<I>| wanted(&entry.outcome);
        self.entries.iter().filter(wanted).map(|entry| &entry.id)
    }
}

impl<I: Clone + Eq + Hash> Report<I> {
    /// Returns the outcome of an ID; `None` if the ID was not in the job.
    #[must_use]
    pub fn outcome(&self, id: &I) -> Option<&Outcome> {
        let entry = self.entries.iter().find(|entry| entry.id == *id)?;
        Some(&entry.outcome)
    }

    /// Merges the report of a later run of the same job into this report. The IDs of the two runs may differ.
    ///
    /// If both reports contain an ID, the later outcome replaces the earlier outcome, except in these cases:
    ///
    /// - If the later outcome is *not sent*, the earlier outcome stays.
    /// - If the later run finds the asset in the requested state, or missing after a deletion, an earlier
    ///   *done* or *already so* stays. An earlier *unknown* becomes *done*, or *already so* if the service
    ///   refused to handle the children of the asset.
    /// - In a duplication, a successful earlier outcome stays. If both runs made a copy, the entry keeps both
    ///   copies.
    ///
    /// # Errors
    /// Returns an error, without any change, if the reports are of different jobs.
    pub fn merge(&mut self, later: Self) -> Result<(), DifferentJobs> {
        if self.job != later.job {
            let first = self.job.clone();
            let later = later.job;
            return Err(DifferentJobs { first, later });
        }
        let mut indices: HashMap<I, usize> = HashMap::with_capacity(self.entries.len());
        for (index, entry) in self.entries.iter().enumerate() {
            indices.insert(entry.id.clone(), index);
        }
        for entry in later.entries {
            let index = indices.get(&entry.id).copied();
            if let Some(earlier) = index.and_then(|index| self.entries.get_mut(index)) {
                let is_made = self.duplicates && earlier.outcome.is_success();
                if !is_made {
                    earlier.outcome = earlier.outcome.clone().then(entry.outcome);
                }
                earlier.add_copies(entry.copies);
            } else {
                let position = self.entries.len();
                self.entries.push(Entry { position, ..entry });
            }
        }
        for repeated in later.repeated {
            match self.repeated.iter_mut().find(|earlier| earlier.id == repeated.id) {
                Some(earlier) => earlier.times = earlier.times.max(repeated.times),
                None => self.repeated.push(repeated),
            }
        }
        Ok(())
    }
}

impl<I> IntoIterator for Report<I> {
    type Item = Entry<I>;
    type IntoIter = std::vec::IntoIter<Entry<I>>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'r, I> IntoIterator for &'r Report<I> {
    type Item = &'r Entry<I>;
    type IntoIter = std::slice::Iter<'r, Entry<I>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

crate::runtime::error::debug_as_display!(Report<I>, I: fmt::Display);

/// Title of a section in the text of a report, and a filter for the outcomes of the section.
type Section = (&'static str, fn(&Outcome) -> bool);

impl<I: fmt::Display> fmt::Display for Report<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.job, self.counts())?;
        let unconfirmed = |entry: &&Entry<I>| entry.outcome == Outcome::DONE;
        match self.entries.iter().filter(unconfirmed).count() {
            0 => {}
            count => write!(
                formatter,
                "\n  {count} done according to the service, not read back"
            )?,
        }
        write_repeated(formatter, self.repeated.len())?;
        let sections: [Section; 4] = [
            ("rejected", |outcome| matches!(outcome, Outcome::Rejected { .. })),
            ("unknown", |outcome| matches!(outcome, Outcome::Unknown { .. })),
            ("not sent", |outcome| matches!(outcome, Outcome::NotSent { .. })),
            ("already so, but children not handled", |outcome| {
                matches!(outcome, Outcome::AlreadySo { children: Some(_) })
            }),
        ];
        for (name, wanted) in sections {
            let entries = self.entries.iter().filter(|entry| wanted(&entry.outcome));
            write_section(
                formatter,
                name,
                entries.map(|entry| (&entry.id, entry.outcome.failure())),
            )?;
        }
        let is_unknown = |entry: &Entry<I>| matches!(entry.outcome, Outcome::Unknown { .. });
        if self.duplicates && self.entries.iter().any(is_unknown) {
            formatter.write_str(
                "\nsome copies are unknown; fix: look for them before you duplicate those assets again",
            )?;
        }
        if self.unfinished().next().is_some() {
            formatter.write_str(
                "\nsome IDs are unknown or not sent; fix: run the job again for the IDs of unfinished()",
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{Failure, Reason};
    use super::*;

    fn report(outcomes: impl IntoIterator<Item = Outcome>) -> Report<String> {
        let mut entries: Vec<Entry<String>> = outcomes
            .into_iter()
            .enumerate()
            .map(|(position, outcome)| Entry::new(format!("id{position}"), position, outcome))
            .collect();
        entries.reverse();
        Report::new(
            "archive offer sources, children too".to_owned(),
            false,
            entries,
            Vec::new(),
        )
    }

    fn failure(reason: Reason, message: &str) -> Failure {
        Failure::new(reason, message)
    }

    fn everything() -> Report<String> {
        let refused = failure(Reason::Refused, "403 Forbidden: locked");
        let mut report = report(
            [
                Outcome::CONFIRMED,
                Outcome::CONFIRMED,
                Outcome::DONE,
                Outcome::ALREADY,
                Outcome::AlreadySo {
                    children: Some(refused.clone()),
                },
                Outcome::Unknown {
                    failure: failure(Reason::NoAnswer, "the connection broke"),
                },
                Outcome::NotSent {
                    failure: failure(Reason::Cancelled, "the job was cancelled before its turn"),
                },
            ]
            .into_iter()
            .chain((0..7).map(|_| Outcome::Rejected {
                failure: refused.clone(),
            })),
        );
        report.repeated = vec![Repeated {
            id: "id0".to_owned(),
            times: 3,
        }];
        report
    }

    #[test]
    fn the_text_shows_a_summary_and_the_first_failures() {
        let expected = "\
archive offer sources, children too: 3 done, 2 already so, 7 rejected, 1 unknown, 1 not sent
  1 done according to the service, not read back
  1 ID was given more than once and counts once
rejected:
  id7, id8, id9 and 4 more: 403 Forbidden: locked
unknown:
  id5: the connection broke
not sent:
  id6: the job was cancelled before its turn
already so, but children not handled:
  id4: 403 Forbidden: locked
some IDs are unknown or not sent; fix: run the job again for the IDs of unfinished()";
        assert_eq!(everything().to_string(), expected);
        let success = report([Outcome::CONFIRMED, Outcome::ALREADY]);
        assert_eq!(
            success.to_string(),
            "archive offer sources, children too: 1 done, 1 already so"
        );
    }

    #[test]
    fn a_report_can_be_serialised_and_read_back() {
        let report = everything();
        let text = serde_json::to_string_pretty(&report).unwrap();
        assert_eq!(serde_json::from_str::<Report<String>>(&text).unwrap(), report);
        assert!(
            text.contains(
                r#"{
      "id": "id7",
      "position": 7,
      "outcome": "rejected",
      "failure": {
        "reason": "refused",
        "message": "403 Forbidden: locked"
      }
    }"#
            ),
            "{text}"
        );
    }

    #[test]
    fn a_later_outcome_replaces_an_earlier_one_unless_it_was_not_sent() {
        let unknown = || Outcome::Unknown {
            failure: failure(Reason::NoAnswer, "?"),
        };
        let not_sent = || Outcome::NotSent {
            failure: failure(Reason::Cancelled, "-"),
        };
        let rejected = || Outcome::Rejected {
            failure: failure(Reason::Refused, "no"),
        };
        let gone = || Outcome::Rejected {
            failure: failure(Reason::Gone, "none"),
        };
        for (first, later, merged) in [
            (Outcome::DONE, Outcome::ALREADY, Outcome::CONFIRMED),
            (unknown(), Outcome::ALREADY, Outcome::CONFIRMED),
            (unknown(), rejected(), rejected()),
            (unknown(), not_sent(), unknown()),
            (not_sent(), Outcome::ALREADY, Outcome::ALREADY),
            (not_sent(), unknown(), unknown()),
            (rejected(), Outcome::DONE, Outcome::DONE),
            (Outcome::CONFIRMED, not_sent(), Outcome::CONFIRMED),
            (unknown(), gone(), Outcome::CONFIRMED),
            (Outcome::DONE, gone(), Outcome::CONFIRMED),
            (Outcome::ALREADY, gone(), Outcome::ALREADY),
            (not_sent(), gone(), gone()),
        ] {
            assert_eq!(
                first.clone().then(later.clone()),
                merged,
                "{first:?} then {later:?}"
            );
        }
        let mut first = report([Outcome::DONE, not_sent()]);
        let mut later = report([Outcome::ALREADY, Outcome::CONFIRMED, Outcome::DONE]);
        later.entries.remove(0);
        first.merge(later).unwrap();
        assert_eq!(first.counts().to_string(), "3 done");
        assert!(first.unfinished().next().is_none());
        let deletion = Report {
            job: "delete".to_owned(),
            ..first.clone()
        };
        assert_eq!(
            first.merge(deletion).unwrap_err().to_string(),
            "cannot merge a report of \"delete\" into one of \"archive offer sources, children too\": \
            they are different jobs"
        );
    }
}
