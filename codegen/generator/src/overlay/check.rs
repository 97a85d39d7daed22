//! Checks the structure of an overlay before any of its actions is applied.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use funnelflux_openapi::{
    Diagnostics, Document, Severity, Stage,
    pointer::{Pointer, PointerBuf},
    text::kind,
};

/// Maximum length of a JSONPath in bytes. The parser is recursive; hand-written paths stay below this length.
const MAX_QUERY: usize = 2_000;

/// An action that can be applied.
pub(super) struct CheckedAction<'a> {
    pub(super) pointer: PointerBuf,
    pub(super) target: &'a str,
    pub(super) path: JsonPath,
    pub(super) reason: &'a str,
    pub(super) effect: CheckedEffect<'a>,
    /// True for version 1.0, in which an action can target only objects and arrays.
    pub(super) only_containers: bool,
}

pub(super) enum CheckedEffect<'a> {
    Update(&'a Value),
    Remove,
    Copy(JsonPath),
}

/// Checks an overlay for the document named `document`, and returns its valid actions.
pub(super) fn check<'a>(
    overlay: &'a Document,
    document: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<CheckedAction<'a>> {
    Checker { overlay, diagnostics }.overlay(document)
}

struct Checker<'a, 'b> {
    overlay: &'a Document,
    diagnostics: &'b mut Diagnostics,
}

