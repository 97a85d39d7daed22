//! Bulk abilities of AI node settings.

use crate::ext::resource::{
    AssetSummary, Delete, DeleteCall, FindById, FindByIds, Handle, ListCall, Resource, ResourceNames, Save,
    StoreCall,
};
use crate::types::{AiNodeSettings, AiNodeSettingsId, Status, StringList};
use crate::{Client, Unverified};

/// **Inferred.** AI node settings: the kind of asset behind [`Client::ai_node_settings`].
#[derive(Debug)]
pub enum SettingsOfAiNodes {}

impl Client {
    /// **Inferred.** Operations on many AI node settings: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Deleting must therefore be acknowledged with `unverified`.
    ///
    /// The index has no list, copy, archive or category for them. The vendor asks not to create AI nodes by
    /// program (documented in the help centre).
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn delete(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let settings = client.ai_node_settings();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", settings.bulk_delete(ids).plan().await?);
    ///     let job = settings.bulk_delete(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn ai_node_settings(&self) -> Handle<SettingsOfAiNodes> {
        Handle::new(self.clone())
    }
}

impl Resource for SettingsOfAiNodes {
    type Id = AiNodeSettingsId;
    type Asset = AiNodeSettings;
    const NAMES: ResourceNames = ResourceNames {
        segment: "ainodesettings",
        singular: "AI node settings",
        plural: "AI node settings",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_ai_node_settings_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_ai_node_settings_by_ids);
    const LIST: Option<ListCall<Self>> = None;

    fn id(asset: &AiNodeSettings) -> &AiNodeSettingsId {
        &asset.id_ai_node_setting
    }

    fn summary(asset: &AiNodeSettings) -> AssetSummary {
        // It is unknown whether AI node settings have a status.
        let status = asset.extra.get("status").cloned();
        let status: Option<Status> = status.and_then(|status| serde_json::from_value(status).ok());
        AssetSummary::new(status.as_ref(), None)
    }
}

impl Delete for SettingsOfAiNodes {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_ai_node_settings;
}

impl Save for SettingsOfAiNodes {
    const CREATE: StoreCall<Self> = Client::create_ai_node_settings;
    const SAVE: StoreCall<Self> = Client::save_ai_node_settings;
}
