//! What an error says about what the service did.

use crate::Error;
use http::StatusCode;
use std::time::Duration;

/// The longest rest that a job waits for; the same as what a client waits for unless it is told otherwise.
const LONGEST_REST: Duration = Duration::from_mins(1);

/// What an error says about what the service did with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The credentials are refused: no request will do better.
    Unauthorized,
    /// The service did not look at it.
    TurnedAway,
    /// The service looked at it and refused it, or a part of it.
    Refused,
    /// Nobody knows.
    Ambiguous,
}

/// Reads an error.
pub(crate) fn verdict(error: &Error) -> Verdict {
    let status = error.status();
    let busy = [
        StatusCode::UNAUTHORIZED,
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    let refused = status.is_some_and(|status| status.is_client_error() && !busy.contains(&status));
    if refused && !error.is_unauthorized() {
        Verdict::Refused
    } else if error.may_have_been_applied() {
        // An earlier try may have been applied, whatever the last answer was.
        Verdict::Ambiguous
    } else if error.is_unauthorized() {
        Verdict::Unauthorized
    } else {
        Verdict::TurnedAway
    }
}

/// How long the service asks to be left alone. Only two statuses give `Retry-After` that meaning.
pub(crate) fn rest(error: &Error) -> Option<Duration> {
    let busy = [StatusCode::TOO_MANY_REQUESTS, StatusCode::SERVICE_UNAVAILABLE];
    error
        .retry_after()
        .filter(|_| error.status().is_some_and(|status| busy.contains(&status)))
}

/// Whether it asks for a longer rest than a job waits: then the job sends nothing more, since accounts that hammer on are suspended.
pub(crate) fn wants_rest(error: &Error) -> bool {
    rest(error).is_some_and(|rest| rest > LONGEST_REST)
}
