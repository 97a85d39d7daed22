//! The text of errors: one human-readable line.

use super::{Error, ErrorKind, TimeLimit, message};
use std::{fmt, time::Duration};

/// Maximum number of characters that a decoding error quotes from the body.
const QUOTED_CHARACTERS: usize = 100;

/// Implements `Debug` with the text of `Display`, because `main` and `unwrap` print errors with `Debug`.
macro_rules! debug_as_display {
    ($error:ty $(, $($generics:tt)+)?) => {
        impl $(<$($generics)+>)? ::std::fmt::Debug for $error {
            fn fmt(&self, formatter: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(self, formatter)
            }
        }
    };
}

pub(crate) use debug_as_display;

debug_as_display!(Error);

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(target) = &inner.target {
            write!(formatter, "{target}: ")?;
        }
        write!(formatter, "{}", inner.kind)?;
        let mut remarks = Vec::from_iter(attempts(inner.stats.attempts, inner.stats.elapsed));
        remarks.extend(inner.note.clone());
        if let Some(wait) = self.retry_after() {
            remarks.push(format!("the service asks to wait {}", seconds(wait)));
        }
        if self.may_have_been_applied() {
            remarks.push(match self.asset_id() {
                Some(id) => format!("it may have been applied, under the ID {id}"),
                None => "it may have been applied".to_owned(),
            });
        }
        if let Some(id) = self.request_id() {
            remarks.push(format!("request ID {id}"));
        }
        if !remarks.is_empty() {
            write!(formatter, " ({})", remarks.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(message) | Self::Argument(message) => formatter.write_str(message),
            Self::Encode(error) => {
                write!(
                    formatter,
                    "the request body cannot be serialised as JSON: {error}"
                )
            }
            Self::Transport(error) => write!(formatter, "{error}"),
            Self::Timeout { limit, after } => match limit {
                TimeLimit::Attempt => write!(
                    formatter,
                    "no complete response within {}, the time limit of one attempt",
                    seconds(*after)
                ),
                TimeLimit::Call => write!(
                    formatter,
                    "not finished within {}, the time limit of the call",
                    seconds(*after)
                ),
            },
            Self::TooLarge { status, limit } => write!(
                formatter,
                "the response ({}) is larger than {limit} bytes, the limit set by \
                 ClientBuilder::max_response_bytes",
                status.as_u16()
            ),
            Self::Status(response) => {
                write!(formatter, "{}", DisplayStatus(response.status))?;
                if let Some(location) = &response.location
                    && response.status.is_redirection()
                {
                    return write!(
                        formatter,
                        ": redirects to {location}, and redirects are not followed; check the base URL"
                    );
                }
                match &response.message {
                    Some(message) => write!(formatter, ": {message}"),
                    None => formatter.write_str(", without a message in the body"),
                }
            }
            Self::Page(response) => {
                write!(
                    formatter,
                    "expected JSON, but the response is an HTML page ({})",
                    DisplayStatus(response.status)
                )?;
                if let Some(message) = &response.message {
                    write!(formatter, ": {message}")?;
                }
                formatter.write_str("; probably a login or maintenance page, or a wrong base URL")
            }
            Self::Decode {
                response,
                path,
                reason,
                ..
            } => {
                let status = DisplayStatus(response.status);
                if let Some(error) = message::reported_error(&response.body) {
                    return write!(
                        formatter,
                        "the response ({status}) reports an error: {}",
                        message::excerpt(&error.text, message::MESSAGE_CHARACTERS)
                    );
                }
                write!(formatter, "the response ({status}) does not decode")?;
                // The path and the reason quote the response, so they may be long or contain line breaks.
                let (path, reason) = (message::excerpt(path, 300), message::excerpt(reason, 500));
                match path.as_str() {
                    "." => write!(formatter, ": {reason}")?,
                    path => write!(formatter, " at {path}: {reason}")?,
                }
                let begin = response
                    .body
                    .get(..4 * QUOTED_CHARACTERS)
                    .unwrap_or(&response.body);
                match message::excerpt(&String::from_utf8_lossy(begin), QUOTED_CHARACTERS).as_str() {
                    "" => Ok(()),
                    begin => write!(formatter, "; the body begins with {begin}"),
                }
            }
            Self::TokenReplaced => {
                formatter.write_str("the service rejected the access token, and then renewed or confirmed it")
            }
            Self::Login { reason, cause } => {
                formatter.write_str(reason)?;
                if let Some(cause) = cause {
                    write!(formatter, ": {cause}")?;
                }
                if self.is_transient() {
                    return Ok(());
                }
                formatter
                    .write_str("; log in to FunnelFlux and create new tokens under settings → API access")
            }
        }
    }
}

/// Shows a status with its standard name, if any.
struct DisplayStatus(http::StatusCode);

impl fmt::Display for DisplayStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.canonical_reason() {
            Some(reason) => write!(formatter, "{} {reason}", self.0.as_u16()),
            None => write!(formatter, "{}", self.0.as_u16()),
        }
    }
}

/// Removes the parts of an error text that differ between errors with the same cause: the remark of the
/// function `attempts`, other durations, and the request ID. Also removes the punctuation around the remarks.
pub(crate) fn without_attempts(text: &str) -> String {
    let is_number = |word: &str| word.parse::<f64>().is_ok();
    let words = text.split_whitespace();
    let words = words.map(|word| word.trim_matches(['(', ')', ',', ';']));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut kept = Vec::new();
    let mut rest = words.as_slice();
    while let [first, after @ ..] = rest {
        rest = match rest {
            [count, "attempt" | "attempts", "in", after @ ..] if is_number(count) => after,
            [duration, "ms" | "s" | "h", after @ ..] if is_number(duration) => after,
            ["request", "ID", _, after @ ..] => after,
            _ => {
                kept.push(*first);
                after
            }
        };
    }
    kept.join(" ")
}

/// Returns the remark about the attempts of a call. Returns `None` if there was no attempt, or only one that
/// took less than a second.
fn attempts(attempts: u32, elapsed: Duration) -> Option<String> {
    match attempts {
        0 => None,
        1 if elapsed < Duration::from_secs(1) => None,
        1 => Some(format!("1 attempt in {}", seconds(elapsed))),
        attempts => Some(format!("{attempts} attempts in {}", seconds(elapsed))),
    }
}

/// Formats a duration for human readers.
pub(crate) fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else if duration < Duration::from_mins(1) && duration.subsec_millis() >= 50 {
        format!("{:.1} s", duration.as_secs_f64())
    } else if duration < Duration::from_hours(2) {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} h", duration.as_secs() / 3_600)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_about_attempts_are_removed() {
        for count in [1, 2, 100] {
            for milliseconds in [0, 967, 1_000, 4_200, 60_000, 7_200_000, u64::MAX] {
                let remark = attempts(count, Duration::from_millis(milliseconds)).unwrap_or_default();
                let text = format!("2 of 3 failed ({remark}, request ID 81af); look");
                assert_eq!(without_attempts(&text), "2 of 3 failed look", "{text}");
            }
        }
    }
}
