//! What a call leaves in `tracing`; nothing at all without the feature.

pub(crate) use imp::{CallSpan, unknown_value, warn};

/// What is known of a call when it ends.
#[cfg_attr(
    not(feature = "tracing"),
    expect(dead_code, reason = "nobody reads it without the feature")
)]
pub(crate) struct Summary<'a> {
    pub(crate) status: Option<http::StatusCode>,
    /// Its name is looked for only where somebody wants to know it.
    pub(crate) request_id: &'a dyn Fn() -> Option<String>,
    pub(crate) tries: u32,
    pub(crate) waited: std::time::Duration,
    pub(crate) elapsed: std::time::Duration,
    /// Text of the error, where it failed.
    pub(crate) error: Option<&'a dyn std::fmt::Display>,
}

#[cfg(feature = "tracing")]
mod imp {
    use super::Summary;
    use crate::runtime::{
        error::{Kind, message::excerpt},
        operation::Target,
    };
    use std::{
        collections::HashSet,
        sync::{Mutex, PoisonError},
        time::Duration,
    };
    use tracing::{Instrument as _, Span, field::Empty};

    /// How many unknown values are remembered, so that a confused service cannot fill the memory.
    const REMEMBERED: usize = 1_000;

    /// The span of one call.
    pub(crate) struct CallSpan(Span);

    impl CallSpan {
        pub(crate) fn new(target: &Target) -> Self {
            Self(tracing::info_span!(
                "funnelflux",
                operation = target.id,
                method = %target.method,
                path = %target.path,
                status = Empty,
                tries = Empty,
                wait_ms = Empty,
                duration_ms = Empty,
                request_id = Empty,
            ))
        }

        pub(crate) async fn follow<F: Future>(&self, future: F) -> F::Output {
            future.instrument(self.0.clone()).await
        }

        pub(crate) fn retry(&self, tries: u32, failure: &Kind, wait: Duration) {
            self.0.in_scope(|| {
                tracing::info!(tries, wait_ms = milliseconds(wait), reason = %failure, "trying again");
            });
        }

        pub(crate) fn end(&self, summary: &Summary<'_>) {
            let span = &self.0;
            if !span.is_disabled() {
                if let Some(status) = summary.status {
                    span.record("status", status.as_u16());
                }
                if let Some(id) = (summary.request_id)() {
                    span.record("request_id", id);
                }
                span.record("tries", summary.tries);
                span.record("wait_ms", milliseconds(summary.waited));
                span.record("duration_ms", milliseconds(summary.elapsed));
            }
            let _inside = span.enter();
            if let Some(error) = summary.error {
                tracing::warn!(%error, "call failed");
            } else {
                tracing::debug!("call done");
            }
        }
    }

    fn milliseconds(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    /// Something that does not fail a call and that a person should know.
    pub(crate) fn warn(message: &str, error: &dyn std::fmt::Display) {
        tracing::warn!(%error, "{message}");
    }

    /// A value that an enumeration does not know; said once for each.
    pub(crate) fn unknown_value(enumeration: &'static str, value: &str) {
        static SEEN: Mutex<Option<HashSet<(&'static str, String)>>> = Mutex::new(None);
        let value = excerpt(value, 100);
        let fresh = {
            let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = seen.get_or_insert_default();
            seen.len() < REMEMBERED && seen.insert((enumeration, value.clone()))
        };
        if fresh {
            tracing::warn!(
                enumeration,
                value,
                "the service sent a value that this version of funnelflux does not know; it is kept and sent back as it came"
            );
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod imp {
    use super::Summary;
    use crate::runtime::{error::Kind, operation::Target};
    use std::time::Duration;

    pub(crate) struct CallSpan;

    #[expect(clippy::unused_self, reason = "the same face as with the feature")]
    impl CallSpan {
        pub(crate) fn new(_: &Target) -> Self {
            Self
        }

        pub(crate) async fn follow<F: Future>(&self, future: F) -> F::Output {
            future.await
        }

        pub(crate) fn retry(&self, _: u32, _: &Kind, _: Duration) {}

        pub(crate) fn end(&self, _: &Summary<'_>) {}
    }

    pub(crate) fn warn(_: &str, _: &dyn std::fmt::Display) {}

    pub(crate) fn unknown_value(_: &'static str, _: &str) {}
}
