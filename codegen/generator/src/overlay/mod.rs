//! Overlay: our deviations from the vendor's document, as `OpenAPI` Overlay 1.0 or 1.1 actions.
//!
//! An action that matches nothing is an error at its line, so that none rots; one without a reason (`description`) is
//! an error too. JSONPath (RFC 9535) comes from `serde_json_path`. The actions themselves are done here and not by the
//! crate `roas-overlay`, because they have to note which action put a value where: that is what lets a later diagnostic
//! name the line of the overlay. That crate works on plain values and reports neither places nor what it changed.

mod supplement;

use std::cmp::Ordering;

use serde::Serialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use funnelflux_openapi::{
    Diagnostics, Document, Location, Provenance, Severity, Source, Stage, pointer, read, text::kind,
};

use supplement::SteppedBack;
pub use supplement::{Found, Verdict};

/// A query longer than this is not one that a person wrote; the parser descends into it.
const QUERY: usize = 2_000;

/// A document with its overlays applied.
#[derive(Debug)]
pub struct Applied {
    /// The effective document.
    pub document: Document,
    /// What each action did, in order.
    pub actions: Vec<Action>,
    /// What became of the operations that supplements add and the vendor's document has itself.
    pub verdicts: Vec<Verdict>,
    /// Warnings and notices, such as on an action that changed nothing.
    pub notices: Diagnostics,
}

/// What one action did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// Where the action stands.
    pub location: Option<Location>,
    /// Its JSONPath.
    pub target: String,
    /// Why we deviate, in the action's own words.
    pub reason: String,
    /// On what evidence (`x-evidence`), if it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Value>,
    /// What it does.
    pub effect: Effect,
    /// How many values its target matched.
    pub matches: usize,
    /// Whether the document is another one after it.
    pub changed: bool,
}

/// The kinds of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Merges a value into what was matched.
    Update,
    /// Takes what was matched out.
    Remove,
    /// Merges another part of the document into what was matched (Overlay 1.1).
    Copy,
}

/// Applies overlays to a document, in the order given.
///
/// # Errors
/// Located diagnostics for each overlay that is not valid, and for each action that matches nothing or does not fit what
/// it matches.
pub fn apply(document: Document, overlays: &[Source<'_>]) -> Result<Applied, Diagnostics> {
    let name = document.name().to_owned();
    let (value, provenance) = document.into_parts();
    let mut work = Work {
        value,
        provenance,
        actions: Vec::new(),
        verdicts: Vec::new(),
        diagnostics: Diagnostics::new(),
    };
    for source in overlays {
        match read::parse(*source) {
            Ok(overlay) => {
                work.diagnostics.extend(overlay.warnings().clone());
                work.overlay(&overlay, &name);
            }
            Err(diagnostics) => work.diagnostics.extend(diagnostics),
        }
    }
    let document = Document::new(work.value, work.provenance);
    let made = (document, work.actions, work.verdicts);
    let ((document, actions, verdicts), notices) = work.diagnostics.unless_errors(made)?;
    Ok(Applied {
        document,
        actions,
        verdicts,
        notices,
    })
}

struct Work {
    value: Value,
    provenance: Provenance,
    actions: Vec<Action>,
    verdicts: Vec<Verdict>,
    diagnostics: Diagnostics,
}

/// An action that has been checked.
struct Order<'a> {
    target: &'a str,
    path: JsonPath,
    reason: &'a str,
    evidence: Option<&'a Value>,
    effect: OrderEffect<'a>,
    /// Whether its overlay is of version 1.0, which cannot target a value without members or items.
    only_containers: bool,
}

enum OrderEffect<'a> {
    Update(&'a Value),
    Remove,
    Copy(JsonPath),
}

impl Work {
    fn overlay(&mut self, overlay: &Document, document: &str) {
        let Some(root) = self.object(overlay, "", overlay.value(), "an overlay") else {
            return;
        };
        self.known_keys(overlay, "", root, &["overlay", "info", "extends", "actions"]);
        let version = root.get("overlay").and_then(Value::as_str).unwrap_or_default();
        let only_containers = version == "1.0" || version.starts_with("1.0.");
        if !only_containers && version != "1.1" && !version.starts_with("1.1.") {
            self.error(
                overlay,
                "/overlay",
                "version",
                "`overlay` is not `1.0.x` or `1.1.x`",
                "write `overlay: 1.0.0` at the top",
            );
        }
        let info = root.get("info").unwrap_or(&Value::Null);
        if let Some(info) = self.object(overlay, "/info", info, "`info`") {
            self.known_keys(overlay, "/info", info, &["title", "version", "description"]);
            for key in ["title", "version"] {
                if info
                    .get(key)
                    .and_then(Value::as_str)
                    .is_none_or(|text| text.trim().is_empty())
                {
                    let message = format!("`info` needs a `{key}`, a string");
                    self.error(
                        overlay,
                        &pointer::join("/info", key),
                        "info",
                        message,
                        "say what the overlay is for",
                    );
                }
            }
        }
        self.extends(overlay, root, document);
        let back = if root.get("x-supplement") == Some(&Value::Bool(true)) {
            supplement::step_back(overlay, &self.value, &self.provenance)
        } else {
            SteppedBack::default()
        };
        match root.get("actions") {
            Some(Value::Array(actions)) if !actions.is_empty() => {
                for (index, action) in actions.iter().enumerate() {
                    let place = pointer::item("/actions", index);
                    if let Some(order) = self.order(overlay, &place, action, only_containers) {
                        self.act(overlay, &place, &order, &back);
                    }
                }
                self.stepped_back(overlay, back);
            }
            _ => self.error(
                overlay,
                "/actions",
                "actions",
                "`actions` is not a list with at least one action",
                "remove the overlay if nothing is left to do",
            ),
        }
    }

