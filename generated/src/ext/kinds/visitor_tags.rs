//! The abilities of visitor tags.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{DuplicateRequest, StatusFilter, StringList, VisitorTag, VisitorTagId, VisitorTagInfo};
use crate::{Client, Unverified};

/// **Deduced.** Visitor tags: the kind of assets that [`Client::visitor_tags`] handles.
#[derive(Debug)]
pub enum VisitorTags {}

impl Client {
    /// **Deduced.** Visitor tags as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// The vendor's index has no *find by ID list* for them: they are looked at in their list, and read one by one.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.visitor_tags().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn visitor_tags(&self) -> Handle<VisitorTags> {
        Handle::new(self.clone())
    }
}

impl Resource for VisitorTags {
    type Id = VisitorTagId;
    type Asset = VisitorTag;
    const NAMES: Names = Names {
        segment: "visitortag",
        singular: "visitor tag",
        plural: "visitor tags",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_visitor_tag_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = None;
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_visitor_tags(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &VisitorTag) -> &VisitorTagId {
        &asset.id_visitor_tag
    }

    fn sight(asset: &VisitorTag) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: VisitorTagInfo) -> Row<VisitorTagId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_visitor_tag,
        name: info.visitor_tag_name,
    }
}

impl Archive for VisitorTags {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_visitor_tags;
}

impl Unarchive for VisitorTags {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_visitor_tags;
}

impl Delete for VisitorTags {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_visitor_tag;
    const SAVE: Store<Self> = Client::save_visitor_tag;
}
