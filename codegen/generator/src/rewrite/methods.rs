//! Rewrites methods. The generator's methods use the generator's own client, but our methods build a call of
//! the runtime.
//!
//! The types come from the signature of the generator's method, and the names and formats of the arguments
//! come from the model. The body is replaced. It must equal the expected body, because an unexpected
//! statement would be lost.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Block, FnArg, Ident, ImplItemFn, LitStr, Pat, ReturnType, Type, parse_quote};

use crate::{
    naming, rustdoc,
    transform::{Argument, ArgumentKind, Operation, RequestBody, Response},
};

use super::{
    excerpt::{around, excerpt, one_line},
    method_bodies,
    serde_fields::{self, argument_of, unwrapped},
    state::State,
};

pub(super) fn call_runtime(state: &mut State<'_>) {
    let methods = std::mem::take(&mut state.methods);
    let mut rewritten = Vec::new();
    for method in methods {
        let name = &method.sig.ident;
        let mut operations = state.model.operations.iter();
        let Some(operation) = operations.find(|operation| name == operation.id()) else {
            let message = format!("unexpected method that belongs to no operation: `{name}`");
            state.unsupported("", message);
            continue;
        };
        match rewrite(state, operation, &method) {
            Ok(method) => rewritten.push(method),
            Err(message) => state.unsupported(&operation.pointer, message),
        }
    }
    for operation in &state.model.operations {
        let is_there = rewritten.iter().any(|method| method.sig.ident == operation.id());
        if !is_there && state.diagnostics.is_empty() {
            let message = "the generator made no method for it".to_owned();
            state.unsupported(&operation.pointer, message);
        }
    }
    state.methods = rewritten;
    state.count += state.methods.len();
}

/// An argument of a generated method.
struct Given {
    name: Ident,
    ty: Type,
}

