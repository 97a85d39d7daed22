//! Names of values and of parts of a document, for the sentences and paths of a report. The sentences
//! themselves are in the module `document`.

use serde_json::Value;

use funnelflux_openapi::{
    Provenance,
    pointer::{METHODS, Pointer, PointerBuf},
    text::{SENTENCE, shorten, shorten_pair},
};

use crate::node::Node;

/// Keys of Swagger 2.0 and `OpenAPI` 3.1 that normalisation replaces with a key of another name. For example,
/// a `type` with a list of types becomes a `oneOf`.
const REPLACED: [&str; 5] = ["collectionFormat", "consumes", "produces", "schemes", "type"];

/// Returns a value as JSON. Backticks are escaped, because they would end the quotation.
fn json(value: &Value) -> String {
    value.to_string().replace('`', "\\u0060")
}

pub(crate) fn quote(value: &Value) -> String {
    format!("`{}`", shorten(&json(value), SENTENCE))
}

/// Returns `was added: x`, `was removed: x` or `changed: x → y`.
pub(crate) fn before_after(sides: [Option<&Node<'_>>; 2]) -> String {
    match sides {
        [None, None] => String::new(),
        [None, Some(new)] => format!("was added: {}", quote(new.value)),
        [Some(old), None] => format!("was removed: {}", quote(old.value)),
        [Some(old), Some(new)] => {
            let (before, after) = shorten_pair(&json(old.value), &json(new.value));
            format!("changed: `{before}` → `{after}`")
        }
    }
}

/// Returns the human-readable name of a part, such as `Middleware.timeoutMs`. The name of a part of an
/// operation ends with the operation, as in "`body.name` of `POST /page`".
pub(crate) fn subject(node: &Node<'_>) -> String {
    let tokens = tokens(&node.pointer);
    let dotted = |first: &str, rest: &[String]| {
        let mut steps = vec![first.to_owned()];
        schema_steps(rest, &mut steps);
        format!("`{}`", steps.join(".").replace(".[]", "[]"))
    };
    let is_whole = |rest: &[String]| {
        let mut steps = Vec::new();
        schema_steps(rest, &mut steps);
        steps.is_empty()
    };
    let (holder, rest) = match tokens.as_slice() {
        [root, kind, _] if root == "components" && kind == "parameters" => {
            return format!("the {}", parameter_name(node));
        }
        [root, kind, name] if root == "components" && kind == "headers" => {
            return format!("the header `{name}`");
        }
        [root, kind, name] if root == "components" && kind == "requestBodies" => {
            return format!("the request body `{name}`");
        }
        [root, kind, name, rest @ ..] if root == "components" && kind == "callbacks" => (
            format!("the callback `{name}`"),
            rest.get(2..).unwrap_or_default(),
        ),
        [root, _, name, rest @ ..] if root == "components" => return dotted(name, rest),
        // The first token of `rest` is the method of the webhook.
        [root, name, rest @ ..] if root.trim_start_matches("x-") == "webhooks" => {
            (format!("the webhook `{name}`"), rest.get(1..).unwrap_or_default())
        }
        [root, path, method, rest @ ..] if root == "paths" && METHODS.contains(&method.as_str()) => {
            (format!("`{} {path}`", method.to_ascii_uppercase()), rest)
        }
        [root, path, rest @ ..] if root == "paths" => (format!("the path `{path}`"), rest),
        [] => return "the document".to_owned(),
        _ => return format!("`{}`", tokens.join(".")),
    };
    // The first two tokens of `rest` are the expression and the method of the callback.
    let (holder, rest) = match rest {
        [part, name, rest @ ..] if part == "callbacks" => (
            format!("the callback `{name}` of {holder}"),
            rest.get(2..).unwrap_or_default(),
        ),
        _ => (holder, rest),
    };
    let part = match rest {
        [part, _] if part == "parameters" => format!("the {}", parameter_name(node)),
        [part, index, rest @ ..] if part == "parameters" => {
            let identity = node.identity.tokens().nth(tokens.len() - rest.len() - 1);
            let identity = identity.map(|identity| identity.decoded().into_owned());
            match identity.as_ref().and_then(|identity| identity.split_once(':')) {
                Some((place, name)) if is_whole(rest) => format!("the {place} parameter `{name}`"),
                Some((place, name)) => dotted(&format!("{place} {name}"), rest),
                None => dotted(index, rest),
            }
        }
        [part] if part == "requestBody" => "the request body".to_owned(),
        [part, rest @ ..] if part == "requestBody" => dotted("body", rest),
        [part, status, headers, name] if part == "responses" && headers == "headers" => {
            format!("the header `{name}` of `{status}`")
        }
        [part, status, rest @ ..] if part == "responses" => dotted(status, rest),
        _ => return holder,
    };
    format!("{part} of {holder}")
}

pub(crate) fn parameter_name(node: &Node<'_>) -> String {
    // The identity of a reference to a parameter consists of the location and the name of the parameter.
    let identity = node
        .identity
        .back()
        .map(|identity| identity.decoded().into_owned());
    let (place, name) = identity
        .as_deref()
        .and_then(|identity| identity.split_once(':'))
        .unwrap_or(("unknown", "?"));
    format!(
        "{} parameter `{}`",
        node.str("in").unwrap_or(place),
        node.str("name").unwrap_or(name)
    )
}

/// Converts the tokens of a JSON pointer within a schema to steps of a path for readers, and appends them to
/// `path`. For example, `properties`, `tags`, `items` become `tags`, `[]`. `join_arrays` joins the step `[]`
/// with a name.
pub(crate) fn schema_steps(tokens: &[String], path: &mut Vec<String>) {
    let mut rest = tokens.iter();
    while let Some(token) = rest.next() {
        match token.as_str() {
            "properties" | "encoding" => path.extend(rest.next().cloned()),
            "items" => path.push("[]".to_owned()),
            "additionalProperties" => path.push("*".to_owned()),
            "headers" => path.extend(rest.next().map(|name| format!("header {name}"))),
            "allOf" | "oneOf" | "anyOf" => {
                path.extend(rest.next().map(|index| format!("{token}[{index}]")));
            }
            "content" => {
                rest.next();
            }
            "schema" => {}
            // The token is a keyword, so the path ends at the schema that contains the keyword.
            _ => break,
        }
    }
}

/// Joins each step `[]` with the name before it: `["body", "entries", "[]"]` becomes `["body", "entries[]"]`.
/// A `[]` directly after the first step is joined with the name that follows it instead:
/// `["200", "[]", "OfferSourceInfo"]` becomes `["200", "OfferSourceInfo[]"]`.
pub(crate) fn join_arrays(path: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    let mut arrays = 0_usize;
    for step in path {
        if step == "[]" {
            let is_first = joined.len() <= 1;
            match joined.last_mut() {
                Some(last) if !is_first => last.push_str("[]"),
                _ => arrays += 1,
            }
        } else {
            joined.push(format!("{step}{}", "[]".repeat(arrays)));
            arrays = 0;
        }
    }
    joined.extend(std::iter::repeat_n("[]".to_owned(), arrays));
    joined
}

/// Returns the tokens of a pointer, unescaped.
pub(crate) fn tokens(pointer: &Pointer) -> Vec<String> {
    pointer
        .tokens()
        .map(|token| token.decoded().into_owned())
        .collect()
}

/// Returns two names of the shared schema that contains the place at `pointer`: the name in the normalised
/// document (such as `q`), and the name in the source text (such as `W/$defs/q`). Returns `None` if the names
/// are equal.
pub(crate) fn source_schema(provenance: &Provenance, pointer: &Pointer) -> Option<(String, String)> {
    let schema = pointer.get(..3)?;
    let [components, schemas, name] = <[String; 3]>::try_from(tokens(schema)).ok()?;
    if components != "components" || schemas != "schemas" {
        return None;
    }
    let source = tokens(provenance.place(schema).pointer());
    let inside = match source.as_slice() {
        [components, schemas, inside @ ..] if components == "components" && schemas == "schemas" => inside,
        [definitions, inside @ ..] if definitions == "definitions" => inside,
        _ => return None,
    };
    let source = inside.join("/");
    (!source.is_empty() && source != name).then_some((name, source))
}

/// Checks whether an alternative of a `oneOf` stands for one type of a list of types. Normalisation rewrites
/// such a list as a `oneOf`.
fn is_listed_type(provenance: &Provenance, alternative: &Pointer) -> bool {
    let list = alternative
        .parent()
        .filter(|list| list.last().is_some_and(|key| key.encoded() == "oneOf"));
    let schema = list.and_then(Pointer::parent);
    schema.is_some_and(|schema| provenance.place(alternative).pointer() == provenance.place(schema).pointer())
}

/// Removes the tokens (such as `/oneOf/0`) of alternatives that stand for a type of a list of types.
pub(crate) fn without_listed_types(provenance: &Provenance, pointer: &Pointer) -> PointerBuf {
    let mut short = PointerBuf::new();
    for (depth, token) in pointer.tokens().enumerate() {
        if pointer
            .get(..=depth)
            .is_some_and(|place| is_listed_type(provenance, place))
        {
            short.pop_back();
        } else {
            short.push_back(token);
        }
    }
    short
}

/// Replaces the names in a sentence with the names that the source text uses. The sentence is about the part
/// at `pointer`, which is at `source` in the source text.
pub(crate) fn source_sentence(
    what: String,
    provenance: &Provenance,
    pointer: &Pointer,
    source: &Pointer,
) -> String {
    let mut what = what;
    if let Some((name, source)) = source_schema(provenance, pointer) {
        for end in ["`", "."] {
            what = what.replace(&format!("`{name}{end}"), &format!("`{source}{end}"));
        }
    }
    if pointer != source {
        what = what.replace(&format!("`{pointer}`"), &format!("`{source}`"));
    }
    let places = std::iter::successors(Some(pointer), |place| place.parent());
    for alternative in places.filter(|place| is_listed_type(provenance, place)) {
        let index = alternative
            .last()
            .map(|index| index.encoded().to_owned())
            .unwrap_or_default();
        what = what.replacen(&format!(".oneOf[{index}]"), "", 1);
    }
    let last = |pointer: &Pointer| pointer.last().map(|token| token.decoded().into_owned());
    if let (Some(key), Some(written)) = (last(pointer), last(source))
        && key != written
        && REPLACED.contains(&written.as_str())
        && let Some(rest) = what.strip_prefix(&format!("`{key}`"))
    {
        what = format!("`{written}`, read as `{key}`,{rest}");
    }
    what
}
