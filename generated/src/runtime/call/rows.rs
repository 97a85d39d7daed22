//! Rows of a list. The list may be inside of an object, as in `{"data": [...], "total": 2}`.

use super::decode::{Row, decode_json};
use crate::runtime::{error::ErrorKind, received_response::ReceivedResponse};
use serde::de::DeserializeOwned;
use serde_json::{Value, value::RawValue};
use std::collections::BTreeMap;

/// Location of a list of rows within a response.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ListPlace {
    /// Names of the nested properties that lead to the list; empty if the response itself is the list.
    pub(crate) properties: &'static [&'static str],
    /// `true` if an absent property means an empty list.
    pub(crate) may_be_absent: bool,
}

/// Names of members that state the total number of rows (in lower case, without punctuation).
const TOTALS: [&str; 8] = [
    "count",
    "total",
    "totalcount",
    "totalelements",
    "totalitems",
    "totalrecords",
    "totalresults",
    "totalrows",
];

/// Names of members that lead to the next part of a list, or state that there is one (in lower case, without
/// punctuation).
const NEXT: [&str; 9] = [
    "hasmore",
    "hasnext",
    "hasnextpage",
    "next",
    "nextcursor",
    "nextlink",
    "nextpage",
    "nextpagetoken",
    "nexttoken",
];

impl ListPlace {
    /// Reads the JSON text of each row; `null` counts as an empty list.
    ///
    /// # Errors
    /// Returns an error if the list is not at this place, or if the response states that it contains only a
    /// part of the list.
    pub(super) fn texts(self, received: &ReceivedResponse) -> Result<Vec<Box<RawValue>>, ErrorKind> {
        let [first, others @ ..] = self.properties else {
            return Ok(decode_json::<Option<Vec<Box<RawValue>>>>(received)?.unwrap_or_default());
        };
        let place = || self.properties.join(".");
        let mut whole = decode_json::<Option<BTreeMap<String, Box<RawValue>>>>(received)?.unwrap_or_default();
        let mut statements = Vec::new();
        let mut list = whole.remove(*first);
        for property in others {
            statements.extend(whole);
            whole = match list {
                Some(text) => parse::<Option<_>>(&text, received, &place)?.unwrap_or_default(),
                None => BTreeMap::new(),
            };
            list = whole.remove(*property);
        }
        statements.extend(whole);
        let rows: Vec<Box<RawValue>> = match list {
            Some(text) => parse::<Option<_>>(&text, received, &place)?.unwrap_or_default(),
            None if self.may_be_absent => Vec::new(),
            None => return Err(received.unusable(&place(), "the response has no such list".to_owned())),
        };
        let more = statements
            .iter()
            .find_map(|(name, value)| more_rows(name, value, rows.len(), true));
        match more {
            Some(statement) => Err(received.unusable(
                &place(),
                format!(
                    "the response is a part of the list only: it has {} rows, and {statement}; \
                     fix: read the parts with the method of the operation",
                    rows.len()
                ),
            )),
            None => Ok(rows),
        }
    }

    /// Decodes each row.
    pub(super) fn decoded<T: DeserializeOwned>(
        self,
        received: &ReceivedResponse,
    ) -> Result<Vec<T>, ErrorKind> {
        let rows = self.texts(received)?.into_iter().enumerate();
        rows.map(|(index, text)| {
            parse(&text, received, &|| {
                format!("{}[{index}]", self.properties.join("."))
            })
        })
        .collect()
    }

    /// Reads the rows, with all digits of their numbers.
    pub(super) fn rows(self, received: &ReceivedResponse) -> Result<Vec<Row>, ErrorKind> {
        Ok(self.texts(received)?.into_iter().map(Row::new).collect())
    }
}

fn parse<T: DeserializeOwned>(
    text: &RawValue,
    received: &ReceivedResponse,
    place: &dyn Fn() -> String,
) -> Result<T, ErrorKind> {
    let mut deserializer = serde_json::Deserializer::from_str(text.get());
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." => place(),
            path => format!("{}.{path}", place()),
        };
        received.decode_error(&path, error.inner())
    })
}