fn rewrite(state: &State<'_>, operation: &Operation, method: &ImplItemFn) -> Result<ImplItemFn, String> {
    let given = arguments(method)?;
    let success = success(method)?;
    compare(&method.block, expected(operation, &given, &success)?)?;

    let mut parameters: Vec<TokenStream> = Vec::new();
    let mut chain: Vec<TokenStream> = Vec::new();
    for argument in &operation.arguments {
        let name = naming::argument(&argument.name);
        let given = given.iter().find(|given| given.name == name);
        let given = given.ok_or_else(|| format!("the method has no argument `{name}`"))?;
        let (ty, call) = parameter(state, argument, given)?;
        let ident = &given.name;
        parameters.push(quote!(#ident: #ty));
        chain.push(call);
    }
    if let Some(media_type) = &operation.raw_body {
        if operation.request_body == RequestBody::Optional {
            parameters.push(quote!(body: Option<::bytes::Bytes>));
            chain.push(quote!(.raw_body_optional(#media_type, body)));
        } else {
            parameters.push(quote!(body: impl Into<::bytes::Bytes>));
            chain.push(quote!(.raw_body(#media_type, body)));
        }
    } else if operation.request_body != RequestBody::None {
        let given = given.iter().find(|given| given.name == "body");
        let given = given.ok_or("the method has no body")?;
        let (ty, call) = body(operation, given)?;
        parameters.push(quote!(body: #ty));
        chain.push(call);
        if let Some(media_type) = &operation.json_type {
            chain.push(quote!(.content_type(#media_type)));
        }
    }
    if parameters.len() != given.len() + usize::from(operation.raw_body.is_some()) {
        let names: Vec<String> = given.iter().map(|given| given.name.to_string()).collect();
        let names = names.join(", ");
        let problem = "the method has arguments that the document does not name";
        return Err(format!("{problem}: {names}"));
    }
    let (returned, finish) = match &success {
        _ if let Response::Text(media_type) = &operation.response => {
            (parse_quote!(String), quote!(.text(#media_type)))
        }
        _ if let Response::Bytes(media_type) = &operation.response => {
            (parse_quote!(::bytes::Bytes), quote!(.raw(#media_type)))
        }
        _ if operation.response == Response::Optional => {
            let inner = argument_of(&success, "Option").unwrap_or(&success);
            (parse_quote!(Option<#inner>), quote!(.optional()))
        }
        Type::Tuple(nothing) if nothing.elems.is_empty() => (success.clone(), quote!(.empty())),
        list if argument_of(list, "Vec").is_some() => (success.clone(), quote!(.list())),
        _ => (success.clone(), quote!(.json())),
    };
    let (returns, inferred): (Type, _) = if operation.requires_acknowledgement {
        (parse_quote!(Call<#returned, Inferred>), Some(quote!(.inferred())))
    } else {
        (parse_quote!(Call<#returned>), None)
    };
    let id = &method.sig.ident;
    let constant = operation.constant();
    let mut method: ImplItemFn = parse_quote! {
        pub fn #id(&self, #(#parameters),*) -> #returns {
            self.call(&operations::#constant) #(#chain)* #finish #inferred
        }
    };
    method.attrs = rustdoc::attributes(&operation.documentation);
    Ok(method)
}

fn arguments(method: &ImplItemFn) -> Result<Vec<Given>, String> {
    let arguments = method.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Receiver(_) => None,
        FnArg::Typed(typed) => Some(match &*typed.pat {
            Pat::Ident(name) => Ok(Given {
                name: name.ident.clone(),
                ty: (*typed.ty).clone(),
            }),
            pattern => {
                let pattern = excerpt(pattern);
                Err(format!("the method has an argument without a name: {pattern}"))
            }
        }),
    });
    arguments.collect()
}

/// Returns the `T` of `Result<ResponseValue<T>, Error<()>>`.
fn success(method: &ImplItemFn) -> Result<Type, String> {
    let ReturnType::Type(_, returned) = &method.sig.output else {
        return Err("the method returns nothing".to_owned());
    };
    let types: Vec<&Type> = serde_fields::arguments(returned).collect();
    let success = match types.as_slice() {
        [value, error] if **error == parse_quote!(Error<()>) => argument_of(value, "ResponseValue"),
        _ => None,
    };
    let success = success.ok_or_else(|| format!("the method returns {}", excerpt(returned)))?;
    if matches!(success, Type::Path(path) if path.path.is_ident("ByteStream")) {
        return Err("the response is not JSON".to_owned());
    }
    Ok(success.clone())
}

/// Types whose values are sent as text that their `Display` implementation writes. Enumerations and IDs are
/// sent in the same way, but are not in this list.
const VALUES: &[&str] = &[
    "bool", "f32", "f64", "i8", "i16", "i32", "i64", "str", "u8", "u16", "u32", "u64",
];

/// Returns the type of a parameter, and the method call that sends the parameter.
fn parameter(state: &State<'_>, argument: &Argument, given: &Given) -> Result<(Type, TokenStream), String> {
    let (json, ident) = (&argument.name, &given.name);
    let (inner, optional) = unwrapped(&given.ty, "Option");
    if optional == argument.required {
        return Err(format!("the argument `{ident}` is {}", excerpt(&given.ty)));
    }
    let (target, is_reference) = match inner {
        Type::Reference(reference) => (&*reference.elem, true),
        target => (target, false),
    };
    let (value, is_list) = match argument.kind {
        ArgumentKind::CommaSeparated | ArgumentKind::Repeated => (argument_of(target, "Vec"), true),
        _ => (Some(target), false),
    };
    let name = value.and_then(serde_fields::ident).unwrap_or_default();
    let is_enum = state.model.is_enum(&name);
    let is_value = is_enum
        || state.model.is_id(&name)
        || VALUES.contains(&name.as_str())
        || (is_list && name == "String");
    let Some(value) = value.filter(|_| is_value) else {
        let actual = excerpt(inner);
        return Err(format!(
            "the argument `{ident}` is {actual}, which is unsupported"
        ));
    };
    let ty: Type = if is_list {
        parse_quote!(&[#value])
    } else if is_reference && !is_enum {
        parse_quote!(&#value)
    } else {
        // Enumerations are passed by value.
        value.clone()
    };
    let function = argument.kind.function();
    let call = format_ident!("{function}{}", if optional { "_optional" } else { "" });
    let ty = if optional { parse_quote!(Option<#ty>) } else { ty };
    Ok((ty, quote!(.#call(#json, #ident))))
}

/// Returns the type of the body, and the method call that sends the body.
fn body(operation: &Operation, given: &Given) -> Result<(Type, TokenStream), String> {
    let (inner, optional) = unwrapped(&given.ty, "Option");
    let Type::Reference(reference) = inner else {
        return Err(format!("the body is {}", excerpt(&given.ty)));
    };
    let target = &*reference.elem;
    match (operation.request_body, optional) {
        (RequestBody::Required, false) => Ok((parse_quote!(&#target), quote!(.body(body)))),
        (RequestBody::Required, true) => Ok((parse_quote!(Option<&#target>), quote!(.body(&body)))),
        (RequestBody::Optional, true) => Ok((parse_quote!(Option<&#target>), quote!(.body_optional(body)))),
        _ => Err(format!("the body is {}", excerpt(&given.ty))),
    }
}

/// Returns the body that the generator is expected to emit.
fn expected(operation: &Operation, given: &[Given], success: &Type) -> Result<TokenStream, String> {
    // If an argument has the name of one of the generator's variables, the generator renames the variable.
    let variable = |name: &str| {
        let mut name = name.to_owned();
        while given.iter().any(|given| given.name == name) {
            name.insert(0, '_');
        }
        Ident::new(&name, Span::call_site())
    };
    let [url, request, response, result] = ["url", "request", "response", "result"].map(variable);
    let mut format = format!("{{}}{}", operation.path);
    let mut segments = Vec::new();
    let is_in_path = |argument: &&Argument| argument.kind == ArgumentKind::Path;
    for argument in operation.arguments.iter().filter(is_in_path) {
        format = format.replace(&format!("{{{}}}", argument.name), "{}");
        let ident = Ident::new(&naming::argument(&argument.name), Span::call_site());
        segments.push(quote!(encode_path(&#ident.to_string()),));
    }
    let format = LitStr::new(&format, Span::call_site());
    let verb = Ident::new(&operation.method.to_ascii_lowercase(), Span::call_site());
    let id = operation.id();
    let mut query = Vec::new();
    let mut headers = Vec::new();
    let mut json = None;
    for given in given {
        let ident = &given.name;
        let mut arguments = operation.arguments.iter();
        match arguments.find(|argument| given.name == naming::argument(&argument.name)) {
            Some(argument) if argument.kind == ArgumentKind::Path => {}
            Some(argument) if argument.kind == ArgumentKind::Header => {
                let name = &argument.name;
                headers.push(if argument.required {
                    quote!(header_map.append(#name, #ident.to_string().try_into()?);)
                } else {
                    quote! {
                        if let Some(value) = #ident {
                            header_map.append(#name, value.to_string().try_into()?);
                        }
                    }
                });
            }
            Some(argument) => {
                let name = &argument.name;
                query.push(quote!(.query(&progenitor_client::QueryParam::new(#name, &#ident))));
            }
            None if given.name == "body" => json = Some(quote!(.json(&body))),
            None => {
                return Err(format!(
                    "the method has an argument `{ident}` that the document does not name"
                ));
            }
        }
    }
    let capacity = headers.len() + 1;
    let is_empty = matches!(success, Type::Tuple(nothing) if nothing.elems.is_empty());
    let accept = quote! {
        .header(
            ::reqwest::header::ACCEPT,
            ::reqwest::header::HeaderValue::from_static("application/json",),
        )
    };
    let (accept, decode) = if is_empty {
        (None, quote!(Ok(ResponseValue::empty(#response))))
    } else {
        (
            Some(accept),
            quote!(ResponseValue::from_response(#response).await),
        )
    };
    Ok(quote! {
        let #url = format!(#format, self.baseurl, #(#segments)*);
        let mut header_map = ::reqwest::header::HeaderMap::with_capacity(#capacity);
        header_map.append(
            ::reqwest::header::HeaderName::from_static("api-version"),
            ::reqwest::header::HeaderValue::from_static(Self::api_version()),
        );
        #(#headers)*
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
    })
}

/// Compares the body of a method with the expected body. Only bodies that differ are parsed.
fn compare(actual: &Block, expected: TokenStream) -> Result<(), String> {
    let actual = method_bodies::tokens(actual);
    if method_bodies::are_equal(&actual, &expected) {
        return Ok(());
    }
    let block = |body: TokenStream| {
        let block = syn::parse2::<Block>(quote!({ #body }));
        block.map_err(|error| format!("the body of the generated method is not Rust: {error}"))
    };
    let (actual, expected) = (block(actual)?, block(expected)?);
    let mut statements = actual.stmts.iter().zip(&expected.stmts);
    let Some((actual, expected)) = statements.find(|(actual, expected)| actual != expected) else {
        let [actual, expected] = [actual, expected].map(|block| block.stmts.len());
        let problem = "the generated method has another number of statements";
        return Err(format!("{problem}: expected {expected}, actual {actual}"));
    };
    let [actual, expected] = [actual, expected].map(one_line);
    let pairs = actual.chars().zip(expected.chars());
    let common = pairs.take_while(|(actual, expected)| actual == expected).count();
    let [actual, expected] = [actual, expected].map(|text| around(&text, common));
    Err(format!(
        "a statement of the generated method differs: expected {expected}, actual {actual}"
    ))
}
