//! Finds the parts that inferred overlays add to the document.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::json::{Json as _, last_token};
use funnelflux_openapi::{
    Document,
    operations::{Operation, operations_in},
    pointer::{Pointer, PointerBuf},
    references::References,
};

/// Identifies a part of an overlay by the index of the overlay and the pointer to the part.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartId {
    pub(super) overlay: usize,
    pub(super) pointer: PointerBuf,
}

/// All tags, operations and schemas that inferred overlays add.
#[derive(Default)]
pub(super) struct Inferred<'a> {
    pub(super) tags: Vec<(PartId, &'a str, &'a Value)>,
    pub(super) operations: Vec<(PartId, Operation<'a>)>,
    pub(super) schemas: Vec<(PartId, &'a str, &'a Value)>,
}

impl<'a> Inferred<'a> {
    pub(super) fn read(overlays: &'a [Document]) -> Self {
        let mut all = Self::default();
        for (index, overlay) in overlays.iter().enumerate() {
            if overlay.get("/x-inferred") == Some(&Value::Bool(true)) {
                for (at, action) in actions(overlay) {
                    all.read_action(index, &at.with_trailing_token("update"), action);
                }
            }
        }
        all
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.operations.is_empty() && self.schemas.is_empty()
    }

    fn read_action(&mut self, overlay: usize, at: &Pointer, action: &'a Value) {
        let id = |pointer: PointerBuf| PartId { overlay, pointer };
        match action.text("target") {
            Some("$.tags") => {
                let tags = action.items("update").enumerate().filter_map(|(index, tag)| {
                    Some((id(at.with_trailing_token(index)), tag.text("name")?, tag))
                });
                self.tags.extend(tags);
            }
            Some("$.paths") => {
                let operations = action.get("update").into_iter();
                let operations = operations.flat_map(|paths| operations_in(at, paths));
                let operations = operations.map(|operation| (id(operation.pointer.clone()), operation));
                self.operations.extend(operations);
            }
            Some("$.components.schemas") => {
                let schemas = action.members("update");
                let schemas =
                    schemas.map(|(name, schema)| (id(at.with_trailing_token(name)), name.as_str(), schema));
                self.schemas.extend(schemas);
            }
            _ => {}
        }
    }

    /// Finds for each inferred operation the corresponding operation of the vendor's document, if there is
    /// one.
    pub(super) fn matches<'b>(&self, theirs: &'b [Operation<'b>]) -> Vec<Option<&'b Operation<'b>>> {
        let key = |operation: &Operation<'a>| (operation.method, operation.path);
        let ours: BTreeSet<_> = self.operations.iter().map(|(_, our)| key(our)).collect();
        let is_free = |their: &&Operation<'_>| !ours.contains(&(their.method, their.path));
        let mut free: Vec<&Operation<'_>> = theirs.iter().filter(is_free).collect();
        let mut matches = Vec::new();
        for (_, our) in &self.operations {
            let same_path = theirs.iter().find(|their| (their.method, their.path) == key(our));
            let title = |operation: &Operation<'_>| operation.title().trim().to_lowercase();
            let has_title = |their: &&Operation<'_>| {
                (their.method, their.tag(), title(their)) == (our.method, our.tag(), title(our))
            };
            matches.push(same_path.or_else(|| {
                let index = free.iter().position(has_title)?;
                Some(free.remove(index))
            }));
        }
        matches
    }

    pub(super) fn all_schemas(&self) -> Map<String, Value> {
        let all = self.schemas.iter();
        let all = all.map(|(_, name, schema)| ((*name).to_owned(), (*schema).clone()));
        all.collect()
    }
}

/// Returns the actions of an overlay, each with the pointer to it.
pub fn actions(overlay: &Document) -> impl Iterator<Item = (PointerBuf, &Value)> {
    let at = Pointer::from_static("/actions");
    let actions = overlay.value().items("actions").enumerate();
    actions.map(move |(index, action)| (at.with_trailing_token(index), action))
}

/// Builds a document with these components and operations. Each value in `operations` gets the path and
/// method of the operation that it is paired with.
pub(super) fn document<'a>(
    operations: impl Iterator<Item = (&'a Operation<'a>, Value)>,
    components: &Value,
) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (at, value) in operations {
        let item = paths.entry(at.path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(at.method.to_owned(), value);
        }
    }
    json!({
        "openapi": "3.0.3", "info": {"title": "", "version": ""},
        "paths": paths, "components": components,
    })
}

/// Returns the names of the schemas that operations use.
pub(super) fn used_schemas<'a>(
    operations: impl Iterator<Item = (&'a Operation<'a>, Value)>,
    schemas: &Map<String, Value>,
) -> BTreeSet<String> {
    let document = document(operations, &json!({"schemas": schemas}));
    let references = References::new(&document);
    let used = references.needed(Pointer::from_static("/paths")).into_iter();
    used.map(|target| last_token(&target.pointer)).collect()
}
