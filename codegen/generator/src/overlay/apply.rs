//! Applies the actions of overlays to a document. An action that matches nothing is an error.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Location, Severity, Stage,
    pointer::{Pointer, PointerBuf},
    references,
};

use super::{
    edit::{Editor, Origin, remove},
    structure::{CheckedAction, CheckedEffect, Checker},
};
use crate::base_path::{DOCUMENTED_PATH, restore};

/// A document with its overlays applied.
#[derive(Debug)]
pub struct Applied {
    /// The effective document.
    pub document: Document,
    /// The actions in the order in which they were applied.
    pub actions: Vec<Action>,
    /// Warnings and notices, such as a warning for an action that changed nothing.
    pub notices: Diagnostics,
}

/// An action that was applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// Location of the action in its overlay.
    pub location: Location,
    /// JSONPath of the targets.
    pub target: String,
    /// Reason for the deviation, from the action's `description`.
    pub reason: String,
    /// Number of values that the target matched.
    pub matches: usize,
    /// True if the action changed the document.
    pub changed: bool,
}

/// Applies overlays to a document, in the order given. The paths of the document are those that
/// [`supersede`](crate::supersede::supersede) returns.
///
/// # Errors
/// Returns located diagnostics for each invalid overlay, for each action that matches nothing, and for each
/// action whose update does not fit its target.
pub fn apply(document: Document, overlays: &[Document]) -> Result<Applied, Diagnostics> {
    let name = document.name().to_owned();
    let (value, provenance) = document.into_parts();
    let mut editor = Editor { value, provenance };
    let mut actions = Vec::new();
    let mut diagnostics = Diagnostics::default();
    for overlay in overlays {
        diagnostics.extend(overlay.warnings().clone());
        let mut checker = Checker {
            overlay,
            diagnostics: &mut diagnostics,
        };
        for action in checker.actions(&name) {
            match act(&mut editor, overlay, &action) {
                Ok((applied, warnings)) => {
                    if !applied.changed {
                        diagnostics.push(redundant(overlay, &action));
                    }
                    diagnostics.extend(warnings);
                    actions.push(applied);
                }
                Err(errors) => diagnostics.extend(errors),
            }
        }
    }
    let (actions, notices) = diagnostics.unless_errors(actions)?;
    Ok(Applied {
        document: restore(Document::new(editor.value, editor.provenance)),
        actions,
        notices,
    })
}

/// Applies one action. Returns the record of the action, and its warnings.
fn act(
    editor: &mut Editor,
    overlay: &Document,
    action: &CheckedAction<'_>,
) -> Result<(Action, Diagnostics), Diagnostics> {
    let place = &*action.pointer;
    let error = |code, at: &Pointer, message: String, fix: &str| -> Diagnostics {
        overlay.error(Stage::Overlay, code, at, message).fix(fix).into()
    };
    let targets = editor.query(&action.path);
    if targets.is_empty() {
        let mut message = format!("the target `{}` matches nothing in the document", action.target);
        let mut fix = "correct the target, or remove the action if it is no longer needed";
        if let Some((path, reference)) = reference_on_the_way(editor, action.target) {
            message = format!("{message}: `{path}` is a reference to `{reference}`");
            fix = "target the part where the reference leads";
        } else if action.target.contains(&format!("{DOCUMENTED_PATH}/")) {
            message = format!("{message}: its paths are relative to the base path `{DOCUMENTED_PATH}`");
            fix = "write the path without the base path, or remove the action if it is no longer needed";
        }
        let at = place.with_trailing_token("target");
        return Err(error("no-match", &at, message, fix));
    }
    let warnings = warnings(editor, overlay, action, &targets);
    let update = |editor: &mut Editor, update: &Value, origin: &Origin<'_>| {
        let fix = "target the enclosing object, or remove the old value in an action before this one";
        let mut changed = false;
        let mut misfits = Diagnostics::default();
        for target in &targets {
            match editor.update(target, update, origin, action.only_containers) {
                Ok(change) => changed |= change,
                Err(message) => misfits.extend(error("misfit", &origin.pointer, message, fix)),
            }
        }
        misfits.unless_errors(changed).map(|(changed, _)| changed)
    };
    let changed = match &action.effect {
        CheckedEffect::Remove if targets.iter().any(|target| target.is_root()) => {
            let message = "the whole document cannot be removed".to_owned();
            return Err(error("root", place, message, "target a part of it"));
        }
        CheckedEffect::Remove => {
            remove(&mut editor.value, &mut editor.provenance, &targets);
            true
        }
        CheckedEffect::Update(value) => {
            let origin = Origin {
                overlay,
                pointer: place.with_trailing_token("update"),
                deep: true,
            };
            update(editor, value, &origin)?
        }
        CheckedEffect::Copy(path) => {
            let sources = editor.query(path);
            let [source] = sources.as_slice() else {
                let at = place.with_trailing_token("copy");
                let message = format!("`copy` must match one value, and matches {}", sources.len());
                return Err(error("copy", &at, message, "correct the path"));
            };
            let value = editor.value.pointer(source.as_str()).cloned().unwrap_or_default();
            let origin = Origin {
                overlay,
                pointer: place.to_buf(),
                deep: false,
            };
            update(editor, &value, &origin)?
        }
    };
    let action = Action {
        location: overlay.locate(place),
        target: action.target.to_owned(),
        reason: action.reason.to_owned(),
        matches: targets.len(),
        changed,
    };
    Ok((action, warnings))
}

