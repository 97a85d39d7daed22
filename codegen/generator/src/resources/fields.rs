//! Fields of the generated structs, and expressions that read them.

use heck::ToSnakeCase as _;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, ItemStruct, Type};

pub(super) use crate::rewrite::{argument_of, ident};
use crate::{
    rewrite::{is_extra, json_name, last_name, unwrapped},
    transform::ApiModel,
};

pub(super) struct Fields<'a> {
    pub(super) all: Vec<Field>,
    /// Name of the field that contains the map of unknown fields.
    extra: Option<Ident>,
    model: &'a ApiModel,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    ident: Ident,
    /// Name of the field in JSON.
    pub(super) name: String,
    /// Type of the value, without `Option`, `Box` and `Vec`.
    pub(super) inner: Type,
    /// `true` for a field that may be absent.
    pub(super) is_option: bool,
    pub(super) is_list: bool,
}

impl<'a> Fields<'a> {
    pub(super) fn of(item: &ItemStruct, model: &'a ApiModel) -> Self {
        let fields = item.fields.iter().filter_map(|field| {
            let ident = field.ident.clone()?;
            let (inner, is_option) = unwrapped(&field.ty, "Option");
            let (inner, _) = unwrapped(inner, "Box");
            let (inner, is_list) = unwrapped(inner, "Vec");
            Some(Field {
                name: json_name(field),
                ident,
                inner: inner.clone(),
                is_option,
                is_list,
            })
        });
        let extra = item.fields.iter().find(|field| is_extra(field));
        Self {
            all: fields.collect(),
            extra: extra.and_then(|field| field.ident.clone()),
            model,
        }
    }

    /// Returns the field whose JSON name is `name`, unless it is a list.
    pub(super) fn get(&self, name: &str) -> Option<&Field> {
        self.all.iter().find(|field| field.name == name && !field.is_list)
    }

    /// Returns the field whose JSON name consists of these words in snake case, unless it is a list.
    pub(super) fn with_words(&self, words: &str) -> Option<&Field> {
        let mut fields = self.all.iter();
        fields.find(|field| field.name.to_snake_case() == words && !field.is_list)
    }

    /// Returns the field that contains the name of an asset.
    pub(super) fn name(&self, singular: &str) -> Option<&Field> {
        let own = format!("{singular}_name");
        let named = |accepts: &dyn Fn(&str) -> bool| {
            let mut fields = self.all.iter();
            fields.find(|field| field.is("String") && !field.is_list && accepts(&field.name.to_snake_case()))
        };
        named(&|name| name == own)
            .or_else(|| named(&|name| name == "name"))
            .or_else(|| named(&|name| name.ends_with("_name") && !name.contains("category")))
    }

    /// Returns the field that contains the ID of the category.
    pub(super) fn category(&self, id_name: &str) -> Option<&Field> {
        self.all.iter().find(|field| {
            let name = field.name.to_snake_case();
            ["id_category", "category_id"].contains(&name.as_str()) && field.name != id_name
        })
    }

