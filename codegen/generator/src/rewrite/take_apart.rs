//! Splits progenitor's output into types and methods, and drops progenitor's client.

use quote::ToTokens as _;
use syn::{ImplItem, Item, ItemImpl, ItemMod, Type};

use super::state::{State, excerpt};

/// Keeps all types, and the methods for operations. Drops and counts the items of progenitor's client. Any
/// other item is an error.
pub(super) fn take_apart(state: &mut State<'_>) {
    for item in std::mem::take(&mut state.file) {
        match item {
            Item::Mod(types) if types.ident == "types" => {
                state.types = types.content.map(|(_, items)| items).unwrap_or_default();
            }
            Item::Impl(client) if is_client(&client) && client.trait_.is_none() => {
                take_methods(state, client);
            }
            Item::Use(_) => state.count += 1,
            Item::Struct(client) if client.ident == "Client" => state.count += 1,
            Item::Impl(client) if is_client(&client) => state.count += 1,
            Item::Mod(prelude) if prelude.ident == "prelude" => state.count += 1,
            item => {
                let message = format!("unexpected item outside of types and client: {}", excerpt(&item));
                state.unsupported("", message);
            }
        }
    }
}

/// Returns `true` if an `impl` block is for `Client` or `&Client`.
fn is_client(item: &ItemImpl) -> bool {
    let name = match &*item.self_ty {
        Type::Reference(reference) => &*reference.elem,
        target => target,
    };
    matches!(name, Type::Path(path) if path.path.is_ident("Client"))
}

fn take_methods(state: &mut State<'_>, client: ItemImpl) {
    for item in client.items {
        match item {
            ImplItem::Fn(method) if method.sig.asyncness.is_some() => state.methods.push(method),
            ImplItem::Fn(method) if method.sig.ident == "new" || method.sig.ident == "new_with_client" => {
                state.count += 1;
            }
            item => {
                let method = excerpt(&item);
                let message = format!("unexpected method that belongs to no operation: {method}");
                state.unsupported("", message);
            }
        }
    }
}

/// Drops fallible conversions and their error type.
pub(super) fn drop_conversion_errors(state: &mut State<'_>) {
    let before = state.types.len();
    state.types.retain(|item| match item {
        Item::Mod(ItemMod { ident, .. }) => ident != "error",
        Item::Impl(_) => !item.to_token_stream().to_string().contains("ConversionError"),
        _ => true,
    });
    state.count += before - state.types.len();
}
