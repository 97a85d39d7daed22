//! Journal of a plan, and undo log of a bulk job. The undo log contains the states of assets before the job.
//!
//! The journal and the undo log are files of JSON lines. The first line describes the plan or the job, the
//! service and the account. A `before` line has the old state of an asset. It is written to the disk before
//! the change of the asset is sent. If someone else makes a part of the change in the meantime, another
//! `before` line replaces the first, so that an undo reverts only the changes of the job. A `sending` line
//! names a step that is about to be sent, and the assets of the step. A `settled` line has the outcome of an
//! asset.

use super::difference::same_at;
use super::entry::PlanStep;
use super::error::PlanProblem;
use super::note::PlanNote;
use crate::Client;
use crate::ext::line_file::{LineError, LineFile, truncation, write_line};
use crate::ext::snapshot::{AssetKey, Changes, Fingerprint, ValueChange};
use crate::ext::{ChangeRecord, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

/// Version of the format.
const VERSION: u32 = 1;

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// Begins the journal of a plan.
    Plan(Header),
    /// Begins the undo log of a bulk job.
    Undo(Header),
    Before(Before),
    Sending {
        step: PlanStep,
        assets: Vec<AssetKey>,
    },
    Settled {
        asset: AssetKey,
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// The undo log contains all states, so the job may begin.
    Complete,
    /// Contains the reason why some children could not be read before the job. The changes of these children
    /// cannot be undone.
    Unread(PlanNote),
}

/// First line of the file: describes the plan or the bulk job, the service and the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    version: u32,
    /// Description of the plan or job, for messages.
    pub(super) job: String,
    pub(super) base_url: String,
    pub(super) account: Option<String>,
    /// Fingerprint of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    plan: Option<Fingerprint>,
    /// Group and change of the bulk job.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bulk: Option<(String, ChangeRecord)>,
}

/// State of an asset before its change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Before {
    pub(super) asset: AssetKey,
    pub(super) change: Made,
    /// The whole asset; absent if the job creates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<Value>,
}

impl Before {
    /// Returns true if the asset `current` lacks exactly those of the `changes` that are recorded.
    pub(super) fn agrees<'c>(
        &self,
        mut changes: impl Iterator<Item = &'c ValueChange>,
        current: &Value,
    ) -> bool {
        let Made::Changed(recorded) = &self.change else {
            return true;
        };
        changes.all(|change| {
            let is_recorded = recorded.iter().any(|recorded| recorded.path == change.path);
            is_recorded == is_left(change, current)
        })
    }
}

/// Returns true if the asset `current` lacks the new value of the change.
pub(super) fn is_left(change: &ValueChange, current: &Value) -> bool {
    !same_at(&change.path, current.pointer(&change.path), change.new.as_ref())
}

/// Change that a job makes to an asset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Made {
    /// Creates the asset.
    Created,
    /// Changes these values.
    Changed(Changes),
    /// Deletes the asset.
    Deleted,
}

/// Progress that earlier runs of the plan made with an asset, according to the journal.
#[derive(Clone, Debug, Default)]
pub(super) struct Earlier {
    /// State of the asset before the change.
    pub(super) before: Option<Before>,
    /// Steps that were sent, or were about to be sent when the run ended.
    pub(super) sent: BTreeSet<PlanStep>,
    pub(super) outcome: Option<Outcome>,
}

/// Contents of a journal or an undo log.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) header: Header,
    pub(super) earlier: BTreeMap<AssetKey, Earlier>,
    pub(super) unread: Vec<PlanNote>,
    pub(super) is_complete: bool,
    pub(super) is_plan: bool,
    /// Total length of the complete lines, in bytes.
    length: u64,
}

impl Header {
    pub(super) async fn new(client: &Client, job: String) -> Result<Self, crate::Error> {
        let account = client.account().await?;
        Ok(Self {
            version: VERSION,
            job,
            base_url: client.base_url().to_owned(),
            account: account.map(|account| account.as_str().to_owned()),
            plan: None,
            bulk: None,
        })
    }

    /// Checks that the client uses the service and the account that the file names. Compares the accounts
    /// only if both are known.
    pub(super) fn check_account(&self, actual: &Self) -> Result<(), PlanProblem> {
        if self.base_url != actual.base_url {
            return Err(PlanProblem::OtherService {
                recorded: self.base_url.clone(),
                actual: actual.base_url.clone(),
            });
        }
        match (&self.account, &actual.account) {
            (Some(recorded), Some(actual)) if recorded != actual => Err(PlanProblem::OtherAccount {
                recorded: recorded.clone(),
                actual: actual.clone(),
            }),
            _ => Ok(()),
        }
    }
}

impl Recorded {
    /// Reads a journal or an undo log without changing the file.
    pub(super) fn read(path: &Path) -> Result<Self, PlanProblem> {
        Self::parse(&File::open(path)?)
    }

