//! Checks that a journal belongs to the account of the client. If the access token does not state the
//! account, the check compares assets.
//!
//! A new job records the IDs of some assets of the account. A resumed job must find one of these assets, or
//! an asset whose ID an earlier run has sent. Such an asset identifies the account, because IDs are unique
//! across accounts.

use super::step::StepResult;
use super::{Shared, ends_the_job, pause_after};
use crate::ext::bulk::journal::EarlierRun;
use crate::ext::bulk::outcome::{Failure, Reason};
use crate::ext::read::ReadResult;
use crate::values::id::IdText;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

/// Maximum number of assets by which an account is identified.
const SAMPLE: usize = 20;

/// Data for the account check of a job with a journal. The check runs before the first change.
#[derive(Debug)]
pub(in crate::ext::bulk) struct AccountCheck {
    /// IDs of the job.
    pub(in crate::ext::bulk) job: HashSet<IdText>,
    /// True if the job deletes assets. In this case, a missing asset of the job does not prove that the
    /// account differs.
    pub(in crate::ext::bulk) deletes: bool,
    /// True if the job duplicates assets. Such a job records all assets of the account by itself.
    pub(in crate::ext::bulk) duplicates: bool,
    /// Account of an earlier run, if the token of that run stated the account.
    pub(in crate::ext::bulk) recorded: Option<String>,
    /// Assets that identify the account of an earlier run.
    pub(in crate::ext::bulk) earlier: EarlierAssets,
    /// True if the client may use an account other than the account of the journal. In this case, an asset
    /// that cannot be found does not count as missing.
    pub(in crate::ext::bulk) is_unverified: AtomicBool,
}

/// Assets that the account owned in an earlier run.
#[derive(Debug)]
pub(in crate::ext::bulk) enum EarlierAssets {
    /// No earlier run has recorded an asset, and no request of an earlier run proves that an asset exists.
    None,
    /// IDs of assets that the account owned. At least one of them must be found, unless the job may have
    /// deleted all of them.
    Recorded(Vec<String>),
}

impl AccountCheck {
    pub(in crate::ext::bulk) fn new(
        ids: &[IdText],
        deletes: bool,
        duplicates: bool,
        earlier: Option<&EarlierRun>,
    ) -> Self {
        let recorded = earlier.and_then(|earlier| earlier.account.clone());
        let earlier = match earlier {
            None => EarlierAssets::None,
            Some(earlier) => {
                let seen = earlier.seen.iter().flatten().cloned();
                let has_seen = earlier.seen.as_ref().is_some_and(|seen| !seen.is_empty());
                let states = ids.iter().zip(&earlier.states);
                // Except in a deletion, an asset exists if its ID was sent or if the asset reached the
                // requested state. In a deletion, only assets without an outcome count, because they may
                // still exist.
                let proven = states.filter(|(_, state)| match &state.outcome {
                    None => deletes || state.sent.is_some(),
                    Some(outcome) => !deletes && outcome.is_success(),
                });
                let was_sent = earlier
                    .states
                    .iter()
                    .any(|state| state.sent.is_some() || state.outcome.is_some());
                let mut distinct = HashSet::new();
                let recorded: Vec<String> = seen
                    .chain(proven.map(|(id, _)| id.to_string()))
                    .filter(|id| distinct.insert(id.clone()))
                    .collect();
                if has_seen || was_sent && !recorded.is_empty() {
                    EarlierAssets::Recorded(recorded)
                } else {
                    EarlierAssets::None
                }
            }
        };
        Self {
            job: ids.iter().cloned().collect(),
            deletes,
            duplicates,
            recorded,
            earlier,
            is_unverified: AtomicBool::new(false),
        }
    }
}

impl Shared {
    /// Returns true if the client may use an account other than the account of the journal.
    pub(in crate::ext::bulk) fn is_unverified(&self) -> bool {
        let check = self.account.as_ref();
        check.is_some_and(|check| check.is_unverified.load(Ordering::Relaxed))
    }

