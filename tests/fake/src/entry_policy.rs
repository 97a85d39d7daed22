//! What becomes of a list of IDs some of which are bad: the documentation does not say, so each kind of badness has its policy.

use std::collections::HashSet;

use crate::{
    responses::{Answer, Refusal},
    settings::{BadEntry, Settings},
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
    let entries: Vec<(&str, Standing)> = ids
        .iter()
        .map(String::as_str)
        .filter(|id| seen.insert(*id))
        .map(|id| (id, standing(id)))
        .collect();
    let mut refused = Bad::default();
    for (id, standing) in &entries {
        if let Some((BadEntry::RefuseAll(status), code)) = policy(*standing, settings) {
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
    let mut failed = Bad::default();
    for (id, standing) in entries {
        match policy(standing, settings) {
            None => selection.apply.push(id.to_owned()),
            Some((BadEntry::Ignore, _)) if standing == Standing::Already => {
                selection.already.push(id.to_owned());
            }
            // Whatever refuses all has been returned above.
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

/// What a standing does to the list, and the code of the error; `None` for a good entry.
fn policy(standing: Standing, settings: &Settings) -> Option<(BadEntry, &'static str)> {
    match standing {
        Standing::Good => None,
        Standing::Already => Some((settings.already_entry.0, "already_done")),
        Standing::Unknown => Some((settings.unknown_entry.0, "not_found")),
        Standing::Locked => Some((settings.locked_entry.0, "locked")),
    }
}

/// Bad entries that make an error. The first decides on status and code; further ones of the same code are named too.
#[derive(Default)]
struct Bad<'e> {
    decisive: Option<(u16, &'static str)>,
    ids: Vec<&'e str>,
}

impl<'e> Bad<'e> {
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
