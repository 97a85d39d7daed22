//! The abilities of offer sources.

use super::cascade::Cascade;
use super::resource::{
    Archive, Categorised, Delete, Duplicate, Handle, Names, Parent, Resource, Row, Save, Sight,
    Unarchive,
};
use crate::types::{
    CategoryId, DuplicateRequest, DuplicateResponse, MoveCategoryRequest, OfferSource,
    OfferSourceId, OfferSourceInfo, StatusFilter, StringList,
};
use crate::{Call, Client};

/// Offer sources: the kind of assets that [`Client::offer_sources`] handles.
#[derive(Debug)]
pub enum OfferSources {}

impl Client {
    /// Offer sources as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = client
    ///     .offer_sources()
    ///     .bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"])
    ///     .children(Cascade::orphan())
    ///     .send()
    ///     .await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn offer_sources(&self) -> Handle<OfferSources> {
        Handle::new(self.clone())
    }
}

impl Resource for OfferSources {
    type Id = OfferSourceId;
    type Asset = OfferSource;
    type Info = OfferSourceInfo;
    const NAMES: Names = Names {
        segment: "offersource",
        singular: "offer source",
        plural: "offer sources",
    };

    fn id(asset: &OfferSource) -> &OfferSourceId {
        &asset.id_offer_source
    }

    fn sight(asset: &OfferSource) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }

    fn row(info: OfferSourceInfo) -> Row<OfferSourceId> {
        Row {
            id: info.id_offer_source,
            name: info.offer_source_name,
        }
    }

    fn find_by_id(client: &Client, id: &OfferSourceId) -> Call<OfferSource> {
        client.find_offer_source_by_id(id)
    }

    fn find_by_ids(client: &Client, ids: &[OfferSourceId]) -> Call<Vec<OfferSource>> {
        client.find_offer_sources_by_ids(ids)
    }

    fn list(client: &Client) -> Call<Vec<OfferSourceInfo>> {
        client.list_offer_sources(StatusFilter::All, None)
    }
}

impl Parent for OfferSources {}

impl Archive for OfferSources {
    fn archive(client: &Client, entries: Vec<String>, children: &Cascade<Self::Id>) -> Call<()> {
        client.archive_offer_sources(&children.request(entries))
    }
}

impl Unarchive for OfferSources {
    fn unarchive(client: &Client, entries: Vec<String>) -> Call<()> {
        client.unarchive_offer_sources(&StringList::new(entries))
    }
}

impl Delete for OfferSources {
    fn delete(client: &Client, entries: Vec<String>, children: &Cascade<Self::Id>) -> Call<()> {
        client.delete_offer_sources(None, Some(&children.request(entries)))
    }
}

impl Categorised for OfferSources {
    fn move_to_category(client: &Client, entries: Vec<String>, category: &CategoryId) -> Call<()> {
        client.move_offer_sources_to_category(&MoveCategoryRequest::new(entries, category))
    }
}

impl Duplicate for OfferSources {
    fn duplicate(
        client: &Client,
        id: &OfferSourceId,
        request: &DuplicateRequest,
    ) -> Call<DuplicateResponse> {
        client.duplicate_offer_source(id, request)
    }
}

impl Save for OfferSources {
    fn create(client: &Client, asset: &OfferSource) -> Call<()> {
        client.create_offer_source(asset)
    }

    fn save(client: &Client, asset: &OfferSource) -> Call<()> {
        client.save_offer_source(asset)
    }
}
