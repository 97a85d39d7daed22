//! Findings about reads, that is, about statuses, formats, orders and limits.

use super::{mismatch, open, shown, surprise, undescribed, value};
use crate::probe::experiment::{Answer, Finding, LimitSearch, Observation, Slot};
use crate::probe::scene::Known;
use funnelflux::ext::AssetStatus;
use funnelflux::http::{HeaderName, HeaderValue};
use funnelflux_fake::{
    AbsentProperty, ByIdsOrder, EmptyList, ErrorShape, Limit, MissingByIds, RejectedToken, TrailingSlash,
};
use serde_json::Value;
use std::collections::HashSet;

/// Headers that may differ between responses, but do not identify the request.
const OTHER_HEADERS: &[&str] = &[
    "age",
    "alt-svc",
    "content-length",
    "date",
    "etag",
    "expires",
    "last-modified",
    "nel",
    "report-to",
    "server-timing",
    "set-cookie",
    "x-runtime",
];

pub(in super::super) fn late_reads(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::LateReads { by_id, in_list }] = observations else {
        return mismatch();
    };
    let detail = format!("{by_id} reads by ID and {in_list} of the list did not have a new asset");
    let late = *by_id.max(in_list);
    let is_by_id = if late == 0 {
        open("no read is late")
    } else {
        value(*by_id > 0, detail.clone())
    };
    vec![value(late, detail), is_by_id]
}

/// Returns true if a response is successful and contains an asset.
fn has_asset(known: &Known, answer: &Answer) -> bool {
    let asset = answer.json().and_then(|value| known.asset_in(value));
    answer.is_success() && asset.is_some()
}

pub(in super::super) fn wrong_token(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let detail = format!("a wrong token got {}", answer.status);
    match answer.status {
        401 => vec![
            value(true, detail.clone()),
            value(RejectedToken::Unauthorized, detail),
        ],
        400 => vec![
            value(true, detail.clone()),
            value(RejectedToken::BadRequest, detail),
        ],
        _ if has_asset(known, answer) => vec![value(false, detail), open("a wrong token is accepted")],
        _ => vec![value(true, detail.clone()), undescribed(detail)],
    }
}

pub(in super::super) fn trailing_slash(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let detail = format!("got {}", answer.status);
    vec![match answer.status {
        404 => value(TrailingSlash::Required, detail),
        301 => value(TrailingSlash::Redirect, detail),
        _ if has_asset(known, answer) => value(TrailingSlash::Optional, detail),
        _ => undescribed(detail),
    }]
}

pub(in super::super) fn unknown_parameter(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let detail = format!("an unknown parameter got {}", answer.status);
    vec![match answer.status {
        400 => value(true, detail),
        _ if has_asset(known, answer) => value(false, detail),
        _ => undescribed(detail),
    }]
}

pub(in super::super) fn unknown_id(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let detail = format!(
        "an unknown ID got {} with {:?}",
        answer.status,
        shown(&answer.body)
    );
    match answer.refusal() {
        Some(status) => vec![value(status, detail.clone()), error_shape(answer, detail)],
        None => vec![undescribed(detail), open("an unknown ID is no error")],
    }
}

fn error_shape(answer: &Answer, detail: String) -> Finding {
    let text = String::from_utf8_lossy(&answer.body).trim().to_lowercase();
    match answer.json() {
        _ if text.is_empty() => value(ErrorShape::Empty, detail),
        Some(Value::Object(_)) => value(ErrorShape::Json, detail),
        Some(_) => undescribed(detail),
        None if text.starts_with("<!doctype html") || text.starts_with("<html") => {
            value(ErrorShape::Html, detail)
        }
        // The body is broken JSON, or it is not valid UTF-8.
        None if text.starts_with(['{', '[']) || text.contains(char::REPLACEMENT_CHARACTER) => {
            undescribed(detail)
        }
        None => value(ErrorShape::Text, detail),
    }
}

pub(in super::super) fn full_asset(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Asset(Some(asset))] = observations else {
        return mismatch();
    };
    let properties = known.properties();
    let unsent = properties
        .iter()
        .filter(|property| !property.is_required && known.sent(Slot::A, property.name).is_none());
    let shown = unsent.filter_map(|property| {
        let default = property.default?;
        Some(match asset.get(property.name) {
            None => Some(AbsentProperty::LeftOut),
            Some(Value::Null) => Some(AbsentProperty::Null),
            Some(value) if value == default => Some(AbsentProperty::Default),
            Some(_) => None,
        })
    });
    let shown: Vec<Option<AbsentProperty>> = shown.collect();
    let absent = match shown.as_slice() {
        [] => open("no property has a documented default"),
        [Some(first), rest @ ..] if rest.iter().all(|other| *other == Some(*first)) => {
            value(*first, format!("the same for {} properties", shown.len()))
        }
        _ => undescribed("properties differ, or have undocumented defaults"),
    };
    let object = asset.as_object().into_iter().flatten();
    let extra: Vec<&str> = object
        .map(|(name, _)| name.as_str())
        .filter(|name| properties.iter().all(|property| property.name != *name))
        .collect();
    let detail = match extra.as_slice() {
        [] => "all properties are documented".to_owned(),
        extra => extra.join(", "),
    };
    vec![absent, value(!extra.is_empty(), detail)]
}

