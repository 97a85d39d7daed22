//! Spans and events of the feature `tracing`, and empty stand-ins if the feature is off.

#[cfg(feature = "tracing")]
pub(crate) use imp::unknown_value;
pub(crate) use imp::{CallSpan, JobSpan, warn};

use super::error::Error;

/// Summary of a finished call.
#[cfg_attr(
    not(feature = "tracing"),
    expect(dead_code, reason = "not read without the feature")
)]
pub(crate) struct CallSummary<'a> {
    pub(crate) status: Option<http::StatusCode>,
    /// Finds the request ID. Called only if the span is enabled, because searching the headers takes time.
    pub(crate) request_id: &'a dyn Fn() -> Option<String>,
    pub(crate) attempts: u32,
    pub(crate) waited: std::time::Duration,
    pub(crate) elapsed: std::time::Duration,
    /// Error of a failed call.
    pub(crate) error: Option<&'a Error>,
}

#[cfg(feature = "tracing")]
mod imp {
    use super::CallSummary;
    use crate::runtime::{
        error::{ErrorKind, message::excerpt},
        operation::RequestTarget,
    };
    use std::{
        collections::HashSet,
        sync::{Mutex, PoisonError},
        time::Duration,
    };
    use tracing::{Instrument as _, Span, field::Empty, instrument::Instrumented};

    /// Maximum number of unknown values that are remembered. Further values are not logged.
    const MAX_REMEMBERED: usize = 1_000;

    /// Span of one bulk job; the parent of the spans of its calls.
    pub(crate) struct JobSpan(Span);

    impl JobSpan {
        /// Creates the span. `job` describes the change, and `assets` is the number of assets to change.
        pub(crate) fn new(job: &str, assets: usize) -> Self {
            Self(tracing::info_span!(
                "funnelflux.job",
                otel.name = job,
                otel.kind = "internal",
                assets,
            ))
        }

        pub(crate) fn follow<F: Future>(&self, future: F) -> Instrumented<F> {
            future.instrument(self.0.clone())
        }
    }

    /// Span of one call; the parent of the spans of its attempts.
    pub(crate) struct CallSpan(Span);

    impl CallSpan {
        pub(crate) fn new(target: &RequestTarget) -> Self {
            Self(tracing::info_span!(
                "funnelflux",
                otel.name = target.id,
                otel.kind = "internal",
                operation = target.id,
                http.request.method = %target.method,
                url.template = %target.path,
                http.response.status_code = Empty,
                error.type = Empty,
                attempts = Empty,
                wait_ms = Empty,
                duration_ms = Empty,
                request_id = Empty,
            ))
        }

        pub(crate) fn follow<F: Future>(&self, future: F) -> Instrumented<F> {
            future.instrument(self.0.clone())
        }

        /// Creates the span of an attempt. The first attempt has the number 1.
        pub(crate) fn attempt(&self, target: &RequestTarget, uri: &http::Uri, number: u32) -> AttemptSpan {
            let span = tracing::info_span!(
                parent: &self.0,
                "funnelflux.attempt",
                otel.name = format_args!("{} {}", target.method, target.path),
                otel.kind = "client",
                otel.status_code = Empty,
                http.request.method = %target.method,
                url.template = %target.path,
                server.address = uri.host(),
                server.port = uri.port_u16(),
                http.request.resend_count = Empty,
                http.response.status_code = Empty,
                error.type = Empty,
            );
            if number > 1 {
                span.record("http.request.resend_count", number - 1);
            }
            AttemptSpan(span)
        }

        pub(crate) fn retry(&self, attempts: u32, failure: &ErrorKind, wait: Duration) {
            self.0.in_scope(|| {
                tracing::info!(attempts, wait_ms = milliseconds(wait), reason = %failure, "retrying");
            });
        }

        pub(crate) fn end(&self, summary: &CallSummary<'_>) {
            let span = &self.0;
            if !span.is_disabled() {
                if let Some(status) = summary.status {
                    span.record("http.response.status_code", status.as_u16());
                }
                if let Some(error) = summary.error {
                    span.record("error.type", error.error_type());
                }
                if let Some(id) = (summary.request_id)() {
                    span.record("request_id", id);
                }
                span.record("attempts", summary.attempts);
                span.record("wait_ms", milliseconds(summary.waited));
                span.record("duration_ms", milliseconds(summary.elapsed));
            }
            let _entered = span.enter();
            match summary.error {
                // A program that checks whether an asset exists expects this status.
                Some(error) if error.is_not_found() && error.method() == Some(&http::Method::GET) => {
                    tracing::debug!(%error, "not found");
                }
                Some(error) => tracing::warn!(%error, "call failed"),
                None => tracing::debug!("call done"),
            }
        }
    }

