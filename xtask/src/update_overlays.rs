//! Effect of a new document on our overlays. The inferred operations are compared with the document, and
//! parts of overlays that the document makes needless are removed.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use funnelflux_generator::{
    overlay::{self, Action, Applied, Trimmed},
    supersede::{self, Comparison, Inference, Superseded},
};
use funnelflux_openapi::{
    Diagnostics, Document, Source,
    pointer::PointerBuf,
    text::{counted, one_line},
};
use serde_json::Value;

use crate::{exit::Failure, notices::grouped, replacement::Replacement, source::Text};

/// Maximum number of notes that are printed from one list.
const MOST_NOTES: usize = 3;

/// Effect of a new document on the overlays.
pub(crate) struct Update {
    pub(crate) notes: Vec<String>,
    /// True if parts of overlays are removed and `fits` is true.
    pub(crate) has_trimmed: bool,
    /// True if `generate` accepts the overlays.
    pub(crate) fits: bool,
    /// The overlays without the redundant and obsolete parts.
    pub(crate) overlays: Vec<Text>,
}

/// Finds the parts of the overlays that the new document makes redundant or obsolete, and describes the
/// effect of the document on the overlays. Writes nothing.
///
/// `differences` is the command that lists all differences from our previous document.
pub(crate) fn update(
    old: Option<&Document>,
    new: Document,
    old_overlays: &[Text],
    differences: &str,
) -> Update {
    let mut applied = apply(new.clone(), old_overlays);
    let no_errors = Diagnostics::default();
    let errors = applied.as_ref().err().unwrap_or(&no_errors);
    let evidence = trims(old_overlays, |_, overlay| {
        supersede::obsolete_evidence(overlay, old, &new, errors)
    });
    let overlays = rest(old_overlays, &evidence);
    let dropped: Vec<String> = evidence.iter().flat_map(obsolete).collect();
    if !dropped.is_empty() {
        applied = apply(new.clone(), &overlays);
    }
    let (superseded, applied) = match applied {
        Ok(applied) => applied,
        Err(diagnostics) => {
            let note = format!(
                "warning: the overlays do not fit the new document; `generate` will refuse them with these \
                 errors\n{diagnostics}"
            );
            return Update {
                notes: dropped.into_iter().chain([note]).collect(),
                has_trimmed: false,
                fits: false,
                overlays,
            };
        }
    };
    let mut notes = table(&superseded.comparisons);
    let has_dropped = !dropped.is_empty();
    notes.extend(dropped);
    let shown = superseded.notices.iter();
    let shown = shown.filter(|notice| !matches!(notice.code, "confirmed" | "redundant"));
    notes.extend(most(grouped(shown), differences));
    let unchanged: Vec<&Action> = applied.actions.iter().filter(|action| !action.changed).collect();
    let trims = trims(&overlays, |index, overlay| {
        let needless = superseded.needless.get(index).cloned().unwrap_or_default();
        let is_unchanged = |action: &PointerBuf| {
            let location = overlay.locate(action);
            unchanged.iter().any(|unchanged| unchanged.location == location)
        };
        let actions = supersede::actions(overlay).map(|(at, _)| at);
        needless.into_iter().chain(actions.filter(is_unchanged)).collect()
    });
    let rest = rest(&overlays, &trims);
    let is_same =
        apply(new, &rest).is_ok_and(|(_, again)| again.document.value() == applied.document.value());
    let reasons = unchanged.iter().map(|action| {
        format!(
            "{}: the action on `{}` no longer changes anything; its reason was: {}",
            action.location, action.target, action.reason
        )
    });
    notes.extend(most(reasons.collect(), "`git diff spec/overlays`"));
    notes.extend(summary(&trims, is_same));
    Update {
        notes,
        has_trimmed: has_dropped || is_same && trims.iter().any(|trim| trim.rest.is_some()),
        fits: true,
        overlays: if is_same { rest } else { overlays },
    }
}

/// Describes the actions that were dropped from an overlay. Such an action marked the evidence for a part
/// that the new document lacks or describes differently.
fn obsolete(trim: &Trim<'_>) -> Vec<String> {
    let actions = trim
        .parts
        .iter()
        .filter(|at| trim.rest.is_some() && !at.is_root());
    let notes = actions.map(|at| {
        let text = |key: &str| {
            let text = trim.overlay.get(at.with_trailing_token(key));
            one_line(text.and_then(Value::as_str).unwrap_or_default())
        };
        format!(
            "{}: removed the action on `{}`, which marked this part as inferred: the new document lacks it, \
             or describes it differently, so its type in the crate may change; its reason was: {}\n  \
             fix: if the reason still holds, add the action again, with the new target",
            trim.overlay.locate(at),
            text("target"),
            text("description")
        )
    });
    notes.collect()
}

/// Writes the overlays that have changed, and removes the files of overlays that are missing in `new`.
pub(crate) fn write(replacement: &mut Replacement<'_>, old: &[Text], new: &[Text]) -> Result<(), Failure> {
    for Text { name, .. } in old {
        let new = new.iter().find(|new| new.name == *name);
        replacement.replace(name, new.map(|new| new.text.as_str()))?;
    }
    Ok(())
}

