//! Types for experiments: slots (roles of assets), steps, observations and findings.

use super::scene::Known;
use funnelflux::bytes::Bytes;
use funnelflux::http::HeaderMap;
use serde_json::Value;
use std::fmt;

/// Role of an asset in an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    /// Asset A. It has only the required properties, and is created first.
    A,
    /// Asset B. It has a value in one more property, and is created after A.
    B,
    /// Asset C. It is created after B.
    C,
    /// A child of A.
    Child,
    /// A category for assets of the group.
    Category,
    /// ID that no asset has ever had.
    Unknown,
}

/// State of an asset before an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Active,
    Archived,
    Deleted,
}

/// Variation of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Variation {
    /// The request is exactly as documented.
    None,
    /// The path has no trailing slash.
    NoSlash,
    /// The request has a query parameter that no operation has.
    UnknownParameter,
    /// The request has an invalid token.
    WrongToken,
    /// White space is added to the body, so that the body has this number of bytes.
    LargeBody(usize),
}

/// One step of an experiment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// Creates A, and reads it until it appears, first by ID and then in the list.
    ReadUntilThere,
    /// Finds an asset by ID, to observe its state.
    Look(Slot),
    /// Finds an asset by ID, to observe the response.
    Find(Slot, Variation),
    /// Finds several assets by ID.
    FindMany(&'static [Slot]),
    /// Finds the assets in a category.
    FindByCategory(Slot),
    /// Lists the assets with a status.
    List(&'static str),
    /// Sends a second request that creates the asset, with the same ID and another name.
    CreateAgain(Slot),
    /// Saves an asset with only the required properties, and with another name.
    SaveRequired(Slot),
    /// Archives assets.
    Archive(&'static [Slot]),
    /// Archives assets and their children.
    ArchiveCascade(&'static [Slot]),
    /// Archives assets and moves their children to another parent.
    ArchiveMove(&'static [Slot], Slot),
    /// Restores assets from the archive.
    Unarchive(&'static [Slot]),
    /// Deletes assets.
    Delete(&'static [Slot]),
    /// Moves assets to a category.
    Move(&'static [Slot], Slot),
    /// Removes assets from their category.
    Uncategorise(&'static [Slot]),
    /// Searches for the maximum length of a URL. Sends find requests for unknown IDs of different lengths.
    LongUrl,
    /// Searches for the maximum number of IDs in one call. Sends find requests for different numbers of
    /// unknown IDs.
    ManyIds,
    /// Searches for the maximum size of a body. Sends requests that archive an unknown ID, with bodies of
    /// different sizes.
    LargeBody,
}

/// Question that an experiment answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    /// Name of the fake's setting whose value answers the question.
    pub(super) setting: &'static str,
    pub(super) text: &'static str,
}

/// One experiment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Experiment {
    pub(super) questions: &'static [Question],
    /// The state that each asset must be in before the first step.
    pub(super) start: &'static [(Slot, State)],
    pub(super) steps: &'static [Step],
    /// Function that draws conclusions. It receives one observation for each step, and returns the findings
    /// in the order of the questions.
    pub(super) conclude: fn(&Known, &[Observation]) -> Vec<Finding>,
}

/// Response of the service.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Headers of the response. They are empty if the status is not a success.
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// Returns the status if the service refused the request (4xx).
    pub(super) const fn refusal(&self) -> Option<u16> {
        match self.status {
            400..=499 => Some(self.status),
            _ => None,
        }
    }

    pub(super) fn json(&self) -> Option<Value> {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body);
        serde_json::from_slice(body).ok()
    }

    /// Returns the rows of a list response. The list is the response itself, or the only list inside of an
    /// object. `null` counts as an empty list.
    pub(super) fn rows(&self) -> Option<Vec<Value>> {
        match list_in(self.json()?)? {
            Value::Array(rows) => Some(rows),
            _ => Some(Vec::new()),
        }
    }

    /// Returns the list in a response as the service wrote it: an array or `null`.
    pub(super) fn list(&self) -> Option<Value> {
        list_in(self.json()?)
    }
}

fn list_in(value: Value) -> Option<Value> {
    match value {
        Value::Array(_) | Value::Null => Some(value),
        Value::Object(object) => {
            let (lists, others): (Vec<Value>, Vec<Value>) = object
                .into_iter()
                .map(|(_, value)| value)
                .partition(Value::is_array);
            let mut found = lists.into_iter();
            match (found.next(), found.next()) {
                (Some(list), None) => Some(list),
                (None, _) => others.into_iter().filter(Value::is_object).find_map(list_in),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Result of a step.
#[derive(Clone, Debug)]
pub(super) enum Observation {
    /// The response to one request.
    Answer(Answer),
    /// The stored asset, or `None` if the asset cannot be found by ID.
    Asset(Option<Value>),
    /// Numbers of reads, by ID and of the list, that did not return a new asset yet.
    LateReads { by_id: u32, in_list: u32 },
    /// Result of a search for a limit.
    Limit(LimitSearch),
}

/// Result of a search for a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LimitSearch {
    /// This size is accepted, and nothing larger was sent.
    NoneUpTo(usize),
    /// The largest accepted size is `max`. Larger requests get `status`.
    Found { max: usize, status: u16 },
    /// This size gets an unexpected status.
    Unexpected { size: usize, status: u16 },
    /// This size is accepted. Larger sizes could not be tested, because the URL would have been too long.
    Cut(usize),
    /// Even the smallest size is refused with this status, so the limit cannot be observed.
    Invisible(u16),
}

/// Answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Finding {
    /// The value of the setting, and a description of the observation.
    Value(Value, String),
    /// The behaviour of the service does not match any value of the setting.
    Undescribed(String),
    /// The experiment does not answer the question.
    Open(String),
    /// The service did something that the experiment does not foresee. The probe stops.
    Surprise(String),
}

/// Reason why an experiment ended without findings.
#[derive(Clone, Debug)]
pub(super) enum Halt {
    /// The service did something unexpected. The probe stops.
    Surprise(String),
    /// The experiment cannot be performed. The probe continues with the next experiment.
    Impossible(String),
}

impl fmt::Display for Slot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::Child => "a child of A",
            Self::Category => "a new category",
            Self::Unknown => "an unknown ID",
        })
    }
}

fn names(slots: &[Slot]) -> String {
    let names: Vec<String> = slots.iter().map(Slot::to_string).collect();
    names.join(" + ")
}

/// Describes the step in a few words, for the plan.
impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadUntilThere => write!(formatter, "create A, read it until it is there"),
            Self::Look(slot) => write!(formatter, "look at {slot}"),
            Self::Find(slot, Variation::None | Variation::LargeBody(_)) => write!(formatter, "find {slot}"),
            Self::Find(slot, Variation::NoSlash) => write!(formatter, "find {slot} without the last slash"),
            Self::Find(slot, Variation::UnknownParameter) => {
                write!(formatter, "find {slot} with an unknown parameter")
            }
            Self::Find(slot, Variation::WrongToken) => write!(formatter, "find {slot} with a wrong token"),
            Self::FindMany(slots) => write!(formatter, "find {}", names(slots)),
            Self::FindByCategory(slot) => write!(formatter, "find the assets in {slot}"),
            Self::List(status) => write!(formatter, "list {status}"),
            Self::CreateAgain(slot) => write!(formatter, "create {slot} again"),
            Self::SaveRequired(slot) => write!(formatter, "save {slot} with fewer properties"),
            Self::Archive(slots) => write!(formatter, "archive {}", names(slots)),
            Self::ArchiveCascade(slots) => write!(formatter, "archive {} and the children", names(slots)),
            Self::ArchiveMove(slots, target) => {
                write!(
                    formatter,
                    "archive {} and move the children to {target}",
                    names(slots)
                )
            }
            Self::Unarchive(slots) => write!(formatter, "restore {}", names(slots)),
            Self::Delete(slots) => write!(formatter, "delete {}", names(slots)),
            Self::Move(slots, category) => write!(formatter, "move {} to {category}", names(slots)),
            Self::Uncategorise(slots) => write!(formatter, "move {} to no category", names(slots)),
            Self::LongUrl => write!(formatter, "find longer and longer IDs"),
            Self::ManyIds => write!(formatter, "find more and more unknown IDs"),
            Self::LargeBody => write!(formatter, "archive an unknown ID with larger and larger bodies"),
        }
    }
}
