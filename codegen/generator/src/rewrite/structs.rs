//! Structs and enums: open for what comes, and easy to build.

use quote::quote;
use syn::{Fields, FieldsNamed, FnArg, ImplItem, Item, ItemImpl, ItemStruct, Meta, Type, parse_quote};

use super::{Code, doc_comments, serde_fields, take_apart::excerpt};

/// The named fields of each struct, and of each variant of an alternative that has some.
fn named(types: &mut [Item]) -> impl Iterator<Item = &mut FieldsNamed> {
    types.iter_mut().flat_map(named_in)
}

fn named_in(item: &mut Item) -> Vec<&mut FieldsNamed> {
    let all: Vec<&mut Fields> = match item {
        Item::Struct(item) => vec![&mut item.fields],
        Item::Enum(item) => {
            let variants = item.variants.iter_mut();
            variants.map(|variant| &mut variant.fields).collect()
        }
        _ => Vec::new(),
    };
    let named = all.into_iter().filter_map(|fields| match fields {
        Fields::Named(fields) => Some(fields),
        _ => None,
    });
    named.collect()
}

/// Says what the map of unknown fields is for.
pub(super) fn document_extra_fields(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for fields in named(&mut code.types) {
        for field in &mut fields.named {
            if serde_fields::is_extra(field) {
                let text =
                    "Fields that this version of the crate does not know, kept as they came and sent back.";
                field.attrs.splice(0..0, doc_comments::attributes(text));
                count += 1;
            }
        }
    }
    count
}

