//! What a job did: every ID with its outcome.

use super::outcome::{Entry, Outcome};
use crate::ext::validate::{self, Repeated};
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fmt, hash::Hash};

/// How many failures of each kind the text of a report shows.
const SHOWN: usize = 5;

/// What a job did: every ID that went in, with what became of it.
///
/// Its text is a summary and the first failures. It serialises, so a program can keep it; [`merge`](Self::merge) joins the
/// report of a later run for what was left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use = "the report says what is not done"]
pub struct Report<I> {
    job: String,
    entries: Vec<Entry<I>>,
    repeated: Vec<Repeated<I>>,
}

/// How many IDs ended in which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Counts {
    /// Sent, and as asked.
    pub done: usize,
    /// So already.
    pub already: usize,
    /// Refused.
    pub rejected: usize,
    /// Sent, and one or the other.
    pub unknown: usize,
    /// Not sent.
    pub not_sent: usize,
}

impl Counts {
    /// All together.
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
        for (count, name) in [
            (self.already, "already so"),
            (self.rejected, "rejected"),
            (self.unknown, "unknown"),
            (self.not_sent, "not sent"),
        ] {
            if count > 0 {
                write!(formatter, ", {count} {name}")?;
            }
        }
        Ok(())
    }
}

/// Two reports are of different jobs and cannot be joined.
#[derive(Debug, thiserror::Error)]
#[error("a report of {later:?} cannot be merged into one of {first:?}: they are different jobs")]
#[non_exhaustive]
pub struct DifferentJobs {
    /// The job of the report that was to be extended.
    pub first: String,
    /// The job of the other one.
    pub later: String,
}

impl<I> Report<I> {
    pub(crate) fn new(job: String, mut entries: Vec<Entry<I>>, repeated: Vec<Repeated<I>>) -> Self {
        entries.sort_by_key(|entry| entry.position);
        Self {
            job,
            entries,
            repeated,
        }
    }

    /// What the job was, in words: `archive offer sources, children move to 2nIemJxCKbFX`.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// Every distinct ID, in the order in which they were given.
    #[must_use]
    pub fn entries(&self) -> &[Entry<I>] {
        &self.entries
    }

    /// The IDs that were given more than once. Each is one entry.
    #[must_use]
    pub fn repeated(&self) -> &[Repeated<I>] {
        &self.repeated
    }

    /// How many IDs ended in which outcome.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.entries {
            counts.count(&entry.outcome);
        }
        counts
    }

    /// Whether every ID is as asked: done, or so already.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.entries.iter().all(|entry| entry.outcome.is_success())
    }

    /// The IDs for which something is left to do: unknown, and not sent. The next job takes them as its input; it looks at the
    /// assets first, so that nothing is done twice.
    pub fn unfinished(&self) -> impl Iterator<Item = &I> {
        self.ids(Outcome::is_unfinished)
    }

    /// The IDs that were rejected. Sending them again as they are gives the same.
    pub fn rejected(&self) -> impl Iterator<Item = &I> {
        self.ids(|outcome| matches!(outcome, Outcome::Rejected { .. }))
    }

    /// The IDs whose outcome is one that `wanted` accepts.
    pub fn ids(&self, wanted: impl Fn(&Outcome) -> bool) -> impl Iterator<Item = &I> {
        let wanted = move |entry: &&Entry<I>| wanted(&entry.outcome);
        self.entries.iter().filter(wanted).map(|entry| &entry.id)
    }
}

impl<I: Clone + Eq + Hash> Report<I> {
    /// What became of an ID; `None` if it was not in the job.
    #[must_use]
    pub fn outcome(&self, id: &I) -> Option<&Outcome> {
        let entry = self.entries.iter().find(|entry| entry.id == *id)?;
        Some(&entry.outcome)
    }