/// Checks whether the member `name` of a response states that the list has more than `count` rows. If so,
/// returns the statement as text. If `with_members` is true and the value is an object, checks the members of
/// this object instead.
fn more_rows(name: &str, text: &RawValue, count: usize, with_members: bool) -> Option<String> {
    let key: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|character| character.to_ascii_lowercase())
        .collect();
    // A longer value is not parsed, because it is probably not a statement about the number of rows.
    if text.get().len() > 4096 {
        return None;
    }
    let value: Value = serde_json::from_str(text.get()).ok()?;
    let states_more = match &value {
        Value::Number(number) if TOTALS.contains(&key.as_str()) => {
            number.as_u64().is_some_and(|total| total > count as u64)
        }
        Value::Number(next) => next.as_u64() != Some(0) && NEXT.contains(&key.as_str()),
        Value::Bool(more) => *more && NEXT.contains(&key.as_str()),
        Value::String(text) => !text.is_empty() && NEXT.contains(&key.as_str()),
        Value::Object(_) if with_members => {
            let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text.get()).ok()?;
            return members
                .iter()
                .find_map(|(name, value)| more_rows(name, value, count, false));
        }
        _ => false,
    };
    states_more.then(|| format!("{name} is {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{
        auth::Redactor,
        error::{AttemptStats, Error},
    };

    fn received(body: &str) -> ReceivedResponse {
        ReceivedResponse {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: body.to_owned().into(),
            stats: AttemptStats::default(),
            redactor: Redactor::default(),
            confidential: false,
        }
    }

    fn read(place: ListPlace, body: &str) -> Result<Vec<Value>, String> {
        let received = received(body);
        place
            .decoded(&received)
            .map_err(|kind| Error::new(None, kind).to_string())
    }

    const DATA: ListPlace = ListPlace {
        properties: &["data"],
        may_be_absent: false,
    };

    #[test]
    fn rows_are_found_at_their_place() {
        assert_eq!(read(ListPlace::default(), "[1, 2]").unwrap(), [1, 2]);
        assert_eq!(
            read(DATA, r#"{"data": [1, 2], "total": 2, "other": [3]}"#).unwrap(),
            [1, 2]
        );
        assert_eq!(read(DATA, r#"{"data": null}"#).unwrap(), [0; 0]);
        let deep = ListPlace {
            properties: &["result", "rows"],
            may_be_absent: true,
        };
        assert_eq!(read(deep, r#"{"result": {"rows": ["a"]}}"#).unwrap(), ["a"]);
        for empty in [r#"{"result": {}}"#, r#"{"result": null}"#, "{}", "null"] {
            assert_eq!(read(deep, empty).unwrap(), [0; 0], "{empty}");
        }
    }

    #[test]
    fn a_list_at_another_place_is_an_error() {
        for body in [
            "[1]",
            r#"{"rows": [1]}"#,
            r#"{"data": {"data": []}}"#,
            r#"{"data": 1}"#,
        ] {
            assert!(read(DATA, body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_part_of_a_list_is_an_error() {
        for (more, is_part) in [
            (r#""total": 3"#, true),
            (r#""total": 2"#, false),
            (r#""paging": {"total_count": 3}"#, true),
            (r#""paging": {"limit": 100, "next": null}"#, false),
            (r#""nextPageToken": "x""#, true),
            (r#""nextPageToken": """#, false),
            (r#""has_more": true"#, true),
            (r#""has_more": false"#, false),
        ] {
            let result = read(DATA, &format!(r#"{{"data": [1, 2], {more}}}"#));
            assert_eq!(result.is_err(), is_part, "{more}: {result:?}");
        }
    }

    #[test]
    fn the_place_of_a_wrong_row_is_stated() {
        let received = received(r#"{"data": [{"a": 1}, {"a": "x"}]}"#);
        let kind = DATA.decoded::<BTreeMap<String, u8>>(&received).err().unwrap();
        let error = Error::new(None, kind).to_string();
        assert!(error.contains("data[1].a"), "{error}");
    }
}
