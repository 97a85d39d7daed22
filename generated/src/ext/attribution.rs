//! Attributes responses to requests. A gateway may answer a request with the response to another request.
//!
//! A row in a response shows that an asset exists. A response that *omits* an asset shows that the asset is
//! missing only if it is certainly the response to this request. This is the case if it has rows that no
//! other recent read by ID requested together. To get such a response, a read by ID also requests a
//! *witness*: an existing asset that no other recent read requested.

use super::resource::{AssetStatus, AssetSummary};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of witnesses.
const WITNESSES: usize = 160;

/// Recent reads by ID of one reader.
#[derive(Debug)]
pub(crate) struct Attribution {
    /// Number of reads that count as recent.
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// IDs that each of the recent reads requested, the oldest read first.
    recent: VecDeque<Arc<HashSet<String>>>,
    /// IDs of the witnesses, the next witness first.
    witnesses: VecDeque<String>,
}

impl State {
    fn is_recent(&self, id: &str) -> bool {
        self.recent.iter().any(|requested| requested.contains(id))
    }
}

impl Attribution {
    /// Creates the attribution for a reader with this number of concurrent reads.
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            // A response can be swapped with that of a concurrent request, or be that of the previous one.
            capacity: 2 * concurrency + 2,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the IDs of a read by ID.
    pub(crate) fn record(&self, requested: Arc<HashSet<String>>) {
        let mut state = self.state();
        if state.recent.len() >= self.capacity {
            state.recent.pop_front();
        }
        state.recent.push_back(requested);
    }

    /// Returns true if a response with these rows can be the response to a recent read by ID, other than the
    /// read of `requested`.
    pub(crate) fn may_be_other<'i>(
        &self,
        ids: &(impl Iterator<Item = &'i String> + Clone),
        requested: Option<&HashSet<String>>,
    ) -> bool {
        let state = self.state();
        let recent = state.recent.iter();
        let mut others = recent.filter(|recent| Some(recent.as_ref()) != requested);
        others.any(|recent| ids.clone().all(|id| recent.contains(id)))
    }

    /// Replaces the witnesses with existing assets of a list, except those in `omitted`. Prefers assets that
    /// no recent read requested, because a job that deletes assets reads them before.
    pub(crate) fn choose_witnesses(&self, rows: &HashMap<String, Option<AssetSummary>>, omitted: &[String]) {
        let mut state = self.state();
        let exists = |row: &Option<AssetSummary>| {
            row.as_ref()
                .is_some_and(|summary| summary.status != AssetStatus::Deleted)
        };
        let mut ids: Vec<(bool, &String)> = rows
            .iter()
            .filter(|(id, row)| exists(row) && !omitted.contains(id))
            .map(|(id, _)| (state.is_recent(id), id))
            .collect();
        // An ID begins with the time of its creation. New assets are deleted less often than old ones.
        ids.sort_unstable_by(|one, other| one.0.cmp(&other.0).then(other.1.cmp(one.1)));
        ids.truncate(WITNESSES);
        state.witnesses = ids.into_iter().map(|(_, id)| id.clone()).collect();
    }

    /// Returns true if there is a witness for a read of `ids`.
    pub(crate) fn has_witness(&self, ids: &[String]) -> bool {
        self.state()
            .witnesses
            .iter()
            .any(|witness| !ids.contains(witness))
    }

    /// Returns a witness for a read of `ids`; `None` if there is none.
    pub(crate) fn next_witness(&self, ids: &[String]) -> Option<String> {
        let mut state = self.state();
        let is_new = |id: &String| !ids.contains(id) && !state.is_recent(id);
        let witnesses = &state.witnesses;
        let index = witnesses
            .iter()
            .position(is_new)
            .or_else(|| witnesses.iter().position(|id| !ids.contains(id)))?;
        let witness = state.witnesses.remove(index)?;
        state.witnesses.push_back(witness.clone());
        Some(witness)
    }

    /// Removes a witness that a response omits. It may have been deleted.
    pub(crate) fn forget_witness(&self, witness: &str) {
        self.state().witnesses.retain(|id| id != witness);
    }

    /// Removes all witnesses.
    pub(crate) fn forget_witnesses(&self) {
        self.state().witnesses.clear();
    }
}
