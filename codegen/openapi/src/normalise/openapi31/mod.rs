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
    context::{Context, Object, TARGET},
    path_items,
};
use crate::{
    diagnostic::Severity,
    openapi_model::{self, FieldType, ObjectKind},
    pointer::{METHODS, Pointer, PointerBuf},
    references::fragment,
};

/// Default dialect of `OpenAPI` 3.1.
const DIALECT: &str = "https://spec.openapis.org/oas/3.1/dialect/base";

/// Targets of references to path items.
const PATH_ITEMS: &Pointer = Pointer::from_static("/components/pathItems");

pub(super) fn normalise(mut value: Value, followed: &BTreeSet<PointerBuf>, context: &mut Context) -> Value {
    keep_path_items(&mut value, followed, context);
    let Some(root) = value.as_object_mut() else {
        return value;
    };
    root.insert("openapi".to_owned(), TARGET.into());
    if !root.contains_key("paths") {
        root.insert("paths".to_owned(), json!({}));
    }
    if let Some(webhooks) = root.get("webhooks") {
        let message = format!(
            "webhooks (operations: {}) are left out: they are calls of the service, not to it",
            count_operations(webhooks)
        );
        context.report(
            Severity::Notice,
            "webhooks",
            "/webhooks",
            message,
            "nothing to do: the client only calls",
        );
        let aside = Pointer::root().with_trailing_token(aside::name_aside(root, "webhooks"));
        context.put(aside, "/webhooks");
        aside::keep_aside(root, "webhooks");
    }
    if root
        .get("jsonSchemaDialect")
        .is_some_and(|dialect| dialect != DIALECT)
    {
        context.report(
            Severity::Warning,
            "dialect",
            "/jsonSchemaDialect",
            "the schemas are written in a dialect of their own and are read as those of OpenAPI 3.1",
            "check the schemas for keywords that this dialect adds",
        );
    }
    aside::keep_aside(root, "jsonSchemaDialect");
    aside::keep_aside(root, "$self");

    let mut hoisted = Hoisted::default();
    openapi_model::walk_mut(&mut value, &mut |kind, pointer, object| {
        change(context, &mut hoisted, kind, pointer, object);
    });
    hoist(&mut value, context, hoisted);
    value
}

/// Definitions and anchors inside schemas, as targets of references.
#[derive(Default)]
struct Hoisted {
    /// `$defs` that move to the components, with their old pointers.
    definitions: Vec<(PointerBuf, Object)>,
    /// Pointers of schemas by their `$anchor` or `$dynamicAnchor`.
    anchors: BTreeMap<String, Vec<PointerBuf>>,
}

fn change(
    context: &mut Context,
    hoisted: &mut Hoisted,
    kind: ObjectKind,
    pointer: &Pointer,
    object: &mut Object,
) {
    booleans(context, kind, pointer, object);
    match kind {
        ObjectKind::Info => {
            if let Some(summary) = object.shift_remove("summary") {
                if object.contains_key("description") {
                    object.insert("x-summary".to_owned(), summary);
                } else {
                    let from = pointer.with_trailing_token("summary");
                    context.put(pointer.with_trailing_token("description"), &from);
                    object.insert("description".to_owned(), summary);
                }
            }
        }
        ObjectKind::License => {
            aside::keep_aside(object, "identifier");
        }
        ObjectKind::Operation if !object.contains_key("$ref") => {
            object.entry("responses").or_insert_with(|| json!({}));
        }
        ObjectKind::SecurityScheme if object.get("type").is_some_and(|kind| kind == "mutualTLS") => {
            context.report(
                Severity::Warning,
                "mutual-tls",
                pointer.with_trailing_token("type"),
                "the security scheme `mutualTLS` cannot be expressed in OpenAPI 3.0",
                "give the transport the client's certificate",
            );
            object.insert("type".to_owned(), "http".into());
            object.insert("scheme".to_owned(), "mutual".into());
        }
        ObjectKind::Schema => {
            for key in ["$defs", "definitions"] {
                if object.get(key).is_some_and(Value::is_object)
                    && let Some(Value::Object(definitions)) = object.shift_remove(key)
                {
                    let place = pointer.with_trailing_token(key);
                    hoisted.definitions.push((place, definitions));
                }
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(anchor)) = object.get(key) {
                    let places = hoisted.anchors.entry(anchor.clone()).or_default();
                    places.push(pointer.to_buf());
                }
            }
            kept_schemas(context, hoisted, pointer, object);
            schemas::convert_schema(context, pointer, object);
        }
        _ => {}
    }
}

