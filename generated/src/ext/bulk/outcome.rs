//! What became of one ID, and why.

use crate::Error;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// What became of one ID. Every ID of a job ends in exactly one of these.
///
/// | outcome | the asset now | what to do |
/// |---|---|---|
/// | [`Done`](Self::Done) | as asked, by this job | nothing |
/// | [`AlreadySo`](Self::AlreadySo) | as asked, and was so before | nothing |
/// | [`Rejected`](Self::Rejected) | as it was | read the failure; sending it again gives the same |
/// | [`Unknown`](Self::Unknown) | one or the other | run the job again for [`Report::unfinished`](super::Report::unfinished): it looks first |
/// | [`NotSent`](Self::NotSent) | as it was | the same |
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// It was sent and is as asked.
    Done {
        /// Whether reading the asset back showed it. If not, the service's answer is all that says so: a service that passes
        /// over an ID in silence would answer the same.
        confirmed: bool,
    },
    /// It was so already.
    AlreadySo {
        /// A job with a [`Cascade`](crate::ext::Cascade) names parents that are so already to the service again, for the sake of
        /// their children; this is the service's refusal of that, if it refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        children: Option<Failure>,
    },
    /// It was refused for itself, not for its company in a request; nothing was changed.
    Rejected {
        /// Why.
        failure: Failure,
    },
    /// It was sent, no trustworthy answer came, and reading it back did not settle it.
    Unknown {
        /// What is known.
        failure: Failure,
    },
    /// It was not sent, or the service turned the request away before looking at it; nothing was changed.
    NotSent {
        /// Why.
        failure: Failure,
    },
}

impl Outcome {
    pub(crate) const DONE: Self = Self::Done { confirmed: false };
    pub(crate) const CONFIRMED: Self = Self::Done { confirmed: true };
    pub(crate) const ALREADY: Self = Self::AlreadySo { children: None };

    /// Whether the asset is as asked: done, or so already.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::AlreadySo { .. })
    }

    /// Whether something is left to do: unknown or not sent.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::NotSent { .. })
    }

    /// Why it is not done; for [`AlreadySo`](Self::AlreadySo), why the children were not handled.
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

    /// What is known after a later job about the same ID.
    pub(crate) fn then(self, later: Self) -> Self {
        match (&self, &later) {
            // The later job did not look, or only confirms: what was known stays.
            (_, Self::NotSent { .. }) if !matches!(self, Self::NotSent { .. }) => self,
            // It was sent, and now it is so.
            (Self::Done { .. }, Self::AlreadySo { .. })
            | (Self::Unknown { .. }, Self::AlreadySo { children: None }) => Self::CONFIRMED,
            // It was to be deleted and sent, and now it is gone.
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

/// Why an ID is not done.
///
/// Its text is one line. It serialises; what comes back has all but the [`error`](Self::error). Cheap to clone: all IDs of a
/// request share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(Arc<Inner>);

impl Serialize for Failure {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Inner::deserialize(deserializer).map(|inner| Self(Arc::new(inner)))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Inner {
    reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    message: String,
    #[serde(skip)]
    error: Option<Error>,
}

impl PartialEq for Inner {
    fn eq(&self, other: &Self) -> bool {
        (self.reason, self.status, &self.message) == (other.reason, other.status, &other.message)
    }
}

impl Eq for Inner {}

/// The kinds of [`Failure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The service refused it.
    Refused,
    /// Reading showed no asset of this ID, so nothing was sent for it.
    NotFound,
    /// The same, where it was to be deleted: it may have been deleted before, or never have been.
    Gone,
    /// Reading showed that the asset is deleted, so nothing was sent for it.
    Deleted,
    /// No trustworthy answer came: the connection broke, time ran out, or the service failed.
    NoAnswer,
    /// The service accepted it, and reading it back shows it unchanged.
    NotApplied,
    /// The service accepted it, and it could not be read back.
    NotReadable,
    /// The service turned the request away before looking at it: no connection, credentials refused, too many requests.
    TurnedAway,
    /// The state of the asset could not be read, so nothing was sent for it.
    NotLookedAt,
    /// The job was cancelled before.
    Cancelled,
    /// The job stopped before, because of an error with another ID.
    Stopped,
}

impl Failure {
    pub(crate) fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            reason,
            status: None,
            message: message.into(),
            error: None,
        }))
    }

    pub(crate) fn of(reason: Reason, error: &Error) -> Self {
        Self::with_error(reason, error.to_string(), error)
    }

    /// With more words about the error.
    pub(crate) fn with_error(reason: Reason, message: String, error: &Error) -> Self {
        Self(Arc::new(Inner {
            reason,
            status: error.status().map(|status| status.as_u16()),
            message,
            error: Some(error.clone()),
        }))
    }

    /// The same failure, for another reason and with more words.
    pub(crate) fn because(&self, reason: Reason, note: &str) -> Self {
        Self(Arc::new(Inner {
            reason,
            status: self.0.status,
            message: format!("{}; {note}", self.0.message),
            error: self.0.error.clone(),
        }))
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// Status of the service's answer, where there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// What happened, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The error of the call, where there was one; `None` after a report was read from a file.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.0.error.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.message)
    }
}

/// One ID and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Entry<I> {
    /// The ID.
    pub id: I,
    /// Its place among the distinct IDs of the job, counted from 0.
    pub position: usize,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// ID of the copy, where the job duplicates.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub copy: Option<I>,
}

fn none<I>() -> Option<I> {
    None
}

impl<I> Entry<I> {
    pub(crate) const fn new(id: I, position: usize, outcome: Outcome) -> Self {
        Self {
            id,
            position,
            outcome,
            copy: None,
        }
    }
}
