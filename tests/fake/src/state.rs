//! The assets in the fake. [`State`] is both the store and, cloned, the snapshot that tests read. Cloning is
//! cheap; changes copy only the affected assets.

use std::{fmt, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::{
    asset_kinds::{self, Relation},
    schemas::Resource,
};

/// All assets at one moment, by kind and ID, in the order of their creation. Deleted assets remain, with
/// [`Status::Deleted`].
#[derive(Debug, Clone, Default)]
pub struct State {
    kinds: IndexMap<String, Arc<IndexMap<String, Arc<Asset>>>>,
    /// Number of changes so far.
    pub(crate) version: u64,
}

impl PartialEq for State {
    /// Compares the assets. The number of changes is ignored.
    fn eq(&self, other: &Self) -> bool {
        self.kinds == other.kinds
    }
}

/// One asset in the fake.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// ID of the asset.
    pub id: String,
    /// Name of the asset, or an empty string.
    pub name: String,
    /// Status of the asset. Assets without a status are active.
    pub status: Status,
    /// ID of its category, or an empty string.
    pub category: String,
    /// ID of its parent; for an offer page, its offer source.
    pub parent: Option<String>,
    /// Every property, documented or not, as it was created or saved.
    pub body: Map<String, Value>,
}

/// Status of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// `active`
    Active,
    /// `archived`
    Archived,
    /// `deleted`
    Deleted,
    /// A status that the document lacks. Only seeding can create such an asset.
    Other(String),
}

impl Status {
    /// The value in JSON.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Archived => "archived",
            Self::Deleted => "deleted",
            Self::Other(other) => other,
        }
    }
}

impl From<&str> for Status {
    fn from(value: &str) -> Self {
        match value {
            "active" | "" => Self::Active,
            "archived" => Self::Archived,
            "deleted" => Self::Deleted,
            status => Self::Other(status.to_owned()),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Asset {
    pub(crate) fn new(resource: &Resource, body: Map<String, Value>) -> Self {
        let text = |property: &str| {
            body.get(property)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            id: text(&resource.id),
            name: text(&resource.name),
            status: Status::from(text("status").as_str()),
            category: if resource.has_category() {
                text(asset_kinds::CATEGORY_PROPERTY)
            } else {
                String::new()
            },
            parent: Relation::with_child_kind(&resource.segment)
                .and_then(|relation| relation.parent_of(&body))
                .map(str::to_owned),
            body,
        }
    }
}

impl State {
    /// All assets of a kind, named by the first segment of its paths (`offersource`, `page`, `category`).
    pub fn assets(&self, segment: &str) -> impl Iterator<Item = &Asset> {
        self.kinds
            .get(segment)
            .into_iter()
            .flat_map(|assets| assets.values())
            .map(Arc::as_ref)
    }

    /// All assets, each with the first segment of its kind's paths.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Asset)> {
        let kinds = self.kinds.iter();
        kinds.flat_map(|(segment, assets)| assets.values().map(move |asset| (segment.as_str(), &**asset)))
    }

    /// One asset of a kind.
    #[must_use]
    pub fn asset(&self, segment: &str, id: &str) -> Option<&Asset> {
        self.kinds.get(segment)?.get(id).map(Arc::as_ref)
    }

    /// The assets of a kind with these distinct IDs, in the order of their creation.
    pub(crate) fn stored_order<'s>(&'s self, segment: &str, ids: &[&str]) -> impl Iterator<Item = &'s Asset> {
        let assets = self.kinds.get(segment);
        let mut places: Vec<usize> = ids.iter().filter_map(|id| assets?.get_index_of(*id)).collect();
        places.sort_unstable();
        places
            .into_iter()
            .filter_map(move |place| Some(assets?.get_index(place)?.1.as_ref()))
    }

    /// All offer sources.
    pub fn offer_sources(&self) -> impl Iterator<Item = &Asset> {
        self.assets(asset_kinds::OFFER_SOURCE)
    }

    /// One offer source.
    #[must_use]
    pub fn offer_source(&self, id: &str) -> Option<&Asset> {
        self.asset(asset_kinds::OFFER_SOURCE, id)
    }

    /// All pages.
    pub fn pages(&self) -> impl Iterator<Item = &Asset> {
        self.assets(asset_kinds::PAGE)
    }

    /// One page.
    #[must_use]
    pub fn page(&self, id: &str) -> Option<&Asset> {
        self.asset(asset_kinds::PAGE, id)
    }

    /// All categories.
    pub fn categories(&self) -> impl Iterator<Item = &Asset> {
        self.assets(asset_kinds::CATEGORY)
    }

    /// One category.
    #[must_use]
    pub fn category(&self, id: &str) -> Option<&Asset> {
        self.asset(asset_kinds::CATEGORY, id)
    }

    /// The pages that belong to an offer source.
    pub fn pages_of<'a>(&'a self, offer_source: &'a str) -> impl Iterator<Item = &'a Asset> {
        self.pages()
            .filter(move |page| page.parent.as_deref() == Some(offer_source))
    }

    /// IDs of the offer sources with a status.
    #[must_use]
    pub fn offer_sources_with(&self, status: &Status) -> Vec<&str> {
        self.offer_sources()
            .filter(|asset| asset.status == *status)
            .map(|asset| asset.id.as_str())
            .collect()
    }

    /// Inserts an asset, or replaces the asset with the same ID.
    pub(crate) fn put(&mut self, segment: &str, asset: Asset) {
        self.version += 1;
        let assets = Arc::make_mut(self.kinds.entry(segment.to_owned()).or_default());
        assets.insert(asset.id.clone(), Arc::new(asset));
    }

    /// Changes the properties of an asset if it exists.
    pub(crate) fn change(
        &mut self,
        resource: &Resource,
        id: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) {
        let Some(asset) = self.asset(&resource.segment, id) else {
            return;
        };
        let mut body = asset.body.clone();
        change(&mut body);
        self.put(&resource.segment, Asset::new(resource, body));
    }

    pub(crate) fn set_status(&mut self, resource: &Resource, id: &str, status: &Status) {
        self.change(resource, id, |body| {
            body.insert("status".to_owned(), Value::from(status.as_str()));
        });
    }
}
