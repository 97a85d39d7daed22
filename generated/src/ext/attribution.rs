//! Attributes responses to requests. A gateway may answer a request with the response to another request.
//!
//! A row in a response shows that an asset exists. A response that *omits* an asset does not always show that
//! the asset is missing, because the response may belong to another request of the same
//! [`Reader`](super::read::Reader). Therefore, a read by ID also asks for a *witness*: an existing asset that
//! no other recent read asks for. A response with a row for the witness belongs to this read.
//!
//! The rows of a list may lack properties of the assets. Therefore, a read of whole assets is repeated if its
//! response may be a repetition of the last list of all assets.
//!
//! Responses to requests of other jobs and programs are not recognised.

use super::resource::{AssetStatus, AssetSummary};
use super::validate;
use crate::runtime::call::Row;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Maximum number of witnesses. It exceeds the number of recent reads, even with 64 concurrent reads.
const WITNESSES: usize = 256;
/// Maximum length of a witness's ID, in bytes. The IDs of the vendor have 12 bytes (documented).
pub(crate) const MAX_WITNESS_LENGTH: usize = 24;

/// Maximum length of a list that is remembered, in rows. A response to a read by ID rarely has more rows, so
/// a longer list need not be remembered.
pub(crate) const MAX_LISTED: usize = 1_000;

/// State of one reader: its recent reads by ID, its last list of all assets, and the witnesses for its next
/// reads.
#[derive(Debug)]
pub(crate) struct Attribution {
    /// Number of completed reads that count as recent.
    completed: usize,
    /// The recent reads, the oldest read first.
    recent: Mutex<VecDeque<Arc<RecentRead>>>,
    /// IDs of the witnesses, the next witness first.
    witnesses: Mutex<VecDeque<String>>,
    /// Hashes of the rows of the last list. Empty if there is no list, or if the list is long.
    listed: Mutex<HashSet<u64>>,
}

#[derive(Debug)]
struct RecentRead {
    requested: Arc<HashSet<String>>,
    is_completed: AtomicBool,
}

/// A read by ID. The read is in progress until this value is dropped.
#[derive(Debug)]
pub(crate) struct ReadInProgress(Arc<RecentRead>);

impl ReadInProgress {
    /// Returns the IDs that this read asks for, including the ID of the witness.
    pub(crate) fn requested(&self) -> Arc<HashSet<String>> {
        Arc::clone(&self.0.requested)
    }
}

impl Drop for ReadInProgress {
    fn drop(&mut self) {
        self.0.is_completed.store(true, Ordering::Relaxed);
    }
}

