//! The generator: prepared document to Rust items.
//!
//! progenitor panics on what it cannot take and does not say which operation it was at. Should it panic all the same
//! (the lint is there to prevent it), it is run again on each operation and each schema alone, and the message names
//! those that fail.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    panic::{self, AssertUnwindSafe},
    sync::Once,
    thread,
};

use openapiv3::OpenAPI;
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TagStyle, TypeImpl};
use serde_json::{Map, Value, json};

use crate::{
    steps::StageReport,
    transform::{ApiModel, Operation},
};
use funnelflux_openapi::text::counted;
use funnelflux_openapi::{Diagnostic, Diagnostics, Document, Stage, pointer};

/// Generates the client that the passes take apart.
///
/// # Errors
/// What the generator says against the document, with the operations at which it does.
pub fn generate_items(
    prepared: &ApiModel,
    source: &Document,
) -> Result<(syn::File, StageReport), Diagnostics> {
    let file =
        generate(prepared, &prepared.document).map_err(|failure| locate(prepared, source, &failure))?;
    let report = StageReport::new(
        Stage::Progenitor,
        format!(
            "{} through progenitor",
            counted(prepared.operations.len(), "operation")
        ),
    );
    Ok((file, report))
}

fn settings(prepared: &ApiModel) -> GenerationSettings {
    let mut settings = GenerationSettings::new();
    settings
        .with_interface(InterfaceStyle::Positional)
        .with_tag(TagStyle::Merged)
        // A map must print and compare the same on every day.
        .with_map_type("::std::collections::BTreeMap")
        .with_derive("PartialEq");
    let impls = [TypeImpl::Display, TypeImpl::FromStr];
    for open in &prepared.enums {
        // The generator looks a component up by the name of its type.
        settings.with_replacement(&open.name, &open.name, impls.iter().copied());
    }
    for id in &prepared.ids {
        settings.with_replacement(&id.name, &id.name, impls.iter().copied());
    }
    if let Some(name) = prepared.secret {
        settings.with_replacement(name, format!("crate::{name}"), [].into_iter());
    }
    settings
}

/// Why the generator made nothing.
struct Failure {
    panicked: bool,
    message: String,
}

fn generate(prepared: &ApiModel, document: &Value) -> Result<syn::File, Failure> {
    let refused = |message: String| Failure {
        panicked: false,
        message,
    };
    let run = || {
        let document: OpenAPI =
            serde_json::from_value(document.clone()).map_err(|error| refused(error.to_string()))?;
        let tokens = Generator::new(&settings(prepared))
            .generate_tokens(&document)
            .map_err(|error| refused(error.to_string()))?;
        // Text, since tokens cannot leave the thread that made them.
        Ok(tokens.to_string())
    };
    let text = on_a_large_stack(run).unwrap_or_else(|error| {
        let message = format!("no thread could be started for it: {error}");
        Err(refused(message))
    })?;
    syn::parse_str(&text).map_err(|error| refused(format!("what it generated is not Rust: {error}")))
}

/// Runs the generator where it can go deep: what overflows a stack ends the program. What has no end at all, the lint
/// has refused.
fn on_a_large_stack<T: Send>(
    run: impl FnOnce() -> Result<T, Failure> + Send,
) -> std::io::Result<Result<T, Failure>> {
    const BYTES: usize = 256 << 20;
    let run = || match quietly(run) {
        Ok(result) => result,
        Err(message) => Err(Failure {
            panicked: true,
            message,
        }),
    };
    thread::scope(|scope| {
        let thread = thread::Builder::new()
            .stack_size(BYTES)
            .spawn_scoped(scope, run)?;
        Ok(thread.join().unwrap_or_else(|_| {
            Err(Failure {
                panicked: true,
                message: "it gave no message".to_owned(),
            })
        }))
    })
}

/// One reason for which the generator made nothing, and what has it.
struct Cause<'a> {
    failure: Failure,
    operations: Vec<&'a Operation>,
    /// The schema with the fewest others in it that fails so by itself, and how many it takes.
    schema: Option<(&'a str, usize)>,
}

