//! Converts `OpenAPI` 3.1 to 3.0.3, in place.

use std::{
    collections::{BTreeMap, BTreeSet},
    iter,
};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

mod schemas;

use super::{
    aside,
    context::{Context, Object, Part, TARGET},
    lenient, path_items,
};
use crate::{
    diagnostic::Severity,
    openapi_model::{FieldType, ObjectKind, walk_mut, walk_part_mut},
    operations::operations_in,
    pointer::{Pointer, PointerBuf},
    references::{References, Target, fragment},
};

/// Default dialect of `OpenAPI` 3.1.
const DIALECT: &str = "https://spec.openapis.org/oas/3.1/dialect/base";

const COMPONENTS: &Pointer = Pointer::from_static("/components");

/// Section of shared path items, the targets of references to path items.
const PATH_ITEMS: &Pointer = Pointer::from_static("/components/pathItems");

const WEBHOOKS: &Pointer = Pointer::from_static("/webhooks");

pub(super) fn normalise(mut value: Value, followed: &BTreeSet<PointerBuf>, context: &mut Context) -> Value {
    let mut moves = Moves::default();
    if let Some(root) = value.as_object_mut() {
        remove_null_keywords(context, ObjectKind::Document, Pointer::root(), root);
    }
    keep_path_items(&mut value, followed, context, &mut moves);
    let Some(root) = value.as_object_mut() else {
        return value;
    };
    root.insert("openapi".to_owned(), TARGET.into());
    root.entry("paths").or_insert_with(|| json!({}));
    if let Some(webhooks) = root.get("webhooks") {
        let message = format!(
            "webhooks (operations: {}) are left out: they are calls of the service, not to it",
            operations_in(WEBHOOKS, webhooks).count()
        );
        let fix = "nothing to do: the client only calls";
        context.report(Severity::Notice, "webhooks", WEBHOOKS, message, fix);
    }
    if let Some(aside) = aside::keep_aside(root, "webhooks") {
        let new = Pointer::root().with_trailing_token(aside);
        moves.path_items.push(new.clone());
        moves.add(context, WEBHOOKS.to_buf(), new);
    }
    let dialect = root.get("jsonSchemaDialect");
    if dialect.is_some_and(|dialect| dialect != DIALECT) {
        let message =
            "the schemas are written in a dialect of their own and are read as those of OpenAPI 3.1";
        let fix = "check the schemas for keywords that this dialect adds";
        context.report(Severity::Warning, "dialect", "/jsonSchemaDialect", message, fix);
    }
    aside::keep_aside(root, "jsonSchemaDialect");
    aside::keep_aside(root, "$self");

    walk_mut(&mut value, &mut |kind, pointer, object| {
        change(context, &mut moves, kind, pointer, object);
    });
    // Parts that the client leaves out are converted as well, so that they can be compared. Diagnostics about
    // their content are dropped, because a diagnostic says that the whole part is left out.
    let diagnostics = std::mem::take(&mut context.diagnostics);
    for mut place in moves.path_items.clone() {
        if let Some(items) = value.pointer_mut(place.as_str()) {
            let expected = FieldType::Map(ObjectKind::PathItem);
            walk_part_mut(&mut place, expected, items, &mut |kind, pointer, object| {
                change(context, &mut moves, kind, pointer, object);
            });
        }
    }
    context.diagnostics = diagnostics;
    hoist(&mut value, context, &mut moves);
    redirect(&mut value, context, &moves);
    value
}

/// The values that the conversion moves, and the data that is needed to update references to them.
#[derive(Default)]
struct Moves {
    /// New places of moved values, by their old places.
    moved: BTreeMap<PointerBuf, PointerBuf>,
    /// `$defs` that move to the components, with their old pointers.
    definitions: Vec<(PointerBuf, Object)>,
    /// Pointers to schemas, by their `$anchor` or `$dynamicAnchor`.
    anchors: BTreeMap<String, Vec<PointerBuf>>,
    /// Pointers to schemas, by their `$id`. A reference leads to such a schema only if the text of the
    /// reference equals the `$id`. References are not resolved as URLs, because the URL of the document is
    /// unknown.
    identifiers: BTreeMap<String, PointerBuf>,
    /// Pointers to the extensions that preserve path items.
    path_items: Vec<PointerBuf>,
}