    /// Span of one attempt, with the attributes that OpenTelemetry defines for HTTP clients.
    pub(crate) struct AttemptSpan(Span);

    impl AttemptSpan {
        /// Adds the W3C trace context of this span to the headers, unless the program has set `traceparent`.
        #[cfg(feature = "traceparent")]
        pub(crate) fn propagate(&self, headers: &mut http::HeaderMap) {
            use opentelemetry::trace::TraceContextExt as _;
            use tracing_opentelemetry::OpenTelemetrySpanExt as _;

            let context = self.0.context();
            let span = context.span();
            let span = span.span_context();
            if !span.is_valid() || headers.contains_key("traceparent") {
                return;
            }
            let (trace, id, flags) = (span.trace_id(), span.span_id(), span.trace_flags().to_u8());
            let state = span.trace_state().header();
            for (name, value) in [
                ("traceparent", format!("00-{trace}-{id}-{flags:02x}")),
                ("tracestate", state),
            ] {
                if let Ok(value) = value.parse::<http::HeaderValue>()
                    && !value.is_empty()
                {
                    headers.insert(name, value);
                }
            }
        }

        pub(crate) fn follow<F: Future>(&self, future: F) -> Instrumented<F> {
            future.instrument(self.0.clone())
        }

        /// Records the status of the response, if any, and the error of the attempt, if any.
        pub(crate) fn end(&self, status: Option<http::StatusCode>, error: Option<&ErrorKind>) {
            if let Some(status) = status {
                self.0.record("http.response.status_code", status.as_u16());
            }
            if let Some(error) = error {
                self.0.record("error.type", error.error_type());
                self.0.record("otel.status_code", "ERROR");
            }
        }
    }

    fn milliseconds(duration: Duration) -> u64 {
        u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
    }

    /// Logs a problem that does not make a call fail.
    pub(crate) fn warn(message: &str, error: &dyn std::fmt::Display) {
        tracing::warn!(%error, "{message}");
    }

    /// Logs an unknown value of an enumeration, once per value.
    pub(crate) fn unknown_value(enumeration: &'static str, value: &str) {
        static SEEN: Mutex<Option<HashSet<(&'static str, String)>>> = Mutex::new(None);
        let value = excerpt(value, 100);
        let is_new = {
            let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
            let seen = seen.get_or_insert_default();
            seen.len() < MAX_REMEMBERED && seen.insert((enumeration, value.clone()))
        };
        if is_new {
            tracing::warn!(
                enumeration,
                value,
                "the service sent a value that this version of funnelflux does not know; \
                 it is kept and sent back unchanged"
            );
        }
    }
}

#[cfg(not(feature = "tracing"))]
mod imp {
    use super::CallSummary;
    use crate::runtime::{error::ErrorKind, operation::RequestTarget};
    use std::time::Duration;

    pub(crate) struct JobSpan;

    #[expect(clippy::unused_self, reason = "same interface as with the feature")]
    impl JobSpan {
        pub(crate) fn new(_: &str, _: usize) -> Self {
            Self
        }

        pub(crate) fn follow<F: Future>(&self, future: F) -> F {
            future
        }
    }

    pub(crate) struct AttemptSpan;

    #[expect(clippy::unused_self, reason = "same interface as with the feature")]
    impl AttemptSpan {
        pub(crate) fn follow<F: Future>(&self, future: F) -> F {
            future
        }

        pub(crate) fn end(&self, _: Option<http::StatusCode>, _: Option<&ErrorKind>) {}
    }

    pub(crate) struct CallSpan;

    #[expect(clippy::unused_self, reason = "same interface as with the feature")]
    impl CallSpan {
        pub(crate) fn new(_: &RequestTarget) -> Self {
            Self
        }

        pub(crate) fn attempt(&self, _: &RequestTarget, _: &http::Uri, _: u32) -> AttemptSpan {
            AttemptSpan
        }

        pub(crate) fn follow<F: Future>(&self, future: F) -> F {
            future
        }

        pub(crate) fn retry(&self, _: u32, _: &ErrorKind, _: Duration) {}

        pub(crate) fn end(&self, _: &CallSummary<'_>) {}
    }

    pub(crate) fn warn(_: &str, _: &dyn std::fmt::Display) {}
}