/// Runs the generator on each operation and each schema alone, to say where it fails.
fn locate(prepared: &ApiModel, source: &Document, failure: &Failure) -> Diagnostics {
    let bare = part(&prepared.document, json!({}), Map::new());
    if generate(prepared, &bare).is_err() {
        return diagnostic(source, "", failure).into();
    }
    let mut causes = Causes::new();
    for operation in &prepared.operations {
        if let Some(document) = only_operation(&prepared.document, operation)
            && let Err(failure) = generate(prepared, &document)
        {
            note(&mut causes, failure).operations.push(operation);
        }
    }
    let schemas = prepared
        .document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    for (name, schema) in schemas.into_iter().flatten() {
        let mut reached = Map::from_iter([(name.clone(), schema.clone())]);
        reach(&prepared.document, schema, &mut reached);
        let size = reached.len();
        let document = part(&prepared.document, json!({}), reached);
        if let Err(failure) = generate(prepared, &document) {
            let cause = note(&mut causes, failure);
            if cause.schema.is_none_or(|(_, smallest)| size < smallest) {
                cause.schema = Some((name, size));
            }
        }
    }
    if causes.is_empty() {
        // Only all of it together fails.
        return diagnostic(source, "", failure).into();
    }
    causes
        .values()
        .map(|cause| {
            let at = match (cause.schema, cause.operations.as_slice()) {
                (Some((name, _)), _) => pointer::join("/components/schemas", name),
                (None, [first, ..]) => first.pointer.to_string(),
                (None, []) => String::new(),
            };
            let names: Vec<String> = cause
                .operations
                .iter()
                .map(|operation| format!("{} {}", operation.method, operation.path))
                .collect();
            diagnostic(source, at, &cause.failure).operations(&names)
        })
        .collect()
}

/// The causes by what the generator said: the same words are the same reason.
type Causes<'a> = BTreeMap<String, Cause<'a>>;

fn note<'a, 'b>(causes: &'b mut Causes<'a>, failure: Failure) -> &'b mut Cause<'a> {
    causes.entry(failure.message.clone()).or_insert_with(|| Cause {
        failure,
        operations: Vec::new(),
        schema: None,
    })
}

fn diagnostic<'p>(source: &Document, at: impl pointer::ToPointer<'p>, failure: &Failure) -> Diagnostic {
    let (code, verb) = if failure.panicked {
        ("generator-panic", "panicked")
    } else {
        ("generator-refusal", "refused the document")
    };
    source
        .error(
            Stage::Progenitor,
            code,
            at,
            format!("the generator {verb}: {}", failure.message.trim()),
        )
        .fix(
            "let an overlay change what it cannot take; a check in codegen/generator/src/lint/ would say more next time",
        )
}

/// The document with a single operation and all schemas that it needs.
fn only_operation(document: &Value, operation: &Operation) -> Option<Value> {
    let path = &operation.path;
    let method = operation.method.to_ascii_lowercase();
    let operation = document.get("paths")?.get(path)?.get(&method)?;
    let mut schemas = Map::new();
    reach(document, operation, &mut schemas);
    Some(part(document, json!({ path: { method: operation } }), schemas))
}

/// The document with other paths and schemas.
fn part(document: &Value, paths: Value, schemas: Map<String, Value>) -> Value {
    let mut part: Map<String, Value> = document.as_object().cloned().unwrap_or_default();
    part.insert("paths".to_owned(), paths);
    let components = Map::from_iter([("schemas".to_owned(), Value::Object(schemas))]);
    part.insert("components".to_owned(), Value::Object(components));
    Value::Object(part)
}

/// Collects the schemas that `value` refers to, directly or not.
fn reach(document: &Value, value: &Value, schemas: &mut Map<String, Value>) {
    match value {
        Value::Object(object) => {
            let name = object
                .get("$ref")
                .and_then(Value::as_str)
                .and_then(|reference| reference.strip_prefix("#/components/schemas/"));
            if let Some(name) = name
                && !schemas.contains_key(name)
                && let Some(schema) = document.pointer(&pointer::join("/components/schemas", name))
            {
                schemas.insert(name.to_owned(), schema.clone());
                reach(document, schema, schemas);
            }
            object.values().for_each(|inner| reach(document, inner, schemas));
        }
        Value::Array(items) => items.iter().for_each(|inner| reach(document, inner, schemas)),
        _ => {}
    }
}

thread_local! {
    /// While `Some`, a panic of this thread is recorded here and not printed.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
}

static HOOK: Once = Once::new();

