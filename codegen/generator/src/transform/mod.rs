//! Named rules that change the document, so that progenitor's output is correct. In the reasons of the rules,
//! *the generator* means progenitor.
//!
//! A rule is preferable to a pass over the generated code, because a rule does not depend on progenitor's
//! output. The function `rules` lists the rules in order. For each rule, it states the reason, and the
//! expected effect on the FunnelFlux document. Facts that rules remove from a schema become notes, and the
//! last rule adds the notes to the descriptions.

mod aliases;
mod all_of;
mod api_model;
mod component;
mod component_names;
mod composition;
mod constraints;
mod descriptions;
mod evidence;
mod hoist_enums;
mod hoist_objects;
mod id_types;
mod idempotency;

mod inline_references;
mod key_order;
mod notes;
mod nullability;
mod operation_ids;
mod origins;
mod parameters;
mod read_model;
mod responses;
mod schema_kind;
mod secrets;
mod state;
#[cfg(test)]
mod tests;
mod unknown_fields;
mod visit;

pub(crate) use api_model::{
    ApiModel, Argument, ArgumentKind, IdType, OpenEnum, Operation, Repeat, RequestBody, Response, Tag,
};

pub(crate) use operation_ids::OPERATION_NAME;

use crate::{
    lint,
    steps::{self, Expect, StageReport, Step},
};
use funnelflux_openapi::{Diagnostics, Document, Stage, text::counted};
use state::State;

