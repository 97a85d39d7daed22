//! The abilities of webhook configs.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, StatusFilter, StringList, WebhookConfig, WebhookConfigId, WebhookConfigInfo,
};
use crate::{Client, Unverified};

/// **Deduced.** Webhook configs: the kind of assets that [`Client::webhook_configs`] handles.
#[derive(Debug)]
pub enum WebhookConfigs {}

impl Client {
    /// **Deduced.** Webhook configs as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.webhook_configs().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn webhook_configs(&self) -> Handle<WebhookConfigs> {
        Handle::new(self.clone())
    }
}

impl Resource for WebhookConfigs {
    type Id = WebhookConfigId;
    type Asset = WebhookConfig;
    const NAMES: Names = Names {
        segment: "webhookconfig",
        singular: "webhook config",
        plural: "webhook configs",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_webhook_config_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_webhook_configs_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_webhook_configs(StatusFilter::All, None);
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &WebhookConfig) -> &WebhookConfigId {
        &asset.id_webhook_config
    }

    fn sight(asset: &WebhookConfig) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: WebhookConfigInfo) -> Row<WebhookConfigId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_webhook_config,
        name: info.webhook_config_name,
    }
}

impl Archive for WebhookConfigs {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_webhook_configs;
}

impl Unarchive for WebhookConfigs {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_webhook_configs;
}

impl Delete for WebhookConfigs {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_webhook_config;
    const SAVE: Store<Self> = Client::save_webhook_config;
}
