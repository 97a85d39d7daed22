//! Outcome of an ID, with the reason for a failure.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// Outcome of an ID. Every ID of a job gets exactly one outcome.
///
/// | outcome | state of the asset | fix |
/// |---|---|---|
/// | [`Done`](Self::Done) | as requested, by this job | none needed |
/// | [`AlreadySo`](Self::AlreadySo) | already as requested | none needed |
/// | [`Rejected`](Self::Rejected) | unchanged | read the failure; a second attempt fails the same way |
/// | [`Unknown`](Self::Unknown) | changed or unchanged | run the job again; for copies, see below |
/// | [`NotSent`](Self::NotSent) | unchanged | run the job again for these IDs |
///
/// [`Report::unfinished`](super::Report::unfinished) returns the IDs for which to run the job again. An ID is
/// not returned if a copy of its asset may exist, because a new job could make another copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The change was sent, and the asset is in the requested state.
    Done {
        /// True if reading the asset back confirmed the change. If false, only the service's response
        /// indicates success; a service that silently ignores an ID would respond in the same way.
        confirmed: bool,
    },
    /// The asset was already in the requested state.
    AlreadySo {
        /// Reason why the children were not handled; `None` if they were handled, or if the job leaves
        /// children unchanged. (A job with a [`Cascade`](crate::ext::Cascade) other than `leave` also sends
        /// parents that are already in the requested state, so that their children are handled.)
        #[serde(default, skip_serializing_if = "Option::is_none")]
        children: Option<Failure>,
    },
    /// This asset cannot be changed. For example, the service refused the change, or the asset is missing or
    /// deleted. Nothing was changed.
    Rejected {
        /// The reason.
        failure: Failure,
    },
    /// The change was sent, but neither the response nor reading the asset back shows the result.
    Unknown {
        /// The reason.
        failure: Failure,
    },
    /// The change was not sent, or the service did not process the request. Nothing was changed.
    NotSent {
        /// The reason.
        failure: Failure,
    },
}

impl Outcome {
    pub(crate) const DONE: Self = Self::Done { confirmed: false };
    pub(crate) const CONFIRMED: Self = Self::Done { confirmed: true };
    pub(crate) const ALREADY: Self = Self::AlreadySo { children: None };

    /// Returns true for the outcomes `Done` and `AlreadySo`: the asset is in the requested state.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::AlreadySo { .. })
    }

    /// Returns true for the outcomes `Unknown` and `NotSent`.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::NotSent { .. })
    }

    /// Returns the failure, if any. For [`AlreadySo`](Self::AlreadySo), it is the reason why children were
    /// not handled.
    #[must_use]
    pub const fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Done { .. } => None,
            Self::AlreadySo { children } => children.as_ref(),
            Self::Rejected { failure } | Self::Unknown { failure } | Self::NotSent { failure } => {
                Some(failure)
            }
        }
    }

    /// Combines the outcome with the outcome of the same ID in a later run.
    pub(crate) fn then(self, later: Self) -> Self {
        match (&self, &later) {
            // The later run sent nothing for this ID, so the earlier outcome still applies.
            (_, Self::NotSent { .. }) if !matches!(self, Self::NotSent { .. }) => self,
            // The change was sent, and the asset is now in the requested state.
            (Self::Done { .. }, Self::AlreadySo { .. })
            | (Self::Unknown { .. }, Self::AlreadySo { children: None }) => Self::CONFIRMED,
            // The deletion was sent, and the asset is now missing.
            (Self::Done { .. } | Self::Unknown { .. }, Self::Rejected { failure })
                if failure.reason() == Reason::Gone =>
            {
                Self::CONFIRMED
            }
            (Self::AlreadySo { .. }, Self::Rejected { failure }) if failure.reason() == Reason::Gone => self,
            _ => later,
        }
    }
}

/// Reason why the outcome of an ID is not `Done`.
///
/// Displays as one line. After deserialisation, [`error`](Self::error) is `None`. Clones are cheap, because
/// they share their data: if a request fails, each of its IDs gets a clone of the failure.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure(Arc<FailureData>);

impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        FailureData::deserialize(deserializer).map(|data| Self(Arc::new(data)))
    }
}

#[derive(Serialize, Deserialize)]
struct FailureData {
    reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    message: String,
    #[serde(skip)]
    error: Option<Error>,
}

impl PartialEq for FailureData {
    fn eq(&self, other: &Self) -> bool {
        (self.reason, self.status, &self.message) == (other.reason, other.status, &other.message)
    }
}

impl Eq for FailureData {}

