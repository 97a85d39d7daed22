//! From the generator's methods, which talk to its own client, to methods that build a call of our runtime.
//!
//! The signature gives the types, the document the names and the way each argument is written. The body is held
//! against what the generator is known to make of such an operation, statement by statement: a statement that differs
//! would be lost, hence it is an error.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Block, FnArg, Ident, ImplItemFn, LitStr, Pat, ReturnType, Type, parse_quote};

use crate::{
    naming,
    transform::{Argument, ArgumentKind, Operation, RequestBody},
};

use super::{
    Code, doc_comments,
    serde_fields::argument_of,
    take_apart::{excerpt, text},
};

/// Rewrites every method.
pub(super) fn call_runtime(code: &mut Code<'_>) -> usize {
    let methods = std::mem::take(&mut code.methods);
    let mut rewritten = Vec::new();
    for method in methods {
        let prepared = code.prepared;
        let operation = prepared
            .operations
            .iter()
            .find(|operation| method.sig.ident == operation.id());
        let Some(operation) = operation else {
            code.not_understood("", format!("a method of no operation: `{}`", method.sig.ident));
            continue;
        };
        match rewrite(code, operation, &method) {
            Ok(method) => rewritten.push(method),
            Err(message) => code.not_understood(&operation.pointer, message),
        }
    }
    for operation in &code.prepared.operations {
        let is_there = rewritten.iter().any(|method| method.sig.ident == operation.id());
        if !is_there && code.diagnostics.is_empty() {
            code.not_understood(
                &operation.pointer,
                "the generator made no method of it".to_owned(),
            );
        }
    }
    code.methods = rewritten;
    code.methods.len()
}

/// An argument of a method, as the generator has it.
struct Given {
    name: Ident,
    ty: Type,
}

