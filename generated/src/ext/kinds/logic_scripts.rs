//! Bulk abilities of logic scripts.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, CopyRequest, Delete, DeleteCall, Duplicate,
    DuplicateCall, FindById, FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save,
    StoreCall, Unarchive, UnarchiveCall,
};
use crate::types::{
    LogicScript, LogicScriptDuplicateRequest, LogicScriptId, LogicScriptInfo, StatusFilter, StringList,
};
use crate::{Client, Unverified};

/// **Inferred.** Logic scripts: the kind of asset behind [`Client::logic_scripts`].
#[derive(Debug)]
pub enum LogicScripts {}

impl Client {
    /// **Inferred.** Operations on many logic scripts: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// A copy can differ only in category and description (documented).
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let logic_scripts = client.logic_scripts();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", logic_scripts.bulk_archive(ids).plan().await?);
    ///     let job = logic_scripts.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn logic_scripts(&self) -> Handle<LogicScripts> {
        Handle::new(self.clone())
    }
}

impl Resource for LogicScripts {
    type Id = LogicScriptId;
    type Asset = LogicScript;
    const NAMES: ResourceNames = ResourceNames {
        segment: "logicscript",
        singular: "logic script",
        plural: "logic scripts",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_logic_script_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_logic_scripts_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_logic_scripts(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &LogicScript) -> &LogicScriptId {
        &asset.id_logic_script
    }

    fn summary(asset: &LogicScript) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: LogicScriptInfo) -> ListRow<LogicScriptId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_logic_script,
        name: info.logic_script_name,
    }
}

impl Archive for LogicScripts {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_logic_scripts;
}

impl Unarchive for LogicScripts {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_logic_scripts;
}

impl Delete for LogicScripts {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_logic_scripts;
}

impl Categorised for LogicScripts {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_logic_scripts_to_category;
}

impl CopyRequest for LogicScriptDuplicateRequest {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Duplicate for LogicScripts {
    type Request = LogicScriptDuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_logic_script;
}

impl Save for LogicScripts {
    const CREATE: StoreCall<Self> = Client::create_logic_script;
    const SAVE: StoreCall<Self> = Client::save_logic_script;
}
