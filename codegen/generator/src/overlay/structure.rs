//! Checks the structure of an overlay before any of its actions is applied.

use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use crate::json::Json as _;
use funnelflux_openapi::{
    Diagnostics, Document, Severity, Stage,
    pointer::{Pointer, PointerBuf},
    text::kind,
};

/// Maximum length of a JSONPath in bytes. The limit exists because the parser is recursive. Hand-written
/// paths are shorter.
const MAX_QUERY: usize = 2_000;

pub(super) struct CheckedAction<'a> {
    pub(super) pointer: PointerBuf,
    pub(super) target: &'a str,
    pub(super) path: JsonPath,
    pub(super) reason: &'a str,
    pub(super) effect: CheckedEffect<'a>,
    /// True for Overlay 1.0, in which an update can target only objects and arrays.
    pub(super) only_containers: bool,
}

pub(super) enum CheckedEffect<'a> {
    Update(&'a Value),
    Remove,
    Copy(JsonPath),
}

pub(super) struct Checker<'a, 'b> {
    pub(super) overlay: &'a Document,
    pub(super) diagnostics: &'b mut Diagnostics,
}

impl<'a> Checker<'a, '_> {
    /// Checks the overlay and returns its valid actions. `document` is the name of the document to which the
    /// overlay is applied.
    pub(super) fn actions(&mut self, document: &str) -> Vec<CheckedAction<'a>> {
        let Some(root) = self.object(Pointer::root(), self.overlay.value(), "an overlay") else {
            return Vec::new();
        };
        self.known_keys(Pointer::root(), root, &["overlay", "info", "extends", "actions"]);
        let version = root.text("overlay").unwrap_or_default();
        let is = |wanted: &str| {
            let rest = version.strip_prefix(wanted);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if !is("1.0") && !is("1.1") {
            let at = Pointer::from_static("/overlay");
            let fix = "write `overlay: 1.0.0` at the top";
            self.error(at, "version", "`overlay` is not `1.0.x` or `1.1.x`", fix);
        }
        let info = root.get("info").unwrap_or(&Value::Null);
        let info_at = Pointer::from_static("/info");
        if let Some(info) = self.object(info_at, info, "`info`") {
            self.known_keys(info_at, info, &["title", "version", "description"]);
            let is_missing = |key: &&str| info.text(key).unwrap_or_default().trim().is_empty();
            for key in ["title", "version"].into_iter().filter(is_missing) {
                let at = info_at.with_trailing_token(key);
                let message = format!("`info` needs a `{key}`, a string");
                self.error(&at, "info", message, "describe the purpose of the overlay");
            }
        }
        self.extends(root, document);
        let actions_at = Pointer::from_static("/actions");
        if root.items("actions").len() == 0 {
            let message = "`actions` must be a list with at least one action";
            let fix = "remove the overlay if it has nothing left to do";
            self.error(actions_at, "actions", message, fix);
        }
        let actions = root.items("actions").enumerate();
        let checked = actions.filter_map(|(index, action)| {
            self.action(actions_at.with_trailing_token(index), action, is("1.0"))
        });
        checked.collect()
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
            let (severity, stage, at) = (Severity::Warning, Stage::Overlay, extends_at);
            let message = format!("this overlay is for `{extends}`, but is applied to `{document}`");
            let warning = self.overlay.diagnostic(severity, stage, "extends", at, message);
            let warning = warning.fix("correct or remove `extends`, or remove the overlay");
            self.diagnostics.push(warning);
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
        let known = ["target", "description", "update", "remove", "copy"];
        self.known_keys(place, action, &known);
        let text = |key: &str| action.text(key).unwrap_or_default();
        let reason = text("description").trim();
        if reason.is_empty() {
            let message = "the action has no reason: `description` is missing or empty";
            let fix = "write into `description` what is wrong in the vendor's document, and the \
                       evidence for it";
            self.error(place, "reason", message, fix);
        }
        let path = self.path(&place.with_trailing_token("target"), text("target"));
        let remove = action.get("remove").unwrap_or(&Value::Bool(false));
        if !remove.is_boolean() {
            let at = place.with_trailing_token("remove");
            let message = "`remove` is neither `true` nor `false`";
            self.error(&at, "effect", message, "write `remove: true`");
        }
        let remove = remove != &Value::Bool(false);
        let effect = match (action.get("update"), remove, action.get("copy")) {
            (Some(update), false, None) => Some(CheckedEffect::Update(update)),
            (None, true, None) => Some(CheckedEffect::Remove),
            (None, false, Some(_)) if !only_containers => {
                let path = self.path(&place.with_trailing_token("copy"), text("copy"));
                path.map(CheckedEffect::Copy)
            }
            _ => {
                let message = "the action needs exactly one of `update`, `remove: true` and `copy`";
                let fix = "keep the one that is meant; `copy` needs `overlay: 1.1.0`";
                self.error(place, "effect", message, fix);
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
                Err(error) => {
                    let (problem, position) = (error.message(), error.position() + 1);
                    format!("`{query}` is not a JSONPath: {problem} at character {position}")
                }
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
            let at = at.with_trailing_token(key);
            self.error(&at, "key", format!("unknown key `{key}`"), fix);
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
