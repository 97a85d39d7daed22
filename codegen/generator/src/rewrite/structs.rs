//! Passes over structs and enums: documentation, optional fields, constructors.

use quote::quote;
use syn::{Field, Fields, FieldsNamed, ImplItem, Item, ItemImpl, Meta, Type, parse_quote};

use crate::rustdoc;

use super::{
    doc_comments, serde_fields,
    state::{State, excerpt},
};

/// Returns the named fields of all structs and enum variants.
fn fields(types: &mut [Item]) -> impl Iterator<Item = &mut Field> {
    types.iter_mut().flat_map(fields_of)
}

fn fields_of(item: &mut Item) -> Vec<&mut Field> {
    let all: Vec<&mut Fields> = match item {
        Item::Struct(item) => vec![&mut item.fields],
        Item::Enum(item) => {
            let variants = item.variants.iter_mut();
            variants.map(|variant| &mut variant.fields).collect()
        }
        _ => Vec::new(),
    };
    let named = all.into_iter().filter_map(|fields| match fields {
        Fields::Named(fields) => Some(&mut fields.named),
        _ => None,
    });
    named.flatten().collect()
}

/// Documents the field that collects unknown fields, and replaces its type with `UnknownFields`.
pub(super) fn unknown_fields(state: &mut State<'_>) {
    for field in fields(&mut state.types).filter(|field| serde_fields::is_extra(field)) {
        let text = "Unknown fields: JSON fields that this type does not declare. They are kept unchanged.";
        field.attrs.splice(0..0, rustdoc::attributes(text));
        field.ty = parse_quote!(crate::values::unknown_fields::UnknownFields);
        state.count += 1;
    }
}

