//! Runs progenitor, which generates Rust items from the transformed document.
//!
//! Progenitor can panic, overflow its stack or never finish, without reporting a location. Therefore, it runs
//! in an [`Isolation`], which turns a crash into a message. After a failure, each schema and each operation
//! is generated on its own. The diagnostics then name the smallest schemas that fail, and the operations that
//! use these schemas.

use std::{
    any::Any,
    collections::BTreeMap,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use openapiv3::OpenAPI;
use progenitor_impl::{GenerationSettings, Generator, InterfaceStyle, TagStyle, TypeImpl};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    json::last_token,
    steps::StageReport,
    transform::{ApiModel, Operation},
};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Stage,
    pointer::{Pointer, PointerBuf},
    references::{References, Target},
    text::counted,
};

/// First line of a response that contains generated code.
const CODE: &str = "code";
/// First line of a response that contains the reason why progenitor refused the document.
const REFUSAL: &str = "refusal";

/// Function that passes a request to [`in_process`] in a process that may crash, and returns the response or
/// a description of the crash.
pub type Isolation<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// Generates the Rust items of the client. The stage `rewrite` changes these items later. If progenitor
/// refuses the document or crashes, the diagnostics locate the cause.
pub(crate) fn generate_items(
    model: &ApiModel,
    source: &Document,
    isolation: Isolation<'_>,
) -> Result<(syn::File, StageReport), Diagnostics> {
    let run = Driver {
        model,
        source,
        isolation,
    };
    let file = run.generate(&model.document);
    let file = file.map_err(|failure| run.locate(&failure))?;
    let operations = counted(model.operations.len(), "operation");
    Ok((file, StageReport::new(Stage::Progenitor, operations)))
}

/// Input of progenitor in addition to the document.
#[derive(Serialize, Deserialize)]
struct RequestSettings {
    /// Components for which the crate `funnelflux` itself defines types of the same name.
    replaced: Vec<String>,
    /// Name of the runtime's type for secrets. `None` if the document has no secrets.
    secret: Option<String>,
    /// Number of seconds after which a run is abandoned.
    seconds: u64,
}

impl RequestSettings {
    fn apply(&self) -> GenerationSettings {
        let mut settings = GenerationSettings::new();
        settings
            .with_interface(InterfaceStyle::Positional)
            .with_tag(TagStyle::Merged)
            // The map is ordered, so that every run gives the same result.
            .with_map_type("::std::collections::BTreeMap")
            .with_derive("PartialEq");
        for name in &self.replaced {
            settings.with_replacement(name, name, [TypeImpl::Display, TypeImpl::FromStr].into_iter());
        }
        if let Some(name) = &self.secret {
            settings.with_replacement(name, format!("crate::{name}"), [].into_iter());
        }
        settings
    }
}

/// Generates code for a request in a thread of this process.
///
/// A stack overflow ends the process, and a thread that does not finish in time keeps running. A caller that
/// must survive any document should call this function in a child process.
///
/// # Errors
/// Returns a description of the problem if the thread cannot start, panics, or exceeds the time limit.
pub fn in_process(request: &str) -> Result<String, String> {
    // Deeply nested schemas need a large stack.
    const STACK: usize = 64 << 20;
    let (settings, document) = request.split_once('\n').unwrap_or_default();
    let settings: RequestSettings = serde_json::from_str(settings).map_err(|error| error.to_string())?;
    let seconds = settings.seconds;
    let document = document.to_owned();
    let (sender, receiver) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("generator".to_owned())
        .stack_size(STACK)
        .spawn(move || {
            // After the time limit, the receiver is gone, so sending may fail.
            let _ = sender.send(generate_tokens(&settings.apply(), &document));
        })
        .map_err(|error| format!("no thread could be started: {error}"))?;
    match receiver.recv_timeout(Duration::from_secs(seconds)) {
        Ok(Ok(code)) => Ok(format!("{CODE}\n{code}")),
        Ok(Err(refusal)) => Ok(format!("{REFUSAL}\n{refusal}")),
        Err(RecvTimeoutError::Timeout) => Err(format!("it did not finish within {seconds} seconds")),
        Err(RecvTimeoutError::Disconnected) => Err(match thread.join() {
            Ok(()) => "it gave no answer".to_owned(),
            Err(panic) => panic_message(&*panic),
        }),
    }
}

fn generate_tokens(settings: &GenerationSettings, document: &str) -> Result<String, String> {
    let document: OpenAPI = serde_json::from_str(document).map_err(|error| error.to_string())?;
    let tokens = Generator::new(settings).generate_tokens(&document);
    tokens.map_or_else(|error| Err(error.to_string()), |tokens| Ok(tokens.to_string()))
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it panicked without a message").to_owned()
}

/// Reason why nothing was generated.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GeneratorFailure {
    code: &'static str,
    message: String,
}

impl GeneratorFailure {
    fn refusal(message: &str) -> Self {
        Self {
            code: "generator-refusal",
            message: format!("the generator refused the document: {}", message.trim()),
        }
    }

    fn crash(message: &str) -> Self {
        Self {
            code: "generator-crash",
            message: format!("the generator crashed: {}", message.trim()),
        }
    }
}

/// A failure, its location, and the affected operations.
struct LocatedFailure<'a> {
    failure: GeneratorFailure,
    pointer: PointerBuf,
    operations: Vec<&'a Operation>,
}

impl LocatedFailure<'_> {
    fn is_among(&self, targets: &[&Target<'_>]) -> bool {
        targets.iter().any(|target| target.pointer == self.pointer)
    }
}