/// Makes an option of a box of every box of an option, which is left away where there is nothing in it, if it may be.
pub(super) fn boxes_in_options(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for fields in named(&mut code.types) {
        for field in &mut fields.named {
            let inner = serde_fields::argument_of(&field.ty, "Box");
            let Some(inner) = inner.and_then(|inner| serde_fields::argument_of(inner, "Option")) else {
                continue;
            };
            field.ty = parse_quote!(Option<Box<#inner>>);
            if serde_fields::may_be_absent(field) {
                let skip = quote!(skip_serializing_if = "Option::is_none");
                serde_fields::add_serde(field, &skip);
            }
            count += 1;
        }
    }
    count
}

/// Makes an option of every list or map that is left away where it is empty.
pub(super) fn collections_in_options(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for fields in named(&mut code.types) {
        for field in &mut fields.named {
            if serde_fields::is_collection(&field.ty)
                && serde_fields::may_be_absent(field)
                && !serde_fields::is_extra(field)
            {
                let inner = &field.ty;
                field.ty = parse_quote!(Option<#inner>);
                serde_fields::remove_serde(field, &["default", "skip_serializing_if"]);
                serde_fields::add_serde(field, &quote!(skip_serializing_if = "Option::is_none"));
                count += 1;
            }
        }
    }
    count
}

/// Says of each field that has no documentation how it is called in JSON.
pub(super) fn document_fields(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for fields in named(&mut code.types) {
        for field in &mut fields.named {
            if !doc_comments::is_documented(&field.attrs) {
                let text = if serde_fields::is_flat(field) {
                    "One of the alternatives, where its fields are there.".to_owned()
                } else {
                    format!("`{}` in JSON.", serde_fields::json_name(field))
                };
                field.attrs.splice(0..0, doc_comments::attributes(&text));
                count += 1;
            }
        }
    }
    count
}

/// Says of each variant of an alternative which type it is.
pub(super) fn document_variants(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for item in &mut code.types {
        let Item::Enum(item) = item else {
            continue;
        };
        for variant in &mut item.variants {
            if !doc_comments::is_documented(&variant.attrs) {
                let text = format!("The alternative `{}`.", variant.ident);
                variant.attrs.splice(0..0, doc_comments::attributes(&text));
                count += 1;
            }
        }
    }
    count
}

/// Reads `null` for a required list or map as the empty one, and its absence too, unless that tells alternatives apart.
pub(super) fn null_lists(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for item in &mut code.types {
        let null = quote!(deserialize_with = "crate::runtime::null::null_as_default");
        let addition = match item {
            Item::Enum(item) if serde_fields::is_untagged(item) => null,
            _ => quote!(default, #null),
        };
        for field in named_in(item).into_iter().flat_map(|fields| &mut fields.named) {
            if serde_fields::is_collection(&field.ty) && !serde_fields::is_extra(field) {
                serde_fields::add_serde(field, &addition);
                count += 1;
            }
        }
    }
    count
}

/// Marks every struct and enum as open.
pub(super) fn non_exhaustive(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for item in &mut code.types {
        let attributes = match item {
            Item::Struct(item) => &mut item.attrs,
            Item::Enum(item) => &mut item.attrs,
            _ => continue,
        };
        attributes.push(parse_quote!(#[non_exhaustive]));
        count += 1;
    }
    count
}

/// Gives every struct `new` with what is required, and a setter for each of the rest.
pub(super) fn constructors(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    let mut wrong = Vec::new();
    let mut types = Vec::new();
    for item in std::mem::take(&mut code.types) {
        let implementation = match &item {
            Item::Struct(ItemStruct {
                ident,
                fields: Fields::Named(fields),
                ..
            }) => Some(constructor(ident, fields)),
            Item::Struct(other) => {
                wrong.push((other.ident.to_string(), excerpt(other)));
                None
            }
            _ => None,
        };
        types.push(item);
        if let Some(implementation) = implementation {
            types.push(Item::Impl(implementation));
            count += 1;
        }
    }
    code.types = types;
    for (name, excerpt) in wrong {
        code.not_understood(
            &code.place_of(&name),
            format!("a struct without named fields: {excerpt}"),
        );
    }
    count
}

fn constructor(name: &syn::Ident, fields: &FieldsNamed) -> ItemImpl {
    let mut arguments: Vec<FnArg> = Vec::new();
    let mut values: Vec<syn::FieldValue> = Vec::new();
    let mut setters: Vec<ImplItem> = Vec::new();
    for field in &fields.named {
        let (Some(ident), ty) = (&field.ident, &field.ty) else {
            continue;
        };
        if serde_fields::is_extra(field) {
            values.push(parse_quote!(#ident: ::serde_json::Map::new()));
        } else if let Some(inner) = optional(field) {
            values.push(parse_quote!(#ident: None));
            setters.push(setter(ident, inner));
        } else {
            let argument = parse_quote!(#ident: impl Into<#ty>);
            // Its own ID comes first, or names would decide whether `new` takes ID and name or name and ID, which both
            // are made of any text.
            if is_own_id(name, ty) {
                arguments.insert(0, argument);
            } else {
                arguments.push(argument);
            }
            values.push(parse_quote!(#ident: #ident.into()));
        }
    }
    let what = if arguments.is_empty() {
        "without any field: each is absent until it is set"
    } else if setters.is_empty() {
        "with its fields, which are all required"
    } else {
        "with its required fields; every other is absent until it is set"
    };
    let docs = doc_comments::attributes(&format!("A new `{name}` {what}."));
    parse_quote! {
        impl #name {
            #(#docs)*
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
            #(#setters)*
        }
    }
}

/// Whether `ty` is the ID of what the struct `name` describes: a `FunnelId` in `Funnel` and in `FunnelInfo`.
fn is_own_id(name: &syn::Ident, ty: &Type) -> bool {
    let name = name.to_string();
    let own = format!("{}Id", name.strip_suffix("Info").unwrap_or(&name));
    matches!(ty, Type::Path(path) if path.path.is_ident(&own))
}

/// What is inside of the `Option` of a field that may be absent. One that may be null but not absent is required.
fn optional(field: &syn::Field) -> Option<&Type> {
    let inner = serde_fields::argument_of(&field.ty, "Option")?;
    let may_be_absent = field.attrs.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => {
            list.path.is_ident("serde") && list.tokens.to_string().contains("skip_serializing_if")
        }
        _ => false,
    });
    may_be_absent.then_some(inner)
}

fn setter(field: &syn::Ident, ty: &Type) -> ImplItem {
    let method = quote::format_ident!("with_{field}");
    let docs = doc_comments::attributes(&format!("Sets [`{field}`](Self::{field})."));
    parse_quote! {
        #(#docs)*
        #[must_use]
        pub fn #method(mut self, #field: impl Into<#ty>) -> Self {
            self.#field = Some(#field.into());
            self
        }
    }
}

/// Derives `Default` where nothing is required.
pub(super) fn derive_default(code: &mut Code<'_>) -> usize {
    let mut count = 0;
    for item in &mut code.types {
        let Item::Struct(item) = item else {
            continue;
        };
        let empty = item
            .fields
            .iter()
            .all(|field| serde_fields::is_extra(field) || optional(field).is_some());
        if !empty {
            continue;
        }
        for attribute in &mut item.attrs {
            if let Meta::List(list) = &mut attribute.meta
                && list.path.is_ident("derive")
            {
                if list.tokens.to_string().contains("Default") {
                    break;
                }
                let derives = &list.tokens;
                list.tokens = quote!(#derives, Default);
                count += 1;
                break;
            }
        }
    }
    count
}