impl Moves {
    /// Records that a value moves.
    fn add(&mut self, context: &mut Context, old: PointerBuf, new: PointerBuf) {
        context.put(&new, &old);
        self.moved.insert(old, new);
    }
}

fn change(
    context: &mut Context,
    moves: &mut Moves,
    kind: ObjectKind,
    pointer: &Pointer,
    object: &mut Object,
) {
    remove_null_keywords(context, kind, pointer, object);
    schemas::booleans(context, kind, pointer, object);
    let mut by_pattern = None;
    if kind == ObjectKind::Schema {
        for key in ["$defs", "definitions"] {
            if object.get(key).is_some_and(Value::is_object)
                && let Some(Value::Object(definitions)) = object.shift_remove(key)
            {
                let place = pointer.with_trailing_token(key);
                moves.definitions.push((place, definitions));
            }
        }
        for key in ["$anchor", "$dynamicAnchor"] {
            if let Some(Value::String(anchor)) = object.get(key) {
                let places = moves.anchors.entry(anchor.clone()).or_default();
                places.push(pointer.to_buf());
            }
        }
        if let Some(Value::String(identifier)) = object.get("$id") {
            let identifier = identifier.trim_end_matches('#');
            let is_new = !identifier.is_empty() && !moves.identifiers.contains_key(identifier);
            moves
                .identifiers
                .extend(is_new.then(|| (identifier.to_owned(), pointer.to_buf())));
        }
        // `by_pattern` copies a schema, so it is called before `kept_schemas` converts the original. The walk
        // converts the copy later, as the schema of additional properties.
        by_pattern = schemas::by_pattern(context, pointer, object);
        kept_schemas(context, moves, pointer, object);
    }
    let mut part = Part {
        context,
        pointer,
        object,
    };
    match kind {
        ObjectKind::Schema => schemas::convert_schema(&mut part, by_pattern),
        ObjectKind::Info => {
            if let Some(summary) = part.shift_remove("summary") {
                if part.contains_key("description") {
                    part.set("x-summary", summary);
                } else {
                    part.set_from("description", summary, part.place("summary"));
                }
            }
        }
        ObjectKind::License => {
            aside::keep_aside(&mut part, "identifier");
        }
        ObjectKind::Operation if !part.contains_key("$ref") => {
            part.entry("responses").or_insert_with(|| json!({}));
        }
        ObjectKind::SecurityScheme if part.is("type", "mutualTLS") => {
            let message = "the security scheme `mutualTLS` cannot be expressed in OpenAPI 3.0";
            let fix = "give the transport the client's certificate";
            part.report(Severity::Warning, "mutual-tls", "type", message, fix);
            part.set("type", "http");
            part.set("scheme", "mutual");
        }
        _ => {}
    }
}

/// Removes keywords whose value is null. This function runs before the conversion, because the conversion
/// would rewrite some of these keywords.
fn remove_null_keywords(context: &mut Context, kind: ObjectKind, pointer: &Pointer, object: &mut Object) {
    const OTHERS: &[&str] = &[
        "webhooks",
        "pathItems",
        "jsonSchemaDialect",
        "$self",
        "summary",
        "identifier",
        "$ref",
        "$defs",
        "definitions",
        "examples",
        "prefixItems",
        "patternProperties",
    ];
    let mut part = Part {
        context,
        pointer,
        object,
    };
    lenient::remove_null_keywords(kind, &mut part, |key| {
        let of_schemas = [schemas::CHECKS, schemas::REMARKS];
        OTHERS.contains(&key)
            || kind == ObjectKind::Schema && of_schemas.iter().any(|keys| keys.contains(&key))
    });
}

