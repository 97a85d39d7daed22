//! Children: assets that belong to an asset of another group.

use std::collections::BTreeMap;

use quote::format_ident;
use serde_json::Value;
use syn::Ident;

use super::{GroupResource, Reader, fields, server_managed, signature, signature::Signature};
use crate::{method_names::Verb, naming, rewrite::TagItems};

/// Children of the assets of a resource.
#[derive(Debug)]
pub struct Children {
    /// Module of their group.
    pub module: Ident,
    /// Cargo feature of their group, if it is another group.
    pub feature: Option<String>,
    /// Kind of the children.
    pub kind: Ident,
    /// Static of the operation that lists them.
    pub list: Ident,
    /// Query of the list.
    pub query: Vec<(String, String)>,
    /// `true` if a row of the list names the parent.
    pub in_rows: bool,
    /// Pointer to the ID in a row.
    pub id: String,
    /// Pointers to the parent.
    pub properties: Vec<String>,
}

impl Reader<'_> {
    /// The tags of the children of a group, with pointers to the parent: those that the tag names
    /// (`x-children`), and the groups whose assets are put into a category that is an asset of this group.
    pub(super) fn child_pointers(
        &self,
        tag: &TagItems,
        groups: &BTreeMap<String, GroupResource>,
    ) -> Vec<(String, Vec<String>)> {
        let listed = server_managed::extension(self.source, &tag.tag.name, "x-children");
        let listed = listed.filter_map(|child| {
            let name = child.get("tag")?.as_str()?;
            let properties = child.get("properties")?.as_array()?;
            let properties = properties.iter().filter_map(Value::as_str).map(str::to_owned);
            Some((name.to_owned(), properties.collect()))
        });
        let mut children: Vec<(String, Vec<String>)> = listed.collect();
        let own = groups
            .get(&tag.tag.name)
            .and_then(|group| group.resource.as_ref());
        let own = own.map(|resource| resource.pointers.id.as_str());
        for other in &self.items.tags {
            let resource = groups
                .get(&other.tag.name)
                .and_then(|group| group.resource.as_ref());
            let category = resource.and_then(|resource| resource.pointers.category.as_deref());
            if let (Some(own), Some(category)) = (own, category)
                && own == category
                && other.tag.name != tag.tag.name
            {
                children.push((other.tag.name.clone(), vec![category.to_owned()]));
            }
        }
        children.retain(|(name, _)| groups.contains_key(name));
        children
    }

    /// The children that the tag names, if all of them can be counted.
    pub(super) fn children(&self, tag: &TagItems, groups: &BTreeMap<String, GroupResource>) -> Vec<Children> {
        let children = server_managed::extension(self.source, &tag.tag.name, "x-children");
        let children = children.map(|child| {
            let name = child.get("tag")?.as_str()?;
            let group = self.items.tags.iter().find(|tag| tag.tag.name == name)?;
            let resource = groups.get(name)?.resource.as_ref()?;
            let properties = child.get("properties")?.as_array()?;
            let properties: Vec<String> = properties
                .iter()
                .filter_map(|path| path.as_str().map(str::to_owned))
                .collect();
            let (list, method) = Self::main(group, &Verb::List)?;
            let row = Signature::of(method).returns;
            let row = self.fields(fields::argument_of(&row, "Vec")?)?;
            let first = properties.first()?.trim_start_matches('/');
            let finder = Self::main(group, &Verb::FindById)?.0;
            Some(Children {
                module: format_ident!("{}", group.tag.module),
                feature: (name != tag.tag.name).then(|| group.tag.feature.clone()),
                kind: resource.kind.clone(),
                list: format_ident!("{}", naming::constant(list.id())),
                query: signature::constant_query(list, &self.model.enums, method, &["not-deleted", "all"])?,
                in_rows: row.get(first).is_some(),
                id: format!("/{}", Self::id_argument(finder)?),
                properties,
            })
        });
        children.collect::<Option<Vec<Children>>>().unwrap_or_default()
    }
}
