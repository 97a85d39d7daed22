//! Finds copies after lost responses, by the names of the copies and by the times in their IDs.
//!
//! Anybody can make an asset with the name of a copy. A second job that is equal to this one certainly makes
//! such assets. So an asset is recognised as the copy of a request only if nothing suggests that somebody
//! else made it.

use super::{CopyCheck, DuplicationSteps, LIST_READS, end_job};
use crate::ext::bulk::engine::{Item, StepResult, pause};
use crate::ext::bulk::journal::CopyRequest;
use crate::ext::bulk::{Failure, Outcome, Reason};
use crate::ext::resource::ListRow;
use crate::runtime::attempt_time::AttemptTime;
use crate::values::id::generator::created_at;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// Largest clock difference between this machine and the service that a search tolerates. A search takes
/// longer than this. Therefore, an asset that somebody makes after an unsuccessful search is not recognised
/// as the copy.
const CLOCK_DIFFERENCE: Duration = Duration::from_secs(2);
/// Time after which a search assumes that the service no longer processes a request, and that the list
/// contains every copy. The documentation states no such time.
const SETTLED_AFTER: Duration = Duration::from_mins(10);
/// Maximum number of assets that a message names.
const NAMED: usize = 5;

/// List of all assets, prepared for the search for lost copies.
struct Assets {
    /// IDs of new assets that have the name of a copy, but are not known copies. The key is the name.
    candidates: HashMap<String, Vec<String>>,
    /// IDs of new assets that have other names, and are not known copies.
    others: Vec<String>,
    /// ID of a new asset that has the name of a copy, although no lost response explains this asset.
    unexplained: Option<String>,
}

/// Result of the search for a copy.
enum Search {
    Copy(String),
    /// The service made no copy. Contains the reason.
    NotMade(String),
    /// The copy was not found, but a later list may contain it. Contains the reason.
    Late(String),
    /// It is unclear which asset is the copy. Contains the reason.
    Unclear(String),
    /// The list could not be read.
    Unread,
}

impl DuplicationSteps {
    /// Looks for the copies of requests whose responses were lost. If an earlier run could not read a copy
    /// back, this run reads it again.
    pub(super) async fn find_copies(&self, all: Vec<Item>, result: &mut StepResult) {
        let mut items = Vec::new();
        for mut item in all {
            let request = self.unknown().get(item.id.as_str()).cloned().unwrap_or_default();
            if let Some(copy) = &request.copy {
                let outcome = match self.verify(copy, &self.name(&item.id), result).await {
                    CopyCheck::Confirmed => Some(Outcome::CONFIRMED),
                    CopyCheck::Unread(failure) => Some(Outcome::Unknown { failure }),
                    CopyCheck::Other(failure) => {
                        item.failure = Some(failure);
                        None
                    }
                };
                if let Some(outcome) = outcome {
                    result.end_with_copy(item, copy.clone(), outcome);
                    continue;
                }
            }
            items.push((item, request));
        }
        let mut requests: HashMap<String, usize> = HashMap::new();
        for (item, _) in &items {
            *requests.entry(self.name(&item.id)).or_default() += 1;
        }
        for attempt in 0..LIST_READS {
            if items.is_empty() {
                return;
            }
            let rows = match result.fatal {
                None => self.list().await,
                Some(_) => None,
            };
            let is_end = match &rows {
                Some(Err(error)) => end_job(error, result),
                _ => result.fatal.is_some(),
            };
            let is_last = is_end || attempt + 1 == LIST_READS || self.shared.stop_signal.is_set();
            let assets = rows.and_then(Result::ok);
            let assets = assets.map(|rows| self.assets(rows, &requests));
            let mut late = Vec::new();
            for (item, request) in items {
                let name = self.name(&item.id);
                let is_single = requests.get(&name) == Some(&1);
                let found = match &assets {
                    Some(assets) => self.search(&name, &request, is_single, assets),
                    None => Search::Unread,
                };
                if !is_last && matches!(found, Search::Late(_) | Search::Unread) {
                    late.push((item, request));
                } else {
                    self.end_search(item, found, result);
                }
            }
            items = late;
            if !items.is_empty() {
                self.shared.stop_signal.sleep(pause(attempt)).await;
            }
        }
    }

    fn end_search(&self, item: Item, found: Search, result: &mut StepResult) {
        let lost = || Failure::new(Reason::NoAnswer, "an earlier run did not learn its result");
        let failure = item.failure.clone().unwrap_or_else(lost);
        let outcome = match found {
            Search::Copy(copy) => {
                self.known().copies.insert(copy.clone());
                return result.end_with_copy(item, copy, Outcome::CONFIRMED);
            }
            Search::NotMade(note) => Outcome::NotSent {
                failure: failure.because(Reason::NotProcessed, &note),
            },
            Search::Late(note) | Search::Unclear(note) => Outcome::Unknown {
                failure: failure.because(Reason::NoAnswer, &note),
            },
            Search::Unread => {
                let note = "the list of all assets could not be read to look for the copy";
                Outcome::Unknown {
                    failure: failure.because(Reason::NotReadable, note),
                }
            }
        };
        result.end(item, outcome);
    }

