//! Conditions and sort orders for rows, such as `--filter status=active` and `--sort name,-status`.

use super::{Column, View};
use crate::exit::Failure;
use serde_json::Value;
use std::cmp::Ordering;

/// Comparison operator of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Different,
    Contains,
    Less,
    Greater,
}

/// A condition of `--filter`.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    column: Column,
    comparison: Comparison,
    expected: String,
}

impl Filter {
    pub(super) fn parse(text: &str, view: &View) -> Result<Self, Failure> {
        let invalid = || {
            Failure::usage(format!("{text:?} is not a condition"))
                .fix("write PATH=VALUE, PATH!=VALUE, PATH~TEXT, PATH<NUMBER or PATH>NUMBER")
        };
        let at = text.find(['=', '!', '~', '<', '>']).ok_or_else(invalid)?;
        let (path, rest) = text.split_at(at);
        let operators = [
            ("!=", Comparison::Different),
            ("=", Comparison::Equal),
            ("~", Comparison::Contains),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let mut operators = operators.into_iter();
        let found = operators.find_map(|(sign, comparison)| Some((comparison, rest.strip_prefix(sign)?)));
        let (comparison, expected) = found.ok_or_else(invalid)?;
        let is_number = matches!(comparison, Comparison::Less | Comparison::Greater);
        if is_number && expected.parse::<f64>().is_err() {
            return Err(invalid());
        }
        Ok(Self {
            column: view.column(path)?,
            comparison,
            expected: expected.to_owned(),
        })
    }

    pub(super) fn into_column(self) -> Column {
        self.column
    }

    /// Returns the path as the user wrote it.
    pub(super) fn path(&self) -> &str {
        &self.column.title
    }

    /// Returns true if all rows meet the condition only because no row has the property that the condition
    /// names.
    pub(super) fn selects_all(&self, rows: &[Value]) -> bool {
        let is_absent = |row| self.column.get(row).is_none();
        self.comparison == Comparison::Different && !rows.is_empty() && rows.iter().all(is_absent)
    }

    /// Returns true if the row meets the condition. An absent value counts as an empty text.
    pub(super) fn matches(&self, row: &Value) -> bool {
        let actual = self.column.get(row);
        match self.comparison {
            Comparison::Equal => text(actual) == self.expected,
            Comparison::Different => text(actual) != self.expected,
            Comparison::Contains => {
                let actual = text(actual).to_lowercase();
                actual.contains(&self.expected.to_lowercase())
            }
            Comparison::Less => self.compare(actual) == Some(Ordering::Less),
            Comparison::Greater => self.compare(actual) == Some(Ordering::Greater),
        }
    }

    fn compare(&self, actual: Option<&Value>) -> Option<Ordering> {
        let actual = match actual? {
            Value::Number(number) => number.as_f64()?,
            Value::String(text) => text.parse().ok()?,
            _ => return None,
        };
        actual.partial_cmp(&self.expected.parse::<f64>().ok()?)
    }
}

fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }
}

/// One key of `--sort`.
#[derive(Clone, Debug)]
pub(super) struct Order {
    column: Column,
    reverse: bool,
}

impl Order {
    pub(super) fn parse(text: &str, view: &View) -> Result<Self, Failure> {
        let (path, reverse) = match text.strip_prefix('-') {
            Some(path) => (path, true),
            None => (text, false),
        };
        Ok(Self {
            column: view.column(path)?,
            reverse,
        })
    }

    pub(super) fn into_column(self) -> Column {
        self.column
    }
}

/// Compares two rows by the sort keys, in order. In ascending order, absent values come first, then numbers,
/// then text.
pub(super) fn compare(orders: &[Order], left: &Value, right: &Value) -> Ordering {
    orders
        .iter()
        .map(|order| {
            let ordering = compare_values(order.column.get(left), order.column.get(right));
            if order.reverse {
                ordering.reverse()
            } else {
                ordering
            }
        })
        .find(|ordering| ordering.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn compare_values(left: Option<&Value>, right: Option<&Value>) -> Ordering {
    let numbers = (left.and_then(Value::as_f64), right.and_then(Value::as_f64));
    match numbers {
        (Some(left), Some(right)) => left.total_cmp(&right),
        (Some(_), None) if !text(right).is_empty() => Ordering::Less,
        (None, Some(_)) if !text(left).is_empty() => Ordering::Greater,
        _ => {
            let (left, right) = (text(left), text(right));
            left.to_lowercase()
                .cmp(&right.to_lowercase())
                .then(left.cmp(&right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_select_rows() {
        let row = json!({ "name": "Click Bank", "n": 5, "inner": { "x": true } });
        for (condition, expected) in [
            ("name=Click Bank", true),
            ("name=click bank", false),
            ("name~BANK", true),
            ("name!=x", true),
            ("absent=", true),
            ("absent!=x", true),
            ("inner.x=true", true),
            ("n>4.5", true),
            ("n<5", false),
            ("name>1", false),
        ] {
            let filter = Filter::parse(condition, &View::default()).unwrap();
            assert_eq!(filter.matches(&row), expected, "{condition}");
        }
        for invalid in ["name", "n>many", "a!b", "=x"] {
            assert!(Filter::parse(invalid, &View::default()).is_err(), "{invalid}");
        }
    }

    #[test]
    fn rows_are_sorted_by_several_keys() {
        let mut rows = [
            json!({"a": "b", "n": 10}),
            json!({"a": "B", "n": 9}),
            json!({"a": "a"}),
        ];
        let orders = ["a", "-n"].map(|text| Order::parse(text, &View::default()).unwrap());
        rows.sort_by(|left, right| compare(&orders, left, right));
        assert_eq!(
            rows.each_ref().map(|row| row["n"].clone()),
            [json!(null), json!(9), json!(10)]
        );
        let orders = ["-n"].map(|text| Order::parse(text, &View::default()).unwrap());
        rows.sort_by(|left, right| compare(&orders, left, right));
        assert_eq!(
            rows.each_ref().map(|row| row["n"].clone()),
            [json!(10), json!(9), json!(null)]
        );
    }
}
