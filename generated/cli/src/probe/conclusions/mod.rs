//! Functions that derive findings from the observations of experiments. Each experiment has one function,
//! which returns the findings in the order of the experiment's questions.

mod changes;
mod reads;

pub(super) use changes::{
    bad_entry, cascade_of_already, deleted, deleted_in_category, existing_on_create, refused_target, save,
    success, unknown_category,
};
pub(super) use reads::{
    by_ids_order, empty_list, full_asset, late_reads, max_body_bytes, max_entries, max_url_length,
    missing_by_ids, request_id, rows, trailing_slash, unknown_id, unknown_parameter, wrong_token,
};

use super::experiment::Finding;
use crate::text::shortened;
use serde::Serialize;

/// Maximum number of characters of a response that a finding shows.
const SHOWN: usize = 80;

fn value(value: impl Serialize, detail: impl Into<String>) -> Finding {
    match serde_json::to_value(value) {
        Ok(value) => Finding::Value(value, detail.into()),
        // The values are plain data, so serialization does not fail.
        Err(error) => Finding::Undescribed(error.to_string()),
    }
}

fn undescribed(detail: impl Into<String>) -> Finding {
    Finding::Undescribed(detail.into())
}

fn open(detail: impl Into<String>) -> Finding {
    Finding::Open(detail.into())
}

fn surprise(detail: impl Into<String>) -> Finding {
    Finding::Surprise(detail.into())
}

/// Returns the surprise for an experiment whose steps do not fit its conclusion. A test ensures that there is
/// no such experiment.
fn mismatch() -> Vec<Finding> {
    vec![surprise("the steps of the experiment do not fit its conclusion")]
}

fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    shortened(&text, SHOWN).into_owned()
}
