//! Warnings about documents whose comparison can be misleading.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostics, Document, Severity, Stage,
    openapi_model::{ObjectKind, Visitor, has_type, walk},
    pointer::Pointer,
    references::{self, Reference, References, follow, resolve},
    text::kind,
};

/// Warns about compositions without schemas, and about defaults of a wrong type. Also warns about parts that
/// are not compared: each `$dynamicRef`, each external file, and each reference that leads to no value. An
/// external file or such a reference gets one warning, even if it occurs several times.
#[must_use]
pub fn warnings(document: &Document) -> Diagnostics {
    let mut warnings = Warnings {
        document,
        diagnostics: Diagnostics::default(),
    };
    let references = References::new(document.value());
    let mut files = BTreeMap::new();
    let mut broken = BTreeMap::new();
    for reference in references.all() {
        let at = &reference.pointer;
        let file = reference.written.split('#').next().unwrap_or_default();
        if !file.is_empty() {
            files.entry(file).or_insert(at);
        } else if let Some(problem) = problem(&references, reference) {
            broken.entry(reference.written).or_insert((at, problem));
        }
    }
    for (file, reference) in files {
        let at = reference.with_trailing_token("$ref");
        let message = format!("the external file `{file}` is not compared");
        let fix = "bundle each document into one file before comparing";
        warnings.warn("external-reference", &at, message, fix);
    }
    for (written, (at, (code, problem))) in broken {
        let at = at.with_trailing_token("$ref");
        let message = format!("`{written}` {problem}, so the places that refer to it are not compared");
        warnings.warn(
            code,
            &at,
            message,
            "correct the reference, or add its target to the document",
        );
    }
    walk(document.value(), &mut warnings);
    warnings.diagnostics
}

/// Returns the code and the description of a problem, if a reference never leads to a value.
fn problem(references: &References<'_>, reference: &Reference<'_>) -> Option<(&'static str, &'static str)> {
    let Some(target) = references.target(reference) else {
        return Some(("dangling-reference", "is not in the document"));
    };
    let (_, value) = resolve(references.document(), &target.pointer, target.value);
    let next = references::reference(value).and_then(|next| follow(references.document(), next));
    next.map(|_| ("circular-reference", "leads back to itself"))
}

struct Warnings<'a> {
    document: &'a Document,
    diagnostics: Diagnostics,
}

impl Warnings<'_> {
    fn warn(&mut self, code: &'static str, at: &Pointer, message: String, fix: &str) {
        let document = self.document;
        let warning = document.diagnostic(Severity::Warning, Stage::Diff, code, at, message);
        self.diagnostics.push(warning.fix(fix));
    }
}

impl Visitor for Warnings<'_> {
    fn object(&mut self, object: ObjectKind, pointer: &Pointer, members: &Map<String, Value>) {
        if object != ObjectKind::Schema {
            return;
        }
        if let Some(Value::String(target)) = members.get("$dynamicRef") {
            let at = pointer.with_trailing_token("$dynamicRef");
            let message = format!("the target of the `$dynamicRef` to `{target}` is not compared here");
            let fix = "write a `$ref` if the target is always the same";
            self.warn("dynamic-reference", &at, message, fix);
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            let parts = members.get(key).and_then(Value::as_array);
            if parts.is_some_and(Vec::is_empty) {
                let at = pointer.with_trailing_token(key);
                let message = format!("`{key}` is empty, so its meaning is undefined");
                let fix = "list the schemas, or remove the keyword";
                self.warn("empty-composition", &at, message, fix);
            }
        }
        let type_name = members.get("type").and_then(Value::as_str);
        if let Some((default, type_name)) = members.get("default").zip(type_name)
            && !has_type(default, type_name)
            && !(default.is_null() && members.get("nullable") == Some(&Value::Bool(true)))
        {
            let at = pointer.with_trailing_token("default");
            let message = format!("the default is {}, but the type is `{type_name}`", kind(default));
            self.warn("default-type", &at, message, "correct the default or the type");
        }
    }
}
