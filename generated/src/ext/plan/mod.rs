//! Plans: changes of many assets that can be reviewed before they are made, and undone afterwards.
//!
//! A [`ChangePlan`] lists the assets that change. An entry has the operations, the old and the new values,
//! and the fingerprint of the asset when the plan was made. A plan can be written to a file, reviewed, and
//! applied later. These functions make plans:
//!
//! | plan | effect |
//! |---|---|
//! | [`ChangePlan::replace`] | replaces each string that equals a given text, such as an ID |
//! | [`ChangePlan::set`] | sets the value at one path |
//! | [`ChangePlan::restore`] | restores the state of a snapshot |
//! | [`ChangePlan::copy`] | copies the assets of a snapshot into an account, under new IDs |
//! | [`ChangePlan::wanted`] | brings assets into states that a program computes |
//! | [`ChangePlan::undo`] | reverts what a job or an earlier plan did |
//!
//! [`ChangePlan::apply`] makes the changes. It leaves out the assets that have changed since the plan was
//! made.
//!
//! ```
//! use funnelflux::ext::plan::ChangePlan;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let fake = funnelflux_fake::Fake::default();
//! # fake.seed_offer_source("2nIemJxCKbFX");
//! # fake.set("offersource", "2nIemJxCKbFX", "postbackTxId", "old");
//! # let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
//! # let client = funnelflux::Client::builder().base_url(server.base_url());
//! # let client = client.bearer_token(fake.access_token()).build()?;
//! # let folder = tempfile::tempdir()?;
//! # let (file, journal) = (folder.path().join("plan.json"), folder.path().join("plan.journal"));
//! let plan = ChangePlan::replace("old", "new").groups(["offer-sources"]).plan(&client).await?;
//! plan.write(&file)?; // review it, then apply it
//!
//! let report = ChangePlan::read(&file)?.apply(&client).journal(&journal).send().await?;
//! assert!(report.is_success(), "{report}");
//! assert_eq!(plan.progress(&journal)?.done, 1); // another process can ask while the job runs
//!
//! let undo = ChangePlan::undo(&client, &journal).await?;
//! println!("{undo}");
//! # assert_eq!(undo.entries().len(), 1);
//! # Ok(()) }
//! ```
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | `entry` | the change of one asset, its steps and its description |
//! | `note` | the notes on what a plan leaves out |
//! | `explanation` | the sentences that explain the effect of a plan, for its file |
//! | `file` | the file of a plan, and the checks of an edited file |
//! | `difference` | comparison of an asset with its wanted state, order of assets by their references |
//! | `account` | reading the assets of an account |
//! | `make`, `copy`, `undo`, `wanted` | the functions that make plans |
//! | `journal`, `undo_log` | the journal of a plan; the states of assets before a bulk job |
//! | `apply`, `store` | applying a plan; creating and saving one asset |

mod account;
mod apply;
mod copy;
mod difference;
mod entry;
mod error;
mod explanation;
mod file;
mod journal;
mod make;
mod note;
mod store;
mod undo;
mod undo_log;
mod wanted;

pub use apply::Apply;
pub use copy::Copying;
pub use entry::{PlanEntry, PlanStep};
pub use error::PlanError;
pub use make::{AssetsNotInSnapshot, Replacing, Restoring};
pub use note::{PlanNote, PlanNoteKind};
pub(crate) use undo_log::UndoLog;
pub use wanted::WantedAsset;

use crate::ext::Counts;
use crate::{Client, Error};
use journal::Recorded;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Maximum number of items of a list, such as the entries, in the `Display` text of a plan.
const MAX_ENTRIES: usize = 10;

/// A reviewable list of changes of assets. See the [module](self).
///
/// Displays as a summary with the first entries.
#[derive(Clone, PartialEq)]
pub struct ChangePlan {
    made_by: String,
    /// Time at which the plan was made, in RFC 3339.
    made: String,
    base_url: String,
    account: Option<String>,
    crate_version: String,
    document_version: String,
    notes: Vec<PlanNote>,
    entries: Vec<PlanEntry>,
}

