//! Fields of structs and their serde attributes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, Field, GenericArgument, Ident, Lit, Meta, PathArguments, Type, parse_quote,
};

/// Returns the single type argument of `ty` if it is `name<…>`, with or without a path.
pub(crate) fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(argument) if arguments.args.len() == 1 => Some(argument),
        _ => None,
    }
}

/// Returns the name of a type without path or arguments.
pub(crate) fn ident(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// Returns `true` if `ty` is a list or a map.
pub(super) fn is_collection(ty: &Type) -> bool {
    last_name(ty).is_some_and(|last| last == "Vec" || last == "Map" || last == "BTreeMap")
}

fn last_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

/// Returns `true` if the field collects unknown fields.
pub(crate) fn is_extra(field: &Field) -> bool {
    is_flat(field) && (is_collection(&field.ty) || last_name(&field.ty).is_some_and(|last| last == EXTRA))
}

/// Name of the type of unknown fields.
const EXTRA: &str = "UnknownFields";

pub(super) fn is_flat(field: &Field) -> bool {
    has_serde(&field.attrs, "flatten")
}

/// Returns `true` if the field has a default for an absent value.
pub(super) fn may_be_absent(field: &Field) -> bool {
    has_serde(&field.attrs, "default")
}

/// Returns `true` if `#[serde(…)]` has an item with this name.
pub(super) fn has_serde(attributes: &[Attribute], name: &str) -> bool {
    serde_items(attributes)
        .iter()
        .any(|item| item.path().is_ident(name))
}

pub(crate) fn json_name(field: &Field) -> String {
    let renamed = serde_items(&field.attrs).into_iter().find_map(|item| match item {
        Meta::NameValue(pair) if pair.path.is_ident("rename") => match pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(name), ..
            }) => Some(name.value()),
            _ => None,
        },
        _ => None,
    });
    renamed
        .or_else(|| field.ident.as_ref().map(ToString::to_string))
        .unwrap_or_default()
}

/// Returns the items of all `#[serde(…)]`.
pub(crate) fn serde_items(attributes: &[Attribute]) -> Vec<Meta> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
        .filter_map(|attribute| {
            attribute
                .parse_args_with(syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .collect()
}

/// Removes items of the field's `#[serde(…)]` by their names.
pub(super) fn remove_serde(field: &mut Field, names: &[&str]) {
    let mut rest = serde_items(&field.attrs);
    rest.retain(|item| !names.iter().any(|name| item.path().is_ident(name)));
    field
        .attrs
        .retain(|attribute| !attribute.path().is_ident("serde"));
    if !rest.is_empty() {
        field.attrs.push(parse_quote!(#[serde(#(#rest),*)]));
    }
}

/// Adds items to the field's `#[serde(…)]`.
pub(super) fn add_serde(field: &mut Field, addition: &TokenStream) {
    let existing = field
        .attrs
        .iter_mut()
        .find(|attribute| attribute.path().is_ident("serde"));
    match existing.map(|attribute| &mut attribute.meta) {
        Some(Meta::List(list)) => {
            let items = &list.tokens;
            list.tokens = quote!(#items, #addition);
        }
        _ => field.attrs.push(parse_quote!(#[serde(#addition)])),
    }
}