    /// Checks that the journal belongs to the account of the client. The result contains data that the
    /// journal lacks: the account if the token states it, otherwise the IDs of some assets of the account. A
    /// duplication adds these IDs by itself.
    pub(in crate::ext::bulk) async fn check_account(&self) -> StepResult {
        let mut result = StepResult::new();
        let Some(check) = &self.account else {
            return result;
        };
        // If the token store cannot be read, the reads of assets fail as well.
        let account = self.client.account().await.ok().flatten();
        let account = account.map(|account| account.as_str().to_owned());
        match (&check.recorded, &account) {
            (Some(recorded), Some(actual)) if recorded == actual => return result,
            (Some(recorded), Some(actual)) => {
                result.other_account = Some((recorded.clone(), actual.clone()));
                return result;
            }
            (None, Some(_)) => result.account = account,
            (_, None) => {}
        }
        match &check.earlier {
            // If the token states the account, no assets have to be recorded.
            EarlierAssets::None if result.account.is_some() || check.duplicates => {}
            EarlierAssets::None => {
                result.seen = Some(self.sample(check).await).filter(|sample| !sample.is_empty());
            }
            EarlierAssets::Recorded(recorded) => self.find_recorded(check, recorded, &mut result).await,
        }
        result
    }

    /// Returns the IDs of some assets of the account, preferably of assets that the job does not change.
    async fn sample(&self, check: &AccountCheck) -> Vec<String> {
        let Some(Ok(all)) = self.reader.all_ids().await else {
            return Vec::new();
        };
        let mut all: Vec<String> = all.into_iter().collect();
        all.sort_unstable();
        all.sort_by_key(|id| check.job.contains(id.as_str()));
        all.truncate(SAMPLE);
        all
    }

    async fn find_recorded(&self, check: &AccountCheck, recorded: &[String], result: &mut StepResult) {
        let lasting = |id: &&String| !check.deletes || !check.job.contains(id.as_str());
        let probe: Vec<String> = recorded.iter().filter(lasting).take(SAMPLE).cloned().collect();
        let is_lasting = !probe.is_empty();
        let probe = if is_lasting {
            probe
        } else {
            recorded.iter().take(SAMPLE).cloned().collect()
        };
        let mut attempts = 0;
        loop {
            let found = self.reader.summaries(&probe).await;
            if found
                .iter()
                .any(|read| matches!(read, ReadResult::Found(_) | ReadResult::Odd(_)))
            {
                return;
            }
            let error = found.into_iter().find_map(|read| match read {
                ReadResult::Unreadable(error) => Some(error),
                _ => None,
            });
            match error {
                Some(error) if self.may_retry(attempts, &error) => {
                    self.stop_signal.sleep(pause_after(attempts, &error)).await;
                    attempts += 1;
                }
                Some(error) => {
                    let message =
                        format!("cannot determine whether the journal belongs to this account: {error}");
                    result.answered = Some(false);
                    let reason = if ends_the_job(&error) {
                        Reason::NotProcessed
                    } else {
                        Reason::NotLookedAt
                    };
                    result.fatal = Some(Failure::with_error(reason, message, &error));
                    return;
                }
                // The job may have deleted all recorded assets.
                None if !is_lasting => {
                    check.is_unverified.store(true, Ordering::Relaxed);
                    return;
                }
                None => {
                    let actual = self.sample(check).await;
                    result.other_account = Some((owner_of(&probe), owner_of(&actual)));
                    result.account = None;
                    return;
                }
            }
        }
    }
}

/// Describes an account by some of its assets.
fn owner_of(ids: &[String]) -> String {
    match ids {
        [] => "without such assets".to_owned(),
        ids => {
            let ids: Vec<&str> = ids.iter().take(3).map(String::as_str).collect();
            format!("that owns {}", ids.join(", "))
        }
    }
}
