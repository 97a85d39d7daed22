//! Bulk abilities of webhook configs.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, StatusFilter, StringList, WebhookConfig, WebhookConfigId, WebhookConfigInfo,
};
use crate::{Client, Unverified};

/// **Inferred.** Webhook configs: the kind of asset behind [`Client::webhook_configs`].
#[derive(Debug)]
pub enum WebhookConfigs {}

impl Client {
    /// **Inferred.** Operations on many webhook configs: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let webhook_configs = client.webhook_configs();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", webhook_configs.bulk_archive(ids).plan().await?);
    ///     let job = webhook_configs.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn webhook_configs(&self) -> Handle<WebhookConfigs> {
        Handle::new(self.clone())
    }
}

impl Resource for WebhookConfigs {
    type Id = WebhookConfigId;
    type Asset = WebhookConfig;
    const NAMES: ResourceNames = ResourceNames {
        segment: "webhookconfig",
        singular: "webhook config",
        plural: "webhook configs",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_webhook_config_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_webhook_configs_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_webhook_configs(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &WebhookConfig) -> &WebhookConfigId {
        &asset.id_webhook_config
    }

    fn summary(asset: &WebhookConfig) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: WebhookConfigInfo) -> ListRow<WebhookConfigId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_webhook_config,
        name: info.webhook_config_name,
    }
}

impl Archive for WebhookConfigs {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_webhook_configs;
}

impl Unarchive for WebhookConfigs {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_webhook_configs;
}

impl Delete for WebhookConfigs {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_webhook_configs;
}

impl Categorised for WebhookConfigs {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_webhook_configs_to_category;
}

impl Duplicate for WebhookConfigs {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_webhook_config;
}

impl Save for WebhookConfigs {
    const CREATE: StoreCall<Self> = Client::create_webhook_config;
    const SAVE: StoreCall<Self> = Client::save_webhook_config;
}
