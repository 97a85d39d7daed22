//! The abilities of categories.

use crate::ext::resource::{
    Archive, ArchiveCall, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds, Handle, List,
    Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{Category, CategoryId, DuplicateRequest, ParentMutationRequest, StatusFilter};
use crate::{Client, Unverified};

/// **Deduced.** Categories: the kind of assets that [`Client::categories`] handles.
#[derive(Debug)]
pub enum Categories {}

impl Client {
    /// **Deduced.** Categories as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// Their children are the assets in them: that archiving and deleting can handle those rests on the general wording of the type
    /// `ParentMutationRequest`, and what becomes of them is not documented.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.categories().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn categories(&self) -> Handle<Categories> {
        Handle::new(self.clone())
    }
}

impl Resource for Categories {
    type Id = CategoryId;
    type Asset = Category;
    const NAMES: Names = Names {
        segment: "category",
        singular: "category",
        plural: "categories",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_category_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_categories_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_categories(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Category) -> &CategoryId {
        &asset.id_category
    }

    fn sight(asset: &Category) -> Sight {
        Sight::new(asset.status.as_ref(), None)
    }
}

fn row(info: Category) -> Row<CategoryId> {
    Row {
        sight: Sight::new(info.status.as_ref(), None),
        id: info.id_category,
        name: info.category_name,
    }
}

impl Archive for Categories {
    type Request = ParentMutationRequest;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_categories;
}

impl Unarchive for Categories {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_categories;
}

impl Delete for Categories {
    type Request = ParentMutationRequest;
    type Word = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_categories;
}

impl Duplicate for Categories {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_category;
}

impl Save for Categories {
    const CREATE: Store<Self> = Client::create_category;
    const SAVE: Store<Self> = Client::save_category;
}
