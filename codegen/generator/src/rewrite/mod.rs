//! Named passes over the generator's code, for what no rule on the document can do.
//!
//! Each is one function in a file by theme; this table gives the order, the reason, and whether it must find something
//! to do in the FunnelFlux document. What a pass does not understand is an error that names the operation or the type,
//! never a guess.

mod calls;
mod client;
pub(crate) mod docs;
mod fields;
mod paths;
mod split;
mod structs;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use syn::{ImplItemFn, Item};

pub(crate) use split::mentioned;
pub use split::{Gate, Items, TagItems, TypeItem};

use crate::{
    naming,
    steps::{self, Expect, StageReport, Step},
    transform::Prepared,
};
use funnelflux_openapi::text::counted;
use funnelflux_openapi::{Diagnostic, Diagnostics, Document, Stage, pointer};

/// The generator's code on its way through the passes.
struct Code<'a> {
    prepared: &'a Prepared,
    source: &'a Document,
    diagnostics: Diagnostics,
    /// What the generator made, until the first pass takes it apart.
    file: Vec<Item>,
    /// The types and their implementations.
    types: Vec<Item>,
    /// One an operation.
    methods: Vec<ImplItemFn>,
}

impl Code<'_> {
    /// Notes what a pass does not understand.
    fn not_understood(&mut self, at: &str, message: String) {
        let diagnostic = not_understood(self.source, at, message);
        self.diagnostics.push(diagnostic);
    }

    /// Where the schema of a generated type is; the generator gives a type that it makes for a part of a schema a name that
    /// begins with that of the schema.
    fn place_of(&self, type_name: &str) -> String {
        let schemas = self.prepared.document.pointer("/components/schemas");
        let names = schemas.and_then(serde_json::Value::as_object);
        let schema = names
            .into_iter()
            .flat_map(serde_json::Map::keys)
            .filter(|name| type_name.starts_with(&naming::type_name(name)))
            .max_by_key(|name| name.len());
        pointer::join("/components/schemas", schema.map_or(type_name, String::as_str))
    }

    /// Notes the types that are there twice: the generator derives a name for what is written inside of a schema without
    /// looking whether one has it.
    fn each_type_once(&mut self) {
        let enums = self.prepared.enums.iter().map(|open| open.name.as_str());
        let ids = self.prepared.ids.iter().map(|id| id.name.as_str());
        let mut names: BTreeSet<String> = enums
            .chain(ids)
            .chain(self.prepared.secret)
            .map(str::to_owned)
            .collect();
        let declared = self.types.iter().filter_map(paths::declared);
        let twice: Vec<String> = declared
            .map(ToString::to_string)
            .filter(|name| !names.insert(name.clone()))
            .collect();
        for name in twice {
            let message = format!(
                "two schemas become the type `{name}`; one of them may be written inside of another one, after which the generator names it"
            );
            self.diagnostics.push(
                self.source
                    .error(Stage::Rewrite, "type-twice", self.place_of(&name), message)
                    .fix("in an overlay, rename one of the two, or give the one inside of another a `title`"),
            );
        }
    }

    fn is_id(&self, name: &str) -> bool {
        self.prepared.ids.iter().any(|id| id.name == name)
    }

    fn is_enum(&self, name: &str) -> bool {
        self.prepared.enums.iter().any(|open| open.name == name)
    }
}

fn not_understood(source: &Document, at: &str, message: String) -> Diagnostic {
    source
        .error(Stage::Rewrite, "not-understood", at, message)
        .fix(
            "the generator makes something that codegen/generator/src/rewrite/ has not seen yet: teach it, or let an overlay \
             change the document",
        )
}

/// All passes, in their order.
#[rustfmt::skip]
fn passes<'a>() -> Vec<Step<Code<'a>>> {
    use Expect::{Work, MayBeNoop};
    let pass = Step::new;
    vec![
        pass("take-apart", Work, client::take_apart,
            "the generator's client has no credentials, retries or errors that say something; ours takes its place"),
        pass("drop-conversion-errors", Work, client::drop_conversion_errors,
            "no type of ours refuses a value, so that nothing converts with an error"),
        pass("short-paths", Work, paths::short_paths,
            "a person reads the code, and no name of the document hides one of the standard library"),
        pass("call-runtime", Work, calls::call_runtime,
            "every call goes through our runtime"),
        pass("boxes-in-options", MayBeNoop, structs::boxes_in_options,
            "the generator may put the option of a field that holds its own type into the box, and then sends `null` for what is absent"),
        pass("collections-in-options", MayBeNoop, structs::collections_in_options,
            "the generator leaves a list or map that it has put together from parts away where it is empty, and no rule sees it before"),
        pass("document-extra-fields", Work, structs::document_extra_fields,
            "the generator does not say what the map of unknown fields is for"),
        pass("document-fields", MayBeNoop, structs::document_fields,
            "the generator drops the descriptions of properties that it merges"),
        pass("document-variants", MayBeNoop, structs::document_variants,
            "the generator does not say what the variants of an alternative are"),
        pass("null-lists", Work, structs::null_lists,
            "the service is written in a language whose empty list is `null`, which must not fail a whole response"),
        pass("non-exhaustive", Work, structs::non_exhaustive,
            "a new field or variant in the document must not break those who use the crate"),
        pass("constructors", Work, structs::constructors,
            "what is not exhaustive cannot be written as a literal; `new` takes what is required, `with_…` the rest"),
        pass("default-where-nothing-is-required", Work, structs::derive_default,
            "a type whose `new` takes nothing has a default"),
        pass("documentation-lines", Work, docs::documentation_lines,
            "the generator writes its documentation in one line or block"),
    ]
}

/// Applies all passes.
///
/// # Errors
/// Everything that a pass did not understand, located.
pub fn rewrite(
    file: syn::File,
    prepared: &Prepared,
    source: &Document,
) -> Result<(Items, StageReport), Diagnostics> {
    let mut code = Code {
        prepared,
        source,
        diagnostics: Diagnostics::new(),
        file: file.items,
        types: Vec::new(),
        methods: Vec::new(),
    };
    let steps = steps::run(&passes(), &mut code);
    code.each_type_once();
    let Code {
        diagnostics,
        types,
        methods,
        ..
    } = code;
    let ((types, methods), _) = diagnostics.unless_errors((types, methods))?;
    let items = split::split(types, methods, prepared);
    let names: BTreeSet<&str> = items
        .tags
        .iter()
        .flat_map(|tag| &tag.types)
        .chain(items.shared.iter().map(|(item, _)| item))
        .map(TypeItem::name)
        .collect();
    let summary = format!(
        "{}, {}",
        counted(prepared.operations.len(), "method"),
        counted(names.len(), "type")
    );
    let report = StageReport::of_steps(Stage::Rewrite, "passes", steps, &summary);
    Ok((items, report))
}
