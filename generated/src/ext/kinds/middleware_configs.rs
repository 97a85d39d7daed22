//! Bulk abilities of middleware configs.

use crate::ext::resource::{
    Archive, ArchiveCall, AssetSummary, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById,
    FindByIds, Handle, ListCall, ListRow, MoveCall, Resource, ResourceNames, Save, StoreCall, Unarchive,
    UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, MiddlewareConfig, MiddlewareConfigId, MiddlewareConfigInfo, StatusFilter, StringList,
};
use crate::{Client, Unverified};

/// **Inferred.** Middleware configs: the kind of asset behind [`Client::middleware_configs`].
#[derive(Debug)]
pub enum MiddlewareConfigs {}

impl Client {
    /// **Inferred.** Operations on many middleware configs: bulk jobs, search by ID, safe updates.
    ///
    /// The vendor's index lists these operations by title and method only. Paths and bodies follow the
    /// pattern of offer sources. Archiving and deleting must therefore be acknowledged with `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// async fn archive(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let middleware_configs = client.middleware_configs();
    ///     let ids = ["2nIemJxCKbFX", "2n5JuOKWLTzd"];
    ///     println!("{}", middleware_configs.bulk_archive(ids).plan().await?);
    ///     let job = middleware_configs.bulk_archive(ids).unverified(Unverified::acknowledge());
    ///     println!("{}", job.send().await?);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn middleware_configs(&self) -> Handle<MiddlewareConfigs> {
        Handle::new(self.clone())
    }
}

impl Resource for MiddlewareConfigs {
    type Id = MiddlewareConfigId;
    type Asset = MiddlewareConfig;
    const NAMES: ResourceNames = ResourceNames {
        segment: "middlewareconfig",
        singular: "middleware config",
        plural: "middleware configs",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_middleware_config_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_middleware_configs_by_ids);
    const LIST: Option<ListCall<Self>> = Some(|client| {
        let call = client.list_middleware_configs(None, Some(StatusFilter::All));
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &MiddlewareConfig) -> &MiddlewareConfigId {
        &asset.id_middleware_config
    }

    fn summary(asset: &MiddlewareConfig) -> AssetSummary {
        AssetSummary::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: MiddlewareConfigInfo) -> ListRow<MiddlewareConfigId> {
    ListRow {
        summary: AssetSummary::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_middleware_config,
        name: info.middleware_config_name,
    }
}

impl Archive for MiddlewareConfigs {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_middleware_configs;
}

impl Unarchive for MiddlewareConfigs {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_middleware_configs;
}

impl Delete for MiddlewareConfigs {
    type Request = StringList;
    type Acknowledgement = Unverified;
    const DELETE: DeleteCall<Self> = Client::delete_middleware_configs;
}

impl Categorised for MiddlewareConfigs {
    const MOVE_TO_CATEGORY: MoveCall = Client::move_middleware_configs_to_category;
}

impl Duplicate for MiddlewareConfigs {
    type Request = DuplicateRequest;
    const DUPLICATE: DuplicateCall<Self> = Client::duplicate_middleware_config;
}

impl Save for MiddlewareConfigs {
    const CREATE: StoreCall<Self> = Client::create_middleware_config;
    const SAVE: StoreCall<Self> = Client::save_middleware_config;
}
