//! Named passes that change the generated code. A pass is used only if no rule on the document could have the
//! same effect.
//!
//! The function `passes` lists the passes in order. For each pass, it states the reason, and whether the pass
//! must change the code of the FunnelFlux document. In the reasons, *the generator* means progenitor.
//! Unsupported code is an error that names the operation or the type.

mod doc_comments;
mod group_by_tag;
mod mentions;
mod methods;
mod serde_fields;
mod short_paths;
mod state;
mod structs;
mod tagged_unions;
mod take_apart;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

pub(crate) use group_by_tag::{Items, TagItems, TypeItem};
pub(crate) use mentions::mentioned;
pub(crate) use serde_fields::{
    argument_of, arguments, ident, is_extra, is_serde, json_name, last_name, serde_items, unwrapped,
};

use crate::{
    steps::{self, Expect, StageReport, Step},
    transform::ApiModel,
};
use funnelflux_openapi::{Diagnostics, Document, Stage, text::counted};
use state::State;

/// Lists all passes in their order.
#[rustfmt::skip]
fn passes<'a>() -> Vec<Step<State<'a>>> {
    use Expect::{MayBeNoop, Work};
    let pass = Step::new;
    vec![
        pass("take-apart", Work, take_apart::take_apart,
            "the generator's client has no credentials, retries or useful errors; ours takes its place"),
        pass("drop-conversion-errors", Work, take_apart::drop_conversion_errors,
            "our types accept every value, so no conversion can fail"),
        pass("short-paths", Work, short_paths::short_paths,
            "people read the code, and no name of the document hides one of the standard library"),
        pass("call-runtime", Work, methods::call_runtime,
            "every call goes through our runtime"),
        pass("boxes-in-options", MayBeNoop, structs::boxes_in_options,
            "in a recursive type, the generator may make a `Box<Option<_>>` and send `null` if absent"),
        pass("collections-in-options", MayBeNoop, structs::collections_in_options,
            "the generator omits an empty list or map that it merged from parts, which no rule sees"),
        pass("unknown-fields", Work, structs::unknown_fields,
            "a map of values keeps neither all digits nor what a field cannot hold"),
        pass("document-fields", MayBeNoop, structs::document_fields,
            "the generator drops the descriptions of properties that it merges"),
        pass("document-variants", MayBeNoop, structs::document_variants,
            "the generator does not document the variants of alternatives"),
        pass("null-lists", Work, structs::null_lists,
            "the service may send `null` for an empty list, which must not fail a whole response"),
        pass("tagged-unions", MayBeNoop, tagged_unions::tagged_unions,
            "an open enumeration accepts every tag, so each value would become the first alternative"),
        pass("non-exhaustive", Work, structs::non_exhaustive,
            "a new field or variant in the document must not break users of the crate"),
        pass("constructors", Work, structs::constructors,
            "users cannot write non-exhaustive structs as literals; `new` takes the required fields"),
        pass("default-where-nothing-is-required", Work, structs::derive_default,
            "a type whose `new` takes no arguments has a default"),
        pass("documentation-lines", Work, doc_comments::documentation_lines,
            "the generator writes documentation as one line or block"),
    ]
}

/// Applies all passes. Reports all unsupported code.
pub(crate) fn rewrite(
    file: syn::File,
    model: &ApiModel,
    source: &Document,
) -> Result<(Items, StageReport), Diagnostics> {
    let mut state = State::new(file.items, model, source);
    let steps = steps::run(&passes(), &mut state, |state| &mut state.count);
    report_clashes(&mut state);
    state.diagnostics.unless_errors(())?;
    let items = group_by_tag::group(state.types, state.methods, model);
    let types = items.tags.iter().map(|tag| tag.types.len()).sum::<usize>() + items.shared.len();
    let methods = counted(model.operations.len(), "method");
    let summary = format!("{methods}, {}", counted(types, "type"));
    let report = StageReport::of_steps(Stage::Rewrite, "passes", steps, &summary);
    Ok((items, report))
}

/// Reports types with the same name. Progenitor does not check for clashes when it names types for parts of
/// schemas.
fn report_clashes(state: &mut State<'_>) {
    let enums = state.model.enums.iter().map(|open| open.name.as_str());
    let ids = state.model.ids.iter().map(|id| id.name.as_str());
    let names = enums.chain(ids).chain(state.model.secret).map(str::to_owned);
    let mut names: BTreeSet<String> = names.collect();
    let declared = state.types.iter().filter_map(state::declared);
    let declared = declared.map(ToString::to_string);
    let clashes: Vec<String> = declared.filter(|name| !names.insert(name.clone())).collect();
    for name in clashes {
        let message = format!(
            "two schemas become the type `{name}`; one of them may be part of another schema, from which the \
             generator derives its name"
        );
        let pointer = state.schema_pointer(&name);
        let error = state.source.error(Stage::Rewrite, "type-twice", pointer, message);
        let fix = "in an overlay, rename one of the two, or give the inner schema a `title`";
        state.diagnostics.push(error.fix(fix));
    }
}