/// Runs `action`; a panic in it becomes its message and is not printed.
///
/// The panic hook is one for the whole process. It is wrapped once and asks, for each panic, whether the thread wants
/// silence; panics of other threads reach the hook that was there before.
fn quietly<T>(action: impl FnOnce() -> T) -> Result<T, String> {
    HOOK.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let recorded = CAUGHT.with(|caught| {
                let Ok(mut caught) = caught.try_borrow_mut() else {
                    return false;
                };
                let Some(message) = caught.as_mut() else {
                    return false;
                };
                *message = describe(info);
                true
            });
            if !recorded {
                previous(info);
            }
        }));
    });
    CAUGHT.set(Some("it gave no message".to_owned()));
    let result = panic::catch_unwind(AssertUnwindSafe(action));
    let message = CAUGHT.take().unwrap_or_default();
    result.map_err(|_| message)
}

/// What was said, and in which file of the generator, without the path to it on this machine.
fn describe(info: &panic::PanicHookInfo<'_>) -> String {
    let said = info.payload_as_str().unwrap_or("it gave no message");
    match info.location() {
        Some(location) => {
            let file = location.file();
            let package = file
                .rfind("/src/")
                .and_then(|end| file.get(..end)?.rfind('/'))
                .and_then(|slash| file.get(slash + 1..))
                .unwrap_or(file);
            format!("{said} ({package}:{})", location.line())
        }
        None => said.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transform::transform;
    use funnelflux_openapi::{Source, read::read};

    fn prepared(document: &Value) -> (Document, ApiModel) {
        let text = document.to_string();
        let document = read(Source {
            name: "spec/upstream.json",
            text: &text,
        })
        .unwrap();
        let (prepared, _) = transform(&document).unwrap();
        (document, prepared)
    }

    fn operation(schema: &Value) -> Value {
        json!({
            "tags": ["T"],
            "responses": {"200": {"description": "x", "content": {"application/json": {"schema": schema}}}},
        })
    }

    #[test]
    fn a_panic_names_the_operation_and_prints_nothing() {
        let (document, prepared) = prepared(&json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {
                "/good/": {"get": operation(&json!({"type": "string"}))},
                "/bad/": {"get": operation(&json!({"$ref": "#/components/schemas/Nobody"}))},
            },
            "components": {"schemas": {}},
        }));
        let diagnostics = generate_items(&prepared, &document).unwrap_err();
        assert_eq!(diagnostics.len(), 1);
        let diagnostic = &diagnostics.0[0];
        assert_eq!(diagnostic.code, "generator-panic");
        assert_eq!(diagnostic.operation.as_deref(), Some("GET /bad/"));
        assert!(diagnostic.location.is_some());
        assert!(
            diagnostic.message.contains("Nobody") && diagnostic.message.contains("typify"),
            "{}",
            diagnostic.message
        );
    }

    #[test]
    fn the_only_operation_is_named_too() {
        let (document, prepared) = prepared(&json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {"/bad/": {"get": operation(&json!({"$ref": "#/components/schemas/Nobody"}))}},
        }));
        let diagnostics = generate_items(&prepared, &document).unwrap_err();
        assert_eq!(diagnostics.len(), 1, "{diagnostics}");
        assert_eq!(diagnostics.0[0].operation.as_deref(), Some("GET /bad/"));
    }

    #[test]
    fn a_schema_that_many_use_is_named_with_them() {
        let bad = json!({"type": "object", "properties": {"deep": {"$ref": "#/components/schemas/Bad"}}});
        let (document, prepared) = prepared(&json!({
            "openapi": "3.0.3",
            "info": {"title": "t", "version": "1"},
            "paths": {
                "/one/": {"get": operation(&json!({"$ref": "#/components/schemas/Outer"}))},
                "/two/": {"get": operation(&json!({"$ref": "#/components/schemas/Outer"}))},
            },
            "components": {"schemas": {
                "Outer": bad,
                "Bad": {"type": "object", "properties": {"odd": {"not": {"type": "object", "properties": {"a": {}}}}}},
            }},
        }));
        let diagnostics = generate_items(&prepared, &document).unwrap_err();
        assert_eq!(diagnostics.len(), 1, "{diagnostics}");
        let diagnostic = &diagnostics.0[0];
        assert_eq!(diagnostic.pointer, "/components/schemas/Bad");
        assert_eq!(diagnostic.operation.as_deref(), Some("GET /one/ and 1 more"));
    }

    #[test]
    fn a_panic_elsewhere_is_not_swallowed() {
        assert_eq!(quietly(|| 1), Ok(1));
        let message = quietly(|| panic!("boo")).unwrap_err();
        assert!(
            message.starts_with("boo (generator/src/progenitor.rs:"),
            "{message}"
        );
        // After it, the thread's panics are printed again: nothing is recorded any more.
        CAUGHT.with(|caught| assert!(caught.borrow().is_none()));
    }
}
