//! `OpenAPI` 3.1 to 3.0.3, in place.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::{Object, TARGET, Work, count_operations, path_items, schemas};
use crate::{
    diagnostic::Severity,
    openapi_model::{self, Kind, Shape},
    pointer,
};

/// The dialect that `OpenAPI` 3.1 has by itself.
const DIALECT: &str = "https://spec.openapis.org/oas/3.1/dialect/base";

/// Where it keeps path items that are referred to.
const PATH_ITEMS: &str = "/components/pathItems";

pub(super) fn normalise(mut value: Value, followed: &BTreeSet<String>, work: &mut Work) -> Value {
    keep_path_items(&mut value, followed, work);
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
        work.report(
            Severity::Notice,
            "webhooks",
            "/webhooks",
            message,
            "nothing has to be done: the client only calls",
        );
        let aside = pointer::join("", &schemas::name_aside(root, "webhooks"));
        work.put(aside, "/webhooks");
        schemas::keep_aside(root, "webhooks");
    }
    if root
        .get("jsonSchemaDialect")
        .is_some_and(|dialect| dialect != DIALECT)
    {
        work.report(
            Severity::Warning,
            "dialect",
            "/jsonSchemaDialect",
            "the schemas are written in a dialect of their own and are read as those of OpenAPI 3.1",
            "check the schemas for keywords that this dialect adds",
        );
    }
    schemas::keep_aside(root, "jsonSchemaDialect");
    schemas::keep_aside(root, "$self");

    let mut hoisted = Hoisted::default();
    openapi_model::walk_mut(&mut value, &mut |kind, pointer, object| {
        change(work, &mut hoisted, kind, pointer, object);
    });
    hoist(&mut value, work, hoisted);
    value
}

/// What references within schemas lead to besides pointers.
#[derive(Default)]
struct Hoisted {
    /// `$defs` on their way to the components, by the pointer that they had.
    definitions: Vec<(String, Object)>,
    /// The pointers of schemas by their `$anchor` or `$dynamicAnchor`.
    anchors: BTreeMap<String, Vec<String>>,
}

fn change(work: &mut Work, hoisted: &mut Hoisted, kind: Kind, pointer: &str, object: &mut Object) {
    booleans(work, kind, pointer, object);
    match kind {
        Kind::Info => {
            if let Some(summary) = object.shift_remove("summary") {
                if object.contains_key("description") {
                    object.insert("x-summary".to_owned(), summary);
                } else {
                    let from = pointer::join(pointer, "summary");
                    work.put(pointer::join(pointer, "description"), &from);
                    object.insert("description".to_owned(), summary);
                }
            }
        }
        Kind::License => {
            schemas::keep_aside(object, "identifier");
        }
        Kind::SecurityScheme if object.get("type").is_some_and(|kind| kind == "mutualTLS") => {
            work.report(
                Severity::Warning,
                "mutual-tls",
                pointer::join(pointer, "type"),
                "the security scheme `mutualTLS` cannot be expressed in OpenAPI 3.0",
                "give the transport the client's certificate",
            );
            object.insert("type".to_owned(), "http".into());
            object.insert("scheme".to_owned(), "mutual".into());
        }
        Kind::Schema => {
            for key in ["$defs", "definitions"] {
                if object.get(key).is_some_and(Value::is_object)
                    && let Some(Value::Object(definitions)) = object.shift_remove(key)
                {
                    let place = pointer::join(pointer, key);
                    hoisted.definitions.push((place, definitions));
                }
            }
            for key in ["$anchor", "$dynamicAnchor"] {
                if let Some(Value::String(anchor)) = object.get(key) {
                    let places = hoisted.anchors.entry(anchor.clone()).or_default();
                    places.push(pointer.to_owned());
                }
            }
            schemas::openapi31(work, pointer, object);
        }
        _ => {}
    }
}

