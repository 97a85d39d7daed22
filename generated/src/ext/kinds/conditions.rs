//! Bulk abilities of conditions.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{Condition, ConditionId, ConditionInfo, DuplicateRequest, StatusFilter, StringList};
use crate::{Client, Unverified};

/// **Inferred.** Conditions: the kind of asset behind [`Client::conditions`].
#[derive(Debug)]
pub enum Conditions {}

impl Client {
    /// **Inferred.** Operations on many conditions: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let conditions = client.conditions();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", conditions.bulk_archive(ids).plan().await?);
    ///     let job = conditions.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn conditions(&self) -> Handle<Conditions> {
        Handle::new(self.clone())
    }
}

impl Resource for Conditions {
    type Id = ConditionId;
    type Asset = Condition;
    const NAMES: ResourceNames = ResourceNames {
        segment: "condition",
        singular: "condition",
        plural: "conditions",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_condition_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_conditions_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_conditions(StatusFilter::All, None, None, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Condition) -> &ConditionId {
        &asset.id_condition
    }

    fn summary(asset: &Condition) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: ConditionInfo) -> ListRow<ConditionId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_condition,
        name: info.condition_name,
    }
}

impl Archive for Conditions {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_conditions;
}

impl Unarchive for Conditions {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_conditions;
}

impl Delete for Conditions {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_conditions;
}

impl Categorised for Conditions {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_conditions_to_category;
}

impl Duplicate for Conditions {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_condition;
}

impl Save for Conditions {
    const CREATE: StoreCall<Self> = Client::create_condition;
    const SAVE: StoreCall<Self> = Client::save_condition;
}
