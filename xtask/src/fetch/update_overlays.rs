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
    pointer::{Pointer, PointerBuf},
    text::{counted, one_line},
};
use serde_json::Value;

use crate::{exit::Failure, notices::grouped, source::Text, spec::Spec, workspace::Workspace};

/// Maximum number of kinds of notes on the overlays.
const MOST_NOTES: usize = 3;

/// Effect of a new document on the overlays.
pub(super) struct Update {
    pub(super) notes: Vec<String>,
    /// True if parts of overlays have been removed.
    pub(super) has_trimmed: bool,
    /// True if `generate` accepts the overlays.
    pub(super) fits: bool,
}

/// Removes the parts of the overlays that the new document makes redundant or obsolete, and describes the
/// effect of the document on the overlays.
///
/// `differences` is the command that lists all differences from our previous document.
pub(super) fn update(
    workspace: &Workspace,
    old: Option<&Document>,
    new: Document,
    spec: &Spec,
    differences: &str,
) -> Result<Update, Failure> {
    let Current {
        overlays,
        dropped,
        applied,
    } = current(old, &new, &spec.overlays);
    write(workspace, &spec.overlays, &overlays)?;
    let (superseded, applied) = match applied {
        Ok(applied) => applied,
        Err(diagnostics) => {
            let note = format!(
                "warning: the overlays do not fit the new document; `generate` will refuse them with these \
                 errors\n{diagnostics}"
            );
            return Ok(Update {
                notes: dropped.into_iter().chain([note]).collect(),
                has_trimmed: false,
                fits: false,
            });
        }
    };
    let mut notes = table(&superseded.comparisons);
    let has_dropped = !dropped.is_empty();
    notes.extend(dropped);
    let shown = superseded.notices.iter();
    let shown = shown.filter(|notice| !matches!(notice.code, "confirmed" | "redundant"));
    notes.extend(most(grouped(shown), differences));
    let unchanged: Vec<&Action> = applied.actions.iter().filter(|action| !action.changed).collect();
    let trims = trims(&overlays, &superseded, &unchanged);
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
    if is_same {
        write(workspace, &overlays, &rest)?;
    }
    notes.extend(summary(&trims, is_same));
    Ok(Update {
        notes,
        has_trimmed: has_dropped || is_same && trims.iter().any(|trim| trim.rest.is_some()),
        fits: true,
    })
}

/// Overlays without obsolete evidence.
struct Current {
    overlays: Vec<Text>,
    /// A note for each action that was dropped.
    dropped: Vec<String>,
    applied: Result<(Superseded, Applied), Diagnostics>,
}

/// Drops the actions that only record evidence about a part that the new document lacks or describes
/// differently.
fn current(old: Option<&Document>, new: &Document, overlays: &[Text]) -> Current {
    let mut applied = apply(new.clone(), overlays);
    let no_errors = Diagnostics::default();
    let errors = applied.as_ref().err().unwrap_or(&no_errors);
    let mut dropped = Vec::new();
    let kept = overlays.iter().cloned().filter_map(|text| {
        let Some(overlay) = overlay::read(&[text.source()]).ok().and_then(|mut all| all.pop()) else {
            return Some(text);
        };
        let mut parts = supersede::obsolete_evidence(&overlay, old, new, errors);
        let actions: Vec<PointerBuf> = actions(&overlay).collect();
        let notes: Vec<String> = parts.iter().map(|at| obsolete(&overlay, at)).collect();
        if !actions.is_empty() && actions.iter().all(|action| parts.contains(action)) {
            parts.insert(PointerBuf::new());
        }
        if parts.is_empty() {
            return Some(text);
        }
        let Some(rest) = overlay::trim(text.source(), &overlay, &parts) else {
            return Some(text);
        };
        dropped.extend(notes);
        match rest {
            Trimmed::Empty => None,
            Trimmed::Text(rest) => Some(Text { text: rest, ..text }),
        }
    });
    let overlays: Vec<Text> = kept.collect();
    if !dropped.is_empty() {
        applied = apply(new.clone(), &overlays);
    }
    Current {
        overlays,
        dropped,
        applied,
    }
}

