//! Signatures of the generated methods, and rendered functions that call these methods.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{FnArg, Ident, ImplItemFn, Pat, ReturnType, Type};

use crate::{
    naming,
    rewrite::arguments as type_arguments,
    transform::{OpenEnum, Operation},
};

use super::{
    fields::{Field, argument_of, ident, path},
    lists::Rows,
};

pub(super) struct Signature {
    method: Ident,
    arguments: Vec<(String, Type)>,
    /// The type `T` of the returned `Call<T>`.
    pub(super) returns: Type,
}

impl Signature {
    pub(super) fn of(method: &ImplItemFn) -> Self {
        let arguments = method.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Receiver(_) => None,
            FnArg::Typed(typed) => match &*typed.pat {
                Pat::Ident(name) => Some((name.ident.to_string(), (*typed.ty).clone())),
                _ => None,
            },
        });
        // The return type is `Call<T>`, or `Call<T, Inferred>` if callers must acknowledge that the operation
        // is inferred.
        let returns = match &method.sig.output {
            ReturnType::Type(_, ty) => type_arguments(ty).next().cloned(),
            ReturnType::Default => None,
        };
        Self {
            method: method.sig.ident.clone(),
            arguments: arguments.collect(),
            returns: returns.unwrap_or_else(|| syn::parse_quote!(())),
        }
    }

    /// Returns the argument expressions for a call of the method. `given` contains names and expressions. An
    /// optional argument that is not in `given` becomes the expression `None`. If a required argument is not
    /// in `given`, returns `None` for the whole call.
    fn call(&self, given: &[(String, TokenStream)]) -> Option<Vec<TokenStream>> {
        let arguments = self.arguments.iter().map(|(name, ty)| {
            let value = given.iter().find(|(given, _)| given == name);
            match (value, argument_of(ty, "Option")) {
                (Some((_, value)), Some(_)) => Some(quote!(Some(#value))),
                (None, Some(_)) => Some(quote!(None)),
                (value, None) => value.map(|(_, value)| value.clone()),
            }
        });
        arguments.collect()
    }

    /// Returns the type that an argument refers to, if the argument is a reference.
    fn referenced(&self, name: &str) -> Option<&Type> {
        let (_, ty) = self.arguments.iter().find(|(argument, _)| argument == name)?;
        match argument_of(ty, "Option").unwrap_or(ty) {
            Type::Reference(reference) => Some(&reference.elem),
            _ => None,
        }
    }

    /// Returns the name of the ID type that an argument takes.
    fn id_type(&self, argument: &str) -> Option<String> {
        let name = ident(self.referenced(argument)?)?;
        Some(if name == "str" { "String".to_owned() } else { name })
    }

    /// Renders the function that finds one asset. Also returns the types of the ID and of the asset.
    pub(super) fn find(
        &self,
        id_name: &str,
        unwrap: impl Fn(&Type) -> Option<(Type, Option<Field>)>,
    ) -> Option<(TokenStream, String, Type)> {
        let argument = naming::argument(id_name);
        let id = self.id_type(&argument)?;
        let (asset, field) = unwrap(&self.returns)?;
        let method = &self.method;
        let call = match &field {
            // A field that is a list or an `Option` may lack the asset, and the rendered function could not
            // report that.
            Some(field) if field.is_list || field.is_option => return None,
            Some(field) => {
                let arguments = self.call(&[(argument, quote!(id))])?;
                let value = field.value(&quote!(found));
                quote!(|client, id| client.#method(#(#arguments),*).map(|found| #value))
            }
            None if self.arguments.len() == 1 && id != "String" => quote!(Client::#method),
            None => {
                let arguments = self.call(&[(argument, quote!(id))])?;
                quote!(|client, id| client.#method(#(#arguments),*))
            }
        };
        Some((call, id, asset))
    }

    /// Renders the function that finds several assets.
    pub(super) fn find_many(&self, operation: &Operation, id: &str, rows: &Rows<'_>) -> Option<TokenStream> {
        let argument = naming::argument(&operation.only_required()?.name);
        let Type::Slice(slice) = self.referenced(&argument)? else {
            return None;
        };
        if ident(&slice.elem)? != id {
            return None;
        }
        let method = &self.method;
        let list_in = rows.place.step(&path(&rows.row));
        if list_in.is_none() && self.arguments.len() == 1 {
            return Some(quote!(Client::#method));
        }
        let arguments = self.call(&[(argument, quote!(ids))])?;
        Some(quote!(|client, ids| client.#method(#(#arguments),*) #list_in))
    }

    /// Returns the arguments of a call that lists the assets of every status.
    pub(super) fn constant_arguments(
        &self,
        operation: &Operation,
        enums: &[OpenEnum],
    ) -> Option<Vec<TokenStream>> {
        let given = statuses(operation, enums, self, &["all"])?.into_iter();
        let given = given.map(|(name, open, value)| {
            let (ty, variant) = (path(&open), format_ident!("{}", naming::variant(&value)));
            (naming::argument(&name), quote!(#ty::#variant))
        });
        self.call(&given.collect::<Vec<_>>())
    }

    /// Renders the function that stores an asset.
    pub(super) fn store(&self, asset: &str) -> Option<TokenStream> {
        if ident(&self.body()?)? != asset {
            return None;
        }
        let method = &self.method;
        let arguments = self.call(&[("body".to_owned(), quote!(asset))])?;
        let is_plain = self.arguments.len() == 1 && arguments.first()?.to_string() == "asset";
        Some(match (self.returns_nothing(), is_plain) {
            (true, true) => quote!(Client::#method),
            (true, false) => quote!(|client, asset| client.#method(#(#arguments),*)),
            (false, _) => quote!(|client, asset| client.#method(#(#arguments),*).map(drop)),
        })
    }

    pub(super) fn returns_text(&self) -> bool {
        ident(&self.returns).is_some_and(|name| name == "String")
    }

    pub(super) fn returns_nothing(&self) -> bool {
        matches!(&self.returns, Type::Tuple(nothing) if nothing.elems.is_empty())
    }

    pub(super) fn body(&self) -> Option<Type> {
        self.referenced("body").cloned()
    }

    /// Renders the function that copies an asset. `copy_id` is an expression for the ID of the copy, as an
    /// `Option<String>`, where `copy` is the response.
    pub(super) fn duplicate(
        &self,
        operation: &Operation,
        id: &str,
        copy_id: Option<&TokenStream>,
    ) -> Option<TokenStream> {
        let argument = naming::argument(&operation.only_required()?.name);
        if self.id_type(&argument)? != id {
            return None;
        }
        let method = &self.method;
        let arguments = self.call(&[(argument, quote!(id)), ("body".to_owned(), quote!(request))])?;
        let result = match copy_id {
            Some(copy_id) => quote!(|copy| #copy_id),
            None if self.returns_text() => quote!(Some),
            None => quote!(|_| None),
        };
        Some(quote!(|client, id, request| client.#method(#(#arguments),*).map(#result)))
    }
}

/// Returns the arguments that filter by status. Each entry has the name of the argument, the name of its
/// enumeration, and the first of `values` that the enumeration contains, whatever its case.
///
/// Returns `None` if another argument is required.
pub(super) fn statuses(
    operation: &Operation,
    enums: &[OpenEnum],
    signature: &Signature,
    values: &[&str],
) -> Option<Vec<(String, String, String)>> {
    let mut given = Vec::new();
    for argument in &operation.arguments {
        let name = naming::argument(&argument.name);
        let (_, ty) = signature.arguments.iter().find(|(given, _)| *given == name)?;
        let open = ident(argument_of(ty, "Option").unwrap_or(ty))
            .and_then(|name| enums.iter().find(|open| open.name == name));
        let value = open.and_then(|open| {
            let is_like = |known: &&String, value: &str| naming::snake(known) == naming::snake(value);
            let mut known = values.iter().filter_map(|value| {
                let mut listed = open.values.iter();
                listed.find(|known| is_like(known, value))
            });
            Some((open.name.clone(), known.next()?.clone()))
        });
        match value {
            Some((open, value)) => given.push((argument.name.clone(), open, value)),
            None if argument.required => return None,
            None => {}
        }
    }
    Some(given)
}
