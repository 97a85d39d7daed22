//! Generates the code of one asset group: the type for its kind of asset, the handle method of `Client`, and
//! a trait implementation, such as `Archive`, for each operation that the group supports.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{Item, parse_quote};

use crate::{
    resources::{Change, Children, GroupResource, Resource, ServerManagedField, StoreCalls},
    rustdoc,
    transform::Tag,
};

use super::page::Page;

pub(super) fn file(tag: &Tag, group: &GroupResource) -> String {
    let about = "Support for generic operations (such as bulk jobs) on the assets of the tag";
    let mut page = Page::new(&format!("{about} *{}*.", tag.name));
    let mut items: Vec<Item> = Vec::new();
    let server_managed = server_managed(&group.server_managed);
    items.push(parse_quote! {
        /// Properties that the service changes when it stores an asset.
        const SERVER_MANAGED: ServerManagedFields = #server_managed;
    });
    items.extend(group.read_back.clone());
    if let Some(resource) = &group.resource {
        items.extend(kind(tag, resource));
    }
    let mut imports = Vec::new();
    if quote!(#(#items)*).to_string().contains("operations ::") {
        imports.push("use super::operations;");
    }
    if group.resource.is_some() {
        imports.push("use crate::{Client, ext::resource, types};");
    }
    imports.push(match group.read_back {
        Some(_) => "use crate::runtime::{creatable::ReadBack, server_managed::ServerManagedFields};",
        None => "use crate::runtime::server_managed::ServerManagedFields;",
    });
    page.piece(&imports.join("\n"));
    page.items(items);
    page.finish()
}