/// Schemas that are `true` or `false`, which walks over objects do not meet.
fn booleans(work: &mut Work, kind: Kind, pointer: &str, object: &mut Object) {
    if kind == Kind::Schema
        && object.contains_key("prefixItems")
        && object.get("items") == Some(&Value::Bool(false))
    {
        // No further items: the end of a tuple, which has a diagnostic of its own.
        object.shift_remove("items");
    }
    let mut open = |pointer: String, value: &mut Value| match value {
        Value::Bool(true) => *value = json!({}),
        Value::Bool(false) => {
            work.report(
                Severity::Error,
                "false-schema",
                pointer,
                "a schema that no value fits (`false`) cannot be expressed in OpenAPI 3.0",
                "remove what it belongs to",
            );
        }
        _ => {}
    };
    for (key, shape, _) in kind.fields() {
        let Some(value) = object.get_mut(*key) else {
            continue;
        };
        let place = pointer::join(pointer, key);
        match (shape, value) {
            (Shape::One(Kind::Schema), value) => open(place, value),
            (Shape::List(Kind::Schema), Value::Array(list)) => {
                for (index, value) in list.iter_mut().enumerate() {
                    open(pointer::item(&place, index), value);
                }
            }
            (Shape::Map(Kind::Schema), Value::Object(map)) => {
                for (key, value) in map {
                    open(pointer::join(&place, key), value);
                }
            }
            _ => {}
        }
    }
}

/// Path items and webhooks, for which `OpenAPI` 3.0 has no place, on their way to where they are kept aside.
struct Aside {
    webhooks: String,
    path_items: String,
    items: Object,
    /// The names of those that something still refers to, each once it has been met.
    referred: Vec<String>,
}

impl Aside {
    /// Leads a reference to where its target is kept.
    fn lead(&mut self, object: &mut Object) {
        let Some(Value::String(target)) = object.get_mut("$ref") else {
            return;
        };
        if let Some(rest) = target.strip_prefix("#/webhooks/") {
            *target = format!("#/{}/{rest}", self.webhooks);
        } else if let Some(rest) = target.strip_prefix("#/components/pathItems/") {
            let name = pointer::decode(rest.split('/').next().unwrap_or_default());
            if self.items.contains_key(&name) {
                *target = format!("#/components/{}/{rest}", self.path_items);
                self.referred.push(name);
            }
        }
    }
}