    /// Takes in the report of a later run of the same job, for all or for some of the IDs, or for others.
    ///
    /// Of an ID that is in both, the later outcome holds, unless the later run did not send it. One that was *unknown* and is
    /// found to be so already is *done*; so is one that was sent to be deleted and is found to be gone.
    ///
    /// # Errors
    /// When the reports are of different jobs; then nothing is changed.
    pub fn merge(&mut self, later: Self) -> Result<(), DifferentJobs> {
        if self.job != later.job {
            let first = self.job.clone();
            let later = later.job;
            return Err(DifferentJobs { first, later });
        }
        let mut places: HashMap<I, usize> = HashMap::with_capacity(self.entries.len());
        for (place, entry) in self.entries.iter().enumerate() {
            places.insert(entry.id.clone(), place);
        }
        for entry in later.entries {
            let known = places.get(&entry.id).copied();
            if let Some(known) = known.and_then(|place| self.entries.get_mut(place)) {
                known.outcome = known.outcome.clone().then(entry.outcome);
                known.copy = entry.copy.or(known.copy.take());
            } else {
                let position = self.entries.len();
                self.entries.push(Entry { position, ..entry });
            }
        }
        for repeated in later.repeated {
            match self.repeated.iter_mut().find(|known| known.id == repeated.id) {
                Some(known) => known.times = known.times.max(repeated.times),
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

/// A part of the text: its title, and the outcomes that it is about.
type Section = (&'static str, fn(&Outcome) -> bool);

impl<I: fmt::Display> fmt::Display for Report<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.job, self.counts())?;
        let unconfirmed = |entry: &&Entry<I>| entry.outcome == Outcome::DONE;
        match self.entries.iter().filter(unconfirmed).count() {
            0 => {}
            count => write!(formatter, "\n  {count} done on the service's word, not read back")?,
        }
        validate::tell_repeated(formatter, self.repeated.len())?;
        let sections: [Section; 4] = [
            ("rejected", |outcome| matches!(outcome, Outcome::Rejected { .. })),
            ("unknown", |outcome| matches!(outcome, Outcome::Unknown { .. })),
            ("not sent", |outcome| matches!(outcome, Outcome::NotSent { .. })),
            ("already so, but children not handled", |outcome| {
                matches!(outcome, Outcome::AlreadySo { children: Some(_) })
            }),
        ];
        for (name, wanted) in sections {
            let failed = || self.entries.iter().filter(|entry| wanted(&entry.outcome));
            let count = failed().count();
            if count == 0 {
                continue;
            }
            write!(formatter, "\n{name}:")?;
            for entry in failed().take(SHOWN) {
                write!(formatter, "\n  {}", entry.id)?;
                if let Some(failure) = entry.outcome.failure() {
                    write!(formatter, ": {failure}")?;
                }
            }
            if count > SHOWN {
                write!(formatter, "\n  and {} more", count - SHOWN)?;
            }
        }
        if self.unfinished().next().is_some() {
            formatter.write_str(
                "\nwhat is unknown or not sent is left to do: run the job again for unfinished()",
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
    fn the_text_is_a_summary_and_the_first_failures() {
        let expected = "\
archive offer sources, children too: 3 done, 2 already so, 7 rejected, 1 unknown, 1 not sent
  1 done on the service's word, not read back
  1 ID was given more than once and counts once
rejected:
  id7: 403 Forbidden: locked
  id8: 403 Forbidden: locked
  id9: 403 Forbidden: locked
  id10: 403 Forbidden: locked
  id11: 403 Forbidden: locked
  and 2 more
unknown:
  id5: the connection broke
not sent:
  id6: the job was cancelled before its turn
already so, but children not handled:
  id4: 403 Forbidden: locked
what is unknown or not sent is left to do: run the job again for unfinished()";
        assert_eq!(everything().to_string(), expected);
        let good = report([Outcome::CONFIRMED, Outcome::ALREADY]);
        assert_eq!(
            good.to_string(),
            "archive offer sources, children too: 1 done, 1 already so"
        );
    }

    #[test]
    fn a_report_survives_a_file() {
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
    fn the_later_run_holds_unless_it_knows_less() {
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
        let other = Report {
            job: "delete".to_owned(),
            ..first.clone()
        };
        assert_eq!(
            first.merge(other).unwrap_err().to_string(),
            r#"a report of "delete" cannot be merged into one of "archive offer sources, children too": they are different jobs"#
        );
    }
}
