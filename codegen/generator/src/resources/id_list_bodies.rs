//! Reads the format of requests that list the assets to change.

use std::iter;

use heck::ToSnakeCase as _;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::{
    json::Json as _,
    transform::{ArgumentKind, Operation},
};
use funnelflux_openapi::{Document, pointer::Pointer, references};

/// Format of a request that lists assets.
pub(crate) struct Entries {
    /// Place of the list in the request, as a variant of `ext::resource::Place` in the crate `funnelflux`.
    pub(crate) place: TokenStream,
    /// Names of two request properties about children of the listed assets: the action on the children, and
    /// the target of the action.
    pub(crate) children: Option<(String, String)>,
}

/// Body of a request that lists assets.
pub(super) struct IdListBody {
    pub(super) entries: Entries,
    /// Name of the property that contains the ID of the category.
    pub(super) category: Option<String>,
    /// Reason why `entries` lacks the properties about children, if the body seems to have such properties.
    pub(super) no_children: Option<String>,
}

/// Values of the property that states the action on children.
const ACTIONS: [&str; 3] = ["cascade", "move", "orphan"];

/// Reads the format of a request that lists assets. Looks for the category only if `with_category` is true.
/// Returns an error with the reason if the request has another format.
pub(super) fn entries(
    source: &Document,
    operation: &Operation,
    with_category: bool,
) -> Result<IdListBody, String> {
    let required = operation.arguments.iter().filter(|argument| argument.required);
    let required: Vec<_> = required.collect();
    let plain = |place| IdListBody {
        entries: Entries {
            place,
            children: None,
        },
        category: None,
        no_children: None,
    };
    match (required.as_slice(), body_schema(source, operation)) {
        ([], Some(schema)) if is_list_of_text(source, schema) => Ok(plain(quote!(Body))),
        ([], Some(schema)) => of_body(source, schema, with_category),
        ([argument], None) if argument.kind == ArgumentKind::CommaSeparated => {
            let name = &argument.name;
            Ok(plain(quote!(Query(#name))))
        }
        ([argument, ..], Some(_)) => Err(format!("it requires the argument `{}`", argument.name)),
        _ => Err(operation.reason("it does not take a list of IDs")),
    }
}

fn of_body(source: &Document, schema: &Value, with_category: bool) -> Result<IdListBody, String> {
    let properties: Vec<(&String, &Value)> = properties(source, schema);
    let is_list = |(_, schema): &&(&String, &Value)| is_list_of_text(source, schema);
    let lists = properties.iter().filter(is_list);
    let lists: Vec<&str> = lists.map(|(name, _)| name.as_str()).collect();
    let list = match lists.as_slice() {
        [list] => *list,
        lists if lists.contains(&"entries") => "entries",
        _ => return Err("its body has no list of IDs".to_owned()),
    };
    let has_actions = |schema: &Value| {
        let alternatives = alternatives(source, schema);
        let values = alternatives.iter().flat_map(|schema| schema.items("enum"));
        let values: Vec<&str> = values.filter_map(Value::as_str).collect();
        ACTIONS.iter().all(|action| values.contains(action))
    };
    let has_word = |name: &str, word: &str| name.to_snake_case().split('_').any(|part| part == word);
    let named = |word: &str| {
        let found = properties.iter().find(|(name, schema)| {
            schema.text("type") == Some("string") && schema.get("enum").is_none() && has_word(name, word)
        });
        found.map(|(name, _)| (*name).clone())
    };
    let action = properties.iter().find(|(_, schema)| has_actions(schema));
    let action = action.map(|(name, _)| (*name).clone());
    let (children, no_children) = match (action, named("target")) {
        (Some(action), Some(target)) => (Some((action, target)), None),
        (Some(action), None) => {
            let reason = format!("its body has no text property for the target of `{action}`");
            (None, Some(reason))
        }
        (None, target) => {
            let mut names = properties.iter().map(|(name, _)| *name);
            let action = names.find(|name| ["cascade", "children"].iter().any(|word| has_word(name, word)));
            let reason = |name| {
                let values = ACTIONS.map(|action| format!("`{action}`")).join(", ");
                format!("the property `{name}` of its body does not list the values {values}")
            };
            (None, action.or(target.as_ref()).map(reason))
        }
    };
    let category = with_category.then(|| named("category")).flatten();
    let of_children = children.iter().flat_map(|(action, target)| [action, target]);
    let known: Vec<&String> = of_children.chain(&category).collect();
    let is_known = |name: &str| name == list || known.iter().any(|known| *known == name);
    let mut required = schema.items("required").filter_map(Value::as_str);
    if let Some(name) = required.find(|name| !is_known(name)) {
        return Err(format!("its body requires `{name}`, whose meaning is unknown"));
    }
    let place = quote!(Property(#list));
    Ok(IdListBody {
        entries: Entries { place, children },
        category,
        no_children,
    })
}

/// Returns the alternatives of a schema in `oneOf` and `anyOf`, or else the schema itself. References are
/// resolved.
pub(super) fn alternatives<'a>(source: &'a Document, schema: &'a Value) -> Vec<&'a Value> {
    let schema = resolve(source, schema);
    let alternatives = schema.items("oneOf").chain(schema.items("anyOf"));
    let alternatives: Vec<&Value> = alternatives.map(|schema| resolve(source, schema)).collect();
    if alternatives.is_empty() {
        vec![schema]
    } else {
        alternatives
    }
}

/// Returns the properties of a schema and of its `allOf` parts. References are resolved.
pub(super) fn properties<'a>(source: &'a Document, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    let parts = schema.items("allOf").filter(|part| part.get("allOf").is_none());
    let schemas = iter::once(schema).chain(parts.map(|part| resolve(source, part)));
    let properties = schemas.flat_map(|schema| schema.members("properties"));
    let resolved = properties.map(|(name, schema)| (name, resolve(source, schema)));
    resolved.collect()
}

pub(super) fn body_schema<'a>(source: &'a Document, operation: &Operation) -> Option<&'a Value> {
    let operation = source.value().pointer(operation.pointer.as_str())?;
    let body = resolve(source, operation.get("requestBody")?);
    let content = body.object("content")?;
    let json = content.get("application/json");
    let media = json.or_else(|| content.values().next())?;
    Some(resolve(source, media.get("schema")?))
}

/// Follows the `$ref` of a schema. Also follows a `$ref` that is the only part of an `allOf`.
pub(super) fn resolve<'a>(source: &'a Document, schema: &'a Value) -> &'a Value {
    let schema = references::resolve(source.value(), Pointer::root(), schema).1;
    match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([part]) if schema.get("properties").is_none() => {
            references::resolve(source.value(), Pointer::root(), part).1
        }
        _ => schema,
    }
}

fn is_list_of_text(source: &Document, schema: &Value) -> bool {
    let items = schema.get("items").map(|items| resolve(source, items));
    items.is_some_and(|items| items.text("type") == Some("string"))
}
