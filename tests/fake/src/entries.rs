//! What becomes of a list of IDs some of which are bad: the documentation does not say, so each kind of badness has its policy.

use std::collections::HashSet;

use crate::{
    answer::{Answer, Refusal},
    settings::{BadEntry, EntryPolicy, Settings},
};

/// How one entry stands to what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    /// It is so already.
    Already,
    Unknown,
    Locked,
}

/// What to do with a list.
pub(crate) struct Selection {
    /// To change, in order.
    pub(crate) apply: Vec<String>,
    /// So already, and passed over without an error.
    pub(crate) already: Vec<String>,
    error: Option<Refusal>,
}

impl Selection {
    pub(crate) fn into_answer(self) -> Result<Answer, Refusal> {
        self.error.map_or(Ok(Answer::Done), Err)
    }
}

/// Sorts the entries by the policies. An `Err` means that nothing may be applied. An ID that is given twice counts once.
pub(crate) fn select(
    id_property: &str,
    ids: &[String],
    settings: &Settings,
    standing: impl Fn(&str) -> Standing,
) -> Result<Selection, Refusal> {
    let mut seen = HashSet::new();
    let entries: Vec<(&String, Standing)> = ids
        .iter()
        .filter(|id| seen.insert(id.as_str()))
        .map(|id| (id, standing(id)))
        .collect();
    let bad = |standing: Standing| {
        policy(standing, settings).filter(|(policy, _)| policy.handling != BadEntry::Ignore)
    };
    let named = |handlings: &[BadEntry]| {
        let mut error: Option<(EntryPolicy, &'static str, Vec<&str>)> = None;
        for (id, standing) in &entries {
            let Some((policy, code)) =
                bad(*standing).filter(|(policy, _)| handlings.contains(&policy.handling))
            else {
                continue;
            };
            // The first bad entry decides on status and code; further ones of the same code are named too.
            let (_, first, ids) = error.get_or_insert_with(|| (policy, code, Vec::new()));
            if *first == code {
                ids.push(id);
            }
        }
        error.map(|(policy, code, ids)| {
            Refusal::new(
                policy.status,
                code,
                format!(
                    "{} {id_property}: {}",
                    code.replace('_', " "),
                    ids.join(", ")
                ),
            )
        })
    };
    if let Some(refusal) = named(&[BadEntry::RefuseAll]) {
        return Err(refusal);
    }
    let mut selection = Selection {
        apply: Vec::new(),
        already: Vec::new(),
        error: named(&[BadEntry::ApplyGood, BadEntry::StopAtBad]),
    };
    for (id, standing) in &entries {
        match (standing, bad(*standing)) {
            (Standing::Good, _) => selection.apply.push((*id).clone()),
            (_, Some((policy, _))) if policy.handling == BadEntry::StopAtBad => break,
            (Standing::Already, None) => selection.already.push((*id).clone()),
            _ => {}
        }
    }
    Ok(selection)
}

fn policy(standing: Standing, settings: &Settings) -> Option<(EntryPolicy, &'static str)> {
    match standing {
        Standing::Good => None,
        Standing::Already => Some((settings.already_entry, "already_done")),
        Standing::Unknown => Some((settings.unknown_entry, "not_found")),
        Standing::Locked => Some((settings.locked_entry, "locked")),
    }
}
