//! Renders the coverage table, which states the evidence for every operation. The operations are grouped by
//! tag, in the order of the document.
//!
//! A path, parameter, body or response that states no evidence has the evidence of its operation. An
//! operation that states no evidence is documented on the vendor's page.

use std::{fmt::Write as _, iter};

use serde_json::Value;

use crate::{
    json::Json as _,
    left_out::LeftOut,
    method_names::{OperationWords, Verb, Vocabulary},
};
use funnelflux_openapi::{
    evidence::Evidence,
    operations::{Operation, operations},
    pointer::Pointer,
    references,
    text::{counted, markdown},
};

/// Path of the coverage table in the repository.
pub const COVERAGE: &str = "spec/COVERAGE.md";

const HEAD: &str = "\
# Evidence for each operation

Written by `cargo xtask generate` from `effective.json` and verified by `cargo xtask check`.

| word | evidence |
|---|---|
| page | the vendor's page of the group; the index has only titles and methods of the other fourteen groups |
| docs | partly documented: the documentation states names and meanings, but usually no types |
| help | the help centre |
| sibling | inferred from a similar operation or field |
| pattern | inferred from the general pattern of the API |
| unknown | none: the type is an open object |
| – | the operation has no such part |

The evidence for a body or response is that for the names of its fields. The documentation of each field
states its own evidence. The column *fake*: `yes` if the fake service in `tests/fake` simulates the operation;
`accepts` if it only accepts valid requests, because the effect of the operation is unknown.

";

const LEFT_OUT: &str = "
## Left out

The generator does not support these operations. `cargo xtask generate` prints the location and the fix for
each.

| method | path | construct | reason |
|---|---|---|---|
";

struct Row {
    /// Position of the operation's group in the list `tags` of the document.
    rank: usize,
    path_evidence: Evidence,
    /// All cells of the row, except the first cell with the row number.
    cells: String,
}

/// Renders the table for an effective document, followed by a list of the operations that are left out of the
/// generated code.
pub(crate) fn coverage(document: &Value, left_out: &[LeftOut]) -> String {
    let vocabulary = Vocabulary::of(document);
    let rows = operations(document).map(|operation| {
        let is_left_out =
            |left_out: &LeftOut| (&*left_out.method, &*left_out.path) == (operation.method, operation.path);
        let words = vocabulary.operation(&operation.pointer);
        let words = words.filter(|_| !left_out.iter().any(is_left_out));
        row(document, &vocabulary, &operation, words)
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by_key(|row| row.rank);
    let mut text = format!("{HEAD}{}\n\n", summary(&rows));
    text.push_str(
        "| # | group | title | method | path | Rust | path evidence | parameters | body | response | fake |\n\
         |---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (index, row) in rows.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} | {} |", index + 1, row.cells);
    }
    if !left_out.is_empty() {
        text.push_str(LEFT_OUT);
    }
    for operation in left_out {
        let LeftOut { method, rule, .. } = operation;
        let method = method.to_ascii_uppercase();
        let [path, reason] = [&format!("`{}`", operation.path), &operation.reason].map(|text| markdown(text));
        let _ = writeln!(text, "| {method} | {path} | {rule} | {reason} |");
    }
    text
}

/// Formats the number of operations, and how many of their paths have each kind of evidence.
fn summary(rows: &[Row]) -> String {
    let counts = Evidence::ALL.into_iter().filter_map(|evidence| {
        let count = rows.iter().filter(|row| row.path_evidence == evidence).count();
        (count > 0).then(|| format!("{} {count}", evidence.name()))
    });
    let counts: Vec<String> = counts.collect();
    let (operations, counts) = (counted(rows.len(), "operation"), counts.join(", "));
    format!("{operations}. Evidence for their paths: {counts}.")
}

fn escape_cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Renders the row of an operation. `words` is `None` if the operation is left out of the generated code.
fn row(
    document: &Value,
    vocabulary: &Vocabulary,
    operation: &Operation<'_>,
    words: Option<&OperationWords>,
) -> Row {
    let (path, value) = (operation.path, operation.value);
    let item = document.get("paths").and_then(|paths| paths.get(path));
    let tag = operation.tag().unwrap_or_default();
    let mut tags = document.items("tags").filter_map(|tag| tag.text("name"));
    let own = Evidence::of(value).unwrap_or(Evidence::Page);
    let path_evidence = item.and_then(Evidence::of).unwrap_or(own);
    let parameters = references::parameters(document, operation);
    let parameters = parameters
        .into_iter()
        .map(|(_, parameter)| Evidence::of(parameter).unwrap_or(own))
        .max();
    let body = value.get("requestBody");
    let body = body.map(|body| content(document, body, Evidence::of(body).unwrap_or(own)));
    let mut responses = value.members("responses");
    let success = responses.find(|(status, _)| status.starts_with('2'));
    let response = success.map_or(own, |(_, response)| content(document, response, own));
    let has_id = vocabulary.main_operation(tag, &Verb::FindById).is_some();
    let is_known = body != Some(Evidence::Unknown) && response != Evidence::Unknown;
    let evidence = [Some(path_evidence), parameters, body, Some(response)];
    let cells = [
        escape_cell(tag),
        escape_cell(operation.title()),
        operation.method.to_ascii_uppercase(),
        format!("`{path}`"),
        words.map_or_else(|| "–".to_owned(), |words| format!("`{}`", words.id)),
        evidence
            .map(|evidence| evidence.map_or("–", Evidence::name))
            .join(" | "),
        if has_id && is_known { "yes" } else { "accepts" }.to_owned(),
    ];
    Row {
        rank: tags.position(|name| name == tag).unwrap_or(usize::MAX),
        path_evidence,
        cells: cells.join(" | "),
    }
}

/// Returns the evidence for the content of a body or response: `Unknown` if the schema describes an object
/// without declared properties, or a list of such objects. Otherwise, the evidence of the media type object.
/// If that object states none, `own`, which is the evidence of the operation or body.
///
/// A response object may state evidence too. This evidence is ignored, because it covers only the status.
fn content(document: &Value, holder: &Value, own: Evidence) -> Evidence {
    let Some((_, media)) = resolve(document, holder).members("content").next() else {
        return own;
    };
    let schema = media.get("schema");
    if schema.is_some_and(|schema| is_open(document, schema)) {
        return Evidence::Unknown;
    }
    Evidence::of(media).unwrap_or(own)
}

/// Returns `true` if a schema describes an object without declared properties, or a list of such objects.
fn is_open<'a>(document: &'a Value, schema: &'a Value) -> bool {
    // The depth is limited, because a list may contain itself.
    const DEPTH: usize = 16;
    let items = |list: &&'a Value| Some(resolve(document, list.get("items")?));
    let nested = iter::successors(Some(resolve(document, schema)), items);
    let innermost = nested.take(DEPTH).last();
    innermost
        .is_some_and(|schema| schema.text("type") == Some("object") && schema.get("properties").is_none())
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    references::resolve(document, Pointer::root(), value).1
}
