//! Names of values and of parts of a document, as sentences of changes contain them. The sentences themselves
//! are in `document`.

use serde_json::Value;

use funnelflux_openapi::{
    pointer::METHODS,
    text::{SENTENCE, shorten, shorten_pair},
};

use crate::{
    node::Node,
    steps::{schema_steps, tokens},
};

/// A value as JSON, without backticks, which would end the quotation.
fn json(value: &Value) -> String {
    value.to_string().replace('`', "\\u0060")
}

pub(crate) fn quote(value: &Value) -> String {
    format!("`{}`", shorten(&json(value), SENTENCE))
}

/// `was added: x`, `was removed: x` or `changed: x → y`.
pub(crate) fn before_after(old: Option<&Node<'_>>, new: Option<&Node<'_>>) -> String {
    match (old, new) {
        (None, None) => String::new(),
        (None, Some(new)) => format!("was added: {}", quote(new.value)),
        (Some(old), None) => format!("was removed: {}", quote(old.value)),
        (Some(old), Some(new)) => {
            let (before, after) = shorten_pair(&json(old.value), &json(new.value));
            format!("changed: `{before}` → `{after}`")
        }
    }
}

/// Human-readable name of a part: `Middleware.timeoutMs`, or `body.name` of an operation.
pub(crate) fn subject(node: &Node<'_>) -> String {
    let tokens = tokens(&node.pointer);
    let dotted = |first: &str, rest: &[String]| {
        let mut steps = vec![first.to_owned()];
        schema_steps(rest, &mut steps);
        format!("`{}`", steps.join(".").replace(".[]", "[]"))
    };
    let (holder, rest) = match tokens.as_slice() {
        [root, kind, _] if root == "components" && kind == "parameters" => {
            return format!("the {}", parameter_name(node));
        }
        [root, _, name, rest @ ..] if root == "components" => return dotted(name, rest),
        [root, path, method, rest @ ..] if root == "paths" && METHODS.contains(&method.as_str()) => {
            (format!("`{} {path}`", method.to_ascii_uppercase()), rest)
        }
        [root, path, rest @ ..] if root == "paths" => (format!("the path `{path}`"), rest),
        [] => return "the document".to_owned(),
        _ => return format!("`{}`", tokens.join(".")),
    };
    let part = match rest {
        [part, _] if part == "parameters" => format!("the {}", parameter_name(node)),
        [part, _, rest @ ..] if part == "parameters" => dotted("parameter", rest),
        [part, rest @ ..] if part == "requestBody" => dotted("body", rest),
        [part, status, rest @ ..] if part == "responses" => dotted(status, rest),
        _ => return holder,
    };
    format!("{part} of {holder}")
}

pub(crate) fn parameter_name(node: &Node<'_>) -> String {
    let text = |key| node.str(key);
    format!(
        "{} parameter `{}`",
        text("in").unwrap_or("unknown"),
        text("name").unwrap_or("?")
    )
}