/// Turns every `Box<Option<_>>` into an `Option<Box<_>>`. If the field may be absent, `None` is not
/// serialised.
pub(super) fn boxes_in_options(state: &mut State<'_>) {
    for field in fields(&mut state.types) {
        let inner = serde_fields::argument_of(&field.ty, "Box");
        let Some(inner) = inner.and_then(|inner| serde_fields::argument_of(inner, "Option")) else {
            continue;
        };
        field.ty = parse_quote!(Option<Box<#inner>>);
        if serde_fields::may_be_absent(field) {
            let skip = quote!(skip_serializing_if = "Option::is_none");
            serde_fields::add_serde(field, &skip);
        }
        state.count += 1;
    }
}

/// Wraps each list or map in an `Option` if its field may be absent. Without the `Option`, an empty list or
/// map would not be serialised.
pub(super) fn collections_in_options(state: &mut State<'_>) {
    for field in fields(&mut state.types) {
        if serde_fields::is_collection(&field.ty)
            && serde_fields::may_be_absent(field)
            && !serde_fields::is_extra(field)
        {
            let inner = &field.ty;
            field.ty = parse_quote!(Option<#inner>);
            serde_fields::remove_serde(field, &["default", "skip_serializing_if"]);
            serde_fields::add_serde(field, &quote!(skip_serializing_if = "Option::is_none"));
            state.count += 1;
        }
    }
}

/// Documents each undocumented field with its JSON name.
pub(super) fn document_fields(state: &mut State<'_>) {
    for field in fields(&mut state.types).filter(|field| !doc_comments::is_documented(&field.attrs)) {
        let text = if serde_fields::is_flat(field) {
            "One alternative of the value: `Some` if the value has the fields of this alternative.".to_owned()
        } else {
            format!("`{}` in JSON.", serde_fields::json_name(field))
        };
        field.attrs.splice(0..0, rustdoc::attributes(&text));
        state.count += 1;
    }
}

/// Documents each undocumented variant with its name.
pub(super) fn document_variants(state: &mut State<'_>) {
    for item in &mut state.types {
        let Item::Enum(item) = item else {
            continue;
        };
        for variant in &mut item.variants {
            if !doc_comments::is_documented(&variant.attrs) {
                let text = format!("Alternative `{}`.", variant.ident);
                variant.attrs.splice(0..0, rustdoc::attributes(&text));
                state.count += 1;
            }
        }
    }
}

/// Makes serde read a list or map that is null or absent as empty. In the fields of an untagged enum, an
/// absent list or map remains an error, because these fields distinguish the variants.
pub(super) fn null_lists(state: &mut State<'_>) {
    for item in &mut state.types {
        let null = quote!(deserialize_with = "crate::values::null::null_as_default");
        let addition = match item {
            Item::Enum(item) if serde_fields::has_serde(&item.attrs, "untagged") => null,
            _ => quote!(default, #null),
        };
        for field in fields_of(item) {
            if serde_fields::is_collection(&field.ty) && !serde_fields::is_extra(field) {
                serde_fields::add_serde(field, &addition);
                state.count += 1;
            }
        }
    }
}

/// Marks every struct and enum as non-exhaustive.
pub(super) fn non_exhaustive(state: &mut State<'_>) {
    for item in &mut state.types {
        let attributes = match item {
            Item::Struct(item) => &mut item.attrs,
            Item::Enum(item) => &mut item.attrs,
            _ => continue,
        };
        attributes.push(parse_quote!(#[non_exhaustive]));
        state.count += 1;
    }
}

/// Adds functions to every struct: a constructor that takes the required fields, and a setter for each other
/// field.
pub(super) fn constructors(state: &mut State<'_>) {
    for item in std::mem::take(&mut state.types) {
        let mut implementation = None;
        if let Item::Struct(item) = &item {
            if let Fields::Named(fields) = &item.fields {
                implementation = Some(Item::Impl(constructor(&item.ident, fields)));
                state.count += 1;
            } else {
                let message = format!("unexpected struct without named fields: {}", excerpt(item));
                state.unsupported(state.schema_pointer(&item.ident.to_string()), message);
            }
        }
        state.types.push(item);
        state.types.extend(implementation);
    }
}

fn constructor(name: &syn::Ident, fields: &FieldsNamed) -> ItemImpl {
    // The parts are built as tokens, so that everything is parsed only once, at the end.
    let (mut arguments, mut values) = (Vec::new(), Vec::new());
    let mut setters: Vec<ImplItem> = Vec::new();
    for field in &fields.named {
        let (Some(ident), ty) = (&field.ident, &field.ty) else {
            continue;
        };
        if serde_fields::is_extra(field) {
            values.push(quote!(#ident: crate::values::unknown_fields::UnknownFields::new()));
        } else if let Some(inner) = optional(field) {
            values.push(quote!(#ident: None));
            setters.push(setter(ident, inner));
        } else {
            let argument = quote!(#ident: impl Into<#ty>);
            // The asset's own ID comes first. If the order depended on names, a renamed property could
            // silently swap the ID and the name.
            if is_own_id(name, ty) {
                arguments.insert(0, argument);
            } else {
                arguments.push(argument);
            }
            values.push(quote!(#ident: #ident.into()));
        }
    }
    let documentation = if arguments.is_empty() {
        format!("Creates a new `{name}` in which all fields are absent.")
    } else if setters.is_empty() {
        format!("Creates a new `{name}` from its fields.")
    } else {
        format!("Creates a new `{name}` from its required fields; the other fields are absent.")
    };
    let docs = rustdoc::attributes(&documentation);
    let mut implementation: ItemImpl = parse_quote! {
        impl #name {
            #(#docs)*
            #[must_use]
            pub fn new(#(#arguments),*) -> Self {
                Self { #(#values),* }
            }
        }
    };
    implementation.items.extend(setters);
    implementation
}

/// Returns `true` if `ty` is the type of the ID of a struct: `FunnelId` for `Funnel` and for `FunnelInfo`.
fn is_own_id(name: &syn::Ident, ty: &Type) -> bool {
    let name = name.to_string();
    let own = format!("{}Id", name.strip_suffix("Info").unwrap_or(&name));
    matches!(ty, Type::Path(path) if path.path.is_ident(&own))
}

/// Returns the type inside the `Option` of a field that may be absent. A field that may be null but not
/// absent counts as required.
fn optional(field: &syn::Field) -> Option<&Type> {
    let inner = serde_fields::argument_of(&field.ty, "Option")?;
    serde_fields::has_serde(&field.attrs, "skip_serializing_if").then_some(inner)
}

fn setter(field: &syn::Ident, ty: &Type) -> ImplItem {
    let method = quote::format_ident!("with_{field}");
    let docs = rustdoc::attributes(&format!("Sets [`{field}`](Self::{field})."));
    parse_quote! {
        #(#docs)*
        #[must_use]
        pub fn #method(mut self, #field: impl Into<#ty>) -> Self {
            self.#field = Some(#field.into());
            self
        }
    }
}

/// Derives `Default` for structs without required fields.
pub(super) fn derive_default(state: &mut State<'_>) {
    for item in &mut state.types {
        let Item::Struct(item) = item else {
            continue;
        };
        let mut fields = item.fields.iter();
        let has_no_required = fields.all(|field| serde_fields::is_extra(field) || optional(field).is_some());
        let mut attributes = item.attrs.iter_mut();
        let derive = attributes.find_map(|attribute| match &mut attribute.meta {
            Meta::List(list) if list.path.is_ident("derive") => Some(list),
            _ => None,
        });
        if let Some(derive) = derive.filter(|_| has_no_required)
            && !derive.tokens.to_string().contains("Default")
        {
            let derives = &derive.tokens;
            derive.tokens = quote!(#derives, Default);
            state.count += 1;
        }
    }
}
