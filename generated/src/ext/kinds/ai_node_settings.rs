//! The abilities of AI node settings.

use crate::ext::resource::{
    Delete, DeleteCall, FindById, FindByIds, Handle, List, Names, Resource, Save, Sight, Store,
};
use crate::types::{AiNodeSettings, AiNodeSettingsId, Status, StringList};
use crate::{Client, Unverified};

/// **Deduced.** Settings of AI nodes: the kind of assets that [`Client::ai_node_settings`] handles.
#[derive(Debug)]
pub enum SettingsOfAiNodes {}

impl Client {
    /// **Deduced.** Settings of AI nodes as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// The vendor's index has neither a list of them nor a copy, an archive or a category. The vendor asks not to create AI nodes by
    /// program (documented in the help centre).
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.ai_node_settings().bulk_delete(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn ai_node_settings(&self) -> Handle<SettingsOfAiNodes> {
        Handle::new(self.clone())
    }
}

impl Resource for SettingsOfAiNodes {
    type Id = AiNodeSettingsId;
    type Asset = AiNodeSettings;
    const NAMES: Names = Names {
        segment: "ainodesettings",
        singular: "AI node settings",
        plural: "AI node settings",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_ai_node_settings_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_ai_node_settings_by_ids);
    const LIST: Option<List<Self>> = None;

    fn id(asset: &AiNodeSettings) -> &AiNodeSettingsId {
        &asset.id_ai_node_setting
    }

    fn sight(asset: &AiNodeSettings) -> Sight {
        // Whether they have a status is not known.
        let status = asset.extra.get("status").cloned();
        let status: Option<Status> = status.and_then(|status| serde_json::from_value(status).ok());
        Sight::new(status.as_ref(), None)
    }
}

impl Delete for SettingsOfAiNodes {
    type Request = StringList;
    type Word = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_ai_node_settings;
}

impl Save for SettingsOfAiNodes {
    const CREATE: Store<Self> = Client::create_ai_node_settings;
    const SAVE: Store<Self> = Client::save_ai_node_settings;
}
