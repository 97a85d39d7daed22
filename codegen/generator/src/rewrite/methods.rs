//! Rewrites progenitor's methods. The original methods use progenitor's own client. The rewritten methods
//! build a `Call` of our runtime instead.
//!
//! The types come from the signature of progenitor's method, and the names and formats of the arguments come
//! from the model. The method body is dropped. A snapshot test of the stage `progenitor` records the dropped
//! bodies.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, Ident, ImplItemFn, Pat, ReturnType, Type, parse_quote};

use crate::{
    naming, rustdoc,
    transform::{Argument, ArgumentKind, Operation, RequestBody, Response},
};

use super::{
    serde_fields::{self, argument_of, unwrapped},
    state::{State, excerpt},
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

/// Types whose values are sent as text, as written by their `Display` implementation. Enumerations and IDs
/// are sent in the same way, but are not in this list.
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
        // Any JSON includes `null`, so the generator adds no `Option` for a body that may be absent.
        (RequestBody::Optional, false) if *target == parse_quote!(::serde_json::Value) => {
            Ok((parse_quote!(Option<&#target>), quote!(.body_optional(body))))
        }
        _ => Err(format!("the body is {}", excerpt(&given.ty))),
    }
}