    fn parse(file: &File) -> Result<Self, PlanProblem> {
        let mut reader = BufReader::new(file);
        let mut recorded: Option<Self> = None;
        let mut text = Vec::new();
        let mut length = 0;
        for number in 1.. {
            text.clear();
            let read = reader.read_until(b'\n', &mut text)?;
            // A line without a line feed is incomplete.
            if read == 0 || text.last() != Some(&b'\n') {
                break;
            }
            if let (Some(problem), true) = (truncation(&text), recorded.is_some()) {
                return Err(PlanProblem::Damaged {
                    line: number,
                    message: problem.to_owned(),
                });
            }
            let line = match serde_json::from_slice::<Line>(&text) {
                Ok(line) => line,
                // After a power failure, the last line may be a mixture of old and new bytes.
                Err(_) if recorded.is_some() && reader.fill_buf()?.is_empty() => break,
                Err(_) if recorded.is_none() => return Err(PlanProblem::NotAJournal),
                Err(error) => {
                    return Err(PlanProblem::Damaged {
                        line: number,
                        message: error.to_string(),
                    });
                }
            };
            length += read as u64;
            match (line, &mut recorded) {
                (Line::Plan(header) | Line::Undo(header), None) if header.version != VERSION => {
                    return Err(PlanProblem::Format(header.version.into()));
                }
                (Line::Plan(header), recorded @ None) => *recorded = Some(Self::new(header, true)),
                (Line::Undo(header), recorded @ None) => *recorded = Some(Self::new(header, false)),
                (line, Some(recorded)) => recorded.add(line),
                (_, None) => return Err(PlanProblem::NotAJournal),
            }
        }
        let mut recorded = recorded.ok_or(PlanProblem::NotAJournal)?;
        recorded.length = length;
        Ok(recorded)
    }

    fn new(header: Header, is_plan: bool) -> Self {
        Self {
            header,
            earlier: BTreeMap::new(),
            unread: Vec::new(),
            is_complete: false,
            is_plan,
            length: 0,
        }
    }

    /// Returns the states of the assets that the job changed or may have changed, sorted by asset.
    pub(super) fn into_before(self) -> impl Iterator<Item = Before> {
        self.earlier.into_values().filter_map(|earlier| earlier.before)
    }

    /// Checks that the file is a journal of the plan with this fingerprint.
    pub(super) fn check_plan(&self, plan: Fingerprint) -> Result<(), PlanProblem> {
        if self.is_plan && self.header.plan == Some(plan) {
            return Ok(());
        }
        let recorded = self.header.job.clone();
        Err(PlanProblem::OtherPlan { recorded })
    }

    fn add(&mut self, line: Line) {
        match line {
            Line::Plan(_) | Line::Undo(_) => {}
            Line::Complete => self.is_complete = true,
            Line::Unread(note) => self.unread.push(note),
            Line::Before(before) => {
                let earlier = self.earlier.entry(before.asset.clone()).or_default();
                earlier.before = Some(before);
            }
            Line::Sending { step, assets } => {
                for asset in assets {
                    let earlier = self.earlier.entry(asset).or_default();
                    earlier.sent.insert(step);
                    // A run began the asset anew after this outcome.
                    earlier.outcome = None;
                }
            }
            Line::Settled { asset, outcome } => {
                let earlier = self.earlier.entry(asset).or_default();
                if matches!(outcome, Outcome::AlreadySo { .. } | Outcome::Rejected { .. }) {
                    // The plan has changed nothing of the asset. The steps before this line were not sent, or
                    // the service refused them.
                    *earlier = Earlier::default();
                }
                earlier.outcome = Some(outcome);
            }
        }
    }
}

/// Writer of the journal of a plan. Without a file, it writes nothing.
#[derive(Debug, Default)]
pub(super) struct PlanJournal(Option<LineFile>);

impl PlanJournal {
    /// Begins a journal, or continues an existing journal of the same plan.
    pub(super) fn open(
        path: &Path,
        mut header: Header,
        plan: Fingerprint,
    ) -> Result<(Self, BTreeMap<AssetKey, Earlier>), PlanProblem> {
        header.plan = Some(plan);
        let (file, recorded) = open(path, &Line::Plan(header.clone()))?;
        let Some(recorded) = recorded else {
            return Ok((Self(Some(file)), BTreeMap::new()));
        };
        recorded.check_plan(plan)?;
        recorded.header.check_account(&header)?;
        Ok((Self(Some(file)), recorded.earlier))
    }

    /// Writes a line for each state in `before`, and a line for the step that is about to be sent for
    /// `assets`. Returns once the lines are on the disk.
    pub(super) fn sending(
        &mut self,
        before: Vec<Before>,
        step: PlanStep,
        assets: Vec<AssetKey>,
    ) -> Result<(), LineError> {
        let Some(file) = &mut self.0 else {
            return Ok(());
        };
        for before in before {
            file.append(&Line::Before(before))?;
        }
        file.append(&Line::Sending { step, assets })?;
        file.sync()
    }

    /// Records that the plan makes only these changes of an asset.
    pub(super) fn before(&mut self, before: Before) -> Result<(), LineError> {
        match &mut self.0 {
            Some(file) => file.append(&Line::Before(before)),
            None => Ok(()),
        }
    }

    /// Records the outcome of an asset.
    pub(super) fn settled(&mut self, asset: &AssetKey, outcome: &Outcome) -> Result<(), LineError> {
        // An asset that was not sent gets no line, so that a later run sends it.
        let Some(file) = self
            .0
            .as_mut()
            .filter(|_| !matches!(outcome, Outcome::NotSent { .. }))
        else {
            return Ok(());
        };
        let (asset, outcome) = (asset.clone(), outcome.clone());
        file.append(&Line::Settled { asset, outcome })
    }
}

/// Creates a file with the line `first`. If the file exists, opens it, cuts off an incomplete last line, and
/// also returns the contents.
pub(super) fn open(path: &Path, first: &Line) -> Result<(LineFile, Option<Recorded>), PlanProblem> {
    if !path.try_exists().unwrap_or(true) {
        let mut text = Vec::new();
        write_line(&mut text, first)?;
        if let Some(file) = LineFile::create(path, &text)? {
            return Ok((file, None));
        }
    }
    let mut file = LineFile::open(path)?;
    let recorded = Recorded::parse(file.file())?;
    file.cut(recorded.length)?;
    Ok((file, Some(recorded)))
}
