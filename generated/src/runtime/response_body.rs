//! Reading of response bodies.

use super::{
    attempt_loop::later,
    error::{ErrorKind, response_snapshot},
    transport::{ResponseBody, TransportError, TransportErrorKind},
};
use bytes::Bytes;
use http::StatusCode;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Maximum time for reading the body of an error response.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a whole body of at most `limit` bytes. If the status is not a success, reads only the beginning of
/// the body, which is all that an error keeps.
pub(super) async fn read_body(
    status: StatusCode,
    mut chunks: ResponseBody,
    limit: usize,
    attempt_timeout: Duration,
) -> Result<Bytes, ErrorKind> {
    // Most bodies arrive in one chunk, which needs no copy.
    let (mut first, mut joined) = (Bytes::new(), Vec::new());
    let mut length = 0;
    // An error status is reported even if the body of the response never ends.
    let patience = ERROR_BODY_TIMEOUT.min(attempt_timeout / 2);
    let patience = (!status.is_success()).then(|| later(Instant::now(), patience));
    loop {
        let chunk = match patience {
            None => chunks.next().await,
            Some(end) => timeout_at(end, chunks.next()).await.unwrap_or(None),
        };
        let Some(chunk) = chunk else {
            break;
        };
        match (chunk, status.is_success()) {
            (Ok(chunk), true) if length + chunk.len() > limit => {
                return Err(ErrorKind::TooLarge { status, limit });
            }
            (Ok(chunk), _) => {
                if length == 0 {
                    first = chunk;
                } else {
                    if joined.is_empty() {
                        joined.extend_from_slice(&first);
                    }
                    joined.extend_from_slice(&chunk);
                }
                length = joined.len().max(first.len());
            }
            (Err(error), true) => return Err(interrupted(error)),
            // An error status is reported even if the body of the response is incomplete.
            (Err(_), false) => break,
        }
        if !status.is_success() && length >= response_snapshot::BODY_BYTES {
            break;
        }
    }
    Ok(if joined.is_empty() { first } else { joined.into() })
}

/// Sets the kind of an error to `Interrupted`. The error occurred while the response body was read, so the
/// service has received the request.
fn interrupted(error: TransportError) -> ErrorKind {
    ErrorKind::Transport(match error.kind() {
        TransportErrorKind::Interrupted => error,
        _ => TransportError::new(TransportErrorKind::Interrupted, error),
    })
}
