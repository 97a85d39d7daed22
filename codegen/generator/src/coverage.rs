//! `spec/COVERAGE.md`: every operation with what is known of it, in the order of the vendor's index.
//!
//! Evidence is inherited: what says nothing of its own rests on what its operation rests on, and what is in no overlay
//! is the vendor's page.

use std::fmt::Write as _;

use serde_json::Value;

use crate::naming;
use funnelflux_openapi::pointer::METHODS;
use funnelflux_openapi::text::counted;

/// What the table is called in the lock and in messages.
pub const COVERAGE: &str = "spec/COVERAGE.md";

/// The groups in the order of the vendor's index; any other comes after them.
const INDEX: &[&str] = &[
    "Traffic Sources",
    "Offer Sources",
    "Funnel Groups",
    "Funnels",
    "Conditions",
    "Logic Scripts",
    "Visitor Tags",
    "Page Groups",
    "Pages",
    "Categories",
    "User",
    "Integration",
    "AI Node Settings",
    "Webhook Configs",
    "Middleware Configs",
];

/// What is known of a part of an operation, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// There is nothing to know.
    Nothing,
    Page,
    Docs,
    Help,
    Sibling,
    Pattern,
    /// Not even the pattern says what it looks like: an open object.
    Unknown,
}

impl Known {
    const ALL: [Self; 7] = [
        Self::Nothing,
        Self::Page,
        Self::Docs,
        Self::Help,
        Self::Sibling,
        Self::Pattern,
        Self::Unknown,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::Nothing => "–",
            Self::Page => "page",
            Self::Docs => "docs",
            Self::Help => "help",
            Self::Sibling => "sibling",
            Self::Pattern => "pattern",
            Self::Unknown => "unknown",
        }
    }

    /// What a part of the document says of itself. A kind that nobody knows claims nothing.
    fn of(part: &Value) -> Option<Self> {
        let kind = part.pointer("/x-evidence/kind")?.as_str()?;
        let known = Self::ALL.into_iter().find(|known| known.word() == kind);
        Some(known.unwrap_or(Self::Unknown))
    }
}

struct Row {
    place: usize,
    tag: String,
    title: String,
    method: String,
    path: String,
    name: String,
    path_known: Known,
    parameters: Known,
    body: Known,
    response: Known,
    /// Whether our fake does what the operation does, or only answers it.
    simulated: bool,
}

/// The text of the table, from the effective document.
#[must_use]
pub fn coverage(document: &Value) -> String {
    let mut rows = rows(document);
    rows.sort_by_key(|row| row.place);
    let mut text = String::from(HEAD);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}\n", census(&rows));
    text.push_str(
        "| # | group | title | method | path | Rust | path rests on | parameters | body | response | fake |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (number, row) in rows.iter().enumerate() {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | `{}` | `{}` | {} | {} | {} | {} | {} |",
            number + 1,
            cell(&row.tag),
            cell(&row.title),
            row.method,
            row.path,
            row.name,
            row.path_known.word(),
            row.parameters.word(),
            row.body.word(),
            row.response.word(),
            if row.simulated { "yes" } else { "answers" }
        );
    }
    text
}

const HEAD: &str = "\
# What is known of each operation

Written by `cargo xtask generate` from `effective.json`, held true by `cargo xtask check`.

| word | rests on |
|---|---|
| page | the vendor's complete page of the group; of the fourteen other groups only the title and the method are in its index |
| docs | another page of the documentation, often shortened: names and meanings, but no types or required marks |
| help | the help centre |
| sibling | inferred from a similar operation or field |
| pattern | inferred from the pattern that the documented group follows |
| unknown | nothing; the type is an open object |
| – | there is none |

A response or body is as well known as the names of its fields; each field says in its own documentation on what it rests.
`fake` is whether the fake service in `tests/fake` does what the operation is said to do (`yes`), or answers valid requests
without doing anything, because nobody says what it does with what (`answers`).

";

fn census(rows: &[Row]) -> String {
    let known: Vec<String> = Known::ALL
        .into_iter()
        .filter_map(|known| {
            let count = rows.iter().filter(|row| row.path_known == known).count();
            (count > 0).then(|| format!("{count} by {}", known.word()))
        })
        .collect();
    format!(
        "{}; their paths are known {}.",
        counted(rows.len(), "operation"),
        known.join(", ")
    )
}

/// A cell may hold no sign that ends it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn rows(document: &Value) -> Vec<Row> {
    let paths = document.get("paths").and_then(Value::as_object);
    let mut rows = Vec::new();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) {
                rows.push(row(document, path, item, method, operation));
            }
        }
    }
    rows
}

fn row(document: &Value, path: &str, item: &Value, method: &str, operation: &Value) -> Row {
    let text = |pointer: &str| {
        let text = operation.pointer(pointer).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let method = method.to_ascii_uppercase();
    let tag = text("/tags/0");
    let own = Known::of(operation).unwrap_or(Known::Page);
    let parameters = [item, operation]
        .into_iter()
        .filter_map(|holder| holder.get("parameters")?.as_array())
        .flatten()
        .map(|parameter| Known::of(resolved(document, parameter)).unwrap_or(own))
        .max()
        .unwrap_or(Known::Nothing);
    let body = operation.get("requestBody").map_or(Known::Nothing, |body| {
        content(document, body, Known::of(body).unwrap_or(own))
    });
    let response = operation
        .get("responses")
        .and_then(Value::as_object)
        .and_then(|responses| {
            responses
                .iter()
                .find(|(status, _)| status.starts_with('2'))
                .map(|(_, response)| content(document, response, own))
        })
        .unwrap_or(own);
    let has_id = naming::resource_of_path(path).is_some_and(|resource| !resource.id.is_empty());
    Row {
        place: INDEX
            .iter()
            .position(|other| *other == tag)
            .unwrap_or(INDEX.len()),
        tag,
        title: text("/summary"),
        name: naming::operation(&method, path).id,
        method,
        path: path.to_owned(),
        path_known: Known::of(item).unwrap_or(own),
        parameters,
        body,
        response,
        simulated: has_id && body != Known::Unknown && response != Known::Unknown,
    }
}

/// What is known of the JSON that a body or a response carries. The evidence of a response itself is for its status; that
/// of what it carries is at its media type.
fn content(document: &Value, holder: &Value, own: Known) -> Known {
    let holder = resolved(document, holder);
    let media = holder
        .get("content")
        .and_then(Value::as_object)
        .and_then(|content| content.values().next());
    let Some(media) = media else {
        return own;
    };
    if media
        .get("schema")
        .is_some_and(|schema| is_open(document, schema))
    {
        return Known::Unknown;
    }
    Known::of(media).unwrap_or(own)
}

/// An object of which only is known that it is one, or a list of such.
fn is_open(document: &Value, schema: &Value) -> bool {
    let schema = resolved(document, schema);
    match schema.get("items") {
        Some(items) => is_open(document, items),
        None => {
            schema.get("type").and_then(Value::as_str) == Some("object") && schema.get("properties").is_none()
        }
    }
}

/// What a value stands for, if it is a reference.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    value
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| document.pointer(reference.strip_prefix('#')?))
        .unwrap_or(value)
}