/// Drops the superseded parts of overlays, and applies the rest to the new document.
fn apply(new: Document, overlays: &[Text]) -> Result<(Superseded, Applied), Diagnostics> {
    let sources: Vec<Source<'_>> = overlays.iter().map(Text::source).collect();
    let mut superseded = supersede::supersede(new, overlay::read(&sources)?);
    let document = superseded.document.clone();
    let applied = overlay::apply(document, &superseded.overlays)?;
    superseded.notices.extend(applied.notices.clone());
    Ok((superseded, applied))
}

/// An overlay with needless parts.
struct Trim<'a> {
    text: &'a Text,
    overlay: Document,
    /// The needless parts. If every action is needless, they include the root of the overlay.
    parts: BTreeSet<PointerBuf>,
    /// The overlay without the needless parts; `None` if they cannot be removed.
    rest: Option<Trimmed>,
}

/// Trims the overlays that have needless parts. `needless` gets the position of an overlay in `overlays` and
/// the overlay itself, and returns its needless parts.
fn trims(overlays: &[Text], needless: impl Fn(usize, &Document) -> BTreeSet<PointerBuf>) -> Vec<Trim<'_>> {
    let trims = overlays.iter().enumerate().filter_map(|(index, text)| {
        let overlay = overlay::read(&[text.source()]).ok()?.pop()?;
        let mut parts = needless(index, &overlay);
        let actions: Vec<PointerBuf> = supersede::actions(&overlay).map(|(at, _)| at).collect();
        if !actions.is_empty() && actions.iter().all(|action| parts.contains(action)) {
            parts.insert(PointerBuf::new());
        }
        (!parts.is_empty()).then(|| Trim {
            rest: overlay::trim(text.source(), &overlay, &parts),
            text,
            overlay,
            parts,
        })
    });
    trims.collect()
}

/// Returns all overlays, without those needless parts that can be removed.
fn rest(overlays: &[Text], trims: &[Trim<'_>]) -> Vec<Text> {
    let rest = overlays.iter().filter_map(|overlay| {
        let trim = trims.iter().find(|trim| trim.text.name == overlay.name);
        let text = match trim.and_then(|trim| trim.rest.as_ref()) {
            None => overlay.text.clone(),
            Some(Trimmed::Text(text)) => text.clone(),
            Some(Trimmed::Empty) => return None,
        };
        let name = overlay.name.clone();
        Some(Text { name, text })
    });
    rest.collect()
}

/// Describes the redundant parts that were removed, and the redundant parts that were kept. `is_same` is true
/// if the effective document stays the same when the parts are removed. If it is false, all parts are kept.
/// Parts that cannot be removed from the text of their overlay are also kept.
fn summary(trims: &[Trim<'_>], is_same: bool) -> Vec<String> {
    let is_gone = |trim: &&Trim<'_>| is_same && trim.rest.is_some();
    let (gone, left): (Vec<&Trim<'_>>, Vec<&Trim<'_>>) = trims.iter().partition(is_gone);
    let mut notes = Vec::new();
    if !gone.is_empty() {
        notes.push(format!(
            "removed {0} from {1}, because the new document contains them: review `git diff spec/overlays`",
            counted(gone.iter().map(|trim| trim.parts.len()).sum::<usize>(), "part"),
            counted(gone.len(), "overlay")
        ));
    }
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|trim| trim.text.name.as_str()).collect();
        notes.push(format!(
            "the new document makes parts of {} needless, which cannot be removed line by line\n  \
             fix: nothing to do, because the vendor's document is used; remove them by hand",
            names.join(", ")
        ));
    }
    notes
}

/// Renders a table that counts, for each group, the inferred operations that the vendor's document confirms,
/// contradicts or lacks.
fn table(comparisons: &[Comparison]) -> Vec<String> {
    let mut groups: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for comparison in comparisons {
        let [confirmed, wrong, absent] = groups.entry(&comparison.group).or_default();
        let count = match comparison.inference {
            Inference::Confirmed => confirmed,
            Inference::Wrong(_) => wrong,
            Inference::Absent => absent,
        };
        *count += 1;
    }
    if groups.is_empty() {
        return Vec::new();
    }
    let widths = groups.keys().map(|name| name.chars().count());
    let width = widths.fold(9, usize::max);
    let row = |name: &str, [confirmed, wrong, absent]: [&dyn Display; 3]| {
        format!("{name:<width$} {confirmed:>10} {wrong:>6} {absent:>7}")
    };
    let counts = |name: &str, [confirmed, wrong, absent]: &[usize; 3]| row(name, [confirmed, wrong, absent]);
    let mut lines = vec![row("inferences", [&"confirmed", &"wrong", &"absent"])];
    lines.extend(groups.iter().map(|(name, group)| counts(&one_line(name), group)));
    if groups.len() > 1 {
        let sum = |index: usize| groups.values().filter_map(|group| group.get(index)).sum();
        lines.push(counts("all", &[sum(0), sum(1), sum(2)]));
    }
    vec![lines.join("\n")]
}

/// Keeps the first notes. Replaces the others with a line that states their number and `all`, the command
/// that lists all notes.
pub(crate) fn most(mut notes: Vec<String>, all: &str) -> Vec<String> {
    let rest = notes.split_off(notes.len().min(MOST_NOTES));
    if !rest.is_empty() {
        notes.push(format!("and {} more kinds of notes; all: {all}", rest.len()));
    }
    notes
}