struct Driver<'a> {
    model: &'a ApiModel,
    source: &'a Document,
    isolation: Isolation<'a>,
}

impl<'a> Driver<'a> {
    fn generate(&self, document: &Value) -> Result<syn::File, GeneratorFailure> {
        let count = |pointer| document.pointer(pointer)?.as_object().map(Map::len);
        let sizes = [count("/paths"), count("/components/schemas")];
        let size = sizes.into_iter().flatten().sum::<usize>();
        let enums = self.model.enums.iter().map(|open| &open.name);
        let ids = self.model.ids.iter().map(|id| &id.name);
        let settings = json!(RequestSettings {
            replaced: enums.chain(ids).cloned().collect(),
            secret: self.model.secret.map(str::to_owned),
            seconds: 3 + size as u64 / 4,
        });
        let response = (self.isolation)(&format!("{settings}\n{document}"))
            .map_err(|crash| GeneratorFailure::crash(&crash))?;
        let code = match response.split_once('\n') {
            Some((CODE, code)) => code,
            Some((REFUSAL, refusal)) => return Err(GeneratorFailure::refusal(refusal)),
            _ => return Err(GeneratorFailure::crash("its response was cut off")),
        };
        let not_rust = |error| GeneratorFailure::crash(&format!("its output is not Rust: {error}"));
        syn::parse_str(code).map_err(not_rust)
    }

    /// Generates each schema and each operation on its own, to find the schemas and operations that fail.
    fn locate(&self, failure: &GeneratorFailure) -> Diagnostics {
        let document = &self.model.document;
        if self.generate(&part(document, json!({}), [])).is_err() {
            return self.diagnostic(failure, Pointer::root()).into();
        }
        let references = References::new(document);
        let mut causes = self.failing_schemas(&references);
        let mut others: BTreeMap<GeneratorFailure, Vec<&Operation>> = BTreeMap::new();
        for operation in &self.model.operations {
            let needed = references.needed(&operation.pointer);
            let mut is_explained = false;
            for cause in causes.iter_mut().filter(|cause| cause.is_among(&needed)) {
                cause.operations.push(operation);
                is_explained = true;
            }
            let method = operation.method.to_ascii_lowercase();
            let value = document.pointer(operation.pointer.as_str());
            let paths = json!({ &*operation.path: { method: value } });
            if !is_explained && let Err(failure) = self.generate(&part(document, paths, needed)) {
                others.entry(failure).or_default().push(operation);
            }
        }
        causes.extend(others.into_iter().map(|(failure, operations)| {
            let pointer = operations.first().map(|first| first.pointer.clone());
            LocatedFailure {
                failure,
                pointer: pointer.unwrap_or_default(),
                operations,
            }
        }));
        if causes.is_empty() {
            // Each part succeeds on its own, so the location of the cause is unknown.
            return self.diagnostic(failure, Pointer::root()).into();
        }
        let located = causes.iter().map(|cause| {
            let name = |operation: &&Operation| format!("{} {}", operation.method, operation.path);
            let operations: Vec<String> = cause.operations.iter().map(name).collect();
            let diagnostic = self.diagnostic(&cause.failure, &cause.pointer);
            diagnostic.operations(&operations)
        });
        located.collect()
    }

    /// Returns the schemas that fail on their own, except for schemas that use another failing schema.
    fn failing_schemas(&self, references: &References<'_>) -> Vec<LocatedFailure<'a>> {
        let document = &self.model.document;
        let section = Pointer::from_static("/components/schemas");
        let schemas = document.pointer(section.as_str()).and_then(Value::as_object);
        let schemas = schemas.into_iter().flatten().map(|(name, schema)| {
            let pointer = section.with_trailing_token(name);
            let needed = references.needed(&pointer);
            (pointer, schema, needed)
        });
        let mut schemas: Vec<_> = schemas.collect();
        schemas.sort_by_key(|(.., needed)| needed.len());
        let mut causes: Vec<LocatedFailure<'_>> = Vec::new();
        for (pointer, schema, needed) in schemas {
            if causes.iter().any(|cause| cause.is_among(&needed)) {
                continue;
            }
            let mut alone = part(document, json!({}), needed);
            if let Some(Value::Object(schemas)) = alone.pointer_mut(section.as_str()) {
                schemas.insert(last_token(&pointer), schema.clone());
            }
            if let Err(failure) = self.generate(&alone) {
                causes.push(LocatedFailure {
                    failure,
                    pointer,
                    operations: Vec::new(),
                });
            }
        }
        causes
    }

    fn diagnostic(&self, failure: &GeneratorFailure, at: &Pointer) -> Diagnostic {
        self.source
            .error(Stage::Progenitor, failure.code, at, &*failure.message)
            .fix(
                "in an overlay, replace the construct that the generator does not support; if a schema \
                 contains itself by `allOf`, `oneOf` or `anyOf`, write all its properties into one object\n\
                 or add a rule to codegen/generator/src/lint/ that reports the construct",
            )
    }
}

/// Returns a copy of the document that contains only these paths and schemas.
fn part<'a>(document: &Value, paths: Value, schemas: impl IntoIterator<Item = &'a Target<'a>>) -> Value {
    let mut part: Map<String, Value> = document.as_object().cloned().unwrap_or_default();
    let schemas = schemas.into_iter();
    let schemas = schemas.map(|schema| (last_token(&schema.pointer), schema.value.clone()));
    let schemas: Map<String, Value> = schemas.collect();
    part.insert("paths".to_owned(), paths);
    part.insert("components".to_owned(), json!({ "schemas": schemas }));
    Value::Object(part)
}

#[cfg(test)]
mod tests;