/// Finds the first `$ref` on the path to a target. It explains why the target matches nothing. Returns the
/// JSONPath of the object with the `$ref`, and the text of the `$ref`.
fn reference_on_the_way<'t>(editor: &Editor, target: &'t str) -> Option<(&'t str, String)> {
    target.match_indices(['.', '[']).find_map(|(end, _)| {
        let path = target.get(..end)?;
        let matches = editor.query(&JsonPath::parse(path).ok()?);
        let mut values = matches.iter().filter_map(|at| editor.value.pointer(at.as_str()));
        let reference = values.find_map(references::reference)?;
        Some((path, reference.to_owned()))
    })
}

/// Warns about keys that OpenAPI ignores because they are beside a `$ref`, and about updates that append a
/// list as one item.
fn warnings(
    editor: &Editor,
    overlay: &Document,
    action: &CheckedAction<'_>,
    targets: &[PointerBuf],
) -> Diagnostics {
    let mut warnings = Diagnostics::default();
    let CheckedEffect::Update(update) = &action.effect else {
        return warnings;
    };
    let mut warn = |code, message: String, fix: &str| {
        let at = action.pointer.with_trailing_token("update");
        let warning = overlay.diagnostic(Severity::Warning, Stage::Overlay, code, at, message);
        warnings.push(warning.fix(fix));
    };
    let mut values = targets.iter().filter_map(|at| editor.value.pointer(at.as_str()));
    if action.only_containers && update.is_array() && values.clone().any(Value::is_array) {
        let fix = "write `overlay: 1.1.0`, where lists are concatenated, or one action for each item";
        let message = "Overlay 1.0 appends this list as one item".to_owned();
        warn("list-as-item", message, fix);
    }
    let is_ignored =
        |key: &String| !key.starts_with("x-") && !["$ref", "summary", "description"].contains(&key.as_str());
    let mut keys = update.as_object().into_iter().flat_map(Map::keys);
    let ignored = keys.find(|key| is_ignored(key));
    if let (Some(key), Some(reference)) = (ignored, values.find_map(references::reference)) {
        let message = format!("the target is a reference to `{reference}`: `{key}` has no effect next to it");
        warn("reference", message, "target the part where the reference leads");
    }
    warnings
}

fn redundant(overlay: &Document, action: &CheckedAction<'_>) -> Diagnostic {
    let is_empty = match &action.effect {
        CheckedEffect::Update(Value::Array(update)) => update.is_empty(),
        CheckedEffect::Update(Value::Object(update)) => update.is_empty(),
        _ => false,
    };
    let (code, at, cause, fix) = if is_empty {
        let at = action.pointer.with_trailing_token("update");
        let fix = "write the values to add, or remove the action";
        ("empty-update", at, "its `update` is empty", fix)
    } else {
        let at = action.pointer.clone();
        let fix = "remove the action; the vendor's document now has the change itself";
        ("redundant", at, "the document already has its result", fix)
    };
    let message = format!("the action on `{}` changes nothing: {cause}", action.target);
    let warning = overlay.diagnostic(Severity::Warning, Stage::Overlay, code, at, message);
    warning.fix(fix)
}