pub(in super::super) fn request_id(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let mut responses = Vec::new();
    for observation in observations {
        match observation {
            Observation::Answer(answer) if answer.is_success() => responses.push(&answer.headers),
            _ => return vec![surprise("a read of an own asset is refused")],
        }
    }
    let Some(first) = responses.first() else {
        return mismatch();
    };
    let is_unique = |name: &str| {
        let values = responses.iter().map(|headers| headers.get(name));
        let distinct: HashSet<_> = values.flatten().map(HeaderValue::as_bytes).collect();
        distinct.len() == responses.len()
    };
    let mut names: Vec<&str> = first
        .keys()
        .map(HeaderName::as_str)
        .filter(|name| !OTHER_HEADERS.contains(name) && is_unique(name))
        .collect();
    // If several headers are possible, one whose name contains `request-id` has precedence.
    names.sort_by_key(|name| !name.contains("request-id"));
    let detail = match names.as_slice() {
        [] => "no header differs between responses".to_owned(),
        names => format!("differ between responses: {}", names.join(", ")),
    };
    vec![value(names.first(), detail)]
}

pub(in super::super) fn rows(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Asset(Some(asset)), Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let Some([row]) = answer
        .rows()
        .as_deref()
        .map(<[Value]>::to_vec)
        .and_then(|rows| <[Value; 1]>::try_from(rows).ok())
    else {
        let detail = format!("find by IDs got {} with {:?}", answer.status, shown(&answer.body));
        return vec![undescribed(detail.clone()), undescribed(detail)];
    };
    let status = match known.group.summary(&row).status {
        AssetStatus::Other(status) => value(Some(status), "the row of an active asset"),
        _ => value(
            None::<String>,
            "the row of an active asset has a documented status",
        ),
    };
    let length = |asset: &Value| known.group.name_of(asset).map(|name| name.chars().count());
    let name = match (length(asset), length(&row)) {
        (Some(own), Some(row)) if row > own => {
            value(Some(row), format!("a name of {own} characters has {row}"))
        }
        (Some(_), Some(_)) => value(None::<usize>, "the name in the row is the name of the asset"),
        _ => open("rows have no name"),
    };
    vec![status, name]
}

pub(in super::super) fn missing_by_ids(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let detail = format!("one known and one unknown ID got {}", answer.status);
    let ids = answer.rows().map(|rows| known.ids_of(&rows));
    vec![match (answer.refusal(), ids) {
        (Some(_), _) => value(MissingByIds::NotFound, detail),
        (None, Some(ids)) if answer.is_success() && ids == [known.id(Slot::A)] => {
            value(MissingByIds::LeftOut, detail)
        }
        _ => undescribed(format!("{detail} with {:?}", shown(&answer.body))),
    }]
}

pub(in super::super) fn by_ids_order(known: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let ids = answer.rows().map(|rows| known.ids_of(&rows)).unwrap_or_default();
    let [a, b, c] = [Slot::A, Slot::B, Slot::C].map(|slot| known.id(slot));
    vec![if ids == [c, a, b] {
        value(ByIdsOrder::Requested, "three IDs came as they were asked for")
    } else if ids == [a, b, c] {
        value(
            ByIdsOrder::Stored,
            "three IDs came in the order of their creation",
        )
    } else {
        undescribed(format!("got {} with {:?}", answer.status, shown(&answer.body)))
    }]
}

pub(in super::super) fn empty_list(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Answer(answer)] = observations else {
        return mismatch();
    };
    let detail = format!(
        "find by category got {} with {:?}",
        answer.status,
        shown(&answer.body)
    );
    vec![match answer.list().filter(|_| answer.is_success()) {
        Some(Value::Null) => value(EmptyList::Null, detail),
        Some(Value::Array(rows)) if rows.is_empty() => value(EmptyList::Empty, detail),
        Some(_) => undescribed(detail),
        None => open(format!("an unknown category is refused: {detail}")),
    }]
}

pub(in super::super) fn max_url_length(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Limit(search)] = observations else {
        return mismatch();
    };
    vec![match search {
        LimitSearch::NoneUpTo(size) => value(None::<usize>, format!("no limit up to {size} bytes")),
        LimitSearch::Found { max, status } => value(Some(max), format!("one byte more got {status}")),
        LimitSearch::Unexpected { size, status } => undescribed(format!("{size} bytes got {status}")),
        LimitSearch::Cut(_) | LimitSearch::Invisible(_) => open("not seen"),
    }]
}

pub(in super::super) fn max_body_bytes(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Limit(search)] = observations else {
        return mismatch();
    };
    vec![match search {
        LimitSearch::NoneUpTo(size) => open(format!("no limit up to {size} bytes; more was not sent")),
        LimitSearch::Found { max, status } => value(max, format!("one byte more got {status}")),
        LimitSearch::Unexpected { size, status } => undescribed(format!("{size} bytes got {status}")),
        LimitSearch::Cut(_) | LimitSearch::Invisible(_) => open("not seen"),
    }]
}

pub(in super::super) fn max_entries(_: &Known, observations: &[Observation]) -> Vec<Finding> {
    let [Observation::Limit(search)] = observations else {
        return mismatch();
    };
    vec![match *search {
        LimitSearch::NoneUpTo(size) => value(None::<Limit>, format!("no limit up to {size} IDs")),
        LimitSearch::Cut(size) => open(format!("no limit up to {size} IDs; the URL is too long for more")),
        LimitSearch::Found { max, status } => {
            value(Some(Limit { max, status }), format!("one ID more got {status}"))
        }
        LimitSearch::Unexpected { size, status } => undescribed(format!("{size} IDs got {status}")),
        LimitSearch::Invisible(status) => open(format!(
            "unknown IDs fail the call with {status}, and the probe creates few assets"
        )),
    }]
}