/// Kinds of [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The service refused the change.
    Refused,
    /// No asset with this ID can be read.
    NotFound,
    /// The asset to delete was deleted earlier or never existed, so nothing was sent.
    Gone,
    /// The asset is deleted, so nothing was sent.
    Deleted,
    /// No trustworthy response arrived: the connection broke, the call timed out, or the service failed.
    NoAnswer,
    /// The service accepted the change, but reading the asset back does not show it.
    NotApplied,
    /// The asset could not be read back, so its state is unknown. The service may have accepted the change.
    NotReadable,
    /// The service did not process the request, for example because there was no connection, the credentials
    /// were refused, or there were too many requests.
    #[serde(alias = "turned_away")]
    NotProcessed,
    /// The state of the asset could not be read, so nothing was sent.
    NotLookedAt,
    /// The asset has changed since the plan was made. The planned change was not sent, or only a part of it.
    Stale,
    /// The job was cancelled before the ID was sent, or before the result was known.
    Cancelled,
    /// The job stopped before the ID was sent, or before the result was known. For example, there was an
    /// error with another ID.
    Stopped,
}

impl Failure {
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self(Arc::new(FailureData {
            reason,
            status: None,
            message: message.into(),
            error: None,
        }))
    }

    pub(crate) fn of(reason: Reason, error: &Error) -> Self {
        Self::with_error(reason, error.to_string(), error)
    }

    /// Creates a failure with a custom message about the error.
    pub(crate) fn with_error(reason: Reason, message: String, error: &Error) -> Self {
        Self(Arc::new(FailureData {
            reason,
            status: error.status().map(|status| status.as_u16()),
            message,
            error: Some(error.clone()),
        }))
    }

    /// Returns the same failure with another reason, and with a note appended to the message.
    pub(crate) fn because(&self, reason: Reason, note: &str) -> Self {
        Self(Arc::new(FailureData {
            reason,
            status: self.0.status,
            message: format!("{}; {note}", self.0.message),
            error: self.0.error.clone(),
        }))
    }

    /// Returns the kind of failure.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// Returns the HTTP status of the response, if any.
    #[must_use]
    pub fn status(&self) -> Option<http::StatusCode> {
        self.0
            .status
            .and_then(|status| http::StatusCode::from_u16(status).ok())
    }

    /// Returns the description in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the error of the call, if any; `None` in a report that was read from a file.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.0.error.as_ref()
    }
}

crate::runtime::error::debug_as_display!(Failure);

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

/// An ID with its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry<I> {
    /// The ID.
    pub id: I,
    /// Index of the ID among the distinct IDs of the job, counted from 0.
    pub position: usize,
    /// Outcome of the ID.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Copies of the asset. The field is boxed, so that entries without copies stay small.
    #[serde(flatten)]
    pub(super) copies: Option<Box<Copies<I>>>,
}

/// Copies of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copies<I> {
    copy: I,
    /// Further copies, if reports of several runs were merged and each run made a copy.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    more_copies: Vec<I>,
}

impl<I> Entry<I> {
    pub(crate) const fn new(id: I, position: usize, outcome: Outcome) -> Self {
        Self {
            id,
            position,
            outcome,
            copies: None,
        }
    }

    /// Returns the same entry with `copy` as the ID of its only copy.
    pub(crate) fn with_copy(self, copy: Option<I>) -> Self {
        let copies = copy.map(|copy| {
            Box::new(Copies {
                copy,
                more_copies: Vec::new(),
            })
        });
        Self { copies, ..self }
    }

    /// Returns the ID of the copy, if the job duplicates assets and the copy is known. If the outcome is
    /// *unknown*, this may be the ID of a copy of another asset. If a gateway swaps responses, the same is
    /// possible for copies that were not read back; see [`Duplication`](crate::ext::Duplication).
    #[must_use]
    pub fn copy(&self) -> Option<&I> {
        self.copies.as_ref().map(|copies| &copies.copy)
    }

    /// Returns further copies, if reports of several runs were merged and each run made a copy.
    #[must_use]
    pub fn more_copies(&self) -> &[I] {
        self.copies.as_ref().map_or(&[], |copies| &copies.more_copies)
    }

    /// Converts the IDs.
    pub(crate) fn map<J>(self, id: impl Fn(I) -> J) -> Entry<J> {
        Entry {
            id: id(self.id),
            position: self.position,
            outcome: self.outcome,
            copies: self.copies.map(|copies| {
                Box::new(Copies {
                    copy: id(copies.copy),
                    more_copies: copies.more_copies.into_iter().map(&id).collect(),
                })
            }),
        }
    }
}

impl<I: PartialEq> Entry<I> {
    /// Adds the copies of another entry for the same ID. Each copy is a separate asset.
    pub(super) fn add_copies(&mut self, added: Option<Box<Copies<I>>>) {
        match (&mut self.copies, added) {
            (_, None) => {}
            (copies @ None, added) => *copies = added,
            (Some(copies), Some(added)) => {
                for copy in [added.copy].into_iter().chain(added.more_copies) {
                    if copies.copy != copy && !copies.more_copies.contains(&copy) {
                        copies.more_copies.push(copy);
                    }
                }
            }
        }
    }
}
