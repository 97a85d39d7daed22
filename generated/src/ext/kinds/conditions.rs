//! The abilities of conditions.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{Condition, ConditionId, ConditionInfo, DuplicateRequest, StatusFilter, StringList};
use crate::{Client, Unverified};

/// **Deduced.** Conditions: the kind of assets that [`Client::conditions`] handles.
#[derive(Debug)]
pub enum Conditions {}

impl Client {
    /// **Deduced.** Conditions as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.conditions().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn conditions(&self) -> Handle<Conditions> {
        Handle::new(self.clone())
    }
}

impl Resource for Conditions {
    type Id = ConditionId;
    type Asset = Condition;
    const NAMES: Names = Names {
        segment: "condition",
        singular: "condition",
        plural: "conditions",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_condition_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_conditions_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_conditions(StatusFilter::All, None, None, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &Condition) -> &ConditionId {
        &asset.id_condition
    }

    fn sight(asset: &Condition) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: ConditionInfo) -> Row<ConditionId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_condition,
        name: info.condition_name,
    }
}

impl Archive for Conditions {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_conditions;
}

impl Unarchive for Conditions {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_conditions;
}

impl Delete for Conditions {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_condition;
    const SAVE: Store<Self> = Client::save_condition;
}
