//! Output of limited size. It contains a page of rows, and states which parts are left out.

use super::arguments::Arguments;
use crate::text::count;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Maximum size of a result, in bytes. The first row is always included; any other row beyond this size is
/// left out. The size corresponds to about ten thousand tokens, which assistants accept from one call.
const MAX_RESULT: usize = 40_000;
/// Maximum size of a row, in bytes. Larger rows are shortened.
const MAX_ROW: usize = 20_000;
/// Lengths, in characters, to which the texts of a large row are cut. They are tried in this order.
const TEXT_LENGTHS: [usize; 3] = [5_000, 1_000, 200];

/// Returns a page of rows as JSON, with the members of `head` first.
pub(super) fn render(head: Map<String, Value>, rows: Vec<Value>, arguments: &Arguments) -> String {
    let (offset, limit) = (arguments.number("offset"), arguments.number("limit"));
    let total = rows.len();
    let mut shown = Vec::new();
    let mut size = Value::Object(head.clone()).to_string().len();
    let mut shortened = 0;
    for row in rows.into_iter().skip(offset).take(limit) {
        let (row, is_shortened) = bounded(row);
        size += row.to_string().len();
        if size > MAX_RESULT && !shown.is_empty() {
            break;
        }
        shortened += usize::from(is_shortened);
        shown.push(row);
    }
    let end = offset.saturating_add(shown.len());
    let mut left_out = Vec::new();
    if offset > 0 && total > 0 {
        left_out.push(format!("the first {}", count(offset.min(total), "row", "rows")));
    }
    if end < total {
        let rest = count(total - end, "row", "rows");
        left_out.push(format!("the last {rest}; continue with offset {end}"));
    }
    if shortened > 0 {
        let rows = count(shortened, "row", "rows");
        left_out.push(format!(
            "parts of {rows} that are too large; choose parts with fields"
        ));
    }
    let mut page = head;
    page.insert("total".to_owned(), json!(total));
    page.insert("rows".to_owned(), Value::Array(shown));
    if !left_out.is_empty() {
        page.insert("left_out".to_owned(), json!(left_out.join("; ")));
    }
    Value::Object(page).to_string()
}

/// Cuts a text that is too long for a result.
pub(super) fn cut(text: &str) -> String {
    let mut text = text.to_owned();
    shorten(&mut text, MAX_RESULT / 4);
    text
}

/// Shortens a row that is too large. If cutting its texts does not suffice, large members are replaced by
/// their sizes. The second value of the result is true if the row was shortened.
fn bounded(mut row: Value) -> (Value, bool) {
    if row.to_string().len() <= MAX_ROW {
        return (row, false);
    }
    for length in TEXT_LENGTHS {
        shorten_texts(&mut row, length);
        if row.to_string().len() <= MAX_ROW {
            return (row, true);
        }
    }
    (outline(&row), true)
}

fn shorten_texts(value: &mut Value, length: usize) {
    match value {
        Value::String(text) => shorten(text, length),
        Value::Array(values) => values.iter_mut().for_each(|value| shorten_texts(value, length)),
        Value::Object(object) => object.values_mut().for_each(|value| shorten_texts(value, length)),
        _ => {}
    }
}

/// Cuts a text after `length` characters, and appends the number of characters that are left out.
fn shorten(text: &mut String, length: usize) {
    let Some((end, _)) = text.char_indices().nth(length) else {
        return;
    };
    let rest = text.get(end..).unwrap_or_default().chars().count();
    text.truncate(end);
    // Writing to a string does not fail.
    let _ = write!(text, "… ({rest} more characters)");
}

/// Returns the members of an object. The value of a large member is replaced by its size. If there are too
/// many members, the last members are left out.
fn outline(value: &Value) -> Value {
    let size = |value: &Value| format!("({} characters left out)", value.to_string().chars().count());
    let Value::Object(object) = value else {
        return json!(size(value));
    };
    let mut used = 0;
    let mut members = Map::new();
    for (number, (name, value)) in object.iter().enumerate() {
        let text = value.to_string();
        let value = if text.len() <= 200 {
            value.clone()
        } else {
            json!(size(value))
        };
        used += name.len() + value.to_string().len();
        if used > MAX_ROW {
            let rest = object.len() - number;
            members.insert("…".to_owned(), json!(format!("({rest} more members left out)")));
            break;
        }
        members.insert(name.clone(), value);
    }
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::table::TOOLS;

    fn page(rows: Vec<Value>, arguments: Value) -> Value {
        let tool = TOOLS.iter().find(|tool| tool.name == "list_operations").unwrap();
        let Value::Object(arguments) = arguments else {
            panic!("no object");
        };
        let text = render(Map::new(), rows, &Arguments::check(tool, arguments).unwrap());
        assert!(text.len() < MAX_RESULT + 2 * MAX_ROW, "{}", text.len());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_page_says_what_it_leaves_out() {
        let rows: Vec<Value> = (0..120).map(|number| json!({ "n": number })).collect();
        let first = page(rows.clone(), json!({}));
        assert_eq!(first["rows"].as_array().unwrap().len(), 50);
        assert_eq!(first["left_out"], "the last 70 rows; continue with offset 50");
        let last = page(rows.clone(), json!({ "offset": 119 }));
        assert_eq!(last["rows"], json!([{ "n": 119 }]));
        assert_eq!(last["left_out"], "the first 119 rows");
        let all = page(rows, json!({ "limit": 500 }));
        assert_eq!((&all["total"], all.get("left_out")), (&json!(120), None));
    }

    #[test]
    fn a_large_row_is_shortened_and_large_rows_are_fewer() {
        let long = "ä".repeat(30_000);
        let row = page(vec![json!({ "id": "a", "code": long })], json!({}));
        let code = row["rows"][0]["code"].as_str().unwrap();
        assert!(
            code.ends_with("ä… (25000 more characters)"),
            "{}",
            &code[code.len() - 60..]
        );
        assert!(
            row["left_out"]
                .as_str()
                .unwrap()
                .contains("choose parts with fields")
        );
        let wide: Map<String, Value> = (0..3000)
            .map(|n| (format!("member{n}"), json!([1, 2, 3])))
            .collect();
        let wide = page(vec![Value::Object(wide)], json!({}));
        assert!(
            wide["rows"][0]["…"]
                .as_str()
                .unwrap()
                .contains("more members left out")
        );
        let large: Vec<Value> = (0..9)
            .map(|n| json!({ "n": n, "text": "x".repeat(15_000) }))
            .collect();
        let large = page(large, json!({}));
        assert_eq!(large["rows"].as_array().unwrap().len(), 2);
        assert_eq!(large["left_out"], "the last 7 rows; continue with offset 2");
    }
}
