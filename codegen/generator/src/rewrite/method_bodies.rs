//! Handles the bodies of the generator's methods as tokens. The bodies are only compared, so they are not
//! parsed.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Block, Stmt};

/// Name of a placeholder macro, whose arguments are the tokens of an unparsed body.
const BODY: &str = "__body";

/// Parses the generator's code, except for the bodies of the client's methods.
pub(crate) fn parse(code: &str) -> syn::Result<syn::File> {
    let code: TokenStream = code.parse()?;
    let mut file = Vec::new();
    for token in code {
        let is_client = matches!(&*file, [.., TokenTree::Ident(keyword), TokenTree::Ident(name)]
            if keyword == "impl" && name == "Client");
        file.push(match token {
            TokenTree::Group(methods) if is_client => {
                let methods = methods.stream().into_iter().map(without_body).collect();
                Group::new(Delimiter::Brace, methods).into()
            }
            token => token,
        });
    }
    syn::parse2(file.into_iter().collect())
}

fn without_body(token: TokenTree) -> TokenTree {
    match token {
        TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
            let body = body.stream();
            let name = quote::format_ident!("{BODY}");
            Group::new(Delimiter::Brace, quote!(#name! { #body })).into()
        }
        token => token,
    }
}

/// Returns the tokens between the braces of a body.
pub(super) fn tokens(body: &Block) -> TokenStream {
    match &*body.stmts {
        [Stmt::Macro(statement)] if statement.mac.path.is_ident(BODY) => statement.mac.tokens.clone(),
        statements => statements.iter().map(ToTokens::to_token_stream).collect(),
    }
}

/// Compares tokens, but ignores white space.
pub(super) fn are_equal(left: &TokenStream, right: &TokenStream) -> bool {
    let [left, right] = [left, right].map(TokenStream::to_string);
    let is_ink = |character: &char| !character.is_whitespace();
    left.chars().filter(is_ink).eq(right.chars().filter(is_ink))
}