/// Lists all rules in their order.
#[rustfmt::skip]
fn rules<'a>() -> Vec<Step<State<'a>>> {
    use Expect::{MayBeNoop, Work};
    let rule = Step::new;
    vec![
        rule("canonical-order", Work, key_order::canonical_order,
            "the order of keys means nothing in JSON, but the generator's output follows it"),
        rule("name-components", MayBeNoop, component_names::name_components,
            "two schemas cannot be one type, and the generated code uses some names itself"),
        rule("reference-siblings", MayBeNoop, nullability::reference_siblings,
            "OpenAPI 3.0 ignores keywords beside a reference, but documents mean `nullable` there"),
        rule("flatten-single-parts", MayBeNoop, composition::flatten_single_parts,
            "a composition of one inline schema is this schema, but the generator names it otherwise"),
        rule("mark-inferred-properties", MayBeNoop, evidence::mark_inferred_properties,
            "a guess about the type of a field must not fail a whole response"),
        rule("drop-absent-properties", MayBeNoop, constraints::drop_absent_properties,
            "a property that must be absent needs no field, and the generator panics on its schema"),
        rule("inline-references", MayBeNoop, inline_references::inline_references,
            "the other rules expect parameters, bodies and responses inside of operations"),
        rule("complete-parameters", MayBeNoop, parameters::complete_parameters,
            "each name in a path is a required parameter, and no parameter is sent twice"),
        rule("require-ids", MayBeNoop, parameters::require_ids,
            "an operation on one asset needs its ID, even if the document forgets to require it"),
        rule("drop-impossible-bodies", MayBeNoop, responses::drop_impossible_bodies,
            "204 and 205 have no body, whatever they declare"),
        rule("name-success", MayBeNoop, responses::name_success,
            "an operation may document its success as `default`, or not at all"),
        rule("raw-bodies", MayBeNoop, responses::raw_bodies,
            "the generator streams bodies other than JSON; the runtime takes and returns them whole"),
        rule("keep-json", MayBeNoop, responses::keep_json,
            "the generator panics on a second media type of a request, and the runtime speaks JSON only"),
        rule("drop-error-responses", MayBeNoop, responses::drop_error_responses,
            "the generator panics on two error types; the runtime reads errors itself"),
        rule("widen-success", Work, responses::widen_success,
            "the service may answer 201 or 204 where 200 is documented; any 2xx is success"),
        rule("name-operations", Work, operation_ids::name_operations,
            "method names come from tag, title and method, so that another document does not rename them"),
        rule("drop-limits", Work, constraints::drop_limits,
            "the generator checks limits on responses, too; a name that is too long would fail a whole list"),
        rule("drop-defaults", Work, constraints::drop_defaults,
            "the generator fills in the default of an absent field and sends it; absent must stay absent"),
        rule("keep-unknown-fields", Work, unknown_fields::keep_unknown_fields,
            "reading, changing and saving an asset must keep fields that the document does not know"),
        rule("inferred-values", MayBeNoop, evidence::inferred_values,
            "a guess about the values of a map must not fail a whole response"),
        rule("drop-empty-parts", MayBeNoop, composition::drop_empty_parts,
            "the generator makes a new type for a part that constrains nothing"),
        rule("join-object-parts", MayBeNoop, all_of::join_object_parts,
            "the generator copies what the properties of parts refer to, without end if it refers back"),
        rule("drop-clashing-properties", MayBeNoop, unknown_fields::drop_clashing_properties,
            "two properties cannot be one field; the less important one stays among the unknown fields"),
        rule("join-simple-alternatives", MayBeNoop, composition::join_simple_alternatives,
            "alternatives that are strings, or numbers of one type, need no type for each"),
        rule("drop-repeated-values", MayBeNoop, hoist_enums::drop_repeated_values,
            "a value that is listed twice is one variant"),
        rule("drop-unusable-enums", MayBeNoop, hoist_enums::drop_unusable_enums,
            "values that give one variant, or are no strings, make no enumeration"),
        rule("plain-parameters", MayBeNoop, parameters::plain_parameters,
            "no parameter can be null, and OpenAPI ignores headers that the runtime sets itself"),
        rule("any-of-as-one-of", MayBeNoop, composition::any_of_as_one_of,
            "the generator merges the alternatives of an `anyOf` into one struct, objects or not"),
        rule("hoist-objects", MayBeNoop, hoist_objects::hoist_objects,
            "the generator drops the description of an inline object and ignores clashes of its name"),
        rule("hoist-enums", Work, hoist_enums::hoist_enums,
            "an inline enumeration gets a type per use, and only a component can become an open enumeration"),
        rule("inline-aliases", MayBeNoop, aliases::inline_aliases,
            "a component that is a string, list or map would become a useless wrapper"),
        rule("id-lists", Work, id_types::id_lists,
            "joining a list of IDs by hand is error-prone"),
        rule("id-types", Work, id_types::id_types,
            "an ID of one kind of asset must not pass for that of another"),
        rule("secret-types", MayBeNoop, secrets::secret_types,
            "printing an asset must not reveal its secrets"),
        rule("nullable-components", MayBeNoop, nullability::nullable_components,
            "the generator wraps a nullable component in another type; its uses can be nullable instead"),
        rule("nullable-collections", Work, nullability::nullable_collections,
            "the generator omits empty lists and objects; absent, null and empty must stay distinct"),
        rule("drop-titles", MayBeNoop, composition::drop_titles,
            "the generator names a type after its title, even if another type has that name"),
        rule("optional-bodies", Work, nullability::optional_bodies,
            "the generator makes every request body mandatory unless its schema is nullable"),
        rule("share-evidence", MayBeNoop, evidence::share_evidence,
            "the same evidence on every operation and field hides the exceptions"),
        rule("describe", Work, descriptions::describe,
            "each generated item documents its purpose, limits and evidence"),
    ]
}

/// Applies all rules. Returns the model, and the warnings and notices of the rules.
///
/// # Errors
/// Reports everything that a rule or the model does not support.
pub(crate) fn transform(source: &Document) -> Result<(ApiModel, StageReport, Diagnostics), Diagnostics> {
    let mut state = State::new(source);
    let steps = steps::run(&rules(), &mut state, |state| &mut state.count);
    let (document, vocabulary, origins) = (state.document, state.vocabulary, state.origins);
    let result = state.diagnostics.unless_errors(document);
    let (document, mut diagnostics) = result.map_err(|diagnostics| origins.relocate(diagnostics, source))?;
    let document = Document::new(document, source.provenance().clone());
    diagnostics.extend(lint::names(&document));
    let document = document.into_value();
    let model = read_model::read(document, vocabulary, origins, source, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(model.relocate(diagnostics, source));
    }
    let operations = counted(model.operations.len(), "operation");
    let enums = counted(model.enums.len(), "open enumeration");
    let ids = counted(model.ids.len(), "ID type");
    let summary = format!("{operations}, {enums}, {ids}");
    let report = StageReport::of_steps(Stage::Transform, "rules", steps, &summary);
    let notices = model.relocate(diagnostics, source);
    Ok((model, report, notices))
}
