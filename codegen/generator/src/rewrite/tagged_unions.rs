//! Pass over the untagged enums that stand for unions. A *tag* is a field for which the document allows a
//! single value, such as `"type": "page"`. With this pass, an alternative of a union rejects an object that
//! has another value for one of the alternative's tags.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Field, Fields, Ident, ImplItem, Item, ItemEnum, Type, Variant, parse_quote};

use crate::{rustdoc, transform::ApiModel};

use super::{serde_fields, state::State};

/// A field for which the document allows a single value.
#[derive(Clone, PartialEq)]
struct Tag {
    field: Ident,
    ty: Type,
    json_name: String,
    value: String,
}

impl Tag {
    fn read(field: &Field, model: &ApiModel) -> Option<Self> {
        let name = serde_fields::ident(serde_fields::unwrapped(&field.ty, "Option").0)?;
        let open = model.enums.iter().find(|open| open.name == name)?;
        let [value] = open.values.as_slice() else {
            return None;
        };
        Some(Self {
            field: field.ident.clone()?,
            ty: field.ty.clone(),
            json_name: serde_fields::json_name(field),
            value: value.clone(),
        })
    }

    fn is_optional(&self) -> bool {
        serde_fields::argument_of(&self.ty, "Option").is_some()
    }

    /// Returns an expression that is true if the field has a value other than the value of the tag. `field`
    /// is an expression for the field. For an absent field, the returned expression is false.
    fn differs(&self, field: &TokenStream) -> TokenStream {
        let value = &self.value;
        if self.is_optional() {
            quote!(#field.as_ref().is_some_and(|tag| tag.as_str() != #value))
        } else {
            quote!(#field.as_str() != #value)
        }
    }

    /// Returns the text "`type` is `page`".
    fn condition(&self) -> String {
        format!("`{}` is `{}`", self.json_name, self.value)
    }
}

/// Makes each alternative of an untagged enum check the fields for which the document allows a single value.
///
/// The types of such fields still accept other values, because a response with a new value must be decoded if
/// the type is used outside of a union.
pub(super) fn tagged_unions(state: &mut State<'_>) {
    let mut additions = Vec::new();
    for item in &state.types {
        if let Item::Enum(item) = item
            && serde_fields::has_serde(&item.attrs, "untagged")
        {
            let tags = item.variants.iter();
            let tags = tags.map(|variant| tags_of(variant, &state.types, state.model));
            let tags: Vec<Vec<Tag>> = tags.collect();
            additions.push(distinctive(&tags));
        } else {
            additions.push(Vec::new());
        }
    }
    for (item, tags) in std::mem::take(&mut state.types).into_iter().zip(additions) {
        let Item::Enum(mut item) = item else {
            state.types.push(item);
            continue;
        };
        let functions = check(&mut item, &tags);
        if let Some(expected) = expected(&item.ident, &tags) {
            // Without this text, the error would not name the property that has an unknown value.
            item.attrs.push(parse_quote!(#[serde(expecting = #expected)]));
        }
        state.count += functions.len();
        let name = item.ident.clone();
        state.types.push(Item::Enum(item));
        if !functions.is_empty() {
            state.types.push(parse_quote!(impl #name { #(#functions)* }));
        }
    }
}

/// Returns the tags of an alternative. `types` contains the structs that the alternatives wrap.
fn tags_of(variant: &Variant, types: &[Item], model: &ApiModel) -> Vec<Tag> {
    let fields = match &variant.fields {
        fields @ Fields::Named(_) => Some(fields),
        Fields::Unnamed(unnamed) => unnamed.unnamed.first().and_then(|field| {
            let name = serde_fields::ident(bare(&field.ty).0)?;
            types.iter().find_map(|item| match item {
                Item::Struct(item) if item.ident == name => Some(&item.fields),
                _ => None,
            })
        }),
        Fields::Unit => None,
    };
    let fields = fields.into_iter().flatten();
    fields.filter_map(|field| Tag::read(field, model)).collect()
}

/// Returns a type without `Box` and `Option`, and `true` if it has an `Option`.
fn bare(ty: &Type) -> (&Type, bool) {
    let (ty, is_optional) = serde_fields::unwrapped(ty, "Option");
    (serde_fields::unwrapped(ty, "Box").0, is_optional)
}

/// Removes the tags that have the same value in all alternatives, because they do not identify an
/// alternative.
fn distinctive(tags: &[Vec<Tag>]) -> Vec<Vec<Tag>> {
    let is_same = |left: &Tag, right: &Tag| left.json_name == right.json_name && left.value == right.value;
    let is_shared = |tag: &Tag| tags.iter().all(|all| all.iter().any(|other| is_same(tag, other)));
    let own = tags.iter();
    let own = own.map(|tags| tags.iter().filter(|tag| !is_shared(tag)).cloned().collect());
    own.collect()
}

/// Returns the text of the error for a value that fits no alternative. Returns `None` if there is no property
/// that is a tag in every alternative.
fn expected(union: &Ident, tags: &[Vec<Tag>]) -> Option<String> {
    let mut names = tags.first()?.iter().map(|tag| &tag.json_name);
    names.find_map(|name| {
        let all = tags.iter();
        let all = all.map(|tags| tags.iter().find(|tag| tag.json_name == *name));
        let values: Vec<String> = all
            .map(|tag| Some(format!("`{}`", tag?.value)))
            .collect::<Option<_>>()?;
        Some(format!(
            "the value fits no alternative of `{union}`, whose `{name}` is one of {}",
            values.join(", ")
        ))
    })
}

/// Adds the checks to the alternatives of an enum. Returns the functions that decode and check.
fn check(item: &mut ItemEnum, tags: &[Vec<Tag>]) -> Vec<ImplItem> {
    let name = item.ident.to_string();
    let mut functions = Vec::new();
    for (index, (variant, tags)) in item.variants.iter_mut().zip(tags).enumerate() {
        match &mut variant.fields {
            Fields::Unnamed(fields) if !tags.is_empty() => {
                let Some(field) = fields.unnamed.first() else {
                    continue;
                };
                let function = format_ident!("decode_alternative{index}");
                let path = format!("{name}::{function}");
                let conditions: Vec<String> = tags.iter().map(Tag::condition).collect();
                let conditions = conditions.join(" and ");
                let about = format!(
                    "Decodes the alternative `{}`. Fails unless {conditions}.",
                    variant.ident
                );
                let differ = tags.iter().map(|tag| {
                    let field = &tag.field;
                    tag.differs(&quote!(value.#field))
                });
                let mut differ = quote!(#(#differ)||*);
                if bare(&field.ty).1 {
                    differ = quote!(value.as_ref().is_some_and(|value| #differ));
                }
                functions.push(decoder(&function, &about, &field.ty, &differ, &conditions));
                variant
                    .attrs
                    .push(parse_quote!(#[serde(deserialize_with = #path)]));
            }
            Fields::Named(fields) => {
                for field in &mut fields.named {
                    let Some(tag) = tags.iter().find(|tag| field.ident.as_ref() == Some(&tag.field)) else {
                        continue;
                    };
                    let function = format_ident!("decode_alternative{index}_{}", tag.field);
                    let path = format!("{name}::{function}");
                    let condition = tag.condition();
                    let about = format!(
                        "Decodes a field of the alternative `{}`. Fails unless {condition}.",
                        variant.ident
                    );
                    let differs = tag.differs(&quote!(value));
                    functions.push(decoder(&function, &about, &field.ty, &differs, &condition));
                    // Serde requires a field with `deserialize_with` to be present unless it also has
                    // `default`.
                    let default = tag.is_optional().then(|| quote!(default,));
                    serde_fields::add_serde(field, &quote!(#default deserialize_with = #path));
                }
            }
            _ => {}
        }
    }
    functions
}

fn decoder(function: &Ident, about: &str, ty: &Type, differs: &TokenStream, condition: &str) -> ImplItem {
    let docs = rustdoc::attributes(about);
    let message = format!("expected that {condition}");
    parse_quote! {
        #(#docs)*
        fn #function<'de, D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<#ty, D::Error> {
            let value = <#ty as ::serde::Deserialize>::deserialize(deserializer)?;
            if #differs {
                return Err(::serde::de::Error::custom(#message));
            }
            Ok(value)
        }
    }
}
