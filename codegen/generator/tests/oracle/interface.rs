//! Public interface of generated code.
//!
//! An oracle must not share code with the comparison, so this module parses the generated files with `syn`.

use std::collections::BTreeMap;

use funnelflux_generator::impact::Impact;
use quote::ToTokens;
use syn::{
    Attribute, Fields, Ident, ImplItem, Item, LitStr, Token, Visibility, braced,
    parse::{ParseStream, Parser as _},
};

/// Signatures of the public items, and of their fields, variants and methods, keyed by name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Interface(BTreeMap<String, String>);

impl Interface {
    /// Reads the files of the generated code.
    pub(crate) fn read<'a>(files: impl Iterator<Item = &'a String>) -> Self {
        let mut interface = Self::default();
        for text in files {
            interface.add_items("", &syn::parse_file(text).unwrap().items);
        }
        interface
    }

    /// Returns the impact of a change from this interface to `new`, and the names that changed.
    pub(crate) fn compare(&self, new: &Self) -> (Impact, Vec<String>) {
        let changed = self
            .0
            .iter()
            .filter(|(name, text)| new.0.get(*name) != Some(text));
        let changed: Vec<String> = changed.map(|(name, _)| name.clone()).collect();
        if !changed.is_empty() {
            return (Impact::Major, changed);
        }
        let added = new.0.keys().filter(|name| !self.0.contains_key(*name));
        let added: Vec<String> = added.cloned().collect();
        let impact = if added.is_empty() {
            Impact::None
        } else {
            Impact::Minor
        };
        (impact, added)
    }

    fn add(&mut self, name: String, signature: &impl ToTokens) {
        self.0.insert(name, signature.to_token_stream().to_string());
    }

    fn add_items(&mut self, module: &str, items: &[Item]) {
        for item in items {
            match item {
                Item::Mod(item) if is_public(&item.vis) => {
                    let items = item.content.as_ref().map(|(_, items)| items.as_slice());
                    self.add_items(&format!("{module}{}::", item.ident), items.unwrap_or_default());
                }
                Item::Struct(item) if is_public(&item.vis) => {
                    self.add_type(&item.ident, &item.attrs, &item.generics);
                    self.add_fields(&item.ident.to_string(), &item.fields, |field| {
                        is_public(&field.vis)
                    });
                }
                Item::Enum(item) if is_public(&item.vis) => {
                    self.add_type(&item.ident, &item.attrs, &item.generics);
                    for variant in &item.variants {
                        let name = format!("{}::{}", item.ident, variant.ident);
                        self.add_fields(&name, &variant.fields, |_| true);
                        self.add(name, &"variant");
                    }
                }
                Item::Type(item) if is_public(&item.vis) => {
                    self.add(format!("{module}{}", item.ident), &item.ty);
                }
                Item::Const(item) if is_public(&item.vis) => {
                    self.add(format!("{module}{}", item.ident), &item.ty);
                }
                Item::Fn(item) if is_public(&item.vis) => {
                    self.add(format!("{module}{}", item.sig.ident), &item.sig);
                }
                Item::Impl(item) => {
                    let target = item.self_ty.to_token_stream();
                    if let Some((trait_name, _)) = &item.trait_ {
                        let name = format!("impl {} for {target}", trait_name.to_token_stream());
                        self.add(name, &item.generics);
                        continue;
                    }
                    for part in &item.items {
                        if let ImplItem::Fn(method) = part
                            && is_public(&method.vis)
                        {
                            self.add(format!("{target}::{}", method.sig.ident), &method.sig);
                        }
                    }
                }
                // The macro `object` implements serde's traits for the preceding type. These traits are not
                // recorded, because such a type always has them.
                Item::Macro(item) if item.mac.path.is_ident("object") => {}
                Item::Macro(item) => self.add_macro(item.mac.tokens.clone()),
                _ => {}
            }
        }
    }

    /// Adds a type and its derived traits.
    fn add_type(&mut self, name: &Ident, attributes: &[Attribute], generics: &syn::Generics) {
        let is_attribute = |wanted: &str| {
            attributes
                .iter()
                .any(|attribute| attribute.path().is_ident(wanted))
        };
        let signature = if is_attribute("non_exhaustive") {
            "non_exhaustive"
        } else {
            ""
        };
        self.add(format!("{name}: {signature}"), generics);
        for attribute in attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("derive"))
        {
            attribute
                .parse_nested_meta(|derived| {
                    self.add(format!("impl {} for {name}", derived.path.to_token_stream()), &"");
                    Ok(())
                })
                .unwrap();
        }
    }

    fn add_fields(&mut self, owner: &str, fields: &Fields, is_visible: impl Fn(&syn::Field) -> bool) {
        for (index, field) in fields.iter().enumerate().filter(|(_, field)| is_visible(field)) {
            let name = field
                .ident
                .as_ref()
                .map_or(index.to_string(), ToString::to_string);
            self.add(format!("{owner}.{name}"), &field.ty);
        }
    }

    /// Adds a type that `id_type!` or `open_enum!` defines, and its variants. The JSON values of the variants
    /// are not recorded.
    fn add_macro(&mut self, tokens: proc_macro2::TokenStream) {
        let parser = |input: ParseStream| {
            Attribute::parse_outer(input)?;
            let name: Ident = input.parse()?;
            self.add(name.to_string(), &"");
            if input.is_empty() {
                return Ok(());
            }
            let variants;
            braced!(variants in input);
            while !variants.is_empty() {
                Attribute::parse_outer(&variants)?;
                let variant: Ident = variants.parse()?;
                variants.parse::<Token![=]>()?;
                variants.parse::<LitStr>()?;
                variants.parse::<Option<Token![,]>>()?;
                self.add(format!("{name}::{variant}"), &"variant");
            }
            Ok(())
        };
        parser.parse2(tokens).unwrap();
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