impl ChangePlan {
    /// Creates a plan for the account of a client.
    async fn new(
        client: &Client,
        made_by: String,
        notes: Vec<PlanNote>,
        mut entries: Vec<PlanEntry>,
    ) -> Result<Self, Error> {
        entries.sort_by(|first, second| first.key.cmp(&second.key));
        let account = client.account().await?;
        Ok(Self {
            made_by,
            made: humantime::format_rfc3339_seconds(client.now()).to_string(),
            base_url: client.base_url().to_owned(),
            account: account.map(|account| account.as_str().to_owned()),
            crate_version: env!("CARGO_PKG_VERSION").to_owned(),
            document_version: crate::api::DOCUMENT_VERSION.to_owned(),
            notes,
            entries,
        })
    }

    /// Returns the description of the plan, such as `replace "a" by "b" in pages`.
    #[must_use]
    pub fn made_by(&self) -> &str {
        &self.made_by
    }

    /// Returns the base URL of the service.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Returns the account of the plan; `None` if the access token does not name its account.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// Returns notes on the changes that the plan leaves out, for example because an asset could not be read.
    #[must_use]
    pub fn notes(&self) -> &[PlanNote] {
        &self.notes
    }

    /// Returns the changes, one per asset.
    #[must_use]
    pub fn entries(&self) -> &[PlanEntry] {
        &self.entries
    }

    /// Returns true if the plan changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts the assets with each outcome, according to a journal of this plan. The job that
    /// [applies](Self::apply) the plan may still be running. Assets without an outcome count as not sent.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, or is not a journal of this plan.
    pub fn progress(&self, journal: impl AsRef<Path>) -> Result<Counts, PlanError> {
        let journal = journal.as_ref();
        let failed = |problem| PlanError::at(journal, problem);
        let recorded = Recorded::read(journal).map_err(failed)?;
        recorded.check_plan(self.fingerprint()).map_err(failed)?;
        let mut counts = Counts::default();
        for entry in &self.entries {
            let earlier = recorded.earlier.get(&entry.key);
            match earlier.and_then(|earlier| earlier.outcome.as_ref()) {
                Some(outcome) => counts.count(outcome),
                None => counts.not_sent += 1,
            }
        }
        Ok(counts)
    }

    /// Returns true if applying the plan needs [`Apply::acknowledge_inferred`].
    #[must_use]
    pub fn requires_acknowledgement(&self) -> bool {
        self.entries.iter().any(PlanEntry::requires_acknowledgement)
    }

    /// Returns the parts of the plan that cannot be undone, one line each.
    #[must_use]
    pub fn cannot_undo(&self) -> Vec<String> {
        let entries = self.entries.iter();
        entries
            .filter_map(|entry| Some(format!("{}: {}", entry.key, entry.cannot_undo()?)))
            .collect()
    }

    /// Returns the number of assets that need each step.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<PlanStep, usize> {
        let mut counts = BTreeMap::new();
        for step in self.entries.iter().flat_map(PlanEntry::steps) {
            *counts.entry(step).or_default() += 1;
        }
        counts
    }
}

impl fmt::Display for ChangePlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.made_by)?;
        match self.entries.len() {
            0 => formatter.write_str("nothing to change")?,
            1 => formatter.write_str("1 asset")?,
            count => write!(formatter, "{count} assets")?,
        }
        for (step, count) in self.counts() {
            let verb = match step {
                PlanStep::Create => "to create",
                PlanStep::Unarchive => "to restore from the archive",
                PlanStep::Save => "to save",
                PlanStep::Move => "to move to a category",
                PlanStep::Archive => "to archive",
                PlanStep::Delete => "to delete",
            };
            write!(formatter, ", {count} {verb}")?;
        }
        let more = |count: usize| count.saturating_sub(MAX_ENTRIES);
        for entry in self.entries.iter().take(MAX_ENTRIES) {
            write!(formatter, "\n  {entry}")?;
        }
        if more(self.entries.len()) > 0 {
            write!(formatter, "\n  and {} more", more(self.entries.len()))?;
        }
        let notes = self.notes.iter().map(PlanNote::to_string).collect();
        for (title, lines) in [("cannot be undone", self.cannot_undo()), ("not planned", notes)] {
            if lines.is_empty() {
                continue;
            }
            write!(formatter, "\n{title}:")?;
            for line in lines.iter().take(MAX_ENTRIES) {
                write!(formatter, "\n  {line}")?;
            }
            if more(lines.len()) > 0 {
                write!(formatter, "\n  and {} more", more(lines.len()))?;
            }
        }
        Ok(())
    }
}

crate::runtime::error::debug_as_display!(ChangePlan);