    /// `extends` names the document that the overlay is for.
    fn extends(&mut self, overlay: &Document, root: &Map<String, Value>, document: &str) {
        let last = |address: &str| address.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        match root.get("extends") {
            None => {}
            Some(Value::String(extends)) if !extends.trim().is_empty() && last(extends) == last(document) => {
            }
            Some(Value::String(extends)) if !extends.trim().is_empty() => {
                let diagnostic = overlay
                    .diagnostic(
                        Severity::Warning,
                        Stage::Overlay,
                        "extends",
                        "/extends",
                        format!("this overlay is for `{extends}`, but is applied to `{document}`"),
                    )
                    .fix("check that it belongs here, then correct or remove `extends`");
                self.diagnostics.push(diagnostic);
            }
            Some(_) => self.error(
                overlay,
                "/extends",
                "extends",
                "`extends` is no address",
                "give the path or address of the document, or remove it",
            ),
        }
    }

    /// Checks one action.
    fn order<'a>(
        &mut self,
        overlay: &Document,
        place: &str,
        action: &'a Value,
        only_containers: bool,
    ) -> Option<Order<'a>> {
        let before = self.diagnostics.len();
        let action = self.object(overlay, place, action, "an action")?;
        self.known_keys(
            overlay,
            place,
            action,
            &["target", "description", "update", "remove", "copy"],
        );
        let reason = action
            .get("description")
            .and_then(Value::as_str)
            .map_or("", str::trim);
        if reason.is_empty() {
            self.error(
                overlay,
                place,
                "reason",
                "the action does not say why: `description` is missing or empty",
                "write into `description` what is wrong in the vendor's document and how we know",
            );
        }
        let target = action.get("target").and_then(Value::as_str).unwrap_or_default();
        let path = self.path(overlay, &pointer::join(place, "target"), target);
        let remove = match action.get("remove") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => {
                self.error(
                    overlay,
                    &pointer::join(place, "remove"),
                    "effect",
                    "`remove` is neither `true` nor `false`",
                    "write `remove: true`",
                );
                true
            }
        };
        let effect = match (action.get("update"), remove, action.get("copy")) {
            (Some(update), false, None) => Some(OrderEffect::Update(update)),
            (None, true, None) => Some(OrderEffect::Remove),
            (None, false, Some(copy)) if !only_containers => self
                .path(
                    overlay,
                    &pointer::join(place, "copy"),
                    copy.as_str().unwrap_or_default(),
                )
                .map(OrderEffect::Copy),
            _ => {
                self.error(
                    overlay,
                    place,
                    "effect",
                    "the action does not say one thing to do",
                    "give it one of `update`, `remove: true` and, from Overlay 1.1 on, `copy`",
                );
                None
            }
        };
        let order = Order {
            target,
            path: path?,
            reason,
            evidence: action.get("x-evidence"),
            effect: effect?,
            only_containers,
        };
        (self.diagnostics.len() == before).then_some(order)
    }

    fn path(&mut self, overlay: &Document, place: &str, query: &str) -> Option<JsonPath> {
        let help = "write a JSONPath (RFC 9535), such as `$.paths['/offersource/save/'].put`";
        if query.len() > QUERY {
            self.error(
                overlay,
                place,
                "target",
                format!("the JSONPath is longer than {QUERY} bytes"),
                help,
            );
            return None;
        }
        match JsonPath::parse(query) {
            Ok(path) => Some(path),
            Err(error) => {
                let message = format!(
                    "`{query}` is no JSONPath: {} at character {}",
                    error.message(),
                    error.position() + 1
                );
                self.error(overlay, place, "target", message, help);
                None
            }
        }
    }

    /// Does one action.
    fn act(&mut self, overlay: &Document, place: &str, order: &Order<'_>, back: &SteppedBack) {
        let mut targets = self.query(&order.path);
        if targets.is_empty() {
            let message = format!("the target `{}` matches nothing in the document", order.target);
            self.error(overlay, &pointer::join(place, "target"), "no-match", message, "the document has changed or the target is misspelt: correct the target, or remove the action if it is needless now");
            return;
        }
        let errors = self.diagnostics.len();
        let (effect, changed) = match &order.effect {
            OrderEffect::Remove => {
                // From the back, so that what is still to go keeps its place.
                targets.sort_by(|left, right| document_order(right, left));
                for target in &targets {
                    if !self.remove(target) {
                        self.error(
                            overlay,
                            place,
                            "root",
                            "the whole document cannot be removed",
                            "target what is to go",
                        );
                    }
                }
                (Effect::Remove, true)
            }
            OrderEffect::Update(update) => {
                let from = From {
                    overlay,
                    place: pointer::join(place, "update"),
                    deep: true,
                };
                let left = supplement::left(update, &from.place, &back.places);
                (
                    Effect::Update,
                    self.update(&targets, &left, &from, order.only_containers),
                )
            }
            OrderEffect::Copy(path) => {
                let sources = self.query(path);
                let [source] = sources.as_slice() else {
                    let message = format!("`copy` has to match one value, it matches {}", sources.len());
                    self.error(
                        overlay,
                        &pointer::join(place, "copy"),
                        "copy",
                        message,
                        "correct the path",
                    );
                    return;
                };
                let update = self.value.pointer(source).cloned().unwrap_or_default();
                let from = From {
                    overlay,
                    place: place.to_owned(),
                    deep: false,
                };
                (Effect::Copy, self.update(&targets, &update, &from, false))
            }
        };
        if self.diagnostics.len() > errors {
            return;
        }
        let inside = format!("{place}/");
        let stepped_back = back.places.iter().any(|place| place.starts_with(&inside));
        if !changed && !stepped_back {
            let diagnostic = overlay
                .diagnostic(
                    Severity::Warning,
                    Stage::Overlay,
                    "needless",
                    place,
                    format!(
                        "the action on `{}` changes nothing: the document already is as it wants",
                        order.target
                    ),
                )
                .fix("remove the action; the vendor has followed");
            self.diagnostics.push(diagnostic);
        }
        self.actions.push(Action {
            location: Some(overlay.locate(place)),
            target: order.target.to_owned(),
            reason: order.reason.to_owned(),
            evidence: order.evidence.cloned(),
            effect,
            matches: targets.len(),
            changed,
        });
    }

    /// Says what became of a supplement.
    fn stepped_back(&mut self, overlay: &Document, back: SteppedBack) {
        // A group is documented when all of it is.
        for group in &back.partly {
            let Some(tag) = supplement::tag_place(&self.value, group) else {
                continue;
            };
            if let Some(Value::Object(tag)) = self.value.pointer_mut(&tag) {
                tag.insert("x-undocumented".to_owned(), Value::Bool(true));
            }
        }
        for verdict in back.verdicts {
            let (code, help) = match verdict.found {
                Found::Confirmed | Found::Wrong(_) => (
                    "stepped-back",
                    "the overlay does not add it any more: take it out there",
                ),
                Found::Absent => (
                    "unconfirmed",
                    "look for it in the vendor's document under another name, else leave it",
                ),
            };
            let mut diagnostic = overlay
                .diagnostic(
                    Severity::Notice,
                    Stage::Overlay,
                    code,
                    "",
                    verdict.found.to_string(),
                )
                .at(verdict.location.clone())
                .fix(help);
            diagnostic.operation = Some(verdict.operation.clone());
            self.diagnostics.push(diagnostic);
            self.verdicts.push(verdict);
        }
    }

    /// The pointers to what a query matches, each once.
    fn query(&self, path: &JsonPath) -> Vec<String> {
        let mut seen = std::collections::HashSet::new();
        path.query_located(&self.value)
            .iter()
            .map(|node| node.location().to_json_pointer())
            .filter(|pointer| seen.insert(pointer.clone()))
            .collect()
    }

    fn remove(&mut self, target: &str) -> bool {
        let Some((parent, token)) = pointer::split_last(target) else {
            return false;
        };
        match self.value.pointer_mut(parent) {
            Some(Value::Object(object)) => {
                // The order of what stays is the vendor's.
                object.shift_remove(&*pointer::unescape(token));
                self.provenance.forget(target);
            }
            Some(Value::Array(array)) => {
                if let Some(index) = token.parse().ok().filter(|index| *index < array.len()) {
                    self.provenance.remove_item(parent, index, array.len());
                    array.remove(index);
                }
            }
            _ => {}
        }
        true
    }

    /// Merges a value into each target; whether that changed anything.
    fn update(&mut self, targets: &[String], update: &Value, from: &From<'_>, only_containers: bool) -> bool {
        let mut changed = false;
        for target in targets {
            let Some(value) = self.value.pointer_mut(target) else {
                continue;
            };
            let misfit = match (&*value, update) {
                (Value::Object(_), Value::Object(_)) | (Value::Array(_), _) => None,
                (Value::Object(_), _) => Some(format!(
                    "the target {target} is an object and the update is {}",
                    kind(update)
                )),
                (old, _) if only_containers => Some(format!(
                    "the target {target} is {}, and Overlay 1.0 updates only objects and arrays",
                    kind(old)
                )),
                (old, Value::Object(_) | Value::Array(_)) if !old.is_null() => Some(format!(
                    "the target {target} is {} and the update is {}",
                    kind(old),
                    kind(update)
                )),
                _ => None,
            };
            if let Some(message) = misfit {
                self.diagnostics.push(
                    from.overlay
                        .error(Stage::Overlay, "misfit", from.place.clone(), message)
                        .fix("target the object around it, or remove the old value in an action of its own before"),
                );
                continue;
            }
            changed |= match (value, update) {
                // An entry to append that is not itself a list.
                (Value::Array(array), update) if !update.is_array() => {
                    self.provenance.put(
                        pointer::item(target, array.len()),
                        from.overlay.provenance().place(&from.place),
                    );
                    array.push(update.clone());
                    true
                }
                (value, update) => merge(value, update, target, &from.place, from, &mut self.provenance),
            };
        }
        changed
    }

    fn object<'a>(
        &mut self,
        overlay: &Document,
        place: &str,
        value: &'a Value,
        what: &str,
    ) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            self.error(
                overlay,
                place,
                "structure",
                format!("{what} is an object, this is {}", kind(value)),
                "see the OpenAPI Overlay specification for how it is written",
            );
        }
        object
    }

    fn known_keys(&mut self, overlay: &Document, place: &str, object: &Map<String, Value>, known: &[&str]) {
        for key in object
            .keys()
            .filter(|key| !key.starts_with("x-") && !known.contains(&key.as_str()))
        {
            let help = format!(
                "known here: {}, and `x-…`",
                known
                    .iter()
                    .map(|key| format!("`{key}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            );
            self.error(
                overlay,
                &pointer::join(place, key),
                "key",
                format!("`{key}` means nothing here"),
                help,
            );
        }
    }

    fn error(
        &mut self,
        overlay: &Document,
        place: &str,
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.diagnostics
            .push(overlay.error(Stage::Overlay, code, place, message).fix(help));
    }
}

/// Where an update stands.
struct From<'a> {
    overlay: &'a Document,
    place: String,
    /// Whether the update's own parts stand there too; those of a copy do not.
    deep: bool,
}

/// Merges by the rules of the Overlay specification: objects member by member, arrays by appending, all else by
/// replacing. Whether anything changed.
fn merge(
    value: &mut Value,
    update: &Value,
    target: &str,
    place: &str,
    from: &From<'_>,
    provenance: &mut Provenance,
) -> bool {
    match (value, update) {
        (Value::Object(object), Value::Object(update)) => {
            let mut changed = false;
            for (key, update) in update {
                let target = pointer::join(target, key);
                let place = if from.deep {
                    pointer::join(place, key)
                } else {
                    place.to_owned()
                };
                if let Some(value) = object.get_mut(key) {
                    changed |= merge(value, update, &target, &place, from, provenance);
                } else {
                    object.insert(key.clone(), update.clone());
                    provenance.put(target, from.overlay.provenance().place(&place));
                    changed = true;
                }
            }
            changed
        }
        (Value::Array(array), Value::Array(update)) => {
            for (index, update) in update.iter().enumerate() {
                let place = if from.deep {
                    pointer::item(place, index)
                } else {
                    place.to_owned()
                };
                provenance.put(
                    pointer::item(target, array.len()),
                    from.overlay.provenance().place(&place),
                );
                array.push(update.clone());
            }
            !update.is_empty()
        }
        (value, update) => {
            let changed = value != update;
            if changed {
                *value = update.clone();
                provenance.put(target.to_owned(), from.overlay.provenance().place(place));
            }
            changed
        }
    }
}

/// The order of two pointers in which an ancestor comes before what is in it and a lower index before a higher one.
fn document_order(left: &str, right: &str) -> Ordering {
    let index = |token: &str| token.parse::<usize>().ok();
    for (left, right) in left.split('/').zip(right.split('/')) {
        let order = match (index(left), index(right)) {
            (Some(left), Some(right)) => left.cmp(&right),
            _ => left.cmp(right),
        };
        if order.is_ne() {
            return order;
        }
    }
    left.split('/').count().cmp(&right.split('/').count())
}

#[cfg(test)]
mod tests;
