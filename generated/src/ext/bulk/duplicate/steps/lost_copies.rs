//! Finds copies after lost responses, by the names of the copies and by the times in their IDs.

use super::{DuplicationSteps, LIST_READS};
use crate::ext::bulk::engine::{Item, StepResult, pause};
use crate::ext::bulk::{Entry, Failure, Outcome, Reason};
use crate::ext::resource::ListRow;
use crate::values::id::generator::created_at;
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

/// Tolerated difference between the clocks of this machine and of the service.
const CLOCK_DIFFERENCE: Duration = Duration::from_mins(1);

impl DuplicationSteps {
    /// Looks for the requested copies whose responses were lost.
    pub(super) async fn find_copies(&self, mut items: Vec<Item>, result: &mut StepResult) {
        let mut requests_by_name: HashMap<String, usize> = HashMap::new();
        for item in &items {
            *requests_by_name.entry(self.name(&item.id)).or_default() += 1;
        }
        for attempt in 0..LIST_READS {
            let is_last = attempt + 1 == LIST_READS || self.shared.stop_signal.is_set();
            let rows = self.list().await.and_then(Result::ok);
            let mut late = Vec::new();
            for item in items {
                let name = self.name(&item.id);
                let is_single = requests_by_name.get(&name) == Some(&1);
                match self.search(&name, rows.as_deref(), is_single) {
                    Search::Copy(copy) => {
                        let entry = Entry::new(item.id, item.position, Outcome::CONFIRMED);
                        result.entries.push(entry.with_copy(Some(copy.into())));
                    }
                    Search::Late(_) if !is_last => late.push(item),
                    Search::Late(note) | Search::Unclear(note) => {
                        let lost =
                            || Failure::new(Reason::NoAnswer, "an earlier run did not learn its result");
                        let failure = item.failure.clone().unwrap_or_else(lost);
                        let failure = failure.because(Reason::NoAnswer, &note);
                        result.end(item, Outcome::Unknown { failure });
                    }
                }
            }
            if late.is_empty() {
                return;
            }
            items = late;
            self.shared.stop_signal.sleep(pause(attempt)).await;
        }
    }

    /// Looks for the copy with this name. A recognised copy cannot be recognised again for another asset.
    fn search(&self, name: &str, rows: Option<&[ListRow<String>]>, is_single: bool) -> Search {
        let Some(rows) = rows else {
            return Search::Late("the list of all assets could not be read to look for the copy".to_owned());
        };
        let mut known = self.known();
        let is_new = |row: &&ListRow<String>| {
            let existed = known.before.as_ref().is_some_and(|ids| ids.contains(&row.id));
            row.name == name && !existed && !known.copies.contains(&row.id)
        };
        let candidates: Vec<&String> = rows.iter().filter(is_new).map(|row| &row.id).collect();
        let begun = self.shared.begun;
        match candidates.as_slice() {
            [] => Search::Late(format!(
                "no new asset has the name {name:?} so far, but the list may be late; \
                 look for it before you duplicate this asset again"
            )),
            [copy] if is_single && known.before.is_some() && is_since(begun, copy.as_ref()) => {
                let copy = (*copy).clone();
                known.copies.insert(copy.clone());
                Search::Copy(copy)
            }
            candidates => {
                let mut ids: Vec<&str> = candidates.iter().map(AsRef::as_ref).collect();
                ids.sort_unstable();
                Search::Unclear(format!(
                    "the copy may be one of these: {}; check them before you duplicate this asset again",
                    ids.join(", ")
                ))
            }
        }
    }
}

/// Result of the search for a copy.
enum Search {
    Copy(String),
    /// The copy was not found, but a later list may contain it. Contains the reason.
    Late(String),
    /// It is unclear which asset is the copy. Contains the reason.
    Unclear(String),
}

/// Returns true if the ID was generated after the job began.
fn is_since(begun: SystemTime, id: &str) -> bool {
    let earliest = begun
        .checked_sub(CLOCK_DIFFERENCE)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    created_at(id).is_some_and(|created| created >= earliest)
}