/// Converts the schemas inside the keywords that are later renamed to extensions. Drops the diagnostics about
/// these schemas, because the renaming of the keyword is reported.
fn kept_schemas(context: &mut Context, moves: &mut Moves, pointer: &Pointer, object: &mut Object) {
    for (key, kind) in schemas::KEPT {
        let is_kept = match key {
            "additionalProperties" => object.contains_key("patternProperties"),
            "items" => object.contains_key("prefixItems"),
            _ => true,
        };
        let Some(value) = object.get_mut(key).filter(|_| is_kept) else {
            continue;
        };
        let diagnostics = std::mem::take(&mut context.diagnostics);
        let mut place = pointer.with_trailing_token(key);
        walk_part_mut(&mut place, kind, value, &mut |kind, pointer, object| {
            change(context, moves, kind, pointer, object);
        });
        context.diagnostics = diagnostics;
    }
}

/// Removes the section of shared path items, which `OpenAPI` 3.0 lacks. A path item moves to an extension if
/// a reference leads to it, such as the reference of a callback. The other path items are removed. A removed
/// path item is reported as unused if it is not in `followed`, the path items that were copied to paths and
/// webhooks.
fn keep_path_items(
    value: &mut Value,
    followed: &BTreeSet<PointerBuf>,
    context: &mut Context,
    moves: &mut Moves,
) {
    if !value.pointer(PATH_ITEMS.as_str()).is_some_and(Value::is_object) {
        return;
    }
    let references = References::new(value);
    let item = |target: &Target<'_>| {
        let name = target.pointer.strip_prefix(PATH_ITEMS)?.front()?;
        Some(PATH_ITEMS.with_trailing_token(name))
    };
    let mut kept = BTreeSet::new();
    let outside = references.all().iter();
    let outside = outside.filter(|reference| !reference.pointer.starts_with(PATH_ITEMS));
    for place in outside.filter_map(|reference| item(references.target(reference)?)) {
        if !kept.contains(&place) {
            kept.extend(references.needed(&place).into_iter().filter_map(item));
            kept.insert(place);
        }
    }
    let Some(Value::Object(components)) = value.get_mut("components") else {
        return;
    };
    let Some(Value::Object(mut items)) = components.shift_remove("pathItems") else {
        return;
    };
    let aside = aside::name_aside(components, "pathItems");
    let extension = COMPONENTS.with_trailing_token(&aside);
    items.retain(|name, _| {
        let place = PATH_ITEMS.with_trailing_token(name);
        let keep = kept.contains(&place);
        if keep {
            moves.add(context, place, extension.with_trailing_token(name));
        } else if !followed.contains(&place) {
            let message =
                format!("no path, webhook or callback leads to the path item `{name}`: it is left out");
            let fix = "nothing to do unless a path should have it";
            context.report(Severity::Notice, path_items::CODE, place, message, fix);
        }
        keep
    });
    if !items.is_empty() {
        components.insert(aside, Value::Object(items));
        moves.path_items.push(extension);
    }
}

/// Moves `$defs` to the components.
fn hoist(value: &mut Value, context: &mut Context, moves: &mut Moves) {
    while let Some((place, definitions)) = moves.definitions.pop() {
        for (name, mut definition) in definitions {
            let Some(schemas) = shared_schemas(value) else {
                return;
            };
            let old = place.with_trailing_token(&name);
            let free = free_name(&name, &place, schemas);
            let new = Pointer::from_static("/components/schemas").with_trailing_token(&free);
            moves.add(context, old.clone(), new.clone());
            schemas::boolean(context, &new, &mut definition);
            let outer = std::mem::take(&mut moves.definitions);
            let expected = FieldType::One(ObjectKind::Schema);
            walk_part_mut(
                &mut new.clone(),
                expected,
                &mut definition,
                &mut |kind, place, object| {
                    change(context, moves, kind, place, object);
                },
            );
            // The walk recorded inner definitions at their new places, but references use the old places.
            for (inner, definitions) in std::mem::replace(&mut moves.definitions, outer) {
                let rest = inner.strip_prefix(&new);
                let before = rest.map_or_else(|| inner.clone(), |rest| old.concat(rest));
                context.put(&before, &inner);
                moves.definitions.push((before, definitions));
            }
            schemas.insert(free, definition);
        }
    }
}