fn rewrite(code: &Code<'_>, operation: &Operation, method: &ImplItemFn) -> Result<ImplItemFn, String> {
    let given = arguments(method)?;
    let success = success(method)?;
    compare(&method.block, &expected(operation, &given, &success)?)?;

    let mut parameters: Vec<FnArg> = Vec::new();
    let mut chain: Vec<TokenStream> = Vec::new();
    for argument in &operation.arguments {
        let name = naming::argument(&argument.name);
        let given = given
            .iter()
            .find(|given| given.name == name)
            .ok_or_else(|| format!("it takes no argument `{name}`"))?;
        let (ty, call) = query(code, argument, given)?;
        let ident = &given.name;
        parameters.push(parse_quote!(#ident: #ty));
        chain.push(call);
    }
    if operation.request_body != RequestBody::None {
        let given = given
            .iter()
            .find(|given| given.name == "body")
            .ok_or("it takes no body")?;
        let (ty, call) = body(operation, given)?;
        parameters.push(parse_quote!(body: #ty));
        chain.push(call);
    }
    if parameters.len() != given.len() {
        let names: Vec<String> = given.iter().map(|given| given.name.to_string()).collect();
        return Err(format!(
            "it takes arguments that the document does not name: {}",
            names.join(", ")
        ));
    }
    if operation.unverified {
        parameters.push(parse_quote!(_unverified: Unverified));
    }
    let (returned, finish) = match &success {
        Type::Tuple(nothing) if nothing.elems.is_empty() => (success.clone(), quote!(.empty())),
        list if argument_of(list, "Vec").is_some() => (success.clone(), quote!(.list())),
        _ => (success.clone(), quote!(.json())),
    };
    let id = &method.sig.ident;
    let constant = format_ident!("{}", naming::constant(operation.id()));
    let docs = doc_comments::attributes(&operation.documentation);
    Ok(parse_quote! {
        #(#docs)*
        pub fn #id(&self, #(#parameters),*) -> Call<#returned> {
            self.call(&operations::#constant) #(#chain)* #finish
        }
    })
}

fn arguments(method: &ImplItemFn) -> Result<Vec<Given>, String> {
    method
        .sig
        .inputs
        .iter()
        .filter_map(|input| match input {
            FnArg::Receiver(_) => None,
            FnArg::Typed(typed) => Some(match &*typed.pat {
                Pat::Ident(name) => Ok(Given {
                    name: name.ident.clone(),
                    ty: (*typed.ty).clone(),
                }),
                other => Err(format!("an argument without a name: {}", excerpt(other))),
            }),
        })
        .collect()
}

/// The `T` of `Result<ResponseValue<T>, Error<()>>`.
fn success(method: &ImplItemFn) -> Result<Type, String> {
    let ReturnType::Type(_, returned) = &method.sig.output else {
        return Err("it returns nothing".to_owned());
    };
    let unexpected = || format!("it returns {}", excerpt(returned));
    let Type::Path(result) = &**returned else {
        return Err(unexpected());
    };
    let arguments = match result.path.segments.last().map(|last| &last.arguments) {
        Some(syn::PathArguments::AngleBracketed(arguments)) => &arguments.args,
        _ => return Err(unexpected()),
    };
    let types: Vec<&Type> = arguments
        .iter()
        .filter_map(|argument| match argument {
            syn::GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect();
    let [value, error] = types.as_slice() else {
        return Err(unexpected());
    };
    if **error != parse_quote!(Error<()>) {
        return Err(unexpected());
    }
    let success = argument_of(value, "ResponseValue").ok_or_else(unexpected)?;
    if matches!(success, Type::Path(path) if path.path.is_ident("ByteStream")) {
        return Err("its response is no JSON".to_owned());
    }
    Ok(success.clone())
}

/// The types, beside enumerations and IDs, of which each value is written as it is displayed.
const VALUES: &[&str] = &[
    "bool", "f32", "f64", "i8", "i16", "i32", "i64", "str", "u8", "u16", "u32", "u64",
];

/// The type that we give a query parameter, and the call that sends it.
fn query(code: &Code<'_>, argument: &Argument, given: &Given) -> Result<(Type, TokenStream), String> {
    let json = LitStr::new(&argument.name, Span::call_site());
    let ident = &given.name;
    let (inner, optional) = match argument_of(&given.ty, "Option") {
        Some(inner) => (inner, true),
        None => (&given.ty, false),
    };
    if optional == argument.required {
        return Err(format!("its argument `{ident}` is {}", excerpt(&given.ty)));
    }
    if argument.kind == ArgumentKind::CommaSeparated {
        let Type::Reference(list) = inner else {
            return Err(format!("its list `{ident}` is {}", excerpt(inner)));
        };
        let item = argument_of(&list.elem, "Vec")
            .filter(|item| is_text(code, item))
            .ok_or_else(|| format!("its list `{ident}` is {}", excerpt(inner)))?;
        if optional {
            return Err(format!(
                "its list `{ident}` may be left out; the runtime knows required lists only"
            ));
        }
        return Ok((parse_quote!(&[#item]), quote!(.query_list(#json, #ident))));
    }
    let (target, is_reference) = match inner {
        Type::Reference(reference) => (&*reference.elem, true),
        other => (other, false),
    };
    let name = ident_of(target).unwrap_or_default();
    let is_enum = code.is_enum(&name);
    let is_value = is_enum || code.is_id(&name) || VALUES.contains(&name.as_str());
    if !is_value {
        return Err(format!(
            "its argument `{ident}` is {}, which is no single value",
            excerpt(inner)
        ));
    }
    // An enumeration is as short as a reference to it.
    let ty: Type = if is_reference && !is_enum {
        parse_quote!(&#target)
    } else {
        target.clone()
    };
    if optional {
        Ok((parse_quote!(Option<#ty>), quote!(.query_optional(#json, #ident))))
    } else {
        Ok((ty, quote!(.query(#json, #ident))))
    }
}

/// Whether a comma-separated list can be made of it.
fn is_text(code: &Code<'_>, item: &Type) -> bool {
    ident_of(item).is_some_and(|name| name == "String" || code.is_id(&name))
}

/// The name of a type without path or arguments.
fn ident_of(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// The type that we give the body, and the call that sends it.
fn body(operation: &Operation, given: &Given) -> Result<(Type, TokenStream), String> {
    let (inner, optional) = match argument_of(&given.ty, "Option") {
        Some(inner) => (inner, true),
        None => (&given.ty, false),
    };
    let Type::Reference(reference) = inner else {
        return Err(format!("its body is {}", excerpt(&given.ty)));
    };
    let target = &*reference.elem;
    match (operation.request_body, optional) {
        (RequestBody::Required, false) => Ok((parse_quote!(&#target), quote!(.body(body)))),
        (RequestBody::Optional, true) => Ok((parse_quote!(Option<&#target>), quote!(.body_optional(body)))),
        _ => Err(format!("its body is {}", excerpt(&given.ty))),
    }
}

/// What the generator makes of an operation that it understands as we do.
fn expected(operation: &Operation, given: &[Given], success: &Type) -> Result<Block, String> {
    // The generator's own variables give way to arguments of the same name.
    let own = |name: &str| {
        let mut name = name.to_owned();
        while given.iter().any(|given| given.name == name) {
            name.insert(0, '_');
        }
        Ident::new(&name, Span::call_site())
    };
    let [url, request, response, result] = ["url", "request", "response", "result"].map(own);
    let format = LitStr::new(&format!("{{}}{}", operation.path), Span::call_site());
    let verb = Ident::new(&operation.method.to_ascii_lowercase(), Span::call_site());
    let id = operation.id();
    let mut query = Vec::new();
    let mut json = None;
    for given in given {
        let ident = &given.name;
        let argument = operation
            .arguments
            .iter()
            .find(|argument| given.name == naming::argument(&argument.name));
        match argument {
            Some(argument) => {
                let name = &argument.name;
                query.push(quote!(.query(&progenitor_client::QueryParam::new(#name, &#ident))));
            }
            None if given.name == "body" => json = Some(quote!(.json(&body))),
            None => {
                return Err(format!(
                    "it takes an argument `{ident}` that the document does not name"
                ));
            }
        }
    }
    let is_empty = matches!(success, Type::Tuple(nothing) if nothing.elems.is_empty());
    let (accept, decode) = if is_empty {
        (None, quote!(Ok(ResponseValue::empty(#response))))
    } else {
        (
            Some(quote! {
                .header(
                    ::reqwest::header::ACCEPT,
                    ::reqwest::header::HeaderValue::from_static("application/json",),
                )
            }),
            quote!(ResponseValue::from_response(#response).await),
        )
    };
    Ok(parse_quote! {{
        let #url = format!(#format, self.baseurl,);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(1usize);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #[allow(unused_mut)]
        let mut #request = self.client.#verb(#url)
            #accept
            #json
            #(#query)*
            .headers(header_map)
            .build()?;
        let info = OperationInfo { operation_id: #id, };
        self.pre(&mut #request, &info).await?;
        let #result = self.exec(#request, &info).await;
        self.post(&#result, &info).await?;
        let #response = #result?;
        match #response.status().as_u16() {
            200..=299 => { #decode }
            _ => Err(Error::UnexpectedResponse(#response)),
        }
    }})
}

/// The part of a long text around its character `at`.
fn around(text: &str, at: usize) -> String {
    const BEFORE: usize = 40;
    const LENGTH: usize = 120;
    let start = at.saturating_sub(BEFORE);
    let part: String = text.chars().skip(start).take(LENGTH).collect();
    let head = if start > 0 { "… " } else { "" };
    let tail = if start + LENGTH < text.chars().count() {
        " …"
    } else {
        ""
    };
    format!("`{head}{part}{tail}`")
}

fn compare(actual: &Block, expected: &Block) -> Result<(), String> {
    if actual == expected {
        return Ok(());
    }
    let difference = actual
        .stmts
        .iter()
        .zip(&expected.stmts)
        .find(|(actual, expected)| actual != expected);
    Err(match difference {
        Some((actual, expected)) => {
            let [actual, expected] = [actual, expected].map(text);
            let common = actual
                .chars()
                .zip(expected.chars())
                .take_while(|(actual, expected)| actual == expected)
                .count();
            format!(
                "a statement of the generated method has {} where {} was expected",
                around(&actual, common),
                around(&expected, common)
            )
        }
        None => format!(
            "the generated method has {} statements where {} were expected",
            actual.stmts.len(),
            expected.stmts.len()
        ),
    })
}