fn server_managed(fields: &[ServerManagedField]) -> TokenStream {
    let fields = fields.iter().map(|field| {
        let (property, behavior) = (&field.property, &field.behavior);
        quote!((#property, crate::runtime::server_managed::ServerBehavior::#behavior))
    });
    quote!(ServerManagedFields(&[#(#fields),*]))
}

fn kind(tag: &Tag, resource: &Resource) -> Vec<Item> {
    let (kind, handle) = (&resource.kind, &resource.handle);
    let (id, asset) = (&resource.id, &resource.asset);
    let (label, plural) = (label(tag), &resource.words.plural_text);
    let words = "the type parameter of the handle that";
    let about = format!("{label}Marker type for {plural}: {words} [`Client::{handle}`] returns.");
    let about = rustdoc::attributes(&about);
    let handle_docs = rustdoc::attributes(&documentation(tag, resource));
    let mut items: Vec<Item> = vec![
        parse_quote! {
            #(#about)*
            #[derive(Debug)]
            pub enum #kind {}
        },
        parse_quote! {
            impl Client {
                #(#handle_docs)*
                #[must_use]
                pub fn #handle(&self) -> resource::Handle<#kind> {
                    resource::Handle::new(self.clone())
                }
            }
        },
    ];
    items.push(implementation(resource));
    items.extend(resource.list.as_ref().map(|list| list.row.clone()));
    items.extend(abilities(resource));
    if let Some(id_of_asset) = &resource.client_made_id {
        items.push(parse_quote!(impl crate::runtime::creatable::Sealed for #asset {}));
        items.push(parse_quote! {
            impl crate::Create for #asset {
                type Id = #id;

                fn id(&self) -> #id {
                    #id_of_asset
                }

                fn store(&self, client: &Client) -> crate::Call<()> {
                    <#kind as resource::Save>::CREATE(client, self)
                }
            }
        });
    }
    items
}

fn implementation(resource: &Resource) -> Item {
    let (kind, id, asset) = (&resource.kind, &resource.id, &resource.asset);
    let (segment, find_by_id) = (&resource.segment, &resource.find_by_id);
    let (singular, plural) = (&resource.words.singular_text, &resource.words.plural_text);
    let (id_of_asset, summary) = (&resource.id_of_asset, &resource.summary_of_asset);
    let find_by_ids = option(resource.find_by_ids.as_ref());
    let list = option(resource.list.as_ref().map(|list| &list.call));
    let uses_asset = summary.to_string().contains("asset");
    let asset_argument = if uses_asset { quote!(asset) } else { quote!(_) };
    let count = count_children(&resource.children);
    let id_property = &resource.id_property;
    let category = option(resource.category_property.as_ref());
    parse_quote! {
        impl resource::Resource for #kind {
            type Id = #id;
            type Asset = #asset;
            const NAMES: resource::ResourceNames = resource::ResourceNames {
                segment: #segment,
                id: #id_property,
                category: #category,
                singular: #singular,
                plural: #plural,
            };
            const FIND_BY_ID: resource::FindById<Self> = #find_by_id;
            const FIND_BY_IDS: Option<resource::FindByIds<Self>> = #find_by_ids;
            const LIST: Option<resource::ListCall<Self>> = #list;
            #count
            const SERVER_MANAGED: ServerManagedFields = SERVER_MANAGED;

            fn id(asset: &Self::Asset) -> Option<&Self::Id> {
                #id_of_asset
            }

            fn summary(#asset_argument: &Self::Asset) -> resource::AssetSummary {
                #summary
            }
        }
    }
}

pub(super) fn option(value: Option<&impl ToTokens>) -> TokenStream {
    value.map_or_else(|| quote!(None), |value| quote!(Some(#value)))
}

/// Renders the function that counts children. Returns `None` if there are no kinds of children.
fn count_children(children: &[Children]) -> Option<TokenStream> {
    if children.is_empty() {
        return None;
    }
    let features = children.iter().filter_map(|child| child.feature.as_ref());
    let features: Vec<&String> = features.collect();
    let gate = match features.as_slice() {
        [] => None,
        [feature] => Some(quote!(#[cfg(feature = #feature)])),
        features => Some(quote!(#[cfg(all(#(feature = #features),*))])),
    };
    let counts: Vec<&TokenStream> = children.iter().map(|child| &child.count).collect();
    let sum = match counts.as_slice() {
        [count] => quote!(#count),
        counts => quote!(Some(#(#counts?)+*)),
    };
    Some(quote! {
        #gate
        const COUNT_CHILDREN: Option<resource::CountChildren<Self>> = Some(|client, parents| {
            Box::pin(async move { #sum })
        });
    })
}

fn abilities(resource: &Resource) -> Vec<Item> {
    let kind = &resource.kind;
    let mut items: Vec<Item> = Vec::new();
    let changes = [
        ("Archive", &resource.archive, true),
        ("Unarchive", &resource.unarchive, false),
        ("Delete", &resource.delete, true),
    ];
    for (name, change, is_destructive) in changes {
        let Some(change) = change else { continue };
        let (ability, call) = (format_ident!("{name}"), call(change));
        let constant = format_ident!("{}", name.to_uppercase());
        let acknowledgement = is_destructive.then(|| acknowledgement(change)).into_iter();
        items.push(parse_quote! {
            impl resource::#ability for #kind {
                #(type Acknowledgement = #acknowledgement;)*
                const #constant: resource::EntriesCall = #call;
            }
        });
        if is_destructive && change.entries.children.is_some() {
            let ability = format_ident!("{name}Children");
            items.push(parse_quote!(impl resource::#ability for #kind {}));
        }
    }
    if let Some(categorise) = &resource.categorise {
        let (call, property, id) = (call(&categorise.change), &categorise.property, &categorise.id);
        items.push(parse_quote! {
            impl resource::Categorised for #kind {
                type Category = #id;
                const MOVE_TO_CATEGORY: resource::EntriesCall = #call;
                const CATEGORY: &'static str = #property;
            }
        });
    }
    if let Some(duplicate) = &resource.duplicate {
        let (request, call, name) = (&duplicate.request, &duplicate.call, &duplicate.name);
        items.push(parse_quote! {
            impl resource::Duplicate for #kind {
                type Request = #request;
                const DUPLICATE: resource::DuplicateCall<Self> = #call;

                fn copy_name(request: &Self::Request) -> &str {
                    #name
                }
            }
        });
        if let Some(object) = &duplicate.updates {
            items.push(parse_quote! {
                impl resource::OverrideCopy for #kind {
                    fn add_updates(
                        request: &mut Self::Request,
                        updates: serde_json::Map<String, serde_json::Value>,
                    ) {
                        #object.extend(updates);
                    }
                }
            });
        }
    }
    if let Some(StoreCalls { create, save, .. }) = &resource.save {
        items.push(parse_quote! {
            impl resource::Save for #kind {
                const CREATE: resource::StoreCall<Self> = #create;
                const SAVE: resource::StoreCall<Self> = #save;
            }
        });
    }
    items
}

fn call(change: &Change) -> TokenStream {
    let (operation, place) = (&change.operation, &change.entries.place);
    let children = match &change.entries.children {
        None => quote!(None),
        Some((action, target)) => {
            quote!(Some(resource::ChildrenProperties { action: #action, target: #target }))
        }
    };
    quote! {
        resource::EntriesCall {
            operation: &operations::#operation,
            entries: resource::Place::#place,
            children: #children,
        }
    }
}

fn acknowledgement(change: &Change) -> TokenStream {
    if change.inferred {
        quote!(crate::ext::Inferred)
    } else {
        quote!(crate::ext::Documented)
    }
}

fn label(tag: &Tag) -> &'static str {
    if tag.inferred { "**Inferred.** " } else { "" }
}

/// Renders the documentation of the handle: purpose, evidence, example.
fn documentation(tag: &Tag, resource: &Resource) -> String {
    let (handle, plural) = (&resource.handle, &resource.words.plural_text);
    let purpose = format!("Returns a handle on {plural}, for bulk jobs, searches by ID and safe updates.");
    let mut paragraphs = vec![format!("{}{purpose}", label(tag))];
    if tag.inferred {
        paragraphs.push(format!(
            "The vendor's index states only the titles and HTTP methods of the operations on {plural}. Their \
             paths and bodies are inferred. The client methods and the types document the evidence."
        ));
    }
    let changes = [("archive", &resource.archive), ("delete", &resource.delete)];
    let changes = changes.into_iter();
    let changes = changes.filter_map(|(verb, change)| Some((verb, change.as_ref()?)));
    let inferred = changes.clone().filter(|(_, change)| change.inferred);
    let inferred: Vec<String> = inferred.map(|(verb, _)| format!("{verb}s")).collect();
    if !inferred.is_empty() {
        let verbs = inferred.join(" or ");
        let words = "call the job's method `acknowledge_inferred`";
        paragraphs.push(format!("Before you send a job that {verbs} assets, {words}."));
    }
    let (verb, body) = if let Some((verb, change)) = changes.clone().next() {
        let acknowledge = if change.inferred {
            ".acknowledge_inferred()"
        } else {
            ""
        };
        let body = format!(
            "    let ids = [\"2nIemJxCKbFX\", \"2n5JuOKWLTzd\"];\n\
             \x20   println!(\"{{}}\", assets.bulk_{verb}(ids).plan().await?);\n\
             \x20   println!(\"{{}}\", assets.bulk_{verb}(ids){acknowledge}.send().await?);"
        );
        (verb, body)
    } else {
        let call = "assets.find_many([\"2nIemJxCKbFX\", \"2n5JuOKWLTzd\"]).send().await?";
        let print = "println!(\"{} found\", found.assets.len());";
        ("find", format!("    let found = {call};\n    {print}"))
    };
    paragraphs.push(format!(
        "```no_run\nuse funnelflux::{{Client, ext::*}};\n\n\
         async fn {verb}(client: &Client) -> Result<(), Box<dyn std::error::Error>> {{\n\
         \x20   let assets = client.{handle}();\n{body}\n    Ok(())\n}}\n```"
    ));
    paragraphs.join("\n\n")
}
