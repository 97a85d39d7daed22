//! Report of the probe, with its verdicts, the rows of its table, and the settings that were found.

use super::account::{RemainingState, Remains};
use super::experiment::{Finding, Question};
use super::table::RENEWAL;
use crate::exit::Failure;
use funnelflux_fake::Settings;
use serde_json::{Map, Value, json};

/// Result of a run of the probe.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    rows: Vec<Row>,
    /// Description of the surprise at which the probe stopped.
    pub(crate) surprise: Option<String>,
    pub(crate) is_cancelled: bool,
    /// Assets that the probe created, with the state of each when the probe ended.
    pub(crate) remains: Vec<Remains>,
}

/// A question with its answer.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) setting: &'static str,
    pub(super) question: &'static str,
    pub(super) finding: Finding,
}

/// Returns the settings that follow from the most literal interpretation of the documentation, as JSON.
pub(crate) fn inferred_settings() -> Map<String, Value> {
    match serde_json::to_value(Settings::default()) {
        Ok(Value::Object(settings)) => settings,
        // Settings are always serialized as an object.
        _ => Map::new(),
    }
}

impl Report {
    pub(super) fn add(&mut self, questions: &[Question], finding: impl Fn(usize) -> Finding) {
        for (index, question) in questions.iter().enumerate() {
            let finding = finding(index);
            if let (Finding::Surprise(reason), None) = (&finding, &self.surprise) {
                self.surprise = Some(format!("{} {reason}", question.text));
            }
            self.rows.push(Row::new(question, finding));
        }
    }

    /// Records that the access token was renewed during the run. With `is_rotated`, the refresh token was
    /// replaced, too.
    pub(crate) fn renewed(&mut self, is_rotated: bool) {
        let detail = if is_rotated {
            "the access token was renewed, and the refresh token replaced"
        } else {
            "the access token was renewed, and the refresh token kept"
        };
        let rows = self.rows.iter_mut();
        for row in rows.filter(|row| row.setting == RENEWAL.setting) {
            row.finding = Finding::Value(Value::Bool(is_rotated), detail.to_owned());
        }
    }

    /// Returns the table, with one row for each question.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let inferred = inferred_settings();
        self.rows.iter().map(|row| row.to_json(&inferred)).collect()
    }

    /// Returns the settings that were found, in the JSON format that the fake loads.
    ///
    /// # Errors
    /// Returns an error if the fake cannot load the settings.
    pub(crate) fn settings(&self) -> Result<String, Failure> {
        let found = self.rows.iter().filter_map(|row| match &row.finding {
            Finding::Value(value, _) => Some((row.setting.to_owned(), value.clone())),
            _ => None,
        });
        let found: Map<String, Value> = found.collect();
        let failed =
            |error: &dyn std::fmt::Display| Failure::failed(format!("the findings fit no settings: {error}"));
        let text = serde_json::to_string_pretty(&found).map_err(|error| failed(&error))?;
        Settings::from_json(&text).map_err(|error| failed(&error))?;
        Ok(text + "\n")
    }

    /// Returns three numbers: the answers that confirm the inferred setting, the answers that contradict it,
    /// and the questions that are still open.
    pub(crate) fn counts(&self) -> [usize; 3] {
        let inferred = inferred_settings();
        let count = |verdict: Verdict| {
            let rows = self.rows.iter();
            rows.filter(|row| row.verdict(&inferred) == verdict).count()
        };
        [Verdict::Settled, Verdict::Contradicts, Verdict::Open].map(count)
    }

    /// Returns the assets of the probe that could not be removed, each with the reason.
    pub(crate) fn left_behind(&self) -> impl Iterator<Item = (&Remains, &str)> {
        self.remains.iter().filter_map(|remains| match &remains.state {
            RemainingState::There(reason) => Some((remains, reason.as_str())),
            _ => None,
        })
    }
}

/// Verdict on an inferred setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Settled,
    Contradicts,
    Open,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Contradicts => "contradicts our inference",
            Self::Open => "still open",
        }
    }
}

impl Row {
    fn verdict(&self, inferred: &Map<String, Value>) -> Verdict {
        match &self.finding {
            Finding::Value(value, _) if inferred.get(self.setting) == Some(value) => Verdict::Settled,
            Finding::Value(..) | Finding::Undescribed(_) => Verdict::Contradicts,
            Finding::Open(_) | Finding::Surprise(_) => Verdict::Open,
        }
    }

    fn to_json(&self, inferred: &Map<String, Value>) -> Value {
        let (found, detail) = match &self.finding {
            Finding::Value(value, detail) => (value.clone(), detail.clone()),
            Finding::Undescribed(detail) => (Value::Null, format!("no setting describes this: {detail}")),
            Finding::Open(detail) => (Value::Null, detail.clone()),
            Finding::Surprise(detail) => (Value::Null, format!("surprise: {detail}")),
        };
        json!({
            "result": self.verdict(inferred).as_str(),
            "setting": self.setting,
            "found": found,
            "inferred": inferred.get(self.setting),
            "question": self.question,
            "detail": detail,
        })
    }
}