/// Keeps aside the path items that something, such as a callback, still refers to, and leaves out the others; those that
/// have not been `followed` either are reported.
fn keep_path_items(value: &mut Value, followed: &BTreeSet<String>, work: &mut Work) {
    let Some(root) = value.as_object_mut() else {
        return;
    };
    let mut aside = Aside {
        webhooks: schemas::name_aside(root, "webhooks"),
        path_items: String::new(),
        items: Object::new(),
        referred: Vec::new(),
    };
    if let Some(Value::Object(components)) = root.get_mut("components")
        && let Some(Value::Object(items)) = components.get_mut("pathItems")
    {
        aside.items = std::mem::take(items);
        components.shift_remove("pathItems");
        aside.path_items = schemas::name_aside(components, "pathItems");
    }
    openapi_model::walk_mut(value, &mut |_, _, object| aside.lead(object));
    if let Some(webhooks) = value.get_mut("webhooks") {
        let shape = Shape::Map(Kind::PathItem);
        openapi_model::walk_part_mut("/webhooks", shape, webhooks, &mut |_, _, object| {
            aside.lead(object);
        });
    }
    let mut kept = BTreeSet::new();
    while let Some(name) = aside.referred.pop() {
        if kept.contains(&name) {
            continue;
        }
        let old = pointer::join(PATH_ITEMS, &name);
        // Its name stays, for it may refer to itself.
        let mut item = aside.items.get_mut(&name).map(std::mem::take).unwrap_or_default();
        openapi_model::walk_part_mut(
            &old,
            Shape::One(Kind::PathItem),
            &mut item,
            &mut |_, _, object| aside.lead(object),
        );
        aside.items.insert(name.clone(), item);
        let new = pointer::join(&pointer::join("/components", &aside.path_items), &name);
        work.put(new, &old);
        kept.insert(name);
    }
    aside.items.retain(|name, _| {
        let place = pointer::join(PATH_ITEMS, name);
        let keep = kept.contains(name);
        if !keep && !followed.contains(&place) {
            work.report(
                Severity::Notice,
                path_items::CODE,
                place,
                format!("no path, webhook or callback leads to the path item `{name}`: it is left out"),
                "nothing has to be done unless a path should have it",
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

/// Puts `$defs` into the components, and leads references there and to anchors.
fn hoist(value: &mut Value, work: &mut Work, mut hoisted: Hoisted) {
    let mut moved: BTreeMap<String, String> = BTreeMap::new();
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
            if definition == Value::Bool(true) {
                definition = json!({});
            }
            let old = pointer::join(&place, &name);
            let free = free_name(&name, &place, schemas);
            let new = pointer::join("/components/schemas", &free);
            work.put(new.clone(), &old);
            moved.insert(old.clone(), new.clone());
            let mut deeper = Hoisted {
                definitions: Vec::new(),
                anchors: std::mem::take(&mut hoisted.anchors),
            };
            openapi_model::walk_part_mut(
                &new,
                Shape::One(Kind::Schema),
                &mut definition,
                &mut |kind, pointer, object| {
                    change(work, &mut deeper, kind, pointer, object);
                },
            );
            // What was inside has been noted under its new place, but is referred to by its old one.
            hoisted.anchors = deeper.anchors;
            for (inner, definitions) in deeper.definitions {
                let before = inner
                    .strip_prefix(&new)
                    .map_or(inner.clone(), |rest| format!("{old}{rest}"));
                work.put(before.clone(), &inner);
                hoisted.definitions.push((before, definitions));
            }
            schemas.insert(free, definition);
        }
    }
    if moved.is_empty() && hoisted.anchors.is_empty() {
        return;
    }
    let mut lead = |place: String, target: &mut String| {
        let Some(plain) = target.strip_prefix('#') else {
            return;
        };
        let plain = percent_decode_str(plain).decode_utf8_lossy().into_owned();
        match hoisted.anchors.get(&plain).map(Vec::as_slice) {
            Some([only]) => *target = format!("#{only}"),
            Some(_) => work.report(
                Severity::Error,
                "anchor",
                place,
                format!("several schemas have the anchor `{plain}`: which of them is meant is not known"),
                "refer to the schema by its place, in an overlay if the document is the vendor's",
            ),
            None => {
                let moved = pointer::prefixes(&plain).find_map(|prefix| moved.get_key_value(prefix));
                if let Some((old, new)) = moved {
                    let rest = plain.get(old.len()..).unwrap_or_default();
                    *target = format!("#{new}{rest}");
                }
            }
        }
    };
    openapi_model::walk_mut(value, &mut |kind, place, object| {
        if let Some(Value::String(target)) = object.get_mut("$ref") {
            lead(pointer::join(place, "$ref"), target);
        }
        if kind == Kind::Discriminator
            && let Some(Value::Object(mapping)) = object.get_mut("mapping")
        {
            let place = pointer::join(place, "mapping");
            for (key, target) in mapping {
                if let Value::String(target) = target {
                    lead(pointer::join(&place, key), target);
                }
            }
        }
    });
}

/// A name that no component has: the definition's own, that of the schema around it in front, or a number behind.
fn free_name(name: &str, place: &str, taken: &Object) -> String {
    let around = pointer::tokens(place)
        .filter(|token| token != "$defs" && token != "definitions")
        .last();
    let long = format!("{}{name}", around.unwrap_or_default());
    let numbered = (2..).map(|number| format!("{long}{number}"));
    [name.to_owned(), long.clone()]
        .into_iter()
        .chain(numbered)
        .find(|name| !taken.contains_key(name))
        .unwrap_or(long)
}