    /// Returns an expression for the summary of the asset in `value`: the status and the category.
    pub(super) fn summary(&self, value: &TokenStream, id_name: &str) -> TokenStream {
        // A field that the document does not declare may be among the unknown fields.
        let text = |field: Option<&Field>, name: &str| match (field, &self.extra) {
            (Some(field), _) if !field.is_list && self.is_text(field) => field.text_reference(value),
            (None, Some(extra)) => quote!(#value.#extra.get(#name).and_then(serde_json::Value::as_str)),
            _ => quote!(None),
        };
        let status = text(self.with_words("status"), "status");
        let category = match id_name.to_snake_case().as_str() {
            "id_category" | "category_id" => quote!(None),
            _ => text(self.category(id_name), "idCategory"),
        };
        quote!(resource::AssetSummary::new(#status, #category))
    }

    /// Returns `true` if the type of a field is text, a number or a boolean.
    pub(super) fn is_scalar(&self, field: &Field) -> bool {
        let numbers = ["bool", "i32", "i64", "u32", "u64", "f32", "f64"];
        self.is_text(field) || numbers.iter().any(|number| field.is(number))
    }

    /// Returns `true` if the type of a field is a string, an ID or an enumeration.
    fn is_text(&self, field: &Field) -> bool {
        let is_text = |name: String| name == "String" || self.model.is_id(&name) || self.model.is_enum(&name);
        ident(&field.inner).is_some_and(is_text)
    }
}

impl Field {
    fn path(&self) -> TokenStream {
        path(&ident(&self.inner).unwrap_or_default())
    }

    /// Returns `true` if `name` is the type of the field, without `Option`, `Box` and `Vec`.
    pub(super) fn is(&self, name: &str) -> bool {
        ident(&self.inner).is_some_and(|inner| inner == name)
    }

    /// Returns an expression that reads the field from `value`, as an `Option` of a reference.
    pub(super) fn reference(&self, value: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        self.either(quote!(#value.#ident.as_ref()), quote!(Some(&#value.#ident)))
    }

    /// Returns an expression that reads the field from `value`, as an `Option<&str>`.
    fn text_reference(&self, value: &TokenStream) -> TokenStream {
        let (ident, ty) = (&self.ident, self.path());
        let optional = if self.is("String") {
            quote!(#value.#ident.as_deref())
        } else {
            quote!(#value.#ident.as_ref().map(#ty::as_str))
        };
        self.either(optional, quote!(Some(#value.#ident.as_str())))
    }

    /// Returns an expression that reads the field from `value`, as `&str`. Returns `None` if the field is not
    /// a string.
    pub(super) fn text(&self, value: &TokenStream) -> Option<TokenStream> {
        let ident = &self.ident;
        let optional = quote!(#value.#ident.as_deref().unwrap_or_default());
        let text = self.either(optional, quote!(&#value.#ident));
        self.is("String").then_some(text)
    }

    /// Returns code that reads the field from `value`. The code returns early if the field is absent.
    pub(super) fn taken(&self, value: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        self.either(quote!(#value.#ident?), quote!(#value.#ident))
    }

    /// Returns code that reads the field from `value`, or the default of its type if the field is absent.
    pub(super) fn value(&self, value: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        self.either(quote!(#value.#ident.unwrap_or_default()), quote!(#value.#ident))
    }

    /// Returns code that copies the ID in the field. An absent ID becomes an empty ID.
    pub(super) fn owned(&self, value: &TokenStream, ty: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        let optional = quote!(#value.#ident.clone().unwrap_or_else(|| #ty::from(String::new())));
        self.either(optional, quote!(#value.#ident.clone()))
    }

    /// Returns code that accesses the map in the field, and inserts an empty map if the field is absent.
    /// Returns `None` if the field is not a map.
    pub(super) fn object(&self, value: &TokenStream) -> Option<TokenStream> {
        let ident = &self.ident;
        let optional = quote!(#value.#ident.get_or_insert_default());
        let object = self.either(optional, quote!(#value.#ident));
        last_name(&self.inner)
            .is_some_and(|name| name == "Map")
            .then_some(object)
    }

    /// Returns an expression that reads the field from `value`, as an `Option<String>`.
    pub(super) fn text_option(&self, value: &TokenStream) -> TokenStream {
        let ident = &self.ident;
        if self.is("String") {
            return self.either(quote!(#value.#ident), quote!(Some(#value.#ident)));
        }
        let optional = quote!(#value.#ident.as_ref().map(ToString::to_string));
        self.either(optional, quote!(Some(#value.#ident.to_string())))
    }

    /// Returns an expression that reads a part of the object in this field of `value`, as an `Option`. `read`
    /// gets an expression for the object, and returns the expression that reads the part.
    pub(super) fn inside(
        &self,
        value: &TokenStream,
        read: impl Fn(&TokenStream) -> TokenStream,
    ) -> TokenStream {
        let ident = &self.ident;
        let inner = read(&quote!(inner));
        self.either(
            quote!(#value.#ident.and_then(|inner| #inner)),
            read(&quote!(#value.#ident)),
        )
    }

    fn either(&self, optional: TokenStream, required: TokenStream) -> TokenStream {
        if self.is_option { optional } else { required }
    }
}

/// Returns the path of the type `name`, which is `String` or a type of the document.
pub(super) fn path(name: &str) -> TokenStream {
    let ident = format_ident!("{name}");
    if name == "String" {
        quote!(String)
    } else {
        quote!(types::#ident)
    }
}