/// Converts the schemas in keywords that are kept aside. A diagnostic about the keyword covers them.
fn kept_schemas(context: &mut Context, hoisted: &mut Hoisted, pointer: &Pointer, object: &mut Object) {
    const SCHEMA: FieldType = FieldType::One(ObjectKind::Schema);
    const SCHEMAS: FieldType = FieldType::Map(ObjectKind::Schema);
    const KEPT: [(&str, FieldType); 10] = [
        ("contains", SCHEMA),
        ("dependentSchemas", SCHEMAS),
        ("else", SCHEMA),
        ("if", SCHEMA),
        ("patternProperties", SCHEMAS),
        ("prefixItems", FieldType::List(ObjectKind::Schema)),
        ("propertyNames", SCHEMA),
        ("then", SCHEMA),
        ("unevaluatedItems", SCHEMA),
        ("unevaluatedProperties", SCHEMA),
    ];
    for (key, kind) in KEPT {
        let Some(value) = object.get_mut(key) else {
            continue;
        };
        let diagnostics = std::mem::take(&mut context.diagnostics);
        let place = pointer.with_trailing_token(key);
        openapi_model::walk_part_mut(&place, kind, value, &mut |kind, pointer, object| {
            change(context, hoisted, kind, pointer, object);
        });
        let inner = std::mem::replace(&mut context.diagnostics, diagnostics);
        if key == "patternProperties" {
            // One of these schemas may become that of additional properties.
            context.diagnostics.extend(inner);
        }
    }
}

/// Rewrites schemas that are booleans: a walk over objects does not visit them.
fn booleans(context: &mut Context, kind: ObjectKind, pointer: &Pointer, object: &mut Object) {
    for field in kind.fields() {
        let Some(value) = object.get_mut(field.key) else {
            continue;
        };
        let place = pointer.with_trailing_token(field.key);
        match (field.value, value) {
            (FieldType::One(ObjectKind::Schema), value) => boolean(context, &place, value),
            (FieldType::List(ObjectKind::Schema), Value::Array(list)) => {
                for (index, value) in list.iter_mut().enumerate() {
                    boolean(context, &place.with_trailing_token(index), value);
                }
            }
            (FieldType::Map(ObjectKind::Schema), Value::Object(map)) => {
                for (key, value) in map {
                    boolean(context, &place.with_trailing_token(key), value);
                }
            }
            _ => {}
        }
    }
}

/// Rewrites a schema that is a boolean: `true` allows any value, and `false` allows none.
fn boolean(context: &mut Context, pointer: &Pointer, schema: &mut Value) {
    match schema {
        Value::Bool(true) => *schema = json!({}),
        Value::Bool(false) => {
            context.put(pointer.with_trailing_token("not"), pointer);
            *schema = json!({"not": {}});
        }
        _ => {}
    }
}

/// Path items and webhooks that move to an extension, because `OpenAPI` 3.0 has no section for them.
struct Aside {
    webhooks: String,
    path_items: String,
    items: Object,
    /// Names of the path items that references lead to, in the order of discovery.
    referred: Vec<String>,
}

impl Aside {
    /// Redirects a reference to the new place of its target.
    fn redirect(&mut self, object: &mut Object) {
        let Some(Value::String(target)) = object.get_mut("$ref") else {
            return;
        };
        if let Some(rest) = target.strip_prefix("#/webhooks/") {
            *target = format!("#/{}/{rest}", self.webhooks);
        } else if let Some(rest) = target.strip_prefix("#/components/pathItems/") {
            let place = fragment(target);
            let name = place.as_ref().and_then(|place| place.get(2));
            if let Some(name) = name.filter(|name| self.items.contains_key(&*name.decoded())) {
                self.referred.push(name.decoded().into_owned());
                *target = format!("#/components/{}/{rest}", self.path_items);
            }
        }
    }
}

/// Moves the path items to which references lead, for example from a callback, to an extension. Removes the
/// other path items, and reports each removed path item that is not in `followed`.
fn keep_path_items(value: &mut Value, followed: &BTreeSet<PointerBuf>, context: &mut Context) {
    let Some(root) = value.as_object_mut() else {
        return;
    };
    let mut aside = Aside {
        webhooks: aside::name_aside(root, "webhooks"),
        path_items: String::new(),
        items: Object::new(),
        referred: Vec::new(),
    };
    if let Some(Value::Object(components)) = root.get_mut("components")
        && let Some(Value::Object(items)) = components.get_mut("pathItems")
    {
        aside.items = std::mem::take(items);
        components.shift_remove("pathItems");
        aside.path_items = aside::name_aside(components, "pathItems");
    }
    openapi_model::walk_mut(value, &mut |_, _, object| aside.redirect(object));
    if let Some(webhooks) = value.get_mut("webhooks") {
        let expected = FieldType::Map(ObjectKind::PathItem);
        openapi_model::walk_part_mut(
            Pointer::from_static("/webhooks"),
            expected,
            webhooks,
            &mut |_, _, object| {
                aside.redirect(object);
            },
        );
    }
    let mut kept = BTreeSet::new();
    while let Some(name) = aside.referred.pop() {
        if kept.contains(&name) {
            continue;
        }
        let old = PATH_ITEMS.with_trailing_token(&name);
        // The path item is taken, but its name stays, because the path item may refer to itself.
        let mut item = aside.items.get_mut(&name).map(std::mem::take).unwrap_or_default();
        openapi_model::walk_part_mut(
            &old,
            FieldType::One(ObjectKind::PathItem),
            &mut item,
            &mut |_, _, object| aside.redirect(object),
        );
        aside.items.insert(name.clone(), item);
        let new = Pointer::from_static("/components")
            .with_trailing_token(&aside.path_items)
            .with_trailing_token(&name);
        context.put(new, &old);
        kept.insert(name);
    }
    aside.items.retain(|name, _| {
        let place = PATH_ITEMS.with_trailing_token(name);
        let keep = kept.contains(name);
        if !keep && !followed.contains(&place) {
            context.report(
                Severity::Notice,
                path_items::CODE,
                place,
                format!("no path, webhook or callback leads to the path item `{name}`: it is left out"),
                "nothing to do unless a path should have it",
            );
        }
        keep
    });
    if !kept.is_empty()
        && let Some(Value::Object(components)) = value.get_mut("components")
    {
        components.insert(aside.path_items, Value::Object(aside.items));
    }
}