impl<'a> Checker<'a, '_> {
    fn overlay(&mut self, document: &str) -> Vec<CheckedAction<'a>> {
        let Some(root) = self.object(Pointer::root(), self.overlay.value(), "an overlay") else {
            return Vec::new();
        };
        self.known_keys(Pointer::root(), root, &["overlay", "info", "extends", "actions"]);
        let version = root.get("overlay").and_then(Value::as_str).unwrap_or_default();
        let is = |wanted: &str| {
            version
                .strip_prefix(wanted)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if !is("1.0") && !is("1.1") {
            self.error(
                Pointer::from_static("/overlay"),
                "version",
                "`overlay` is not `1.0.x` or `1.1.x`",
                "write `overlay: 1.0.0` at the top",
            );
        }
        let info = root.get("info").unwrap_or(&Value::Null);
        let info_at = Pointer::from_static("/info");
        if let Some(info) = self.object(info_at, info, "`info`") {
            self.known_keys(info_at, info, &["title", "version", "description"]);
            for key in ["title", "version"] {
                let text = info.get(key).and_then(Value::as_str).unwrap_or_default();
                if text.trim().is_empty() {
                    let message = format!("`info` needs a `{key}`, a string");
                    let at = info_at.with_trailing_token(key);
                    self.error(&at, "info", message, "describe the purpose of the overlay");
                }
            }
        }
        self.extends(root, document);
        let actions_at = Pointer::from_static("/actions");
        match root.get("actions").and_then(Value::as_array) {
            Some(actions) if !actions.is_empty() => {
                let actions = actions.iter().enumerate();
                let checked = actions.filter_map(|(index, action)| {
                    self.action(actions_at.with_trailing_token(index), action, is("1.0"))
                });
                checked.collect()
            }
            _ => {
                self.error(
                    actions_at,
                    "actions",
                    "`actions` must be a list with at least one action",
                    "remove the overlay if it has nothing left to do",
                );
                Vec::new()
            }
        }
    }

    /// Checks `extends`, which names the document to which the overlay applies.
    fn extends(&mut self, root: &Map<String, Value>, document: &str) {
        let last = |address: &str| address.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let Some(extends) = root.get("extends") else {
            return;
        };
        let extends_at = Pointer::from_static("/extends");
        let Some(extends) = extends.as_str().filter(|text| !text.trim().is_empty()) else {
            let fix = "give the path or URL of the document, or remove `extends`";
            self.error(extends_at, "extends", "`extends` is not a URL", fix);
            return;
        };
        if last(extends) != last(document) {
            let message = format!("this overlay is for `{extends}`, but is applied to `{document}`");
            let warning =
                self.overlay
                    .diagnostic(Severity::Warning, Stage::Overlay, "extends", extends_at, message);
            self.diagnostics
                .push(warning.fix("correct or remove `extends`, or remove the overlay"));
        }
    }

    fn action(
        &mut self,
        pointer: PointerBuf,
        action: &'a Value,
        only_containers: bool,
    ) -> Option<CheckedAction<'a>> {
        let before = self.diagnostics.count(Severity::Error);
        let place = &*pointer;
        let action = self.object(place, action, "an action")?;
        self.known_keys(
            place,
            action,
            &["target", "description", "update", "remove", "copy"],
        );
        let text = |key: &str| action.get(key).and_then(Value::as_str).unwrap_or_default();
        let reason = text("description").trim();
        if reason.is_empty() {
            self.error(
                place,
                "reason",
                "the action has no reason: `description` is missing or empty",
                "write into `description` what is wrong in the vendor's document, and the evidence for it",
            );
        }
        let path = self.path(&place.with_trailing_token("target"), text("target"));
        let remove = action.get("remove").unwrap_or(&Value::Bool(false));
        if !remove.is_boolean() {
            let at = place.with_trailing_token("remove");
            self.error(
                &at,
                "effect",
                "`remove` is neither `true` nor `false`",
                "write `remove: true`",
            );
        }
        let remove = remove != &Value::Bool(false);
        let effect = match (action.get("update"), remove, action.get("copy")) {
            (Some(update), false, None) => Some(CheckedEffect::Update(update)),
            (None, true, None) => Some(CheckedEffect::Remove),
            (None, false, Some(_)) if !only_containers => self
                .path(&place.with_trailing_token("copy"), text("copy"))
                .map(CheckedEffect::Copy),
            _ => {
                self.error(
                    place,
                    "effect",
                    "the action needs exactly one of `update`, `remove: true` and `copy`",
                    "keep the one that is meant; `copy` needs `overlay: 1.1.0`",
                );
                None
            }
        };
        let checked = CheckedAction {
            target: text("target"),
            path: path?,
            reason,
            effect: effect?,
            only_containers,
            pointer,
        };
        (self.diagnostics.count(Severity::Error) == before).then_some(checked)
    }

    fn path(&mut self, at: &Pointer, query: &str) -> Option<JsonPath> {
        let message = if query.len() > MAX_QUERY {
            format!("the JSONPath is longer than {MAX_QUERY} bytes")
        } else {
            match JsonPath::parse(query) {
                Ok(path) => return Some(path),
                Err(error) => format!(
                    "`{query}` is not a JSONPath: {} at character {}",
                    error.message(),
                    error.position() + 1
                ),
            }
        };
        let fix = "write a JSONPath (RFC 9535), such as `$.paths['/offersource/save/'].put`";
        self.error(at, "target", message, fix);
        None
    }

    fn object(&mut self, at: &Pointer, value: &'a Value, noun: &str) -> Option<&'a Map<String, Value>> {
        let object = value.as_object();
        if object.is_none() {
            let message = format!("{noun} must be an object, not {}", kind(value));
            self.error(at, "structure", message, "see the OpenAPI Overlay specification");
        }
        object
    }

    fn known_keys(&mut self, at: &Pointer, object: &Map<String, Value>, known: &[&str]) {
        let unknown = |key: &&String| !key.starts_with("x-") && !known.contains(&key.as_str());
        for key in object.keys().filter(unknown) {
            let known: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
            let fix = format!("use one of {}, or an extension `x-…`", known.join(", "));
            self.error(
                &at.with_trailing_token(key),
                "key",
                format!("unknown key `{key}`"),
                fix,
            );
        }
    }

    fn error(
        &mut self,
        at: &Pointer,
        code: &'static str,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) {
        let error = self.overlay.error(Stage::Overlay, code, at, message);
        self.diagnostics.push(error.fix(fix));
    }
}