/// Describes an action that was dropped.
fn obsolete(overlay: &Document, at: &Pointer) -> String {
    let target = overlay.get(at.with_trailing_token("target"));
    format!(
        "{}: removed the action on `{}`, which only recorded evidence: the new document lacks this part, or \
         describes it differently",
        overlay.locate(at),
        target.and_then(Value::as_str).unwrap_or_default()
    )
}

/// Lists the pointers to the actions of an overlay.
fn actions(overlay: &Document) -> impl Iterator<Item = PointerBuf> {
    let at = Pointer::from_static("/actions");
    let count = overlay.get(at).and_then(Value::as_array).map_or(0, Vec::len);
    (0..count).map(move |index| at.with_trailing_token(index))
}

/// Writes the overlays that have changed, and removes the files of overlays that are missing in `new`.
fn write(workspace: &Workspace, old: &[Text], new: &[Text]) -> Result<(), Failure> {
    for overlay in old {
        match new.iter().find(|new| new.name == overlay.name) {
            Some(new) if new == overlay => {}
            Some(new) => workspace.write(&new.name, &new.text)?,
            None => workspace.remove(&overlay.name)?,
        }
    }
    Ok(())
}

/// Applies overlays to the new document.
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
    overlay: &'a Text,
    /// Number of needless parts.
    parts: usize,
    /// The overlay without the needless parts; `None` if they cannot be removed.
    rest: Option<Trimmed>,
}

/// Finds the needless parts: parts that the document itself contains, and actions that change nothing.
fn trims<'a>(overlays: &'a [Text], superseded: &Superseded, unchanged: &[&Action]) -> Vec<Trim<'a>> {
    let overlays = overlays.iter().zip(&superseded.needless);
    let trims = overlays.filter_map(|(text, needless)| {
        let document = overlay::read(&[text.source()]).ok()?.pop()?;
        let actions: Vec<PointerBuf> = actions(&document).collect();
        let is_unchanged = |action: &&PointerBuf| {
            let location = document.locate(&***action);
            unchanged.iter().any(|unchanged| unchanged.location == location)
        };
        let mut parts: BTreeSet<PointerBuf> = needless.clone();
        parts.extend(actions.iter().filter(is_unchanged).cloned());
        if !actions.is_empty() && actions.iter().all(|action| parts.contains(action)) {
            parts.insert(PointerBuf::new());
        }
        (!parts.is_empty()).then(|| Trim {
            overlay: text,
            parts: parts.len(),
            rest: overlay::trim(text.source(), &document, &parts),
        })
    });
    trims.collect()
}

/// Returns all overlays without their needless parts.
fn rest(overlays: &[Text], trims: &[Trim<'_>]) -> Vec<Text> {
    let rest = overlays.iter().filter_map(|overlay| {
        let trim = trims.iter().find(|trim| trim.overlay.name == overlay.name);
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

/// Describes the redundant parts that were removed, and the parts that were not. Parts are removed only if
/// that is possible and if `is_same` is true, that is, if the effective document is the same without these
/// parts.
fn summary(trims: &[Trim<'_>], is_same: bool) -> Vec<String> {
    let is_gone = |trim: &&Trim<'_>| is_same && trim.rest.is_some();
    let (gone, left): (Vec<&Trim<'_>>, Vec<&Trim<'_>>) = trims.iter().partition(is_gone);
    let mut notes = Vec::new();
    if !gone.is_empty() {
        notes.push(format!(
            "removed {0} from {1}, because the new document contains them: review `git diff spec/overlays`",
            counted(gone.iter().map(|trim| trim.parts).sum::<usize>(), "part"),
            counted(gone.len(), "overlay")
        ));
    }
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|trim| trim.overlay.name.as_str()).collect();
        notes.push(format!(
            "the new document makes parts of {} needless, which cannot be removed line by line\n  \
             fix: nothing to do, because the vendor's document is used; remove them by hand",
            names.join(", ")
        ));
    }
    notes
}

/// Counts the inferred operations of each group that are confirmed by the vendor's document, wrong, or absent
/// from the document.
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

/// Keeps the first notes, and adds a line with the number of the other notes and the command that lists all.
fn most(mut notes: Vec<String>, all: &str) -> Vec<String> {
    let rest = notes.split_off(notes.len().min(MOST_NOTES));
    if !rest.is_empty() {
        notes.push(format!("and {} more kinds of notes; all: {all}", rest.len()));
    }
    notes
}
