//! Removes parts from the text of an overlay. In YAML, the rest keeps its comments, order and layout. JSON is
//! reformatted.

use std::collections::BTreeSet;

use serde_json::Value;

use funnelflux_openapi::{
    Document, Source,
    pointer::{Pointer, PointerBuf},
    read,
};

use super::edit::remove;

/// Text of an overlay from which parts were removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trimmed {
    /// Nothing is left.
    Empty,
    /// The remaining text.
    Text(String),
}

/// Removes `parts` from the text of `overlay`. Returns `None` if a part of a YAML text shares a line with
/// other parts, as in `{a: 1, b: 2}`, or if the removal would change the rest. A comment directly above a
/// part is removed together with the part.
pub fn trim(source: Source<'_>, overlay: &Document, parts: &BTreeSet<PointerBuf>) -> Option<Trimmed> {
    if parts.contains(Pointer::root()) {
        return Some(Trimmed::Empty);
    }
    let outermost: Vec<PointerBuf> = parts
        .iter()
        .filter(|part| !is_inside(part, parts))
        .cloned()
        .collect();
    let (mut value, mut provenance) = overlay.clone().into_parts();
    remove(&mut value, &mut provenance, &outermost);
    let text = if serde_json::from_str::<serde::de::IgnoredAny>(source.text).is_ok() {
        format!("{value:#}\n")
    } else {
        let lines = source.text.split_inclusive('\n').map(|line| (line, false));
        let mut lines = Lines(lines.collect());
        for part in &outermost {
            lines.remove(overlay, part)?;
        }
        lines.rest()
    };
    // Editing the text line by line could change its meaning, so the result is parsed and compared.
    let rest = read::parse(Source {
        text: &text,
        ..source
    })
    .ok()?;
    (*rest.value() == value).then_some(Trimmed::Text(text))
}

fn is_inside(part: &Pointer, parts: &BTreeSet<PointerBuf>) -> bool {
    let mut parents = std::iter::successors(part.parent(), |parent| parent.parent());
    parents.any(|parent| parts.contains(parent))
}

/// Lines of a YAML text. Each line has a flag that is true if the line is to be removed.
struct Lines<'a>(Vec<(&'a str, bool)>);

impl Lines<'_> {
    /// Marks the lines of a part for removal. Returns `None` if the part shares a line with other parts.
    fn remove(&mut self, overlay: &Document, part: &Pointer) -> Option<()> {
        let (parent, name) = part.split_back()?;
        let is_item = overlay.get(parent).is_some_and(Value::is_array);
        let first = overlay.locate(part).line.checked_sub(1)?;
        let (line, _) = *self.0.get(first)?;
        let (start, depth) = (line.trim_start(), indentation(line));
        let key = start.trim_start_matches(['"', '\'']);
        let is_start = if is_item {
            is_item_start(start)
        } else {
            key.starts_with(&*name.decoded())
        };
        if !is_start {
            return None;
        }
        // The items of a list may have the same indentation as the key of the list.
        let is_own_item =
            |line: &str| !is_item && indentation(line) == depth && is_item_start(line.trim_start());
        let is_inside = |line: &str| indentation(line) > depth || is_own_item(line);
        let after = self.0.iter().enumerate().skip(first + 1);
        let inside = after.take_while(|(_, (line, _))| is_blank(line) || is_inside(line));
        let last = inside.filter(|(_, (line, _))| !is_blank(line)).last();
        let end = last.map_or(first, |(last, _)| last) + 1;
        let is_own_comment = |line: &str| line.trim_start().starts_with('#') && indentation(line) == depth;
        let comments = self.0.get(..first)?.iter().rev();
        let comments = comments.take_while(|(line, _)| is_own_comment(line)).count();
        for (_, goes) in self.0.get_mut(first - comments..end)? {
            *goes = true;
        }
        Some(())
    }

    /// Joins the remaining lines. A blank line after a removed part is kept only if it separates two
    /// remaining lines.
    fn rest(self) -> String {
        let mut text = String::new();
        let mut is_after_gap = false;
        for (line, goes) in self.0 {
            let separates = !(text.is_empty() || text.ends_with("\n\n") || text.ends_with(":\n"));
            if goes {
                is_after_gap = true;
            } else if !is_after_gap || !is_blank(line) || separates {
                is_after_gap = false;
                text.push_str(line);
            }
        }
        format!("{}\n", text.trim_end())
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_blank(line: &str) -> bool {
    line.trim().is_empty()
}

fn is_item_start(start: &str) -> bool {
    start.starts_with("- ") || start.trim_end() == "-"
}

#[cfg(test)]
mod tests;
