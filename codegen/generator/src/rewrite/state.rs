//! State that the passes share.

use quote::ToTokens;
use serde_json::Value;
use syn::{Ident, ImplItemFn, Item};

use crate::{naming, transform::ApiModel};
use funnelflux_openapi::{
    Diagnostic, Diagnostics, Document, Stage,
    pointer::{Pointer, PointerBuf, ToPointer},
    text::shorten,
};

const SCHEMAS: &Pointer = Pointer::from_static("/components/schemas");

/// Generated code that the passes change one after the other.
pub(super) struct State<'a> {
    pub(super) model: &'a ApiModel,
    pub(super) source: &'a Document,
    pub(super) diagnostics: Diagnostics,
    /// Output of progenitor, which the first pass splits into types and methods.
    pub(super) file: Vec<Item>,
    /// Types and their implementations.
    pub(super) types: Vec<Item>,
    /// Methods, one per operation.
    pub(super) methods: Vec<ImplItemFn>,
    /// Number of changes by the current step.
    pub(super) count: usize,
}

impl<'a> State<'a> {
    pub(super) fn new(file: Vec<Item>, model: &'a ApiModel, source: &'a Document) -> Self {
        Self {
            model,
            source,
            diagnostics: Diagnostics::default(),
            file,
            types: Vec::new(),
            methods: Vec::new(),
            count: 0,
        }
    }

    /// Reports unsupported code.
    pub(super) fn unsupported<'p>(&mut self, at: impl ToPointer<'p>, message: String) {
        self.diagnostics.push(unsupported(self.source, at, message));
    }

    /// Returns the pointer to the schema of a generated type.
    ///
    /// A type generated for a part of a schema has a name that begins with the schema's name. If several
    /// schemas match, the schema with the longest name counts.
    pub(super) fn schema_pointer(&self, type_name: &str) -> PointerBuf {
        let schemas = self.model.document.pointer(SCHEMAS.as_str());
        let names = schemas.and_then(Value::as_object).into_iter().flatten();
        let schema = names
            .map(|(name, _)| name.as_str())
            .filter(|name| type_name.starts_with(&naming::type_name(name)))
            .max_by_key(|name| name.len());
        SCHEMAS.with_trailing_token(schema.unwrap_or(type_name))
    }
}

/// Builds the error for unsupported code.
pub(super) fn unsupported<'p>(source: &Document, at: impl ToPointer<'p>, message: String) -> Diagnostic {
    source
        .error(Stage::Rewrite, "not-understood", at, message)
        .fix("add support to codegen/generator/src/rewrite/, or change the document in an overlay")
}

/// Quotes the beginning of some code.
pub(super) fn excerpt(tokens: &impl ToTokens) -> String {
    format!("`{}`", shorten(&tokens.to_token_stream().to_string(), 200))
}

/// Returns the name of the type that an item declares.
pub(super) fn declared(item: &Item) -> Option<&Ident> {
    match item {
        Item::Struct(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        _ => None,
    }
}
