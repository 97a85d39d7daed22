//! Bulk abilities of categories.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, ListCall, ListRow, Resource, ResourceNames, Save, StoreCall, Unarchive, UnarchiveCall,
};
use crate::types::{Category, CategoryId, DuplicateRequest, ParentMutationRequest, StatusFilter};
use crate::{Client, Unverified};

/// **Inferred.** Categories: the kind of asset behind [`Client::categories`].
#[derive(Debug)]
pub enum Categories {}

impl Client {
    /// **Inferred.** Operations on many categories: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// The children of a category are the assets in it. The general wording of `ParentMutationRequest`
    /// suggests that archiving and deleting can handle them; the effect on them is not documented.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let categories = client.categories();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", categories.bulk_archive(ids).plan().await?);
    ///     let job = categories.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn categories(&self) -> Handle<Categories> {
        Handle::new(self.clone())
    }
}

impl Resource for Categories {
    type Id = CategoryId;
    type Asset = Category;
    const NAMES: ResourceNames = ResourceNames {
        segment: "category",
        singular: "category",
        plural: "categories",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_category_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_categories_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_categories(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Category) -> &CategoryId {
        &asset.id_category
    }

    fn summary(asset: &Category) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), None)
    }
}

fn row(info: Category) -> ListRow<CategoryId> {
    ListRow {
        summary: AssetSummary::new(info.status.as_ref(), None),
        id: info.id_category,
        name: info.category_name,
    }
}

impl Archive for Categories {
    type Request = ParentMutationRequest;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_categories;
}

impl Unarchive for Categories {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_categories;
}

impl Delete for Categories {
    type Request = ParentMutationRequest;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_categories;
}

impl Duplicate for Categories {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_category;
}

impl Save for Categories {
    const CREATE: StoreCall<Self> = Client::create_category;
    const SAVE: StoreCall<Self> = Client::save_category;
}
