//! API: the public interface of generated code, and what changed in it between two generations.
//!
//! The document says what changed on the wire; only the code says what changed for those who compile against it.

use std::{collections::BTreeMap, fmt};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Fields, ImplItem, Item, Visibility};

use crate::diff::Impact;

/// Every public item: how it is called, and its signature.
pub type Surface = BTreeMap<String, String>;

/// What changed in an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Items that were not there before.
    pub added: Surface,
    /// Items that are gone, as they were.
    pub removed: Surface,
    /// Items with another signature: before and after.
    pub changed: BTreeMap<String, (String, String)>,
}

impl Changes {
    /// What they mean for semantic versioning. Everything that is generated is non-exhaustive or open, so what is only
    /// added breaks nobody.
    #[must_use]
    pub fn impact(&self) -> Impact {
        if !self.removed.is_empty() || !self.changed.is_empty() {
            Impact::Major
        } else if !self.added.is_empty() {
            Impact::Minor
        } else {
            Impact::None
        }
    }
}

impl fmt::Display for Changes {
    /// One line for each, as a list of markdown.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |what: &str, name: &str, signature: &str| match signature {
            "" => format!("- {what} `{name}`"),
            _ => format!("- {what} `{name}`: `{signature}`"),
        };
        for (name, signature) in &self.removed {
            writeln!(formatter, "{}", line("removed", name, signature))?;
        }
        for (name, (before, after)) in &self.changed {
            writeln!(formatter, "- changed `{name}`: `{before}` → `{after}`")?;
        }
        for (name, signature) in &self.added {
            writeln!(formatter, "{}", line("added", name, signature))?;
        }
        Ok(())
    }
}

/// Compares two interfaces.
#[must_use]
pub fn compare(old: &Surface, new: &Surface) -> Changes {
    let without = |one: &Surface, other: &Surface| -> Surface {
        one.iter()
            .filter(|(name, _)| !other.contains_key(*name))
            .map(|(name, signature)| (name.clone(), signature.clone()))
            .collect()
    };
    Changes {
        added: without(new, old),
        removed: without(old, new),
        changed: old
            .iter()
            .filter_map(|(name, before)| {
                let after = new.get(name).filter(|after| *after != before)?;
                Some((name.clone(), (before.clone(), after.clone())))
            })
            .collect(),
    }
}

/// The interface of generated files, by their path below `generated/src/generated`.
///
/// # Errors
/// The name of the first file that is no Rust, and why.
pub fn surface<'a>(
    files: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<Surface, String> {
    let mut surface = Surface::new();
    for (path, text) in files {
        let file = syn::parse_file(text).map_err(|error| {
            let start = error.span().start();
            format!("{path}:{}:{}: {error}", start.line, start.column + 1)
        })?;
        // All types stand in one public module, wherever they are written; the rest goes by its file.
        let module = match path.rsplit('/').next() {
            Some("types.rs" | "ids.rs") => "types".to_owned(),
            _ => path.trim_end_matches(".rs").replace('/', "::"),
        };
        for item in file.items {
            add(&mut surface, &module, item);
        }
    }
    Ok(surface)
}

fn add(surface: &mut Surface, module: &str, item: Item) {
    let mut put = |name: String, signature: String| {
        surface.insert(name, signature);
    };
    match item {
        Item::Struct(mut item) if is_public(&item.vis) => {
            let name = format!("{module}::{}", item.ident);
            if let Fields::Named(fields) = &mut item.fields {
                for field in fields.named.iter().filter(|field| is_public(&field.vis)) {
                    if let Some(ident) = &field.ident {
                        put(format!("{name}.{ident}"), text(&field.ty));
                    }
                }
                fields.named.clear();
            }
            item.attrs.retain(is_signature);
            put(name, text(&item));
        }
        Item::Enum(mut item) if is_public(&item.vis) => {
            let name = format!("{module}::{}", item.ident);
            for variant in &item.variants {
                put(format!("{name}::{}", variant.ident), text(&variant.fields));
            }
            item.variants.clear();
            item.attrs.retain(is_signature);
            put(name, text(&item));
        }
        Item::Impl(item) => {
            let target = text(&item.self_ty);
            if let Some((path, _)) = &item.trait_ {
                put(format!("impl {} for {target}", text(path)), String::new());
            } else {
                for item in item.items {
                    if let ImplItem::Fn(function) = item
                        && is_public(&function.vis)
                    {
                        let name = format!("{target}::{}", function.sig.ident);
                        put(name, text(&function.sig));
                    }
                }
            }
        }
        Item::Fn(item) if is_public(&item.vis) => {
            put(format!("{module}::{}", item.sig.ident), text(&item.sig));
        }
        Item::Static(item) if is_public(&item.vis) => {
            // What an operation is travels in its value, which the document's comparison tells.
            put(format!("{module}::{}", item.ident), text(&item.ty));
        }
        Item::Const(item) if is_public(&item.vis) => {
            put(format!("{module}::{}", item.ident), text(&item.ty));
        }
        Item::Type(item) if is_public(&item.vis) => {
            put(format!("{module}::{}", item.ident), text(&item.ty));
        }
        Item::Trait(mut item) if is_public(&item.vis) => {
            item.attrs.retain(is_signature);
            put(format!("{module}::{}", item.ident), text(&item));
        }
        Item::Macro(item) => {
            let kind = text(&item.mac.path);
            for (name, signature) in macro_items(item.mac.tokens) {
                put(
                    format!("{module}::{name}"),
                    format!("{kind}! {signature}").trim_end().to_owned(),
                );
            }
        }
        // Modules and uses are private here: `lib.rs` decides what is public.
        _ => {}
    }
}

