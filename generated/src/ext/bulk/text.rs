//! Formatting functions for the texts of plans and reports.

use super::outcome::{Failure, Reason};
use super::stop::{STOPPED, cause_of_stop};
use crate::runtime::error::without_attempts;
use std::collections::HashMap;
use std::fmt::{Display, Formatter, Result};

/// Maximum number of lines per section.
const MAX_LINES: usize = 5;
/// Maximum number of IDs that are shown for one failure.
const MAX_IDS: usize = 3;

/// Writes the counts that are not zero, each as a comma, the count and the name of the count.
pub(super) fn write_counts<const N: usize>(
    formatter: &mut Formatter<'_>,
    counts: [(usize, &str); N],
) -> Result {
    for (count, name) in counts {
        if count > 0 {
            write!(formatter, ", {count} {name}")?;
        }
    }
    Ok(())
}

/// Writes the line about IDs that were given more than once.
pub(super) fn write_repeated(formatter: &mut Formatter<'_>, count: usize) -> Result {
    match count {
        0 => Ok(()),
        1 => formatter.write_str("\n  1 ID was given more than once and counts once"),
        count => write!(
            formatter,
            "\n  {count} IDs were given more than once and count once"
        ),
    }
}

/// Writes a section. Each distinct failure gets a line with the IDs that have this failure. IDs without a
/// failure get a line each. Writes nothing if there are no items.
pub(super) fn write_section<'e, I: Display + 'e>(
    formatter: &mut Formatter<'_>,
    name: &str,
    items: impl Iterator<Item = (&'e I, Option<&'e Failure>)>,
) -> Result {
    let mut groups: Vec<(Option<String>, Vec<&I>, usize)> = Vec::new();
    let mut indices: HashMap<Option<String>, usize> = HashMap::new();
    for (id, failure) in items {
        // Failures that differ only in the number of attempts or in the ID have the same cause.
        let cause = failure.map(|failure| cause(failure.message(), &id.to_string()));
        let index = *indices.entry(cause).or_insert_with(|| {
            groups.push((failure.map(ToString::to_string), Vec::new(), 0));
            groups.len() - 1
        });
        if let Some((message, ids, count)) = groups.get_mut(index) {
            *count += 1;
            // Prefers a message that says that the job stopped, because it also names the cause.
            if let (Some(message), Some(failure)) = (message, failure)
                && failure.reason() == Reason::Stopped
                && !message.starts_with(STOPPED)
            {
                *message = failure.to_string();
            }
            if ids.len() < if failure.is_some() { MAX_IDS } else { MAX_LINES } {
                ids.push(id);
            }
        }
    }
    if groups.is_empty() {
        return Ok(());
    }
    write!(formatter, "\n{name}:")?;
    let hidden: usize = groups.iter().skip(MAX_LINES).map(|(_, _, count)| count).sum();
    for (message, ids, count) in groups.into_iter().take(MAX_LINES) {
        let shown = ids.len();
        let separator = if message.is_some() { ", " } else { "\n  " };
        let ids: Vec<String> = ids.into_iter().map(ToString::to_string).collect();
        write!(formatter, "\n  {}", ids.join(separator))?;
        match (count - shown, &message) {
            (0, _) => {}
            (more, Some(_)) => write!(formatter, " and {more} more")?,
            (more, None) => write!(formatter, "\n  and {more} more")?,
        }
        if let Some(message) = message {
            write!(formatter, ": {message}")?;
        }
    }
    match hidden {
        0 => Ok(()),
        more => write!(formatter, "\n  and {more} more"),
    }
}

/// Reduces a message to its cause. Removes the ID of the asset, the attempts, durations, and the request ID.
fn cause(message: &str, id: &str) -> String {
    without_attempts(&cause_of_stop(message).replace(id, ""))
}

#[cfg(test)]
mod tests {
    use super::cause;

    #[test]
    fn causes_do_not_differ_in_attempts() {
        let first = cause("no answer for a1 (1 attempt in 967 ms)", "a1");
        assert_eq!(first, cause("no answer for b2 (5 attempts in 4.2 s)", "b2"));
        assert_eq!(first, cause("no answer for c3", "c3"));
        assert_ne!(first, cause("no connection for a1 (1 attempt in 967 ms)", "a1"));
        // Other numbers are kept, because messages of the service and notes about copies may differ only in a
        // number.
        let name = |number| cause(&format!("no answer (request ID 7f); no asset {number}"), "a1");
        assert_ne!(name(1), name(2));
    }
}