    /// Prepares a list for the search. `requests` has the number of lost responses for each name of a copy.
    fn assets(&self, rows: Vec<ListRow<String>>, requests: &HashMap<String, usize>) -> Assets {
        let known = self.known();
        let originals = self.requests();
        let mut assets = Assets {
            candidates: HashMap::new(),
            others: Vec::new(),
            unexplained: None,
        };
        for row in rows {
            let existed = known.before.as_ref().is_some_and(|ids| ids.contains(&row.id));
            if existed || known.copies.contains(&row.id) || originals.contains(&row.id) {
                continue;
            }
            if self.names.contains(&row.name) {
                assets.candidates.entry(row.name).or_default().push(row.id);
            } else {
                assets.others.push(row.id);
            }
        }
        assets.others.sort_unstable();
        for ids in assets.candidates.values_mut() {
            ids.sort_unstable();
        }
        let unexplained = assets.candidates.iter().filter_map(|(name, ids)| {
            let explained = requests.get(name).copied().unwrap_or_default();
            ids.get(explained)
        });
        assets.unexplained = unexplained.min().cloned();
        assets
    }

    /// Looks for the copy that was requested under this name. `is_single` is true if only one response for
    /// this name was lost.
    fn search(&self, name: &str, request: &CopyRequest, is_single: bool, assets: &Assets) -> Search {
        let candidates = assets.candidates.get(name).map_or(&[][..], Vec::as_slice);
        match candidates {
            [] => self.without_candidate(name, request, assets),
            [copy] => match self.doubt(copy, request, is_single, assets) {
                None => Search::Copy(copy.clone()),
                Some(doubt) => Search::Unclear(format!(
                    "the copy may be {copy}{}, but {doubt}; check it before you duplicate this asset again",
                    made_after(request, copy).unwrap_or_default()
                )),
            },
            candidates => Search::Unclear(format!(
                "the copy may be one of these: {}; check them before you duplicate this asset again",
                some_of(candidates)
            )),
        }
    }

    /// Returns the reason to doubt that `copy`, the only new asset with the requested name, is the copy;
    /// `None` if there is no doubt.
    fn doubt(&self, copy: &str, request: &CopyRequest, is_single: bool, assets: &Assets) -> Option<String> {
        let doubt = if self.known().before.is_none() {
            "the list could not be read before the job"
        } else if !is_single {
            "the responses to several requests for this name were lost"
        } else if let Some(id) = &assets.unexplained {
            return Some(format!(
                "somebody else also makes assets with the names of these copies: {id}"
            ));
        } else if request.was_searched {
            "an earlier search did not recognise it, so somebody else may have made it"
        } else if let Some(attempt) = request.attempt {
            let begin = earlier(attempt.sent(), CLOCK_DIFFERENCE);
            let in_flight = begin..=later(attempt.ended(), CLOCK_DIFFERENCE);
            if created_at(copy).is_some_and(|created| in_flight.contains(&created)) {
                return None;
            }
            "its ID was not generated while the request was in flight, by the clock of this machine"
        } else {
            "the journal does not record when the request ended, so somebody else may have made it"
        };
        Some(doubt.to_owned())
    }

    /// Interprets a list that has no new asset with the name of the copy. Once [`SETTLED_AFTER`] has passed,
    /// such a list shows that the service made no copy, unless another new asset may be the renamed copy. The
    /// times in the IDs are ignored, because the clock of this machine may be wrong.
    fn without_candidate(&self, name: &str, request: &CopyRequest, assets: &Assets) -> Search {
        if self.known().before.is_none() {
            return Search::Late(format!(
                "no asset has the name {name:?} so far, but the list may be late; look for it before you \
                 duplicate this asset again"
            ));
        }
        let end = request.attempt.map(AttemptTime::ended).or(request.begun);
        let is_settled = end.is_some_and(|end| self.shared.client.now() >= later(end, SETTLED_AFTER));
        if !is_settled {
            return Search::Late(format!(
                "no new asset has the name {name:?} so far, but the list may be late; look for it before \
                 you duplicate this asset again, or resume the job from its journal after {} minutes",
                SETTLED_AFTER.as_secs() / 60
            ));
        }
        if assets.others.is_empty() {
            Search::NotMade("no asset was made since the job began, so the service made no copy".to_owned())
        } else {
            Search::Unclear(format!(
                "no new asset has the name {name:?}, but the copy may have been renamed, and these were made \
                 since the job began: {}; check them before you duplicate this asset again",
                some_of(&assets.others)
            ))
        }
    }
}

/// Describes the time at which an asset was made, so that people can decide whether the asset is the copy.
fn made_after(request: &CopyRequest, id: &str) -> Option<String> {
    let sent = request.attempt.map(AttemptTime::sent).or(request.begun)?;
    let after = created_at(id)?.duration_since(sent).ok()?;
    Some(format!(", made {:.1} s after the request", after.as_secs_f64()))
}

fn earlier(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_sub(by).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn later(time: SystemTime, by: Duration) -> SystemTime {
    time.checked_add(by).unwrap_or(time)
}

/// Lists some of the IDs for a message.
fn some_of(ids: &[String]) -> String {
    let named: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
    let more = match ids.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    named.join(", ") + &more
}
