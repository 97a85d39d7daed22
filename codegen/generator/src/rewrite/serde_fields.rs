//! Fields of structs and their serde attributes.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{
    Attribute, Expr, ExprLit, Field, GenericArgument, Ident, Lit, Meta, PathArguments, Token, Type,
    parse_quote, punctuated::Punctuated,
};

/// Returns the single type argument of `ty` if `ty` is `name<…>`. The name may have a path in front of it.
pub(crate) fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let mut arguments = arguments(ty);
    let argument = arguments.next().filter(|_| arguments.next().is_none());
    argument.filter(|_| last_name(ty).is_some_and(|last| last == name))
}

pub(crate) fn arguments<'a>(ty: &'a Type) -> impl Iterator<Item = &'a Type> {
    let last = match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    };
    let arguments = last.and_then(|last| match &last.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&arguments.args),
        _ => None,
    });
    let ty = |argument: &'a GenericArgument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    };
    arguments.into_iter().flatten().filter_map(ty)
}

/// Returns the type inside a wrapper such as `Option`, and `true` if `ty` has the wrapper.
pub(crate) fn unwrapped<'a>(ty: &'a Type, wrapper: &str) -> (&'a Type, bool) {
    argument_of(ty, wrapper).map_or((ty, false), |inner| (inner, true))
}

/// Returns the name of a type that has neither a path nor arguments.
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

/// Returns the last segment of the path of a type, without its arguments.
pub(crate) fn last_name(ty: &Type) -> Option<&Ident> {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|last| &last.ident),
        _ => None,
    }
}

/// Returns `true` if the field collects unknown fields.
pub(crate) fn is_extra(field: &Field) -> bool {
    is_flat(field) && (is_collection(&field.ty) || last_name(&field.ty).is_some_and(|last| last == EXTRA))
}

/// Name of the type that collects unknown fields.
const EXTRA: &str = "UnknownFields";

pub(super) fn is_flat(field: &Field) -> bool {
    has_serde(&field.attrs, "flatten")
}

/// Returns `true` if `#[serde(default)]` allows the field to be absent.
pub(super) fn may_be_absent(field: &Field) -> bool {
    has_serde(&field.attrs, "default")
}

pub(crate) fn is_serde(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde")
}

/// Returns `true` if `#[serde(…)]` has an item with this name.
pub(super) fn has_serde(attributes: &[Attribute], name: &str) -> bool {
    let mut items = serde_items(attributes);
    items.any(|item| item.path().is_ident(name))
}

pub(crate) fn json_name(field: &Field) -> String {
    let renamed = serde_items(&field.attrs).find_map(|item| match item {
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

/// Returns the items of all `#[serde(…)]` attributes.
pub(crate) fn serde_items(attributes: &[Attribute]) -> impl Iterator<Item = Meta> {
    let all = attributes.iter().filter(|attribute| is_serde(attribute));
    all.flat_map(|attribute| {
        let items = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        items.unwrap_or_default()
    })
}

/// Removes the items with these names from the field's `#[serde(…)]`.
pub(super) fn remove_serde(field: &mut Field, names: &[&str]) {
    let is_kept = |item: &Meta| !names.iter().any(|name| item.path().is_ident(name));
    let rest: Vec<Meta> = serde_items(&field.attrs).filter(is_kept).collect();
    field.attrs.retain(|attribute| !is_serde(attribute));
    if !rest.is_empty() {
        field.attrs.push(parse_quote!(#[serde(#(#rest),*)]));
    }
}

/// Adds items to the field's `#[serde(…)]`.
pub(super) fn add_serde(field: &mut Field, addition: &TokenStream) {
    let existing = field.attrs.iter_mut().find(|attribute| is_serde(attribute));
    match existing.map(|attribute| &mut attribute.meta) {
        Some(Meta::List(list)) => {
            let items = &list.tokens;
            list.tokens = quote!(#items, #addition);
        }
        _ => field.attrs.push(parse_quote!(#[serde(#addition)])),
    }
}
