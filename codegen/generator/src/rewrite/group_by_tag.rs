//! Sorting methods and types by tag.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Ident, ImplItemFn, Item, Type,
    visit::{self, Visit},
};

use crate::transform::{IdType, OpenEnum, Operation, Prepared, Tag};

use super::short_paths::declared;

/// What the generated files hold.
#[derive(Debug)]
pub struct Items {
    /// In the order of the document.
    pub tags: Vec<TagItems>,
    /// Types that several tags use, or none.
    pub shared: Vec<(TypeItem, Gate)>,
    /// The types of the IDs.
    pub ids: Vec<(IdType, Gate)>,
}

/// The cargo features of which one must be on for something to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It always is.
    Open,
    /// One of these, in the order of the alphabet.
    Any(BTreeSet<String>),
}

impl Gate {
    /// The gate of a tag.
    #[must_use]
    pub fn of(tag: &Tag) -> Self {
        match &tag.feature {
            None => Self::Open,
            Some(feature) => Self::Any(BTreeSet::from([feature.clone()])),
        }
    }

    /// The gate of what is behind any of several; what is behind none of any is always there.
    #[must_use]
    pub fn any<'a>(gates: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut features = BTreeSet::new();
        for gate in gates {
            match gate {
                Self::Open => return Self::Open,
                Self::Any(more) => features.extend(more.iter().cloned()),
            }
        }
        if features.is_empty() {
            Self::Open
        } else {
            Self::Any(features)
        }
    }
}

/// What belongs to one tag alone.
#[derive(Debug)]
pub struct TagItems {
    /// The tag.
    pub tag: Tag,
    /// Its operations, each with its method.
    pub operations: Vec<(Operation, ImplItemFn)>,
    /// Types that no other tag uses.
    pub types: Vec<TypeItem>,
}

/// A type of the document.
#[derive(Clone, Debug)]
pub enum TypeItem {
    /// An enumeration of strings.
    Enum(OpenEnum),
    /// Anything else, with its implementations.
    Items {
        /// The Rust type.
        name: String,
        /// The type, then its implementations.
        items: Vec<Item>,
    },
}

impl TypeItem {
    /// The Rust type.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Enum(open) => &open.name,
            Self::Items { name, .. } => name,
        }
    }
}

/// Sorts by tag: a type that is reachable from the operations of one tag belongs to it.
pub(super) fn split(types: Vec<Item>, methods: Vec<ImplItemFn>, prepared: &Prepared) -> Items {
    let mut groups: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in types {
        if let Some(name) = declared(&item)
            .map(ToString::to_string)
            .or_else(|| implemented(&item))
        {
            groups.entry(name).or_default().push(item);
        }
    }
    let names: BTreeSet<&str> = groups
        .keys()
        .map(String::as_str)
        .chain(prepared.enums.iter().map(|open| open.name.as_str()))
        .chain(prepared.ids.iter().map(|id| id.name.as_str()))
        .collect();
    let uses: BTreeMap<&str, BTreeSet<String>> = groups
        .iter()
        .map(|(name, items)| (name.as_str(), mentioned(items, &names)))
        .collect();

    let mut methods: BTreeMap<String, ImplItemFn> = methods
        .into_iter()
        .map(|method| (method.sig.ident.to_string(), method))
        .collect();
    let mut owners: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut tags: Vec<TagItems> = Vec::new();
    for (index, tag) in prepared.tags.iter().enumerate() {
        let operations: Vec<(Operation, ImplItemFn)> = prepared
            .operations
            .iter()
            .filter(|operation| operation.tag == tag.name)
            .filter_map(|operation| Some((operation.clone(), methods.remove(operation.id())?)))
            .collect();
        for (_, method) in &operations {
            let mut mentions = Mentions::of(&names);
            mentions.visit_signature(&method.sig);
            let mut open: Vec<String> = mentions.found.into_iter().collect();
            while let Some(name) = open.pop() {
                if owners.entry(name.clone()).or_default().insert(index)
                    && let Some(inner) = uses.get(name.as_str())
                {
                    open.extend(inner.iter().cloned());
                }
            }
        }
        tags.push(TagItems {
            tag: tag.clone(),
            operations,
            types: Vec::new(),
        });
    }

    // What no operation reaches is shared, and so is all that it is made of.
    let mut loose = BTreeSet::new();
    let mut open: Vec<&str> = uses.keys().copied().collect();
    open.retain(|name| !owners.contains_key(*name));
    while let Some(name) = open.pop() {
        if loose.insert(name.to_owned()) {
            let inner = uses.get(name).into_iter().flatten();
            open.extend(inner.map(String::as_str));
        }
    }

    // Enumerations first: the other types are made of them.
    let all = prepared.enums.iter().cloned().map(TypeItem::Enum).chain(
        groups
            .into_iter()
            .map(|(name, items)| TypeItem::Items { name, items }),
    );
    let gate = |name: &str| {
        if loose.contains(name) {
            return Gate::Open;
        }
        let tags = owners.get(name).into_iter().flatten();
        let gates: Vec<Gate> = tags
            .filter_map(|index| prepared.tags.get(*index))
            .map(Gate::of)
            .collect();
        Gate::any(&gates)
    };
    let mut shared = Vec::new();
    for item in all {
        let owner = owners
            .get(item.name())
            .filter(|owners| owners.len() == 1 && !loose.contains(item.name()));
        let owner = owner
            .and_then(|owners| owners.first())
            .and_then(|index| tags.get_mut(*index));
        if let Some(tag) = owner {
            tag.types.push(item);
        } else {
            let gate = gate(item.name());
            shared.push((item, gate));
        }
    }
    Items {
        tags,
        shared,
        ids: prepared
            .ids
            .iter()
            .map(|id| (id.clone(), gate(&id.name)))
            .collect(),
    }
}

/// Which of `names` some items mention.
pub(crate) fn mentioned(items: &[Item], names: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut mentions = Mentions::of(names);
    for item in items {
        mentions.visit_item(item);
    }
    mentions.found
}

/// The type that an item implements something for.
fn implemented(item: &Item) -> Option<String> {
    match item {
        Item::Impl(item) => match &*item.self_ty {
            Type::Path(path) => path.path.get_ident().map(ToString::to_string),
            _ => None,
        },
        _ => None,
    }
}

/// Which of `names` some code mentions.
struct Mentions<'a> {
    names: &'a BTreeSet<&'a str>,
    found: BTreeSet<String>,
}

impl<'a> Mentions<'a> {
    fn of(names: &'a BTreeSet<&'a str>) -> Self {
        Self {
            names,
            found: BTreeSet::new(),
        }
    }
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(name) = path.get_ident().map(Ident::to_string)
            && self.names.contains(name.as_str())
        {
            self.found.insert(name);
        }
        visit::visit_path(self, path);
    }
}
