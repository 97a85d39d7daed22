//! Groups methods and types by tag.

use std::collections::{BTreeMap, BTreeSet};

use syn::{ImplItemFn, Item};

use crate::transform::{ApiModel, IdType, OpenEnum, Operation, Tag};

use super::{
    mentions::{mentioned, mentioned_in_signature},
    serde_fields::ident,
    state::declared,
};

/// Contents of the generated files.
pub(crate) struct Items {
    /// Tags in the order of the document.
    pub(crate) tags: Vec<TagItems>,
    /// Types that several tags use, or that no tag uses.
    pub(crate) shared: Vec<TypeItem>,
    pub(crate) ids: Vec<IdType>,
}

/// Items that belong to one tag.
pub(crate) struct TagItems {
    pub(crate) tag: Tag,
    pub(crate) operations: Vec<(Operation, ImplItemFn)>,
    /// Types that no other tag uses.
    pub(crate) types: Vec<TypeItem>,
}

/// A type that is generated from the document.
pub(crate) enum TypeItem {
    /// An enumeration of strings.
    Enum(OpenEnum),
    /// Any other type.
    Items {
        name: String,
        /// The declaration of the type, followed by its implementations.
        items: Vec<Item>,
        /// JSON names of the fields whose types are inferred.
        inferred: BTreeSet<String>,
    },
}

impl TypeItem {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Enum(open) => &open.name,
            Self::Items { name, .. } => name,
        }
    }
}

/// Positions of the tags whose operations use a type, keyed by the name of the type. The set contains `None`
/// if no operation uses the type, or if the type is part of another type that no operation uses.
type Owners = BTreeMap<String, BTreeSet<Option<usize>>>;

/// Groups methods and types by tag. A type belongs to a tag if only operations of this tag use the type.
pub(super) fn group(types: Vec<Item>, methods: Vec<ImplItemFn>, model: &ApiModel) -> Items {
    let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in types {
        let name = declared(&item).map(ToString::to_string);
        if let Some(name) = name.or_else(|| implementing_type(&item)) {
            groups.entry(name).or_default().push(item);
        }
    }
    let named = |method: ImplItemFn| (method.sig.ident.to_string(), method);
    let mut methods: BTreeMap<String, ImplItemFn> = methods.into_iter().map(named).collect();
    let tags = model.tags.iter().map(|tag| {
        let is_own = |operation: &&Operation| operation.tag == tag.name;
        let operations = model.operations.iter().filter(is_own);
        let operations =
            operations.filter_map(|operation| Some((operation.clone(), methods.remove(operation.id())?)));
        TagItems {
            tag: tag.clone(),
            operations: operations.collect(),
            types: Vec::new(),
        }
    });
    let mut tags: Vec<TagItems> = tags.collect();
    let owners = owners(&groups, &tags, model);
    let others = groups.into_iter();
    let others = others.map(|(name, items)| TypeItem::Items {
        inferred: model.inferred_fields.get(&name).cloned().unwrap_or_default(),
        name,
        items,
    });
    let enums = model.enums.iter().cloned().map(TypeItem::Enum);
    let mut shared = Vec::new();
    for item in enums.chain(others) {
        let users = owners.get(item.name()).filter(|users| users.len() == 1);
        let only = users.and_then(|users| *users.first()?);
        if let Some(tag) = only.and_then(|index| tags.get_mut(index)) {
            tag.types.push(item);
        } else {
            shared.push(item);
        }
    }
    Items {
        ids: model.ids.clone(),
        tags,
        shared,
    }
}

/// Finds the tags whose operations use each type.
fn owners(groups: &BTreeMap<String, Vec<Item>>, tags: &[TagItems], model: &ApiModel) -> Owners {
    let enums = model.enums.iter().map(|open| &open.name);
    let ids = model.ids.iter().map(|id| &id.name);
    let names = groups.keys().chain(enums).chain(ids);
    let names: BTreeSet<&str> = names.map(String::as_str).collect();
    let types = groups.iter();
    let uses = types.map(|(name, items)| (name.as_str(), mentioned(items, &names)));
    let uses: BTreeMap<&str, BTreeSet<String>> = uses.collect();
    let use_all = |owners: &mut Owners, user: Option<usize>, mut open: Vec<String>| {
        while let Some(name) = open.pop() {
            if owners.entry(name.clone()).or_default().insert(user) {
                open.extend(uses.get(name.as_str()).into_iter().flatten().cloned());
            }
        }
    };
    let mut owners = Owners::new();
    for (index, tag) in tags.iter().enumerate() {
        for (_, method) in &tag.operations {
            let mentions = mentioned_in_signature(&method.sig, &names);
            use_all(&mut owners, Some(index), mentions.into_iter().collect());
        }
    }
    let unused = groups.keys().filter(|name| !owners.contains_key(*name));
    let unused = unused.cloned().collect();
    use_all(&mut owners, None, unused);
    owners
}

/// Returns the name of the type to which an `impl` block belongs.
fn implementing_type(item: &Item) -> Option<String> {
    match item {
        Item::Impl(item) => ident(&item.self_ty),
        _ => None,
    }
}
