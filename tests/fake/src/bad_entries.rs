//! Policies for lists of IDs that contain bad entries. An entry is bad if its ID is unknown, or if its asset
//! is locked or already in the requested state. The documentation does not describe such lists.

use std::collections::HashSet;

use crate::{
    error_responses::Refusal,
    responses::Success,
    settings::{BadEntry, Settings},
};

/// State of an entry with respect to the requested change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryState {
    Good,
    /// The asset is already in the requested state.
    Already,
    Unknown,
    Locked,
}

/// Result of applying the policies to a list of IDs.
pub(crate) struct Selection {
    /// IDs to change, in order.
    pub(crate) apply: Vec<String>,
    /// IDs of assets that are already in the requested state and are skipped without an error.
    pub(crate) already: Vec<String>,
    error: Option<Refusal>,
}

impl Selection {
    pub(crate) fn into_answer(self) -> Result<Success, Refusal> {
        self.error.map_or(Ok(Success::Done), Err)
    }
}

/// Applies the policies of the settings to the entries, and selects the entries to act on. Repeated IDs count
/// once.
///
/// # Errors
/// Returns an error if a policy refuses the whole list.
pub(crate) fn select(
    id_property: &str,
    ids: &[String],
    settings: &Settings,
    entry_state: impl Fn(&str) -> EntryState,
) -> Result<Selection, Refusal> {
    let mut seen = HashSet::new();
    let entries: Vec<(&str, EntryState)> = ids
        .iter()
        .map(String::as_str)
        .filter(|id| seen.insert(*id))
        .map(|id| (id, entry_state(id)))
        .collect();
    let mut refused = BadEntries::default();
    for (id, entry_state) in &entries {
        if let Some((BadEntry::RefuseAll(status), code)) = policy(*entry_state, settings) {
            refused.add(status, code, id);
        }
    }
    if let Some(refusal) = refused.into_refusal(id_property) {
        return Err(refusal);
    }
    let mut selection = Selection {
        apply: Vec::new(),
        already: Vec::new(),
        error: None,
    };
    let mut failed = BadEntries::default();
    for (id, entry_state) in entries {
        match policy(entry_state, settings) {
            None => selection.apply.push(id.to_owned()),
            Some((BadEntry::Ignore, _)) if entry_state == EntryState::Already => {
                selection.already.push(id.to_owned());
            }
            // The first loop has handled `RefuseAll`.
            Some((BadEntry::Ignore | BadEntry::RefuseAll(_), _)) => {}
            Some((BadEntry::ApplyGood(status), code)) => failed.add(status, code, id),
            Some((BadEntry::StopAtBad(status), code)) => {
                failed.add(status, code, id);
                break;
            }
        }
    }
    selection.error = failed.into_refusal(id_property);
    Ok(selection)
}

/// Returns the policy for a bad entry, and the error code that the response reports. Returns `None` for a
/// good entry.
fn policy(entry_state: EntryState, settings: &Settings) -> Option<(BadEntry, &'static str)> {
    match entry_state {
        EntryState::Good => None,
        EntryState::Already => Some((settings.already_entry.0, "already_done")),
        EntryState::Unknown => Some((settings.unknown_entry.0, "not_found")),
        EntryState::Locked => Some((settings.locked_entry.0, "locked")),
    }
}

/// Bad entries that are reported in one error. The first bad entry determines the status and the code of the
/// error. The error also lists later bad entries that have the same code.
#[derive(Default)]
struct BadEntries<'e> {
    decisive: Option<(u16, &'static str)>,
    ids: Vec<&'e str>,
}

impl<'e> BadEntries<'e> {
    fn add(&mut self, status: u16, code: &'static str, id: &'e str) {
        let (_, first) = *self.decisive.get_or_insert((status, code));
        if first == code {
            self.ids.push(id);
        }
    }

    fn into_refusal(self, id_property: &str) -> Option<Refusal> {
        let (status, code) = self.decisive?;
        let named = self.ids.join(", ");
        let message = format!("{} {id_property}: {named}", code.replace('_', " "));
        Some(Refusal::new(status, code, message))
    }
}
