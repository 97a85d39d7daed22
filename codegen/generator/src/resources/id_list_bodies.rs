//! Reads the format of requests that list the assets to change.

use heck::ToSnakeCase as _;
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use crate::{
    json::Json as _,
    schemas,
    transform::{ArgumentKind, Operation},
};
use funnelflux_openapi::Document;

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
    let properties: Vec<(&String, &Value)> = schemas::properties(source.value(), schema);
    let is_list = |(_, schema): &&(&String, &Value)| is_list_of_text(source, schema);
    let lists = properties.iter().filter(is_list);
    let lists: Vec<&str> = lists.map(|(name, _)| name.as_str()).collect();
    let list = match lists.as_slice() {
        [list] => *list,
        lists if lists.contains(&"entries") => "entries",
        _ => return Err("its body has no list of IDs".to_owned()),
    };
    let has_actions = |schema: &Value| {
        let alternatives = schemas::alternatives(source.value(), schema);
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
            let mut all = properties.iter().map(|(name, _)| *name);
            let action = all.find(|name| ["cascade", "children"].iter().any(|word| has_word(name, word)));
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
    let parts = schemas::parts(source.value(), schema).into_iter();
    let mut required = parts.flat_map(|part| part.items("required").filter_map(Value::as_str));
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

pub(super) fn body_schema<'a>(source: &'a Document, operation: &Operation) -> Option<&'a Value> {
    let operation = source.value().pointer(operation.pointer.as_str())?;
    schemas::content(source.value(), operation.get("requestBody")?)
}

fn is_list_of_text(source: &Document, schema: &Value) -> bool {
    let items = schema
        .get("items")
        .map(|items| schemas::resolve(source.value(), items));
    items.is_some_and(|items| items.text("type") == Some("string"))
}