impl Attribution {
    /// Creates the attribution for a reader that makes up to `concurrency` reads at the same time.
    pub(crate) fn new(concurrency: usize) -> Self {
        Self {
            // A gateway may still repeat a response after each concurrent task has completed another read.
            completed: 2 * concurrency + 2,
            recent: Mutex::default(),
            witnesses: Mutex::default(),
            listed: Mutex::default(),
        }
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<Arc<RecentRead>>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn witnesses(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.witnesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the start of a read by ID.
    pub(crate) fn begin(&self, requested: HashSet<String>) -> ReadInProgress {
        let is_completed = |read: &Arc<RecentRead>| read.is_completed.load(Ordering::Relaxed);
        let read = Arc::new(RecentRead {
            requested: Arc::new(requested),
            is_completed: AtomicBool::new(false),
        });
        let mut recent = self.recent();
        let completed = recent.iter().filter(|read| is_completed(read)).count();
        if completed > self.completed
            && let Some(oldest) = recent.iter().position(is_completed)
        {
            recent.remove(oldest);
        }
        recent.push_back(Arc::clone(&read));
        ReadInProgress(read)
    }

    /// Returns true if there are recent reads.
    pub(crate) fn has_reads(&self) -> bool {
        !self.recent().is_empty()
    }

    /// Returns true if a response whose rows have exactly these IDs may belong to a read by ID other than
    /// `read`. `read` is `None` if the response should be a list of all assets.
    pub(crate) fn may_be_other<'i>(
        &self,
        ids: &(impl Iterator<Item = &'i String> + Clone),
        read: Option<&ReadInProgress>,
    ) -> bool {
        if ids.clone().next().is_none() {
            return true;
        }
        let recent = self.recent();
        let is_other = |other: &&Arc<RecentRead>| read.is_none_or(|read| other.requested != read.0.requested);
        let mut others = recent.iter().filter(is_other);
        others.any(|other| ids.clone().all(|id| other.requested.contains(id)))
    }

    /// Remembers the rows of a list of all assets.
    pub(crate) fn record_list(&self, rows: HashSet<u64>) {
        *self.listed() = rows;
    }

    /// Returns true if a response with exactly these rows may be a repetition of the last list.
    pub(crate) fn may_be_list(&self, rows: &HashSet<u64>) -> bool {
        !rows.is_empty() && *self.listed() == *rows
    }

    /// Forgets the last list. The caller has found that lists seem to contain whole assets, so a repetition
    /// of a list does no harm.
    pub(crate) fn forget_list(&self) {
        self.listed().clear();
    }

    fn listed(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.listed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses the witnesses from a list of all assets. They are spread over the whole list, so that a job
    /// that deletes neighbouring assets does not delete all witnesses.
    pub(crate) fn choose_witnesses(&self, rows: HashMap<String, Option<AssetSummary>>) {
        let exists = |row: Option<AssetSummary>| row.is_some_and(|row| row.status != AssetStatus::Deleted);
        let mut ids: Vec<String> = rows
            .into_iter()
            .filter(|(id, _)| can_be_witness(id))
            .filter_map(|(id, row)| exists(row).then_some(id))
            .collect();
        ids.sort_unstable();
        let step = ids.len().div_ceil(WITNESSES).max(1);
        *self.witnesses() = ids.into_iter().step_by(step).collect();
    }

    /// Adds the ID of an existing asset to the witnesses, unless there are already [`WITNESSES`] of them.
    pub(crate) fn add_witness(&self, id: &str) {
        let mut witnesses = self.witnesses();
        if witnesses.len() < WITNESSES && can_be_witness(id) && !witnesses.iter().any(|other| other == id) {
            witnesses.push_back(id.to_owned());
        }
    }

    /// Returns a witness for a read of `ids`: one that is neither in `ids` nor requested by a recent read.
    /// Returns `None` if there is no such witness.
    pub(crate) fn next_witness(&self, ids: &[String]) -> Option<String> {
        let mut witnesses = self.witnesses();
        if witnesses.is_empty() {
            return None;
        }
        let index = {
            let recent = self.recent();
            let is_recent = |id: &String| recent.iter().any(|read| read.requested.contains(id));
            witnesses
                .iter()
                .position(|id| !is_recent(id) && !ids.contains(id))?
        };
        let witness = witnesses.remove(index)?;
        witnesses.push_back(witness.clone());
        Some(witness)
    }

    /// Removes a witness that may have been deleted.
    pub(crate) fn forget_witness(&self, witness: &str) {
        self.witnesses().retain(|id| id != witness);
    }
}

/// Returns the hash of the JSON text of a row.
pub(crate) fn row_hash(row: &Row) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.text.get().hash(&mut hasher);
    hasher.finish()
}

fn can_be_witness(id: &str) -> bool {
    id.len() <= MAX_WITNESS_LENGTH && validate::problem(id).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> HashSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    fn rows(count: usize) -> HashMap<String, Option<AssetSummary>> {
        let row = || Some(AssetSummary::new(Some("active"), None));
        (0..count).map(|number| (format!("{number:04}"), row())).collect()
    }

    #[test]
    fn a_response_belongs_to_a_read_if_no_other_read_requests_its_rows() {
        let attribution = Attribution::new(1);
        let read = attribution.begin(set(&["a", "b", "w"]));
        let may_be_other = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            attribution.may_be_other(&ids.iter(), Some(&read))
        };
        assert!(may_be_other(&[]), "an empty response can belong to any request");
        assert!(!may_be_other(&["a"]));
        let other = attribution.begin(set(&["a", "c"]));
        assert!(may_be_other(&["a"]));
        assert!(!may_be_other(&["a", "w"]));
        drop(other);
        assert!(may_be_other(&["a"]), "its response may be repeated");
    }

    #[test]
    fn a_read_in_progress_stays_recent() {
        let attribution = Attribution::new(1);
        let slow = attribution.begin(set(&["slow"]));
        for number in 0..100 {
            drop(attribution.begin(set(&[&number.to_string()])));
        }
        let may_be = |id: &str| attribution.may_be_other(&[id.to_owned()].iter(), None);
        assert!(may_be("slow") && may_be("99") && !may_be("1"));
        drop(slow);
        for number in 100..200 {
            drop(attribution.begin(set(&[&number.to_string()])));
        }
        assert!(!may_be("slow"));
    }

    #[test]
    fn witnesses_are_existing_assets_that_no_recent_read_requests() {
        let attribution = Attribution::new(1);
        assert_eq!(attribution.next_witness(&[]), None);
        let mut listed = rows(3);
        let deleted = AssetSummary::new(Some("deleted"), None);
        listed.insert("deleted".to_owned(), Some(deleted));
        listed.insert("odd".to_owned(), None);
        listed.insert("a,b".to_owned(), listed["0000"].clone());
        listed.insert("x".repeat(MAX_WITNESS_LENGTH + 1), listed["0000"].clone());
        attribution.choose_witnesses(listed);
        let next = || attribution.next_witness(&["0001".to_owned()]);
        assert_eq!(next().as_deref(), Some("0000"));
        let read = attribution.begin(set(&["0001", "0000"]));
        assert_eq!(next().as_deref(), Some("0002"));
        attribution.forget_witness("0002");
        assert_eq!(next(), None);
        drop(read);
    }

    #[test]
    fn witnesses_are_spread_over_the_whole_list() {
        let attribution = Attribution::new(1);
        attribution.choose_witnesses(rows(5_000));
        let witnesses = attribution.witnesses().clone();
        assert!(
            (200..=WITNESSES).contains(&witnesses.len()),
            "{}",
            witnesses.len()
        );
        assert!(witnesses[0] == "0000" && witnesses[witnesses.len() - 1].as_str() > "4900");
    }
}