/// Returns the section of shared schemas. Creates the section if it does not exist.
fn shared_schemas(document: &mut Value) -> Option<&mut Object> {
    let components = document.as_object_mut()?.entry("components");
    let components = components.or_insert_with(|| json!({})).as_object_mut()?;
    let schemas = components.entry("schemas").or_insert_with(|| json!({}));
    schemas.as_object_mut()
}

/// Updates the references that lead to an `$id`, to an anchor, or to a value that has moved.
fn redirect(value: &mut Value, context: &mut Context, moves: &Moves) {
    if moves.moved.is_empty() && moves.anchors.is_empty() && moves.identifiers.is_empty() {
        return;
    }
    let mut redirect = |place: PointerBuf, target: &mut String| {
        let (identifier, plain) = target.split_once('#').unwrap_or((target.as_str(), ""));
        let plain = percent_decode_str(plain).decode_utf8_lossy().into_owned();
        if let Some(schema) = moves.identifiers.get(identifier) {
            *target = format!("#{schema}{}", if plain.starts_with('/') { &*plain } else { "" });
        } else if !identifier.is_empty() {
            return;
        }
        match moves.anchors.get(&plain).map(Vec::as_slice) {
            Some([only]) => *target = format!("#{only}"),
            // The reference is kept, and the stage `lint` reports it as dangling.
            Some(_) => context.report(
                Severity::Warning,
                "anchor",
                place,
                format!("several schemas have the anchor `{plain}`: it is unknown which one is intended"),
                "refer to the schema by its place, in an overlay if the document is the vendor's",
            ),
            None => {
                let Some(pointer) = fragment(target) else { return };
                let mut ancestors = iter::successors(Some(&*pointer), |pointer| pointer.parent());
                let new = ancestors.find_map(|ancestor| {
                    let new = moves.moved.get(ancestor)?;
                    Some(new.concat(pointer.strip_prefix(ancestor)?))
                });
                if let Some(new) = new {
                    *target = format!("#{new}");
                }
            }
        }
    };
    let mut change = |kind: ObjectKind, place: &Pointer, object: &mut Object| {
        if let Some(Value::String(target)) = object.get_mut("$ref") {
            redirect(place.with_trailing_token("$ref"), target);
        }
        if kind == ObjectKind::Discriminator
            && let Some(Value::Object(mapping)) = object.get_mut("mapping")
        {
            let place = place.with_trailing_token("mapping");
            for (key, target) in mapping {
                if let Value::String(target) = target {
                    redirect(place.with_trailing_token(key), target);
                }
            }
        }
    };
    walk_mut(value, &mut change);
    for place in &moves.path_items {
        if let Some(items) = value.pointer_mut(place.as_str()) {
            let expected = FieldType::Map(ObjectKind::PathItem);
            walk_part_mut(&mut place.clone(), expected, items, &mut change);
        }
    }
}

/// Returns an unused name for a component. Tries `name`, then `name` with a prefix, then the prefixed name
/// with a number. The prefix is the last token of `place` other than `$defs`, usually the name of a schema.
fn free_name(name: &str, place: &Pointer, taken: &Object) -> String {
    let names = place.tokens().map(|token| token.decoded().into_owned());
    let around = names
        .filter(|name| name != "$defs" && name != "definitions")
        .last();
    let long = format!("{}{name}", around.unwrap_or_default());
    let numbered = (2..).map(|number| format!("{long}{number}"));
    [name.to_owned(), long.clone()]
        .into_iter()
        .chain(numbered)
        .find(|name| !taken.contains_key(name))
        .unwrap_or(long)
}