/// What `open_enum!` and `id_type!` make: the type, and its values.
fn macro_items(tokens: TokenStream) -> Vec<(String, String)> {
    let mut items = Vec::new();
    let mut name: Option<String> = None;
    for token in undocumented(tokens) {
        match (token, &name) {
            (TokenTree::Ident(ident), _) if ident != "pub" => {
                items.push((ident.to_string(), String::new()));
                name = Some(ident.to_string());
            }
            (TokenTree::Group(group), Some(owner)) => {
                let mut value: Option<(String, TokenStream)> = None;
                let mut finished = Vec::new();
                for token in undocumented(group.stream()) {
                    match token {
                        TokenTree::Punct(punct) if punct.as_char() == ',' => {
                            finished.extend(value.take());
                        }
                        TokenTree::Ident(ident) if value.is_none() => {
                            value = Some((ident.to_string(), TokenStream::new()));
                        }
                        token => {
                            if let Some((_, rest)) = &mut value {
                                rest.extend([token]);
                            }
                        }
                    }
                }
                finished.extend(value);
                for (value, rest) in finished {
                    items.push((format!("{owner}::{value}"), rest.to_string()));
                }
            }
            _ => {}
        }
    }
    items
}

/// The tokens without attributes, which are all documentation here.
fn undocumented(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_attribute = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#')
            && matches!(tokens.peek(), Some(TokenTree::Group(_)));
        if is_attribute {
            tokens.next();
        } else {
            kept.push(token);
        }
    }
    kept
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Attributes by which code that compiled may no longer do so.
fn is_signature(attribute: &Attribute) -> bool {
    ["derive", "non_exhaustive", "cfg", "repr"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

/// Tokens as a person writes them, on one line.
fn text(tokens: &impl ToTokens) -> String {
    let mut text = tokens.to_token_stream().to_string();
    for (from, to) in [
        (" :: ", "::"),
        (":: ", "::"),
        (" <", "<"),
        ("< ", "<"),
        (" >", ">"),
        ("& ", "&"),
        (" ,", ","),
        (" :", ":"),
        (" ;", ";"),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (",)", ")"),
        ("# [", "#["),
        (" -> ", " → "),
    ] {
        text = text.replace(from, to);
    }
    text.replace(" →", " ->").replace(" - >", " ->")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "
        open_enum! {
            /// Doc.
            Status { /// `active`
                Active = \"active\", Gone = \"gone\" }
        }
        crate::runtime::id::id_type! { /** Doc. */ ThingId }
        #[derive(Clone)] #[non_exhaustive]
        pub struct Thing { /// Doc.
            #[serde(rename = \"a\")] pub a: Option<String>, pub b: Vec<ThingId>, hidden: u8 }
        impl Thing { #[must_use] pub fn new(b: Vec<ThingId>) -> Self { Self } fn inner(&self) {} }
        impl From<u8> for Thing { fn from(_: u8) -> Self { Self } }
        struct Private;
    ";

    fn of(text: &str) -> Surface {
        surface([(&"things/types.rs".to_owned(), &text.to_owned())]).unwrap()
    }

    #[test]
    fn every_public_item_has_its_signature() {
        let listed: Vec<String> = of(BEFORE)
            .into_iter()
            .map(|(name, signature)| format!("{name} | {signature}"))
            .collect();
        insta::assert_snapshot!(listed.join("\n"));
    }

    #[test]
    fn changes_are_told_apart_and_words_are_none() {
        let same = BEFORE.replace("/// Doc.", "/// Other words.");
        assert_eq!(compare(&of(BEFORE), &of(&same)).impact(), Impact::None);
        let added = BEFORE
            .replace("pub b:", "pub c: u8, pub b:")
            .replace("Gone =", "New = \"new\", Gone =");
        assert_eq!(compare(&of(BEFORE), &of(&added)).impact(), Impact::Minor);
        for (from, to) in [
            ("Option<String>", "String"),
            ("Gone = \"gone\"", ""),
            ("Vec<ThingId>) ->", "&[ThingId]) ->"),
            ("#[non_exhaustive]", ""),
            ("#[derive(Clone)]", ""),
            ("impl From<u8> for", "impl From<u16> for"),
            ("ThingId }", "OtherId }"),
        ] {
            let changed = BEFORE.replace(from, to);
            assert_ne!(changed, BEFORE, "{from}");
            assert_eq!(
                compare(&of(BEFORE), &of(&changed)).impact(),
                Impact::Major,
                "{from}"
            );
        }
        let changed = BEFORE
            .replace("Option<String>", "String")
            .replace("Gone = \"gone\"", "New = \"new\"");
        insta::assert_snapshot!(compare(&of(BEFORE), &of(&changed)).to_string());
    }

    #[test]
    fn what_is_no_rust_is_located() {
        let error = surface([(&"a.rs".to_owned(), &"pub struct {".to_owned())]).unwrap_err();
        assert!(error.starts_with("a.rs:1:12: "), "{error}");
    }
}
