//! Words for values and for parts of a document.

use serde_json::Value;

use funnelflux_openapi::pointer::METHODS;

use crate::{
    node::Node,
    steps::{schema_steps, tokens},
};

/// Most characters of a value in a sentence.
const MOST: usize = 160;

/// Most characters of the difference between two values: nobody can judge what they cannot read.
const MOST_DIFFERENT: usize = 1_200;

/// Characters shown before and after the difference between two values.
const AROUND: usize = 60;

fn shorten(value: &str, most: usize) -> String {
    match value.char_indices().nth(most) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
    }
}

/// Shortens two values for a sentence, keeping the difference up to [`MOST_DIFFERENT`].
pub(crate) fn shorten_both(before: &str, after: &str) -> (String, String) {
    let is_short = |text: &str| text.chars().count() <= MOST;
    if is_short(before) && is_short(after) {
        return (before.to_owned(), after.to_owned());
    }
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start = before.chars().zip(after.chars()).take_while(same).count();
    let rest = before.chars().count().min(after.chars().count()) - start;
    let ends = before.chars().rev().zip(after.chars().rev());
    let end = ends.take(rest).take_while(same).count();
    let cut = |text: &str| {
        let count = text.chars().count();
        let from = if start > AROUND + 20 { start - AROUND } else { 0 };
        let to = if end > AROUND + 20 {
            count - end + AROUND
        } else {
            count
        };
        let middle: String = text.chars().skip(from).take(to.saturating_sub(from)).collect();
        let [before, after] = [from > 0, to < count].map(|is_cut| if is_cut { "…" } else { "" });
        format!("{before}{}{after}", shorten(&middle, MOST_DIFFERENT))
    };
    (cut(before), cut(after))
}

/// A value as JSON, without characters that end the quotation.
fn json(value: &Value) -> String {
    value.to_string().replace('`', "\\u0060")
}

pub(crate) fn quote(value: &Value) -> String {
    format!("`{}`", shorten(&json(value), MOST))
}

/// `was added: x`, `was removed: x` or `changed: x → y`.
pub(crate) fn before_after(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> String {
    match (old, new) {
        (None, None) => String::new(),
        (None, Some(new)) => format!("was added: {}", quote(new.value)),
        (Some(old), None) => format!("was removed: {}", quote(old.value)),
        (Some(old), Some(new)) => {
            let (before, after) = shorten_both(&json(old.value), &json(new.value));
            format!("changed: `{before}` → `{after}`")
        }
    }
}

/// The name of a part for a person: `Middleware.timeoutMs`, or `body.name` of an operation.
pub(crate) fn subject(node: &Node<'_>) -> String {
    let tokens = tokens(&node.pointer);
    let dotted = |first: &str, rest: &[String]| {
        let mut steps = vec![first.to_owned()];
        schema_steps(rest, &mut steps);
        format!("`{}`", steps.join(".").replace(".[]", "[]"))
    };
    match tokens.as_slice() {
        [root, kind, _] if root == "components" && kind == "parameters" => {
            format!("the {}", parameter_name(node))
        }
        [root, _, name, rest @ ..] if root == "components" => dotted(name, rest),
        [root, path, method, rest @ ..] if root == "paths" && METHODS.contains(&method.as_str()) => {
            let operation = format!("`{} {path}`", method.to_ascii_uppercase());
            let part = match rest {
                [part, _] if part == "parameters" => format!("the {}", parameter_name(node)),
                [part, _, rest @ ..] if part == "parameters" => dotted("parameter", rest),
                [part, rest @ ..] if part == "requestBody" => dotted("body", rest),
                [part, status, rest @ ..] if part == "responses" => dotted(status, rest),
                _ => return operation,
            };
            format!("{part} of {operation}")
        }
        [root, path] if root == "paths" => format!("the path `{path}`"),
        [root, path, part, _, rest @ ..] if root == "paths" && part == "parameters" => {
            let part = match rest {
                [] => format!("the {}", parameter_name(node)),
                _ => dotted("parameter", rest),
            };
            format!("{part} of the path `{path}`")
        }
        [] => "the document".to_owned(),
        _ => format!("`{}`", tokens.join(".")),
    }
}

pub(crate) fn parameter_name(node: &Node<'_>) -> String {
    let text = |key| node.str(key);
    format!(
        "{} parameter `{}`",
        text("in").unwrap_or("unknown"),
        text("name").unwrap_or("?")
    )
}
