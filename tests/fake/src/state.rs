//! Assets in the fake. [`State`] is the store, and a clone of it is the snapshot that tests read. Cloning is
//! cheap, because a change copies only the affected assets.

use std::{fmt, sync::Arc};

use indexmap::IndexMap;
use serde_json::{Map, Value};

use crate::{
    document::Document,
    resource::{Resource, scalar_text},
};

/// All assets at a point in time, by kind and ID, in the order of their creation. Deleted assets remain in
/// the state, with [`Status::Deleted`].
#[derive(Debug, Clone, Default)]
pub struct State {
    kinds: IndexMap<String, Arc<IndexMap<String, Arc<Asset>>>>,
    /// Document that determines the names of the kinds.
    document: Document,
    /// Number of changes so far.
    pub(crate) version: u64,
}

impl PartialEq for State {
    /// Compares the assets of two states. The numbers of changes are ignored.
    fn eq(&self, other: &Self) -> bool {
        self.kinds == other.kinds
    }
}

/// Asset in the fake.
#[derive(Debug, Clone, PartialEq)]
pub struct Asset {
    /// ID of the asset.
    pub id: String,
    /// Name of the asset, or an empty string.
    pub name: String,
    /// Status of the asset. Assets without a status are active.
    pub status: Status,
    /// ID of the asset's category, or an empty string.
    pub category: String,
    /// ID of the asset's parent. The parent of an offer page is its offer source.
    pub parent: Option<String>,
    /// All properties, documented or not, as they are stored.
    pub body: Map<String, Value>,
}

/// Status of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The status `active`.
    Active,
    /// The status `archived`.
    Archived,
    /// The status `deleted`.
    Deleted,
    /// A status that the document does not describe. No request can create an asset with such a status, but
    /// [`Fake::seed`](crate::Fake::seed) and [`Fake::change`](crate::Fake::change) can give it to an asset.
    Other(String),
}

impl Status {
    /// Returns the value of the status in JSON.
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
        let text = |property: &str| body.get(property).map(scalar_text).unwrap_or_default();
        Self {
            id: text(&resource.id),
            name: text(&resource.name),
            status: Status::from(text("status").as_str()),
            category: resource.category.as_deref().map(text).unwrap_or_default(),
            parent: resource.parent_of(&body).map(str::to_owned),
            body,
        }
    }
}

/// Names in the vendor's documentation for the groups that most tests need.
pub(crate) const OFFER_SOURCES: &str = "Offer Sources";
pub(crate) const PAGES: &str = "Pages";
pub(crate) const CATEGORIES: &str = "Categories";

impl State {
    pub(crate) fn new(document: Document) -> Self {
        Self {
            document,
            ..Self::default()
        }
    }

    fn kind(&self, name: &str) -> Option<&IndexMap<String, Arc<Asset>>> {
        self.kinds.get(self.document.api().key(name)?).map(Arc::as_ref)
    }

    /// Returns all assets of a kind. The name of a kind is the beginning of its paths (`offersource`) or its
    /// tag (`Offer Sources`, `offer-sources`).
    pub fn assets(&self, kind: &str) -> impl Iterator<Item = &Asset> {
        self.kind(kind)
            .into_iter()
            .flat_map(IndexMap::values)
            .map(Arc::as_ref)
    }

    /// Returns all assets, each with the key of its kind (the beginning of the kind's paths).
    pub fn all(&self) -> impl Iterator<Item = (&str, &Asset)> {
        let kinds = self.kinds.iter();
        kinds.flat_map(|(kind, assets)| assets.values().map(move |asset| (kind.as_str(), &**asset)))
    }

    /// Returns the asset of a kind with this ID. [`State::assets`] explains the names of kinds.
    #[must_use]
    pub fn asset(&self, kind: &str, id: &str) -> Option<&Asset> {
        self.kind(kind)?.get(id).map(Arc::as_ref)
    }

    /// Returns the assets of a kind with these IDs, in the order of their creation. The IDs must be distinct.
    pub(crate) fn stored_order<'s>(&'s self, kind: &str, ids: &[&str]) -> impl Iterator<Item = &'s Asset> {
        let assets = self.kinds.get(kind);
        let mut places: Vec<usize> = ids.iter().filter_map(|id| assets?.get_index_of(*id)).collect();
        places.sort_unstable();
        places
            .into_iter()
            .filter_map(move |place| Some(assets?.get_index(place)?.1.as_ref()))
    }

    /// Returns all offer sources.
    pub fn offer_sources(&self) -> impl Iterator<Item = &Asset> {
        self.assets(OFFER_SOURCES)
    }

    /// Returns the offer source with this ID.
    #[must_use]
    pub fn offer_source(&self, id: &str) -> Option<&Asset> {
        self.asset(OFFER_SOURCES, id)
    }

    /// Returns all pages.
    pub fn pages(&self) -> impl Iterator<Item = &Asset> {
        self.assets(PAGES)
    }

    /// Returns the page with this ID.
    #[must_use]
    pub fn page(&self, id: &str) -> Option<&Asset> {
        self.asset(PAGES, id)
    }

    /// Returns all categories.
    pub fn categories(&self) -> impl Iterator<Item = &Asset> {
        self.assets(CATEGORIES)
    }

    /// Returns the category with this ID.
    #[must_use]
    pub fn category(&self, id: &str) -> Option<&Asset> {
        self.asset(CATEGORIES, id)
    }

    /// Returns the pages that belong to an offer source.
    pub fn pages_of<'a>(&'a self, offer_source: &'a str) -> impl Iterator<Item = &'a Asset> {
        self.pages()
            .filter(move |page| page.parent.as_deref() == Some(offer_source))
    }

    /// Returns the IDs of the offer sources with this status.
    #[must_use]
    pub fn offer_sources_with(&self, status: &Status) -> Vec<&str> {
        self.offer_sources()
            .filter(|asset| asset.status == *status)
            .map(|asset| asset.id.as_str())
            .collect()
    }

    /// Inserts an asset, or replaces the asset that has the same ID.
    pub(crate) fn put(&mut self, resource: &Resource, asset: Asset) {
        self.version += 1;
        let assets = Arc::make_mut(self.kinds.entry(resource.key.clone()).or_default());
        assets.insert(asset.id.clone(), Arc::new(asset));
    }

    /// Changes the properties of an asset if it exists.
    pub(crate) fn change(
        &mut self,
        resource: &Resource,
        id: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) {
        let Some(asset) = self.asset(&resource.key, id) else {
            return;
        };
        let mut body = asset.body.clone();
        change(&mut body);
        self.put(resource, Asset::new(resource, body));
    }

    pub(crate) fn set_status(&mut self, resource: &Resource, id: &str, status: &Status) {
        self.change(resource, id, |body| {
            body.insert("status".to_owned(), Value::from(status.as_str()));
        });
    }
}
