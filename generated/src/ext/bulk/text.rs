//! Text that plans and reports share.

use std::fmt::{Formatter, Result};

/// Number of lines per section.
const MAX_LINES: usize = 5;

/// Writes the counts other than zero, each after a comma.
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

/// Writes a section with the lines of its first items; nothing if it is empty.
pub(super) fn write_section<T>(
    formatter: &mut Formatter<'_>,
    name: &str,
    items: impl Iterator<Item = T>,
    line: impl Fn(T) -> String,
) -> Result {
    let mut items = items.peekable();
    if items.peek().is_none() {
        return Ok(());
    }
    write!(formatter, "\n{name}:")?;
    for item in items.by_ref().take(MAX_LINES) {
        write!(formatter, "\n  {}", line(item))?;
    }
    match items.count() {
        0 => Ok(()),
        more => write!(formatter, "\n  and {more} more"),
    }
}
