//! Constructors of reports and failures, for tests of code that uses this crate.

use super::{Entry, Failure, Outcome, Reason, Report};
use crate::Error;

impl Failure {
    /// Creates a failure from the error of a call, for tests of your own code.
    #[must_use]
    pub fn from_error(reason: Reason, error: &Error) -> Self {
        Self::of(reason, error)
    }

    /// Creates a failure from a reason and a message, without the error of a call, for tests of your own
    /// code.
    #[must_use]
    pub fn from_message(reason: Reason, message: impl Into<String>) -> Self {
        Self::new(reason, message)
    }
}

impl<I> Report<I> {
    /// Creates a report with these outcomes, in order, for tests of your own code.
    ///
    /// ```
    /// use funnelflux::{Error, http, ext::{Failure, Outcome, Reason, Report}, types::OfferSourceId};
    /// use funnelflux::operations::offer_sources::ARCHIVE_OFFER_SOURCES;
    ///
    /// let response = http::Response::builder().status(403).body(r#"{"error":"locked"}"#)?;
    /// let error = Error::from_response(&ARCHIVE_OFFER_SOURCES, response);
    /// let failure = Failure::from_error(Reason::Refused, &error);
    /// let report = Report::from_outcomes("archive offer sources", [
    ///     (OfferSourceId::from("2nIemJxCKbFX"), Outcome::Done { confirmed: true }),
    ///     (OfferSourceId::from("2n5JuOKWLTzd"), Outcome::Rejected { failure }),
    /// ]);
    /// assert!(!report.is_success());
    /// assert!(report.to_string().contains("1 done, 1 rejected"));
    /// # Ok::<(), http::Error>(())
    /// ```
    pub fn from_outcomes(job: impl Into<String>, outcomes: impl IntoIterator<Item = (I, Outcome)>) -> Self {
        let outcomes = outcomes.into_iter().enumerate();
        let entries = outcomes.map(|(position, (id, outcome))| Entry::new(id, position, outcome));
        Self::new(job.into(), false, entries.collect(), Vec::new())
    }

    /// Creates the report of a duplication, for tests of your own code. An item of `outcomes` has the ID of
    /// an asset, the outcome and the ID of the copy.
    ///
    /// ```
    /// use funnelflux::{ext::{Failure, Outcome, Reason, Report}, types::OfferSourceId};
    ///
    /// let failure = Failure::from_message(Reason::NoAnswer, "the connection broke");
    /// let report = Report::from_copies("duplicate offer sources", [
    ///     (OfferSourceId::from("a"), Outcome::Done { confirmed: true }, Some("copy".into())),
    ///     (OfferSourceId::from("b"), Outcome::Unknown { failure }, None),
    /// ]);
    /// assert_eq!(report.entries()[0].copy(), Some(&"copy".into()));
    /// // A second job would make another copy.
    /// assert_eq!(report.unfinished().count(), 0);
    /// ```
    pub fn from_copies(
        job: impl Into<String>,
        outcomes: impl IntoIterator<Item = (I, Outcome, Option<I>)>,
    ) -> Self {
        let outcomes = outcomes.into_iter().enumerate();
        let entries =
            outcomes.map(|(position, (id, outcome, copy))| Entry::new(id, position, outcome).with_copy(copy));
        Self::new(job.into(), true, entries.collect(), Vec::new())
    }
}
