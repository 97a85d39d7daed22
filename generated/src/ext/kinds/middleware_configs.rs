//! The abilities of middleware configs.

use crate::ext::resource::{
    Archive, ArchiveCall, Categorised, Delete, DeleteCall, Duplicate, DuplicateCall, FindById, FindByIds,
    Handle, List, MoveCall, Names, Resource, Row, Save, Sight, Store, Unarchive, UnarchiveCall,
};
use crate::types::{
    DuplicateRequest, MiddlewareConfig, MiddlewareConfigId, MiddlewareConfigInfo, StatusFilter, StringList,
};
use crate::{Client, Unverified};

/// **Deduced.** Middleware configs: the kind of assets that [`Client::middleware_configs`] handles.
#[derive(Debug)]
pub enum MiddlewareConfigs {}

impl Client {
    /// **Deduced.** Middleware configs as a whole: bulk jobs, find many, read-change-save and the like.
    ///
    /// The vendor's index lists the operations by title and method; their paths and bodies follow the pattern of offer sources. So
    /// what removes is sent only after `unverified`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, Unverified, ext::*};
    ///
    /// # async fn run(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let job = || client.middleware_configs().bulk_archive(["2nIemJxCKbFX", "2n5JuOKWLTzd"]);
    /// println!("{}", job().plan().await?);
    /// let report = job().unverified(Unverified::acknowledge()).send().await?;
    /// println!("{report}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn middleware_configs(&self) -> Handle<MiddlewareConfigs> {
        Handle::new(self.clone())
    }
}

impl Resource for MiddlewareConfigs {
    type Id = MiddlewareConfigId;
    type Asset = MiddlewareConfig;
    const NAMES: Names = Names {
        segment: "middlewareconfig",
        singular: "middleware config",
        plural: "middleware configs",
    };
    const FIND_BY_ID: FindById<Self> = Client::find_middleware_config_by_id;
    const FIND_BY_IDS: Option<FindByIds<Self>> = Some(Client::find_middleware_configs_by_ids);
    const LIST: Option<List<Self>> = Some(|client| {
        let call = client.list_middleware_configs(None, Some(StatusFilter::All));
        call.map(|rows| rows.into_iter().map(row).collect())
    });

    fn id(asset: &MiddlewareConfig) -> &MiddlewareConfigId {
        &asset.id_middleware_config
    }

    fn sight(asset: &MiddlewareConfig) -> Sight {
        Sight::new(asset.status.as_ref(), asset.id_category.as_ref())
    }
}

fn row(info: MiddlewareConfigInfo) -> Row<MiddlewareConfigId> {
    Row {
        sight: Sight::new(Some(&info.status), info.id_category.as_ref()),
        id: info.id_middleware_config,
        name: info.middleware_config_name,
    }
}

impl Archive for MiddlewareConfigs {
    type Request = StringList;
    type Word = Unverified;
    const ARCHIVE: ArchiveCall<Self> = Client::archive_middleware_configs;
}

impl Unarchive for MiddlewareConfigs {
    const UNARCHIVE: UnarchiveCall = Client::unarchive_middleware_configs;
}

impl Delete for MiddlewareConfigs {
    type Request = StringList;
    type Word = Unverified;
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
    const CREATE: Store<Self> = Client::create_middleware_config;
    const SAVE: Store<Self> = Client::save_middleware_config;
}
