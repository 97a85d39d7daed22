//! Renders structs for JSON objects. The macro `object!` of the crate `funnelflux` implements serde's traits
//! for these structs.

use std::collections::BTreeSet;

use quote::quote;
use syn::{
    Attribute, Field, Fields, Item, ItemStruct, Meta, Token, Type, parse_quote, punctuated::Punctuated,
};

use crate::rewrite::{TypeItem, argument_of, is_extra, is_serde, json_name, serde_items};

/// A struct for JSON objects.
pub(super) struct Object {
    /// The struct, without serde's derives and attributes.
    pub(super) item: Item,
    /// Call of the macro that implements serde's traits.
    pub(super) implementations: String,
}

/// Returns `true` if `item` contains a struct for which the macro `object!` implements serde's traits.
pub(super) fn is_any(item: &TypeItem) -> bool {
    matches!(item, TypeItem::Items { items, inferred, .. }
        if items.iter().any(|item| Object::of(item, inferred).is_some()))
}

impl Object {
    /// Returns the struct and the macro call for an item. Returns `None` if the item is not a struct, if it
    /// has no map of unknown fields, or if the macro does not support one of its fields. Such an item keeps
    /// serde's derives.
    pub(super) fn of(item: &Item, inferred: &BTreeSet<String>) -> Option<Self> {
        let Item::Struct(item) = item else {
            return None;
        };
        let mut extra = None;
        let mut lines = Vec::new();
        for field in &item.fields {
            let name = field.ident.as_ref()?;
            if is_extra(field) {
                extra = Some(name);
            } else {
                let key = json_name(field);
                let kind = kind(field)?;
                let policy = if inferred.contains(&key) {
                    "Inferred"
                } else if holds_any_json(&field.ty) {
                    "Exact"
                } else {
                    "Strict"
                };
                lines.push(format!("        {name}: {kind}<{policy}> {key:?},\n"));
            }
        }
        let (name, extra) = (&item.ident, extra?);
        Some(Self {
            implementations: format!("object! {{\n    {name}, {extra} {{\n{}    }}\n}}", lines.concat()),
            item: Item::Struct(without_serde(item)),
        })
    }
}

/// Returns the kind of a field in the call of the macro, such as `Optional`. Returns `None` if the macro has
/// no kind for such a field.
fn kind(field: &Field) -> Option<&'static str> {
    let items = serde_items(&field.attrs).map(|item| quote!(#item).to_string());
    let mut items: Vec<String> = items.collect();
    items.retain(|item| !item.starts_with("rename ="));
    items.sort();
    let items: Vec<&str> = items.iter().map(String::as_str).collect();
    let is_option = argument_of(&field.ty, "Option").is_some();
    match items.as_slice() {
        [] if is_option => Some("Nullable"),
        [] | [r#"deserialize_with = "Option::deserialize""#] => Some("Required"),
        [r#"skip_serializing_if = "Option::is_none""#]
        | ["default", r#"skip_serializing_if = "Option::is_none""#]
            if is_option =>
        {
            Some("Optional")
        }
        [
            "default",
            r#"deserialize_with = "crate::values::null::null_as_default""#,
        ] => Some("List"),
        _ => None,
    }
}

fn holds_any_json(ty: &Type) -> bool {
    quote!(#ty).to_string().contains("serde_json :: Value")
}

fn without_serde(item: &ItemStruct) -> ItemStruct {
    let mut item = item.clone();
    item.attrs.iter_mut().for_each(drop_derives);
    if let Fields::Named(fields) = &mut item.fields {
        for field in &mut fields.named {
            field.attrs.retain(|attribute| !is_serde(attribute));
        }
    }
    item
}

/// Removes serde's traits from `#[derive(…)]`.
fn drop_derives(attribute: &mut Attribute) {
    if !attribute.path().is_ident("derive") {
        return;
    }
    let Ok(derives) = attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated) else {
        return;
    };
    let derives = derives.into_iter().filter(|path| {
        let last = path.segments.last().map(|last| last.ident.to_string());
        !matches!(last.as_deref(), Some("Serialize" | "Deserialize"))
    });
    let derives: Vec<syn::Path> = derives.collect();
    attribute.meta = Meta::List(parse_quote!(derive(#(#derives),*)));
}
