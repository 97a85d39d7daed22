//! Bulk abilities of visitor tags.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{DuplicateRequest, StatusFilter, StringList, VisitorTag, VisitorTagId, VisitorTagInfo};
use crate::{Client, Unverified};

/// **Inferred.** Visitor tags: the kind of asset behind [`Client::visitor_tags`].
#[derive(Debug)]
pub enum VisitorTags {}

impl Client {
    /// **Inferred.** Operations on many visitor tags: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// The index has no *find by ID list* for them: bulk jobs look them up in the list of all tags, and a
    /// search reads them one by one.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let visitor_tags = client.visitor_tags();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", visitor_tags.bulk_archive(ids).plan().await?);
    ///     let job = visitor_tags.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn visitor_tags(&self) -> Handle<VisitorTags> {
        Handle::new(self.clone())
    }
}

impl Resource for VisitorTags {
    type Id = VisitorTagId;
    type Asset = VisitorTag;
    const NAMES: ResourceNames = ResourceNames {
        segment: "visitortag",
        singular: "visitor tag",
        plural: "visitor tags",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_visitor_tag_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = None;
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_visitor_tags(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &VisitorTag) -> &VisitorTagId {
        &asset.id_visitor_tag
    }

    fn summary(asset: &VisitorTag) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: VisitorTagInfo) -> ListRow<VisitorTagId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_visitor_tag,
        name: info.visitor_tag_name,
    }
}

impl Archive for VisitorTags {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_visitor_tags;
}

impl Unarchive for VisitorTags {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_visitor_tags;
}

impl Delete for VisitorTags {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_visitor_tags;
}

impl Categorised for VisitorTags {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_visitor_tags_to_category;
}

impl Duplicate for VisitorTags {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_visitor_tag;
}

impl Save for VisitorTags {
    const CREATE: StoreCall<Self> = Client::create_visitor_tag;
    const SAVE: StoreCall<Self> = Client::save_visitor_tag;
}
