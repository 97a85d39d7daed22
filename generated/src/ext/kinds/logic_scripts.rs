//! The abilities of logic scripts.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, CopyRequest, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{
    LogicScript, LogicScriptDuplicateRequest, LogicScriptId, LogicScriptInfo, StatusFilter, StringList,
};
use crate::{Client, Unverified};

/// **Deduced.** Logic scripts: the kind of assets that [`Client::logic_scripts`] handles.
#[derive(Debug)]
pub enum LogicScripts {}

impl Client {
    /// **Deduced.** Logic scripts as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// Of a copy only category and description can differ (documented).
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.logic_scripts().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn logic_scripts(&self) -> Handle<LogicScripts> {
        Handle::new(self.clone())
    }
}

impl Resource for LogicScripts {
    type Id = LogicScriptId;
    type Asset = LogicScript;
    const NAMES: Names = Names {
        segment: "logicscript",
        singular: "logic script",
        plural: "logic scripts",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_logic_script_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_logic_scripts_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_logic_scripts(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &LogicScript) -> &LogicScriptId {
        &asset.id_logic_script
    }

    fn sight(asset: &LogicScript) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: LogicScriptInfo) -> Row<LogicScriptId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_logic_script,
        name: info.logic_script_name,
    }
}

impl Archive for LogicScripts {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_logic_scripts;
}

impl Unarchive for LogicScripts {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_logic_scripts;
}

impl Delete for LogicScripts {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_logic_script;
    const SAVE: Store<Self> = Client::save_logic_script;
}
