//! Macros: what the macros that make public types are given, and what each of them makes.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::{Item, ItemMacro};

/// Macros of the crate that make a public type of the name that their input begins with.
const TYPES: [&str; 2] = ["open_enum", "id_type"];

/// The name of the macro, if it is one that makes a type.
fn kind(path: &syn::Path) -> Option<String> {
    let name = path.segments.last()?.ident.to_string();
    TYPES.contains(&name.as_str()).then_some(name)
}

/// The type that an invocation makes.
pub(super) fn type_name(item: &ItemMacro) -> Option<String> {
    if item.ident.is_some() {
        return None;
    }
    kind(&item.mac.path)?;
    undocumented(item.mac.tokens.clone())
        .into_iter()
        .find_map(|token| match token {
            TokenTree::Ident(ident) if ident != "pub" => Some(ident.to_string()),
            _ => None,
        })
}

/// How an invocation that makes a type is called, and the values that it is given, each with what belongs to it.
pub(super) fn given(item: &ItemMacro) -> Option<(String, Vec<(String, String)>)> {
    let kind = kind(&item.mac.path)?;
    let mut values = Vec::new();
    let groups = undocumented(item.mac.tokens.clone())
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Group(group) => Some(group),
            _ => None,
        });
    for group in groups {
        let mut value: Option<(String, TokenStream)> = None;
        for token in undocumented(group.stream()) {
            match (token, &mut value) {
                (TokenTree::Punct(punct), _) if punct.as_char() == ',' => {
                    values.extend(value.take());
                }
                (TokenTree::Ident(ident), None) => {
                    value = Some((ident.to_string(), TokenStream::new()));
                }
                (token, Some((_, rest))) => rest.extend([token]),
                (_, None) => {}
            }
        }
        values.extend(value);
    }
    let values = values
        .into_iter()
        .map(|(name, rest)| (name, rest.to_string()))
        .collect();
    Some((kind, values))
}

/// What a definition makes of every type besides its values: the name of the macro, and items about the type `name`.
///
/// What the macro repeats is left out: that is made of what it is given. A definition that cannot be read like this makes
/// nothing that is told.
pub(super) fn definition(item: &ItemMacro) -> Option<(String, Vec<Item>)> {
    let name = item.ident.as_ref()?.to_string();
    if !TYPES.contains(&name.as_str()) {
        return None;
    }
    // `(pattern) => { body }`
    let body = item
        .mac
        .tokens
        .clone()
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Group(group) => Some(group),
            _ => None,
        })
        .nth(1)?;
    let file = syn::parse2::<syn::File>(transcribed(body.stream())).ok()?;
    Some((name, file.items))
}

/// The body of a macro with each variable as a plain name, and without what is repeated.
fn transcribed(tokens: TokenStream) -> TokenStream {
    let mut plain = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    let is =
        |token: &TokenTree, what: char| matches!(token, TokenTree::Punct(punct) if punct.as_char() == what);
    while let Some(token) = tokens.next() {
        match token {
            token if is(&token, '$') => match tokens.next() {
                Some(TokenTree::Ident(ident)) => {
                    plain.extend([TokenTree::Ident(Ident::new(
                        &ident.to_string(),
                        Span::call_site(),
                    ))]);
                }
                // A repetition, up to the sign that says how often.
                Some(TokenTree::Group(_)) => {
                    for token in tokens.by_ref() {
                        if ['*', '+', '?'].iter().any(|sign| is(&token, *sign)) {
                            break;
                        }
                    }
                }
                _ => {}
            },
            TokenTree::Group(group) => {
                let inner = transcribed(group.stream());
                plain.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
            }
            token => plain.extend([token]),
        }
    }
    plain
}

/// The tokens without attributes, which are all documentation here.
fn undocumented(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_attribute = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#')
            && matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket);
        if is_attribute {
            tokens.next();
        } else {
            kept.push(token);
        }
    }
    kept
}

/// Tokens as a person writes them, on one line.
pub(super) fn text(tokens: &impl quote::ToTokens) -> String {
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
        ("' ", "'"),
        (" -> ", " → "),
    ] {
        text = text.replace(from, to);
    }
    text.replace(" →", " ->").replace(" - >", " ->")
}
