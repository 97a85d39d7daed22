//! Named rules, document to document, that make the generator's output right.
//!
//! A rule is preferred to a pass over the generated code, since it survives an upgrade of the generator. Each is one
//! function in a file by theme; this table gives the order, the reason, and whether the FunnelFlux document must have
//! something for it to do. What a rule takes out of a schema it writes down in words, and the last rule puts the words
//! into the descriptions, so that the documentation loses nothing.

mod bodies;
mod descriptions;
mod enums;
mod ids;
mod limits;
mod model;
mod objects;
mod operations;
mod order;
mod references;
mod responses;
mod schema;
mod secrets;
#[cfg(test)]
mod tests;
mod walk;

use std::collections::BTreeMap;

use serde_json::Value;

pub use model::{
    Argument, ArgumentKind, IdType, OpenEnum, Operation, Prepared, Repeat, RequestBody, Tag, Variant,
};

use crate::{
    lint,
    steps::{self, Expect, StageReport, Step},
};
use funnelflux_openapi::text::counted;
use funnelflux_openapi::{Diagnostic, Diagnostics, Document, Stage, pointer};

/// A document on its way through the rules.
struct Draft<'a> {
    value: Value,
    /// For the places of what the rules find wrong.
    source: &'a Document,
    /// What has moved: its pointer, and that of the place where the document writes it.
    origins: BTreeMap<String, String>,
    diagnostics: Diagnostics,
}

impl Draft<'_> {
    /// Notes an error; its pointer leads into the draft, also into what a rule has made a component.
    fn error(&mut self, code: &'static str, at: &str, message: String, help: &str) {
        self.diagnostics.push(error(self.source, code, at, message, help));
    }
}

fn error(source: &Document, code: &'static str, at: &str, message: String, help: &str) -> Diagnostic {
    source.error(Stage::Transform, code, at, message).fix(help)
}

/// All rules, in their order.
#[rustfmt::skip]
fn rules<'a>() -> Vec<Step<Draft<'a>>> {
    use Expect::{Work, MayBeNoop};
    let rule = Step::new;
    vec![
        rule("canonical-order", Work, order::canonical_order,
            "the order of keys means nothing in JSON, but the generator's output follows it"),
        rule("inline-references", MayBeNoop, references::inline_references,
            "the other rules look for parameters, bodies and responses where they are used"),
        rule("keep-json", MayBeNoop, responses::keep_json,
            "the generator panics on a second media type of a request, and the runtime speaks JSON only"),
        rule("drop-error-responses", MayBeNoop, responses::drop_error_responses,
            "the generator panics on two error types, and loses the status of an error that is not JSON; the runtime reads errors itself"),
        rule("widen-success", Work, responses::widen_success,
            "the service may answer 201 or 204 where 200 is documented; any 2xx is success"),
        rule("name-operations", Work, operations::name_operations,
            "method names come from method and path, so that another document does not rename them"),
        rule("drop-limits", Work, limits::drop_limits,
            "the generator checks limits on responses too, and one name that is too long would fail a whole list"),
        rule("drop-defaults", Work, limits::drop_defaults,
            "the generator invents the default for an absent field and sends it back; absent must stay absent"),
        rule("keep-unknown-fields", Work, objects::keep_unknown_fields,
            "find, change, save must not drop what the service sent and the document does not know"),
        rule("drop-empty-parts", MayBeNoop, objects::drop_empty_parts,
            "a part that says nothing makes another type of what would be but another name"),
        rule("hoist-objects", MayBeNoop, objects::hoist_objects,
            "the generator loses the description of an inline object and names it without looking for clashes"),
        rule("hoist-enums", Work, enums::hoist_enums,
            "an inline enumeration gets one type a use, and only a component can be replaced by an open enumeration"),
        rule("inline-aliases", MayBeNoop, objects::inline_aliases,
            "a component that is a mere string, list or map would become a wrapper that serves nobody"),
        rule("id-lists", Work, ids::id_lists,
            "a list of IDs in one string is easy to join wrongly by hand"),
        rule("id-types", Work, ids::id_types,
            "an ID of one kind of asset must not pass for that of another"),
        rule("secret-types", MayBeNoop, secrets::secret_types,
            "a secret must not be printed with the asset that it is in"),
        rule("nullable-components", MayBeNoop, objects::nullable_components,
            "the generator makes a wrapper around an option of a component that may be null; its uses may be null instead"),
        rule("nullable-collections", Work, objects::nullable_collections,
            "the generator leaves an empty list or object away; absent, null and empty must be told apart"),
        rule("drop-titles", MayBeNoop, objects::drop_titles,
            "the generator calls what it merges after the title of a part, and so like the type of that part"),
        rule("optional-bodies", Work, bodies::optional_bodies,
            "the generator makes every request body mandatory unless its schema is nullable"),
        rule("share-evidence", MayBeNoop, descriptions::share_evidence,
            "the same evidence on each operation and field hides what is particular to one"),
        rule("describe", Work, descriptions::describe,
            "each item of the generated code says what it is, its limits and its evidence"),
    ]
}

/// Puts diagnostics on what rules have moved to where the document writes it.
fn relocate(
    origins: &BTreeMap<String, String>,
    mut diagnostics: Diagnostics,
    source: &Document,
) -> Diagnostics {
    for diagnostic in &mut diagnostics.0 {
        let place = origin(origins, diagnostic.pointer.as_str());
        if place != diagnostic.pointer {
            diagnostic.location = Some(source.locate(&place));
            let operation = diagnostic.operation.take();
            diagnostic.operation = operation.or_else(|| pointer::operation(&place));
            diagnostic.pointer = pointer::ToPointer::to_pointer(place).into_owned();
        }
    }
    diagnostics
}

/// Where the document writes what rules have moved. An object in an object is in a component of its own, so that it is
/// asked again and again.
fn origin(origins: &BTreeMap<String, String>, place: &str) -> String {
    let mut place = place.to_owned();
    let before = |place: &str| {
        pointer::prefixes(place).find_map(|prefix| {
            let rest = place.get(prefix.len()..)?;
            Some(format!("{}{rest}", origins.get(prefix)?))
        })
    };
    while let Some(origin) = before(&place) {
        place = origin;
    }
    place
}

/// Applies all rules.
///
/// # Errors
/// Everything that a rule could not do, located.
pub fn transform(source: &Document) -> Result<(Prepared, StageReport), Diagnostics> {
    let mut draft = Draft {
        value: source.value().clone(),
        source,
        origins: BTreeMap::new(),
        diagnostics: Diagnostics::new(),
    };
    let steps = steps::run(&rules(), &mut draft);
    let Draft {
        value,
        diagnostics,
        origins,
        ..
    } = draft;
    let relocated = |diagnostics| relocate(&origins, diagnostics, source);
    let (value, mut diagnostics) = diagnostics.unless_errors(value).map_err(relocated)?;
    let draft = Document::new(value, source.provenance().clone());
    diagnostics.0.extend(lint::names(&draft));
    let prepared = model::read(draft.into_value(), source, &mut diagnostics);
    let (mut prepared, _) = diagnostics.unless_errors(prepared).map_err(relocated)?;
    prepared.origins = origins;
    let summary = format!(
        "{}, {}, {}",
        counted(prepared.operations.len(), "operation"),
        counted(prepared.enums.len(), "open enumeration"),
        counted(prepared.ids.len(), "ID type")
    );
    let report = StageReport::of_steps(Stage::Transform, "rules", steps, &summary);
    Ok((prepared, report))
}
