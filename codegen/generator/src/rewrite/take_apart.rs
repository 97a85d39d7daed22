//! Taking the generator's file apart: types and methods stay, its client goes.

use quote::ToTokens as _;
use syn::{ImplItem, Item, ItemImpl, ItemMod, Type};

use super::Code;

/// Keeps the types and the methods of the operations. The count is what goes.
pub(super) fn take_apart(code: &mut Code<'_>) -> usize {
    let mut dropped = 0;
    for item in std::mem::take(&mut code.file) {
        match item {
            Item::Mod(types) if types.ident == "types" => {
                code.types = types.content.map(|(_, items)| items).unwrap_or_default();
            }
            Item::Impl(client) if is_client(&client) && client.trait_.is_none() => {
                dropped += take_methods(code, client);
            }
            Item::Use(_) => dropped += 1,
            Item::Struct(client) if client.ident == "Client" => dropped += 1,
            Item::Impl(client) if is_client(&client) => dropped += 1,
            Item::Mod(prelude) if prelude.ident == "prelude" => dropped += 1,
            other => code.not_understood(
                "",
                format!("an item beside types and client: {}", excerpt(&other)),
            ),
        }
    }
    dropped
}

/// `Client` or `&Client`.
fn is_client(item: &ItemImpl) -> bool {
    let name = match &*item.self_ty {
        Type::Reference(reference) => &*reference.elem,
        other => other,
    };
    matches!(name, Type::Path(path) if path.path.is_ident("Client"))
}

fn take_methods(code: &mut Code<'_>, client: ItemImpl) -> usize {
    let mut dropped = 0;
    for item in client.items {
        match item {
            ImplItem::Fn(method) if method.sig.asyncness.is_some() => code.methods.push(method),
            ImplItem::Fn(method) if method.sig.ident == "new" || method.sig.ident == "new_with_client" => {
                dropped += 1;
            }
            other => code.not_understood(
                "",
                format!("a method beside those of the operations: {}", excerpt(&other)),
            ),
        }
    }
    dropped
}

/// Drops the error of failed conversions, and the conversions that can fail.
pub(super) fn drop_conversion_errors(code: &mut Code<'_>) -> usize {
    let before = code.types.len();
    code.types.retain(|item| match item {
        Item::Mod(ItemMod { ident, .. }) => ident != "error",
        Item::Impl(_) => !item.to_token_stream().to_string().contains("ConversionError"),
        _ => true,
    });
    before - code.types.len()
}

/// Some code in one line.
pub(super) fn text(tokens: &impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string()
}

/// The beginning of some code, for a message.
pub(super) fn excerpt(tokens: &impl quote::ToTokens) -> String {
    let text = text(tokens);
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("`{} …`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}
