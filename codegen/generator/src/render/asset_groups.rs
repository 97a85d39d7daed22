//! Renders the groups as data: for each group, a table of the operations that it supports (such as
//! archiving), and the list of all tables.

use std::collections::BTreeMap;

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Item, parse_quote};

use crate::{
    resources::{Change, GroupResource, Resource},
    rewrite::{Items, TagItems},
    transform::Tag,
};

use super::{
    page::{Page, gated, indented},
    resource::option,
};

/// Renders the table of each group, and the list of all tables in the order of the document.
pub(super) fn file(items: &Items, resources: &BTreeMap<String, GroupResource>) -> String {
    let about = "Tables of the asset groups, one for each tag, for programs that choose a group at run time.";
    let mut page = Page::new(about);
    page.piece(
        "#[allow(unused_imports, reason = \"the enabled features decide which groups there are\")]\n\
         use crate::ext::asset_group::{AssetGroup, ChildRelation, GroupTable};",
    );
    let lines = items.tags.iter().map(|TagItems { tag, .. }| {
        let constant = table_name(tag);
        gated(tag, &format!("AssetGroup::new(&{constant}),"))
    });
    let lines = indented(&lines.collect::<Vec<String>>(), "\n");
    page.piece(&format!(
        "/// All groups whose features are enabled, in the order of the API document.\n\
         pub(crate) static ALL: &[AssetGroup] = &[\n{lines}\n];"
    ));
    for TagItems { tag, .. } in &items.tags {
        page.items([table(tag, items, resources)]);
    }
    page.finish()
}

fn table_name(tag: &Tag) -> Ident {
    format_ident!("{}_GROUP", tag.module.to_uppercase())
}

fn table(tag: &Tag, items: &Items, resources: &BTreeMap<String, GroupResource>) -> Item {
    let group = resources.get(&tag.name);
    let constant = table_name(tag);
    let attribute = &tag.feature;
    let (name, inferred) = (&tag.name, tag.inferred);
    let words = group.and_then(|group| group.words.as_ref());
    let lower = tag.name.to_lowercase();
    let singular = words.map_or(&lower, |words| &words.singular_text);
    let plural = words.map_or(&lower, |words| &words.plural_text);
    let module = format_ident!("{}", tag.module);
    let mut steps: Vec<TokenStream> = Vec::new();
    if let Some((group, resource)) = group.and_then(|group| Some((group, group.resource.as_ref()?))) {
        steps = table_steps(&module, resource);
        let free_form = &group.free_form;
        if !free_form.is_empty() {
            steps.push(quote!(.with_free_form(&[#(#free_form),*])));
        }
        let children = children(tag, group, items, resources);
        let children = children
            .into_iter()
            .map(|(group, pointers)| quote!(ChildRelation { group: #group, pointers: &[#(#pointers),*] }));
        let children: Vec<TokenStream> = children.collect();
        if !children.is_empty() {
            steps.push(quote!(.with_children(&[#(#children),*])));
        }
    }
    parse_quote! {
        #[cfg(feature = #attribute)]
        static #constant: GroupTable =
            GroupTable::new(#attribute, #name, #singular, #plural, #inferred) #(#steps)*;
    }
}

/// Returns the cargo feature of each child group, together with the JSON pointers at which a child may hold
/// the ID of its parent. Child groups are the groups that the tag lists. If the assets of this group are
/// categories, each group whose assets belong to these categories is a child group too.
fn children(
    tag: &Tag,
    group: &GroupResource,
    items: &Items,
    resources: &BTreeMap<String, GroupResource>,
) -> Vec<(String, Vec<String>)> {
    let tags = || items.tags.iter().map(|items| &items.tag);
    let named = group.child_pointers.iter().filter_map(|(name, pointers)| {
        let child = tags().find(|child| child.name == *name)?;
        Some((child.feature.clone(), pointers.clone()))
    });
    let own = group.resource.as_ref().map(|resource| &resource.id_pointer);
    let in_category = tags().filter_map(|child| {
        let resource = resources.get(&child.name)?.resource.as_ref()?;
        let category = resource.category_pointer()?;
        let belongs = child.name != tag.name && Some(&category) == own;
        belongs.then(|| (child.feature.clone(), vec![category]))
    });
    named.chain(in_category).collect()
}

/// Renders the method calls that add the supported operations of a resource to the table of its group.
fn table_steps(module: &Ident, resource: &Resource) -> Vec<TokenStream> {
    let kind = &resource.kind;
    let kind = quote!(super::#module::resource::#kind);
    let (id, name) = (&resource.id_pointer, option(resource.name_pointer.as_ref()));
    let category = option(resource.category_pointer().as_ref());
    let has_children = |change: &Change| change.entries.children.is_some();
    let mut steps = vec![quote!(.with_resource::<#kind>(#id, #name, #category))];
    if let Some(save) = &resource.save {
        let (create, save) = (&save.create_operation, &save.save_operation);
        let operations = quote!(super::#module::operations);
        steps.push(quote!(.with_save(&#operations::#create, &#operations::#save)));
    }
    if let Some(change) = &resource.archive {
        let children = has_children(change);
        steps.push(quote!(.with_archive::<#kind>(#children)));
    }
    if resource.unarchive.is_some() {
        steps.push(quote!(.with_unarchive::<#kind>()));
    }
    if let Some(change) = &resource.delete {
        let children = has_children(change);
        steps.push(quote!(.with_delete::<#kind>(#children)));
    }
    if resource.categorise.is_some() {
        steps.push(quote!(.with_categories::<#kind>()));
    }
    if let Some(duplicate) = &resource.duplicate {
        let overrides = duplicate.updates.is_some();
        steps.push(quote!(.with_duplicate::<#kind>(#overrides)));
    }
    steps
}