/// Moves `$defs` to the components, and redirects references to them and to anchors.
fn hoist(value: &mut Value, context: &mut Context, mut hoisted: Hoisted) {
    let mut moved: BTreeMap<PointerBuf, PointerBuf> = BTreeMap::new();
    while let Some((place, definitions)) = hoisted.definitions.pop() {
        for (name, mut definition) in definitions {
            let Some(root) = value.as_object_mut() else {
                return;
            };
            let components = root.entry("components").or_insert_with(|| json!({}));
            let Some(components) = components.as_object_mut() else {
                return;
            };
            let schemas = components.entry("schemas").or_insert_with(|| json!({}));
            let Some(schemas) = schemas.as_object_mut() else {
                return;
            };
            let old = place.with_trailing_token(&name);
            let free = free_name(&name, &place, schemas);
            let new = Pointer::from_static("/components/schemas").with_trailing_token(&free);
            context.put(new.clone(), &old);
            boolean(context, &new, &mut definition);
            moved.insert(old.clone(), new.clone());
            let mut deeper = Hoisted {
                definitions: Vec::new(),
                anchors: std::mem::take(&mut hoisted.anchors),
            };
            openapi_model::walk_part_mut(
                &new,
                FieldType::One(ObjectKind::Schema),
                &mut definition,
                &mut |kind, pointer, object| {
                    change(context, &mut deeper, kind, pointer, object);
                },
            );
            // Inner definitions were recorded at their new place, but references use the old place.
            hoisted.anchors = deeper.anchors;
            for (inner, definitions) in deeper.definitions {
                let rest = inner.strip_prefix(&new);
                let before = rest.map_or_else(|| inner.clone(), |rest| old.concat(rest));
                context.put(before.clone(), &inner);
                hoisted.definitions.push((before, definitions));
            }
            schemas.insert(free, definition);
        }
    }
    if moved.is_empty() && hoisted.anchors.is_empty() {
        return;
    }
    let mut redirect = |place: PointerBuf, target: &mut String| {
        let Some(plain) = target.strip_prefix('#') else {
            return;
        };
        let plain = percent_decode_str(plain).decode_utf8_lossy().into_owned();
        match hoisted.anchors.get(&plain).map(Vec::as_slice) {
            Some([only]) => *target = format!("#{only}"),
            Some(_) => context.report(
                Severity::Error,
                "anchor",
                place,
                format!("several schemas have the anchor `{plain}`: it is unknown which one is intended"),
                "refer to the schema by its place, in an overlay if the document is the vendor's",
            ),
            None => {
                let Some(pointer) = fragment(target) else { return };
                let mut ancestors = iter::successors(Some(&*pointer), |pointer| pointer.parent());
                let moved = ancestors.find_map(|ancestor| {
                    let new = moved.get(ancestor)?;
                    Some(new.concat(pointer.strip_prefix(ancestor)?))
                });
                if let Some(moved) = moved {
                    *target = format!("#{moved}");
                }
            }
        }
    };
    openapi_model::walk_mut(value, &mut |kind, place, object| {
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
    });
}

/// Returns an unused name for a component. The first unused name of these is returned: the name of the
/// definition, the same name prefixed with the name of the enclosing schema, a numbered name.
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

/// Returns the number of operations in an object of path items.
fn count_operations(items: &Value) -> usize {
    let items = items.as_object().into_iter().flatten();
    let items = items.filter_map(|(_, item)| item.as_object());
    items
        .map(|item| {
            METHODS
                .iter()
                .filter(|method| item.contains_key(**method))
                .count()
        })
        .sum()
}
